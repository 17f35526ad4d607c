"""Which currency amounts are in: from signs, headers and columns; asked where they disagree or do not say."""

from decimal import Decimal
from pathlib import Path

import pytest

from marops.principal import Principal
from marops.sources import currencies, service
from marops.sources.recognising import signature
from marops.sources.report import Mapping
from marops.workspaces.store import OWN
from tests.sources import made

HEAD = "Day,Campaign,Clicks,Impr.,{cost}"


def costs(tmp_path: Path, header: str, *cells: str, column: str = "") -> tuple[list[str], list[tuple[str, list[str]]]]:
    """The currencies of a Google report with these costs, and what is asked."""
    rows = "".join(f'2026-05-0{i},A,1,10,"{cell}"{column and "," + column}\n' for i, cell in enumerate(cells, 1))
    part, _ = made.text(tmp_path, f"{HEAD.format(cost=header)}{column and ',Currency code'}\n{rows}")
    return part.currencies, [(asked.code, asked.choices) for asked in part.questions]


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("Cost (USD)", "USD"), ("Cost [EUR]", "EUR"), ("Cost in GBP", "GBP"), ("Cost - CHF", "CHF"), ("Cost JPY", "JPY"),
        ("cost_brl", "BRL"), ("cost_in_usd", "USD"), ("Cost (€)", "EUR"), ("Custo (R$)", "BRL"), ("Cost (US$)", "USD"),
    ],
)  # fmt: skip
def test_a_header_names_the_currency(tmp_path: Path, header: str, code: str) -> None:
    assert costs(tmp_path, header, "1.50") == ([code], [])


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("R$ 1.50", "BRL"), ("US$1.50", "USD"), ("€1.50", "EUR"), ("£1.50", "GBP"), ("₹1.50", "INR"), ("1.50 zł", "PLN"),
        ("CA$1.50", "CAD"), ("A$1.50", "AUD"), ("NZ$1.50", "NZD"), ("1.50 Kč", "CZK"), ("CHF 1.50", "CHF"), ("₺1.50", "TRY"),
    ],
)  # fmt: skip
def test_a_sign_names_the_currency(tmp_path: Path, cell: str, code: str) -> None:
    assert costs(tmp_path, "Cost", cell, cell) == ([code], [])


def test_a_sign_that_several_currencies_share_is_asked_and_not_guessed(tmp_path: Path) -> None:
    assert costs(tmp_path, "Cost", "$1.50") == (
        [], [("currency", ["USD", "CAD", "AUD", "MXN", "NZD", "SGD", "HKD", "CLP", "COP", "ARS"])],
    )  # fmt: skip
    assert costs(tmp_path, "Cost", "¥150") == ([], [("currency", ["JPY", "CNY"])])
    assert costs(tmp_path, "Cost (CAD)", "$1.50") == (["CAD"], [])
    assert costs(tmp_path, "Cost", "$1.50", column="MXN") == (["MXN"], [])


def test_a_file_that_contradicts_itself_is_asked(tmp_path: Path) -> None:
    conflict = [("currency_conflict", ["EUR", "GBP"])]
    assert costs(tmp_path, "Cost", "€1.50", column="GBP") == ([], conflict)
    assert costs(tmp_path, "Cost (EUR)", "1.50", column="GBP") == ([], conflict)
    assert costs(tmp_path, "Cost (EUR)", "£1.50") == ([], conflict)
    assert costs(tmp_path, "Cost", "€1.50", "£2.50") == ([], conflict)
    assert costs(tmp_path, "Cost (EUR)", "$1.50") == ([], [("currency_conflict", ["EUR"])])


def test_rows_in_currencies_of_their_own_are_no_contradiction(tmp_path: Path) -> None:
    part, rows = made.text(tmp_path, "Day,Campaign,Clicks,Currency code,Cost\n2026-05-01,A,1,EUR,€1.50\n2026-05-02,A,1,GBP,£2.50\n")
    assert part.questions == []
    assert rows.select("currency_code", "spend").rows() == [("EUR", Decimal("1.5")), ("GBP", Decimal("2.5"))]


def test_what_a_person_answers_holds(tmp_path: Path) -> None:
    content = "Day,Campaign,Clicks,Currency code,Cost\n2026-05-01,A,1,GBP,€1.50\n"
    columns = {"_day": 0, "campaign_name": 1, "clicks": 2, "currency_code": 3, "spend": 4}
    answer = Mapping(
        table="ad_performance", shape="google_ads", columns=columns,
        constants={"platform": "google_ads", "currency_code": "EUR"},
    )  # fmt: skip
    part, rows = made.text(tmp_path, content, mapping=answer)
    assert (part.questions, rows["currency_code"].to_list()) == ([], ["EUR"])


@pytest.mark.parametrize(
    ("header", "cell", "asked"),
    [
        ("Cost", "$1.50", []),
        ("Cost", "1.50", []),
        ("Cost (CAD)", "$1.50", []),
        ("Cost (EUR)", "1.50", ["CAD", "EUR"]),
        ("Cost", "€1.50", ["CAD", "EUR"]),
        ("Cost", "¥150", ["CAD"]),
    ],
)
def test_an_answer_given_before_holds_unless_the_next_file_says_otherwise(
    tmp_path: Path, header: str, cell: str, asked: list[str]
) -> None:
    path = made.put(tmp_path / "next.csv", f"Day,Campaign,Clicks,Impr.,{header}\n2026-05-01,A,1,10,{cell}\n")
    columns = {"_day": 0, "campaign_name": 1, "clicks": 2, "impressions": 3, "spend": 4}
    before = Mapping(
        table="ad_performance",
        shape="google_ads",
        columns=columns,
        constants={"platform": "google_ads", "currency_code": "CAD"},
    )
    part = made.only(made.read(path, remembered={signature(["Day", "Campaign", "Clicks", "Impr.", header]): before}))
    assert [choice for question in part.questions for choice in question.choices] == asked
    assert part.currencies == ([] if asked else ["CAD"])


@pytest.mark.parametrize("header", ["Clicks (all)", "CLICKS (CTR)", "Clicks", "all_clicks", "clicks_all", "(USD)", "USD"])
def test_headers_that_name_no_currency(header: str) -> None:
    assert currencies.in_header(header) is None


def test_millionths_are_divided_exactly_and_keep_the_files_unit_when_inspected(tmp_path: Path) -> None:
    header = "segments.date,campaign.name,metrics.clicks,metrics.cost_micros,customer.currency_code\n"
    part, rows = made.text(tmp_path, f"{header}2026-05-01,A,1,999999999999999,USD\n2026-05-02,A,1,1,USD\n2026-05-03,A,1,-5,USD\n")
    assert rows["spend"].to_list() == [Decimal("999999999.999999"), Decimal("0.000001")]
    assert [(cell.column, cell.rule) for cell in part.refused] == [("metrics.cost_micros", "minimum")]
    assert [(note.code, note.values) for note in part.notes] == [("millionths", {"columns": "metrics.cost_micros"})]


def test_a_column_named_micros_is_divided_in_a_file_of_no_known_layout(tmp_path: Path) -> None:
    mapping = Mapping(
        table="cost", columns={"cost_centre": 0, "period_start": 1, "period_end": 1, "sales_marketing_cost": 2},
        constants={"currency_code": "EUR"},
    )  # fmt: skip
    _, rows = made.text(tmp_path, "centre,day,amount_micros\nC,2026-05-01,2500000\n", mapping=mapping)
    assert rows["sales_marketing_cost"].to_list() == [Decimal("2.5")]


@pytest.mark.usefixtures("read_here")
def test_two_files_of_one_account_in_different_currencies_are_pointed_out(home: Path, admin: Principal, tmp_path: Path) -> None:
    def file(name: str, day: str, code: str, campaign: str) -> service.Preview:
        content = f"Day,Campaign,Clicks,Currency code,Cost\n{day},{campaign},1,{code},1.50\n"
        return service.preview_file(admin, OWN, made.put(tmp_path / name, content))

    service.accept(admin, file("gbp.csv", "2026-05-01", "GBP", "A"))
    same = file("eur.csv", "2026-05-02", "EUR", "A")
    assert [(note.code, note.values) for note in same.report.parts[0].notes] == [
        ("account_currency", {"account": "A", "here": "EUR", "there": "GBP", "source": "gbp.csv"})
    ]
    assert [note.code for note in service.load_preview(admin, same.id).report.parts[0].notes] == ["account_currency"]
    assert file("more.csv", "2026-05-02", "GBP", "A").report.parts[0].notes == []
    assert file("other.csv", "2026-05-02", "EUR", "B").report.parts[0].notes == []
