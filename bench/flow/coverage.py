"""How often forecasts of two published logs would have come true, had they been made every week of their past (rolling origins)."""

from bench import report
from marops.pipeline import forecast
from tests.pipeline.made import finished_by_day

LOGS = ("07_helpdesk", "05_receipt")
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
