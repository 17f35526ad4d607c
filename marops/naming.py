"""Rules for the names of campaigns: said, looked after, and never enforced.

A rule names the parts of a name, what stands between them, and the values a part may have where they are known:

    >>> rule = parsed("{country:BR|MX}_{channel}_{quarter:Q1|Q2|Q3|Q4}")
    >>> print(rule.fault("AR_search_Q2"))
    country is “AR”, not one of BR and MX
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from marops.errors import UserError
from marops.language import Text, joined, ntext, text

_FIELD = re.compile(r"\{([^{}:]+)(?::([^{}]*))?\}")
_MOST_VALUES = 12


@dataclass(frozen=True, slots=True)
class Field:
    """A part of a name, and the values it may have; none listed: any."""

    name: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """How campaigns are named: the parts in their order, and what stands between them."""

    pattern: str
    separator: str
    fields: tuple[Field, ...]

    def fault(self, name: str) -> Text | None:
        """What about a name is not as the rule has it; None where all is. Values are compared without regard to case."""
        parts = name.split(self.separator)
        if len(parts) != len(self.fields):
            return ntext("{n} part instead of {wanted}", "{n} parts instead of {wanted}", len(parts), wanted=len(self.fields))
        for field, part in zip(self.fields, parts, strict=True):
            if not part.strip():
                return text("{field} is empty", field=field.name)
            if field.values and part.strip().casefold() not in {value.casefold() for value in field.values}:
                return text("{field} is “{part}”, not one of {values}", field=field.name, part=part.strip(),
                            values=joined(field.values, _MOST_VALUES))  # fmt: skip
        return None


@dataclass(frozen=True, slots=True)
class Named:
    """How many different campaign names there are, and those that do not follow the rule, each with the reason."""

    rule: Rule
    names: int
    unlike: tuple[tuple[str, Text], ...]

    @property
    def followed(self) -> int:
        """How many follow it."""
        return self.names - len(self.unlike)


def parsed(pattern: str) -> Rule:
    """The rule that a pattern says. Raises UserError where it says none."""
    stripped = pattern.strip()
    found = list(_FIELD.finditer(stripped))
    between = {stripped[one.end() : other.start()] for one, other in pairwise(found)}
    whole = bool(found) and found[0].start() == 0 and found[-1].end() == len(stripped)
    if not whole or len(found) < 2 or len(between) != 1 or not (separator := between.pop()).strip("{}"):
        raise UserError(
            text(
                "{pattern} is not a naming rule. Give at least two parts in braces with the same sign between them, for example "
                "{example}.", pattern=pattern, example="{country:BR|MX}_{channel}_{objective}_{quarter}",
            )
        )  # fmt: skip
    fields = tuple(
        Field(each[1].strip(), tuple(value.strip() for value in (each[2] or "").split("|") if value.strip())) for each in found
    )
    return Rule(stripped, separator, fields)


def looked_at(rule: Rule, names: Iterable[str]) -> Named:
    """Different names held against the rule, those that do not follow it in their order."""
    different = sorted({name for name in names if name})
    faults = ((name, rule.fault(name)) for name in different)
    return Named(rule, len(different), tuple((name, fault) for name, fault in faults if fault))
