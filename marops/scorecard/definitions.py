"""What each KPI of the joint scorecard is: one definition, seen by the side that owns it and the side that watches it.

A definition is data: `DEFINITIONS` holds all 30, nine of IT, eleven of marketing and ten that both own. What is computed from
it stands in `scorecard.formulas`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from marops.findings import Side
from marops.language import Reader, Text, text
from marops.quantity import Unit

IT, MARKETING, SALES, BOTH = text("IT"), text("Marketing"), text("Sales"), text("CIO and CMO")
_FINANCE, _DATA, _ALL_SIDES = text("Finance"), text("Data office"), text("everybody")


class Better(StrEnum):
    """Which way is good."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class Revision:
    """A later version of a definition: from which day on its numbers are computed so, and what is different."""

    version: int
    since: date
    what: Text


@dataclass(frozen=True, slots=True)
class Kpi:
    """A definition.

    `uses`: the columns it is computed from, by canonical table. `clock` says which moment places a case in a period; `cohort`
    which cases a period follows, and `matures` how old they must be to count (None: they count at once). `source` is where the
    definition comes from, `weight` (0 to 3) orders KPIs and is part of no number. `advice` is what to do when it turns bad.
    `by_unit`: whether it can be told for one business unit; `has_history`: whether past months can be told; `rare`: most
    months have nothing to count, so that process limits say little and only the target judges; `bounds`: what a value
    cannot go beyond; `estimated`: the number is inferred, not counted, and is shown with "≈"; `seasonal`: it rises and falls
    with the months of the year; `to_zero`: zero is good, both ways are
    bad, so that only a band can be a target. `revisions`: later versions.
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
    cohort: Text
    uses: Mapping[str, tuple[str, ...]]
    source: Text
    advice: Text
    weight: float = 1.0
    matures: timedelta | None = None
    by_unit: bool = True
    has_history: bool = True
    rare: bool = False
    estimated: bool = False
    seasonal: bool = False
    to_zero: bool = False
    bounds: tuple[float | None, float | None] = (None, None)
    revisions: tuple[Revision, ...] = ()

    @property
    def version(self) -> int:
        """The version in force."""
        return self.revisions[-1].version if self.revisions else 1

    @property
    def tables(self) -> tuple[str, ...]:
        """The canonical tables it is computed from."""
        return tuple(self.uses)


_ALL_CASES = text("every case of the days")
_STAGES = ("lead_id", "stage", "date_stage_entered")
_MONITOR = {"sli_measurement": ("service", "window_start", "window_seconds", "bad_count", "total_count")}
_TOUCHES = {"lead": ("lead_id", "created_at"), "lead_touch": ("lead_id", "kind", "at")}
_SPEND = ("period_start", "period_end", "spend", "currency_code")
_DEALS = ("lead_id", "created_at", "amount", "currency_code")
_MARKETING_IT = text("the article on IT and marketing")
_OWN = text("marops")

DEFINITIONS = (
    Kpi(
        "IT1", text("Availability"), Side.IT, IT, MARKETING, Unit.PERCENT, Better.HIGHER,
        text("monitored time the services worked / monitored time; services one after the other multiply"),
        text("when the outage happened"), text("every monitored service; windows that reach beyond the days count in part"),
        _MONITOR, text("ITIL 4, availability management"),
        text("Find the outages behind it and agree what would have prevented the longest."),
        weight=2, by_unit=False, bounds=(0, 1),
    ),
    Kpi(
        "IT2", text("Error budget left"), Side.IT, IT, MARKETING, Unit.PERCENT, Better.HIGHER,
        text("1 − downtime / downtime that the availability target allows, for the worst service"),
        text("when the outage happened"), text("every monitored service; the worst one counts"),
        {**_MONITOR, "target": ("kpi", "value", "valid_from", "valid_to")}, text("Google, Site Reliability Workbook; OpenSLO"),
        text("Hold risky changes to that service until the budget is back above zero."),
        by_unit=False, rare=True, bounds=(None, 1),
    ),
    Kpi(
        "IT3", text("Lead throughput"), Side.IT, IT, MARKETING, Unit.PER_HOUR, Better.HIGHER,
        text("leads given an owner / hours of the days; beside it the leads that came, and how long they wait for an owner"),
        text("when the owner was assigned"), text("every lead that was given an owner in the days"),
        {"lead": ("lead_id", "created_at"), "lead_touch": ("lead_id", "kind", "at")}, _MARKETING_IT,
        text("Compare with the leads that came: if fewer came, nothing is slow; if the wait grows, find what holds the queue."),
        weight=1, seasonal=True, bounds=(0, None),
    ),
    Kpi(
        "IT4", text("Time from MQL to next stage"), Side.IT, IT, MARKETING, Unit.HOURS, Better.LOWER,
        text("Kaplan-Meier median of the hours a lead stays an MQL; leads still there count as open"),
        text("when the lead became an MQL"), text("leads that became MQLs in the days"),
        {"lead": ("lead_id",), "lead_stage_history": _STAGES}, _MARKETING_IT,
        text("Look at routing and alerts first: who gets the lead, and how soon they know."), weight=2, bounds=(0, None),
    ),
    Kpi(
        "IT5", text("Routing success"), Side.IT, IT, text("Marketing and Sales"), Unit.PERCENT, Better.HIGHER,
        text("leads given an owner within 5 minutes, default queues not counted / leads that came"),
        text("when the form was submitted"), text("leads of the days that are at least 5 minutes old"),
        {**_TOUCHES, "lead_touch": ("lead_id", "kind", "at", "is_default_queue")}, _MARKETING_IT,
        text("List the leads that landed in a default queue, and mend the rule that should have caught them."),
        weight=1.5, matures=timedelta(minutes=5), bounds=(0, 1),
    ),
    Kpi(
        "IT6", text("Age of the oldest source"), Side.IT, IT, MARKETING, Unit.HOURS, Better.LOWER,
        text("hours since the last day that each source describes; the largest counts"),
        text("today"), text("every source that is expected to stay up to date"), {}, text("dbt, source freshness"),
        text("Import or reconnect the source that lags; numbers fed by it are unknown, not zero."),
        by_unit=False, has_history=False,
    ),
    Kpi(
        "IT7", text("Data-quality pass rate"), Side.IT, text("IT and Data office"), MARKETING, Unit.PERCENT, Better.HIGHER,
        text("checks passed / checks run on the rows of the days, each times its severity; beside it the check that fails most"),
        text("the day of the row"), text("every row in force that a check applies to; rows refused at import are in its report"),
        {
            "ad_performance": ("clicks", "impressions", "campaign_name", "currency_code"),
            "lead": ("created_at", "utm_campaign", "lead_source", "email_sha256"),
            "lead_stage_history": ("date_stage_entered", "date_stage_exited", "reason"),
            "work_item": ("due_date",), "sli_measurement": ("good_count", "bad_count", "total_count"),
        },
        text("ISO 8000-8 dimensions; severity weights of marops"),
        text("Repair the source of the check that fails most before trusting the KPIs fed by it."), by_unit=False, bounds=(0, 1),
    ),
    Kpi(
        "IT8", text("Time to restore"), Side.IT, IT, MARKETING, Unit.HOURS, Better.LOWER,
        text("median hours from the start of an outage until the service worked again"),
        text("when the outage began"), text("outages that began in the days"), _MONITOR, text("DORA, State of DevOps 2019"),
        text("Review who was called, when, and what was missing to restore the service."), by_unit=False, rare=True,
        bounds=(0, None),
    ),
    Kpi(
        "IT9", text("Change fail rate"), Side.IT, IT, MARKETING, Unit.PERCENT, Better.LOWER,
        text("changes to marketing-facing systems that needed a hotfix or a rollback / changes"),
        text("when it was deployed"), text("changes of the days whose outcome is recorded"),
        {"change": ("service", "deployed_at", "failed")}, text("DORA, State of DevOps 2019 and 2021"),
        text("Go through the failed changes for what a test or a smaller step would have caught."), by_unit=False, bounds=(0, 1),
    ),
    Kpi(
        "J1", text("Leads lost in downtime"), Side.JOINT, BOTH, SALES, Unit.COUNT, Better.LOWER,
        text(
            "leads expected in the hours of the outage from the same hours of 8 clean weeks, less leads that came, less "
            "what came extra in the 6 hours after"
        ),
        text("when the outage happened"), text("outages that began in the days"),
        {"lead": ("created_at",), **_MONITOR}, _OWN,
        text("Agree a pause rule for paid campaigns and a holding page that keeps the form working."),
        weight=3, rare=True, estimated=True,
        revisions=(
            Revision(
                2, date(2026, 11, 26),
                text("what came extra afterwards is added up over the days' outages before it is taken off, not for each alone"),
            ),
        ),
    ),
    Kpi(
        "J2", text("Spend burned while broken"), Side.JOINT, BOTH, _FINANCE, Unit.MONEY, Better.LOWER,
        text("ad spend of each outage's days × the share of those days' leads that usually comes in its hours"),
        text("when the outage happened, in UTC"), text("outages that began in the days; ad rows of single days"),
        {"ad_performance": _SPEND, "lead": ("created_at", "utm_campaign"), **_MONITOR}, _OWN,
        text("Let the monitor pause paid campaigns within 10 minutes."), weight=2.5, rare=True, estimated=True, bounds=(0, None),
    ),
    Kpi(
        "J3", text("Value at risk from downtime"), Side.JOINT, BOTH, _FINANCE, Unit.MONEY, Better.LOWER,
        text("leads lost in downtime × chance that a lead is won, as known at the end of the days × average value of a won deal"),
        text("when the outage happened"), text("outages that began in the days"),
        {"lead": _DEALS, "lead_stage_history": _STAGES, **_MONITOR}, _OWN,
        text("Weigh it against the cost of a second path for the form. Spend burned is a cost beside it: do not add both."),
        weight=2.5, rare=True, estimated=True,
    ),
    Kpi(
        "J4", text("Speed to lead"), Side.JOINT, text("IT, Marketing and Sales"), _ALL_SIDES, Unit.MINUTES, Better.LOWER,
        text(
            "Kaplan-Meier median of the minutes from the form to the first human touch; beside it the parts: system (IT), queue "
            "(routing), human (sales)"
        ),
        text("when the form was submitted"), text("leads of the days; those nobody has touched count as open"), _TOUCHES,
        text("Oldroyd et al., Harvard Business Review 2011"),
        text("Work on the longest of the three parts; the others will not be noticed."), weight=2, bounds=(0, None),
    ),
    Kpi(
        "J5", text("Two-sided move record"), Side.JOINT, BOTH, SALES, Unit.PERCENT, Better.HIGHER,
        text("moves with the system's record of when and by whom (IT) and a known status with its reason (Marketing) / moves"),
        text("when the lead moved"), text("every move from one stage to another"),
        {"lead_stage_history": (*_STAGES, "changed_by", "reason", "status_sequence")}, _MARKETING_IT,
        text("See which half is missing: who moved it is IT's to log, the reason is Marketing's to give."), bounds=(0, 1),
    ),
    Kpi(
        "J6", text("Conversion gap, platforms to CRM"), Side.JOINT, BOTH, SALES, Unit.PERCENT, Better.LOWER,
        text("|conversions the ad platforms report − leads the CRM has from their campaigns| / those leads"),
        text("day of the conversion; day the lead was created"), _ALL_CASES,
        {"ad_performance": ("period_start", "period_end", "conversions"), "lead": ("created_at", "utm_campaign")}, _OWN,
        text("Compare conversion rules channel by channel before arguing about budgets."), bounds=(0, None),
    ),
    Kpi(
        "J7", text("Request to launch"), Side.JOINT, BOTH, SALES, Unit.DAYS, Better.LOWER,
        text("Kaplan-Meier 85th percentile of the days from a campaign's request to its launch; open requests count"),
        text("when the campaign was requested"), text("campaigns requested in the days"),
        {"work_item": ("issue_id", "created_at"), "work_item_transition": ("issue_id", "status", "transition_at")},
        text("the talk on the operating model"),
        text("Unblock the stage where requests wait longest; see Pipeline."), weight=1.5, bounds=(0, None),
    ),
    Kpi(
        "J8", text("Privacy requests on time"), Side.JOINT, _DATA, _ALL_SIDES, Unit.PERCENT, Better.HIGHER,
        text("requests closed by their legal day / requests that fell due; LGPD 15 days, CCPA 45, GDPR 30 where no day is stated"),
        text("the day the request falls due"), text("requests whose legal day lies in the days"),
        {"privacy_request": ("law", "received_at", "due_at", "closed_at")}, text("LGPD art. 19; CCPA § 1798.130; GDPR art. 12"),
        text("Close what is overdue today, then find the system that answered last."), weight=2, by_unit=False, bounds=(0, 1),
    ),
    Kpi(
        "J9", text("Collaboration gap"), Side.JOINT, BOTH, BOTH, Unit.POINTS, Better.LOWER,
        text("share of IT who agree that the two sides work together − share of marketing who agree"),
        text("when the answer was recorded"), text("answers of the days"),
        {"survey_response": ("question_id", "value", "side", "survey_response_recorded_at")}, text("Newcombe 1998, method 10"),
        text("Discuss the items with the widest gap in the next summit before planning measures."),
        by_unit=False, rare=True, to_zero=True, bounds=(-1, 1),
    ),
    Kpi(
        "J10", text("Joint actions closed on time"), Side.JOINT, BOTH, BOTH, Unit.PERCENT, Better.HIGHER,
        text("actions closed by their first due date / actions that fell due; a new date resets nothing"),
        text("the first due date"), text("actions whose first due date lies in the days"), {}, _OWN,
        text("Take on fewer actions, or give the late ones an owner who can finish them."), by_unit=False, bounds=(0, 1),
    ),
    Kpi(
        "M1", text("Status at each move"), Side.MARKETING, MARKETING, IT, Unit.PERCENT, Better.HIGHER,
        text("moves into a stage with a known status and a reason / moves"),
        text("when the lead moved"), text("every move from one stage to another; “open” and the like are no status"),
        {"lead_stage_history": (*_STAGES, "reason", "status_sequence")}, _MARKETING_IT,
        text("Make the reason a required field of the move that lacks it most."), bounds=(0, 1),
    ),
    Kpi(
        "M2", text("Lead acceptance"), Side.MARKETING, MARKETING, text("Sales and IT"), Unit.PERCENT, Better.HIGHER,
        text("MQLs that sales accepted within 14 days / MQLs that are at least 14 days old"),
        text("when the lead became an MQL"), text("leads that became MQLs in the days"),
        {"lead": ("lead_id",), "lead_stage_history": _STAGES}, text("SOMA, lead acceptance rate"),
        text("Go through refused leads with sales and tighten what makes a lead an MQL."),
        weight=2.5, matures=timedelta(days=14), bounds=(0, 1),
    ),
    Kpi(
        "M3", text("MQL to SQL"), Side.MARKETING, MARKETING, SALES, Unit.PERCENT, Better.HIGHER,
        text("MQLs that became sales-qualified within 60 days / MQLs that are at least 60 days old"),
        text("when the lead became an MQL"), text("leads that became MQLs in the days"),
        {"lead": ("lead_id",), "lead_stage_history": _STAGES}, text("SOMA, sales qualification rate"),
        text("Find the channel where conversion fell and check its audience."),
        weight=1.5, matures=timedelta(days=60), bounds=(0, 1),
    ),
    Kpi(
        "M4", text("Win rate"), Side.MARKETING, SALES, MARKETING, Unit.PERCENT, Better.HIGHER,
        text("deals won / deals won or lost"), text("when the deal closed"), text("deals closed in the days"),
        {"lead": ("lead_id",), "lead_stage_history": _STAGES}, text("SOMA, new-business win rate"),
        text("Read the reasons of lost deals with sales before changing campaigns."), weight=1.5, bounds=(0, 1),
    ),
    Kpi(
        "M5", text("Lead quality"), Side.MARKETING, MARKETING, text("Sales and IT"), Unit.PERCENT, Better.HIGHER,
        text(
            "average chance that a new lead is won, from how often leads of its unit and channel were won before; beside it how "
            "well such chances came true"
        ),
        text("when the lead was created"), text("leads created in the days; chances from leads old enough to have been won"),
        {"lead": ("lead_id", "created_at", "utm_campaign", "business_unit"), "lead_stage_history": _STAGES}, _OWN,
        text("Look for the channel that brings more leads of lower chance."), weight=1.5, estimated=True, bounds=(0, 1),
    ),
    Kpi(
        "M6", text("Potential value"), Side.MARKETING, MARKETING, _ALL_SIDES, Unit.MONEY, Better.HIGHER,
        text("sum over accepted leads still open of chance to win × average value of a won deal of the unit"),
        text("the last of the days"), text("accepted leads not closed, younger than 95% of won deals were when they closed"),
        {"lead": _DEALS, "lead_stage_history": _STAGES}, _MARKETING_IT,
        text("Fill the earliest stage that is thinner than usual; deals close months after."), weight=1.5,
        estimated=True, seasonal=True,
        bounds=(0, None),
    ),
    Kpi(
        "M7", text("Pipeline velocity a day"), Side.MARKETING, text("Marketing and Sales"), _ALL_SIDES, Unit.MONEY, Better.HIGHER,
        text("open opportunities × win rate × average value of a won deal / days from opportunity to win"),
        text("opportunities on the last of the days; deals when they closed"),
        text("opportunities open, and deals closed, in the days"),
        {"lead": _DEALS, "lead_stage_history": _STAGES}, text("the sales velocity equation"),
        text("See which of the four parts moved; the KPI's page splits the change exactly."),
        weight=2, seasonal=True, bounds=(0, None),
    ),
    Kpi(
        "M8", text("Cost per accepted lead"), Side.MARKETING, MARKETING, _FINANCE, Unit.MONEY, Better.LOWER,
        text("ad spend / leads from those campaigns that sales accepted in the same days"),
        text("day of the spend; day of the acceptance"), text("spend and acceptances of the same days"),
        {"ad_performance": _SPEND, "lead": ("lead_id", "utm_campaign"), "lead_stage_history": _STAGES, "fx_rate": ("rate",)},
        text("SOMA, cost per lead"),
        text("Move budget from the channel with the dearest accepted lead; see Budget."), weight=2, bounds=(0, None),
    ),
    Kpi(
        "M9", text("Customer acquisition cost"), Side.MARKETING, _FINANCE, MARKETING, Unit.MONEY, Better.LOWER,
        text("sales and marketing cost / customers won; the cost is that of as many days earlier as half of the wins took"),
        text("when the customer was won; the cost by its days"), text("customers won in the days"),
        {"cost": ("period_start", "period_end", "sales_marketing_cost", "currency_code"), "lead": ("lead_id", "created_at"),
         "lead_stage_history": _STAGES}, text("SOMA, customer acquisition cost"),
        text("Look at win rate and cycle first: spend is rarely what moved."), weight=1.5, by_unit=False, bounds=(0, None),
    ),
    Kpi(
        "M10", text("Channel ROI"), Side.MARKETING, MARKETING, text("Finance and IT"), Unit.PERCENT, Better.HIGHER,
        text("(gross margin of won deals by the campaign that brought the lead − ad spend) / ad spend"),
        text("when the deal was won; day of the spend"), text("deals won, and spend, of the days; first touch"),
        {"ad_performance": _SPEND, "lead": (*_DEALS, "utm_campaign"), "lead_stage_history": _STAGES},
        text("the guide to marketing operations"),
        text("Attributed is not incremental: test the channel before moving its budget; see Budget."), weight=1.5, estimated=True,
        bounds=(-1, None),
    ),
    Kpi(
        "M11", text("Wasted spend"), Side.MARKETING, MARKETING, text("Finance and IT"), Unit.PERCENT, Better.LOWER,
        text(
            "(spend of campaigns without a conversion whose clicks would have brought three at the channel's usual rate + spend "
            "burned while broken) / ad spend"
        ),
        text("day of the spend"), text("campaigns with enough clicks to be sure (95%, rule of three); ad rows of the days"),
        {"ad_performance": (*_SPEND, "clicks", "conversions", "campaign_name"), **_MONITOR}, _OWN,
        text("Stop or mend the campaigns named; few clicks without a conversion prove nothing."), weight=1.5, rare=True,
        bounds=(0, 1),
    ),
)  # fmt: skip

KPIS: Mapping[str, Kpi] = {kpi.id: kpi for kpi in DEFINITIONS}


def markdown() -> str:
    """The reference page docs/kpis.md."""
    say = Reader.of("en").say
    lines = [
        "# KPIs of the joint scorecard",
        "",
        "Made from `marops/scorecard/definitions.py` by `python -m marops.scorecard.definitions > docs/kpis.md`.",
    ]
    for kpi in DEFINITIONS:
        uses = "; ".join(f"`{table}` ({', '.join(columns)})" for table, columns in kpi.uses.items())
        lines += [
            "", f"## {kpi.id} {say(kpi.name)}", "",
            f"{say(kpi.owner)} → {say(kpi.watcher)}; {kpi.unit.value}; {kpi.better.value} is better; version {kpi.version}.", "",
            f"* Formula: {say(kpi.formula)}.", f"* Clock: {say(kpi.clock)}.", f"* Cases: {say(kpi.cohort)}.",
            f"* Computed from: {uses or 'what marops keeps itself'}.", f"* After: {say(kpi.source)}.",
            *(f"* Version {revision.version}, since {revision.since}: {say(revision.what)}." for revision in kpi.revisions),
        ]  # fmt: skip
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(markdown(), end="")
