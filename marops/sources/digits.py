"""Numbers whose value is certain, as text that can be read in one way only: 1.250 could be a thousand, 1.2500 cannot."""

import re

THOUSANDTHS = r"^-?\d+\.\d{3}$"
"""What, read as text, could as well be a whole number with its thousands set apart."""

_THOUSANDTHS = re.compile(THOUSANDTHS)


def unmistakable(number: str) -> str:
    """A number with a decimal point, written so that the point cannot set thousands apart."""
    return f"{number}0" if _THOUSANDTHS.search(number) else number
