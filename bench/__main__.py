"""`python -m bench [cases|import|pages|rerun|sessions|rollups ...] [--repeats N] [--seconds S]`."""

import argparse

from bench import cases, imports, pages, rollups, sessions


def main() -> None:
    """Run the parts that were asked for, or all of them, one after the other."""
    parts = {
        "cases": lambda _: cases.run(),
        "import": lambda found: imports.run(repeats=found.repeats or 5),
        "pages": lambda found: pages.run(repeats=found.repeats or 5),
        "rerun": lambda found: pages.run_reruns(repeats=found.repeats or 20),
        "sessions": lambda found: sessions.run(seconds=found.seconds),
        "rollups": lambda _: rollups.run(),
    }
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(parts)}; all where none is named")
    parser.add_argument("--repeats", type=int, default=0, help="measurements of each thing")
    parser.add_argument("--seconds", type=float, default=60, help="how long the sessions think and rerun")
    found = parser.parse_args()
    if unknown := set(found.parts) - set(parts):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    for name in found.parts or parts:
        parts[name](found)


if __name__ == "__main__":
    main()
