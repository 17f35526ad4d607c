"""The sample company: two years of one invented firm's marketing, drawn from known truths.

Everything follows from `seed` and `scale`, so that the same call always makes the same company. What generated the data
(response curves, losses in outages, stage times) is kept in `Truth`, and tests compare marops' estimates with it.
No person, customer or real company is described; people appear as roles.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

FIRST_DAY = date(2024, 11, 1)
LAST_DAY = date(2026, 10, 31)
DAYS = (LAST_DAY - FIRST_DAY).days + 1
END = datetime(2026, 11, 1, tzinfo=UTC)
NAME = "Sample company"
REPORTING_CURRENCY = "BRL"
BRL_PER_EUR = 6.0
GROSS_MARGIN = Decimal("0.55")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Unit:
    """A business unit and the start of its campaigns' names."""

    name: str
    prefix: str
    currency: str
    deal: float
    """Median deal in the unit's currency."""


UNITS = (
    Unit("Retail", "RTL_", "BRL", 1_900.0),
    Unit("Business", "B2B_", "BRL", 16_000.0),
    Unit("Europe", "EU_", "EUR", 1_400.0),
)


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel and its true response: weekly leads = ceiling * spend / (half + spend), spend in BRL over all units."""

    code: str
    name: str
    platform: str
    campaign_type: str
    ceiling: float
    half: float
    weekly_spend: float
    cpc: float
    ctr: float
    reporting: float
    """Conversions the platform reports for each lead it really brought."""
    quality: float
    """Multiplies the chance that a lead becomes marketing-qualified."""
    units: tuple[str, ...]


CHANNELS = (
    Channel(
        "SRC", "Google Search", "google_ads", "Search", 105.0, 26_000.0, 16_000.0, 4.2, 0.055, 1.04, 1.15, ("RTL_", "B2B_", "EU_")
    ),
    Channel(
        "PMX",
        "Google Performance Max",
        "google_ads",
        "Performance Max",
        40.0,
        11_000.0,
        9_000.0,
        2.6,
        0.021,
        1.18,
        0.95,
        ("RTL_", "EU_"),
    ),
    Channel("DSP", "Google Display", "google_ads", "Display", 12.0, 4_000.0, 7_500.0, 1.1, 0.006, 1.35, 0.70, ("RTL_", "B2B_")),
    Channel("YTB", "YouTube", "google_ads", "Video", 18.0, 9_000.0, 6_000.0, 1.9, 0.009, 1.22, 0.85, ("RTL_", "EU_")),
    Channel("FBK", "Facebook", "facebook_ads", "", 38.0, 7_000.0, 11_000.0, 2.1, 0.013, 1.25, 0.90, ("RTL_", "B2B_", "EU_")),
    Channel("IGM", "Instagram", "facebook_ads", "", 30.0, 9_000.0, 8_000.0, 2.4, 0.011, 1.28, 0.90, ("RTL_", "EU_")),
    Channel(
        "LKD", "LinkedIn", "linkedin_ads", "Sponsored Updates", 34.0, 17_000.0, 9_500.0, 11.0, 0.006, 0.92, 1.35, ("B2B_", "EU_")
    ),
    Channel(
        "MSS",
        "Microsoft Search",
        "microsoft_ads",
        "Search & content",
        23.0,
        5_500.0,
        2_600.0,
        3.1,
        0.034,
        1.00,
        1.10,
        ("B2B_", "EU_"),
    ),
    Channel("TTK", "TikTok", "tiktok_ads", "LEAD_GENERATION", 12.0, 5_000.0, 4_500.0, 1.3, 0.010, 1.40, 0.60, ("RTL_",)),
)

STAGES = ("Request", "Validation", "Prioritisation", "Build", "QA", "Execution", "Reporting")
WORK_DAYS = {"Request": 3.0, "Validation": 4.0, "Prioritisation": 6.0, "Build": 12.0, "QA": 4.0, "Reporting": 5.0}
"""Median days a campaign spends in each stage (Execution lasts as long as the campaign)."""
SLOW_QA_FROM = date(2026, 8, 1)
SLOW_QA = 2.4

LEAD_HOURS = {"MQL": 20.0, "SAL": 30.0, "SQL": 140.0, "Closed": 600.0}
"""Median hours between entering a stage and the next: Lead to MQL, MQL to SAL, SAL to SQL, SQL to won or lost."""
SLOW_SAL_FROM = date(2026, 7, 1)
SLOW_SAL = 1.8
ACCEPTANCE = 0.66
LOW_ACCEPTANCE_FROM = date(2026, 7, 15)
LOW_ACCEPTANCE = {"B2B_": 0.42}


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which a service did not work."""

    service: str
    start: datetime
    minutes: int
    reason: str

    @property
    def end(self) -> datetime:
        """When it worked again."""
        return self.start + timedelta(minutes=self.minutes)


WEB, CRM = "Landing pages", "CRM sync"
OUTAGES = (
    Outage(WEB, datetime(2025, 3, 11, 13, 5, tzinfo=UTC), 185, "Connection timeout"),
    Outage(CRM, datetime(2025, 9, 2, 8, 20, tzinfo=UTC), 540, "Internal server error"),
    Outage(WEB, datetime(2026, 4, 22, 18, 40, tzinfo=UTC), 62, "Certificate expired"),
    Outage(WEB, datetime(2026, 10, 8, 9, 15, tzinfo=UTC), 600, "Internal server error"),
)
LOST_SHARE = 0.92
REBOUND_SHARE = 0.22

_THEMES = (
    "always-on", "autumn-range", "product-demo", "trial-offer", "year-end", "buyers-guide", "renewal", "webinar-series",
    "spring-range", "comparison",
)  # fmt: skip
_HOURS = np.array([3, 2, 2, 2, 2, 3, 5, 9, 14, 19, 22, 22, 20, 20, 22, 22, 20, 18, 16, 15, 13, 10, 7, 5], dtype=np.float64)
_WEEKDAYS = np.array([1.12, 1.18, 1.15, 1.10, 0.98, 0.70, 0.77])
_ORGANIC_A_DAY = 8.0


@dataclass(slots=True)
class Campaign:
    """One campaign: a work item that goes through the stages, and spend while it executes."""

    number: int
    name: str
    unit: Unit
    channel: Channel
    requested: datetime
    due: date
    moves: list[tuple[datetime, str, str]] = field(default_factory=list[tuple[datetime, str, str]])
    """Moment, stage left ("" at first) and stage entered."""
    planned_end: date = LAST_DAY
    value_per_day: float = 0.0

    @property
    def id(self) -> str:
        """The id its platform gives it."""
        return str(20_100_000_000 + self.number * 7_919)

    @property
    def launched(self) -> datetime | None:
        """When it went into execution, if it has."""
        return next((moment for moment, _, stage in self.moves if stage == "Execution"), None)

    @property
    def stage(self) -> str:
        """Where it is now."""
        return self.moves[-1][2]


@dataclass(slots=True)
class Company:
    """Everything that happened, as columns; `truth` is what it was drawn from."""

    scale: int
    campaigns: list[Campaign]
    performance: dict[str, npt.NDArray[Any]]
    leads: dict[str, npt.NDArray[Any]]
    moves: dict[str, npt.NDArray[Any]]
    brl_per_eur: Floats
    truth: dict[str, Any]


def simulate(seed: int = 7, scale: int = 1) -> Company:
    """Draw the company. `scale` multiplies the rows of ad reports (as ad groups) and the leads."""
    rng = np.random.default_rng(seed)
    rate, campaigns, spend, expected = _response(rng)
    performance = _performance(rng, campaigns, spend, expected, rate, scale)
    leads, losses = _leads(rng, campaigns, expected, scale)
    moves = _lead_moves(rng, leads)
    return Company(scale, campaigns, performance, leads, moves, rate, _truth(seed, scale, losses))


def hourly_leads(seed: int = 7) -> Floats:
    """The expected leads of every hour of the two years while everything works, from which those that come are drawn."""
    *_, expected = _response(np.random.default_rng(seed))
    return np.outer(expected.sum(axis=0) + _organic(), _HOURS / _HOURS.sum()).ravel()


def days() -> list[date]:
    """Every day of the two years."""
    return [FIRST_DAY + timedelta(days=index) for index in range(DAYS)]


def _response(rng: np.random.Generator) -> tuple[Floats, list[Campaign], Floats, Floats]:
    """The exchange rate by day, the campaigns, their spend by day and the leads to expect from it."""
    rate = BRL_PER_EUR * np.exp(np.cumsum(rng.normal(0, 0.003, DAYS)))
    campaigns = _campaigns(rng)
    spend = _spend(rng, campaigns)
    return rate, campaigns, spend, _expected(campaigns, spend)


# Campaigns and their work


def _campaigns(rng: np.random.Generator) -> list[Campaign]:
    """A chain of campaigns for every channel of every unit, each planned to follow the one before."""
    planned: list[tuple[date, Unit, Channel, int]] = []
    for channel in CHANNELS:
        for unit in UNITS:
            if unit.prefix not in channel.units:
                continue
            day = FIRST_DAY - timedelta(days=int(rng.integers(0, 60)))
            while day < LAST_DAY + timedelta(days=70):
                length = int(rng.integers(80, 125))
                planned.append((day, unit, channel, length))
                day += timedelta(days=length)
    planned.sort(key=lambda plan: (plan[0], plan[1].prefix, plan[2].code))
    campaigns: list[Campaign] = []
    for number, (due, unit, channel, length) in enumerate(planned, 1):
        theme = _THEMES[int(rng.integers(len(_THEMES)))]
        name = f"{unit.prefix}{channel.code}_{due:%Y-%m}_{theme}"
        asked = datetime.combine(due - timedelta(days=int(rng.integers(28, 56))), datetime.min.time(), UTC)
        campaign = Campaign(number, name, unit, channel, asked + timedelta(hours=float(rng.uniform(8, 18))), due)
        campaign.planned_end = due + timedelta(days=length - 1)
        campaign.value_per_day = round(float(channel.weekly_spend / 7 * rng.uniform(0.8, 1.6)), 2)
        _work(rng, campaign)
        if campaign.moves and campaign.moves[0][0] < END:
            campaigns.append(campaign)
    return campaigns


def _work(rng: np.random.Generator, campaign: Campaign) -> None:
    """Move the campaign through the stages up to the company's last day, with rework and skipped stages."""
    at, stage, came_from = campaign.requested, "Request", ""
    if campaign.due <= FIRST_DAY:  # already running when the records begin
        at, stage = datetime.combine(FIRST_DAY, datetime.min.time(), UTC), "Execution"
        campaign.requested = at
    reworked = 0
    while at < END:
        campaign.moves.append((at, came_from, stage))
        if stage == "Done":
            return
        came_from = stage
        if stage == "Execution":
            over = datetime.combine(campaign.planned_end, datetime.min.time(), UTC) + timedelta(hours=26)
            at = max(over, at + timedelta(days=14))
            stage = "Reporting"
            continue
        slow = SLOW_QA if stage == "QA" and at.date() >= SLOW_QA_FROM else 1.0
        at += timedelta(days=float(WORK_DAYS[stage] * slow * np.exp(rng.normal(0, 0.5))))
        draw = rng.uniform()
        if stage == "QA" and draw < 0.22 and reworked < 2:
            stage, reworked = "Build", reworked + 1
        elif stage == "Validation" and draw < 0.08 and reworked < 2:
            stage, reworked = "Request", reworked + 1
        elif stage == "Validation" and draw > 0.90:
            stage = "Build"
        elif stage == "Build" and draw > 0.95:
            stage = "Execution"
        elif stage == "Reporting":
            stage = "Done"
        else:
            stage = STAGES[STAGES.index(stage) + 1]
        if stage == "Execution":
            # Nothing goes live before its day.
            at = max(at, datetime.combine(campaign.due, datetime.min.time(), UTC) + timedelta(hours=float(rng.uniform(7, 12))))


# Spend and response


def _spend(rng: np.random.Generator, campaigns: list[Campaign]) -> Floats:
    """Daily spend in BRL by campaign. A late launch leaves its days without spend."""
    spend = np.zeros((len(campaigns), DAYS))
    day_number = np.arange(DAYS)
    season = 1 + 0.18 * np.cos(2 * np.pi * (day_number - 20) / 365.25)
    for channel in CHANNELS:
        for unit in UNITS:
            if unit.prefix not in channel.units:
                continue
            weeks = np.arange(DAYS) // 7
            steps = np.repeat(rng.choice([0.35, 0.6, 0.85, 1.0, 1.2, 1.6, 2.1], size=weeks[-1] // 5 + 2), 5)[: weeks[-1] + 1]
            level = steps * np.exp(rng.normal(0, 0.15, weeks[-1] + 1))
            daily = channel.weekly_spend / 7 / len(channel.units) * level[weeks] * season * np.exp(rng.normal(0, 0.08, DAYS))
            for index, campaign in enumerate(campaigns):
                launched = campaign.launched
                if campaign.channel is not channel or campaign.unit is not unit or launched is None:
                    continue
                first = max(0, (launched.date() - FIRST_DAY).days)
                last = min(DAYS, (campaign.planned_end - FIRST_DAY).days + 1)
                spend[index, first:last] += daily[first:last]
    return np.round(spend, 2)


def _expected(campaigns: list[Campaign], spend: Floats) -> Floats:
    """Expected leads by campaign and day: the channel's weekly response, shared by each campaign's part of the spend and
    by the weekdays' usual shares.
    """
    expected = np.zeros_like(spend)
    for channel in CHANNELS:
        rows = [index for index, campaign in enumerate(campaigns) if campaign.channel is channel]
        total = spend[rows].sum(axis=0)
        for week in range(0, DAYS, 7):
            part = slice(week, min(week + 7, DAYS))
            length = part.stop - part.start
            x = total[part].sum() * 7 / length
            leads = channel.ceiling * x / (channel.half + x) * length / 7
            share = spend[rows, part] / max(total[part].sum(), 1e-9)
            expected[rows, part] = leads * share
    return expected * (_WEEKDAYS / _WEEKDAYS.mean())[_weekday()]


def _organic() -> Floats:
    """Expected leads a day that no campaign brings."""
    return _ORGANIC_A_DAY * (_WEEKDAYS / _WEEKDAYS.mean())[_weekday()]


def _weekday() -> npt.NDArray[np.int64]:
    return np.array([day.weekday() for day in days()])


def _performance(
    rng: np.random.Generator, campaigns: list[Campaign], spend: Floats, expected: Floats, rate: Floats, scale: int
) -> dict[str, npt.NDArray[Any]]:
    """One row a campaign, ad group and day with spend: the platform's side of what happened."""
    campaign, day = np.nonzero(spend)
    campaign, day = np.repeat(campaign, scale), np.repeat(day, scale)
    group = np.tile(np.arange(scale), len(campaign) // scale)
    amount = spend[campaign, day] / scale
    channels = [c.channel for c in campaigns]
    cpc = np.array([c.cpc for c in channels])[campaign] * np.exp(rng.normal(0, 0.12, len(campaign)))
    clicks = np.maximum(rng.poisson(amount / cpc), 0)
    ctr = np.array([c.ctr for c in channels])[campaign] * np.exp(rng.normal(0, 0.10, len(campaign)))
    impressions = np.maximum(clicks, np.round((clicks + 0.5) / ctr).astype(np.int64))
    reported = expected[campaign, day] / scale * np.array([c.reporting for c in channels])[campaign]
    conversions = np.round(
        rng.poisson(reported) * np.where(rng.uniform(size=len(campaign)) < 0.3, rng.uniform(0.5, 1.5, len(campaign)), 1.0), 2
    )
    conversions = np.minimum(conversions, clicks)
    is_euro = np.array([c.unit.currency == "EUR" for c in campaigns])[campaign]
    local = np.where(is_euro, amount / rate[day], amount)
    deal = np.array([c.unit.deal for c in campaigns])[campaign]
    return {
        "campaign": campaign, "day": day, "group": group, "spend": np.round(local, 2), "clicks": clicks,
        "impressions": impressions, "conversions": conversions, "value": np.round(conversions * deal * 0.06, 2),
    }  # fmt: skip


# Leads


def _leads(
    rng: np.random.Generator, campaigns: list[Campaign], expected: Floats, scale: int
) -> tuple[dict[str, npt.NDArray[Any]], list[dict[str, Any]]]:
    """One row a lead that arrived, and what the outages really took."""
    campaign, day = np.nonzero(expected)
    count = rng.poisson(expected[campaign, day] * scale)
    campaign, day = np.repeat(campaign, count), np.repeat(day, count)
    organic = rng.poisson(_organic() * scale)
    campaign = np.concatenate([campaign, np.full(organic.sum(), -1)])
    day = np.concatenate([day, np.repeat(np.arange(DAYS), organic)])
    hour = rng.choice(24, size=len(day), p=_HOURS / _HOURS.sum())
    seconds = day * 86_400 + hour * 3_600 + rng.integers(0, 3_600, len(day))
    losses: list[dict[str, Any]] = []
    for outage in OUTAGES:
        if outage.service != WEB:
            continue
        start = int((outage.start - datetime.combine(FIRST_DAY, datetime.min.time(), UTC)).total_seconds())
        during = (seconds >= start) & (seconds < start + outage.minutes * 60)
        lost = during & (rng.uniform(size=len(seconds)) < LOST_SHARE)
        back = lost & (rng.uniform(size=len(seconds)) < REBOUND_SHARE)
        seconds = np.where(back, start + outage.minutes * 60 + rng.integers(0, 6 * 3_600, len(seconds)), seconds)
        gone = lost & ~back
        losses.append(
            {
                "service": outage.service, "start": outage.start.isoformat(), "minutes": outage.minutes,
                "turned_away": int(lost.sum()), "came_back": int(back.sum()), "lost": int(gone.sum()),
            }
        )  # fmt: skip
        seconds, campaign, day = seconds[~gone], campaign[~gone], day[~gone]
    order = np.argsort(seconds, kind="stable")
    seconds, campaign = seconds[order], campaign[order]
    chosen = rng.choice(3, size=len(seconds), p=[0.55, 0.2, 0.25])
    own_unit = np.array([[u.prefix for u in UNITS].index(c.unit.prefix) for c in campaigns])
    unit = np.where(campaign >= 0, own_unit[np.maximum(campaign, 0)], chosen)
    quality = np.append([c.channel.quality for c in campaigns], 1.0)[campaign]
    return {"campaign": campaign, "seconds": seconds, "unit": unit, "quality": quality}, losses


def _lead_moves(rng: np.random.Generator, leads: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    """The stages each lead entered, and when, up to the company's last day; `amount` for those that became deals."""
    created = leads["seconds"].astype(np.float64)
    count = len(created)
    end = (END - datetime.combine(FIRST_DAY, datetime.min.time(), UTC)).total_seconds()

    def after(moment: Floats, median_hours: float | Floats, spread: float) -> Floats:
        return moment + median_hours * 3_600 * np.exp(rng.normal(0, spread, count))

    def since(day: date) -> float:
        return (day - FIRST_DAY).days * 86_400.0

    mql = np.where(rng.uniform(size=count) < 0.62 * leads["quality"], after(created, LEAD_HOURS["MQL"], 0.8), np.nan)
    slow = np.where(mql >= since(SLOW_SAL_FROM), SLOW_SAL, 1.0)
    accept = np.full(count, ACCEPTANCE)
    for index, unit in enumerate(UNITS):
        if unit.prefix in LOW_ACCEPTANCE:
            accept[(leads["unit"] == index) & (created >= since(LOW_ACCEPTANCE_FROM))] = LOW_ACCEPTANCE[unit.prefix]
    sal = np.where(rng.uniform(size=count) < accept, after(mql, LEAD_HOURS["SAL"] * slow, 0.7), np.nan)
    sql = np.where(rng.uniform(size=count) < 0.52, after(sal, LEAD_HOURS["SQL"], 0.6), np.nan)
    closed = after(sql, LEAD_HOURS["Closed"], 0.5)
    won = rng.uniform(size=count) < 0.30
    for moments in (mql, sal, sql, closed):
        moments[~(moments < end)] = np.nan
    sal[np.isnan(mql)], sql[np.isnan(sal)], closed[np.isnan(sql)] = np.nan, np.nan, np.nan
    deal = np.array([u.deal for u in UNITS])[leads["unit"]]
    amount = np.round(deal * np.exp(rng.normal(0, 0.6, count)), 2)
    return {"mql": mql, "sal": sal, "sql": sql, "closed": closed, "won": won, "amount": amount}


def _truth(seed: int, scale: int, losses: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "about": "What the sample company was drawn from. Tests compare marops' estimates with it; marops never reads it.",
        "seed": seed,
        "scale": scale,
        "first_day": FIRST_DAY.isoformat(),
        "last_day": LAST_DAY.isoformat(),
        "response": {
            channel.name: {
                "formula": "weekly leads = ceiling * spend / (half + spend), spend in BRL a week over all units",
                "ceiling": channel.ceiling * scale, "half": channel.half, "reported_conversions_per_lead": channel.reporting,
                "adstock": 0.0,
            }
            for channel in CHANNELS
        },
        "outage_losses": losses,
        "lead_stage_median_hours": {**LEAD_HOURS, "SAL_from_2026-07-01": LEAD_HOURS["SAL"] * SLOW_SAL},
        "acceptance": {"all": ACCEPTANCE, "Business_from_2026-07-15": LOW_ACCEPTANCE["B2B_"]},
        "work_stage_median_days": {**WORK_DAYS, "QA_from_2026-08-01": WORK_DAYS["QA"] * SLOW_QA},
    }  # fmt: skip
