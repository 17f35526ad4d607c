"""Every visible string goes through the catalogue, and the catalogue knows every string."""

import gettext
import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from marops import language
from tests.web.app import opened

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "marops" / "locale" / "marops.pot"
KEYWORDS = {"text": None, "message": None, "ntext": (1, 2)}


class Marked(gettext.NullTranslations):
    """A language that puts every message of the catalogue between brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


@pytest.fixture
def _marked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(language, "_translations", lambda _language: Marked())
    language._reader.cache_clear()
    yield
    language._reader.cache_clear()


def outside(said: str) -> str:
    """What stands outside the brackets."""
    kept, depth = [], 0
    for character in html.unescape(re.sub(r"<[^>]*>", " ", said)):
        depth += {"⟦": 1, "⟧": -1}.get(character, 0)
        if depth == 0 and character != "⟧":
            kept.append(character)
    return "".join(kept)


# Names out of the data, roles of the account, and dates, which Babel writes.
DATA = re.compile(
    r"Alpha|Beta|Gamma|Delta|Shop|Local admin|[\w\\-]+\\?\.csv|:small|\b(?:ad|lead|work|sli|assessment|target)\w*(?:\\_\w+)*"
    r"|(?:Nov|Dec|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct) \d+|[AP]M"
)


@pytest.mark.usefixtures("_marked")
@pytest.mark.parametrize("page", ["home", "scorecard", "pipeline", "maturity", "budget", "data"])
def test_every_word_on_a_page_comes_from_the_catalogue_or_from_the_data(page: str, company: Path) -> None:
    at = opened(page)
    said = [element.value for element in at.markdown]
    for kind in ("button", "selectbox", "caption", "slider", "text_input", "date_input", "expander", "toggle", "download_button"):
        said += [str(getattr(element, "label", "") or getattr(element, "value", "")) for element in at.get(kind)]
    assert said
    assert [left for one in said if re.search(r"[A-Za-z]{2,}", left := DATA.sub("", outside(one)))] == []


def test_the_catalogue_lists_exactly_the_messages_of_the_source() -> None:
    found: set[object] = set()
    for folder in ("marops", "pages"):
        for _file, _line, message, _comments, _context in extract_from_dir(ROOT / folder, [("**.py", "python")], keywords=KEYWORDS):
            found.add(message)
    with CATALOGUE.open("rb") as file:
        listed = {entry.id for entry in read_po(file) if entry.id}
    assert listed == found, "run make words"
