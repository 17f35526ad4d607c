"""How a column writes dates and times: day-first or month-first as a whole; where every value fits both, the file's language
or the reader decides.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Literal

import polars as pl

_MONTHS: dict[str, int] = {}
for _number, _names in enumerate(
    (
        "jan january janeiro ene enero janv janvier januar gen gennaio januari styczeń stycznia sty ocak oca",
        "feb february fev fevereiro febrero févr février fév februar febbraio februari luty lutego lut şubat şub",
        "mar march março marco marzo mars mär märz mrz maart mrt marzec marca mart",
        "apr april abr abril avr avril aprile kwiecień kwietnia kwi nisan nis",
        "may mai maio mayo maggio mag mei maj maja mayıs",
        "jun june junho junio juin juni giugno giu czerwiec czerwca cze haziran haz",
        "jul july julho julio juil juillet juli luglio lug lipiec lipca lip temmuz tem",
        "aug august ago agosto août augustus augusti sierpień sierpnia sie ağustos ağu",
        "sep sept september set setembro septiembre setiembre septembre settembre wrzesień września wrz eylül eyl",
        "oct october out outubro octubre octobre okt oktober ott ottobre październik października paź ekim eki",
        "nov november novembro noviembre novembre listopad listopada lis kasım kas",
        "dec december dez dezembro dic diciembre déc décembre dezember dicembre grudzień grudnia gru aralık ara",
    ),
    1,
):  # fmt: skip
    for _name in _names.split():
        _MONTHS[_name] = _number

_NUMBERED = {f"#{name}#": str(number) for name, number in _MONTHS.items()} | {
    f"<{hour}{half}>": str(int(hour) % 12 + 12 * (half == "p") if half else int(hour))
    for hour in {*map(str, range(24)), *(f"0{digit}" for digit in range(10))}
    for half in ("", "a", "p")
}
"""Numbers for months by their names and for hours, those of clocks of twelve hours, too, as `_named` marks them."""

_OPEN_ENDS = (date(2050, 1, 1), date(9999, 12, 31))
"""Dates that systems write for "not yet ended"."""

_MAYBE_DATE = r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|^(?:19|20)\d{6}$|\p{L}{3}.*\d{4}|\d{1,2}.\p{L}{3,}\.?.\d{2}"
"""What any of the formats needs to see. Most columns that are not dates are told by it, without trying each format."""

_NO_DATE = r"[_|#&=]"
"""What no date holds, but the names of campaigns do."""

_IN_FULL = (
    (r"^(\d{4}-\d{2}-\d{2})$", "${1}T00:00:00"),
    (r"^(\d{4}-\d{2}-\d{2}) ", "${1}T"),
    (r"^(.{10}T\d{2}:\d{2}:\d{2}),(\d)", "${1}.${2}"),
    (r"(?:Z| ?UTC| ?GMT)$", "+00:00"),
    (r" ([+-]\d{2}:?\d{2})$", "${1}"),
    (r"^(.{10}T\d{2}:\d{2})($|[+-])", "${1}:00${2}"),
    (r"^(.{10}T[\d:.]+)$", "${1}+00:00"),
)
"""What a day or moment by ISO 8601 may lack or have otherwise, and what stands for it. A moment without an offset is UTC's."""

_OFFSET = r":\d{2}(?:[.,]\d+)?\s?(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)\s*$"
"""How the cell of a moment with its own offset ends."""

_OWN_OFFSET = r"(?i)(:\d{2}(?:[.,]\d+)?\s?(?:GMT)?)[+-]\d{2}(?::?\d{2})?"
"""A clock's offset from UTC, "Z" and its like aside, and what is kept before it."""

_HALF = r"(?i)\s*([ap])\.?\s?m\.?"
_HALF_OF_CLOCK = r"(?:\s*(?<p>[ap])\.?\s?m\.?)?"
"""Which half of the day a clock of twelve hours means."""

_COUNTED = (1_000_000_000, 4_102_444_799)
"""Seconds since 1970 at the first moment that has ten digits, in 2001, and at the end of 2099."""

_NEVER = (-2_208_988_800, 31_535_999)
"""Those from 1900 to the end of 1970: what systems count where there was no moment (0, -1), or in another unit."""

_SERIAL = r"^\s*[2-7]\d{4}(?:[.,]\d+)?\s*$"
_SERIAL_OF_1970 = 25_569

_PLAUSIBLE = (
    (datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)),
    (datetime(9999, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)),
)
"""Spans taken seriously; "26-05-01" read as the year 26 is not a date. Open ends are let through."""


@dataclass(frozen=True, slots=True)
class DateFormat:
    """One way to write a date or moment. `order` is set where day and month could be mistaken for each other. `zoned`: the
    moment carries its own offset from UTC (None: some do). `mark` stands in every cell of this format; in one with a `clock`, so
    does ":" (None: in some).
    """

    id: str
    read: Callable[[pl.Expr], pl.Expr]
    order: str = ""
    zoned: bool | None = False
    mark: str = ""
    clock: bool | None = False

    def may_read(self, cell: str) -> bool:
        """Whether a glance at the cell leaves it open that it is in this format."""
        return self.mark in cell and self.clock in {None, ":" in cell}


def _moment(form: str) -> Callable[[pl.Expr], pl.Expr]:
    def read(cell: pl.Expr) -> pl.Expr:
        found = cell.str.to_datetime(form, time_unit="us", strict=False, ambiguous="earliest")
        return found.dt.replace_time_zone("UTC")

    return read


def _half_day(form: str) -> Callable[[pl.Expr], pl.Expr]:
    """Clocks of twelve hours, whatever "AM" is written like: "a. m.", or with a narrow space before it."""
    read = _moment(form)
    return lambda cell: read(cell.str.replace(_HALF + "$", " ${1}m"))


def _either(*forms: str) -> Callable[[pl.Expr], pl.Expr]:
    return lambda cell: pl.coalesce(_moment(form)(cell) for form in forms)


def _zoned(form: str) -> Callable[[pl.Expr], pl.Expr]:
    def read(cell: pl.Expr) -> pl.Expr:
        return cell.str.replace(r"Z$", "+00:00").str.to_datetime(form, time_unit="us", strict=False, time_zone="UTC")

    return read


def _any_iso(cell: pl.Expr) -> pl.Expr:
    """Days, moments to the minute or finer, with "T" or a space before the clock, with an offset and without, one below the other:
    each is written out in full and then read.
    """
    full = cell
    for lacking, given in _IN_FULL:
        full = full.str.replace(lacking, given)
    return full.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", strict=False, time_zone="UTC")


def _counted(unit: Literal["s", "ms"], *spans: tuple[int, int]) -> Callable[[pl.Expr], pl.Expr]:
    """Seconds or milliseconds since 1970, within these spans of seconds."""
    second = 1 if unit == "s" else 1000

    def read(cell: pl.Expr) -> pl.Expr:
        count = pl.when(cell.str.contains(r"^-?\d{1,14}(?:\.\d+)?$")).then(cell).cast(pl.Float64, strict=False)
        within = ((count >= first * second) & (count < (last + 1) * second) for first, last in spans)
        micros = (pl.when(pl.any_horizontal(within)).then(count) * (1_000_000 / second)).round(0)
        return pl.from_epoch(micros.cast(pl.Int64), "us").dt.replace_time_zone("UTC")

    return read


def _named(*patterns: str, clock: bool = False, zone: bool = False) -> Callable[[pl.Expr], pl.Expr]:
    """Dates with a month's name: groups d, m, y and, with `clock`, h, n, s (empty: 0) and p (AM or PM, empty: of 24 hours), with
    `zone`, z (empty: UTC).
    """
    marked = "@${y}-#${m}#-${d}" + (" <${h}${p}>:${n}:${s}" if clock else "") + (" ${z}" if zone else "")
    form = "@%Y-%m-%d" + (" %H:%M:%S" if clock else "") + (" %#z" if zone else "")

    def read(text: pl.Expr) -> pl.Expr:
        # A chain without branches: what an expression takes in several times is often computed as many times.
        full = text.str.to_lowercase()
        for pattern in patterns:
            full = full.str.replace(pattern, marked)
        full = full.str.replace_many(_NUMBERED).str.replace(r"^@(\d\d)-", "@20${1}-")
        full = full.str.replace(r"^(@.*:)( |$)", "${1}00${2}").str.replace(r"^(@.*) $", "${1} +0000")
        found = full.str.to_datetime(form, time_unit="us", strict=False, time_zone="UTC" if zone else None)
        return found if zone else found.dt.replace_time_zone("UTC")

    return read


def _numeric_orders() -> Iterable[DateFormat]:
    clocks = (
        ("", ""), ("_hm", " %H:%M"), ("_hms", " %H:%M:%S"), ("_comma_hm", ", %H:%M"), ("_comma_hms", ", %H:%M:%S"),
        ("_ampm", " %I:%M %p"), ("_comma_ampm", ", %I:%M %p"), ("_ampm_s", " %I:%M:%S %p"), ("_comma_ampm_s", ", %I:%M:%S %p"),
    )  # fmt: skip
    for order, pair in (("dmy", "%d{0}%m{0}"), ("mdy", "%m{0}%d{0}")):
        for mark, name in (("/", "slash"), ("-", "dash"), (".", "dot")):
            for year in ("%Y", "%y"):
                for suffix, clock in clocks:
                    form = pair.format(mark) + year + clock
                    read = (_half_day if "%p" in clock else _moment)(form)
                    yield DateFormat(f"{order}_{name}_{year[1]}{suffix}", read, order, mark=mark, clock=bool(clock))


_ANY_ISO = "iso_any"
_WEEKDAY = r"^(?:[\p{L}-]+\.?,?\s+)?"
_CLOCK = r",? (?<h>\d{1,2}):(?<n>[0-5]\d)(?::(?<s>[0-5]\d))?"
_D_MONTH_Y = r"(?<d>\d{1,2})\.?[ ./-](?:de )?(?<m>\p{L}+)\.?[ ./-](?:de )?(?<y>\d{4}|\d{2})"
_MONTH_D_Y = r"(?<m>\p{L}+)\.? (?<d>\d{1,2}),? (?<y>\d{4})"
_ZONE = r"\s(?:(?:gmt)?(?<z>[+-](?:0\d|1[0-4])[0-5]\d)(?:\s\(.*\))?|gmt|utc|ut|z)$"
_MAIL = (f"{_WEEKDAY}{_D_MONTH_Y}{_CLOCK}{_ZONE}", f"{_WEEKDAY}{_MONTH_D_Y}{_CLOCK}{_ZONE}")
"""Moments of mail (RFC 2822) and browsers: "Fri, 01 May 2026 09:00:00 +0200", "Fri May 01 2026 09:00:00 GMT+0200 (CEST)"."""

DATE_FORMATS: tuple[DateFormat, ...] = (
    DateFormat("iso", _moment("%Y-%m-%d"), mark="-"),
    DateFormat("iso_hms", _moment("%Y-%m-%d %H:%M:%S%.f"), mark="-", clock=True),
    DateFormat("iso_t_hms", _moment("%Y-%m-%dT%H:%M:%S%.f"), mark="-", clock=True),
    DateFormat("iso_hm", _moment("%Y-%m-%d %H:%M"), mark="-", clock=True),
    DateFormat("iso_mixed", _either("%Y-%m-%d", "%Y-%m-%d %H:%M:%S%.f"), mark="-", clock=None),
    DateFormat("iso_zoned", _zoned("%Y-%m-%dT%H:%M:%S%.f%#z"), zoned=True, mark="-", clock=True),
    DateFormat("iso_zoned_space", _zoned("%Y-%m-%d %H:%M:%S%.f%#z"), zoned=True, mark="-", clock=True),
    DateFormat(_ANY_ISO, _any_iso, zoned=None, mark="-", clock=None),
    DateFormat("ymd_slash", _moment("%Y/%m/%d"), mark="/"),
    DateFormat("ymd_slash_hms", _moment("%Y/%m/%d %H:%M:%S%.f"), mark="/", clock=True),
    DateFormat("ymd_slash_hm", _moment("%Y/%m/%d %H:%M"), mark="/", clock=True),
    DateFormat("ymd_compact", _moment("%Y%m%d")),
    *_numeric_orders(),
    DateFormat("d_month_y", _named(f"{_WEEKDAY}{_D_MONTH_Y}$")),
    DateFormat("month_d_y", _named(f"{_WEEKDAY}{_MONTH_D_Y}$")),
    DateFormat("d_month_y_clock", _named(f"{_WEEKDAY}{_D_MONTH_Y}{_CLOCK}{_HALF_OF_CLOCK}$", clock=True), clock=True),
    DateFormat("month_d_y_clock", _named(f"{_WEEKDAY}{_MONTH_D_Y}{_CLOCK}{_HALF_OF_CLOCK}$", clock=True), clock=True),
    DateFormat("mail", _named(*_MAIL, clock=True, zone=True), zoned=True, clock=True),
)

_UNITS: dict[Literal["s", "ms"], str] = {"s": "seconds", "ms": "milliseconds"}
_COUNTS = tuple(DateFormat(name, _counted(unit, _NEVER, _COUNTED), zoned=True) for unit, name in _UNITS.items())
"""Not among the formats that any column is tried with: numbers so long may be telephones or ids."""

_POSSIBLE = tuple(DateFormat(f"possible_{name}", _counted(unit, _COUNTED), zoned=True) for unit, name in _UNITS.items())
_BY_ID = {form.id: form for form in (*DATE_FORMATS, *_COUNTS, *_POSSIBLE)}


def date_formats(samples: Sequence[str], order: str | None) -> tuple[str, ...]:
    """The formats that read every one of these values, best first; more than one where day and month could be swapped.

    `order` ("dmy" or "mdy") keeps only that order where both fit. None fit: an empty tuple.
    """
    if not samples:
        return ("iso",)
    cells = pl.DataFrame({"cell": list(dict.fromkeys(samples))})
    if not cells["cell"].str.contains(_MAYBE_DATE).all() or cells["cell"].str.contains(_NO_DATE).any():
        return ()
    # To try a format costs more than to look for its marks, and what does not read the first value does not read all.
    likely = [form for form in DATE_FORMATS if form.may_read(cells["cell"][0])]
    read = cells.select(_attempt(form).is_not_null().all() for form in likely)
    fitting = [form for form in likely if read[form.id][0]]
    orders = {form.order for form in fitting}
    if len(orders) > 1 and order in orders:
        fitting = [form for form in fitting if form.order == order]
    distinct = {form.order: form for form in reversed(fitting)}
    return tuple(form.id for form in reversed(list(distinct.values())))


def counts(samples: pl.Series) -> str | None:
    """The format of moments counted from 1970, where most cells of a column that is known to hold moments are such between 2001 and
    2099, numbers that stand for no moment (0) aside; None where they are not.
    """
    cells = samples.str.strip_chars().to_frame("cell")
    for unit, name in _UNITS.items():
        told, never = (_counted(unit, span)(pl.col("cell")).is_not_null().sum() for span in (_COUNTED, _NEVER))
        if cells.select(2 * told > pl.len() - never).item():
            return name
    return None


def any_date(samples: Sequence[str]) -> bool:
    """Whether one of these values is a date in any format."""
    likely = pl.DataFrame({"cell": samples}, schema={"cell": pl.String()}).filter(pl.col("cell").str.contains(_MAYBE_DATE))
    return bool(likely.height) and any(likely.select(_attempt(form).is_not_null().any() for form in DATE_FORMATS).row(0))


def most_fitting(samples: pl.Series) -> str:
    """The format that reads most of these cells, for a column where none reads all."""
    read = samples.to_frame("cell").select(_attempt(form).is_not_null().sum() for form in DATE_FORMATS)
    return max(read.columns, key=lambda form: int(read[form][0]))


@lru_cache(maxsize=len(DATE_FORMATS))
def _attempt(form: DateFormat) -> pl.Expr:
    return _plausible(form, pl.col("cell").str.strip_chars()).alias(form.id)


def _plausible(form: DateFormat, cell: pl.Expr) -> pl.Expr:
    found = form.read(cell)
    # Compared as moments: taking the years out costs more than reading the dates.
    return pl.when(pl.any_horizontal(found.is_between(*span) for span in _PLAUSIBLE)).then(found)


def moment(cell: pl.Expr, format_id: str, *, padded: bool = True) -> pl.Expr:
    """A text cell as a UTC timestamp; null where it is missing or not in this format.

    A time without a zone is taken as UTC. Open ends (2050-01-01, 9999-12-31) come back as such: see `closed`. Not `padded`:
    spaces around a date are not looked for.
    """
    return _plausible(_BY_ID[format_id], cell.str.strip_chars() if padded else cell)


def local(cell: pl.Expr, format_id: str, *, padded: bool = True) -> pl.Expr:
    """The `moment` of a cell by the clock that it shows, as if it were UTC's: of "2026-11-27T23:30:00-03:00", 23:30 on the 27th.
    Its day is the one that was written, which may be another in UTC.
    """
    shown = cell if _BY_ID[format_id].zoned is False else cell.str.replace(_OWN_OFFSET, "${1}+0000")
    return moment(shown, format_id, padded=padded)


def are_serials(cells: pl.Series) -> pl.Series:
    """Which cells are days as spreadsheets count them, from 1954 to 2119: what becomes of a date where its format is lost."""
    return cells.str.contains(_SERIAL)


def with_serials(cell: pl.Expr, value: pl.Expr) -> pl.Expr:
    """A moment, or the one that a spreadsheet's number of days stands for, to the second."""
    days = pl.when(cell.str.contains(_SERIAL)).then(cell.str.strip_chars().str.replace(",", ".", literal=True))
    days = days.cast(pl.Float64, strict=False)
    seconds = ((days - _SERIAL_OF_1970) * 86_400).round(0).cast(pl.Int64)
    return pl.coalesce(value, pl.from_epoch(seconds, "s").dt.cast_time_unit("us").dt.replace_time_zone("UTC"))


def wider(format_id: str) -> str | None:
    """The format that reads all that this one does and other forms of ISO 8601 beside them, which takes longer; None where there is
    no such format.
    """
    return _ANY_ISO if format_id.startswith("iso") and format_id != _ANY_ISO else None


def order_of(format_id: str) -> str:
    """The order of day and month in a format where they could be mistaken for each other; empty for all others."""
    return _BY_ID[format_id].order


def has_offset(format_id: str) -> bool:
    """Whether all moments in this format carry their own offset from UTC."""
    return _BY_ID[format_id].zoned is True


def possible(format_id: str) -> str:
    """The format of moments counted from 1970 that reads only those that can be."""
    return f"possible_{format_id}"


def happened(cell: pl.Expr) -> pl.Expr:
    """A cell, empty where a 0 stands for a moment that has not come."""
    return pl.when(cell.str.strip_chars() == "0").then(pl.lit("")).otherwise(cell)


def placed(cell: pl.Expr, value: pl.Expr, format_id: str, zone: str) -> pl.Expr:
    """The moment read from a cell, taken as the local time of an IANA zone (`in_zone`) unless the cell has an offset of its own, or
    no time of day: a day is the one that was written, wherever that was.
    """
    zoned = _BY_ID[format_id].zoned
    if zoned:
        return value
    is_day = ~cell.str.contains(":", literal=True) & (value.dt.truncate("1d") == value)
    stays = is_day if zoned is False else is_day | cell.str.contains(_OFFSET)
    return pl.when(stays).then(value).otherwise(in_zone(value, zone))


def in_zone(value: pl.Expr, zone: str) -> pl.Expr:
    """A moment read as if it were UTC, taken as the local time of an IANA zone instead. A time that a change of the clock
    leaves out becomes null; of one that it repeats, the first is meant. Open ends stay as they are.
    """
    local = closed(value).dt.replace_time_zone(None).dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return pl.when(value.cast(pl.Date).is_in(_OPEN_ENDS)).then(value).otherwise(local.dt.convert_time_zone("UTC"))


def closed(value: pl.Expr) -> pl.Expr:
    """A date or timestamp, or null where it is one that systems write for "not ended yet"."""
    return pl.when(~value.cast(pl.Date).is_in(_OPEN_ENDS)).then(value)


def period(line: str) -> tuple[str, str] | None:
    """First and last day of a "5 May 2026 - 15 May 2026" line above a report, as ISO dates; None for other lines."""
    halves = re.split(r" [-–—] | to | a | al | au | bis | tot ", " ".join(line.split()))
    if len(halves) != 2:
        return None
    fitting = date_formats(halves, "dmy")
    if not fitting:
        return None
    start, end = pl.DataFrame({"cell": halves}).select(moment(pl.col("cell"), fitting[0]).dt.date()).to_series().to_list()
    return (start.isoformat(), end.isoformat()) if start <= end else None
