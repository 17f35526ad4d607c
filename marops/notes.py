"""Words that people write: trimmed, no longer than they may be, without characters that databases and exports cannot keep."""

import re
import unicodedata

from marops.errors import UserError
from marops.language import Text, text

_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

# Characters without a shape that are no format or control characters by their category.
_SHAPELESS = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")

_APOSTROPHE = re.compile("[\u2018\u2019\u02bc]")


def can_be_kept(words: str) -> bool:
    """Whether databases can keep words as they are: what they cannot keep is not in them either, and need not be looked for."""
    return not _UNSEEN.search(words)


def folded(name: str) -> str:
    """A name as it is compared: upper and lower case, ways to write an accent or an apostrophe, runs of white space and invisible
    characters make no other name.

    >>> folded("Jose\u0301\u200b  SILVA") == folded("José Silva")
    True
    """
    shaped = _APOSTROPHE.sub("'", _SHAPELESS.sub("", name))
    seen = "".join(one for one in shaped if one.isspace() or unicodedata.category(one) not in {"Cc", "Cf"})
    return " ".join(unicodedata.normalize("NFC", unicodedata.normalize("NFC", seen).casefold()).split())


def written(words: str, limit: int) -> str:
    """The words as they are kept. Raises UserError where they are longer than `limit` characters: nothing is cut unsaid."""
    kept = _UNSEEN.sub("", words).strip()
    if len(kept) > limit:
        raise UserError(text("These words have {n} characters, and {limit} fit. Shorten them.", n=len(kept), limit=limit))
    return kept


def needed(words: str, limit: int, missing: Text) -> str:
    """As `written`; where nothing is written that can be seen, `missing` is what UserError says."""
    kept = written(words, limit)
    if not folded(kept):
        raise UserError(missing)
    return kept
