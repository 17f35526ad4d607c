"""`python -m bench [part ...] [--repeats N] [--millions N] [--seconds S] [--count N] [--seed N]`."""

import argparse

from bench import cases, imports, judging, kills, mutations, pages, rollups, scorecard, sessions
from bench.flow import coverage, speed


def main() -> None:
    """Run the parts that were asked for, or all of them, one after the other."""
    parts = {
        "cases": lambda _: cases.run(),
        "import": lambda found: imports.run(found.repeats or 5, found.millions),
        "pages": lambda found: pages.run(repeats=found.repeats or 5),
        "rerun": lambda found: pages.run_reruns(repeats=found.repeats or 20),
        "sessions": lambda found: sessions.run(seconds=found.seconds),
        "rollups": lambda _: rollups.run(),
        "scorecard": lambda found: scorecard.run(found.repeats or 5),
        "mutations": lambda found: mutations.run(found.count, found.seed),
        "kills": lambda found: kills.run(found.count, found.seed),
        "flow": lambda found: speed.run(found.repeats or 5),
        "forecasts": lambda found: coverage.run(found.seed),
        "judging": lambda found: judging.run(found.count, found.seed),
    }
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(parts)}; all where none is named")
    parser.add_argument("--repeats", type=int, default=0, help="measurements of each thing")
    parser.add_argument("--millions", type=int, default=1, help="rows to import, in millions")
    parser.add_argument("--seconds", type=float, default=60, help="how long the sessions think and rerun")
    parser.add_argument("--count", type=int, default=0, help="how many damaged files, kills, or simulations of each verdict")
    parser.add_argument(
        "--seed", type=int, help="another number damages other files, kills at other moments and draws other simulations"
    )
    found = parser.parse_args()
    if unknown := set(found.parts) - set(parts):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    for name in found.parts or parts:
        parts[name](found)


if __name__ == "__main__":
    main()
