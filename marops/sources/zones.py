"""The time zone a file says its times are in: a line above the table, or a column that holds one zone throughout."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

import polars as pl
from babel.core import get_global

from marops.sources.currencies import MEANINGS
from marops.sources.formats import is_missing
from marops.sources.reading import RawTable

_LABELS: tuple[str, ...] = tuple(MEANINGS["time_zone"]["labels"])
_LINE = re.compile(rf"^\W*(?:{'|'.join(re.escape(label) for label in _LABELS)})\s*[:=,;\t]\s*(?P<zone>.+)$", re.IGNORECASE)
_PATH = re.compile(r"[A-Za-z]+(?:/[A-Za-z_+-]+)+")
_OFFSET = re.compile(r"(?:GMT|UTC)\s*(?P<sign>[+−-])\s*(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?")
_SEEN = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
"""A winter's and a summer's moment: one of them is outside daylight-saving time wherever there is any."""


def of_table(raw: RawTable) -> str | None:
    """The IANA zone of a table's times, or None where the file does not name one."""
    for record in raw.preamble:
        line = ", ".join(cell.strip() for cell in record if cell.strip())
        if (found := _LINE.match(line)) is not None:
            return named(found["zone"])
    for index, header in enumerate(raw.headers):
        if header.strip().casefold() in _LABELS:
            return _only(raw.frame.select(cell=pl.col(f"c{index}")).filter(~is_missing(pl.col("cell"))).unique().collect()["cell"])
    return None


def _only(values: Iterable[str]) -> str | None:
    zones = {named(value) for value in values}
    return zones.pop() if len(zones) == 1 else None


def named(text: str) -> str | None:
    """The IANA zone of "America/Sao_Paulo", "E. South America Standard Time", "(GMT+01:00) Berlin, Rome" or "UTC-3"."""
    stripped = text.strip().strip('"')
    if stripped in _zones():
        return stripped
    if path := next((path for path in _PATH.findall(stripped) if path in _zones()), None):
        return path
    if windows := get_global("windows_zone_mapping").get(stripped):
        return windows
    offset = _OFFSET.search(stripped)
    if offset is None:
        return None
    hours, minutes = int(offset["hours"]), int(offset["minutes"] or 0)
    shift = timedelta(hours=hours, minutes=minutes) * (1 if offset["sign"] == "+" else -1)
    cities = re.split(r"[,/()]", stripped[offset.end() :])
    fitting = [zone for city in cities for zone in _of_city(city) if _keeps(zone, shift)]
    if fitting:
        return fitting[0]
    # Where no city says which rules for summer time hold, the offset is all that is known.
    return None if minutes or hours > 14 else f"Etc/GMT{'-' if shift > timedelta(0) else '+'}{hours}"


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _of_city(city: str) -> list[str]:
    wanted = _plain(city)
    return sorted(zone for zone in _zones() if "/" in zone and wanted and _plain(zone.rsplit("/", 1)[1]) == wanted)


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFD", name.replace("_", " ")).strip().casefold()
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _keeps(zone: str, shift: timedelta) -> bool:
    return shift in {moment.astimezone(ZoneInfo(zone)).utcoffset() for moment in _SEEN}
