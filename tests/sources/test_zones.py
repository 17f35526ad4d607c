"""Times become UTC by the zone a file names; landing pages give their UTM parameters."""

from datetime import date
from pathlib import Path

import pytest

from marops.sources import landing, zones
from tests.sources import made


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("America/Sao_Paulo", "America/Sao_Paulo"),
        ("America/Sao_Paulo (GMT-03:00)", "America/Sao_Paulo"),
        ("(GMT-03:00) Brasilia", "Etc/GMT+3"),
        ("(GMT-03:00) São Paulo", "America/Sao_Paulo"),
        ("(UTC+01:00) Amsterdam, Berlin, Rome", "Europe/Amsterdam"),
        ("(GMT+05:30) Chennai, Kolkata, Mumbai", "Asia/Kolkata"),
        ("E. South America Standard Time", "America/Sao_Paulo"),
        ("UTC", "UTC"),
        ("UTC-3", "Etc/GMT+3"),
        ("(GMT+05:30)", None),
        ("local", None),
    ],
)
def test_a_zone_is_read_in_the_words_of_tools(text: str, zone: str | None) -> None:
    assert zones.named(text) == zone


LEADS = "Lead ID,Lead Owner,Created Date{header}\n1,O,2026-01-15 10:00{cell}\n2,O,2026-07-15 10:00{cell}\n"


@pytest.mark.parametrize(
    ("above", "header", "cell"),
    [
        ("Time zone: Europe/Berlin\n\n", "", ""),
        ("Report,x\nTime zone,(GMT+01:00) Berlin\n\n", "", ""),
        ("", ",Time zone", ",Europe/Berlin"),
        ("", ",account_timezone", ",W. Europe Standard Time"),
    ],
)
def test_times_become_utc_by_the_zone_the_file_names(tmp_path: Path, above: str, header: str, cell: str) -> None:
    part, rows = made.text(tmp_path, above + LEADS.format(header=header, cell=cell))
    assert rows["created_at"].to_list() == [made.utc(2026, 1, 15, 9), made.utc(2026, 7, 15, 8)]
    assert [(note.code, note.values) for note in part.notes] == [("times_in_zone", {"zone": "Europe/Berlin"})]


def test_times_that_name_no_zone_are_utc_and_say_so(tmp_path: Path) -> None:
    part, rows = made.text(tmp_path, LEADS.format(header="", cell=""))
    assert rows["created_at"][0] == made.utc(2026, 1, 15, 10)
    assert [note.code for note in part.notes] == ["times_as_utc"]


@pytest.mark.parametrize("above", ["", "Time zone: Asia/Tokyo\n\n"])
def test_the_zone_that_somebody_says_is_that_of_times_without_one(tmp_path: Path, above: str) -> None:
    content = above + LEADS.format(header="", cell="")
    found, _ = made.text(tmp_path, content)
    assert found.mapping is not None
    part, rows = made.text(tmp_path, content, mapping=found.mapping.model_copy(update={"zone": "Europe/Berlin"}))
    assert rows["created_at"].to_list() == [made.utc(2026, 1, 15, 9), made.utc(2026, 7, 15, 8)]
    assert [(note.code, note.values) for note in part.notes] == [("times_in_chosen_zone", {"zone": "Europe/Berlin"})]


def test_several_zones_in_one_column_are_not_guessed(tmp_path: Path) -> None:
    content = "Lead ID,Lead Owner,Created Date,Time zone\n1,O,2026-01-15 10:00,Europe/Berlin\n2,O,2026-01-15 10:00,UTC\n"
    part, rows = made.text(tmp_path, content)
    assert set(rows["created_at"]) == {made.utc(2026, 1, 15, 10)}
    assert [note.code for note in part.notes] == ["times_as_utc"]


def test_times_with_an_offset_of_their_own_need_no_zone(tmp_path: Path) -> None:
    part, rows = made.text(tmp_path, "Time zone: Asia/Tokyo\n\nLead ID,Lead Owner,Created Date\n1,O,2026-01-15T10:00:00-03:00\n")
    assert (rows["created_at"].to_list(), part.notes) == ([made.utc(2026, 1, 15, 13)], [])


def test_a_time_that_the_change_of_the_clock_leaves_out_is_refused(tmp_path: Path) -> None:
    part, rows = made.text(
        tmp_path, "Time zone: Europe/Berlin\n\nLead ID,Lead Owner,Created Date\n1,O,2026-03-29 02:30\n2,O,2026-03-29 03:30\n"
    )
    assert rows["created_at"].to_list() == [made.utc(2026, 3, 29, 1, 30)]
    assert [(cell.value, cell.rule) for cell in part.refused] == [("2026-03-29 02:30", "unreadable")]


def test_the_days_of_an_ad_report_stay_its_own_and_name_their_zone(tmp_path: Path) -> None:
    _, rows = made.text(
        tmp_path, "Time zone: America/Sao_Paulo\n\nDay,Campaign,Currency code,Clicks,Cost\n2026-05-01,A,BRL,1,1.5\n"
    )
    assert rows.select("period_start", "tz_name").rows() == [(made.utc(2026, 5, 1).date(), "America/Sao_Paulo")]


def test_a_due_date_with_a_clock_is_the_day_where_it_was_written_and_its_moments_are_utc_s(tmp_path: Path) -> None:
    _, rows = made.text(
        tmp_path,
        "Issue id,Issue key,Created,Due date\n"
        "1,A-1,2026-11-01T23:30:00-03:00,2026-11-27T23:30:00-03:00\n"
        "2,A-2,2026-11-01T00:30:00+02:00,2026-11-27T00:30:00+02:00\n"
        "3,A-3,2026-11-01,2026-11-27\n",
    )
    assert rows.select("created_at", "due_date").rows() == [
        (made.utc(2026, 11, 2, 2, 30), date(2026, 11, 27)), (made.utc(2026, 10, 31, 22, 30), date(2026, 11, 27)),
        (made.utc(2026, 11, 1), date(2026, 11, 27)),
    ]  # fmt: skip


def test_a_moment_that_says_utc_is_so_in_a_file_of_another_zone(tmp_path: Path) -> None:
    _, rows = made.text(
        tmp_path,
        "Time zone: America/Sao_Paulo\n\ncase id,activity,timestamp\n1,A,2026-05-01 10:00:00 UTC\n1,B,2026-05-01 10:00:00\n",
    )
    assert rows["transition_at"].to_list() == [made.utc(2026, 5, 1, 10), made.utc(2026, 5, 1, 13)]


def test_a_zone_in_a_tools_words_is_kept_by_its_name(tmp_path: Path) -> None:
    _, rows = made.text(
        tmp_path, "Day,Campaign,Currency code,Time zone,Clicks,Cost\n2026-05-01,A,BRL,(GMT-03:00) São Paulo,1,1.5\n"
    )
    assert rows["tz_name"].to_list() == ["America/Sao_Paulo"]


def test_a_landing_page_gives_its_utm_parameters(tmp_path: Path) -> None:
    url = "https://Example.com/p?utm_source=google&utm_medium=cpc&utm_campaign=Ver%C3%A3o%202026&utm_term=a+b&gclid=1"
    _, rows = made.text(
        tmp_path,
        f"Day,Campaign,Ad ID,Currency code,Clicks,Cost,Final URL\n2026-05-01,A,1,BRL,1,1.5,{url}\n2026-05-01,A,2,BRL,1,1.5,--\n",
    )
    names = ("url_host", "url_path", "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
    assert rows.select(names).rows() == [("example.com", "/p", "google", "cpc", "Verão 2026", None, "a b"), (None,) * 7]


def test_a_parameter_the_file_states_is_kept(tmp_path: Path) -> None:
    _, rows = made.text(
        tmp_path,
        "Lead ID,Lead Owner,Created Date,UTM Source,Landing Page\n"
        "1,O,2026-05-13,mail,https://example.com/?utm_source=x&utm_medium=m\n",
    )
    assert rows.select("utm_source", "utm_medium").rows() == [("mail", "m")]


@pytest.mark.parametrize("text", ["", "none", "http://[", "utm_source=x"])
def test_what_is_no_address_says_nothing(text: str) -> None:
    assert set(landing.parts(text).values()) <= {None, ""}


def test_the_first_address_of_a_list_counts() -> None:
    found = landing.parts('["https://example.com/a?utm_source=s", "https://example.com/b"]')
    assert (found["url_path"], found["utm_source"]) == ("/a", "s")
