"""What a reader sees: sentences, numbers and dates in English, Portuguese and German."""

import gettext
import math
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from marops.language import Month, Reader, joined, message, ntext, text
from marops.quantity import Quantity, Unit, money

EN, PT, DE = Reader.of("en-US"), Reader.of("pt-BR"), Reader.of("de-DE")


def plain(said: str) -> str:
    """With ordinary spaces in place of those that do not break."""
    return said.translate(dict.fromkeys(map(ord, "\u00a0\u202f\u2009"), " "))


# Numbers


@pytest.mark.parametrize(
    ("value", "en", "pt", "de"),
    [
        (0, "0", "0", "0"),
        (1234, "1,234", "1.234", "1.234"),
        (999_999, "999,999", "999.999", "999.999"),
        (12_345_678, "12.3M", "12,3 mi", "12,3 Mio."),
        (-12_345_678, "-12.3M", "-12,3 mi", "-12,3 Mio."),
        (0.012345, "0.0123", "0,0123", "0,0123"),
        (1234.5, "1,234", "1.234", "1.234"),
        (12.345, "12.3", "12,3", "12,3"),
        (Decimal("2.50"), "2.5", "2,5", "2,5"),
    ],
)
def test_numbers_follow_the_locale(value, en, pt, de):
    assert [plain(reader.number(value)) for reader in (EN, PT, DE)] == [en, pt, de]


@pytest.mark.parametrize(
    ("quantity", "en", "pt", "de"),
    [
        (Quantity(0.5814, Unit.PERCENT), "58.1%", "58,1%", "58,1 %"),
        (Quantity(1, Unit.PERCENT), "100%", "100%", "100 %"),
        (Quantity(0.9993, Unit.PERCENT), "99.93%", "99,93%", "99,93 %"),
        (Quantity(-0.25, Unit.PERCENT), "-25%", "-25%", "-25 %"),
        (Quantity(0.202, Unit.POINTS), "20.2 points", "20,2 points", "20,2 points"),
        (Quantity(17.4), "17", "17", "17"),
        (Quantity(1.26), "1.3", "1,3", "1,3"),
        (Quantity(2.345, Unit.RATIO), "2.34×", "2,34×", "2,34×"),
        (Quantity(5.5, Unit.HOURS), "5.5 h", "5,5 h", "5,5 h"),
        (Quantity(1500, Unit.MINUTES), "1,500 min", "1.500 min", "1.500 min"),
        (Quantity(21, Unit.DAYS), "21 d", "21 d", "21 d"),
        (money(1234.4, "BRL"), "R$1,234", "R$ 1.234", "1.234 R$"),
        (money(12.5, "EUR"), "€12.50", "€ 12,50", "12,50 €"),
        (money(4_130_000, "BRL"), "R$4.13M", "R$ 4,13 mi", "4,13 Mio. R$"),
    ],
)
def test_a_quantity_carries_its_unit(quantity, en, pt, de):
    assert [plain(reader.quantity(quantity)) for reader in (EN, PT, DE)] == [en, pt, de]


def test_exact_numbers_show_every_digit():
    assert EN.quantity(money(Decimal("1234567.89"), "USD"), exact=True) == "$1,234,567.89"
    assert plain(PT.number(1_234_567, exact=True)) == "1.234.567"


def test_a_signed_change_upwards_has_a_plus():
    assert EN.quantity(Quantity(0.05, Unit.POINTS), signed=True) == "+5 points"
    assert EN.quantity(Quantity(-0.05, Unit.POINTS), signed=True) == "-5 points"
    assert EN.quantity(Quantity(0, Unit.POINTS), signed=True) == "0 points"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_reader_says_nan_or_infinity(value):
    with pytest.raises((ValueError, OverflowError)):
        EN.number(value)


@given(st.integers(-999_999, 999_999))
def test_a_whole_number_below_a_million_reads_back(value):
    assert int(EN.number(value).replace(",", "")) == value


@given(st.floats(1e-3, 9e5))
def test_any_other_number_reads_back_to_three_figures(value):
    assert float(EN.number(value).replace(",", "")) == pytest.approx(value, rel=0.006)


# Dates


def test_days_months_and_moments_follow_the_locale():
    day = date(2026, 3, 12)
    assert (EN.day(day), plain(PT.day(day)), DE.day(day)) == ("Mar 12, 2026", "12 de mar. de 2026", "12.03.2026")
    assert (EN.month(day), plain(PT.month(day)), DE.month(day)) == ("Mar 2026", "mar. de 2026", "März 2026")
    moment = datetime(2026, 3, 12, 15, 4, tzinfo=UTC)
    assert plain(EN.moment(moment)) == "Mar 12, 2026, 3:04 PM"
    assert DE.moment(moment) == "12.03.2026, 15:04"


def test_whole_months_are_named_as_months():
    assert plain(EN.span(date(2026, 1, 1), date(2026, 3, 31))) == "Jan – Mar 2026"
    assert plain(EN.span(date(2026, 1, 1), date(2026, 3, 30))) == "Jan 1 – Mar 30, 2026"
    assert plain(DE.span(date(2026, 2, 1), date(2026, 2, 28))) == "Feb. 2026"


# Sentences


def test_a_sentence_says_its_values_in_the_readers_notation():
    said = text(
        "{kpi} was {share} in {month}, up {by}.",
        kpi=text("Win rate"), share=Quantity(0.125, Unit.PERCENT), month=Month(date(2026, 3, 1)), by=1234,
    )  # fmt: skip
    assert EN.say(said) == "Win rate was 12.5% in Mar 2026, up 1,234."
    assert plain(PT.say(said)) == "Win rate was 12,5% in mar. de 2026, up 1.234."
    assert str(said) == EN.say(said)


def test_the_plural_goes_with_the_count():
    assert [EN.say(ntext("{n} launch", "{n} launches", n)) for n in (0, 1, 1200)] == ["0 launches", "1 launch", "1,200 launches"]


def test_names_are_joined_as_the_language_does():
    assert EN.say(joined(["a"])) == "a"
    assert EN.say(joined(["a", "b"])) == "a and b"
    assert EN.say(joined(["a", "b", "c"])) == "a, b, and c"
    assert PT.say(joined(["a", "b", "c"])) == "a, b e c"
    assert DE.say(joined(["a", "b", "c"])) == "a, b und c"


def test_beyond_the_limit_it_says_how_many_more():
    assert EN.say(joined(["a", "b", "c", "d", "e"], 2)) == "a, b, and 3 more"


def test_somebodys_data_is_never_read_as_a_message():
    name = "{n} 100 % <b>"
    assert EN.say(name) == name
    assert EN.say(text("Campaign {name}", name=name)) == f"Campaign {name}"


@pytest.mark.parametrize("said", [True, None, object()])
def test_what_is_nothing_to_say_is_refused(said):
    with pytest.raises(TypeError, match="not something to say"):
        EN.say(said)


@pytest.mark.parametrize("tag", [None, "", "xx-nowhere", "not a tag", "en"])
def test_an_unknown_tag_reads_english(tag):
    assert Reader.of(tag).number(1234.5) == "1,234"
    assert Reader.of(tag).say(text("late")) == "late"


# Translation


class _Pseudo(gettext.NullTranslations):
    """Every message in brackets, so that what was not translated stands out."""

    def gettext(self, message: str) -> str:
        return f"[{message}]"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"[{msgid1 if n == 1 else msgid2}]"


PSEUDO = Reader(Locale.parse("pt_BR"), _Pseudo())


def test_every_message_goes_through_the_catalogue_and_numbers_through_the_locale():
    said = text("{late} past {when}: {names}", late=ntext("{n} is", "{n} are", 1200), when=date(2026, 3, 12), names=joined("ab", 1))
    assert plain(PSEUDO.say(said)) == "[[1.200 are] past 12 de mar. de 2026: a e [1 more]]"


def test_units_are_translated():
    units = (Unit.POINTS, Unit.HOURS, Unit.DAYS, Unit.MINUTES, Unit.RATIO)
    said = [PSEUDO.quantity(Quantity(2, unit)) for unit in units]
    assert said == ["[200 points]", "[2 h]", "[2 d]", "[2 min]", "[2×]"]


def test_a_marked_message_is_translated_when_it_is_said():
    stored = message("Role clarity")
    assert stored == "Role clarity"
    assert PSEUDO.say(text(stored)) == "[Role clarity]"


def test_data_is_not_translated():
    assert PSEUDO.say("RTL_SRC") == "RTL_SRC"
