"""Whether rows of two ad reports are about the same account, campaign, ad group or ad, though one has ids and the other names.

An export without ids has the names in their place (`completing`), so equal keys are not enough to find the same spend twice.
"""

import polars as pl

TOLD_APART = ("campaign", "ad_group", "ad")
ENTITIES = ("account", *TOLD_APART)
SUBJECT = ("platform", "account_own", "account_name", "campaign_own", "campaign_name")
SPAN = ("period_start", "period_end")
OTHER = "_other"
"""What the columns of the second of two rows end with."""

_HALF_CENT, _HUNDREDTH = 0.005, 0.01
_MOST, _DIFFERENT = 0.8, 3
"""Share of what was spent that must be the same on both sides, and how many different amounts that must be."""

_HALF, _ALONE = 0.5, 5
"""The same of the days of one campaign, whatever the others are: some of its days may be restated."""


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


def subject(entity: str = "campaign") -> list[pl.Expr]:
    """The columns `SUBJECT` of rows of ad_performance; an ad group or ad stands in the campaign's place, where one is asked for."""
    own, name = columns(entity)
    return [pl.col("platform"), *columns("account"), own.alias("campaign_own"), name.alias("campaign_name")]


def figures(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Spend of rows of ad_performance, by `SUBJECT` and `SPAN`."""
    return rows.group_by(*subject(), *SPAN).agg(pl.col("spend").sum().cast(pl.Float64))


def is_known_by_one() -> pl.Expr:
    """Whether a subject's campaign has an id and no name, or a name and no id."""
    return pl.col("campaign_own").is_null() != pl.col("campaign_name").is_null()


def alike_by_figures(some: pl.LazyFrame, others: pl.LazyFrame, entity: str = "campaign") -> pl.DataFrame:
    """Subjects (of this entity) of some rows of ad_performance beside those of others (see `OTHER`) that are seemingly the same,
    though one has no more than an id and the other no more than a name, as in a warehouse and on a platform's pages.

    They are where most of what one side spent on the days of both, or a campaign on at least half of them, is what the other
    side spent, amount by amount and in the same currency, and the amounts differ enough not to be a flat budget.
    """
    amounts = _amounts(some, entity), _amounts(others, entity)
    has_id = pl.col("campaign_own").is_not_null()
    found = [_spending_alike(*(one.filter(keep) for one, keep in zip(amounts, way, strict=True)))
             for way in ((has_id, ~has_id), (~has_id, has_id))]  # fmt: skip
    return pl.concat(found).filter(may_be_one("account"))


_DAY = ("platform", "within", "currency_code", *SPAN)


def _amounts(rows: pl.LazyFrame, entity: str) -> pl.DataFrame:
    """What those known by one thing alone spent, by span and currency (ads also within their campaign: many are called alike), and
    by how much rounding of rows may have moved it.
    """
    within = pl.lit("") if entity == "campaign" else pl.coalesce("campaign_name", "campaign_id")
    return (
        rows.with_columns(*subject(entity), within.alias("within"))
        .filter(is_known_by_one(), pl.col("spend") > 0)
        .with_columns(pl.col("platform", "within", "currency_code").fill_null(""))
        .group_by(*SUBJECT, "within", "currency_code", *SPAN)
        .agg(pl.col("spend").sum().cast(pl.Float64), pl.len().alias("rows"))
        .with_columns(pl.min_horizontal(_HALF_CENT * pl.col("rows"), _HUNDREDTH * pl.col("spend")).alias("moved"))
        .drop("rows")
        .collect()
    )


def _spending_alike(some: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    names = (*SUBJECT[1:], "moved")
    some = some.join(others, on=_DAY, how="semi")
    beside = others.join(some, on=_DAY, how="semi").rename({name: f"{name}{OTHER}" for name in names})
    beside = beside.with_columns(pl.col("spend").alias("theirs"))
    both = [*SUBJECT, *(f"{name}{OTHER}" for name in SUBJECT[1:])]
    near = some.sort("spend").join_asof(beside.sort("spend"), on="spend", by=_DAY, strategy="nearest", check_sortedness=False)
    off = (pl.col("spend") - pl.col("theirs")).abs()
    near = near.filter(off <= pl.max_horizontal("moved", f"moved{OTHER}") + _HALF_CENT)
    # One amount is spent once: of several that are near to it, the nearest is it.
    same = near.sort(off).unique([*both[len(SUBJECT) :], *_DAY], keep="first", maintain_order=True)
    cents = pl.col("spend").round(2)
    enough = _MOST * min(float(some["spend"].sum()), float(beside["theirs"].sum()))
    # A flat budget is the same amount every day, for as many campaigns as have it: only different amounts say something.
    different = same.select(cents.n_unique()).item()
    together = different >= max(_DIFFERENT, same.height / 2) and float(same["spend"].sum()) >= enough
    pairs = same.group_by(both).agg(pl.len().alias("same"), cents.n_unique().alias("different"))
    days = some.group_by(SUBJECT).agg(pl.len().alias("days"))
    half, telling = pl.col("same") >= _HALF * pl.col("days"), pl.max_horizontal(pl.lit(_ALONE), pl.col("same") / 2)
    alike = half & (pl.col("different") >= telling)
    if together:
        alike |= pl.col("same") >= _MOST * pl.col("days")
    return pairs.join(days, on=SUBJECT, nulls_equal=True).filter(alike).select(both)
