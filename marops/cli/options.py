"""Options that several commands have."""

from enum import StrEnum

from marops.errors import UserError
from marops.language import text


class DateOrder(StrEnum):
    """The order of a file's dates that could be read either way."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"


ZONE = "Where the clocks were that wrote times without a time zone, as in America/Sao_Paulo; else as the file says, or UTC."


def zone_of(word: str | None) -> str | None:
    """The IANA zone that somebody means. Raises UserError for none."""
    from marops.sources import zones

    if word is None:
        return None
    if (found := zones.named(word) or zones.named(word.upper())) is None:
        raise UserError(text("{zone} is no time zone. Write it as America/Sao_Paulo.", zone=word))
    return found
