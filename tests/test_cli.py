"""The command as people run it: one line for a mistake, never a traceback. Each command runs as a real process at least once."""

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path

import polars as pl
import psutil
import pytest

from marops import __version__, cli
from marops.principal import LOCAL_ADMIN
from marops.sources import service
from marops.workspaces import service as workspaces
from marops.workspaces.store import OWN
from tests.conftest import case
from tests.sources import made

ROOT = Path(__file__).parents[1]


def marops(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end. No run may show a traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "marops", *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=240, cwd=ROOT, env={**os.environ, "LC_ALL": "C.UTF-8", **environment},
    )  # fmt: skip
    assert "Traceback" not in done.stdout + done.stderr
    return done


def here(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """As `marops`, in this process: for what a command does and says. A process of its own takes more than a second to start."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.chdir(ROOT)
        patch.setattr(sys, "argv", ["marops", *map(str, arguments)])
        for name, value in {"LC_ALL": "C.UTF-8", **environment}.items():
            patch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            cli.main()
    assert isinstance(ended.value.code, int)
    done = subprocess.CompletedProcess(arguments, ended.value.code, out.getvalue(), err.getvalue())
    assert "Traceback" not in done.stdout + done.stderr
    return done


def mistake(done: subprocess.CompletedProcess[str]) -> str:
    """The one line said of a mistake, which ends with status 2."""
    assert done.returncode == 2, done
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("marops: ")
    return lines[0].removeprefix("marops: ")


def test_version_prints_the_version() -> None:
    done = marops("version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"marops {__version__}\n", "")


def test_an_unknown_command_is_one_line() -> None:
    assert "frobnicate" in mistake(marops("frobnicate"))


@pytest.mark.parametrize(
    "arguments", [("import",), ("import", "x.csv", "--nonsense"), ("sample", "--scale", "0"), ("sample", "--seed", "x")]
)
def test_wrong_arguments_are_one_line(arguments: tuple[str, ...]) -> None:
    mistake(marops(*arguments))


def test_a_missing_file_is_one_line_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.csv"
    assert mistake(marops("import", path)) == f"There is no file {path}. Check the name, or give the full path."


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("BRL", "--set BRL: give COLUMN=VALUE, for example currency_code=BRL."),
        ("=BRL", "--set =BRL: give COLUMN=VALUE, for example currency_code=BRL."),
        ("nonsense=1", "There is no column nonsense in this table. See docs/tables.md."),
    ],
)
def test_a_wrong_set_is_one_line(tmp_path: Path, given: str, said: str) -> None:
    assert mistake(here("import", made.put(tmp_path / "ads.csv", made.THREE_DAYS), "--set", given)) == said


@pytest.mark.parametrize("command", [("run",), ("check",), ("import", "README.md")])
def test_a_wrong_port_setting_is_one_line(command: tuple[str, ...]) -> None:
    said = mistake(marops(*command, MAROPS_PORT="eighty"))
    assert said == "MAROPS_PORT is eighty; it must be a port number from 1 to 65535."


def test_a_wrong_database_setting_is_one_line() -> None:
    assert mistake(marops("check", MAROPS_DATABASE_URL="mysql://h/db")).startswith("MAROPS_DATABASE_URL starts with mysql.")


def test_a_database_that_cannot_be_reached_is_one_line(tmp_path: Path) -> None:
    made.put(tmp_path / "file", "x")
    done = here("import", made.put(tmp_path / "a.csv", made.THREE_DAYS), MAROPS_DATABASE_URL=f"sqlite:///{tmp_path}/file/x.db")
    assert mistake(done).startswith("The database cannot be opened (unable to open database file).")


UNRATED = (
    "There is no reference rate of BRL for {first} to {last}: what needs these {amount} stays unknown in EUR until you import "
    "reference rates, or choose BRL as reporting currency on Data."
)


def test_importing_prints_rows_and_sums_and_the_second_time_a_sentence(tmp_path: Path) -> None:
    path = made.put(tmp_path / "ads.csv", made.THREE_DAYS)
    done = marops("import", path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "ads.csv: 3 rows into ad_performance; 3 read, 0 set aside, 0 refused",
        "  clicks 7",
        "  spend R$3.75",
        UNRATED.format(first="May 1, 2026", last="May 2, 2026", amount="R$3.75"),
    ]
    assert mistake(here("import", path)).startswith("ads.csv was imported before, byte for byte (as ads.csv on ")
    assert list((tmp_path / "home" / "staging").iterdir()) == []


def test_the_files_own_totals_stand_beside_ours() -> None:
    done = here("import", case("ingest", "G01__Relatório de campanha.csv"))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].endswith(": 3 rows into ad_performance; 6 read, 3 set aside, 0 refused")
    assert "  spend R$118.99 (file: R$118.99, difference R$0.00)" in lines


def test_several_files_are_imported_in_their_order_up_to_the_first_bad_one(tmp_path: Path) -> None:
    good = made.put(tmp_path / "good.csv", made.THREE_DAYS)
    bad = made.put(tmp_path / "bad.csv", "")
    never = made.put(tmp_path / "never.csv", made.ads(("2026-06-01", "1", "1")))
    done = here("import", good, bad, never)
    assert done.returncode == 2
    assert done.stdout.startswith("good.csv: 3 rows into ad_performance;")
    assert done.stderr.splitlines() == [
        "marops: bad.csv is empty (0 bytes). Download it again, or check that the export had finished."
    ]
    assert here("import", never).returncode == 0


def test_sheets_are_chosen_and_what_is_left_out_is_named(tmp_path: Path) -> None:
    june = made.ads(("2026-06-01", "10", "8"))
    sheets = {"May": made.THREE_DAYS, "Copy": made.THREE_DAYS, "June": june, "Shops": "Shop,Sold\nA,3\nB,4\n"}
    path = made.workbook(tmp_path / "book.xlsx", sheets)
    assert mistake(here("import", path, "--sheet", "July")).startswith("There is no sheet July in book.xlsx. It has: May, ")
    done = here("import", path, "--sheet", "May", "--sheet", "Shops")
    assert done.stdout.splitlines() == [
        "book.xlsx (May): 3 rows into ad_performance; 3 read, 0 set aside, 0 refused",
        "  clicks 7",
        "  spend R$3.75",
        "  Shops: nothing was taken. This layout is not known yet. Say on the Data page which column is what; marops remembers it.",
        "  left out by choice: Copy and June",
        UNRATED.format(first="May 1, 2026", last="May 2, 2026", amount="R$3.75"),
    ]


def test_names_that_do_not_follow_the_rule_are_said_and_imported(home: Path, tmp_path: Path) -> None:
    workspaces.set_naming_rule(LOCAL_ADMIN, OWN, "{country:BR|MX}_{quarter}")
    content = made.ads(("2026-05-01", "3", "1.25"), name="BR_Q2") + "2026-05-01,Launch,BRL,1,1\n"
    done = here("import", made.put(tmp_path / "ads.csv", content))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].startswith("ads.csv: 2 rows into ad_performance;")
    assert done.stdout.splitlines()[-2:] == [
        "  1 of 2 campaign names follow the rule {country:BR|MX}_{quarter}", "    Launch: 1 part instead of 2",
    ]  # fmt: skip
    again = json.loads(here("import", "--json", made.put(tmp_path / "b.csv", content.replace("05-", "06-"))).stdout)
    assert again["campaign_names"] == {
        "rule": "{country:BR|MX}_{quarter}", "names": 2, "unlike": [{"name": "Launch", "why": "1 part instead of 2"}],
    }  # fmt: skip


def test_spend_that_is_counted_from_another_file_is_said_to_be_detail(tmp_path: Path) -> None:
    assert here("import", made.put(tmp_path / "may.csv", made.THREE_DAYS)).returncode == 0
    groups = made.THREE_DAYS.replace("Campaign", "Campaign,Ad group").replace("Search Brasil", "Search Brasil,A")
    done = here("import", made.put(tmp_path / "groups.csv", groups))
    said = "The spend of groups.csv is counted from another file already, in other detail. Its rows will be kept to look at."
    assert done.stdout.splitlines()[-2] == said
    days = made.put(tmp_path / "devices.csv", groups.replace("Ad group", "Device"))
    assert json.loads(here("import", "--json", days).stdout)["notes"][0] == said.replace("groups", "devices")


def test_json_is_one_object_a_file(tmp_path: Path) -> None:
    first = made.put(tmp_path / "a.csv", made.THREE_DAYS)
    second = made.put(tmp_path / "b.csv", made.ads(("2026-06-01", "1", "0.10")))
    done = here("import", "--json", first, second)
    assert done.returncode == 0, done.stderr
    a, b = [json.loads(line) for line in done.stdout.splitlines()]
    assert (a["file"], b["file"]) == ("a.csv", "b.csv")
    (part,) = a["parts"]
    assert (part["table"], part["grain"], part["rows_ready"], part["rows_refused"]) == ("ad_performance", "campaign day", 3, 0)
    assert part["sums"] == {"clicks": "7", "spend": "3.75"}
    assert b["parts"][0]["sums"]["spend"] == "0.1"


def test_refused_rows_are_listed_and_the_valid_ones_imported_where_one_says_so(tmp_path: Path) -> None:
    path = made.put(tmp_path / "ads.csv", made.ads(("2026-05-01", "3", "1.25"), ("2026-05-02", "x", "1")))
    done = here("import", path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "  row 3, Clicks “x” cannot be read as what the column holds",
        "marops: 1 row of ads.csv is refused, so nothing was imported. Mend it, or import the valid rows only.",
    ]
    assert list((tmp_path / "home" / "staging").iterdir()) == []
    valid = here("import", "--valid-rows", path)
    assert valid.returncode == 0
    assert valid.stdout.splitlines()[0] == "ads.csv: 1 row into ad_performance; 2 read, 0 set aside, 1 refused"


def test_restated_days_are_refused_until_one_says_that_they_replace_what_is_there(tmp_path: Path) -> None:
    assert here("import", made.put(tmp_path / "may.csv", made.THREE_DAYS)).returncode == 0
    again = made.put(tmp_path / "again.csv", made.ads(("2026-05-02", "4", "2.75"), ("2026-05-03", "0", "0")))
    assert "2 rows of ad_performance are already here from may.csv" in mistake(here("import", again))
    done = here("import", "--replace", again)
    assert done.returncode == 0
    assert done.stderr == (
        "marops: 2 rows of may.csv lie in the same days of the same account and would be replaced; "
        "spend of those days goes from R$2.50 to R$2.75.\n"
    )
    assert "2 rows into ad_performance" in done.stdout
    assert made.counted("ad_performance").sort("period_start")["spend"].cast(pl.Float64).to_list() == [1.25, 2.75, 0.0]


def test_a_newer_export_of_the_same_items_takes_the_place_of_the_old_one_where_one_says_so(tmp_path: Path) -> None:
    header = "Summary,Issue key,Issue id,Status,Created\n"
    old = header + "One,A-1,11,Build,2026-05-01 09:00\n"
    assert here("import", made.put(tmp_path / "last.csv", old)).returncode == 0
    path = made.put(tmp_path / "new.csv", old.replace("Build", "Done") + "Two,A-2,12,Build,2026-05-02 09:00\n")
    said = mistake(here("import", path))
    assert "1 row of work_item is already here from last.csv" in said
    assert "choose to replace it on Data, or import with --replace." in said
    broken = here("import", "--replace", made.put(tmp_path / "broken.csv", path.read_text() + "Three,A-3,13,Build,soon\n"))
    assert (broken.returncode, broken.stderr.splitlines()) == (2, [
        "  row 4, Created “soon” cannot be read as what the column holds",
        "marops: 1 row of broken.csv is refused, so nothing was imported. Mend it, or import the valid rows only.",
    ])  # fmt: skip
    done = here("import", "--replace", path)
    assert done.returncode == 0
    assert done.stderr.startswith("marops: Takes the place of last.csv, imported on ")
    assert done.stderr.endswith(": 1 item in work_item.\n")
    assert made.counted("work_item").sort("issue_id")["current_status"].to_list() == ["Done", "Build"]
    lacking = made.put(tmp_path / "lacking.csv", header + "Two,A-2,12,Done,2026-05-02 09:00\n")
    assert mistake(here("import", "--replace", lacking)) == (
        "These rows cannot take the place of new.csv: its work_item has 1 item that is not among them and would be lost: A-1. "
        "Export it, too, or undo the import of new.csv on Data first."
    )


def test_an_item_that_may_be_there_under_another_id_is_told(tmp_path: Path) -> None:
    keyed = "Summary,Issue key,Status,Created\nOne,A-1,Build,2026-05-01 12:00\n"
    assert here("import", made.put(tmp_path / "last.csv", keyed)).returncode == 0
    done = here("import", made.put(tmp_path / "new.csv", "Issue key,Issue id,Status,Created\nA-1,11,Build,2026-05-01 09:00\n"))
    assert done.stdout.splitlines()[-1].startswith("1 item here seems to be there under another id, but was created at another ")


def test_what_a_file_leaves_open_can_be_said_on_the_command_line(tmp_path: Path) -> None:
    path = made.put(tmp_path / "ads.csv", 'Day,Campaign,Impr.,Cost\n03/04/2026,A,1,"1,234"\n')
    assert mistake(here("import", path)) == (
        "Nothing of ads.csv can be imported yet. In “Cost” (1,234) the mark could separate thousands or decimals. Which is it? "
        "In “Day” (03/04/2026) the first number could be the day or the month. Which is it? "
        "“Cost” does not say its currency. Which is it? Say the decimal mark with --decimal . or --decimal , and try again. "
        "Say the order of dates with --dates dmy or --dates mdy. Say the currency with --set, as in --set currency_code=BRL."
    )
    done = here("import", "--set", "currency_code=BRL", "--decimal", ",", "--dates", "mdy", "--json", path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["parts"][0]["sums"]["spend"] == "1.234"


EITHER = "case,stage,timestamp\n1,a,01/02/2026 10:00\n1,b,03/02/2026 10:00\n"


def test_an_import_of_dates_that_could_be_read_either_way_names_the_option_that_says_how(tmp_path: Path) -> None:
    asked = (
        "In “timestamp” (01/02/2026 10:00, 03/02/2026 10:00) the first number could be the day or the month. Which is it? "
        "Say the order of dates with --dates dmy or --dates mdy."
    )
    path = made.put(tmp_path / "either.csv", EITHER)
    assert mistake(here("import", path)) == f"Nothing of either.csv can be imported yet. {asked}"
    book = made.workbook(tmp_path / "book.xlsx", {"May": made.THREE_DAYS, "Log": EITHER})
    assert f"  Log: nothing was taken. {asked}" in here("import", book).stdout.splitlines()
    assert here("import", path, "--dates", "mdy").returncode == 0


def test_an_import_of_times_without_a_zone_says_that_they_were_taken_as_utc(tmp_path: Path) -> None:
    content = "case,stage,timestamp\n1,a,2026-03-02T10:00:00{zone}\n1,b,2026-03-03T10:00:00{zone}\n"
    first = "{name}: 2 rows into work_item_transition; 2 read, 0 set aside, 0 refused"
    done = here("import", made.put(tmp_path / "log.csv", content.format(zone="")))
    assert done.stdout.splitlines() == [
        first.format(name="log.csv"),
        "  Times without a time zone were taken as UTC. Another can be said under Columns, or with --zone.",
    ]
    done = here("import", made.put(tmp_path / "zoned.csv", content.replace("1,", "2,").format(zone="Z")))
    assert done.stdout.splitlines() == [first.format(name="zoned.csv")]


def test_an_import_of_a_layout_that_is_not_known_says_where_one_says_which_column_is_what(tmp_path: Path) -> None:
    assert mistake(here("import", made.put(tmp_path / "shops.csv", "Shop,Sold\nA,3\nB,4\n"))) == (
        "Nothing of shops.csv can be imported yet. This layout is not known yet. "
        "Say on the Data page which column is what; marops remembers it."
    )


def test_an_import_of_which_every_row_is_refused_says_so(tmp_path: Path) -> None:
    done = here("import", "--valid-rows", made.put(tmp_path / "log.csv", "case,stage,timestamp\n1,,2026-03-02\n2,,2026-03-03\n"))
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        2, "marops: Nothing of log.csv can be imported yet. 2 rows are refused."
    )  # fmt: skip


def test_check_says_ok_for_each_subject_and_fails_once_a_file_is_damaged(tmp_path: Path) -> None:
    assert here("import", made.put(tmp_path / "ads.csv", made.THREE_DAYS)).returncode == 0
    sound = marops("check")
    assert sound.returncode == 0, sound.stdout
    assert [line.split(":")[0] for line in sound.stdout.splitlines()] == [
        f"ok    {name}" for name in ("versions", "database", "schema", "lake", "settings", "disk")
    ]
    (blob,) = (tmp_path / "home" / "lake").iterdir()
    content = bytearray(blob.read_bytes())
    content[10] ^= 1
    blob.write_bytes(bytes(content))
    damaged = here("check")
    assert damaged.returncode == 1
    (failed,) = [line for line in damaged.stdout.splitlines() if line.startswith("FAIL")]
    assert failed == (
        f"FAIL  lake: 1 file of imported rows is missing or damaged: {blob.name[:12]}. "
        "Restore the data folder, or undo and import again."
    )


def test_check_of_a_folder_that_was_never_prepared_fails_without_a_traceback() -> None:
    done = marops("check")
    assert done.returncode == 1
    assert "FAIL  schema: at –, this marops needs " in done.stdout


def _rows(folder: Path, name: str) -> int:
    return len((folder / name).read_text(encoding="utf-8").splitlines())


def test_the_shipped_sample_is_what_seed_seven_writes_and_scale_two_is_twice_as_large(tmp_path: Path) -> None:
    done = marops("sample", "--seed", "7", "--out", tmp_path / "one")
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "one") in done.stdout
    shipped = sorted(path.name for path in (ROOT / "sample_data").iterdir())
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == shipped
    for name in shipped:
        assert (tmp_path / "one" / name).read_bytes() == (ROOT / "sample_data" / name).read_bytes(), name
    double = here("sample", "--seed", "7", "--scale", "2", "--out", tmp_path / "two")
    assert double.returncode == 0, double.stderr
    for name in ("google-ads-brasil.csv", "meta-ads-europe.csv"):
        assert 1.8 < _rows(tmp_path / "two", name) / _rows(tmp_path / "one", name) < 2.2
    leads = [pl.read_excel(tmp_path / folder / "crm-leads.xlsx").height for folder in ("one", "two")]
    assert 1.8 < leads[1] / leads[0] < 2.2


def test_the_sample_is_not_written_over_a_file(tmp_path: Path) -> None:
    path = made.put(tmp_path / "file", "x")
    assert mistake(marops("sample", "--out", path)) == f"{path} is a file. Give a folder."
    assert path.read_text() == "x"


def test_run_refuses_a_port_that_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = mistake(marops("run", "--no-sample", MAROPS_PORT=str(port)))
    assert said == (
        f"Port {port} of 127.0.0.1 cannot be used (Address already in use). "
        "Is marops running already? Else set MAROPS_PORT to another."
    )


def _unexpected() -> None:
    raise ArithmeticError("seven is no number")


def test_a_defect_is_one_line_and_its_traceback_goes_into_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marops.bootstrap.prepare", _unexpected)
    done = here("import", made.put(tmp_path / "ads.csv", made.THREE_DAYS))
    assert done.returncode == 1
    log = tmp_path / "home" / "marops.log"
    assert done.stderr.splitlines() == [f"marops: Something went wrong that marops did not expect; {log} has the details."]
    assert "Traceback" in log.read_text(encoding="utf-8")
    assert log.stat().st_mode & 0o777 <= 0o644


def test_a_defect_is_one_line_also_where_its_log_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marops.bootstrap.prepare", _unexpected)
    there = made.put(tmp_path / "a file", "")
    assert here("import", there, MAROPS_HOME=str(there)).stderr == (
        "marops: Something went wrong that marops did not expect (ArithmeticError: seven is no number), and no log of it could be "
        f"written: The folder {there} cannot be made (File exists). marops keeps all its data in the folder that MAROPS_HOME "
        "names: set it to one that can be written.\n"
    )


def test_a_home_that_cannot_be_made_is_one_line_and_a_file_is_looked_at_without_one(tmp_path: Path) -> None:
    path = made.put(tmp_path / "log.csv", "case,stage,timestamp\na,Build,2026-03-02\na,Done,2026-03-05\n")
    for home, why in ((path, "Not a directory"), (Path("/proc/nope"), "No such file or directory")):
        assert here("flow", path, MAROPS_HOME=str(home)).stdout.startswith("1 item, 2 events, 1 way through Build and Done;")
        assert here("inspect", path, MAROPS_HOME=str(home)).stdout.startswith("2 rows of ")
        assert mistake(here("import", path, MAROPS_HOME=str(home / "x"))) == (
            f"The folder {home / 'x'} cannot be made ({why}). marops keeps all its data in the folder that MAROPS_HOME names: "
            "set it to one that can be written."
        )
    fresh = tmp_path / "fresh"
    assert here("flow", path, MAROPS_HOME=str(fresh)).returncode == 0
    assert not fresh.exists()


def test_mistakes_are_said_in_the_language_of_the_locale_without_failing() -> None:
    for locale in ("pt_BR.UTF-8", "xx_YY", "POSIX", ""):
        done = marops("run", LC_ALL=locale, MAROPS_PORT="eighty")  # the mistake that is found soonest
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1


def test_inspect_says_what_a_file_holds_and_imports_nothing(home: Path, tmp_path: Path) -> None:
    path = made.put(tmp_path / "ads.csv", made.THREE_DAYS + "Total: Campaigns,,,7,3.76\n")
    found = json.loads(here("inspect", "--json", path).stdout)
    assert (found["file"], found["certain"], found["encoding"], found["header_row"]) == ("ads.csv", True, "utf-8", 1)
    (table,) = found["tables"]
    assert (table["recognised_as"], table["grain"], table["rows"]) == ("google_ads campaign report", ["campaign", "day"], 3)
    assert table["set_aside"] == [{"row": 5, "why": "total"}]
    cost = next(column for column in table["columns"] if column["source"] == "Cost")
    assert (cost["canonical"], cost["type"], cost["currency"], cost["sum"]) == ("spend", "decimal", "BRL", "3.75")
    cost = next(total for total in table["totals"] if total["column"] == "Cost")
    assert (cost["label"], cost["file"], cost["ours"], cost["difference"]) == ("Total: Campaigns", "3.76", "3.75", "-0.01")
    assert service.imports(LOCAL_ADMIN, OWN) == []
    assert "3 rows of google_ads campaign report" in marops("inspect", path).stdout


def test_inspect_says_in_its_json_why_a_file_cannot_be_read(home: Path, tmp_path: Path) -> None:
    done = here("inspect", "--json", made.put(tmp_path / "empty.csv", ""))
    found = json.loads(done.stdout)
    assert (done.returncode, found["certain"], found["tables"]) == (0, False, [])
    assert found["refused"].startswith("empty.csv is empty (0 bytes).")


EVENTS = """case,stage,timestamp,role
a,Request,2026-03-02T00:00:00Z,marketing
a,Build,2026-03-03T00:00:00Z,it
a,Wait,2026-03-05T00:00:00Z,it
a,Done,2026-03-07T12:00:00Z,it
b,Request,2026-03-02T00:00:00Z,marketing
b,Build,2026-03-08T00:00:00Z,it
b,Request,2026-03-09T00:00:00Z,marketing
c,Request,2026-03-02T00:00:00Z,marketing
c,Done,not yet,marketing
d,Request,2026-03-02T00:00:00Z,marketing
d,Done,,marketing
e,Request,1970-01-01T00:00:00Z,marketing
"""


def test_flow_says_how_work_flows_in_a_log_and_imports_nothing(home: Path, tmp_path: Path) -> None:
    path = made.put(tmp_path / "log.csv", EVENTS)
    options = ("--stages", "Request,Build,Wait,Done", "--active", "Build", "--done", "Done")
    found = json.loads(marops("flow", path, "--json", *options, "--cfd-at", "2026-03-02", "2026-03-08").stdout)
    one = {"n": 1, "mean": 4.5, "p50": 4.5, "p85": 4.5, "p95": 4.5, "nearest_rank": {"p50": 4.5, "p85": 4.5, "p95": 4.5}}
    assert found == {
        "items": 2, "finished": 1, "in_progress": 1, "events": 7, "variants": 2, "stages": ["Request", "Build", "Wait", "Done"],
        "active": ["Build"], "done": ["Done"], "as_of": "2026-03-09T00:00:00+00:00", "rework_items": {"Request": 1},
        "case_duration_days": {
            "n": 2, "mean": 6.25, "p50": 6.25, "p85": 6.775, "p95": 6.925, "nearest_rank": {"p50": 5.5, "p85": 7.0, "p95": 7.0},
        },
        "cycle_time_days": one, "finished_without_active": 0, "unlisted_stages": {}, "never_entered": [], "unread_rows": 0,
        "throughput_per_week": {"2026-03-02": 1},
        "cfd": {
            "2026-03-02": {"Request": 2, "Build": 0, "Wait": 0, "Done": 0},
            "2026-03-08": {"Request": 2, "Build": 2, "Wait": 1, "Done": 1},
        },
        "time_in_stage_days": {"Request": 7.0, "Build": 3.0, "Wait": 2.5, "Done": 0.0},
        "ongoing_days": {"Request": 0.0},
        "flow_efficiency": 0.24,
        "moved_back_items": 1, "handoffs": 3, "equal_timestamps": 0, "repeated_events": 0,
        "excluded": [
            {"case": "c", "why": "unreadable date"}, {"case": "d", "why": "missing start"},
            {"case": "e", "why": "date before 1971"},
        ],
    }  # fmt: skip
    assert service.imports(LOCAL_ADMIN, OWN) == []
    assert "1 finished, 1 in progress." in marops("flow", path, *options).stdout.splitlines()


def test_flow_tells_no_85_percent_of_few_cycle_times_though_many_items_are_finished(home: Path, tmp_path: Path) -> None:
    refused = [(f"r{n}", ("Request", 1), ("Rejected", 2)) for n in range(12)]
    built = [("b1", ("Request", 1), ("Build", 2), ("Done", 4)), ("b2", ("Request", 1), ("Build", 2), ("Done", 22))]
    rows = [f"{case},{stage},2026-03-{day:02}T00:00:00Z" for case, *steps in refused + built for stage, day in steps]
    path = made.put(tmp_path / "log.csv", "case,stage,timestamp\n" + "\n".join(rows))
    said = marops("flow", path, "--stages", "Request,Rejected,Build,Done", "--active", "Build", "--done", "Rejected,Done").stdout
    assert "From first to last event: half took at most 1 d, 85% at most 1 d, 95% at most 21 d; 2.6 d on average." in said
    assert "Cycle time: half took at most 2 d; 11 d on average." in said


def test_flow_leaves_out_issues_of_whose_history_the_file_does_not_hold_all_and_says_so(home: Path, tmp_path: Path) -> None:
    """One with its history, one without any, one with a part of it."""

    def issue(number: int, **more: object) -> dict[str, object]:
        status = {"created": "2026-05-01T09:00:00.000+0000", "status": {"name": "Done"}, "summary": "x"}
        return {"id": str(number), "key": f"A-{number}", "fields": status, **more}

    move = {"field": "status", "fromString": "Build", "toString": "Done"}
    log = {"histories": [{"id": "1", "created": "2026-05-04T09:00:00.000+0000", "items": [move]}]}
    issues = [issue(1, changelog=log), issue(2), issue(3, changelog={**log, "total": 5})]
    path = made.put(tmp_path / "jira.json", json.dumps({"issues": issues}))
    done = marops("flow", path, "--json", "--done", "Done")
    found = json.loads(done.stdout)
    assert (found["items"], found["excluded"]) == (
        1, [{"case": "2", "why": "no whole history"}, {"case": "3", "why": "no whole history"}]
    )  # fmt: skip
    assert [line.split(": ")[0] for line in done.stderr.splitlines()] == [
        "Of 1 of 3 issues the file holds no history, so nothing is known of how they moved",
        "Of 1 of 3 issues the file holds only part of the history, so their moves and flags were left out",
    ]
    assert "Left out: 2 items of whose history not all is there." in marops("flow", path).stdout.splitlines()
    alone = made.put(tmp_path / "alone.json", json.dumps({"issues": issues[1:2]}))
    assert mistake(marops("flow", alone)) == (
        "Of 1 of 1 issues the file holds no history, so nothing is known of how they moved: A-2. "
        "Ask Jira for it with expand=changelog."
    )


def test_flow_of_a_stage_that_is_not_there_names_those_that_are(home: Path, tmp_path: Path) -> None:
    path = made.put(tmp_path / "log.csv", EVENTS)
    assert mistake(marops("flow", path, "--done", "Live")) == (
        "No event of this log enters Live. Its stages: Request, Build, Wait, and Done."
    )
    assert mistake(marops("flow", path, "--stages", "Request,Done", "--active", "Build")) == (
        "Build is not among the stages given: Request and Done."
    )
    assert mistake(marops("flow", path, "--done", " , ")) == "No stage is named in “,”. Name at least one, or leave the option out."
    twice = marops("flow", path, "--json", "--stages", "Request,Build,Wait,Done,done", "--active", "").stdout
    assert json.loads(twice)["stages"] == ["Request", "Build", "Wait", "Done"]
    assert mistake(marops("flow", path, "--cfd-at", "2026-03-02", "2026-02-30")) == "2026-02-30 is no day. Write it as 2026-03-31."
    assert mistake(marops("flow", path, "--cfd-at", "March")) == "March is no day. Write it as 2026-03-31."
    either = made.put(tmp_path / "either.csv", "case,stage,timestamp\n1,a,01/02/2026 10:00\n1,b,03/02/2026 10:00\n")
    assert mistake(marops("flow", either)).endswith("Which is it? Say the order of dates with --dates dmy or --dates mdy.")
    assert json.loads(marops("flow", either, "--json", "--dates", "mdy").stdout)["case_duration_days"]["mean"] == 59
    nothing = made.put(tmp_path / "none.csv", "case,stage,timestamp\na,Request,1970-01-01T00:00:00Z\n")
    assert mistake(marops("flow", nothing)) == "No event of this log can be used. Left out: 1 item with a moment before 1971."
    earlier = json.loads(marops("flow", path, "--json", "--done", "Done", "--as-of", "2026-03-04").stdout)
    assert (earlier["events"], earlier["as_of"], earlier["ongoing_days"]) == (
        3, "2026-03-04T23:59:59.999999+00:00", {"Request": 3.0, "Build": 2.0},
    )  # fmt: skip
    assert marops("flow", path, "--as-of", "2026-03-04").stdout.splitlines()[0].endswith("as of Mar 4, 2026.")
    assert mistake(marops("flow", path, "--as-of", "2026-01-01")) == "No event of this log had happened by Jan 1, 2026."
    assert "Give the path of one log" in mistake(marops("flow", path, "another.csv"))


def test_flow_of_stages_that_nobody_entered_counts_nothing_in_them_and_names_them(home: Path, tmp_path: Path) -> None:
    path = made.put(tmp_path / "log.csv", EVENTS)
    stages = "Request,Build,Review,Wait,Done"
    found = json.loads(marops("flow", path, "--json", "--stages", stages, "--done", "Done", "--cfd-at", "2026-03-08").stdout)
    assert found["cfd"]["2026-03-08"] == {"Request": 2, "Build": 2, "Review": 1, "Wait": 1, "Done": 1}
    assert (found["finished"], found["never_entered"], "Review" in found["time_in_stage_days"]) == (1, ["Review"], False)
    some = json.loads(marops("flow", path, "--json", "--done", "Done,Cancelled").stdout)
    assert (some["done"], some["never_entered"], some["finished"]) == (["Done"], ["Cancelled"], 1)
    said = marops("flow", path, "--stages", stages, "--cfd-at", "2026-03-08").stdout.splitlines()
    assert "Stages that no event enters: Review." in said
    assert "By the end of Mar 8, 2026 had reached: Request 2, Build 2, Review 1, Wait 1, and Done 1." in said


def test_flow_knows_a_stage_in_any_letters_white_space_and_accents(home: Path, tmp_path: Path) -> None:
    rows = "1,In  Progress,1 1,Bu\u0308ro,3 2,in progress,2 2,B\u00fcro,3 3,In  Progress,3"
    log = re.sub(r",(\d) ?", r",2026-03-0\1T00:00:00Z\n", rows)
    path = made.put(tmp_path / "log.csv", f"case,stage,timestamp\n{log}")
    found = json.loads(marops("flow", path, "--json", "--active", "IN PROGRESS", "--done", "b\u00fcro").stdout)
    assert (found["stages"], found["variants"], found["finished"]) == (["In  Progress", "Bu\u0308ro"], 2, 2)
    assert (found["cycle_time_days"]["mean"], found["never_entered"]) == (1.5, [])


def test_the_zone_of_times_without_one_is_said_on_the_command_line(home: Path, tmp_path: Path) -> None:
    path = made.put(tmp_path / "log.csv", "case,stage,timestamp\n1,Build,2026-03-02 10:00\n1,Done,2026-03-08 22:30\n")
    weeks = [
        json.loads(marops("flow", path, "--json", *said).stdout)["throughput_per_week"]
        for said in ((), ("--zone", "America/Sao_Paulo"))
    ]
    assert weeks == [{"2026-03-02": 1}, {"2026-03-09": 1}]
    days = made.put(tmp_path / "days.csv", "case,stage,timestamp\n1,Build,2026-01-05\n1,Done,2026-01-12\n")
    told = json.loads(marops("flow", days, "--json", "--zone", "Europe/Berlin").stdout)
    assert (told["throughput_per_week"], told["case_duration_days"]["mean"]) == ({"2026-01-12": 1}, 7.0)
    assert mistake(marops("flow", path, "--zone", "Mars")) == "Mars is no time zone. Write it as America/Sao_Paulo."
    assert "Times without a time zone were read as America/Sao_Paulo time, as was chosen, and are kept in UTC." in (
        marops("import", path, "--zone", "America/Sao_Paulo").stdout
    )
    assert made.counted("work_item_transition")["transition_at"].to_list() == [
        made.utc(2026, 3, 2, 13), made.utc(2026, 3, 9, 1, 30),
    ]  # fmt: skip


def test_flow_leaves_out_every_item_with_a_row_that_was_not_read_however_many_there_are(home: Path, tmp_path: Path) -> None:
    bad = 11_000  # more than a report lists one by one
    rows = [f"x{n},Build,2026-03-02T00:00:00Z\nx{n},Done,soon" for n in range(bad)]
    good = "g,Build,2026-03-02T00:00:00Z\ng,Done,2026-03-05T00:00:00Z\n"
    path = made.put(tmp_path / "log.csv", "case,stage,timestamp\n" + good + "\n".join(rows) + "\n")
    found = json.loads(marops("flow", path, "--json", "--done", "Done").stdout)
    assert (found["items"], found["finished"], len(found["excluded"])) == (1, 1, bad)
    assert found["case_duration_days"]["mean"] == 3


HISTORY = "Issue key,Date of change,Updated by,Field,Old value,New value\n"


def test_flow_takes_moves_of_one_moment_in_the_order_in_which_an_import_numbers_them(home: Path, tmp_path: Path) -> None:
    """By what each left; where nothing was left, by how the file lists moves, the newest first."""
    moved = "X-1,2026-05-04 10:00:00,Ana,status,"
    tied = f"{moved}In Progress,In Review\n{moved}Selected,In Progress\n"
    last = "X-1,2026-05-06 10:00:00,Ana,status,In Review,Done\n"
    for number, rows in enumerate(
        (last + tied, tied + last, last + tied.replace("In Progress,In R", ",In R").replace("Selected", ""))
    ):
        path = made.put(tmp_path / f"{number}.csv", HISTORY + rows)
        found = json.loads(here("flow", path, "--json", "--stages", "In Progress,In Review,Done").stdout)
        assert (found["time_in_stage_days"], found["moved_back_items"], found["equal_timestamps"]) == (
            {"In Progress": 0, "In Review": 2, "Done": 0}, 0, 1,
        )  # fmt: skip
    said = here("flow", path).stdout.splitlines()
    assert "1 item has events at the same moment: what each left tells their order where it can, else the file’s order." in said


def test_flow_names_the_first_refused_cells_as_an_import_does(home: Path, tmp_path: Path) -> None:
    rows = "case,stage,timestamp\nb,Build,2026-03-02\nb,Done,soon\n"
    path = made.put(tmp_path / "log.csv", f"{rows}a,Build,2026-03-02\na,Done,2026-03-05\n")
    done = here("flow", path, "--json")
    assert done.stderr.splitlines() == [
        "  row 3, timestamp “soon” cannot be read as what the column holds",
        "  Mend what is refused in the file and try again; until then items with it are left out.",
    ]
    assert json.loads(done.stdout)["excluded"] == [{"case": "b", "why": "unreadable date"}]
    assert mistake(here("flow", made.put(tmp_path / "alone.csv", rows))) == (
        "No event of this log can be used. Left out: 1 item with a moment that cannot be read. "
        "The first refused: row 3, timestamp “soon” cannot be read as what the column holds. Mend it in the file and try again."
    )


def test_flow_of_a_file_that_is_no_log_says_what_its_columns_must_be_called(home: Path, tmp_path: Path) -> None:
    path = made.put(tmp_path / "latin.csv", "Item;Etapa;Data\n1;Pedido;2026-05-01\n1;Feito;2026-05-03\n")
    assert mistake(here("flow", path)) == (
        "latin.csv is no event log (a column for the case, the stage and the timestamp). Its columns: Item, Etapa, and Data. "
        "Rename them to case, stage and timestamp (and role, where there is one), and try again."
    )


def test_flow_says_which_rows_belong_to_nobody(home: Path, tmp_path: Path) -> None:
    path = made.put(
        tmp_path / "log.csv",
        "case,stage,timestamp\na,Build,2026-03-02\na,Done,2026-03-05,too,many\n,Build,2026-03-03\na,Done,2026-03-04\n",
    )
    assert json.loads(marops("flow", path, "--json").stdout)["unread_rows"] == 2
    assert marops("flow", path).stdout.splitlines()[-1].startswith("2 rows have too many or too few cells, or no item:")


def test_flow_knows_nothing_of_days_to_come_and_names_the_end_it_took(home: Path, tmp_path: Path) -> None:
    path = made.put(tmp_path / "log.csv", EVENTS)
    for option in ("--as-of", "--cfd-at"):
        assert mistake(marops("flow", path, option, "9999-12-31")) == (
            "Nothing is known of Dec 31, 9999 yet. Give a day up to today."
        )
    assert "Taken for the end of the work: Done. Say it with --done." in marops("flow", path).stdout.splitlines()
    assert "Say it with --done." not in marops("flow", path, "--done", "Done").stdout


def test_flow_counts_moves_back_also_where_reopened_work_starts_again(home: Path, tmp_path: Path) -> None:
    path = made.put(tmp_path / "log.csv", EVENTS)
    options = ("--stages", "Request,Build,Wait,Done", "--active", "Build", "--done", "Done", "--reopened", "reset")
    assert json.loads(marops("flow", path, "--json", *options).stdout)["moved_back_items"] == 1


def test_flow_says_that_events_are_in_the_log_more_than_once(home: Path, tmp_path: Path) -> None:
    rows = ["a,Build,2026-03-02", "a,Build,2026-03-02", "a,Done,2026-03-05", "b,Build,2026-03-02", "a,Build,2026-03-02"]
    path = made.put(tmp_path / "log.csv", "\n".join(["case,stage,timestamp", *rows]) + "\n")
    found = json.loads(marops("flow", path, "--json").stdout)
    assert (found["events"], found["repeated_events"]) == (5, 2)
    assert here("flow", path).stdout.splitlines()[-1] == (
        "2 events have the item, stage, moment and role of others and count beside them. Does the log hold rows twice?"
    )


def test_flow_of_items_whose_ids_a_spreadsheet_has_rounded_is_refused(home: Path, tmp_path: Path) -> None:
    log = "case;stage;timestamp\n7;Build;2026-03-02\n1,20123E+15;Build;2026-03-03\n1,20123E+15;Done;2026-03-04\n"
    assert mistake(here("flow", made.put(tmp_path / "log.csv", log))) == (
        "“case” holds ids that a spreadsheet has rounded (2; the first, in row 3, says “1,20123E+15”): different ones may look "
        "the same. Export the file again and give it as it is, without saving it from a spreadsheet."
    )


def test_flow_knows_a_stage_however_it_is_spelled(home: Path, tmp_path: Path) -> None:
    rows = ["a,Build  it,2026-03-02", "a,DONE,2026-03-05", "b,build it,2026-03-03", "b,Done,2026-03-05", "c,build it ,2026-03-04"]
    path = made.put(tmp_path / "log.csv", "\n".join(["case,stage,timestamp", *rows]) + "\n")
    found = json.loads(marops("flow", path, "--json").stdout)
    assert (found["stages"], found["done"], found["variants"]) == (["build it", "DONE"], ["DONE"], 2)
    assert found["time_in_stage_days"] == {"build it": 5.0, "DONE": 0.0}


def test_flow_takes_stages_with_a_comma_in_quotes_and_one_that_is_called_day(home: Path, tmp_path: Path) -> None:
    path = made.put(tmp_path / "log.csv", 'case,stage,timestamp\na,"Build, test",2026-03-02\na,day,2026-03-05\n')
    found = json.loads(marops("flow", path, "--json", "--stages", '"Build, test",day', "--cfd-at", "2026-03-05").stdout)
    assert found["cfd"] == {"2026-03-05": {"Build, test": 1, "day": 1}}


def test_flow_prints_what_a_terminal_cannot_show_as_valid_json_and_replaces_it_in_text(tmp_path: Path) -> None:
    path = made.put(tmp_path / "log.csv", "case,stage,timestamp\na,审查,2026-03-02\na,Done,2026-03-05\n")
    done = marops("flow", path, "--json", PYTHONIOENCODING="latin-1")
    assert json.loads(done.stdout)["stages"] == ["审查", "Done"]
    assert "\\u5ba1\\u67e5" in done.stdout
    said = marops("flow", path, PYTHONIOENCODING="latin-1")
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("1 item, 2 events, 1 way through ?? and Done; as of Mar 5, 2026.")
    assert "审查" in here("flow", path, "--json").stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_output_that_cannot_be_written_is_one_line_that_says_why(tmp_path: Path) -> None:
    path = made.put(tmp_path / "log.csv", "case,stage,timestamp\na,Build,2026-03-02\na,Done,2026-03-05\n")
    for arguments in (["version"], ["flow", str(path), "--json"]):
        with Path("/dev/full").open("w", encoding="utf-8") as full:
            done = subprocess.run(
                [sys.executable, "-m", "marops", *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False, cwd=ROOT,
            )  # fmt: skip
        assert (done.returncode, done.stderr) == (
            2, "marops: The output could not be written (No space left on device). Make room, or send it elsewhere.\n"
        )  # fmt: skip


def test_flow_of_a_log_in_xes_names_the_case_and_event_of_what_is_refused(tmp_path: Path) -> None:
    event = '<event><string key="concept:name" value="{}"/><date key="time:timestamp" value="{}"/></event>'
    trace = '<trace><string key="concept:name" value="{}"/>{}</trace>'
    events = [event.format("A", "2026-03-02T00:00:00Z"), event.format("D", "soon"), event.format("D", "2026-03-04T00:00:00Z")]
    log = trace.format("n 1", events[0] + events[1]) + trace.format("n 2", events[0] + events[2])
    done = here("flow", made.put(tmp_path / "log.xes", f"<log>{log}</log>"))
    assert done.stderr.splitlines() == [
        "  event 2 of the log, case “n 1”, time:timestamp “soon” cannot be read as what the column holds",
        "  Mend what is refused in the file and try again; until then items with it are left out.",
    ]


def test_flow_quotes_what_stands_for_no_value_as_the_file_says_it(tmp_path: Path) -> None:
    rows = ["case,stage,timestamp", "a,Build,2026-03-02", "a,Done,9999-12-31", "null,Build,2026-03-03", "c,Build,2026-03-02", "b,,"]
    said = here("flow", made.put(tmp_path / "log.csv", "\n".join(rows) + "\n")).stderr.splitlines()
    assert said[:3] == [
        "  row 3, timestamp “9999-12-31” stands for no value, and there has to be one",
        "  row 4, case “null” stands for no value, and there has to be one",
        "  row 6, stage “” is missing and has to be there",
    ]


def test_flow_of_a_log_without_events_says_what_to_look_for(tmp_path: Path) -> None:
    assert mistake(here("flow", made.put(tmp_path / "log.csv", "case,stage,timestamp\n"))) == (
        "log.csv holds no event below its column names. Check that the export had finished, and that no filter was set."
    )


def test_flow_of_what_is_no_file_says_what_it_is(tmp_path: Path) -> None:
    assert mistake(here("flow", tmp_path)) == f"{tmp_path} is a folder. Give a file in it."
    assert mistake(here("flow", "/dev/null")) == "/dev/null is a device or a pipe. Give a file: it is read more than once."
    assert mistake(here("flow", "")) == "Give the path of one log; found none."
    assert mistake(here("flow", tmp_path / "nope.csv")) == (
        f"There is no file {tmp_path}/nope.csv. Check the name, or give the full path."
    )
    assert mistake(here("inspect", "x" * 400)) == f"There is no file {'x' * 300}. Check the name, or give the full path."


def test_flow_takes_line_breaks_between_stages_for_spaces(home: Path, tmp_path: Path) -> None:
    path = made.put(tmp_path / "log.csv", "case,stage,timestamp\na,Build it,2026-03-02\na,Done,2026-03-05\n")
    assert json.loads(here("flow", path, "--json", "--stages", "Build\nit,\nDone\n").stdout)["stages"] == ["Build it", "Done"]
    assert mistake(here("flow", path, "--done", "Build it\nDone")) == (
        "No event of this log enters Build it Done. Its stages: Build it and Done."
    )


def _import_held(path: Path, stderr: int) -> tuple["subprocess.Popen[str]", psutil.Process]:
    """An import whose reader is held still for a while, so that it takes its time."""
    command = [sys.executable, "-m", "marops", "import", str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True, cwd=ROOT)
    reader = None
    while reader is None and process.poll() is None:
        children = psutil.Process(process.pid).children()
        reader = next((child for child in children if "marops.sources.child" in child.cmdline()), None)
    assert reader is not None
    reader.suspend()
    return process, reader


@pytest.mark.skipif(sys.platform == "win32", reason="terminals are other things there")
def test_an_import_that_takes_its_time_says_so_on_a_terminal_and_only_there(tmp_path: Path) -> None:
    path = made.put(tmp_path / "ads.csv", made.THREE_DAYS)
    screen, terminal = os.openpty()
    process, reader = _import_held(path, terminal)
    os.close(terminal)
    shown = os.read(screen, 1000).decode()
    assert "Reading ads.csv, 1 s so far" in shown
    reader.resume()
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out.splitlines()[0]) == (0, "ads.csv: 3 rows into ad_performance; 3 read, 0 set aside, 0 refused")
    assert os.read(screen, 1000).decode().endswith("\r\x1b[K")
    os.close(screen)

    process, reader = _import_held(made.put(tmp_path / "june.csv", made.ads(("2026-06-01", "1", "1"))), subprocess.PIPE)
    time.sleep(1.5)
    reader.resume()
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are other things there")
def test_an_import_interrupted_while_it_reads_ends_its_reader_and_leaves_nothing(tmp_path: Path) -> None:
    process, reader = _import_held(made.put(tmp_path / "ads.csv", made.THREE_DAYS), subprocess.PIPE)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "")
    with suppress(psutil.NoSuchProcess):
        assert reader.status() == psutil.STATUS_ZOMBIE, "nobody has collected it yet, but it has ended"
    assert list((tmp_path / "home" / "staging").iterdir()) == []


def test_watching_once_takes_what_is_there_and_says_what_became_of_it(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    made.put(inbox / "ads.csv", made.THREE_DAYS)
    made.put(inbox / "empty.csv", "")
    done = marops("watch", inbox, "--once", "--settle", "0")
    assert (done.returncode, done.stdout) == (0, "ads.csv: 3 rows into ad_performance\n")
    assert done.stderr == (
        "empty.csv: empty.csv is empty (0 bytes). Download it again, or check that the export had finished. "
        f"It is in {inbox / 'refused'}.\n"
    )
    assert mistake(here("watch", tmp_path / "nowhere")).startswith("There is no folder ")
