"""Feeds: restated days take the place of what was delivered, nothing counts twice, nothing is half done."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from marops import item_rollups, lake, store
from marops.connections import service
from marops.connections.kinds import Query
from marops.connections.service import Synced
from marops.connections.store import Feed
from marops.errors import BadConnection, BadFile, Conflict
from marops.lake import Blob
from marops.principal import Principal
from marops.sources import counting
from marops.sources import service as sources
from marops.sources.report import Mapping
from marops.sources.store import Status
from marops.workspaces.store import OWN
from tests.connections.conftest import Source
from tests.sources import made
from tests.work.made import facts


@pytest.fixture(autouse=True)
def _prepared(home: Path, read_here: None, asked_here: None) -> None:
    """Every test here has an installation of its own."""


def follow(admin: Principal, source: Source, *, back: int = 1, column: str = "day") -> str:
    connection = service.save(admin, OWN, source.form, source.password)
    found = service.preview(admin, OWN, connection, Query(table=source.table))
    service.follow(admin, found, "Ads", date_column=column, look_back_days=back)
    return only(admin).id


def only(admin: Principal) -> service.Followed:
    (feed,) = service.feeds(admin, OWN)
    return feed


def sync(admin: Principal, feed: str) -> Synced:
    return service.sync(admin, OWN, feed)


def days() -> dict[str, str]:
    rows = made.counted("ad_performance").sort("period_start")
    return {str(day): str(spend.normalize()) for day, spend in zip(rows["period_start"], rows["spend"], strict=True)}


FIRST = {"2026-05-01": "1.25", "2026-05-02": "2.125", "2026-05-03": "0"}


@pytest.mark.parametrize("kind", ["pg", "my", "lite", "duck"])
def test_restated_days_replace_what_was_delivered_and_new_days_are_added(
    admin: Principal, kind: str, request: pytest.FixtureRequest
) -> None:
    """With one day of look-back the 2nd and 3rd are fetched again; the 1st is not, and stays as it was delivered."""
    source = request.getfixturevalue(kind)
    feed = follow(admin, source)
    assert days() == FIRST
    assert only(admin).watermark == date(2026, 5, 3)
    source(
        "UPDATE ads SET cost = 9 WHERE day = '2026-05-01'", "UPDATE ads SET cost = 2.5 WHERE day = '2026-05-02'",
        "DELETE FROM ads WHERE day = '2026-05-03'",
        "INSERT INTO ads VALUES ('2026-05-04', 'Search Brasil', 'BRL', 1, 4), ('2026-05-05', 'Search Brasil', 'BRL', 1, 5)",
    )  # fmt: skip
    done = sync(admin, feed)
    assert done.first_day == date(2026, 5, 2)
    assert days() == {"2026-05-01": "1.25", "2026-05-02": "2.5", "2026-05-04": "4", "2026-05-05": "5"}
    assert only(admin).watermark == date(2026, 5, 5)
    assert [run.status for run in sources.imports(admin, OWN)] == [Status.ACTIVE, Status.UNDONE]


def test_a_sync_without_changes_changes_nothing(admin: Principal, lite: Source) -> None:
    """The same window gives the same rows; the second time the very bytes are known."""
    feed = follow(admin, lite, back=30)
    assert sync(admin, feed).run is None
    assert days() == FIRST
    assert len(sources.imports(admin, OWN)) == 1


def test_many_syncs_give_what_one_import_of_everything_would(admin: Principal, lite: Source) -> None:
    """Eight days, each restated twice after its first delivery."""
    feed = follow(admin, lite, back=2)
    for step in range(1, 9):
        day = date(2026, 5, 3) + timedelta(days=step)
        lite(
            f"INSERT INTO ads VALUES ('{day}', 'Search Brasil', 'BRL', 1, {step}.5)",
            f"UPDATE ads SET cost = cost + 0.25 WHERE day >= '{day - timedelta(days=2)}'",
        )
        sync(admin, feed)
    expected = days()
    for run in sources.imports(admin, OWN):
        sources.undo(admin, OWN, run.id)
    connection = service.connections(admin, OWN)[0].id
    sources.accept(admin, service.preview(admin, OWN, connection, Query(table="ads")))
    assert days() == expected
    assert len(expected) == 11


def test_undoing_a_sync_and_restoring_the_import_before_it_is_the_way_back(admin: Principal, lite: Source) -> None:
    """The watermark goes back with it, so the next sync fetches what was taken back."""
    feed = follow(admin, lite)
    lite("INSERT INTO ads VALUES ('2026-05-04', 'Search Brasil', 'BRL', 1, 4)")
    second = sync(admin, feed).run
    assert second
    first = next(run for run in sources.imports(admin, OWN) if run.id != second.id)
    sources.undo(admin, OWN, second.id)
    assert days() == {}
    with pytest.raises(Conflict, match="The import of Ads was undone, so it is not synced"):
        sync(admin, feed)
    sources.restore(admin, OWN, first.id)
    assert days() == FIRST
    assert only(admin).watermark == date(2026, 5, 3)
    sync(admin, feed)
    assert days() == FIRST | {"2026-05-04": "4"}


def test_an_undone_feed_can_be_started_again(admin: Principal, lite: Source) -> None:
    """Then the next sync delivers everything; while rows count, starting again is refused."""
    feed = follow(admin, lite)
    with pytest.raises(Conflict, match="Rows of Ads still count"):
        service.start_again(admin, OWN, feed)
    sources.undo(admin, OWN, sources.imports(admin, OWN)[0].id)
    service.start_again(admin, OWN, feed)
    assert sync(admin, feed).first_day is None
    assert days() == FIRST


def test_without_a_date_column_each_sync_delivers_everything_anew(admin: Principal, lite: Source) -> None:
    """What is gone at the source is gone here."""
    feed = follow(admin, lite, column="")
    lite("DELETE FROM ads WHERE day < '2026-05-03'", "UPDATE ads SET cost = 7")
    sync(admin, feed)
    assert days() == {"2026-05-03": "7"}


def test_a_row_whose_day_moved_into_the_window_does_not_count_twice(admin: Principal, lite: Source) -> None:
    """A lead's creation is corrected by twenty days: its earlier row, from before the window, gives way."""
    lite(
        'CREATE TABLE leads ("Lead ID" TEXT, "Create Date" TEXT, "Lead Source" TEXT, "Lead Status" TEXT)',
        "INSERT INTO leads VALUES ('L1', '2026-05-01 08:00:00', 'Paid', 'MQL'), ('L2', '2026-05-20 08:00:00', 'Paid', 'MQL')",
    )
    connection = service.save(admin, OWN, lite.form, "")
    found = service.preview(admin, OWN, connection, Query(table="leads"))
    service.follow(admin, found, "Leads", date_column="Create Date", look_back_days=5)
    lite("UPDATE leads SET \"Create Date\" = '2026-05-21 08:00:00' WHERE \"Lead ID\" = 'L1'")
    sync(admin, only(admin).id)
    assert sorted(made.counted("lead").select("lead_id", "created_at").rows()) == [
        ("L1", made.utc(2026, 5, 21, 8)), ("L2", made.utc(2026, 5, 20, 8)),
    ]  # fmt: skip


def test_a_refused_row_stops_the_whole_sync_and_the_feed_remembers_why(admin: Principal, lite: Source) -> None:
    """Nothing of it is imported; mended at the source, the next sync goes through."""
    feed = follow(admin, lite)
    lite("INSERT INTO ads VALUES ('2026-05-04', 'Search Brasil', 'BRL', 1, -4)")
    with pytest.raises(BadFile, match="1 row of Ads is refused, so nothing was imported"):
        sync(admin, feed)
    assert days() == FIRST
    assert only(admin).problem.startswith("1 row of Ads is refused")
    lite("UPDATE ads SET cost = 4 WHERE cost < 0")
    sync(admin, feed)
    assert days() == FIRST | {"2026-05-04": "4"}
    assert only(admin).problem == ""


def test_a_failure_inside_the_transaction_leaves_everything_as_it_was(
    admin: Principal, lite: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The earlier import is taken out in the same transaction: it is back with the rest."""
    feed = follow(admin, lite)
    lite("UPDATE ads SET cost = 8 WHERE day = '2026-05-03'")

    def fail(*_: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(counting, "settle", fail)
    with pytest.raises(RuntimeError, match="power cut"):
        sync(admin, feed)
    monkeypatch.undo()
    monkeypatch.setenv("MAROPS_FILES_FROM", str(Path(lite.form.path).parent))
    monkeypatch.setenv("MAROPS_HOME", str(Path(lite.form.path).parents[1] / "home"))
    assert days() == FIRST
    assert only(admin).problem == "The last sync ended unexpectedly; the log has the details."
    sync(admin, feed)
    assert days() == FIRST | {"2026-05-03": "8"}


def test_two_syncs_of_a_feed_do_not_run_at_once_and_a_dead_one_does_not_block_for_ever(admin: Principal, lite: Source) -> None:
    """The mark of a process that died is taken over after six hours."""
    feed = follow(admin, lite)

    def running_for(hours: float) -> None:
        with store.writing() as session:
            since = store.now() - timedelta(hours=hours)
            session.exec(update(Feed).where(col(Feed.id) == feed).values(running_since=since))

    running_for(1)
    with pytest.raises(Conflict, match=r"^Ads is being synced already\. Wait until that is done\.$"):
        sync(admin, feed)
    running_for(7)
    assert sync(admin, feed)


def test_changed_columns_stop_the_feed_and_are_named(admin: Principal, lite: Source) -> None:
    """A position that shifted must not be read as another column."""
    feed = follow(admin, lite)
    lite("ALTER TABLE ads RENAME COLUMN cost TO price")
    with pytest.raises(
        BadConnection, match="The columns of Ads have changed; it now has: day, campaign, currency code, clicks, price"
    ):
        sync(admin, feed)
    assert days() == FIRST


def test_a_column_added_behind_those_that_were_mapped_is_taken_where_it_is_known(admin: Principal, lite: Source) -> None:
    feed = follow(admin, lite)
    lite("ALTER TABLE ads ADD COLUMN impressions INTEGER DEFAULT 7", "UPDATE ads SET cost = 9 WHERE day = '2026-05-02'")
    sync(admin, feed)
    rows = made.counted("ad_performance").sort("period_start")
    assert [row[1:] for row in rows.select("period_start", "spend", "impressions").rows()] == [
        (Decimal("1.25"), None), (Decimal(9), 7), (Decimal(0), 7),
    ]  # fmt: skip


def test_an_emptied_source_is_no_reason_to_forget_what_was_delivered(admin: Principal, lite: Source) -> None:
    """No rows where there were some is more likely a failure over there."""
    feed = follow(admin, lite)
    lite("DELETE FROM ads")
    with pytest.raises(BadConnection, match=r"^Ads gives no rows\. Nothing was changed\.$"):
        sync(admin, feed)
    assert days() == FIRST


def test_a_mapping_made_by_hand_is_the_feeds_own(admin: Principal, lite: Source) -> None:
    """It holds for later syncs, whatever is chosen for files of these headers meanwhile."""
    lite("CREATE TABLE odd (d TEXT, c TEXT, n INTEGER, x NUMERIC)", "INSERT INTO odd VALUES ('2026-05-01', 'A', 1, 1.5)")
    connection = service.save(admin, OWN, lite.form, "")
    found = service.preview(admin, OWN, connection, Query(table="odd"))
    mapping = Mapping(
        table="ad_performance", columns={"_day": 0, "campaign_name": 1, "clicks": 2, "spend": 3},
        constants={"platform": "google_ads", "currency_code": "EUR"},
    )  # fmt: skip
    found = sources.remap(admin, found, {"": mapping})
    service.follow(admin, found, "Odd", date_column="d")
    lite("INSERT INTO odd VALUES ('2026-05-02', 'A', 1, 2.5)")
    sync(admin, only(admin).id)
    assert days() == {"2026-05-01": "1.5", "2026-05-02": "2.5"}


def test_a_feed_is_saved_with_its_first_rows_or_not_at_all(admin: Principal, lite: Source) -> None:
    """A column that does not date the rows, a name taken, rows that are there already: no feed, no rows."""
    connection = service.save(admin, OWN, lite.form, "")
    found = service.preview(admin, OWN, connection, Query(table="ads"))
    with pytest.raises(BadConnection, match="clicks is not the column that dates rows of ad_performance"):
        service.follow(admin, found, "Ads", date_column="clicks")
    with pytest.raises(BadConnection, match="look-back from 0 to 400 days"):
        service.follow(admin, found, "Ads", date_column="day", look_back_days=-1)
    assert service.feeds(admin, OWN) == []
    assert days() == {}
    run = sources.accept(admin, service.preview(admin, OWN, connection, Query(table="ads")))
    with pytest.raises(Conflict):
        service.follow(admin, found, "Ads", date_column="day")
    assert service.feeds(admin, OWN) == []
    sources.undo(admin, OWN, run.id)


def test_rows_of_another_import_are_never_replaced_by_a_feed(admin: Principal, lite: Source, tmp_path: Path) -> None:
    """Only what the feed itself delivered gives way; a file's row of a new day is a conflict, and nothing changes."""
    feed = follow(admin, lite)
    sources.accept(admin, sources.preview_file(admin, OWN, made.put(tmp_path / "f.csv", made.ads(("2026-05-04", "1", "4")))))
    lite("INSERT INTO ads VALUES ('2026-05-04', 'Search Brasil', 'BRL', 1, 4)")
    with pytest.raises(Conflict, match=r"1 row of ad_performance that the source delivers is already here from f\.csv"):
        sync(admin, feed)
    assert days() == FIRST | {"2026-05-04": "4"}


def test_files_from_before_the_window_are_taken_over_without_being_written_again(admin: Principal, lite: Source) -> None:
    """The first delivery's file is trimmed once, when its last days are restated; after that its bytes stay."""
    feed = follow(admin, lite, back=0)
    digests = []
    for day in ("04", "05", "06"):
        lite(f"INSERT INTO ads VALUES ('2026-05-{day}', 'Search Brasil', 'BRL', 1, 4)")
        sync(admin, feed)
        with store.reading() as session:
            digests.append(set(session.exec(select(Blob.sha256).where(col(Blob.active)))))
    assert [len(found) for found in digests] == [2, 3, 4]
    assert len(digests[0] & digests[1]) == 1
    assert len(digests[1] & digests[2]) == 2
    assert all(lake.is_intact(digest) for digest in digests[-1])


def test_items_with_a_refused_row_stay_known_when_the_next_delivery_comes(admin: Principal, lite: Source) -> None:
    """Issue 2 is refused in both deliveries, and the second has no row of 9 any more: of which day that was nobody knows."""
    lite("CREATE TABLE issues (issue_id TEXT, created_at TEXT, time_spent_seconds INTEGER)")
    rows = "('1', '2026-05-01 08:00:00', 5), ('2', '2026-05-01 08:00:00', -5), ('9', 'then', 5), (NULL, '2026-05-01 08:00:00', 5)"
    lite(f"INSERT INTO issues VALUES {rows}")
    found = service.preview(admin, OWN, service.save(admin, OWN, lite.form, lite.password), Query(table="issues"))
    service.follow(admin, found, "Issues", date_column="created_at", look_back_days=0, valid_rows_only=True)
    lite("DELETE FROM issues WHERE issue_id = '9'")
    lite("INSERT INTO issues VALUES ('3', '2026-05-03 08:00:00', 5)")
    sync(admin, only(admin).id)
    refused = item_rollups.refused_items(facts())["issue_id"]
    assert (set(refused.drop_nulls()), refused.null_count()) == ({"2", "9"}, 1)
    assert sorted(made.counted("work_item")["issue_id"]) == ["1", "3"]


def test_an_unfollowed_feed_leaves_its_rows(admin: Principal, lite: Source) -> None:
    """They are an import like any other."""
    feed = follow(admin, lite)
    service.unfollow(admin, OWN, feed)
    assert service.feeds(admin, OWN) == []
    assert days() == FIRST
    assert sum(Decimal(value) for value in days().values()) == Decimal("3.375")


def test_days_that_a_file_restated_come_back_when_it_is_undone_though_the_feed_was_synced_meanwhile(
    admin: Principal, lite: Source, tmp_path: Path
) -> None:
    """A sync takes over every row before its window, also those that a file has restated for now."""
    feed = follow(admin, lite)
    fix = made.put(tmp_path / "fix.csv", "day,campaign,currency code,clicks,cost\n2026-05-01,Search Brasil,BRL,3,99.25\n")
    run = sources.accept(admin, sources.preview_file(admin, OWN, fix), replacing=True)
    assert days() == FIRST | {"2026-05-01": "99.25"}
    lite("INSERT INTO ads VALUES ('2026-05-04', 'Search Brasil', 'BRL', 3, 4)")
    sync(admin, feed)
    assert days() == FIRST | {"2026-05-01": "99.25", "2026-05-04": "4"}
    sources.undo(admin, OWN, run.id)
    assert days() == FIRST | {"2026-05-04": "4"}


def test_items_that_a_newer_export_stands_for_come_back_when_it_is_undone_though_the_feed_was_synced_meanwhile(
    admin: Principal, lite: Source, tmp_path: Path
) -> None:
    """A sync takes over every row before its window, also those whose place a file has taken for now."""

    def spent() -> dict[str, int]:
        return dict(made.counted("work_item").sort("issue_id").select("issue_id", "time_spent_seconds").iter_rows())

    lite("CREATE TABLE issues (issue_id TEXT, created_at TEXT, time_spent_seconds INTEGER)")
    lite("INSERT INTO issues VALUES ('1', '2026-05-01 08:00:00', 5), ('2', '2026-05-02 08:00:00', 5)")
    found = service.preview(admin, OWN, service.save(admin, OWN, lite.form, lite.password), Query(table="issues"))
    service.follow(admin, found, "Issues", date_column="created_at", look_back_days=0)
    export = "issue_id,created_at,time_spent_seconds\n1,2026-05-01 08:00:00,7\n2,2026-05-02 08:00:00,7\n"
    run = sources.accept(admin, sources.preview_file(admin, OWN, made.put(tmp_path / "new.csv", export)), replacing=True)
    assert (spent(), *sources.replaced_by(admin, OWN).values()) == ({"1": 7, "2": 7}, {"new.csv": ["work_item"]})
    lite("UPDATE issues SET time_spent_seconds = 9 WHERE issue_id = '2'")
    with pytest.raises(Conflict, match=r"is already here from new\.csv, so nothing was taken"):
        sync(admin, only(admin).id)
    lite("DELETE FROM issues WHERE issue_id = '2'")
    lite("INSERT INTO issues VALUES ('3', '2026-05-04 08:00:00', 5)")
    sync(admin, only(admin).id)
    assert (spent(), sources.replaced_by(admin, OWN)) == ({"1": 7, "2": 7, "3": 5}, {})  # what it delivered now counts
    sources.undo(admin, OWN, run.id)
    assert spent() == {"1": 5, "3": 5}
    sources.restore(admin, OWN, run.id)
    assert spent() == {"1": 7, "2": 7, "3": 5}
