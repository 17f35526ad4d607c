"""The stages of a workspace's work: their order, what they mean, and which of a tracker's words stand for them."""

from collections.abc import Sequence
from math import inf
from typing import Any, Literal

import polars as pl
import streamlit as st

from marops.errors import UserError
from marops.language import Text, joined, ntext, text
from marops.pipeline import details
from marops.pipeline.service import Flow
from marops.principal import Action, allowed
from marops.stages import Category, Process, Stage, folded_word, new_id, titled
from marops.web.components import note
from marops.web.panels.managing import attempt, dialog
from marops.web.scope import Here
from marops.web.session import literal, principal, say
from marops.work import restaging

_MEANINGS: dict[Category, Text] = {
    Category.TODO: text("to do: nobody has begun"), Category.ACTIVE: text("active: somebody works"),
    Category.WAIT: text("waiting"), Category.LIVE: text("live: it runs"), Category.DONE: text("done"),
    Category.DROPPED: text("dropped: over without a launch"),
}  # fmt: skip
_BETWEEN = " | "
_SIDES = {"": text("nobody"), "it": text("IT"), "marketing": text("Marketing")}


def stages_button(place: Here, unknown: int) -> None:
    """Opens the settings of the stages. `unknown`: statuses that are no stage: where there are any, it is said."""
    label = text("Stages ({n} statuses unknown)", n=unknown) if unknown else text("Stages")
    if st.button(say(label), key="stages", icon=":material/account_tree:", type="secondary" if unknown else "tertiary"):
        dialog(text("Stages of the work"), _settings, place, wide=True)


def stages_first(flow: Flow, place: Here) -> None:
    """Where most work is in statuses that are no stage: takes the stages from the data, which comes before all else."""
    if not flow.nowhere or not allowed(place.principal, Action.EDIT):
        return
    found = details.suggested(place.principal, place.scope.workspace)
    if _shows_more(found, place.opened.process):
        _take(place, found, "stages_first", "primary")


def _settings(place: Here) -> None:
    process = place.opened.process
    if not allowed(place.principal, Action.EDIT):
        note(text("You can look, not change: that takes the role of a manager."))
        st.dataframe(_frame(process.stages), hide_index=True, column_config=_columns(), alt=say(text("Stages of the work")))
        return
    found = details.suggested(place.principal, place.scope.workspace)
    _missing(details.unknown_statuses(place.principal, place.scope.workspace), found, process)
    if _shows_more(found, process):
        _take(place, found, "stages_suggested")
    edited = st.data_editor(
        _frame(process.stages).to_dicts(), key=f"stages_{place.opened.workspace.revision}", hide_index=True, num_rows="dynamic",
        column_config=_columns(), alt=say(text("Stages of the work")),
    )  # fmt: skip
    note(
        text(
            "In the order of the place. Words are what your tracker calls the stage, with | between. What runs (live) counts as "
            "launched; without such a stage, what is done does, but not what is dropped (cancelled, rejected), by its status or by "
            "its resolution, if that is a word of a stage that means dropped."
        )
    )
    workspace, anyhow = place.scope.workspace, False
    left = _left(place, _read(edited, process))
    if left:
        st.warning(
            literal(
                ntext(
                    "{n} open item would be in no stage: {keys}.", "{n} open items would be in no stage: {keys}.",
                    len(left), keys=joined(left, 6),
                )
            )
        )  # fmt: skip
    if left or _left(place, None):
        anyhow = st.checkbox(say(text("Save, although open items are in no stage then")), key="stages_anyhow")
    with st.container(horizontal=True):
        if st.button(say(text("Save stages")), key="stages_save", type="primary"):
            attempt(lambda: restaging.set_process(principal(), workspace, _read(edited, process), seen=process, anyhow=anyhow))
        if st.button(say(text("Back to the usual stages")), key="stages_usual"):
            attempt(lambda: restaging.set_process(principal(), workspace, None, seen=process, anyhow=anyhow))


def _shows_more(found: Sequence[Stage], process: Process) -> bool:
    """Whether there are stages among those that data show that the process has not."""
    return any(process.named(stage.id) is None for stage in found)


def _take(place: Here, found: Sequence[Stage], key: str, kind: Literal["primary", "secondary"] = "secondary") -> None:
    seen = place.opened.process
    if st.button(say(text("Take the stages as the data show them")), key=key, icon=":material/auto_fix:", type=kind):
        attempt(lambda: restaging.set_process(principal(), place.scope.workspace, found, seen=seen))


def _missing(unknown: Sequence[str], found: Sequence[Stage], process: Process) -> None:
    """The statuses that are no stage; what more would be a stage of its own, were stages taken from the data; what would not."""
    if unknown:
        said = ntext(
            "{n} status in your data is no stage: {names}.", "{n} statuses in your data are no stage: {names}.",
            len(unknown), names=joined(unknown, 12),
        )  # fmt: skip
        st.warning(literal(said))
    new = [stage for stage in found if process.named(stage.id) is None]
    meant = [(stage.name, process.meant(str(stage.name))) for stage in new]
    own = [text("{word} ({stage} now)", word=name, stage=stage.name) for name, stage in meant if stage is not None]
    if own:
        note(
            ntext(
                "Taken from the data, {n} more would be a stage of its own: {names}.",
                "Taken from the data, {n} more would be stages of their own: {names}.",
                len(own), names=joined(own, 12),
            )
        )  # fmt: skip
    shown = {word for stage in found for word in (folded_word(str(stage.name)), *stage.aliases)}
    if staying := [word for word in unknown if folded_word(word) not in shown]:
        note(
            text(
                "No history tells where these belong: {names}. Write them to the words of a stage, or add a stage for them.",
                names=joined(staying, 12),
            )
        )


def _left(place: Here, stages: list[Stage] | None) -> tuple[str, ...]:
    """The keys of the items that stages would leave in none; what is no workflow is said when it is saved."""
    try:
        return restaging.adrift(place.principal, place.scope.workspace, stages)
    except UserError:
        return ()


def _frame(stages: tuple[Stage, ...]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "place": [at for at, _ in enumerate(stages, 1)],
            "name": [say(stage.name) for stage in stages],
            "meaning": [say(_MEANINGS[stage.category]) for stage in stages],
            "side": [say(_SIDES[stage.responsible]) for stage in stages],
            "sla_days": [stage.sla_days for stage in stages],
            "in_working_days": [stage.in_working_days for stage in stages],
            "words": [_BETWEEN.join(stage.aliases) for stage in stages],
            "id": [stage.id for stage in stages],
        },
        schema_overrides={"sla_days": pl.Float64},
    )


def _columns() -> dict[str, Any]:
    config = st.column_config
    return {
        "place": config.NumberColumn(say(text("Place")), width=60, required=True),
        "name": config.TextColumn(say(text("Stage")), required=True),
        "meaning": config.SelectboxColumn(
            say(text("Meaning")), options=[say(words) for words in _MEANINGS.values()], required=True
        ),
        "side": config.SelectboxColumn(say(text("Must act")), options=[say(words) for words in _SIDES.values()]),
        "sla_days": config.NumberColumn(say(text("Days allowed")), min_value=0.0),
        "in_working_days": config.CheckboxColumn(say(text("Working days")), default=False),
        "words": config.TextColumn(say(text("Words")), width="large"),
        "id": None,
    }


def _read(edited: list[dict[str, Any]], process: Process) -> list[Stage]:
    """The stages of the edited table. A stage keeps its id, whatever it is called now; its old name becomes one of its words."""
    meanings, sides = ({say(words): key for key, words in named.items()} for named in (_MEANINGS, _SIDES))
    made: list[Stage] = []
    for row in sorted(edited, key=lambda row: row["place"] or inf):
        name = (row["name"] or "").strip()
        known = process.named(row.get("id"))
        is_renamed = known is not None and say(known.name) != name
        made.append(
            Stage(
                known.id if known else new_id(), known.name if known and not is_renamed else titled(name),
                Category(meanings.get(row["meaning"] or "", Category.ACTIVE)), str(sides.get(row["side"] or "", "")),
                (*(row["words"] or "").split(_BETWEEN.strip()), *([str(known.name)] if known and is_renamed else [])),
                row["sla_days"], bool(row.get("in_working_days")),
            )
        )  # fmt: skip
    return made
