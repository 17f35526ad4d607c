"""What the KPIs need of each of 24 months, by hand: lazy polars over the lake's Parquet files, collected together.

The floor is somebody who knows these files: stages, channels and currencies are called as they are called here, nothing is
checked and nothing is explained. Where the scorecard estimates with open ends (Kaplan-Meier), learns with shrinkage or simulates,
the floor takes a plain quantile, a plain share and no interval. IT6 and J10 read no Parquet.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import pairwise

import polars as pl

from bench.kpis.rows import AVAILABILITY, END, MARGIN, PREFIXES, SPAN

EXACT = (
    "IT1", "IT2", "IT3", "IT5", "IT7", "IT8", "IT9", "J5", "J6", "J8", "J9", "M1", "M2", "M3", "M4", "M7", "M8", "M10",
)  # fmt: skip
"""KPIs of which both compute the same number."""
NEAR: Mapping[str, float] = {
    "IT4": 0.05, "J1": 0.5, "J2": 0.5, "J3": 0.6, "J4": 0.05, "J7": 0.2, "M5": 0.2, "M6": 0.2, "M9": 0.1, "M11": 0.5,
}  # fmt: skip
"""KPIs that the floor computes in a plainer way, and how far the sums of their months may be apart (of ours)."""

_GROUP = ("unit", "channel")
_REBOUND = timedelta(hours=6)
_HALF_YEAR = timedelta(days=180)

col, lit = pl.col, pl.lit
Plan = pl.LazyFrame


def values(files: Mapping[str, Sequence[str]]) -> dict[str, dict[str, float]]:
    """Each KPI's value by month. `files`: the Parquet files of each table.

    Rows that many KPIs share are made first: polars would make them again for every plan they are part of.
    """
    tables = {name: pl.scan_parquet(list(paths)) for name, paths in files.items()}
    ads = _ads(tables).collect().lazy()
    shared = (_leads(tables, ads), _touches(tables["lead_touch"]), _outages(tables["sli_measurement"]))
    found = plans(tables, ads, *(rows.lazy() for rows in pl.collect_all(shared)))
    return {
        kpi: {str(month): value for month, value, *_ in rows.iter_rows() if value is not None}
        for kpi, rows in zip(found, pl.collect_all(list(found.values())), strict=True)
    }


def plans(tables: Mapping[str, Plan], ads: Plan, leads: Plan, touches: Plan, down: Plan) -> dict[str, Plan]:
    """Each KPI's plan: month (its first day) and value; what else is told of it is computed as well."""
    lost = _lost(leads, down)
    return {
        **_systems(tables, down), **_routing(touches), **_moves(tables["lead_stage_history"]), **_funnel(leads),
        **_money(tables, ads, leads), **_learned(leads, lost), "J1": lost.select("month", "net", "variance"),
        "J2": _burned(ads, leads, down), "IT7": _checks(tables),
        "J7": _launches(tables["work_item"], tables["work_item_transition"]), "J8": _privacy(tables["privacy_request"]),
        "J9": _gap(tables["survey_response"]),
    }  # fmt: skip


def _month(at: str) -> pl.Expr:
    return col(at).cast(pl.Date).dt.truncate("1mo").alias("month")


def _hours(later: pl.Expr, earlier: str) -> pl.Expr:
    return (later - col(earlier)).dt.total_seconds() / 3600


def _in_euro(rows: Plan, day: str, amount: str, rates: Plan) -> Plan:
    usd = (
        rates.filter(col("currency_code") == "USD")
        .select(col("rate_date").alias("rated"), col("rate").cast(pl.Float64))
        .sort("rated")
    )
    dated = rows.sort(day).join_asof(usd, left_on=day, right_on="rated", check_sortedness=False)
    return dated.with_columns(
        pl.when(col("currency_code") == "EUR").then(col(amount)).otherwise(col(amount) / col("rate")).alias(amount)
    )


# Rows


def _ads(tables: Mapping[str, Plan]) -> Plan:
    """Clicks, conversions and spend in euro by day and campaign."""
    channel = pl.concat_str("platform", "campaign_type", "publisher", ignore_nulls=True).alias("channel")
    daily = (
        tables["ad_performance"]
        .group_by("period_end", "platform", "campaign_type", "publisher", "campaign_name", "currency_code")
        .agg(col("clicks", "conversions", "spend").sum())
        .with_columns(channel, col("conversions", "spend").cast(pl.Float64), _month("period_end"))
    )
    return _in_euro(daily, "period_end", "spend", tables["fx_rate"])


def _leads(tables: Mapping[str, Plan], ads: Plan) -> Plan:
    """One row a lead: its unit, channel (null: none), amount in euro, and when it first entered each stage."""
    stages = {"mql": "MQL", "sal": "SAL", "sql": "SQL", "won": "Closed Won", "lost": "Closed Lost"}
    first = (
        tables["lead_stage_history"]
        .group_by("lead_id")
        .agg(col("date_stage_entered").filter(col("stage") == stage).min().alias(name) for name, stage in stages.items())
    )
    brought_by = ads.select(col("campaign_name").alias("utm_campaign"), "channel").unique()
    prefix = col("utm_campaign").str.head(3).replace_strict(list(PREFIXES.values()), list(PREFIXES), default=None)
    rows = tables["lead"].select(
        "lead_id", "created_at", "utm_campaign", "business_unit", col("amount").cast(pl.Float64), "currency_code"
    )
    euro = _in_euro(rows.with_columns(col("created_at").dt.date().alias("day")), "day", "amount", tables["fx_rate"])
    return (
        euro.join(first, on="lead_id", how="left")
        .join(brought_by, on="utm_campaign", how="left")
        .with_columns(pl.coalesce("business_unit", prefix).alias("unit"))
    )


def _touches(rows: Plan) -> Plan:
    """One row a lead: when its form was sent, it was routed, had an owner, one who is no queue, and a human touch."""
    kind, at = col("kind"), col("at")
    owner = kind == "owner_assigned"
    return rows.group_by("lead_id").agg(
        at.filter(kind == "form_submit").min().alias("form"), at.filter(kind == "routed").min().alias("routed"),
        at.filter(owner).min().alias("owner"), at.filter(owner & ~col("is_default_queue")).min().alias("eligible"),
        at.filter(kind == "human_touch").min().alias("human"),
    )  # fmt: skip


def _outages(windows: Plan) -> Plan:
    """Service, start and end of each time a service was down."""
    bad = windows.filter(col("bad_count") == col("total_count")).sort("service", "window_start")
    end = col("window_start") + pl.duration(seconds="window_seconds")
    follows = (col("service") == col("service").shift()) & (col("window_start") == end.shift())
    return (
        bad.group_by((~follows).fill_null(value=True).cum_sum().alias("number"))
        .agg(col("service").first(), col("window_start").min().alias("start"), end.max().alias("end"))
        .with_columns(_month("start"))
    )


# Systems and flow


def _systems(tables: Mapping[str, Plan], down: Plan) -> dict[str, Plan]:
    """IT1, IT2, IT8, IT9. No window goes over the end of a month."""
    by_service = (
        tables["sli_measurement"]
        .group_by(_month("window_start"), "service")
        .agg((col("bad_count").sum() / col("total_count").sum()).alias("bad"))
        .group_by("month")
    )
    changes = tables["change"].group_by(_month("deployed_at")).agg(col("failed").mean())
    return {
        "IT1": by_service.agg((1 - col("bad")).product()),
        "IT2": by_service.agg(1 - (col("bad") / (1 - AVAILABILITY)).max()),
        "IT8": down.group_by("month").agg(_hours(col("end"), "start").median()),
        "IT9": changes,
    }


def _routing(touches: Plan) -> dict[str, Plan]:
    """IT3, IT5, J4, with their parts."""
    minutes = {name: _hours(col(name), "form") * 60 for name in ("owner", "eligible", "human")}
    came = touches.group_by(_month("form")).agg(
        pl.len().alias("came"),
        minutes["owner"].quantile(0.95).alias("late"),
        (minutes["eligible"] <= 5).sum().alias("hits"),
        (col("form") + timedelta(minutes=5) <= END).sum().alias("old"),
        (col("owner").is_not_null() & (col("eligible").is_null() | (col("eligible") > col("owner")))).sum().alias("queued"),
        (minutes["human"] <= 60).mean().alias("soon"),
        _hours(col("human").fill_null(END), "form").median().alias("human") * 60,
        *(
            _hours(col(later), earlier).median().alias(later + " part")
            for earlier, later in pairwise(("form", "routed", "owner", "human"))
        ),
    )
    given = touches.drop_nulls("owner").group_by(_month("owner")).agg(pl.len())
    length = col("month").dt.month_end().dt.day().cast(pl.Int32) * 24
    return {
        "IT3": given.with_columns(col("len") / length),
        "IT5": came.select("month", col("hits") / col("old"), "queued", "came", "late"),
        "J4": came.select("month", "human", "soon", "routed part", "owner part", "human part"),
    }


def _moves(history: Plan) -> dict[str, Plan]:
    """M1, J5."""
    moves = history.filter(col("status_sequence") > 1).group_by(_month("date_stage_entered"))
    stated = (col("reason").str.strip_chars() != "").fill_null(value=False) & (col("stage").str.to_lowercase() != "new")
    by = (col("changed_by").str.strip_chars() != "").fill_null(value=False)
    sums = moves.agg(stated.mean().alias("stated"), (stated & by).mean().alias("both"), by.mean().alias("by"))
    return {"M1": sums.select("month", "stated", "by"), "J5": sums.select("month", "both")}


def _launches(items: Plan, transitions: Plan) -> Plan:
    """J7."""
    live = transitions.filter(col("status") == "Live").group_by("issue_id").agg(col("transition_at").min().alias("live"))
    days = _hours(col("live").fill_null(END), "created_at") / 24
    return items.join(live, on="issue_id", how="left").group_by(_month("created_at")).agg(days.quantile(0.85))


def _privacy(requests: Plan) -> Plan:
    """J8."""
    days = col("law").replace_strict({"LGPD": 15, "CCPA": 45, "GDPR": 30}, return_dtype=pl.Int64)
    legal = col("received_at").dt.truncate("1d") + pl.duration(days=days + 1) - timedelta(seconds=1)
    due = requests.with_columns(pl.coalesce("due_at", legal).alias("due")).filter(col("due") <= END)
    return due.group_by(_month("due")).agg((col("closed_at") <= col("due")).fill_null(value=False).mean())


def _gap(answers: Plan) -> Plan:
    """J9."""
    agree, side = col("value") >= 4, col("side")
    return (
        answers.filter(col("question_id") == "PX1")
        .group_by(_month("survey_response_recorded_at"))
        .agg(agree.filter(side == "it").mean() - agree.filter(side == "marketing").mean(), pl.len().alias("answers"))
    )


def _checks(tables: Mapping[str, Plan]) -> Plan:
    """IT7: each check's passes and runs, weighed."""
    lead, history = tables["lead"], tables["lead_stage_history"]
    known = history.join(lead.select("lead_id", lit(value=True).alias("known")), on="lead_id", how="left").with_columns(
        col("known").fill_null(value=False)
    )
    once = pl.struct("email_sha256", col("created_at").dt.date()).is_first_distinct()
    asked: list[tuple[Plan, str, list[tuple[pl.Expr, int]]]] = [
        (
            tables["ad_performance"],
            "period_end",
            [
                (col("clicks") <= col("impressions"), 2),
                (col("campaign_name").is_not_null(), 2),
                (pl.when(col("spend").is_not_null()).then(col("currency_code").is_not_null()), 3),
            ],
        ),
        (
            lead,
            "created_at",
            [
                (col("utm_campaign").is_not_null() | col("lead_source").is_not_null(), 1),
                (pl.when(col("email_sha256").is_not_null()).then(once), 2),
            ],
        ),
        (known, "date_stage_entered", [(col("date_stage_exited") >= col("date_stage_entered"), 2), (col("known"), 3)]),
        (tables["work_item"], "created_at", [(col("due_date").is_not_null(), 1)]),
        (tables["sli_measurement"], "window_start", [(col("good_count") + col("bad_count") == col("total_count"), 3)]),
    ]
    counted = [
        rows.group_by(_month(day)).agg(
            pl.sum_horizontal(check.sum() * weight for check, weight in checks).cast(pl.Int64).alias("passed"),
            pl.sum_horizontal(check.count() * weight for check, weight in checks).cast(pl.Int64).alias("run"),
        )
        for rows, day, checks in asked
    ]
    return pl.concat(counted).group_by("month").agg(col("passed").sum() / col("run").sum())


# The funnel and money


def _funnel(leads: Plan) -> dict[str, Plan]:
    """IT4, M2, M3, M4, M7."""
    left = pl.min_horizontal("sal", "sql", "won", "lost").fill_null(END)
    as_mql = leads.drop_nulls("mql").group_by(_month("mql"))

    def share(reached: str, days: int) -> Plan:
        age = timedelta(days=days)
        old = leads.filter(col("mql") + age <= END).group_by(_month("mql"))
        return old.agg((col(reached) - col("mql") <= age).fill_null(value=False).mean())

    stayed = _hours(left, "mql")
    won = leads.drop_nulls("won").group_by(_month("won")).agg(
        pl.len().alias("n"), col("amount").mean().alias("amount"),
        (_hours(col("won"), "sql") / 24).filter(col("sql") < col("won")).mean().alias("days"),
    )  # fmt: skip
    lost = leads.drop_nulls(["lost", "sql"]).group_by(_month("lost")).agg(pl.len().alias("lost"))
    deals = won.join(lost, on="month", how="left").join(_open(leads, "sql", []), on="month", how="left")
    rate = col("n") / (col("n") + col("lost").fill_null(0))
    return {
        "IT4": as_mql.agg(stayed.median(), stayed.quantile(0.85).alias("late")),
        "M2": share("sal", 14),
        "M3": share("sql", 60),
        "M4": deals.select("month", rate),
        "M7": deals.select("month", col("open") * rate * col("amount") / col("days")),
    }


def _open(leads: Plan, entered: str, by: Sequence[str]) -> Plan:
    """By month (and group): leads that had reached a stage by its end and were neither won nor lost then."""
    reached = leads.drop_nulls(entered)
    left = reached.with_columns(pl.min_horizontal("won", "lost").alias("left")).drop_nulls("left")
    came, went = (
        rows.group_by(_month(at), *by).agg(pl.len().cast(pl.Int64).alias(at)) for rows, at in ((reached, entered), (left, "left"))
    )
    both = _grid(leads, by).join(came, on=["month", *by], how="left", nulls_equal=True)
    both = both.join(went, on=["month", *by], how="left", nulls_equal=True)
    more = (col(entered).fill_null(0) - col("left").fill_null(0)).cum_sum()
    return both.sort("month").with_columns((more.over(by) if by else more).alias("open"))


def _grid(leads: Plan, by: Sequence[str]) -> Plan:
    months = pl.LazyFrame({"month": [month.start for month in SPAN.months()]})
    return months.join(leads.select(by).unique(), how="cross") if by else months


def _money(tables: Mapping[str, Plan], ads: Plan, leads: Plan) -> dict[str, Plan]:
    """J6, M8, M9, M10, M11."""
    paid = leads.filter(col("channel").is_not_null())
    spent = ads.group_by("month", "channel").agg(col("spend", "conversions").sum())
    returned = paid.drop_nulls("won").group_by(_month("won"), "channel").agg(col("amount").sum())
    by_channel = spent.join(returned, on=["month", "channel"], how="left").with_columns(col("amount").fill_null(0.0))
    sums = by_channel.group_by("month").agg(
        col("spend", "conversions", "amount").sum(), (col("amount") / col("spend")).max().alias("best"),
        (col("amount") / col("spend")).min().alias("worst"),
    )  # fmt: skip
    accepted = paid.drop_nulls("sal").group_by(_month("sal")).agg(pl.len().alias("accepted"))
    brought = paid.group_by(_month("created_at")).agg(pl.len().alias("brought"))
    euro = tables["cost"].with_columns(col("sales_marketing_cost").cast(pl.Float64).alias("cost"))
    cost = _in_euro(euro, "period_end", "cost", tables["fx_rate"]).group_by(_month("period_end")).agg(col("cost").sum())
    won = leads.drop_nulls("won").group_by(_month("won")).agg(
        pl.len().alias("won"), _hours(col("won"), "created_at").median().alias("took")
    )  # fmt: skip
    return {
        "J6": sums.join(brought, on="month").select("month", (col("conversions") - col("brought")).abs() / col("brought")),
        "M8": sums.join(accepted, on="month").select("month", col("spend") / col("accepted")),
        "M9": won.join(cost, on="month").select("month", col("cost") / col("won"), "took"),
        "M10": sums.select("month", MARGIN * col("amount") / col("spend") - 1, "best", "worst"),
        "M11": _hopeless(ads),
    }


def _hopeless(ads: Plan) -> Plan:
    """M11 without what was spent while something was broken."""
    campaigns = ads.group_by("month", "channel", "campaign_name").agg(col("clicks", "conversions", "spend").sum())
    rate = (col("conversions").sum() / col("clicks").sum()).over("month", "channel")
    hopeless = (col("conversions") == 0) & (col("clicks") * rate >= 3)
    return campaigns.with_columns(hopeless.alias("hopeless")).group_by("month").agg(
        col("spend").filter("hopeless").sum() / col("spend").sum()
    )  # fmt: skip


# Outages and chances


def _lost(leads: Plan, down: Plan) -> Plan:
    """J1: leads of the same hours of eight weeks before (clean or not) less those that came, in the outage and six hours after."""
    hourly = leads.group_by(col("created_at").dt.truncate("1h").alias("hour")).agg(pl.len().alias("leads"))
    until = col("end") + _REBOUND
    hours = down.with_columns(pl.datetime_ranges("start", until, "1h", closed="left").alias("hour"))
    hours = hours.explode("hour").with_columns((col("hour") >= col("end")).alias("after"))
    shifted = hours.join(pl.LazyFrame({"week": range(9)}), how="cross").with_columns(
        col("hour") - pl.duration(weeks="week")
    )  # fmt: skip
    counted = (
        shifted.join(hourly, on="hour", how="left")
        .group_by("month", "number", "after", "week")
        .agg(col("leads").fill_null(0).sum().cast(pl.Int64))
        .group_by("month", "number", "after")
        .agg(
            (col("leads").filter(col("week") > 0).mean() - col("leads").filter(col("week") == 0).sum()).alias("net"),
            col("leads").filter(col("week") > 0).var().alias("variance"),
        )
    )
    return counted.group_by("month").agg(col("net", "variance").sum())


def _burned(ads: Plan, leads: Plan, down: Plan) -> Plan:
    """J2: daily spend times the share of a weekday's paid leads that comes in the hours of outages."""
    at = col("created_at")
    profile = (
        leads.filter(col("channel").is_not_null())
        .group_by(at.dt.weekday().alias("weekday"), at.dt.hour().alias("of_day"))
        .agg(pl.len().alias("leads"))
        .with_columns(col("leads") / col("leads").sum().over("weekday"))
    )
    hours = down.with_columns(pl.datetime_ranges("start", "end", "1h", closed="left").alias("hour")).explode("hour")
    hours = hours.with_columns(
        col("hour").dt.weekday().alias("weekday"), col("hour").dt.hour().alias("of_day"), col("hour").dt.date().alias("period_end")
    )
    spent = ads.group_by("period_end").agg(col("spend").sum())
    return (
        hours.join(profile, on=["weekday", "of_day"])
        .join(spent, on="period_end")
        .group_by("month")
        .agg((col("spend") * col("leads")).sum())
    )


def _learned(leads: Plan, lost: Plan) -> dict[str, Plan]:
    """J3, M5, M6."""
    on = ["month", *_GROUP]
    fresh = _chances(leads, "created_at")
    new = leads.group_by(_month("created_at"), *_GROUP).agg(pl.len().alias("new"), col("won").is_not_null().sum().alias("won"))
    told = new.join(fresh, on=on, nulls_equal=True).with_columns(
        (col("won") * (1 - col("chance")) ** 2 + (col("new") - col("won")) * col("chance") ** 2).alias("missed")
    )
    quality = told.drop_nulls("chance").group_by("month").agg(
        (col("chance") * col("new")).sum() / col("new").sum(), (col("missed").sum() / col("new").sum()).alias("brier")
    )  # fmt: skip
    worth = _worth(leads)
    took = (col("won") - col("sal")).quantile(0.95)  # older ones are not won any more
    given_up = leads.with_columns(pl.min_horizontal("lost", col("sal") + took).alias("lost"))
    accepted = _open(given_up, "sal", _GROUP).join(_chances(leads, "sal"), on=on, nulls_equal=True)
    priced = accepted.join(worth, on=["month", "unit"], nulls_equal=True)
    alike = worth.group_by("month").agg(col("worth").mean())
    at_risk = lost.join(quality.select("month", pl.nth(1).alias("chance")), on="month").join(alike, on="month")
    return {
        "M5": quality,
        "M6": priced.group_by("month").agg((col("open") * col("chance") * col("worth")).sum()),
        "J3": at_risk.select("month", col("net") * col("chance") * col("worth"), "variance"),
    }


def _chances(leads: Plan, entered: str) -> Plan:
    """By month, unit and channel: the share won of the leads that are old enough by its first day to have been won."""
    took = (col("won") - col(entered)).quantile(0.95)
    old = leads.drop_nulls(entered).with_columns((col(entered) + took).alias("old"))
    both = old.with_columns(pl.max_horizontal("old", "won").alias("both")).filter(col("won").is_not_null())
    following = col("month").dt.offset_by("1mo")
    n, won = (
        rows.group_by(_month(at), *_GROUP).agg(pl.len().cast(pl.Int64).alias(name)).with_columns(following)
        for rows, at, name in ((old, "old", "n"), (both, "both", "wins"))
    )
    on = ["month", *_GROUP]
    grid = _grid(leads, _GROUP).join(n, on=on, how="left", nulls_equal=True).join(won, on=on, how="left", nulls_equal=True)
    summed = grid.sort("month").with_columns(col("n", "wins").fill_null(0).cum_sum().over(_GROUP))
    return summed.select(*on, pl.when(col("n") > 0).then(col("wins") / col("n")).alias("chance"), "n")


def _worth(leads: Plan) -> Plan:
    """By month and unit: the mean amount of deals won by its end."""
    sums = leads.drop_nulls(["won", "amount"]).group_by(_month("won"), "unit").agg(
        col("amount").sum(), pl.len().cast(pl.Int64).alias("n")
    )  # fmt: skip
    grid = _grid(leads, ["unit"]).join(sums, on=["month", "unit"], how="left", nulls_equal=True).sort("month")
    filled = grid.with_columns(col("amount", "n").fill_null(0).cum_sum().over("unit"))
    return filled.select("month", "unit", pl.when(col("n") > 0).then(col("amount") / col("n")).alias("worth"))


# Held against the scorecard


def differences(ours: Mapping[str, Mapping[str, float]], floor: Mapping[str, Mapping[str, float]]) -> list[str]:
    """What of the floor's values is not what the scorecard has, so that neither can come to compute less than the other."""
    said = [f"{kpi}: nobody says how near it must be" for kpi in floor.keys() - {*EXACT, *NEAR}]
    for kpi in EXACT:
        if ours[kpi].keys() != floor[kpi].keys():
            said.append(f"{kpi}: months {sorted(ours[kpi].keys() ^ floor[kpi].keys())} are only in one of them")
        said += [
            f"{kpi} in {month}: {value} is not {floor[kpi][month]}"
            for month, value in ours[kpi].items()
            if month in floor[kpi] and not math.isclose(value, floor[kpi][month], rel_tol=1e-9, abs_tol=1e-12)
        ]
    for kpi, apart in NEAR.items():
        both = ours[kpi].keys() & floor[kpi].keys()
        mine, theirs = (sum(values[kpi][month] for month in both) for values in (ours, floor))
        if not both or not math.isclose(mine, theirs, rel_tol=apart):
            said.append(f"{kpi}: {theirs} in {len(both)} months is not near {mine}")
    return said
