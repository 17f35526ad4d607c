"""How often forecasts of published logs would have come true, had they been made in their past (rolling origins): how many items
every week, and the date of each open item every four weeks.
"""

from bench import report
from marops.calendars import Calendar
from marops.pipeline import forecast
from marops.pipeline.finishing import Order
from tests.pipeline.made import finished_by_day, mapped, past

LOGS = ("07_helpdesk", "05_receipt")
SINGLE = (*LOGS, "06_bpic2013_closed")
"""The third has a single year, in which everything got slower: there is no target for it."""

DAYS = 20
"""Working days ahead: four weeks."""

BANDS = {0.85: (0.80, 0.90), 0.95: (0.92, 0.98)}
SEED = 20_260


def run(seed: int | None = None) -> None:
    """Measure and print."""
    rows: list[tuple[str, ...]] = []
    for folder in LOGS:
        counts = finished_by_day(folder)
        for how, is_plain in (("ours", False), ("days drawn alone", True)):
            for held in forecast.held(
                counts, DAYS, tuple(BANDS), seed=SEED if seed is None else seed, trials=10_000, is_plain=is_plain
            ):
                low, high = BANDS[held.share]
                verdict = "" if is_plain else f"{low:.0%} to {high:.0%} {'met' if low <= held.coverage <= high else 'NOT MET'}"
                rows.append((folder, how, f"{held.share:.0%}", f"{held.coverage:.1%}", str(held.said), verdict))
    print(f"\nForecasts of how many within {DAYS} working days, made each week: they come true")
    report.table(("log", "forecast", "promised", "held", "origins", "target"), rows)

    single: list[tuple[str, ...]] = []
    for folder in SINGLE:
        log, workflow, _ = mapped(folder)
        last = max(log["at"].dt.date())
        found = past(log, workflow, Calendar(), last).checked(Order.FARTHEST, seed=SEED if seed is None else seed)
        if not found.held:
            single.append((folder, "none", "", "0", "no date is given"))
        for held in found.held:
            low, high = BANDS.get(held.share, (0.0, 0.0)) if folder in LOGS else (0.0, 0.0)
            verdict = f"{low:.0%} to {high:.0%} {'met' if low <= held.coverage <= high else 'NOT MET'}" if high else ""
            single.append((folder, f"{held.share:.0%}", f"{held.coverage:.1%}", str(held.said), verdict))
    print("\nDates of single open items, told every four weeks: they come true")
    report.table(("log", "promised", "held", "dates", "target"), single)
