"""The scorecard's KPIs, each by its id."""

from collections.abc import Callable, Mapping

from marops.measure import Measure
from marops.period import Period
from marops.scorecard.definitions import Kpi
from marops.scorecard.facts import Facts
from marops.scorecard.formulas import downtime, flow, funnel, joint, sources, systems, value


def measure(kpi: Kpi, facts: Facts, period: Period) -> Measure:
    """The KPI's measure in a period."""
    return FORMULAS[kpi.id](facts, period)


FORMULAS: Mapping[str, Callable[[Facts, Period], Measure]] = {
    "IT1": systems.availability,
    "IT2": systems.error_budget,
    "IT3": flow.throughput,
    "IT4": flow.stage_time,
    "IT5": flow.routing,
    "IT6": sources.freshness,
    "IT7": sources.pass_rate,
    "IT8": systems.time_to_restore,
    "IT9": systems.change_fail_rate,
    "J1": downtime.leads_lost,
    "J2": downtime.spend_burned,
    "J3": downtime.value_at_risk,
    "J4": flow.speed_to_lead,
    "J5": flow.recorded_twice,
    "J6": joint.conversion_gap,
    "J7": joint.time_to_launch,
    "J8": joint.privacy_on_time,
    "J9": joint.collaboration_gap,
    "J10": joint.actions_on_time,
    "M1": flow.status_recorded,
    "M2": funnel.acceptance,
    "M3": funnel.qualification,
    "M4": funnel.win_rate,
    "M5": funnel.quality,
    "M6": value.potential,
    "M7": value.pipeline_velocity,
    "M8": value.cost_per_accepted,
    "M9": value.acquisition_cost,
    "M10": value.channel_roi,
    "M11": value.wasted,
}
