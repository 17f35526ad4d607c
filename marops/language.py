"""What is said, apart from how it is said to one reader.

Everything below the web layer speaks in `Text`: a message of the catalogue and the values it mentions. A `Reader`
(locale and catalogue) turns it into a string at the last moment, so that results can be cached once and read in
any language, and numbers and dates always follow the reader's locale.

    >>> Reader.of("en-US").say(text("{n} of {all} launches are late", n=3, all=1200))
    '3 of 1,200 launches are late'
"""

import gettext
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from importlib import resources

from babel import Locale, UnknownLocaleError, dates, lists, numbers

from marops.quantity import Number, Quantity, Unit

DOMAIN = "marops"
DEFAULT_LOCALE = "en"

# Several locales have no short form for thousands, and below a million the full number is as quick to read.
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Text:
    """A message of the catalogue with the values that fill its `{fields}`. Made by `text` and `ntext`."""

    message: str
    plural: str | None
    n: int
    values: tuple[tuple[str, object], ...]

    def __str__(self) -> str:
        """The English sentence, for logs and the command line."""
        return Reader.of(DEFAULT_LOCALE).say(self)


@dataclass(frozen=True, slots=True)
class Joined:
    """Several things named in one sentence: "a, b and c" in the reader's language; after `limit`, how many more."""

    items: tuple[object, ...]
    limit: int = 3


@dataclass(frozen=True, slots=True)
class Month:
    """A month named in a sentence: "Mar 2026"."""

    day: date


@dataclass(frozen=True, slots=True)
class Exact:
    """A number said to its last digit, for what must tie: sums, totals and their differences. `currency`: of an amount."""

    value: Number
    currency: str | None = None


def text(message: str, /, **values: object) -> Text:
    """A message of the catalogue (English source text) and its values."""
    return Text(message, None, 0, tuple(values.items()))


def ntext(one: str, many: str, count: int, /, **values: object) -> Text:
    """As `text`, in the form that goes with `count`, which the message may mention as `{n}`."""
    return Text(one, many, count, (("n", count), *values.items()))


def message(source: str) -> str:
    """Mark a message for the catalogue where it is stored before it is filled: `text(stored, **values)` says it."""
    return source


def joined(items: Iterable[object], limit: int = 3) -> Joined:
    """Names to be listed in a sentence."""
    return Joined(tuple(items), limit)


@lru_cache(maxsize=64)
def _translations(language: str) -> gettext.NullTranslations:
    folder = resources.files("marops") / "locale"
    return gettext.translation(DOMAIN, str(folder), languages=[language], fallback=True)


class Reader:
    """One reader's language and locale. Cheap to make; holds no state of the process."""

    def __init__(self, locale: Locale, translations: gettext.NullTranslations | None = None) -> None:
        self.locale = locale
        self._translations = translations or _translations(str(locale))

    @classmethod
    def of(cls, tag: str | None) -> "Reader":
        """The reader for a browser's language tag ("pt-BR"); English where the tag is unknown."""
        return _reader(tag or DEFAULT_LOCALE)

    @property
    def decimal_mark(self) -> str:
        """What separates decimals: "." or ","."""
        return numbers.get_decimal_symbol(self.locale)

    @property
    def group_mark(self) -> str:
        """What separates thousands."""
        return numbers.get_group_symbol(self.locale)

    def say(self, said: "Text | Joined | str | object") -> str:  # noqa: PLR0911  (one return a kind of value)
        """A string for this reader. A `str` is somebody's data (a campaign's name) and stays as it is."""
        match said:
            case str():
                return said
            case Text():
                template = (
                    self._translations.gettext(said.message)
                    if said.plural is None
                    else self._translations.ngettext(said.message, said.plural, said.n)
                )
                return template.format(**{name: self.say(value) for name, value in said.values})
            case Joined(items, limit):
                named = [self.say(item) for item in items[:limit]]
                if len(items) > limit:
                    named.append(self.say(ntext("{n} more", "{n} more", len(items) - limit)))
                return lists.format_list(named, locale=self.locale)
            case Quantity():
                return self.quantity(said)
            case Exact(value, currency):
                return self._money(value, currency, exact=True) if currency else self.number(value, exact=True)
            case Month():
                return self.month(said.day)
            case datetime():
                return self.moment(said)
            case date():
                return self.day(said)
            case bool():
                raise TypeError("a truth value is not something to say; choose a message")
            case int() | float() | Decimal():
                return self.number(said)
            case _:
                raise TypeError(f"{type(said).__name__} is not something to say")

    def number(self, value: Number, *, exact: bool = False) -> str:
        """A plain number: whole numbers below a million in full, everything else to 3 significant figures."""
        if exact or (isinstance(value, int) and abs(value) < _MILLION):
            return numbers.format_decimal(value, locale=self.locale, decimal_quantization=False)
        if abs(value) >= _MILLION:
            return self._compact(value)
        return numbers.format_decimal(value, format=_pattern(_decimals(value)), locale=self.locale)

    def quantity(self, quantity: Quantity, *, exact: bool = False, signed: bool = False) -> str:
        """A number with its unit, in the reader's notation; `signed` writes a plus sign on a change upwards."""
        plus = numbers.get_plus_sign_symbol(self.locale) if signed and quantity.value > 0 else ""
        value = quantity.value
        match quantity.unit:
            case Unit.MONEY:
                said = self._money(value, str(quantity.currency), exact=exact)
            case Unit.PERCENT:
                said = self._percent(value)
            case Unit.POINTS:
                points = float(value) * 100
                said = self.say(text("{x} points", x=self._decimal(points, 1 if abs(points) >= 0.095 else 2)))
            case Unit.PER_HOUR:
                said = self.say(text("{x} an hour", x=self._decimal(value, 1 if abs(value) >= 1 else 3)))
            case Unit.MINUTES:
                said = self.say(text("{x} min", x=self._length(value)))
            case Unit.HOURS:
                said = self.say(text("{x} h", x=self._length(value)))
            case Unit.DAYS:
                said = self.say(text("{x} d", x=self._length(value)))
            case Unit.RATIO:
                said = self.say(text("{x}×", x=self._decimal(value, 2)))
            case Unit.COUNT:
                said = self._count(value, exact=exact)
        return plus + said

    def day(self, day: date) -> str:
        """A date, "12 Mar 2026" in the reader's order."""
        return dates.format_date(day, format="medium", locale=self.locale)

    def short_day(self, day: date) -> str:
        """A date whose year is clear, "12 Mar" in the reader's order."""
        return dates.format_skeleton("MMMd", day, locale=self.locale)

    def month(self, day: date) -> str:
        """A month of a year, "Mar 2026"."""
        return dates.format_skeleton("yMMM", day, locale=self.locale)

    def moment(self, moment: datetime) -> str:
        """A date and time of day, to the minute."""
        return f"{self.day(moment)}, {dates.format_time(moment, format='short', locale=self.locale)}"

    def span(self, start: date, end: date) -> str:
        """Two dates, inclusive, as one range; whole months are named as months."""
        whole = start.day == 1 and (end.month, end.year) != ((nxt := _next_day(end)).month, nxt.year)
        skeleton = "yMMM" if whole else "yMMMd"
        return dates.format_interval(start, end, skeleton, locale=self.locale)

    def _count(self, value: Number, *, exact: bool) -> str:
        # An estimated number of things: a fraction of one says nothing beside ten.
        if not isinstance(value, int) and not exact and abs(value) < _MILLION:
            # Below a tenth one digit would say none.
            return self._decimal(value, 0 if abs(value) >= 10 else 1 if abs(value) >= 0.095 or not value else 2)
        return self.number(value, exact=exact)

    def _length(self, value: Number) -> str:
        # A tenth of an hour or day is as fine as anybody plans.
        return self._decimal(value, 1 if abs(value) < 100 else 0)

    def _decimal(self, value: Number, places: int) -> str:
        return numbers.format_decimal(value, format=_pattern(places), locale=self.locale)

    def _percent(self, fraction: Number) -> str:
        percent = abs(float(fraction)) * 100
        # 99.93 % and 99.97 % availability differ by a factor of two in downtime: near 100 the third digit is not enough.
        places = 2 if 99 <= percent < 100 else (1 if percent < 100 else 0)
        pattern = str(self.locale.percent_formats[None].pattern).replace("0", f"0{_fraction(places, fixed=places == 2)}")
        return numbers.format_percent(fraction, format=pattern, locale=self.locale)

    def _money(self, value: Number, currency: str, *, exact: bool) -> str:
        if exact:
            return numbers.format_currency(value, currency, locale=self.locale, decimal_quantization=not isinstance(value, Decimal))
        if abs(value) >= _MILLION:
            return numbers.format_compact_currency(value, currency, locale=self.locale, fraction_digits=_compact_digits(value))
        pattern = str(self.locale.currency_formats["standard"].pattern)
        places = 0 if abs(value) >= 100 else 2
        return numbers.format_currency(
            value,
            currency,
            format=pattern.replace("0.00", f"0{_fraction(places, fixed=True)}"),
            locale=self.locale,
            currency_digits=False,
        )

    def _compact(self, value: Number) -> str:
        return numbers.format_compact_decimal(value, locale=self.locale, fraction_digits=_compact_digits(value))


@lru_cache(maxsize=256)
def _reader(tag: str) -> Reader:
    try:
        return Reader(Locale.parse(tag.replace("-", "_")))
    except (UnknownLocaleError, ValueError, TypeError):
        return Reader(Locale.parse(DEFAULT_LOCALE))


def _next_day(day: date) -> date:
    return date.fromordinal(day.toordinal() + 1)


def _decimals(value: Number, significant: int = 3) -> int:
    """Decimals that show `significant` figures of a number below a million."""
    if value == 0:
        return 0
    return max(0, significant - 1 - math.floor(math.log10(abs(float(value)))))


def _compact_digits(value: Number, significant: int = 3) -> int:
    """Decimals of the compact form (1.23M) that show `significant` figures."""
    return significant - 1 - math.floor(math.log10(abs(float(value)))) % 3


def _fraction(places: int, *, fixed: bool = False) -> str:
    return "." + ("0" if fixed else "#") * places if places else ""


def _pattern(places: int) -> str:
    return f"#,##0{_fraction(places)}"
