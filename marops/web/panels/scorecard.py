"""One KPI in full: is it real, why, which rows, what was promised, said and done."""

from collections.abc import Sequence
from dataclasses import asdict
from types import ModuleType
from urllib.parse import urlencode

import polars as pl
import streamlit as st

from marops.language import Month, Text, joined, text
from marops.quantity import Quantity, Unit
from marops.scorecard import reasons, why
from marops.scorecard.definitions import KPIS
from marops.scorecard.reasons import BY, Split
from marops.scorecard.service import Row, Scorecard
from marops.spc import Assurance, Rule
from marops.web import charts
from marops.web.components import PROMISES, note, section, value_of
from marops.web.markup import html
from marops.web.scope import Here, picked
from marops.web.session import literal, principal, reader, say
from marops.web.tables import table

_ASSURED: dict[Assurance, Text] = {
    Assurance.PASS: text("will keep the target"), Assurance.FAIL: text("will keep missing the target"),
    Assurance.HIT_AND_MISS: text("will keep the target in some months and miss it in others"),
}  # fmt: skip
_RULES: dict[Rule, Text] = {
    Rule.OUTSIDE: text("outside its normal variation"), Rule.RUN: text("seven months on one side of the mean"),
    Rule.TREND: text("seven months going one way"), Rule.NEAR: text("two of three near a limit"),
}  # fmt: skip
_DOWNTIME = ("IT1", "IT2", "IT8", "J1", "J2", "J3", "M11")


def asked_kpi(card: Scorecard) -> Row | None:
    """The KPI that the address names, or None."""
    return next((row for row in card.rows if row.kpi.id == st.query_params.get("kpi")), None)


def kpi_head(card: Scorecard, row: Row, place: Here) -> None:
    """The way back, and the way to the other KPIs."""
    with st.container(horizontal=True, vertical_alignment="center", key="kpi_head"):
        back = html("back.html", href=f"scorecard?{urlencode(place.link)}", words=say(text("All KPIs")))
        st.markdown(back, unsafe_allow_html=True, width="content")
        names = {one.kpi.id: say(one.kpi.name) for one in card.rows}
        st.session_state["w_kpi"] = row.kpi.id
        st.selectbox(
            say(text("KPI")), list(names), key="w_kpi", format_func=lambda kpi: f"{names[kpi]} ({kpi})",
            label_visibility="collapsed", width=340, on_change=picked("w_kpi", "kpi"),
        )  # fmt: skip


def kpi_evidence(row: Row, place: Here, figures: ModuleType) -> None:
    """Is it real: the months with limits, targets and events; beside them what is to be known of the number."""
    section(text("Is it real?"))
    left, right = st.columns([7, 4], gap="large")
    with left:
        _months(row, place, figures)
    with right:
        facts = _facts(row, place)
        st.table({name: literal(value) for name, value in facts.items()}, border="horizontal", alt=say(row.kpi.name))


def _months(row: Row, place: Here, figures: ModuleType) -> None:
    if any(point.value is not None for point in row.series.shown):
        happened = why.events(place.principal, place.scope, row.kpi.id)
        charts.show(charts.drawn(figures.control_chart, row, happened), key="kpi")
    elif row.kpi.has_history:
        note(text("No month has a value yet; with six of them it can be said what is normal."))
    else:
        note(text("This number is about today and has no months."))


def _facts(row: Row, place: Here) -> dict[str, str]:
    measure, kpi, r = row.measure, row.kpi, reader()
    facts: dict[str, str] = {}
    if measure.quantity:
        facts[say(text("Value"))] = r.quantity(measure.quantity, exact=True) if measure.unit is Unit.MONEY else value_of(row)
    else:
        facts[say(text("Value"))] = say(measure.missing or "")
    if measure.interval:
        low, high = measure.in_unit(measure.interval.low), measure.in_unit(measure.interval.high)
        facts[say(text("95% interval"))] = say(
            text("{low} to {high} ({method})", low=low, high=high, method=measure.interval.method)
        )
    if measure.note:
        facts[say(text("Detail"))] = say(measure.note)
    if row.before and row.before.quantity:
        facts[say(text("Compared with"))] = r.quantity(row.before.quantity)
    facts |= _promised(row)
    if causes := row.series.causes:
        said = [
            text("{rule}: {months}", rule=_RULES[rule], months=joined([Month(month) for month in months], 4))
            for rule, months in causes.items()
        ]
        facts[say(text("Signals"))] = say(joined(said, 4))
    if row.next_step:
        facts[say(text("What to do"))] = say(row.next_step)
    facts[say(text("If it turns bad"))] = say(kpi.advice)
    if not kpi.by_unit and place.scope.unit:
        facts[say(text("Business unit"))] = say(text("not told apart: all units"))
    if measure.as_of:
        facts[say(text("As of"))] = r.day(measure.as_of)
    return facts


def _promised(row: Row) -> dict[str, str]:
    if row.goal is None or row.target is None:
        return {say(text("Target")): say(text("none for these days"))}
    by = f" ({row.goal.author})" if row.goal.author else ""
    facts = {say(text("Target")): f"{say(row.target)}{by}", say(text("In these days")): say(PROMISES[row.promise])}
    if row.assurance and row.series.limits:
        low, high = (row.measure.in_unit(limit) for limit in (row.series.limits.lower, row.series.limits.upper))
        kept = text("{kept}: it varies from {low} to {high}", kept=_ASSURED[row.assurance], low=low, high=high)
        facts[say(text("As the process is"))] = say(kept)
    if far := reasons.pace(row.measure, row.before, row.goal):
        facts[say(text("The way there"))] = say(far)
    return facts


def kpi_reasons(row: Row, place: Here, figures: ModuleType) -> None:
    """Why: exact splits of the change, the outages behind it, and, closed, what moves with it."""
    splits = why.splits(place.principal, place.scope, row.kpi.id)
    outages = why.incidents(place.principal, place.scope) if row.kpi.id in _DOWNTIME else []
    section(text("Why?"))
    if splits:
        _split(row, splits, figures)
    elif row.measure.value is not None and row.before is None and row.kpi.has_history:
        note(text("Compare with another period (in the bar on top) to see where a change comes from."))
    elif row.measure.value is None:
        note(text("There is nothing to explain until the number has a value."))
    elif not outages:
        note(text("This number is not a rate or a product of parts marops knows, so its change is not split."))
    if row.kpi.id in _DOWNTIME:
        _outages(outages)
    _moves_with(row, place)


def _split(row: Row, splits: Sequence[Split], figures: ModuleType) -> None:
    chosen = splits[0]
    if len(splits) > 1:
        by = {str(split.by): split for split in splits}
        picked = st.segmented_control(
            say(text("Told apart by")), list(by), default=str(splits[0].by), key=f"split_{row.kpi.id}", required=True,
            format_func=lambda key: say(BY[by[key].by or splits[0].by or reasons.By.UNIT]), label_visibility="collapsed",
        )  # fmt: skip
        chosen = by[str(picked)]
    left, right = st.columns([7, 4], gap="large")
    with left:
        charts.show(charts.drawn(figures.split_chart, row, chosen), key="split")
    with right:
        for sentence in reasons.sentences(row.kpi, row.measure, chosen):
            st.markdown(html("sentence.html", said=say(sentence)), unsafe_allow_html=True)
        note(text("An exact split: its parts add up to the change. It says where a change is, not who caused it."))


def _outages(found: Sequence[why.Incident]) -> None:
    if not found:
        note(text("No outage began in these days."))
        return
    shown = pl.DataFrame(
        {
            say(text("Began")): [one.start for one in found],
            say(text("Services")): [one.services for one in found],
            say(text("Hours")): [round(one.hours, 2) for one in found],
            say(text("Cause as logged")): [one.reason for one in found],
            say(text("Leads lost")): [None if one.leads is None else round(one.leads, 1) for one in found],
            say(text("95% interval")): [_span(one) for one in found],
            say(text("Minutes × average (naive)")): [None if one.naive is None else round(one.naive, 1) for one in found],
            say(text("Spend burned")): [None if one.spend is None else round(one.spend, 2) for one in found],
        }
    )
    table(shown, key="outages", alt=say(text("Outages and what they took")), name="outages")


def _span(one: why.Incident) -> str:
    if one.interval is None:
        return say(text("too few weeks before it"))
    return say(text("{low} to {high}", low=Quantity(one.interval.low), high=Quantity(one.interval.high)))


@st.fragment
def _moves_with(row: Row, place: Here) -> None:
    """Closed by default, and worded with care: weeks that move together prove no cause."""
    if not row.kpi.has_history or row.kpi.rare:
        return
    opened = st.expander(
        say(text("Does another KPI move some weeks before it?")), key="moves_with", on_change="rerun", type="compact"
    )
    if not opened.open:
        return
    with opened:
        others = [kpi.id for kpi in KPIS.values() if kpi.has_history and not kpi.rare and kpi.id != row.kpi.id]
        other = st.selectbox(
            say(text("KPI that may come first")), others, index=None, key=f"other_{row.kpi.id}", width=340,
            format_func=lambda kpi: say(KPIS[kpi].name), placeholder=say(text("Choose a KPI")),
        )  # fmt: skip
        if other is None:
            note(text("Both are compared week by week, each freed of its own habits; only a link beyond chance is told."))
            return
        told = why.moves_with(principal(), place.scope, row.kpi.id, other)
        st.markdown(
            html("sentence.html", said=say(reasons.linked(row.kpi, row.measure, KPIS[other], told.found, told.weeks))),
            unsafe_allow_html=True,
        )
        note(text("Moving together is no proof that one causes the other: test it before acting on it."))


@st.fragment
def kpi_rows_behind(row: Row, place: Here) -> None:
    """The definition, the files and the rows the number is counted from."""
    section(text("What is it counted from?"))
    kpi = row.kpi
    used = "; ".join(f"{name} ({', '.join(columns)})" for name, columns in kpi.uses.items()) or say(text("the imports themselves"))
    definition = {
        say(text("Definition")): f"{kpi.id} v{kpi.version}: {say(kpi.formula)}",
        say(text("Counted by")): say(kpi.clock),
        say(text("Which cases")): say(kpi.cohort),
        say(text("Owner and watcher")): f"{say(kpi.owner)} → {say(kpi.watcher)}",
        say(text("Computed from")): used,
        say(text("After")): say(kpi.source),
    }
    for revision in kpi.revisions:
        changed = say(text("Version {n}, for all months, since {day}", n=revision.version, day=revision.since))
        definition[changed] = say(revision.what)
    st.table({name: literal(value) for name, value in definition.items()}, border="horizontal", alt=say(text("Definition")))
    files = why.sources(principal(), place.scope, kpi.id)
    if files:
        listed = pl.DataFrame([asdict(one) for one in files]).select(
            pl.col("table").alias(say(text("Table"))), pl.col("file").alias(say(text("File"))),
            pl.col("rows").alias(say(text("Rows"))),
            pl.col("last_day").alias(say(text("Data to"))), pl.col("imported_at").alias(say(text("Imported"))),
            pl.col("imported_by").alias(say(text("By"))),
        )  # fmt: skip
        table(listed, key="files", alt=say(text("Files behind the number")), name=f"{kpi.id}-files")
    opened = st.expander(say(text("Rows")), key="kpi_rows", on_change="rerun", type="compact")
    if opened.open:
        with opened:
            _rows(kpi.id, place)


def _rows(kpi_id: str, place: Here) -> None:
    found = why.rows(principal(), place.scope, kpi_id)
    if found is None:
        note(text("This number is made from what marops keeps itself, not from imported rows."))
    elif found.total == 0:
        note(text("No row of {table} lies in these days.", table=found.table))
    else:
        if found.total > found.rows.height:
            note(text("The newest {n} of {total} rows of {table}.", n=found.rows.height, total=found.total, table=found.table))
        table(found.rows, key="rows", alt=say(text("Rows behind the number")), name=f"{kpi_id}-rows")
