"""The sample company: the same every time, as large as promised, and what its files say is what happened."""

import hashlib
import json
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from marops.errors import Forbidden
from marops.principal import LOCAL_ADMIN, Principal, Role
from marops.sample import company, files, loader, survey
from marops.sample.loader import SHIPPED
from marops.tables import TABLES
from marops.workspaces import service as workspaces
from marops.workspaces.store import OWN, SAMPLE


@pytest.fixture(scope="module")
def made() -> company.Company:
    return company.simulate(7, 1)


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


# Files


def test_the_shipped_files_come_out_again_to_the_byte(made: company.Company, tmp_path: Path):
    files.write(made, tmp_path)
    assert digests(tmp_path) == digests(SHIPPED)


def test_another_seed_makes_another_company(made: company.Company):
    other = company.simulate(8, 1)
    assert not np.array_equal(other.performance["spend"][:100], made.performance["spend"][:100])


def test_the_shipped_files_are_smaller_than_4_mb():
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 4_000_000


def test_scale_multiplies_the_rows_and_keeps_the_money(made: company.Company):
    large = company.simulate(7, 3)
    assert len(large.performance["spend"]) == 3 * len(made.performance["spend"])
    assert large.performance["spend"].sum() == pytest.approx(made.performance["spend"].sum(), rel=1e-3)
    assert len(large.leads["seconds"]) == pytest.approx(3 * len(made.leads["seconds"]), rel=0.03)


def test_the_truth_is_written_beside_the_files(made: company.Company):
    assert json.loads((SHIPPED / "truth.json").read_text(encoding="utf-8")) == json.loads(json.dumps(made.truth))
    assert (made.truth["seed"], made.truth["scale"]) == (7, 1)


# What is in it


def test_two_years_of_days(made: company.Company):
    assert company.DAYS == 730
    assert company.days()[-1] == company.LAST_DAY
    assert len({(day.year, day.month) for day in company.days()}) == 24
    assert set(made.performance["day"].tolist()) == set(range(730))  # somebody spends every day


def test_nine_channels_on_five_platforms_in_three_units_and_two_currencies(made: company.Company):
    assert len({campaign.channel.name for campaign in made.campaigns}) == 9
    assert len({campaign.channel.platform for campaign in made.campaigns}) == 5
    assert {campaign.unit.name for campaign in made.campaigns} == {"Retail", "Business", "Europe"}
    assert {campaign.unit.currency for campaign in made.campaigns} == {"BRL", "EUR"}


def test_about_150_campaigns_with_names_and_ids_of_their_own(made: company.Company):
    assert 135 <= len(made.campaigns) <= 165
    assert len({campaign.id for campaign in made.campaigns}) == len(made.campaigns)
    assert all(campaign.name.startswith(campaign.unit.prefix) for campaign in made.campaigns)


def test_four_outages_of_two_services(made: company.Company):
    assert [outage.minutes for outage in company.OUTAGES] == [185, 540, 62, 600]
    assert {outage.service for outage in company.OUTAGES} == {"Landing pages", "CRM sync"}
    assert [loss["minutes"] for loss in made.truth["outage_losses"]] == [185, 62, 600]  # the CRM loses none for good


def test_few_arrive_while_the_landing_pages_are_down(made: company.Company):
    epoch = company.END - timedelta(days=company.DAYS)
    arrived = 0
    for outage in company.OUTAGES:
        if outage.service == company.WEB:
            start = (outage.start - epoch).total_seconds()
            arrived += ((made.leads["seconds"] >= start) & (made.leads["seconds"] < start + outage.minutes * 60)).sum()
    losses = made.truth["outage_losses"]
    turned_away = sum(loss["turned_away"] for loss in losses)
    # 92 % are turned away: 2 of 27 would arrive; at most 6 in 99 % of draws
    assert arrived <= 6 < turned_away
    assert all(loss["turned_away"] == loss["came_back"] + loss["lost"] for loss in losses)


def test_work_only_moves_forward_in_time_and_to_known_stages(made: company.Company):
    for campaign in made.campaigns:
        moments = [moment for moment, _, _ in campaign.moves]
        assert moments == sorted(moments)
        assert all(left == before for (_, _, before), (_, left, _) in pairwise(campaign.moves))
        assert {stage for _, _, stage in campaign.moves} <= {*company.STAGES, "Done"}


def test_nothing_launches_before_its_day_nor_spends_before_its_launch(made: company.Company):
    first_spend = pl.DataFrame({k: made.performance[k] for k in ("campaign", "day")}).group_by("campaign").agg(pl.col("day").min())
    for number, day in first_spend.iter_rows():
        campaign = made.campaigns[number]
        assert campaign.launched is not None
        assert campaign.launched.date() <= company.FIRST_DAY + timedelta(days=day)
        assert campaign.launched.date() >= min(campaign.due, company.FIRST_DAY)


def test_the_drawn_leads_follow_the_true_curves(made: company.Company):
    # Leads of a channel over two years against the sum of its weekly curve at the spend in the books: within 4 standard errors.
    frame = pl.DataFrame({k: made.performance[k] for k in ("campaign", "day", "spend")})
    is_euro = pl.Series([c.unit.currency == "EUR" for c in made.campaigns])
    rate = pl.Series(made.brl_per_eur)
    spend = frame.with_columns(
        (pl.col("spend") * pl.when(is_euro.gather(frame["campaign"])).then(rate.gather(frame["day"])).otherwise(1.0)).alias("brl")
    )
    for channel in company.CHANNELS:
        numbers = [n for n, c in enumerate(made.campaigns) if c.channel is channel]
        weekly = (
            spend.filter(pl.col("campaign").is_in(numbers), pl.col("day") < 728)
            .group_by(pl.col("day") // 7)
            .agg(pl.col("brl").sum())
        )
        expected = sum(channel.ceiling * x / (channel.half + x) for x in weekly["brl"])
        leads = np.isin(made.leads["campaign"], numbers).sum()
        assert abs(leads - expected) < 4 * expected**0.5 + 0.01 * expected, channel.name


def test_leads_never_move_backwards_and_stop_where_they_were_refused(made: company.Company):
    moves = [made.leads["seconds"].astype(float), *(made.moves[name] for name in ("mql", "sal", "sql", "closed"))]
    for earlier, later in pairwise(moves):
        reached = np.isfinite(later)
        assert np.isfinite(earlier[reached]).all()
        assert (later[reached] >= earlier[reached]).all()


def test_two_assessments_and_two_survey_waves_with_the_shares_that_were_set():
    rng = np.random.default_rng(1)
    responses = survey.responses(rng)
    for start, counts, shares in survey.WAVES:
        for side, count, share in zip(survey.SIDES, counts, shares, strict=True):
            levels = [r.agreement["PX1"] for r in responses if r.side == side and start <= r.at <= start + timedelta(days=10)]
            assert len(levels) == count
            assert sum(level >= 4 for level in levels) == round(share * count)
    forms = survey.answers(rng)
    assert {name: sum(form.assessment == name for form in forms) for name in survey.RESPONDENTS} == {"2026-03": 20, "2026-09": 24}


# Loaded


def test_the_sample_company_loads_as_it_was_made(sample_home: Path, made: company.Company):
    from marops import lake

    opened = workspaces.open_workspace(LOCAL_ADMIN, SAMPLE)
    manifest = lake.manifest(SAMPLE, opened.workspace.revision)
    assert lake.table(manifest, "lead").collect().height == len(made.leads["seconds"])
    assert lake.table(manifest, "work_item").collect().height == len(made.campaigns)
    assert lake.table(manifest, "work_item_transition").collect().height == sum(len(c.moves) for c in made.campaigns)
    ads = lake.table(manifest, "ad_performance").collect()
    by_currency = dict(ads.group_by("currency_code").agg(pl.col("spend").sum().cast(pl.Float64)).iter_rows())
    euro = np.array([c.unit.currency == "EUR" for c in made.campaigns])[made.performance["campaign"]]
    assert by_currency == pytest.approx(
        {"EUR": made.performance["spend"][euro].sum(), "BRL": made.performance["spend"][~euro].sum()}, abs=0.05
    )
    assert set(TABLES) >= {blob.table_name for blob in manifest.blobs}


def test_its_clock_stands_at_its_last_day(sample_home: Path):
    opened = workspaces.open_workspace(LOCAL_ADMIN, SAMPLE)
    assert (opened.today, opened.last_day, opened.workspace.reporting_currency) == (company.LAST_DAY, company.LAST_DAY, "BRL")
    assert [unit.name for unit in opened.units] == ["Retail", "Business", "Europe"]


def test_it_is_offered_once_and_stays_beside_ones_own(sample_home: Path):
    assert loader.offer(LOCAL_ADMIN) is False
    assert [workspace.id for workspace in workspaces.present(LOCAL_ADMIN)] == [OWN, SAMPLE]
    assert workspaces.open_workspace(LOCAL_ADMIN, OWN).is_empty


def test_only_an_admin_may_load_it(home: Path):
    with pytest.raises(Forbidden, match="needs admin"):
        loader.load(Principal("m", "Manager", Role.MANAGER))
