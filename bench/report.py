"""Plain tables of what was measured."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles


@dataclass(frozen=True, slots=True)
class Line:
    """One figure beside its floor, both as measured one by one, in turns. `at` says which of them count."""

    what: str
    ours: Sequence[float]
    floor: Sequence[float]
    target: float
    at: str = "median"

    @property
    def ratio(self) -> float:
        """Ours over the floor's. In turns: the median of the pairs' ratios, which a busy minute disturbs least."""
        if self.at == "pairs":
            return median(ours / floor for ours, floor in zip(self.ours, self.floor, strict=True))
        return self._of(self.ours) / self._of(self.floor)

    def _of(self, found: Sequence[float]) -> float:
        return p95(found) if self.at == "p95" else median(found)

    def cells(self) -> tuple[str, ...]:
        """The line as texts."""
        verdict = "met" if self.ratio <= self.target else "NOT MET"
        values = (f"{self._of(found):.3f}" for found in (self.ours, self.floor))
        spread = " | ".join(f"{min(found):.3f} to {max(found):.3f}" for found in (self.ours, self.floor))
        return self.what, *values, f"{self.ratio:.2f}", f"{self.target:g} {verdict}", spread


def p95(found: Sequence[float]) -> float:
    """The 95th percentile."""
    return quantiles(found, n=20, method="inclusive")[-1] if len(found) > 1 else found[0]


def show(title: str, lines: Sequence[Line], note: str = "") -> None:
    """Print the lines as a table."""
    load = f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores" if hasattr(os, "getloadavg") else "unknown"
    at = {line.at for line in lines}
    print(f"\n{title} ({', '.join(sorted(at))}; load {load})")
    table(("what", "ours, s", "floor, s", "ratio", "target", "spread ours | floor"), [line.cells() for line in lines])
    if note:
        print(note)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print texts in columns."""
    widths = [max(len(row[index]) for row in (head, *rows)) for index in range(len(head))]
    for row in (head, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
