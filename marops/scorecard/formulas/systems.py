"""How the systems work: availability, error budget, time to restore, changes that fail."""

import numpy as np
import polars as pl

from marops.language import ntext, text
from marops.measure import Measure
from marops.period import Period
from marops.quantity import Quantity, Unit
from marops.scorecard.facts import Facts, measured, missing, not_monitored, share


def availability(facts: Facts, period: Period) -> Measure:
    """IT1."""
    times = facts.monitoring.service_times(period)
    if times.is_empty():
        return not_monitored("IT1", facts, period)
    shares = {service: 1 - bad / total for service, total, bad in times.iter_rows()}
    worst = min(shares, key=lambda service: shares[service])
    note = text("lowest: {service} {share}", service=worst, share=Quantity(shares[worst], Unit.PERCENT))
    return measured("IT1", period, in_series(list(shares.values())), facts, note=note)


def in_series(parts: list[float]) -> float:
    """Availability of services that are all needed.

    >>> round(in_series([0.98, 0.98, 0.975, 0.96]), 4)
    0.8989
    """
    return float(np.prod(parts))


def error_budget(facts: Facts, period: Period) -> Measure:
    """IT2."""
    times = facts.monitoring.service_times(period)
    if times.is_empty():
        return not_monitored("IT2", facts, period)
    target = facts.availability_target(period)
    if target is None or not 0 < target < 1:
        return missing("IT2", facts, period, text("There is no availability target for these days. Set a target for IT1."))
    left = {service: 1 - bad / allowed_downtime(target, total) for service, total, bad in times.iter_rows()}
    worst = min(left, key=lambda service: left[service])
    # Over a whole window the share of the budget that is used up and the burn rate are one number.
    burning = Quantity(burn_rate(1 - left[worst], period.days * 24, period.days), Unit.RATIO)
    note = text("worst service: {service}, burning {rate} what is allowed", service=worst, rate=burning)
    return measured("IT2", period, left[worst], facts, note=note)


def allowed_downtime(target: float, window: float) -> float:
    """How much of a window may be bad under an availability target, in the window's unit.

    >>> round(allowed_downtime(0.999, 30 * 24 * 60), 2)
    43.2
    """
    return (1 - target) * window


def burn_rate(budget_share: float, hours: float, window_days: float) -> float:
    """How many times faster than evenly a share of an error budget is used up in some hours of its window.

    >>> round(burn_rate(0.02, 1, 30), 9)
    14.4
    """
    return budget_share * window_days * 24 / hours


def time_to_restore(facts: Facts, period: Period) -> Measure:
    """IT8."""
    if not facts.monitoring.covers(period):
        return not_monitored("IT8", facts, period)
    here = [outage for outage in facts.monitoring.single if period.contains(outage.start.date())]
    # One that lasts to the end of what was monitored has not been restored: how long it takes is not known yet.
    hours = [outage.hours for outage in here if outage.end < facts.end]
    still = len(here) - len(hours)
    if not hours:
        why = ntext("{n} outage of these days is not over.", "{n} outages of these days are not over.", still)
        return missing("IT8", facts, period, why if still else text("No outage in these days."))
    note = ntext(
        "{n} outage, longest {longest}", "{n} outages, longest {longest}", len(hours), longest=Quantity(max(hours), Unit.HOURS)
    )
    if still:
        note = ntext("{outages}; {n} not over yet", "{outages}; {n} not over yet", still, outages=note)
    return measured("IT8", period, float(np.median(hours)), facts, note=note)


def change_fail_rate(facts: Facts, period: Period) -> Measure:
    """IT9."""
    if facts.changes.is_empty():
        return missing("IT9", facts, period, text("No changes yet. Import the log of deployments to marketing-facing systems."))
    here = facts.during("changes", "deployed_at", period)
    known = here.filter(pl.col("failed").is_not_null())
    if known.is_empty():
        return missing("IT9", facts, period, text("No change with a known outcome in these days."))
    worst = known.filter("failed").group_by("service").len().sort("len", "service", descending=[True, False])
    note = ntext("{n} change", "{n} changes", known.height)
    if worst.height:
        note = ntext(
            "{n} change, most failures: {service}",
            "{n} changes, most failures: {service}",
            known.height,
            service=worst["service"][0],
        )
    return share("IT9", facts, period, known.filter("failed").height, known.height, note=note)
