"""What pages are made of: heads, measures, KPI rows, decision cards, empty states."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import NoReturn
from urllib.parse import urlencode

import polars as pl
import streamlit as st
from cachetools import LRUCache

from marops.findings import Finding, Side
from marops.language import Text, text
from marops.measure import Measure
from marops.period import Comparison
from marops.quantity import Quantity, Unit
from marops.scorecard.definitions import BOTH, Better
from marops.scorecard.judging import Promise, Trend
from marops.scorecard.service import Row, Scorecard
from marops.scorecard.store import CheckIn
from marops.spc import Assurance
from marops.web import charts
from marops.web.markup import html
from marops.web.places import PAGES_FOLDER
from marops.web.scope import Here
from marops.web.session import reader, say
from marops.web.spark import sparkline
from marops.web.tables import table

chart = charts.show

SIDES: dict[Side, Text] = {Side.IT: text("IT"), Side.JOINT: text("Joint"), Side.MARKETING: text("Marketing")}


def page_title(title: Text | str, sentence: Text | None = None) -> None:
    """The head of a page: its title and one sentence of conclusion."""
    _html("head.html", title=say(title), sentence=say(sentence) if sentence else "")


def section(question: Text, note: Text | None = None) -> None:
    """A section's question, and what to know before reading the answer."""
    _html("section.html", question=say(question), note=say(note) if note else "")


def note(said: Text) -> None:
    """A quiet line."""
    _html("note.html", said=say(said))


def measures(*shown: Measure) -> None:
    """Measures side by side: value or reason, interval, note."""
    _html("measures.html", measures=[_measure(measure) for measure in shown])


def scorecard_numbers(card: Scorecard, place: Here) -> None:
    """The scorecard as a table to take away, and, for those who ask, one number; both behind buttons."""
    opened = st.expander(say(text("Numbers")), key="numbers_scorecard", on_change="rerun", type="compact")
    if opened.open:
        with opened:
            table(
                _listed(card),
                key="scorecard",
                alt=say(text("Every KPI of the scorecard")),
                name=f"scorecard-{place.scope.period.end}",
            )
    asked = st.expander(say(text("One number, if you must")), key="one_number", on_change="rerun", type="compact")
    if asked.open:
        with asked:
            found = card.kept_by_weight
            if found is None:
                note(text("Of no KPI it can be told whether its process will keep its target: it takes a target and six months."))
            else:
                measures(found)
                note(text("It hides which KPIs those are, and moves when weights do. Decide on the KPIs, not on this."))


def _listed(card: Scorecard) -> pl.DataFrame:
    """One row a KPI, with the version of its definition and what it is computed from."""
    columns = {
        say(text("KPI")): [row.kpi.id for row in card.rows],
        say(text("Name")): [say(row.kpi.name) for row in card.rows],
        say(text("Side")): [say(SIDES[row.kpi.side]) for row in card.rows],
        say(text("Version")): [row.kpi.version for row in card.rows],
        say(text("Value")): [None if row.measure.value is None else float(row.measure.value) for row in card.rows],
        say(text("Unit")): [row.measure.currency or row.kpi.unit.value for row in card.rows],
        say(text("95% from")): [row.measure.interval.low if row.measure.interval else None for row in card.rows],
        say(text("95% to")): [row.measure.interval.high if row.measure.interval else None for row in card.rows],
        say(text("Target")): [say(row.target) if row.target else "" for row in card.rows],
        say(text("Trend")): [_trend(row).word for row in card.rows],
        say(text("In these days")): [_promise(row).word for row in card.rows],
        say(text("As of")): [row.measure.as_of for row in card.rows],
        say(text("Detail")): [say(row.measure.note or row.measure.missing or "") for row in card.rows],
        say(text("Owner")): [say(row.kpi.owner) for row in card.rows],
        say(text("Computed from")): [", ".join(row.kpi.tables) for row in card.rows],
    }
    return pl.DataFrame(columns, strict=False)


JOINT_IMPACT = ("J1", "J2", "J3")
"""What downtime took of both sides: leads, spend, value."""


def joint_impact(card: Scorecard, place: Here) -> None:
    """What downtime took in the days, each with its interval, and each a link to its KPI."""
    rows = [row for row in card.rows if row.kpi.id in JOINT_IMPACT]
    tiles = [
        {**_measure(row.measure), "value": value_of(row), "href": f"scorecard?{urlencode({**place.link, 'kpi': row.kpi.id})}"}
        for row in rows
    ]
    _html("measures.html", measures=tiles)


def _measure(measure: Measure) -> dict[str, object]:
    r = reader()
    lines: list[str] = []
    if measure.interval is not None:
        low, high = measure.in_unit(measure.interval.low), measure.in_unit(measure.interval.high)
        share = Quantity(round(measure.interval.level, 2), Unit.PERCENT)
        lines.append(say(text("{low} to {high} ({share} interval)", low=low, high=high, share=share)))
        if measure.interval.low <= 0 <= measure.interval.high and measure.unit in {Unit.COUNT, Unit.MONEY, Unit.POINTS}:
            lines.append(say(text("not distinguishable from zero")))
    if measure.note is not None:
        lines.append(say(measure.note))
    value = r.quantity(measure.quantity) if measure.quantity else ""
    return {
        "href": "",
        "label": say(measure.label),
        "value": value,
        "missing": say(measure.missing) if measure.missing else "",
        "lines": lines,
    }


_rows_html: LRUCache[Hashable, str] = LRUCache(maxsize=256)
_drawing = Lock()


def kpi_rows(rows: Sequence[Row], place: Here) -> None:
    """KPI rows across the page: value, change, months with their normal band, what the trend says, what the target says.

    Each row is a link to the KPI on the scorecard. Marks are a shape and a word, never colour alone. All rows are one
    block: the browser takes an element of Streamlit's own for each row far longer to draw than the whole list.
    """
    _kept_html(rows, place, lambda: html("kpis.html", wide=True, columns=[], rows=[_kpi(row, place, wide=True) for row in rows]))


def kpi_columns(card: Scorecard, place: Here, notes: Mapping[str, CheckIn]) -> None:
    """The scorecard's KPI rows with the last note on each, one column a side; below each other where there is no room for three."""

    def made() -> str:
        columns = [
            {
                "side": str(side),
                "name": say(SIDES[side]),
                "sentence": say(card.sentence(side)),
                "rows": [_kpi(row, place, wide=False, noted=notes.get(row.kpi.id)) for row in card.of(side)],
            }
            for side in Side
        ]
        return html("kpis.html", wide=False, columns=columns, rows=[])

    _kept_html(card.rows, place, made)


def _kept_html(rows: Sequence[Row], place: Here, made: Callable[[], str]) -> None:
    """Rows as they were drawn before, where the data, the scope and what links lead to are the same."""
    opened = place.opened
    ids = tuple(row.kpi.id for row in rows)
    key = (opened.key, tuple(place.link.items()), ids, made.__qualname__, str(reader().locale))
    with _drawing:
        found = _rows_html.get(key)
    if found is None:
        found = made()
        with _drawing:
            _rows_html[key] = found
    st.markdown(found, unsafe_allow_html=True)


_NOTED = 90
"""Characters of a note that a row shows."""


def value_of(row: Row) -> str:
    """A KPI's value as it is said everywhere: one that is inferred, not counted, is "about" so much."""
    quantity = row.measure.quantity
    if quantity is None:
        return ""
    about = "≈ " if row.kpi.estimated and row.measure.interval is not None else ""
    return about + reader().quantity(quantity)


def _kpi(row: Row, place: Here, *, wide: bool, noted: CheckIn | None = None) -> dict[str, object]:
    measure = row.measure
    label = say(text("{kpi} by month", kpi=row.kpi.name))
    return {
        "id": row.kpi.id, "href": f"scorecard?{urlencode({**place.link, 'kpi': row.kpi.id})}", "name": say(row.kpi.name),
        "stale": row.stale_since is not None, "noted": _shortened(noted.words) if noted else "",
        "by": noted.author if noted else "",
        "value": value_of(row), "missing": say(measure.missing) if measure.missing else "", "owner": _who(row, wide=wide),
        "change": _change(row, place, wide=wide), "spark": sparkline(row.series, row.trend, row.kpi.side, label),
        "trend": _trend(row), "promise": _promise(row),
    }  # fmt: skip


def _shortened(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= _NOTED else line[: _NOTED - 1].rstrip() + "…"


def _who(row: Row, *, wide: bool) -> str:
    """Whose number it is. In a side's own column its owner need not be said."""
    kpi = row.kpi
    if not wide and kpi.owner == (BOTH if kpi.side is Side.JOINT else SIDES[kpi.side]):
        return say(text("watched by {watcher}", watcher=kpi.watcher))
    return say(text("owned by {owner}, watched by {watcher}", owner=kpi.owner, watcher=kpi.watcher))


def _change(row: Row, place: Here, *, wide: bool) -> str:
    measure = row.measure
    # What rarely happens differs from year to year by chance; how sure the number is says more.
    if row.kpi.rare:
        if measure.interval is None or measure.value is None:
            return ""
        low, high = measure.in_unit(measure.interval.low), measure.in_unit(measure.interval.high)
        return say(text("between {low} and {high}", low=low, high=high))
    change = row.change
    if change is None:
        return ""
    if not wide:  # the bar on top says what is compared with
        return reader().quantity(change, signed=True)
    versus = {Comparison.YEAR: text("on a year earlier"), Comparison.PREVIOUS: text("on the time before")}
    return f"{reader().quantity(change, signed=True)} {say(versus.get(place.scope.comparison, text('on before')))}"


@dataclass(frozen=True, slots=True)
class _Mark:
    sign: str
    word: str
    detail: str = ""
    bad: bool = False
    later: str = ""


def _trend(row: Row) -> _Mark:
    limits = row.series.limits
    up = row.kpi.better is Better.HIGHER
    detail = ""
    if limits is not None:
        low, high = row.measure.in_unit(limits.lower), row.measure.in_unit(limits.upper)
        firm, trial = text("normal {low} to {high}", low=low, high=high), text("trial limits {low} to {high}", low=low, high=high)
        detail = say(trial if limits.trial else firm)
    if row.stale_since is not None:
        return _Mark("◌", say(text("stale")), say(text("data end on {day}", day=row.stale_since)))
    match row.trend:
        case Trend.WORSE:
            return _Mark("▼" if up else "▲", say(text("worse")), detail, bad=True)
        case Trend.BETTER:
            return _Mark("▲" if up else "▼", say(text("better")), detail)
        case Trend.STEADY:
            return _Mark("●", say(text("steady")), detail)
        case Trend.UNKNOWN:
            return _Mark("○", say(text("no trend yet")) if not row.kpi.rare else say(text("rare event")), detail)


def _promise(row: Row) -> _Mark:
    """Whether the value keeps its target, and whether the process as it is will."""
    if row.target is None:
        return _Mark("○", say(text("no target")))
    if row.stale_since is not None:
        return _Mark("◌", say(text("not known")), say(row.target))
    sign = {Promise.MET: "✓", Promise.MISSED: "✕", Promise.OPEN: "?", Promise.NONE: "○"}[row.promise]
    more = _ASSURED.get(row.assurance) if row.assurance and row.promise is not Promise.NONE else None
    later = f"{more[0]} {say(more[1])}" if more else ""
    return _Mark(sign, say(PROMISES[row.promise]), say(row.target), bad=row.promise is Promise.MISSED, later=later)


PROMISES: dict[Promise, Text] = {
    Promise.MET: text("on target"), Promise.MISSED: text("off target"), Promise.OPEN: text("too close to call"),
    Promise.NONE: text("not measured"),
}  # fmt: skip
_ASSURED: dict[Assurance, tuple[str, Text]] = {
    Assurance.PASS: ("✓", text("will be kept")), Assurance.FAIL: ("✕", text("will keep missing")),
    Assurance.HIT_AND_MISS: ("±", text("hit and miss")),
}  # fmt: skip


def decision_cards(findings: Sequence[Finding], place: Here, decide: object) -> None:
    """Cards of what needs a decision: what, why, whose, what to do; evidence and decision one click away.

    `decide(finding)` is called where the reader wants to record a decision; None hides the button.
    """
    if not findings:
        return
    for column, finding in zip(st.columns(len(findings)), findings, strict=False):
        with column, st.container(border=True, height="stretch", key=f"card_{_slug(finding.key)}"):
            _html("side.html", side=str(finding.side), name=say(finding.owner))
            _html(
                "finding.html",
                what=say(finding.what),
                cause=say(finding.cause),
                label=say(text("Suggested:")),
                action=say(finding.action),
            )
            st.space("stretch")
            with st.container(horizontal=True, vertical_alignment="center"):
                target = {"kpi": finding.target} if finding.target else {}
                st.page_link(
                    page(finding.page),
                    label=say(text("Evidence")),
                    icon=":material/query_stats:",
                    query_params={**place.link, **target},
                )
                if callable(decide) and st.button(
                    say(text("Decide")), key=f"decide_{_slug(finding.key)}", type="tertiary", icon=":material/gavel:"
                ):
                    decide(finding)


def _slug(key: str) -> str:
    return "".join(character if character.isalnum() else "_" for character in key)


def empty(what: Text, then: Text, place: Here) -> NoReturn:
    """An empty state: what is missing, what to do, one button. Ends the page."""
    _html("empty.html", what=say(what), next=say(then))
    st.page_link(page("data"), label=say(text("Open Data")), icon=":material/upload_file:", query_params=place.link)
    st.stop()


def page(name: str) -> str:
    """The file of a page, as navigation knows it."""
    return str(PAGES_FOLDER / f"{name}.py")


def _html(template: str, **values: object) -> None:
    st.markdown(html(template, **values), unsafe_allow_html=True)
