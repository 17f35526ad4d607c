"""`marops sync`, as cron runs it: one line a feed, and a status that says whether all went well."""

import subprocess
import sys
from pathlib import Path

import pytest

from marops.connections import service
from marops.connections.kinds import Query
from marops.principal import Principal
from marops.workspaces.store import OWN
from tests.connections.conftest import Source
from tests.sources import made
from tests.test_cli import here, marops, mistake


@pytest.fixture(autouse=True)
def _followed(home: Path, read_here: None, asked_here: None, admin: Principal, lite: Source) -> None:
    """Two feeds: of ads by day, and of leads as a whole."""
    lite(
        'CREATE TABLE leads ("Lead ID" TEXT, "Create Date" TEXT, "Lead Source" TEXT, "Lead Status" TEXT)',
        "INSERT INTO leads VALUES ('L1', '2026-05-01 08:00:00', 'Paid', 'MQL')",
    )
    connection = service.save(admin, OWN, lite.form, "")
    for table, name, column in (("ads", "Ads", "day"), ("leads", "Leads", "")):
        service.follow(admin, service.preview(admin, OWN, connection, Query(table=table)), name, date_column=column)


def test_sync_says_one_line_a_feed(lite: Source) -> None:
    """New rows with the days they were asked for, or that there is nothing new."""
    lite("INSERT INTO ads VALUES ('2026-05-04', 'Search Brasil', 'BRL', 1, 4)")
    done = marops("sync")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Ads: 2 rows into ad_performance from May 3, 2026 on; 0 refused\nLeads: nothing new\n"
    assert made.counted("ad_performance").height == 4


def test_one_feed_is_synced_by_its_name(lite: Source) -> None:
    """And a name that is none is a mistake of one line."""
    done = here("sync", "--feed", "Leads", "--workspace", OWN)
    assert (done.returncode, done.stdout) == (0, "Leads: nothing new\n")
    assert mistake(here("sync", "--feed", "Nope")) == "There is no feed Nope in this workspace. See the feeds on Data."


def test_a_feed_that_fails_does_not_keep_the_others_and_the_status_is_two(lite: Source) -> None:
    """Its sentence goes to standard error."""
    lite("DROP TABLE ads", "INSERT INTO leads VALUES ('L2', '2026-05-02 08:00:00', 'Paid', 'MQL')")
    done = here("sync")
    assert done.returncode == 2
    assert done.stdout == "Leads: 2 rows into lead; 0 refused\n"
    (line,) = done.stderr.splitlines()
    assert line.startswith("marops: Ads: Shop (SQLite file, ")
    assert "no such table: ads" in line
    assert made.counted("lead").height == 2
    assert made.counted("ad_performance").height == 3


def test_two_crons_at_once_deliver_every_row_once(admin: Principal, lite: Source) -> None:
    """Real processes: each feed is synced by one of them, or by one after the other; nothing counts twice."""
    lite("INSERT INTO ads VALUES ('2026-05-04', 'Search Brasil', 'BRL', 1, 4)")
    command = [sys.executable, "-m", "marops", "sync", "--feed", "Ads"]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    ended = [(process.returncode, out, error) for process in started for out, error in [process.communicate(timeout=120)]]
    assert {status for status, _, _ in ended} <= {0, 2}
    assert all("is being synced already" in error for status, _, error in ended if status == 2)
    assert sum("2 rows into ad_performance" in out for _, out, _ in ended) == 1
    assert made.counted("ad_performance").height == 4
