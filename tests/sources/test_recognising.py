"""Which tool a file comes from, and what each tool's rows become."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from marops.sources import formats, recognising
from marops.sources.recognising import header_row, recognise, shapes, signature
from marops.tables import TABLES
from tests.conftest import case
from tests.sources import made

SHIPPED = Path(recognising.__file__).parents[2] / "sample_data"


@pytest.mark.parametrize(
    ("name", "shape", "table"),
    [
        ("google-ads-brasil.csv", "google_ads", "ad_performance"),
        ("google-ads-europe.csv", "google_ads", "ad_performance"),
        ("meta-ads-brasil.csv", "meta_ads", "ad_performance"),
        ("linkedin-europe.csv", "linkedin_ads", "ad_performance"),
        ("microsoft-ads.xlsx", "microsoft_ads", "ad_performance"),
        ("tiktok-ads.xlsx", "tiktok_ads", "ad_performance"),
        ("ga4-traffic.csv", "ga4", "web_traffic_daily"),
        ("jira-campaigns.csv", "jira_issues", "work_item"),
        ("jira-history.csv", "jira_history", "work_item_transition"),
        ("uptime-log.csv", "uptime_log", "sli_measurement"),
        ("survey-qualtrics.csv", "qualtrics", "survey_response"),
        ("reference-rates-ecb.csv", "fx_ecb", "fx_rate"),
        ("kpi-targets.csv", "targets", "target"),
        ("budget-plan.xlsx", "budget_plan", "budget_plan"),
        ("crm-lead-history.parquet", "crm_lead_history", "lead_stage_history"),
    ],
)
def test_every_tools_file_is_recognised(tmp_path: Path, name: str, shape: str, table: str) -> None:
    path = made.put(tmp_path / name, (SHIPPED / name).read_bytes())
    part = made.only(made.read(path))
    assert part.mapping is not None
    assert (part.mapping.shape, part.rows.table) == (shape, table)
    assert part.recognised_as == shapes()[shape].name
    assert (part.rows_refused, part.questions) == (0, [])
    assert part.rows_ready > 0


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("G01__Relatório de campanha.csv", "google_ads"),
        ("G08__Campaign report.csv", "google_ads"),
        ("G10__Campaign report.csv", "google_ads"),
        ("G14__Location report.csv", "google_ads"),
        ("G18__campaigns.csv", "google_ads"),
        ("G22__Ad asset report.xlsx", "google_ads"),
        ("M01__Relatório-sem-título.csv", "meta_ads"),
    ],
)
def test_real_exports_are_recognised(tmp_path: Path, name: str, shape: str) -> None:
    part = made.only(made.read(made.put(tmp_path / "file", case("ingest", name).read_bytes())))
    assert part.mapping is not None
    assert part.mapping.shape == shape


@pytest.mark.parametrize("table", sorted(TABLES))
def test_a_file_with_the_canonical_names_of_a_table_is_recognised_as_that_table(table: str) -> None:
    found = recognise(list(TABLES[table].by_name))
    assert found is not None
    assert found.shape.table == table
    assert found.columns == {name: position for position, name in enumerate(TABLES[table].by_name)}


@pytest.mark.parametrize("headers", [["foo", "bar"], ["Date", "Cost"], ["USD", "EUR"], ["", ""], ["Clicks"]])
def test_headers_that_say_too_little_are_not_guessed(headers: list[str]) -> None:
    assert recognise(headers) is None


def test_headers_are_compared_without_case_spaces_and_currency() -> None:
    assert recognising.normal("\ufeff Valor  usado\u00a0(BRL) ") == "valor usado"
    assert signature(["A", "Amount spent (BRL)"]) == signature([" a ", "amount  SPENT (EUR)"])
    assert signature(["a", "b"]) != signature(["b", "a"])
    assert signature(["ab", ""]) != signature(["a", "b"])


def test_the_currency_in_a_header_is_taken_where_there_is_one() -> None:
    one = recognise(["Campaign name", "Day", "Amount spent (BRL)", "Impressions"])
    two = recognise(["Campaign name", "Day", "Amount spent (BRL)", "Conversion value (EUR)", "Impressions"])
    assert one is not None
    assert two is not None
    assert (one.currency, two.currency) == ("BRL", None)
    assert one.mapping.constants["currency_code"] == "BRL"


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ([["Report"], ["May"], ["Campaign", "Currency code", "Cost"], ["A", "BRL", "1"]], 2),
        ([["name", "what"], ["x", "y"]], 0),
        ([["title"], [], ["name", "what"], ["x", "1"]], 2),
        ([["title", ""], ["name", "what"], ["x", "1"]], 1),
        ([["1", "2"], ["3", "4"]], None),
        ([["2026-05-01", "x"], ["2026-05-02", "y"]], None),
        ([["same", "same"], ["1", "2"]], None),
        ([["what", "who", "tag", "tag", "tag", "when", "why"], ["a", "b", "c", "", "", "2026-05-01", "d"]], 0),
        ([["Ana", "Rio", "yes", "yes", "no", "maybe", "often"], ["Bea", "Spa", "no", "yes", "no", "no", "rarely"]], None),
        ([["only"], ["one"]], None),
        ([["R$ 5,00", "10%"], ["a", "b"]], None),
    ],
)
def test_the_header_is_found_under_what_stands_above_it_and_not_made_up(head: list[list[str]], row: int | None) -> None:
    assert header_row(head) == row


def test_reports_by_keyword_or_device_are_told_from_reports_by_campaign(tmp_path: Path) -> None:
    header = "Day,Campaign,Currency code,Clicks,Cost"
    for extra, level in (("", "campaign"), (",Ad group", "ad_group"), (",Search keyword", "keyword"), (",Device", "breakdown")):
        cell = ",x" if extra else ""
        part, rows = made.text(tmp_path, f"{header}{extra}\n2026-05-01,A,BRL,1,1{cell}\n", f"{level}.csv")
        assert part.rows.grain.startswith(f"{level} day")
        assert rows["level"].to_list() == [level]


def test_values_in_the_tools_words_become_canonical_ones(tmp_path: Path) -> None:
    _, rows = made.text(
        tmp_path,
        "Dia,Campanha,Tipo de campanha,Código da moeda,Custo\n2026-05-01,A, Pesquisa ,brl,1\n2026-05-01,B,Novidade,BRL,2\n",
    )
    assert rows["campaign_type"].to_list() == ["search", "Novidade"]
    assert rows["currency_code"].to_list() == ["BRL", "BRL"]
    assert rows["platform"].to_list() == ["google_ads", "google_ads"]


def test_a_leads_history_gets_its_order_and_its_exits_from_the_next_entry(tmp_path: Path) -> None:
    _, rows = made.text(
        tmp_path,
        "Lead ID,Field / Event,Old Value,New Value,Edit Date\n"
        "7,Lead Status,MQL,SQL,2026-05-03 10:00\n"
        "7,Lead Status,,MQL,2026-05-01 09:00\n"
        "7,Owner,Ana,Rui,2026-05-02 09:00\n"
        "8,Lead Status,,MQL,2026-05-13 09:00\n",
    )
    assert rows.sort("lead_id", "status_sequence").select(
        "lead_id", "status_sequence", "stage", "date_stage_entered", "date_stage_exited"
    ).rows() == [
        ("7", 1, "MQL", made.utc(2026, 5, 1, 9), made.utc(2026, 5, 3, 10)),
        ("7", 2, "SQL", made.utc(2026, 5, 3, 10), None),
        ("8", 1, "MQL", made.utc(2026, 5, 13, 9), None),
    ]


def test_an_uptime_log_becomes_good_and_bad_seconds(tmp_path: Path) -> None:
    _, rows = made.text(
        tmp_path,
        "Monitor,Event,Date-Time,Duration (in mins.)\nLP,Up,2026-05-13 00:00:00,90\nLP,Down,2026-05-13 01:30:00,10\n",
    )
    assert rows.select("service", "sli_name", "window_seconds", "good_count", "bad_count", "total_count").rows() == [
        ("LP", "availability", 5400, 5400, 0, 5400),
        ("LP", "availability", 600, 0, 600, 600),
    ]


def test_a_table_of_rates_becomes_one_row_a_currency_and_cells_without_a_rate_none(tmp_path: Path) -> None:
    part, rows = made.text(tmp_path, "Date,USD,BRL,JPY\n2026-05-04,1.0817,5.8,N/A\n2026-05-05,1.09,,160\n")
    assert sorted(rows.select("rate_date", "base_currency", "currency_code", "rate").rows()) == [
        (date(2026, 5, 4), "EUR", "BRL", Decimal("5.8")),
        (date(2026, 5, 4), "EUR", "USD", Decimal("1.0817")),
        (date(2026, 5, 5), "EUR", "JPY", Decimal(160)),
        (date(2026, 5, 5), "EUR", "USD", Decimal("1.09")),
    ]
    assert part.rows_refused == 0


def test_a_plan_by_month_ends_with_the_month(tmp_path: Path) -> None:
    _, rows = made.text(tmp_path, "Channel,Month,Planned spend,Currency\nmeta,2026-02-01,100.5,EUR\n")
    assert rows.select("plan_version", "period_start", "period_end", "planned_spend").rows() == [
        ("current", date(2026, 2, 1), date(2026, 2, 28), Decimal("100.5"))
    ]


def test_a_record_without_any_cell_is_no_header() -> None:
    assert header_row(((), ("a", "b"), ("x", "1"))) == 1


@pytest.mark.parametrize(
    ("cells", "found"),
    [(["name", "day 1", "Q3"], False), (["name", "31/12/2026"], True), (["name", "R$ 1.234,5"], True), ([], False), ([" "], False)],
)
def test_one_number_or_date_among_names_is_found(cells: list[str], found: bool) -> None:
    assert formats.any_value(cells) is found


@pytest.mark.parametrize(
    ("headers", "shape"),
    [
        ("Fecha,Clics,Impresiones,CPC medio,Coste", "google_ads"),
        ("Stato campagna,Campagna,Impr.,Clic,Codice valuta,CPC medio,Costo", "google_ads"),
        ("Campagnestatus,Campagne,Vertoningen,Klikken,Valutacode,Kosten", "google_ads"),
        ("Nome della campagna,Giorno,Impression,Clic sul link,Importo speso (EUR)", "meta_ads"),
        ("Nazwa kampanii,Dzień,Wyświetlenia,Kliknięcia linku,Wydana kwota (PLN)", "meta_ads"),
        ("Status,Campaign,Account,Delivery,Clicks,Impr.,Spend,Conv.", "microsoft_ads"),
        ("Grupo de canales predeterminado de la sesión,Sesiones", "ga4"),
        ("Resumen,Clave de incidencia,ID de la incidencia,Estado,Creada,Resuelta", "jira_issues"),
    ],
)
def test_headers_in_the_languages_of_the_tools_pages_are_recognised(headers: str, shape: str) -> None:
    found = recognise(headers.split(","))
    assert found is not None
    assert found.shape.id == shape


def test_a_history_with_the_fields_of_its_issues_is_a_history() -> None:
    """Though most of its columns are those of an export of issues, whose rows are issues and not changes."""
    fields = "Summary,Issue key,Issue id,Issue Type,Status,Project name,Assignee,Created,Due date,Resolved"
    issues, history = recognise(fields.split(",")), recognise(f"{fields},Date of change,Field,Old value,New value".split(","))
    assert issues is not None
    assert history is not None
    assert (issues.shape.id, history.shape.id) == ("jira_issues", "jira_history")
    assert history.columns == {
        "issue_id": 2, "status": 13, "previous_status": 12, "transition_at": 10, "_field": 11,
    }  # fmt: skip


@pytest.mark.parametrize(
    "head", ["Fall;Phase;Zeitstempel;Rolle", "Vorgangsnummer;Aktivität;Zeitpunkt;Gruppe", "ID del caso;Etapa;Fecha y hora;Rol",
             "Caso;Fase;Data e hora;Papel"],
)  # fmt: skip
def test_an_event_log_is_known_in_its_language(tmp_path: Path, head: str) -> None:
    _, rows = made.text(tmp_path, f"{head}\n1;Entwurf;31.05.2026 10:00;Design\n")
    assert rows.select("issue_id", "status", "transition_at", "role").rows() == [
        ("1", "Entwurf", made.utc(2026, 5, 31, 10), "Design")
    ]
