"""Which rows of a file are not taken, and whose they are: all of them, however many the report lists one by one.

Whoever measures things of several rows (a campaign's moves) must know which of them lack one.
"""

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from marops.tables import REFUSED, ROW, Table

SCHEMA = pl.Schema({ROW: pl.Int64(), **REFUSED.schema})
"""One row a cell that broke a rule. `of`: the value of the first column of the table's key, null where the row has none."""


@dataclass
class KeptOut:
    """What has been found so far."""

    found: list[pl.DataFrame] = field(default_factory=list[pl.DataFrame])

    def add(self, rows: pl.DataFrame, table: Table, column: str, rule: str) -> None:
        """Rows (under canonical names) whose cell of a column breaks a rule."""
        self._add(rows.with_columns(pl.lit(column).alias("column"), pl.lit(rule).alias("rule")), table)

    def add_violations(self, rows: pl.LazyFrame, table: Table, violations: pl.DataFrame) -> None:
        """Violations of the contract, of these rows."""
        broken = rows.filter(pl.col(ROW).is_in(violations[ROW].unique().implode())).collect(engine="streaming")
        broken = broken.drop("column", "rule", strict=False)
        self._add(violations.select(ROW, "column", "rule").join(broken, on=ROW, how="left"), table)

    def add_row(self, row: int, rule: str) -> None:
        """A row of which nothing can be read."""
        self.found.append(pl.DataFrame([(row, None, "", rule)], schema=SCHEMA, orient="row"))

    def write(self, target: Path) -> str:
        """Write what was found beside the staged rows. Returns the file's name, nothing where nothing was found."""
        if not self.found:
            return ""
        path = target.with_suffix(".out.parquet")
        pl.concat(self.found).sort(ROW, maintain_order=True).write_parquet(path)
        return path.name

    def _add(self, rows: pl.DataFrame, table: Table) -> None:
        # As it is read where it is taken ("=id"), so that it names the same thing as there.
        owner = next((name for name in (f"={table.key[0]}", table.key[0]) if name in rows.columns), table.key[0])
        whose = pl.col(owner).cast(pl.String) if owner in rows.columns else pl.lit(None, pl.String)
        if rows.height:
            self.found.append(rows.select(pl.col(ROW).cast(pl.Int64), whose.alias("of"), "column", "rule"))
