"""Whether rows of two ad reports are about the same account, campaign, ad group or ad, though one has ids and the other names.

An export without ids has the names in their place (`completing`), so equal keys are not enough to find the same spend twice.
"""

import polars as pl

ENTITIES = ("account", "campaign", "ad_group", "ad")
SUBJECT = ("platform", "account_own", "account_name", "campaign_own", "campaign_name")
SPAN = ("period_start", "period_end")
OTHER = "_other"
"""What the columns of the second of two rows end with."""

_SAME, _SPANS, _MUCH = 0.5, 3, 100.0
"""Share of the days two campaigns have both that must have the same spend, and of how many days or how much together."""


def columns(entity: str) -> list[pl.Expr]:
    """`<entity>_own`: the id a platform gave, as programs write it, null where the name stands in for it; and the name."""
    written, name = pl.col(f"{entity}_id"), pl.col(f"{entity}_name")
    # Google writes 123-456-7890 on its pages and 1234567890 in its interface, Meta act_1234 and 1234.
    plain = pl.when(written.str.contains(r"^(act_)?\d[\d-]*$")).then(written.str.replace_all(r"act_|-", "")).otherwise(written)
    # A page and a program show the blanks in a name differently.
    shown = name.str.replace_all(r"\s+", " ").str.strip_chars()
    return [pl.when(written.ne_missing(name)).then(plain).alias(f"{entity}_own"), shown]


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


def subject() -> list[pl.Expr]:
    """The columns `SUBJECT` of rows of ad_performance."""
    return [pl.col("platform"), *columns("account"), *columns("campaign")]


def figures(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Spend of rows of ad_performance, by `SUBJECT` and `SPAN`."""
    return rows.group_by(*subject(), *SPAN).agg(pl.col("spend").sum().cast(pl.Float64))


def alike_by_figures(some: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Subjects of some `figures` beside those of others (see `OTHER`) that are seemingly the same, though one has no more than
    an id and the other no more than a name, as in a warehouse and on a platform's pages: they spent the same on most days that
    both have.
    """
    beside = others.rename({name: f"{name}{OTHER}" for name in (*SUBJECT[1:], "spend")})
    has_id, has_name = pl.col("campaign_own").is_not_null(), pl.col("campaign_name").is_not_null()
    other_id, other_name = (pl.col(f"{name}{OTHER}").is_not_null() for name in ("campaign_own", "campaign_name"))
    found = [
        _spending_alike(some.filter(has_id, ~has_name), beside.filter(~other_id, other_name)),
        _spending_alike(some.filter(~has_id, has_name), beside.filter(other_id, ~other_name)),
    ]
    return pl.concat(found).filter(may_be_one("account"))


def _spending_alike(some: pl.DataFrame, beside: pl.DataFrame) -> pl.DataFrame:
    other = [f"{name}{OTHER}" for name in SUBJECT[1:]]
    both = [*SUBJECT, *other]
    own = some.filter(pl.col("spend") > 0).with_columns(pl.col("spend").round(2).alias("cents"))
    theirs = beside.filter(pl.col(f"spend{OTHER}") > 0).with_columns(pl.col(f"spend{OTHER}").round(2).alias("cents"))
    same = own.join(theirs, on=["platform", *SPAN, "cents"]).group_by(both).agg(pl.len().alias("same"), pl.col("spend").sum())
    shared = (
        same.join(own.select(*SUBJECT, *SPAN), on=SUBJECT, nulls_equal=True)
        .join(theirs.select("platform", *other, *SPAN), on=["platform", *other, *SPAN], nulls_equal=True)
        .group_by(*both, "same", "spend")
        .agg(pl.len().alias("shared"))
    )
    enough = (pl.col("same") >= _SPANS) | (pl.col("spend") >= _MUCH)
    return shared.filter(enough, pl.col("same") >= _SAME * pl.col("shared")).select(both)
