"""Rules for campaign names: what they say of a name, in which words, and that nothing is refused for its name."""

from pathlib import Path

import pytest

from marops import naming
from marops.errors import UserError
from marops.principal import Principal
from marops.sources import service
from marops.workspaces import service as workspaces
from marops.workspaces.store import OWN
from tests.sources import made

PATTERN = "{country:BR|MX}_{channel}_{objective}_{quarter:Q1|Q2|Q3|Q4}"


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("BR_search_lead_Q2", None),
        ("br_search_lead_q2", None),
        ("BR_search_Q2", "3 parts instead of 4"),
        ("Launch", "1 part instead of 4"),
        ("AR_search_lead_Q2", "country is “AR”, not one of BR and MX"),
        ("BR__lead_Q2", "channel is empty"),
        ("BR_search_lead_Q5", "quarter is “Q5”, not one of Q1, Q2, Q3, and Q4"),
    ],
)
def test_a_name_follows_the_rule_or_says_why_not(name: str, fault: str | None) -> None:
    found = naming.parsed(PATTERN).fault(name)
    assert (str(found) if found else None) == fault


@pytest.mark.parametrize("pattern", ["country", "{country}", "{country}{channel}", "x{country}_{channel}", "{a}_{b}-{c}", "{}_{}"])
def test_what_says_no_rule_is_refused_with_an_example(pattern: str) -> None:
    with pytest.raises(UserError, match=r"is not a naming rule\. Give at least two parts in braces"):
        naming.parsed(pattern)


def test_each_name_counts_once_and_those_unlike_are_listed_in_order() -> None:
    found = naming.looked_at(naming.parsed("{a}-{b}"), ["z", "x-y", "x-y", "", "b"])
    assert (found.names, found.followed, [name for name, _ in found.unlike]) == (3, 1, ["b", "z"])


def campaigns(*names: str) -> str:
    rows = "".join(f"{name},2026-05-0{index + 1},BRL,1,1.25\n" for index, name in enumerate(names))
    return "Campaign,Day,Currency code,Clicks,Cost\n" + rows


def test_a_preview_and_what_is_imported_say_how_many_names_follow_the_rule(home: Path, admin: Principal, tmp_path: Path) -> None:
    preview = service.preview_file(admin, OWN, made.put(tmp_path / "a.csv", campaigns("BR_search_lead_Q2", "Launch", "Launch")))
    assert service.named(admin, preview) is None
    workspaces.set_naming_rule(admin, OWN, f" {PATTERN} ")
    found = service.named(admin, preview)
    assert found is not None
    assert (found.names, found.followed, [name for name, _ in found.unlike]) == (2, 1, ["Launch"])
    assert service.campaign_names(admin, OWN) is None
    run = service.accept(admin, preview)
    assert (run.rows_loaded, service.campaign_names(admin, OWN)) == (3, found)
    workspaces.set_naming_rule(admin, OWN, "")
    assert service.campaign_names(admin, OWN) is None


def test_a_rule_that_is_none_changes_nothing(home: Path, admin: Principal) -> None:
    workspaces.set_naming_rule(admin, OWN, PATTERN)
    with pytest.raises(UserError, match="is not a naming rule"):
        workspaces.set_naming_rule(admin, OWN, "whatever")
    with pytest.raises(UserError, match="may have 500 characters; this one has 504"):
        workspaces.set_naming_rule(admin, OWN, "{a}_{" + "b" * 498 + "}")
    assert workspaces.open_workspace(admin, OWN).workspace.naming_rule == PATTERN
