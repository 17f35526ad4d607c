"""Parts of pages that belong to one domain: the KPI's own panel, the board, the pillar grid, the what-if."""

from collections.abc import Callable, Mapping
from datetime import timedelta

import polars as pl
import streamlit as st

from marops.budget import figures as budget_figures
from marops.budget import service as budget_service
from marops.budget.service import MOST, Budget
from marops.chart import Chart
from marops.decisions import service as decisions
from marops.decisions.service import Choice
from marops.decisions.store import Decision
from marops.errors import UserError
from marops.findings import Finding
from marops.language import Text, text
from marops.maturity.scoring import Verdict
from marops.maturity.service import BLOCK_NAMES, STAGES, Maturity
from marops.pipeline.service import Flow
from marops.principal import Action, allowed
from marops.quantity import Quantity, Unit, money
from marops.scorecard.service import Scorecard
from marops.stages import board_stages, stages
from marops.web import charts
from marops.web.components import note, section
from marops.web.markup import html
from marops.web.scope import Here
from marops.web.session import literal, principal, reader, say
from marops.web.tables import table

_SHOWN_PER_STAGE = 6
_CHOICES: dict[Choice, Text] = {
    Choice.ACT: text("Act on it"),
    Choice.WAIT: text("Wait and see"),
    Choice.DISMISS: text("Not a problem"),
}


# Decisions


def decide_dialog(place: Here) -> Callable[[Finding], None] | None:
    """What the "Decide" button of a card opens; None for readers who may not decide."""
    if not allowed(place.principal, Action.EDIT):
        return None

    def open_dialog(finding: Finding) -> None:
        st.dialog(say(text("What do you decide?")))(_decide)(finding, place)

    return open_dialog


def _decide(finding: Finding, place: Here) -> None:
    st.markdown(
        html(
            "finding.html",
            what=say(finding.what),
            cause=say(finding.cause),
            label=say(text("Suggested:")),
            action=say(finding.action),
        ),
        unsafe_allow_html=True,
    )
    with st.form("decision", border=False):
        choice = st.segmented_control(
            say(text("Decision")), list(_CHOICES), default=Choice.ACT, format_func=lambda c: say(_CHOICES[c]), required=True
        )
        owner = st.text_input(say(text("Who does it")), value=say(finding.owner), max_chars=200)
        due = st.date_input(say(text("By when")), value=place.opened.today + timedelta(days=30), format="YYYY-MM-DD")
        words = st.text_area(say(text("Note")), max_chars=2000)
        if st.form_submit_button(say(text("Record decision")), type="primary"):
            try:
                decisions.record(
                    principal(), place.scope.workspace, finding_key=finding.key, question=say(finding.what),
                    evidence=say(finding.cause), choice=Choice(choice), owner=owner, note=words, due=due,
                )  # fmt: skip
            except UserError as refused:
                st.error(literal(refused.text))
            else:
                st.rerun()


def decision_list(taken: list[Decision], place: Here) -> None:
    """What was decided, the newest first; a decision can be taken back."""
    r = reader()
    for decision in taken[:8]:
        with st.container(horizontal=True, vertical_alignment="center", key=f"decided_{decision.id}"):
            who = f"{decision.owner}, {r.day(decision.due)}" if decision.due and decision.choice == Choice.ACT else ""
            line = " · ".join(p for p in (say(_CHOICES[Choice(decision.choice)]), who, decision.note) if p)
            st.markdown(
                html(
                    "finding.html",
                    what=decision.question,
                    cause=line,
                    label=decision.decided_by + ",",
                    action=r.moment(decision.decided_at),
                ),
                unsafe_allow_html=True,
                width="stretch",
            )
            if allowed(place.principal, Action.EDIT):
                st.button(
                    say(text("Take back")), key=f"withdraw_{decision.id}", type="tertiary",
                    on_click=lambda found: decisions.withdraw(principal(), place.scope.workspace, found), args=(decision.id,),
                )  # fmt: skip


# Scorecard


def kpi_detail(card: Scorecard, place: Here, draw: Callable[..., Chart]) -> None:
    """One KPI in full: its months with limits and target, its definition and where its numbers come from."""
    rows = {row.kpi.id: row for row in card.rows}
    asked = st.query_params.get("kpi", "")
    chosen = (
        asked if asked in rows else next((r.kpi.id for r in card.rows if r.measure.value is not None and r.series.limits), "M2")
    )
    st.session_state["w_kpi"] = chosen
    section(text("Is it real?"))
    st.selectbox(
        say(text("KPI")), list(rows), key="w_kpi", format_func=lambda kpi: say(rows[kpi].kpi.name), label_visibility="collapsed",
        on_change=lambda: st.query_params.update({"kpi": st.session_state["w_kpi"]}),
    )  # fmt: skip
    row = rows[chosen]
    left, right = st.columns([7, 4], gap="large")
    with left:
        charts.show(charts.drawn(_draw_kpi(draw, chosen), card), key="kpi")
    with right:
        _definition(row.kpi.id, card, place)


def _draw_kpi(draw: Callable[..., Chart], kpi_id: str) -> Callable[..., Chart]:
    def drawn(card: Scorecard, r: object) -> Chart:
        return draw(next(row for row in card.rows if row.kpi.id == kpi_id), r)

    drawn.__qualname__ = f"kpi:{kpi_id}"
    return drawn


def _definition(kpi_id: str, card: Scorecard, place: Here) -> None:
    row = next(row for row in card.rows if row.kpi.id == kpi_id)
    measure, r = row.measure, reader()
    facts: dict[str, str] = {say(text("Definition")): f"{kpi_id} v{row.kpi.version}: {say(row.kpi.formula)}"}
    facts[say(text("Counted by"))] = say(row.kpi.clock)
    if measure.quantity:
        facts[say(text("Value"))] = r.quantity(measure.quantity, exact=row.measure.unit is Unit.MONEY)
    if measure.interval:
        low, high = measure.in_unit(measure.interval.low), measure.in_unit(measure.interval.high)
        facts[say(text("95 % interval"))] = say(
            text("{low} to {high} ({method})", low=low, high=high, method=measure.interval.method)
        )
    if measure.note:
        facts[say(text("Detail"))] = say(measure.note)
    if row.before and row.before.quantity:
        facts[say(text("Compared with"))] = r.quantity(row.before.quantity)
    if row.goal:
        sign = {"at_least": "≥", "at_most": "≤"}.get(row.goal.type, "=")
        by = f" ({row.goal.author})" if row.goal.author else ""
        facts[say(text("Target"))] = f"{sign} {r.quantity(measure.in_unit(row.goal.value))}{by}"
    if not row.kpi.by_unit and place.scope.unit:
        facts[say(text("Business unit"))] = say(text("not told apart: all units"))
    facts[say(text("Computed from"))] = ", ".join(row.kpi.tables) or say(text("the imports themselves"))
    if measure.as_of:
        facts[say(text("As of"))] = r.day(measure.as_of)
    facts[say(text("If it turns bad"))] = say(row.kpi.advice)
    st.table({name: literal(value) for name, value in facts.items()}, border="horizontal", alt=say(row.kpi.name))


# Pipeline


def overdue_table(flow: Flow) -> None:
    """Campaigns past their launch date, the latest first."""
    late = flow.overdue
    if late.is_empty():
        note(text("None: every launch that was due has happened."))
        return
    names = {stage.id: say(stage.name) for stage in stages()}
    sides = {
        stage.id: {"it": say(text("IT")), "marketing": say(text("Marketing"))}.get(stage.responsible, "") for stage in stages()
    }
    shown = late.select(
        pl.coalesce("campaign_name", "name").alias(say(text("Campaign"))),
        pl.col("due_date").alias(say(text("Due"))),
        pl.col("late").alias(say(text("Days late"))),
        pl.col("stage").replace_strict(names, default="?", return_dtype=pl.String).alias(say(text("Stage"))),
        pl.col("stage").replace_strict(sides, default="?", return_dtype=pl.String).alias(say(text("Must act"))),
        pl.col("assignee").alias(say(text("Assigned to"))),
        pl.col("value_per_day").alias(say(text("Value a day"))),
        pl.col("currency_code").alias(say(text("Currency"))),
    )
    table(shown, key="overdue", alt=say(text("Campaigns past their launch date")), name="overdue")


def board(flow: Flow) -> None:
    """The seven stages with their campaigns, the longest in the stage on top."""
    r = reader()
    columns: list[dict[str, object]] = []
    for stage in board_stages():
        here = flow.in_stage(stage)
        items = [
            {
                "name": item["campaign_name"] or item["name"],
                "detail": _item_detail(item),
                "old": item["limit"] is not None and item["waiting"] > item["limit"],
            }
            for item in here.head(_SHOWN_PER_STAGE).iter_rows(named=True)
        ]
        more = here.height - len(items)
        columns.append({
            "name": say(stage.name), "count": r.number(here.height), "items": items,
            "more": say(text("and {n} more", n=more)) if more else "",
        })  # fmt: skip
    st.markdown(html("board.html", stages=columns, label=say(text("Campaigns by stage"))), unsafe_allow_html=True)
    if flow.unknown:
        words = ", ".join(flow.unknown[:5])
        note(text("Not on the board: items whose status is no stage marops knows ({words}).", words=words))


def _item_detail(item: Mapping[str, object]) -> str:
    waiting = Quantity(round(float(str(item["waiting"])), 1), Unit.DAYS)
    due = item["due_date"]
    if due is None:
        return say(text("{days} here", days=waiting))
    return say(text("{days} here, due {due}", days=waiting, due=due))


# Maturity


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
    before = {block.name: block for block in found.before.result.blocks} if found.before else {}
    rows = [
        {
            "name": say(BLOCK_NAMES[block.name]),
            "rating": str(block.rating or "–"),
            "scale": f"{block.scale:.0f} %" if block.scale is not None else "–",
            "embedded": f"{block.embedded:.0f} %" if block.embedded is not None else "–",
            "stage": say(STAGES[block.stage]) if block.stage is not None else say(text("not rated")),
            "before": str(before[block.name].rating or "–") if block.name in before else "–",
        }
        for block in found.assessed.result.blocks
    ]
    heads = [text("Block"), text("Rating"), text("Scale"), text("Embedded"), text("Stage"), text("Before")]
    st.markdown(html("pillars.html", heads=[say(head) for head in heads], rows=rows), unsafe_allow_html=True)


# Budget


@st.fragment
def what_if(found: Budget, place: Here) -> None:
    """Sliders for each channel's weekly spend, what they would change, and scenarios to keep."""
    known = {channel: response for channel, response in found.responses.items() if response is not None}
    if not known:
        note(text("No channel has 20 weeks of daily spend with enough variation to learn from yet."))
        return
    r = reader()
    multipliers: dict[str, float] = {}
    controls, result = st.columns([1, 1], gap="medium")
    with controls:
        for channel, response in known.items():
            key = f"what_if_{place.scope.workspace}_{channel}"
            st.session_state.setdefault(key, 100)
            percent = st.slider(
                say(text("{channel}, {spend} a week", channel=channel, spend=money(response.now, found.currency))),
                0,
                int(MOST * 100),
                key=key,
                step=5,
                format="%d%%",
            )
            multipliers[channel] = percent / 100
    outcome = budget_service.what_if(principal(), place.scope, multipliers)
    changed = any(value != 1 for value in multipliers.values())
    with result:
        total = say(
            text(
                "{then} a week, {difference} today’s",
                then=money(outcome.spend_then, found.currency),
                difference=_difference(outcome.spend_then - outcome.spend, found.currency),
            )
        )
        lines = [total]
        interval = outcome.change.interval
        if interval and changed:
            lines.append(say(text("{low} to {high} (90 % interval)", low=Quantity(interval.low), high=Quantity(interval.high))))
        value = r.quantity(Quantity(float(outcome.change.value or 0)), signed=True) if changed else ""
        card = {
            "label": say(text("Change in conversions a week")),
            "value": value,
            "missing": say(text("Move a slider to try another split.")),
            "lines": lines,
        }
        st.markdown(html("measures.html", measures=[card]), unsafe_allow_html=True)
        if interval and changed and interval.low <= 0 <= interval.high:
            note(text("Not distinguishable from no change."))
        if outcome.beyond:
            note(
                text("Outside what the data has seen: {channels}. There the curve is a guess.", channels=", ".join(outcome.beyond))
            )
        chosen = st.selectbox(say(text("Response of")), list(known), key="what_if_channel")
        curve = budget_figures.response_curve(known[chosen], known[chosen].now * multipliers[chosen], found, r)
        charts.show(charts.themed(curve), key="response")
        if changed:
            charts.show(charts.themed(budget_figures.change_by_channel(outcome, r)), key="change")
        _scenarios(place, multipliers, list(known), changed=changed)


def _difference(amount: float, currency: str) -> Text:
    if abs(amount) < 0.5:
        return text("the same as")
    if amount > 0:
        return text("{amount} more than", amount=money(amount, currency))
    return text("{amount} less than", amount=money(-amount, currency))


def _scenarios(place: Here, multipliers: dict[str, float], channels: list[str], *, changed: bool) -> None:
    def set_sliders(chosen: Mapping[str, float]) -> None:
        for channel in channels:
            st.session_state[f"what_if_{place.scope.workspace}_{channel}"] = round(float(chosen.get(channel, 1.0)) * 100)

    with st.container(horizontal=True):
        st.button(say(text("Back to today")), key="what_if_reset", disabled=not changed, on_click=set_sliders, args=({},))
        if allowed(place.principal, Action.EDIT):
            with st.popover(say(text("Save scenario")), disabled=not changed):
                name = st.text_input(say(text("Name")), max_chars=200, key="what_if_name")
                if st.button(say(text("Save")), type="primary", key="what_if_save"):
                    try:
                        budget_service.save_scenario(principal(), place.scope, name, multipliers)
                    except UserError as refused:
                        st.error(literal(refused.text))
                    else:
                        st.toast(say(text("Saved.")))
    for scenario in budget_service.scenarios(principal(), place.scope.workspace)[:6]:
        with st.container(horizontal=True, vertical_alignment="center", key=f"scenario_{scenario.id}"):
            st.button(
                literal(scenario.name),
                key=f"open_{scenario.id}",
                type="tertiary",
                icon=":material/tune:",
                on_click=set_sliders,
                args=(scenario.multipliers,),
            )
            st.caption(f"{literal(scenario.saved_by)}, {reader().moment(scenario.saved_at)}")
            if allowed(place.principal, Action.EDIT):
                st.button(
                    say(text("Delete")),
                    key=f"delete_{scenario.id}",
                    type="tertiary",
                    on_click=lambda found: budget_service.delete_scenario(principal(), place.scope.workspace, found),
                    args=(scenario.id,),
                )
