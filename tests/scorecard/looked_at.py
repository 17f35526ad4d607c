"""What every chart must be, whichever domain draws it."""

import base64
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from marops.chart import Chart
from marops.language import Reader

READERS = (Reader.of("en"), Reader.of("pt-BR"))


def is_readable(chart: Chart, *, rows: int | None = None) -> None:
    """A title, a unit and words, none with a raw field; a table of `rows` rows (None: some); no NaN where it is drawn."""
    for words in (chart.title, chart.unit, chart.alt):
        for reader in READERS:
            said = reader.say(words)
            assert said.strip()
            assert not {"{", "}"} & set(said)
    assert chart.table.height == rows if rows is not None else chart.table.height > 0
    assert chart.table.width >= 2
    assert all(header.strip() for header in chart.table.columns)
    assert not any(math.isnan(number) for number in numbers(chart.figure.to_plotly_json()))


def numbers(part: Any) -> Iterator[float]:
    """Every number of a figure, packed ones as well."""
    if isinstance(part, dict):
        if "bdata" in part:
            yield from np.frombuffer(base64.b64decode(part["bdata"]), dtype=part["dtype"]).astype(float).tolist()
        else:
            for value in part.values():
                yield from numbers(value)
    elif isinstance(part, list | tuple | np.ndarray):
        for value in part:
            yield from numbers(value)
    elif isinstance(part, float | np.floating):
        yield float(part)
