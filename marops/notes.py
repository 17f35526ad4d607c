"""Words that people write: trimmed, no longer than they may be, without characters that databases and exports cannot keep."""

import re

from marops.errors import UserError
from marops.language import Text, text

_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def written(words: str, limit: int) -> str:
    """The words as they are kept. Raises UserError where they are longer than `limit` characters: nothing is cut unsaid."""
    kept = _UNSEEN.sub("", words).strip()
    if len(kept) > limit:
        raise UserError(text("These words have {n} characters, and {limit} fit. Shorten them.", n=len(kept), limit=limit))
    return kept


def needed(words: str, limit: int, missing: Text) -> str:
    """As `written`; where nothing is written, `missing` is what UserError says."""
    kept = written(words, limit)
    if not kept:
        raise UserError(missing)
    return kept
