"""Words as they are kept, and names as they are compared."""

import pytest

from marops import notes
from marops.errors import UserError
from marops.language import text


@pytest.mark.parametrize(
    "other",
    [
        "José Silva",
        "JOSÉ  silva",
        "Jose\u0301 Silva",
        " José\tSilva\n",
        "Jos\u200bé\u00ad Silva\ufeff",
        "José\u00a0Silva\u3164",
        "José\ufe0f Silva",
    ],
)
def test_a_name_is_the_same_however_it_is_written(other: str) -> None:
    assert notes.folded(other) == "josé silva"


def test_a_name_is_the_same_with_a_straight_and_a_curly_apostrophe() -> None:
    assert notes.folded("Pat O\u2019Brien") == notes.folded("Pat O'Brien") == "pat o'brien"


def test_names_that_look_different_are_different_and_capitals_of_every_script_are_one() -> None:
    assert notes.folded("Jose Silva") != notes.folded("José Silva")
    assert notes.folded("STRASSE") == notes.folded("straße")
    assert notes.folded("ΣΊΣΥΦΟΣ") == notes.folded("σίσυφος")


@pytest.mark.parametrize("nothing", ["", "  ", "\x00", "\u200b", "\u2060\ufeff", "\u3164", "\u115f\u2800"])
def test_what_nobody_can_see_is_nothing(nothing: str) -> None:
    with pytest.raises(UserError, match="Say who"):
        notes.needed(nothing, 10, text("Say who"))


def test_words_are_kept_as_they_are_written_but_for_what_databases_cannot_keep() -> None:
    assert notes.written(" Zero\u200dwidth \x00👩\u200d💻 ", 20) == "Zero\u200dwidth 👩\u200d💻"
    assert [notes.can_be_kept(words) for words in ("marops-1", "a\x00", "\ud800", "é\n")] == [True, False, False, True]
