"""Writes the sample company as the files people really download, one writer a tool.

The shapes are the tools' own: Google Ads' preamble and totals in Portuguese, LinkedIn's UTF-16 with tabs, Jira's
repeated columns, Qualtrics' three header rows, an ECB rates table. They enter marops through the same import as any
upload. Writing is deterministic to the byte.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
import xlsxwriter

from marops.maturity.instrument import ITEMS
from marops.sample import company as sample
from marops.sample import survey, systems
from marops.sample.company import Campaign, Company

Rows = Iterable[Sequence[Any]]
_EPOCH = datetime.combine(sample.FIRST_DAY, datetime.min.time(), UTC)
_MADE = datetime(2026, 11, 1, 6, 0)  # noqa: DTZ001  (a spreadsheet's creation date has no zone)
_MONTHS_PT = (
    "janeiro",
    "fevereiro",
    "março",
    "abril",
    "maio",
    "junho",
    "julho",
    "agosto",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
)
_TYPES_PT = {"Search": "Pesquisa", "Display": "Display", "Video": "Vídeo", "Performance Max": "Performance Max"}


def write(company: Company, folder: Path, seed: int = 7) -> list[Path]:
    """Write every file of the company into a folder. Returns their paths in the order in which they are imported."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed + 1)
    writers: tuple[tuple[str, Callable[[Path], None]], ...] = (
        ("reference-rates-ecb.csv", lambda path: _fx(path, company)),
        ("google-ads-brasil.csv", lambda path: _google_pt(path, company)),
        ("google-ads-europe.csv", lambda path: _google_en(path, company)),
        ("meta-ads-brasil.csv", lambda path: _meta(path, company, "BRL")),
        ("meta-ads-europe.csv", lambda path: _meta(path, company, "EUR")),
        ("linkedin-brasil.csv", lambda path: _linkedin(path, company, "BRL")),
        ("linkedin-europe.csv", lambda path: _linkedin(path, company, "EUR")),
        ("microsoft-ads.xlsx", lambda path: _microsoft(path, company)),
        ("tiktok-ads.xlsx", lambda path: _tiktok(path, company)),
        ("ga4-traffic.csv", lambda path: _ga4(path, company, rng)),
        ("crm-leads.xlsx", lambda path: _leads(path, company)),
        ("crm-lead-history.parquet", lambda path: _lead_history(path, company, rng)),
        ("crm-lead-touches.parquet", lambda path: _parquet(path, systems.touches(company))),
        ("change-log.csv", lambda path: _csv(path, systems.changes())),
        ("privacy-requests.csv", lambda path: _csv(path, systems.privacy_requests())),
        ("sales-marketing-cost.csv", lambda path: _csv(path, systems.costs(company))),
        ("jira-campaigns.csv", lambda path: _jira(path, company)),
        ("jira-history.csv", lambda path: _jira_history(path, company, rng)),
        ("uptime-log.csv", _uptime),
        ("survey-qualtrics.csv", lambda path: _qualtrics(path, rng)),
        ("maturity-assessments.xlsx", lambda path: _assessments(path, rng)),
        ("kpi-targets.csv", _targets),
        ("budget-plan.xlsx", _plan),
    )
    paths: list[Path] = []
    for name, writer in writers:
        writer(folder / name)
        paths.append(folder / name)
    (folder / "truth.json").write_text(json.dumps(company.truth, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return paths


# Ad platforms


def _performance(company: Company, platform: str, currency: str | None = None) -> pl.DataFrame:
    """The company's ad rows of one platform (and account currency), by campaign and day."""
    names = pl.DataFrame(
        {
            "campaign": np.arange(len(company.campaigns)),
            "id": [c.id for c in company.campaigns],
            "name": [c.name for c in company.campaigns],
            "type": [c.channel.campaign_type for c in company.campaigns],
            "channel": [c.channel.name for c in company.campaigns],
            "platform": [c.channel.platform for c in company.campaigns],
            "currency": [c.unit.currency for c in company.campaigns],
        }
    )
    frame = pl.DataFrame(company.performance).join(names, on="campaign").filter(pl.col("platform") == platform)
    if currency:
        frame = frame.filter(pl.col("currency") == currency)
    day = pl.lit(sample.FIRST_DAY) + pl.duration(days=pl.col("day"))
    return frame.with_columns(day.cast(pl.Date).alias("date")).sort("day", "name", "group")


def _parquet(path: Path, frame: pl.DataFrame) -> None:
    frame.write_parquet(path, compression="zstd", compression_level=9, statistics=False)


def _pt(value: float, places: int = 2) -> str:
    return f"{value:,.{places}f}".replace(",", " ").replace(".", ",").replace(" ", ".")


def _google_pt(path: Path, company: Company) -> None:
    frame = _performance(company, "google_ads", "BRL")
    start, end = sample.FIRST_DAY, sample.LAST_DAY
    head = [
        ["Relatório de campanha"],
        [f"{start.day} de {_MONTHS_PT[start.month - 1]} de {start.year} - {end.day} de {_MONTHS_PT[end.month - 1]} de {end.year}"],
        ["Dia", "Status da campanha", "Campanha", "ID da campanha", "Grupo de anúncios", "Tipo de campanha", "Código da moeda", "Impr.", "Cliques", "CTR", "CPC méd.", "Custo", "Conversões", "Valor conv."],
    ]  # fmt: skip

    def row(r: dict[str, Any]) -> list[Any]:
        ctr, cpc = r["clicks"] / max(r["impressions"], 1), r["spend"] / max(r["clicks"], 1)
        return [
            r["date"].isoformat(), "Ativada", r["name"], r["id"], f"Grupo {r['group'] + 1}", _TYPES_PT[r["type"]], "BRL",
            _pt(r["impressions"], 0), _pt(r["clicks"], 0), _pt(ctr * 100) + "%", _pt(cpc), _pt(r["spend"]), _pt(r["conversions"]), _pt(r["value"]),
        ]  # fmt: skip

    sums = frame.select(pl.col("impressions", "clicks", "spend", "conversions", "value").sum()).row(0)
    totals = [
        [label, *[" --"] * 5, "BRL", _pt(sums[0], 0), _pt(sums[1], 0), " --", " --", _pt(sums[2]), _pt(sums[3]), _pt(sums[4])]
        for label in ("Total: Campanhas", "Total: Conta")
    ]
    _csv(path, [*head, *map(row, frame.iter_rows(named=True)), *totals])


def _google_en(path: Path, company: Company) -> None:
    frame = _performance(company, "google_ads", "EUR")
    start, end = sample.FIRST_DAY, sample.LAST_DAY
    head = [
        ["Campaign report"],
        [f"{start.day} {start:%B %Y} - {end.day} {end:%B %Y}"],
        ["Day", "Campaign status", "Campaign", "Campaign ID", "Ad group", "Campaign type", "Currency code", "Impr.", "Clicks", "CTR", "Avg. CPC", "Cost", "Conversions", "Conv. value"],
    ]  # fmt: skip
    rows = (
        [
            r["date"].isoformat(), "Enabled", r["name"], r["id"], f"Group {r['group'] + 1}", r["type"], "EUR",
            f"{r['impressions']:,}", f"{r['clicks']:,}", f"{r['clicks'] / max(r['impressions'], 1):.2%}",
            f"{r['spend'] / max(r['clicks'], 1):.2f}", f"{r['spend']:.2f}", f"{r['conversions']:.2f}", f"{r['value']:,.2f}",
        ]
        for r in frame.iter_rows(named=True)
    )  # fmt: skip
    sums = frame.select(pl.col("impressions", "clicks", "spend", "conversions", "value").sum()).row(0)
    totals = [
        [
            label,
            *[" --"] * 5,
            "EUR",
            f"{sums[0]:,}",
            f"{sums[1]:,}",
            " --",
            " --",
            f"{sums[2]:.2f}",
            f"{sums[3]:,.2f}",
            f"{sums[4]:,.2f}",
        ]
        for label in ("Total: Campaigns", "Total: Account")
    ]
    _csv(path, [*head, *rows, *totals])


def _meta(path: Path, company: Company, currency: str) -> None:
    frame = _performance(company, "facebook_ads", currency)
    portuguese = currency == "BRL"
    head = (
        ["Nome da conta", "Nome da campanha", "Identificação da campanha", "Nome do conjunto de anúncios", "Plataforma", "Dia", "Alcance", "Impressões", "Cliques no link", "Moeda", f"Valor usado ({currency})", "Configuração de atribuição", "Leads", "Valor de conversão", "Início dos relatórios", "Término dos relatórios"]
        if portuguese
        else ["Account name", "Campaign name", "Campaign ID", "Ad set name", "Platform", "Day", "Reach", "Impressions", "Link clicks", "Currency", f"Amount spent ({currency})", "Attribution setting", "Leads", "Conversion value", "Reporting starts", "Reporting ends"]
    )  # fmt: skip
    account = "Conta Brasil" if portuguese else "Account Europe"
    window = "Clique de 7 dias ou visualização de 1 dia" if portuguese else "7-day click or 1-day view"
    first, last = sample.FIRST_DAY.isoformat(), sample.LAST_DAY.isoformat()

    def row(r: dict[str, Any]) -> list[Any]:
        day = r["date"].isoformat()
        return [
            account, r["name"], r["id"], f"Set {r['group'] + 1}", r["channel"].lower(), day, round(r["impressions"] * 0.7), r["impressions"],
            r["clicks"], currency, f"{r['spend']:.2f}", window, f"{r['conversions']:g}" if r["conversions"] else "", f"{r['value']:.2f}", day, day,
        ]  # fmt: skip

    sums = frame.select(pl.col("impressions", "clicks", "spend", "conversions", "value").sum()).row(0)
    total = [
        "",
        "",
        "",
        "",
        "",
        "",
        round(sums[0] * 0.3),
        sums[0],
        sums[1],
        currency,
        f"{sums[2]:.2f}",
        "",
        f"{sums[3]:g}",
        f"{sums[4]:.2f}",
        first,
        last,
    ]
    rows = [total, *(row(r) for r in frame.iter_rows(named=True))]
    _csv(path, [head, *rows], encoding="utf-8-sig", quoting=csv.QUOTE_NONNUMERIC)


def _linkedin(path: Path, company: Company, currency: str) -> None:
    frame = _performance(company, "linkedin_ads", currency)
    head: list[list[Any]] = [
        ["Campaign Performance Report (in UTC)"],
        [f"Report Start: {sample.FIRST_DAY:%B %-d, %Y}, 12:00 AM"],
        [f"Report End: {sample.LAST_DAY:%B %-d, %Y}, 11:59 PM"],
        ["Date Generated: November 1, 2026, 6:00 AM"],
        [],
        ["Start Date (in UTC)", "Account Name", "Currency", "Campaign Group Name", "Campaign Group ID", "Campaign Name", "Campaign ID", "Campaign Type", "Total Spent", "Impressions", "Clicks", "Conversions", "Total Conversion Value"],
    ]  # fmt: skip
    account = "Conta Brasil" if currency == "BRL" else "Account Europe"
    rows = (
        [
            f"{r['date'].month}/{r['date'].day}/{r['date'].year}", account, currency, r["name"], r["id"], f"Audience {r['group'] + 1}",
            f"{r['id']}{r['group']}", r["type"], f"{r['spend']:.2f}", r["impressions"], r["clicks"], f"{r['conversions']:g}", f"{r['value']:.2f}",
        ]
        for r in frame.iter_rows(named=True)
    )  # fmt: skip
    _csv(path, [*head, *rows], encoding="utf-16", delimiter="\t")


def _microsoft(path: Path, company: Company) -> None:
    frame = _performance(company, "microsoft_ads")
    head: list[list[Any]] = [
        ["Report Name: Campaign performance"],
        [f"Report Time: {sample.FIRST_DAY:%-m/%-d/%Y},{sample.LAST_DAY:%-m/%-d/%Y}"],
        ["Time Zone: (UTC) Coordinated Universal Time"],
        ["Report Aggregation: Daily"],
        [f"Rows: {frame.height}"],
        [],
        ["Gregorian date", "Account name", "Account number", "Campaign name", "Campaign ID", "Ad group", "Campaign type", "Currency code", "Impressions", "Clicks", "Spend", "Conversions", "Revenue"],
    ]  # fmt: skip
    rows = [
        [
            f"{r['date'].month}/{r['date'].day}/{r['date'].year}", "Brasil" if r["currency"] == "BRL" else "Europe",
            "F1190001" if r["currency"] == "BRL" else "F1190002", r["name"], r["id"], f"Group {r['group'] + 1}", r["type"], r["currency"],
            r["impressions"], r["clicks"], r["spend"], r["conversions"], r["value"],
        ]
        for r in frame.iter_rows(named=True)
    ]  # fmt: skip
    foot = [[], ["©2026 Microsoft Corporation. All rights reserved."]]
    _xlsx(path, {"Campaign performance": [*head, *rows, *foot]})


def _tiktok(path: Path, company: Company) -> None:
    frame = _performance(company, "tiktok_ads")
    head = [
        "Campaign name",
        "Campaign ID",
        "Ad group name",
        "By Day",
        "Currency",
        "Cost",
        "Impressions",
        "Clicks (destination)",
        "Conversions",
        "Advertising objective",
    ]
    rows = [
        [r["name"], r["id"], f"Group {r['group'] + 1}", r["date"].isoformat(), "BRL", r["spend"], r["impressions"], r["clicks"], r["conversions"], r["type"]]
        for r in frame.iter_rows(named=True)
    ]  # fmt: skip
    sums = frame.select(pl.col("spend", "impressions", "clicks", "conversions").sum()).row(0)
    total = [f"Total of {frame.height} results", "-", "-", "-", "BRL", round(sums[0], 2), sums[1], sums[2], round(sums[3], 2), "-"]
    _xlsx(path, {"Sheet1": [head, *rows, total]})


# Web, CRM, work, services


def _ga4(path: Path, company: Company, rng: np.random.Generator) -> None:
    groups = {"Organic Search": 160, "Direct": 120, "Paid Search": 0, "Paid Social": 0, "Referral": 35, "Email": 28}
    paid = (
        pl.DataFrame(company.performance)
        .join(
            pl.DataFrame(
                {
                    "campaign": np.arange(len(company.campaigns)),
                    "social": [c.channel.platform in ("facebook_ads", "linkedin_ads", "tiktok_ads") for c in company.campaigns],
                }
            ),
            on="campaign",
        )
        .group_by("day", "social")
        .agg(pl.col("clicks").sum())
    )
    clicks = {(day, social): count for day, social, count in paid.iter_rows()}
    lines = [
        ["# ----------------------------------------"],
        ["# Traffic acquisition: Session default channel group"],
        ["# Account: Sample company"],
        ["# Property: Sample company - GA4"],
        ["# ----------------------------------------"],
        ["#"],
        [f"# {sample.FIRST_DAY:%Y%m%d}-{sample.LAST_DAY:%Y%m%d}"],
        ["# ----------------------------------------"],
        ["Date", "Session default channel group", "Sessions", "Engaged sessions", "Active users", "Key events", "Total revenue"],
    ]
    for index, day in enumerate(sample.days()):
        for group, base in groups.items():
            mean = base * company.scale or 0.8 * clicks.get((index, group == "Paid Social"), 0)
            sessions = int(rng.poisson(mean))
            if not sessions:
                continue
            engaged = int(rng.binomial(sessions, 0.58))
            lines.append(
                [
                    f"{day:%Y%m%d}",
                    group,
                    str(sessions),
                    str(engaged),
                    str(int(sessions * 0.86)),
                    str(int(rng.binomial(sessions, 0.03))),
                    "0",
                ]
            )
    _csv(path, lines)


def _moment(seconds: float) -> datetime:
    return _EPOCH + timedelta(seconds=round(float(seconds)))


_SOURCES = {
    "google_ads": ("google", "cpc"), "facebook_ads": ("facebook", "paid_social"), "linkedin_ads": ("linkedin", "paid_social"),
    "microsoft_ads": ("bing", "cpc"), "tiktok_ads": ("tiktok", "paid_social"),
}  # fmt: skip
_ORGANIC = (("google", "organic"), ("(direct)", "(none)"), ("newsletter", "email"))


def _lead_id(index: int) -> str:
    return f"00Q5e{index + 1:07d}"


def _leads(path: Path, company: Company) -> None:
    head = [
        "Lead ID",
        "Created Date",
        "Lead Source",
        "Lead Status",
        "Business Unit",
        "UTM Source",
        "UTM Medium",
        "UTM Campaign",
        "Converted",
        "Converted Date",
        "Opportunity ID",
        "Opportunity Amount",
        "Opportunity Amount Currency",
        "Opportunity Close Date",
    ]
    leads, moves = company.leads, company.moves
    rows: list[list[Any]] = []
    for index, seconds in enumerate(leads["seconds"]):
        campaign = company.campaigns[leads["campaign"][index]] if leads["campaign"][index] >= 0 else None
        unit = sample.UNITS[leads["unit"][index]]
        source, medium = _utm(campaign, index)
        sql, closed = moves["sql"][index], moves["closed"][index]
        is_deal = bool(np.isfinite(sql))
        rows.append(
            [
                _lead_id(index), _moment(seconds).strftime("%Y-%m-%d %H:%M"), "Paid" if campaign else "Organic", _stages(moves, index)[-1][1],
                unit.name, source, medium, campaign.name if campaign else "", "true" if is_deal else "false",
                _moment(sql).date().isoformat() if is_deal else "", f"0065e{index + 1:07d}" if is_deal else "",
                float(moves["amount"][index]) if is_deal else "", unit.currency if is_deal else "",
                _moment(closed).date().isoformat() if np.isfinite(closed) else "",
            ]
        )  # fmt: skip
    _xlsx(path, {"Leads": [head, *rows]})


def _utm(campaign: Campaign | None, index: int) -> tuple[str, str]:
    if campaign is None:
        return _ORGANIC[index % 3]
    if campaign.channel.code == "IGM":
        return "instagram", "paid_social"
    return _SOURCES[campaign.channel.platform]


def _stages(moves: dict[str, Any], index: int) -> list[tuple[float, str]]:
    """The stages a lead entered after it was created, in order."""
    found = [(-1.0, "Lead")]
    for key, stage in (("mql", "MQL"), ("sal", "SAL"), ("sql", "SQL"), ("closed", "")):
        moment = float(moves[key][index])
        if np.isfinite(moment):
            found.append((moment, stage or ("Won" if moves["won"][index] else "Lost")))
    return found


def _lead_history(path: Path, company: Company, rng: np.random.Generator) -> None:
    reasons = ("Score reached", "Called and qualified", "Requested demo", "Budget confirmed", "No fit", "No answer")
    records: list[tuple[str, str, str, str, datetime, str | None, str]] = []
    for index, created in enumerate(company.leads["seconds"]):
        before = ""
        for moment, stage in _stages(company.moves, index):
            at = _moment(created if moment < 0 else moment)
            reason = str(rng.choice(reasons)) if rng.uniform() < 0.93 and before else None
            records.append(
                (_lead_id(index), "Lead Status", before, stage, at, reason, "system" if stage == "MQL" or not before else "sales")
            )
            before = stage
    frame = pl.DataFrame(
        records,
        schema={"Lead ID": pl.String, "Field / Event": pl.String, "Old Value": pl.String, "New Value": pl.String, "Edit Date": pl.Datetime("ms", "UTC"), "Reason": pl.String, "Edited By": pl.String},
        orient="row",
    )  # fmt: skip
    _parquet(path, frame.sort("Lead ID", "Edit Date"))


def _jira_moment(moment: datetime) -> str:
    return f"{moment.day:02d}/{moment:%b}/{moment:%y} {moment.hour % 12 or 12}:{moment:%M} {moment:%p}"


_ASSIGNEES = {
    "Request": "marketing-ops",
    "Validation": "it-data",
    "Prioritisation": "marketing-ops",
    "Build": "creative",
    "QA": "it-data",
    "Execution": "media",
    "Reporting": "analytics",
    "Done": "analytics",
}


def _jira(path: Path, company: Company) -> None:
    head = [
        "Summary",
        "Issue key",
        "Issue id",
        "Issue Type",
        "Status",
        "Project key",
        "Project name",
        "Assignee",
        "Created",
        "Due date",
        "Resolved",
        "Labels",
        "Labels",
        "Component/s",
        "Custom field (Campaign)",
        "Custom field (Business unit)",
        "Custom field (Value per day)",
        "Custom field (Currency)",
    ]
    rows: list[list[Any]] = []
    for campaign in company.campaigns:
        done = campaign.moves[-1][0] if campaign.stage == "Done" else None
        theme = campaign.name.rsplit("_", 1)[1]
        rows.append(
            [
                f"Campaign {campaign.name}", f"MOP-{campaign.number}", str(10_000 + campaign.number), "Campaign", campaign.stage, "MOP", "Marketing operations",
                _ASSIGNEES[campaign.stage], _jira_moment(campaign.moves[0][0]), _jira_moment(datetime.combine(campaign.due, datetime.min.time(), UTC)),
                _jira_moment(done) if done else "", theme, campaign.channel.code.lower(), campaign.unit.name, campaign.name, campaign.unit.name,
                f"{campaign.value_per_day:.2f}", "BRL",
            ]
        )  # fmt: skip
    _csv(path, [head, *rows])


def _jira_history(path: Path, company: Company, rng: np.random.Generator) -> None:
    head = ["Issue key", "Issue id", "Summary", "Date of change", "Updated by", "Field", "Old value", "New value"]
    rows: list[tuple[datetime, int, list[Any]]] = []
    for campaign in company.campaigns:
        key, issue, summary = f"MOP-{campaign.number}", str(10_000 + campaign.number), f"Campaign {campaign.name}"
        for moment, before, after in campaign.moves:
            line = [key, issue, summary, _jira_moment(moment), _ASSIGNEES[before or after], "Status", before, after]
            rows.append((moment, campaign.number, line))
            if rng.uniform() < 0.2:
                other = [
                    key,
                    issue,
                    summary,
                    _jira_moment(moment),
                    _ASSIGNEES[after],
                    "Assignee",
                    _ASSIGNEES[before or after],
                    _ASSIGNEES[after],
                ]
                rows.append((moment, campaign.number, other))
    rows.sort(key=lambda row: (row[1], row[0]))
    _csv(path, [head, *(line for _, _, line in rows)])


def _uptime(path: Path) -> None:
    rows: list[list[Any]] = [["Event", "Monitor", "Date-Time", "Reason", "Duration", "Duration (in mins.)"]]
    for service in (sample.WEB, sample.CRM):
        since = _EPOCH
        for outage in [*(o for o in sample.OUTAGES if o.service == service), None]:
            until = outage.start if outage else sample.END
            rows.append(_span("Up", service, since, until, "OK"))
            if outage:
                rows.append(_span("Down", service, outage.start, outage.end, outage.reason))
                since = outage.end
    _csv(path, rows)


def _span(event: str, service: str, start: datetime, end: datetime, reason: str) -> list[Any]:
    minutes = int((end - start).total_seconds() // 60)
    return [event, service, start.strftime("%Y-%m-%d %H:%M:%S"), reason, f"{minutes // 60} hrs, {minutes % 60} mins", str(minutes)]


# People, plans, rates


def _qualtrics(path: Path, rng: np.random.Generator) -> None:
    names = [
        "StartDate",
        "EndDate",
        "Status",
        "Progress",
        "Duration (in seconds)",
        "Finished",
        "RecordedDate",
        "ResponseId",
        "DistributionChannel",
        "UserLanguage",
        "Side",
        *survey.QUESTIONS,
    ]
    labels = [
        "Start Date",
        "End Date",
        "Response Type",
        "Progress",
        "Duration (in seconds)",
        "Finished",
        "Recorded Date",
        "Response ID",
        "Distribution Channel",
        "User Language",
        "Which side do you work on?",
        *survey.QUESTIONS.values(),
    ]
    ids = [json.dumps({"ImportId": name}) for name in names]
    rows: list[list[Any]] = []
    for response in survey.responses(rng):
        start = response.at
        end = start + timedelta(seconds=response.seconds)
        form = "%Y-%m-%d %H:%M:%S"
        rows.append(
            [
                start.strftime(form), end.strftime(form), "IP Address", "100", str(response.seconds), "True", end.strftime(form), f"R_{response.number:015d}",
                "anonymous", "EN", response.side, *(str(response.agreement[q]) for q in survey.QUESTIONS),
            ]
        )  # fmt: skip
    _csv(path, [names, labels, ids, *rows])


def _assessments(path: Path, rng: np.random.Generator) -> None:
    items = [(item.code, f"{item.code}. {item.question}") for item in ITEMS]
    head = ["ID", "Start time", "Completion time", "Assessment", "Side"]
    for code, question in items:
        head += [question, f"{code} evidence"]
    rows: list[list[Any]] = []
    for answer in survey.answers(rng):
        line: list[Any] = [
            f"r{answer.number:03d}",
            answer.at.strftime("%Y-%m-%d %H:%M:%S"),
            (answer.at + timedelta(minutes=19)).strftime("%Y-%m-%d %H:%M:%S"),
            answer.assessment,
            answer.side,
        ]
        for code, _ in items:
            level = answer.levels[code]
            line += [str(level) if level else "don't know", answer.evidence.get(code, "")]
        rows.append(line)
    facts: list[list[Any]] = [["Assessment", "Fact", "Value", "Stated on"]]
    for assessment, values in survey.FACTS.items():
        facts += [[assessment, code, value, f"{assessment}-15"] for code, value in values]
    _xlsx(path, {"Answers": [head, *rows], "Facts": facts})


def _targets(path: Path) -> None:
    reason = "Agreed by IT and marketing for the year"
    rows = [["KPI", "Valid from", "Valid to", "Type", "Value", "Upper", "Set by", "Reason"]]
    for year in (2025, 2026):
        start, end = f"{year}-01-01", f"{year}-12-31"
        tighter = year == 2026
        for kpi, kind, value in (
            ("IT1", ">=", "0.999"), ("IT2", ">=", "0"), ("IT4", "<=", "60" if tighter else "72"), ("IT6", "<=", "24"), ("IT8", "<=", "4"),
            ("M2", ">=", "0.60"), ("M3", ">=", "0.28"), ("M4", ">=", "0.30"), ("M8", "<=", "1500" if tighter else "1600"),
            ("J1", "<=", "0"), ("J6", "<=", "0.20"), ("J7", "<=", "40"), ("J9", "<=", "0.10"),
            ("IT5", ">=", "0.97"), ("IT7", ">=", "0.98"), ("IT9", "<=", "0.15"), ("J2", "<=", "0"), ("J4", "<=", "60"),
            ("J5", ">=", "0.95"), ("J8", ">=", "1"), ("J10", ">=", "0.80"), ("M1", ">=", "0.95"), ("M11", "<=", "0.05"),
        ):  # fmt: skip
            rows.append([kpi, start, end, kind, value, "", "Sample leadership team", reason])
    _csv(path, rows)


def _plan(path: Path) -> None:
    """Planned spend: each channel's usual level by month, rounded as planners do."""
    rows: list[list[Any]] = [["Plan version", "Channel", "Business unit", "Month", "Planned spend", "Currency"]]
    month = date(2025, 1, 1)
    while month <= date(2026, 12, 1):
        for channel in sample.CHANNELS:
            for unit in sample.UNITS:
                if unit.prefix in channel.units:
                    monthly = channel.weekly_spend * 52 / 12 / len(channel.units)
                    planned = monthly if unit.currency == "BRL" else monthly / sample.BRL_PER_EUR
                    rows.append([f"{month.year} v1", channel.name, unit.name, month.isoformat(), round(planned, -2), unit.currency])
        month = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
    _xlsx(path, {"Plan": rows})


def _fx(path: Path, company: Company) -> None:
    """Reference rates in the ECB's layout (newest first, working days only). Sample values, not the ECB's."""
    fixed = {"USD": 1.08, "GBP": 0.85, "MXN": 19.6}
    rows: list[list[Any]] = [["Date", "USD", "GBP", "BRL", "MXN", ""]]
    for index, day in reversed(list(enumerate(sample.days()))):
        if day.weekday() < 5:
            rows.append([day.isoformat(), fixed["USD"], fixed["GBP"], f"{company.brl_per_eur[index]:.4f}", fixed["MXN"], ""])
    _csv(path, rows)


# Writing


def _csv(
    path: Path, rows: Rows, *, encoding: str = "utf-8", delimiter: str = ",", quoting: Literal[0, 1, 2] = csv.QUOTE_MINIMAL
) -> None:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter, quoting=quoting, lineterminator="\n").writerows(rows)
    data = buffer.getvalue().encode("utf-16-le" if encoding == "utf-16" else encoding)
    # Python would write the machine's byte order; the file must not depend on it.
    path.write_bytes(b"\xff\xfe" + data if encoding == "utf-16" else data)


def _xlsx(path: Path, sheets: dict[str, list[list[Any]]]) -> None:
    with xlsxwriter.Workbook(str(path), {"constant_memory": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": _MADE, "title": "Sample data of an invented company"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for index, row in enumerate(rows):
                sheet.write_row(index, 0, row)
