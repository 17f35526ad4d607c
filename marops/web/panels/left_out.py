"""What of the work cannot be measured, or only with doubts: every item and why."""

import polars as pl

from marops.language import Joined, Text, joined, ntext, text
from marops.pipeline import logs
from marops.pipeline.details import Details
from marops.pipeline.events import Why
from marops.pipeline.quality import Counts, Doubt
from marops.web.components import note
from marops.web.panels.items import open_item
from marops.web.scope import Here
from marops.web.session import say
from marops.web.tables import Opens, table

_SHOWN = 200
_DOUBTS: dict[str, Text] = {
    Doubt.NO_HISTORY: text("no history of stages was imported"),
    Doubt.WITHDRAWN: text("dropped: over without a launch"),
    Doubt.UNKNOWN: text("was in a status that is no stage"),
    Doubt.FINISHED: text("its tracker has finished it, though its status is none of the end: it counts as done"),
    Doubt.DIFFERS: text("its tracker says one status (the first here), its history ends in another"),
    Doubt.EQUAL_TIMES: text("two moves at one moment: ordered by what each left, else as in the source"),
    Doubt.REPEATED: text("entered the stage it was in once more: two visits in times and ways, one on the board"),
    Doubt.RELAUNCHED: text("went back after its launch: the first launch counts for its date, the last one for its cycle time"),
    Doubt.NEVER_ACTIVE: text("was never seen in a stage in which somebody works: its cycle time begins with the stage after those"),
    Doubt.MOVED_BEFORE_CREATED: text("moved before the tracker says it was created"),
    Doubt.DONE_BEFORE_CREATED: text("ended before the tracker says it was created"),
    Doubt.TWIN: text(
        "imported work of the same name (its keys here) was going on at the same time: say on the page of the request whether it "
        "is the same, until then it counts twice"
    ),
    Doubt.REFUSED: text("its own row was refused when its file was taken: of it, only its history is known"),
    Why.EPOCH: text("a moment before 1971"), Why.FUTURE: text("a move in the future"),
    Why.NO_MOMENT: text("a move without a moment: that row of its history was refused"),
    Why.UNREADABLE: text("a move at a moment that cannot be read: that row of its history was refused"),
    Why.NO_STAGE: text("a move to no stage: that row of its history was refused"),
    Why.REFUSED: text("a row of its history was refused"),
}  # fmt: skip


_COUNTS: dict[Counts, Text] = {
    Counts.NONE: text("in none"), Counts.STAGES: text("in days in stages"),
    Counts.NOT_EFFICIENCY: text("in all but flow efficiency"), Counts.ALL: text("in all"),
}  # fmt: skip
_REFUSED = Doubt.REFUSED, Why.NO_MOMENT, Why.UNREADABLE, Why.NO_STAGE, Why.REFUSED


def left_out(flow: Details, _: Here) -> None:
    """What is in no measure, or in some only, by reason and item, and words that are not known."""
    found = flow.doubts
    out, dropped = (found.filter(counts=where)["issue_id"].n_unique() for where in (Counts.NONE, Counts.STAGES))
    moves, items = flow.nobodys
    if moves:
        note(logs.of_nobody(moves))
    if items:
        note(
            ntext(
                "{n} row of a tracker's items was refused and does not say which item it is.",
                "{n} rows of a tracker's items were refused and do not say which items they are.",
                items,
            )
        )  # fmt: skip
    _unknown_resolutions(flow)
    if found.is_empty():
        if not moves + items:
            note(text("Nothing: every item is in every measure."))
        return
    note(
        ntext(
            "{n} item is in no measure of flow; {all} have something to know of.",
            "{n} items are in no measure of flow; {all} have something to know of.",
            out, all=found["issue_id"].n_unique(),
        )
    )  # fmt: skip
    if dropped:
        note(
            ntext(
                "{n} dropped item counts in the days in stages alone.", "{n} dropped items count in the days in stages alone.",
                dropped,
            )
        )  # fmt: skip
    if found["why"].is_in([str(why) for why in _REFUSED]).any():
        note(text("So that refused rows count: undo their import on Data, mend them in the file and import it again."))
    words = flow.unknown_words
    if words.height:
        note(text("Statuses that are no stage: {words}. Map them under Stages.", words=_listed(words)))
    reasons = {str(why): say(words) for why, words in _DOUBTS.items()}
    why = pl.col("why").replace_strict(reasons, return_dtype=pl.String).alias(say(text("Why")))
    where = {str(counts): say(words) for counts, words in _COUNTS.items()}
    measured = pl.col("counts").replace_strict(where, return_dtype=pl.String).alias(say(text("In measures")))
    counts = found.group_by("counts", "why", maintain_order=True).agg(pl.col("issue_id").n_unique().cast(pl.Int64).alias("items"))
    place = pl.col("counts").replace_strict({str(counts): at for at, counts in enumerate(_COUNTS)})
    counts = counts.sort(place, "items", "why", descending=[False, True, False])
    table(
        counts.select(why, measured, pl.col("items").alias(say(text("Items")))), key="reasons",
        alt=say(text("Reasons why items cannot be measured, or only with doubts")), name="left-out-by-reason",
    )  # fmt: skip
    item = say(text("Item"))
    shown = found.select(
        pl.coalesce("name", "issue_id").alias(item),
        pl.col("key").alias(say(text("Key"))),
        why,
        measured,
        pl.col("found").alias(say(text("Found"))),
    )
    table(
        shown, key="doubts", alt=say(text("Items that cannot be measured, or only with doubts")), name="left-out", shown=_SHOWN,
        opens=Opens(item, found["issue_id"].to_list(), open_item),
    )  # fmt: skip


def _unknown_resolutions(flow: Details) -> None:
    words = flow.unknown_resolutions
    if words.height:
        note(
            text(
                "Resolutions that are known neither as done nor as dropped: {words}. Such work counts as launched; where it was "
                "not, give the word to a stage that means dropped, under Stages.",
                words=_listed(words),
            )
        )


def _listed(words: pl.DataFrame) -> Joined:
    """Words with how often they stand."""
    return joined([text("{word} ({n})", word=word, n=n) for word, n in words.iter_rows()], 8)
