"""Rows found by their moment: of two years, a month is a small part, and every KPI asks for many months. Pure."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Dated:
    """Rows with the order of their moments (or days), so that those of a time are found without looking at all of them."""

    def __init__(self, rows: pl.DataFrame, column: str) -> None:
        moments = rows[column].cast(pl.Datetime("us", "UTC")).to_physical()
        known = moments.is_not_null().arg_true().to_numpy()
        at = moments.drop_nulls().to_numpy()
        order = np.argsort(at, kind="stable")
        self._rows, self._at, self._place = rows, at[order], known[order]

    def before(self, end: datetime) -> pl.DataFrame:
        """The rows before a moment."""
        return self.between(datetime.min.replace(tzinfo=UTC), end)

    def count_before(self, end: datetime) -> int:
        """How many rows there are before a moment."""
        return int(np.searchsorted(self._at, (end - _EPOCH) // _MICROSECOND))

    def between(self, start: datetime, end: datetime) -> pl.DataFrame:
        """The rows from a moment up to, not including, another one, in the order they have among all rows."""
        first, last = self.count_before(start), self.count_before(end)
        place = np.sort(self._place[first:last])
        if not place.size or place[-1] - place[0] == place.size - 1:
            return self._rows.slice(int(place[0]) if place.size else 0, place.size)
        return self._rows[place]
