"""A period delivered again: what takes the place of what, and the way back."""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import polars as pl
import pytest

from marops import lake, store
from marops.errors import Conflict
from marops.lake import Blob
from marops.principal import Principal
from marops.sources import restating, service
from marops.sources.report import Part
from marops.sources.store import ImportRun
from marops.workspaces.store import OWN
from tests.sources import made

HEADER = "Account ID,Campaign name,Day,Currency,Impressions,Amount spent\n"


@pytest.fixture(autouse=True)
def _prepared(home: Path, read_here: None) -> None:
    """Every test here has an installation of its own."""


def meta(*rows: tuple[str, str, int, str]) -> str:
    """A Meta report by day: account, campaign, day of May, spent."""
    return HEADER + "".join(f"{account},{campaign},2026-05-{day:02},BRL,10,{spent}\n" for account, campaign, day, spent in rows)


FIRST = meta(("1", "A", 1, "1.00"), ("1", "A", 2, "2.00"), ("1", "B", 2, "4.00"), ("1", "A", 3, "8.00"), ("2", "A", 2, "16.00"))
AGAIN = meta(("1", "A", 2, "2.50"), ("1", "A", 3, "8.00"), ("1", "C", 3, "32.00"))
"""Days 2 and 3 of account 1: A is restated, B is gone, C came late."""


def preview(admin: Principal, tmp_path: Path, name: str, content: str) -> service.Preview:
    return service.preview_file(admin, OWN, made.put(tmp_path / name, content))


def take(admin: Principal, tmp_path: Path, name: str, content: str, *, replacing: bool = False) -> ImportRun:
    return service.accept(admin, preview(admin, tmp_path, name, content), replacing=replacing)


def there() -> set[tuple[str, str, int, Decimal]]:
    """Account, campaign, day of May and spend of every row that counts."""
    rows = made.counted("ad_performance").select("account_id", "campaign_name", pl.col("period_start").dt.day(), "spend")
    assert rows.height == len(set(rows.rows()))
    return {(str(a), str(c), int(d), Decimal(s)) for a, c, d, s in rows.iter_rows()}


BEFORE = {
    ("1", "A", 1, Decimal(1)), ("1", "A", 2, Decimal(2)), ("1", "B", 2, Decimal(4)), ("1", "A", 3, Decimal(8)),
    ("2", "A", 2, Decimal(16)),
}  # fmt: skip
AFTER = {
    ("1", "A", 1, Decimal(1)), ("1", "A", 2, Decimal("2.5")), ("1", "A", 3, Decimal(8)), ("1", "C", 3, Decimal(32)),
    ("2", "A", 2, Decimal(16)),
}  # fmt: skip


def test_a_preview_says_what_it_would_replace_and_nothing_is_replaced_unasked(admin: Principal, tmp_path: Path) -> None:
    take(admin, tmp_path, "first.csv", FIRST)
    found = preview(admin, tmp_path, "again.csv", AGAIN)
    (restated,) = service.restated(admin, found)
    assert (restated.files, restated.rows, restated.repeated, restated.gone) == (("first.csv",), 3, 2, 1)
    assert restated.spent == ("BRL", Decimal(14), Decimal("42.5"))
    with pytest.raises(Conflict, match=r"already here from first\.csv"):
        service.accept(admin, found)
    assert there() == BEFORE


def test_restated_days_take_the_place_of_that_accounts_days_alone(admin: Principal, tmp_path: Path) -> None:
    first = take(admin, tmp_path, "first.csv", FIRST)
    take(admin, tmp_path, "again.csv", AGAIN, replacing=True)
    assert there() == AFTER
    assert service.restated_by(admin, OWN) == {first.id: ["again.csv"]}


def test_undoing_a_restatement_brings_the_earlier_rows_back_and_restoring_it_replaces_them_again(
    admin: Principal, tmp_path: Path
) -> None:
    take(admin, tmp_path, "first.csv", FIRST)
    again = take(admin, tmp_path, "again.csv", AGAIN, replacing=True)
    service.undo(admin, OWN, again.id)
    assert there() == BEFORE
    service.restore(admin, OWN, again.id)
    assert there() == AFTER


def test_an_import_undone_after_it_was_restated_takes_only_what_was_left_of_it(admin: Principal, tmp_path: Path) -> None:
    first = take(admin, tmp_path, "first.csv", FIRST)
    take(admin, tmp_path, "again.csv", AGAIN, replacing=True)
    service.undo(admin, OWN, first.id)
    assert there() == {("1", "A", 2, Decimal("2.5")), ("1", "A", 3, Decimal(8)), ("1", "C", 3, Decimal(32))}
    service.restore(admin, OWN, first.id)
    assert there() == AFTER


def test_days_restated_twice_count_once_and_can_be_undone_in_any_order(admin: Principal, tmp_path: Path) -> None:
    take(admin, tmp_path, "first.csv", FIRST)
    second = take(admin, tmp_path, "again.csv", AGAIN, replacing=True)
    third = take(admin, tmp_path, "third.csv", meta(("1", "A", 3, "9.00"), ("1", "C", 3, "32.00")), replacing=True)
    now = AFTER - {("1", "A", 3, Decimal(8))} | {("1", "A", 3, Decimal(9))}
    assert there() == now
    service.undo(admin, OWN, third.id)
    assert there() == AFTER
    service.restore(admin, OWN, third.id)
    assert there() == now
    service.undo(admin, OWN, third.id)
    service.undo(admin, OWN, second.id)
    assert there() == BEFORE


def test_a_restatement_cannot_be_undone_once_its_gone_rows_came_from_elsewhere(admin: Principal, tmp_path: Path) -> None:
    take(admin, tmp_path, "first.csv", FIRST)
    again = take(admin, tmp_path, "again.csv", AGAIN, replacing=True)
    take(admin, tmp_path, "late.csv", meta(("1", "B", 2, "4.00")))
    with pytest.raises(Conflict, match=r"late\.csv"):
        service.undo(admin, OWN, again.id)
    assert there() == AFTER | {("1", "B", 2, Decimal(4))}


def test_late_rows_of_days_that_are_there_are_taken_as_they_are(admin: Principal, tmp_path: Path) -> None:
    take(admin, tmp_path, "first.csv", FIRST)
    found = preview(admin, tmp_path, "late.csv", meta(("1", "D", 2, "0.50")))
    assert service.restated(admin, found) == []
    service.accept(admin, found)
    assert there() == BEFORE | {("1", "D", 2, Decimal("0.5"))}


def test_the_same_file_again_changes_nothing_even_where_it_may_replace(admin: Principal, tmp_path: Path) -> None:
    take(admin, tmp_path, "first.csv", FIRST)
    found = preview(admin, tmp_path, "copy.csv", FIRST)
    assert service.restated(admin, found) == []
    with pytest.raises(Conflict, match="byte for byte"):
        service.accept(admin, found, replacing=True)
    assert there() == BEFORE


def test_ranges_that_share_days_of_a_campaign_are_refused_with_both_ranges(admin: Principal, tmp_path: Path) -> None:
    header = "Account ID,Campaign name,Reporting starts,Reporting ends,Currency,Impressions,Amount spent\n"
    take(admin, tmp_path, "may.csv", header + "1,A,2026-05-01,2026-05-31,BRL,10,1.00\n1,B,2026-05-01,2026-05-31,BRL,10,2.00\n")
    overlapping = header + "1,A,2026-05-15,2026-06-15,BRL,10,1.00\n"
    with pytest.raises(Conflict) as refused:
        take(admin, tmp_path, "mid.csv", overlapping)
    said = str(refused.value.text)
    assert "may.csv" in said
    assert "counted twice" in said
    june = take(admin, tmp_path, "june.csv", header + "1,A,2026-06-01,2026-06-30,BRL,10,1.00\n")
    assert june.rows_loaded == 1
    assert made.counted("ad_performance")["period_end"].max() == date(2026, 6, 30)


def test_two_tables_of_one_file_restate_together(admin: Principal, tmp_path: Path) -> None:
    take(admin, tmp_path, "first.csv", meta(*(("1", "A", day, "100") for day in (1, 2, 3, 4))))
    later = meta(("1", "A", 1, "101"), ("1", "A", 2, "101")) + "\n" + meta(("1", "A", 3, "101"), ("1", "A", 4, "101"))
    found = preview(admin, tmp_path, "again.csv", later)
    assert [(each.rows, each.spent) for each in service.restated(admin, found)] == [
        (2, ("BRL", Decimal(200), Decimal(202))), (2, ("BRL", Decimal(200), Decimal(202))),
    ]  # fmt: skip
    service.accept(admin, found, replacing=True)
    assert there() == {("1", "A", day, Decimal(101)) for day in (1, 2, 3, 4)}


def test_rows_that_stand_in_two_tables_of_one_file_are_refused(admin: Principal, tmp_path: Path) -> None:
    with pytest.raises(Conflict, match="stands both in the table below row 1 and in the table below row 4"):
        take(admin, tmp_path, "twice.csv", meta(("1", "A", 1, "1")) + "\n" + meta(("1", "A", 1, "1")))
    assert there() == set()


def test_an_account_loses_only_the_days_that_the_file_has_of_it(admin: Principal, tmp_path: Path) -> None:
    take(admin, tmp_path, "first.csv", meta(*((account, "A", day, "10") for account in "12" for day in (1, 2, 3, 4))))
    later = meta(*(("1", "A", day, "11") for day in (1, 2, 3, 4)), ("2", "A", 4, "11"))
    take(admin, tmp_path, "again.csv", later, replacing=True)
    expected = {("1", "A", day, Decimal(11)) for day in (1, 2, 3, 4)} | {("2", "A", 4, Decimal(11))}
    assert there() == expected | {("2", "A", day, Decimal(10)) for day in (1, 2, 3)}


def test_undoing_the_middle_of_a_chain_leaves_the_latest_in_force(admin: Principal, tmp_path: Path) -> None:
    take(admin, tmp_path, "a.csv", meta(("3", "x", 1, "100"), ("3", "x", 2, "100")))
    middle = take(admin, tmp_path, "b.csv", meta(("3", "x", 1, "101"), ("3", "x", 2, "101"), ("3", "y", 1, "50")), replacing=True)
    last = take(admin, tmp_path, "c.csv", meta(("3", "y", 1, "51"), ("3", "y", 2, "51")), replacing=True)
    now = {("3", "y", 1, Decimal(51)), ("3", "y", 2, Decimal(51))}
    assert there() == now
    service.undo(admin, OWN, middle.id)
    assert there() == now
    service.undo(admin, OWN, last.id)
    assert there() == {("3", "x", 1, Decimal(100)), ("3", "x", 2, Decimal(100))}


def test_a_range_cannot_be_restored_beside_one_that_shares_its_days(admin: Principal, tmp_path: Path) -> None:
    header = "Reporting starts,Reporting ends,Account ID,Campaign name,Currency,Impressions,Amount spent\n"
    january = take(admin, tmp_path, "january.csv", header + "2026-01-01,2026-01-31,2,A,BRL,10,310\n")
    service.undo(admin, OWN, january.id)
    take(admin, tmp_path, "half.csv", header + "2026-01-01,2026-01-15,2,A,BRL,10,150\n")
    with pytest.raises(Conflict, match=r"of half\.csv share days of the same campaigns, so nothing was changed"):
        service.restore(admin, OWN, january.id)
    assert made.counted("ad_performance")["spend"].sum() == 150


def test_only_imports_that_lost_rows_are_said_to_be_restated(admin: Principal, tmp_path: Path) -> None:
    take(admin, tmp_path, "other.csv", meta(("9", "A", 2, "1.00")))
    first = take(admin, tmp_path, "first.csv", FIRST)
    take(admin, tmp_path, "again.csv", AGAIN, replacing=True)
    assert service.restated_by(admin, OWN) == {first.id: ["again.csv"]}
    assert {entry.table.name: entry.rows for entry in service.freshness(admin, OWN)} == {"ad_performance": len(AFTER) + 1}


Rows = dict[tuple[str, str, int], int]


def modelled(imports: list[tuple[Rows, bool, bool]]) -> Rows | None:
    """What counts of imports (rows, whether they restate, whether they are active) in their order; None where rows would
    count twice.
    """
    counted: Rows = {}
    for rows, restates, is_active in imports:
        if not is_active:
            continue
        for account in {account for account, _, _ in rows} if restates else ():
            days = [day for owner, _, day in rows if owner == account]
            counted = {key: n for key, n in counted.items() if key[0] != account or not min(days) <= key[2] <= max(days)}
        if counted.keys() & rows.keys():
            return None
        counted |= rows
    return counted


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_imported_restated_undone_and_restored_counts_as_if_done_in_order(
    admin: Principal, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  (moves of a test)
    imports: list[tuple[Rows, bool, bool]] = []
    runs: list[ImportRun] = []
    for step in range(14):
        before = modelled(imports)
        tried = list(imports)
        if not runs or chance.random() < 0.5:
            keys = {(chance.choice("12"), chance.choice("AB"), chance.randint(1, 4)) for _ in range(chance.randint(1, 5))}
            rows = {key: 100 * step + n for n, key in enumerate(sorted(keys), 1)}
            restates = chance.random() < 0.7
            tried.append((rows, restates, True))
            content = meta(*((account, name, day, str(n)) for (account, name, day), n in rows.items()))
            act = partial(take, admin, tmp_path, f"{step}.csv", content, replacing=restates)
        else:
            at = chance.randrange(len(runs))
            rows, restates, is_active = tried[at]
            tried[at] = (rows, restates, not is_active)
            act = partial(service.undo if is_active else service.restore, admin, OWN, runs[at].id)
        expected = modelled(tried)
        if expected is None:
            with pytest.raises(Conflict):
                act()
            expected = before
        else:
            done = act()
            runs += [done] if len(tried) > len(imports) else []
            imports = tried
        assert expected is not None
        assert there() == {(account, name, day, Decimal(n)) for (account, name, day), n in expected.items()}
    assert len(runs) > 2


def test_what_a_preview_would_replace_is_worked_out_once_and_anew_after_a_change(
    admin: Principal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = take(admin, tmp_path, "may.csv", FIRST)
    again = preview(admin, tmp_path, "again.csv", AGAIN)
    worked: list[str] = []
    real = restating.restated

    def counting(part: Part, path: Path, blobs: Sequence[Blob]) -> restating.Restated | None:
        worked.append(part.name)
        return real(part, path, blobs)

    monkeypatch.setattr(restating, "restated", counting)
    for _ in range(3):
        assert [found.rows for found in service.restated(admin, service.load_preview(admin, again.id))] == [3]
    assert len(worked) == 1
    service.undo(admin, OWN, taken.id)
    assert service.restated(admin, service.load_preview(admin, again.id)) == []
    assert len(worked) == 2


def test_what_comes_later_counts_as_later_though_the_clock_was_set_back(
    admin: Principal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = store.now()
    monkeypatch.setattr(store, "now", lambda: now + timedelta(minutes=5))
    take(admin, tmp_path, "a.csv", FIRST)
    monkeypatch.setattr(store, "now", lambda: now)
    take(admin, tmp_path, "b.csv", AGAIN, replacing=True)
    assert there() == AFTER


def test_an_import_that_waited_for_a_restatement_is_later_than_it(
    admin: Principal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows were not there when the other was decided on, so they are not what that replaces."""
    take(admin, tmp_path, "a.csv", FIRST)
    late = preview(admin, tmp_path, "late.csv", meta(("1", "NEW", 2, "777")))
    again = preview(admin, tmp_path, "b.csv", AGAIN)
    keep = lake.keep

    def slowly(path: Path) -> str:
        monkeypatch.setattr(lake, "keep", keep)
        service.accept(admin, again, replacing=True)
        return keep(path)

    monkeypatch.setattr(lake, "keep", slowly)
    service.accept(admin, late)
    assert there() == AFTER | {("1", "NEW", 2, Decimal(777))}
