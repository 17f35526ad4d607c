"""Whether rows of two ad reports are about the same account, campaign, ad group or ad, though one has ids and the other names.

An export without ids has the names in their place (`completing`), so equal keys are not enough to find the same spend twice.
"""

import polars as pl

ENTITIES = ("account", "campaign", "ad_group", "ad")
OTHER = "_other"
"""What the columns of the second of two rows end with."""


def columns(entity: str) -> list[pl.Expr]:
    """`<entity>_own`: the id a platform gave, as programs write it, null where the name stands in for it; and the name."""
    written, name = pl.col(f"{entity}_id"), pl.col(f"{entity}_name")
    # Google writes 123-456-7890 on its pages and 1234567890 in its interface, Meta act_1234 and 1234.
    plain = pl.when(written.str.contains(r"^(act_)?\d[\d-]*$")).then(written.str.replace_all(r"act_|-", "")).otherwise(written)
    return [pl.when(written.ne_missing(name)).then(plain).alias(f"{entity}_own"), name]


def may_be_one(entity: str) -> pl.Expr:
    """Whether two rows side by side (see `OTHER`) may be of the same account, campaign, ...: by their ids where both have some,
    else by their names; where one of them says nothing, nothing speaks against it.
    """
    own, other = pl.col(f"{entity}_own"), pl.col(f"{entity}_own{OTHER}")
    name, other_name = pl.col(f"{entity}_name"), pl.col(f"{entity}_name{OTHER}")
    return (
        pl.when(own.is_not_null() & other.is_not_null())
        .then(own == other)
        .when(name.is_not_null() & other_name.is_not_null())
        .then(name == other_name)
        .otherwise(True)  # noqa: FBT003  (a literal of polars)
    )
