"""The team's stage and the rating of each part."""

import streamlit as st

from marops.language import Reader, text
from marops.maturity.scoring import Verdict
from marops.maturity.service import BLOCK_NAMES, STAGES, Maturity
from marops.quantity import Quantity, Unit
from marops.web.components import note
from marops.web.markup import html
from marops.web.session import reader, say


def stage_summary(found: Maturity) -> None:
    """The stage, how firm it is, and what the other parts say."""
    r, result = reader(), found.assessed.result
    stage = say(STAGES[result.headline]) if result.headline is not None else ""
    was = found.before.result.headline if found.before else None
    firm = [
        f"{say(STAGES[name])} {r.quantity(Quantity(share, Unit.PERCENT))}"
        for name, share in result.probabilities.items()
        if share >= 0.005
    ]
    people = say(
        text(
            "{it} from IT, {marketing} from marketing",
            it=result.respondents.get("it", 0),
            marketing=result.respondents.get("marketing", 0),
        )
    )
    cards: list[dict[str, object]] = [
        {
            "label": say(text("Stage of the team")), "value": stage, "missing": say(text("cannot be told")),
            "lines": [
                say(text("assessed {day}", day=found.assessed.closed_on)),
                say(text("before: {stage}", stage=STAGES[was])) if was is not None else "",
            ],
        },
        {
            "label": say(text("How firm is that?")), "value": ", ".join(firm), "missing": say(text("too few answers")),
            "lines": [say(text("drawn again from the respondents 2,000 times")), people],
        },
        {
            "label": say(text("Team size allows")), "value": say(STAGES[result.size]) if result.size is not None else "",
            "missing": say(text("size not stated (F1)")),
            "lines": [say(text("{n} dedicated people", n=round(found.assessed.members)))] if found.assessed.members else [],
        },
        {
            "label": say(text("Training allows")), "value": say(STAGES[result.training]) if result.training is not None else "",
            "missing": say(text("not rated")), "lines": [],
        },
    ]  # fmt: skip
    for card in cards:
        card["lines"] = [line for line in card["lines"] if line]  # pyright: ignore[reportGeneralTypeIssues]
    st.markdown(html("measures.html", measures=cards), unsafe_allow_html=True)
    for sentence in found.sentences[1:]:
        note(sentence)
    if Verdict.UNSURE in result.verdicts:
        note(text("Errors of this method point downwards: a team is rather rated too low than too high."))


def pillar_grid(found: Maturity) -> None:
    """Every block: its rating, attributes, stage, and the rating before."""
    r = reader()
    before = {block.name: block for block in found.before.result.blocks} if found.before else {}
    rows = [
        {
            "name": say(BLOCK_NAMES[block.name]),
            "rating": str(block.rating or "–"),
            "scale": _percent(block.scale, r),
            "embedded": _percent(block.embedded, r),
            "stage": say(STAGES[block.stage]) if block.stage is not None else say(text("not rated")),
            "before": str(before[block.name].rating or "–") if block.name in before else "–",
        }
        for block in found.assessed.result.blocks
    ]
    heads = [text("Block"), text("Rating"), text("Scale"), text("Embedded"), text("Stage"), text("Before")]
    st.markdown(
        html("pillars.html", label=say(text("Rating of each part")), heads=[say(head) for head in heads], rows=rows),
        unsafe_allow_html=True,
    )


def _percent(percent: float | None, r: Reader) -> str:
    return r.quantity(Quantity(round(percent) / 100, Unit.PERCENT)) if percent is not None else "–"
