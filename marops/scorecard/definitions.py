"""What each KPI of the joint scorecard is: one definition, seen by the side that owns it and the side that watches it.

The numbering follows the 30 KPIs of the design; those that are here can be computed from the tables named.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from marops.findings import Side
from marops.language import Text, text
from marops.quantity import Unit

IT, MARKETING, SALES, BOTH = text("IT"), text("Marketing"), text("Sales"), text("CIO and CMO")


class Better(StrEnum):
    """Which way is good."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class Kpi:
    """A definition. `clock` says which moment places a case in a period; `advice` is what to do when it turns bad;
    `by_unit`: whether it can be told for one business unit; `has_history`: whether past months can be told; `rare`: most
    months have nothing to count, so that process limits say little and only the target judges; `bounds`: what a value
    cannot go beyond.
    """

    id: str
    name: Text
    side: Side
    owner: Text
    watcher: Text
    unit: Unit
    better: Better
    formula: Text
    clock: Text
    tables: tuple[str, ...]
    advice: Text
    version: int = 1
    by_unit: bool = True
    has_history: bool = True
    rare: bool = False
    bounds: tuple[float | None, float | None] = (None, None)


_ALL = (
    Kpi(
        "IT1", text("Availability"), Side.IT, IT, MARKETING, Unit.PERCENT, Better.HIGHER,
        text("monitored time the services worked / monitored time; services one after the other multiply"),
        text("when the outage happened"), ("sli_measurement",),
        text("Find the outages behind it and agree what would have prevented the longest."), by_unit=False, bounds=(0, 1),
    ),
    Kpi(
        "IT2", text("Error budget left"), Side.IT, IT, MARKETING, Unit.PERCENT, Better.HIGHER,
        text("1 − downtime / downtime that the availability target allows, for the worst service"),
        text("when the outage happened"), ("sli_measurement", "target"),
        text("Hold risky changes to that service until the budget is back above zero."), by_unit=False, rare=True,
    ),
    Kpi(
        "IT4", text("Time from MQL to next stage"), Side.IT, IT, MARKETING, Unit.HOURS, Better.LOWER,
        text("Kaplan-Meier median of the hours a lead stays an MQL; leads still there count as open"),
        text("when the lead became an MQL"), ("lead", "lead_stage_history"),
        text("Look at routing and alerts first: who gets the lead, and how soon they know."), bounds=(0, None),
    ),
    Kpi(
        "IT6", text("Age of the oldest source"), Side.IT, IT, MARKETING, Unit.HOURS, Better.LOWER,
        text("hours since the last day that each source describes; the largest counts"),
        text("today"), (), text("Import or reconnect the source that lags; numbers fed by it are unknown, not zero."),
        by_unit=False, has_history=False,
    ),
    Kpi(
        "IT8", text("Time to restore"), Side.IT, IT, MARKETING, Unit.HOURS, Better.LOWER,
        text("median hours from the start of an outage until the service worked again"),
        text("when the outage began"), ("sli_measurement",),
        text("Review who was called, when, and what was missing to restore the service."), by_unit=False, rare=True,
    ),
    Kpi(
        "J1", text("Leads lost in downtime"), Side.JOINT, BOTH, SALES, Unit.COUNT, Better.LOWER,
        text(
            "leads expected in the hours of the outage from the same hours of 8 clean weeks, less leads that came, less "
            "what came extra in the 6 hours after"
        ),
        text("when the outage happened"), ("lead", "sli_measurement"),
        text("Agree a pause rule for paid campaigns and a holding page that keeps the form working."), rare=True,
    ),
    Kpi(
        "J6", text("Conversion gap, platforms to CRM"), Side.JOINT, BOTH, SALES, Unit.PERCENT, Better.LOWER,
        text("|conversions the ad platforms report − leads the CRM has from their campaigns| / those leads"),
        text("day of the conversion; day the lead was created"), ("ad_performance", "lead"),
        text("Compare conversion rules channel by channel before arguing about budgets."), bounds=(0, None),
    ),
    Kpi(
        "J7", text("Request to launch"), Side.JOINT, BOTH, SALES, Unit.DAYS, Better.LOWER,
        text("Kaplan-Meier 85th percentile of the days from a campaign's request to its launch; open requests count"),
        text("when the campaign was requested"), ("work_item", "work_item_transition"),
        text("Unblock the stage where requests wait longest; see Pipeline."), bounds=(0, None),
    ),
    Kpi(
        "J9", text("Collaboration gap"), Side.JOINT, BOTH, BOTH, Unit.POINTS, Better.LOWER,
        text("share of IT who agree that the two sides work together − share of marketing who agree"),
        text("when the answer was recorded"), ("survey_response",),
        text("Discuss the items with the widest gap in the next summit before planning measures."), by_unit=False, rare=True,
    ),
    Kpi(
        "M2", text("Lead acceptance"), Side.MARKETING, MARKETING, SALES, Unit.PERCENT, Better.HIGHER,
        text("MQLs that sales accepted within 14 days / MQLs that are at least 14 days old"),
        text("when the lead became an MQL"), ("lead", "lead_stage_history"),
        text("Go through refused leads with sales and tighten what makes a lead an MQL."), bounds=(0, 1),
    ),
    Kpi(
        "M3", text("MQL to SQL"), Side.MARKETING, MARKETING, SALES, Unit.PERCENT, Better.HIGHER,
        text("MQLs that became sales-qualified within 60 days / MQLs that are at least 60 days old"),
        text("when the lead became an MQL"), ("lead", "lead_stage_history"),
        text("Find the channel where conversion fell and check its audience."), bounds=(0, 1),
    ),
    Kpi(
        "M4", text("Win rate"), Side.MARKETING, SALES, MARKETING, Unit.PERCENT, Better.HIGHER,
        text("deals won / deals won or lost"), text("when the deal closed"), ("lead", "lead_stage_history"),
        text("Read the reasons of lost deals with sales before changing campaigns."), bounds=(0, 1),
    ),
    Kpi(
        "M8", text("Cost per accepted lead"), Side.MARKETING, MARKETING, text("Finance"), Unit.MONEY, Better.LOWER,
        text("ad spend / leads from those campaigns that sales accepted in the same days"),
        text("day of the spend; day of the acceptance"), ("ad_performance", "lead", "lead_stage_history", "fx_rate"),
        text("Move budget from the channel with the dearest accepted lead; see Budget."), bounds=(0, None),
    ),
)  # fmt: skip

KPIS: Mapping[str, Kpi] = {kpi.id: kpi for kpi in _ALL}
