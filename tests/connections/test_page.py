"""The Data page's way from a connection to a feed, and what it never shows."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from marops.connections import service
from marops.connections.kinds import Query
from marops.principal import LOCAL_ADMIN, Principal, Role
from marops.web import session
from marops.workspaces.store import OWN
from tests.connections.conftest import PASSWORD, Source
from tests.sources import made
from tests.web.app import errors, opened, words


@pytest.fixture(autouse=True)
def _prepared(home: Path) -> None:
    """Every test here has an installation of its own."""


def fill(at: AppTest, source: Source) -> None:
    """Fill the form for a server in, as a person would."""
    at.selectbox(key="connection_kind").set_value(source.form.kind).run()
    for field, value in (
        ("name", source.form.name), ("host", source.form.host), ("database", source.form.database), ("user", source.form.user),
        ("password", source.password),
    ):  # fmt: skip
        at.text_input(key=f"connection_{field}").set_value(value)
    at.number_input(key=f"connection_port_{source.form.kind}").set_value(source.form.port)
    at.selectbox(key="connection_tls").set_value(source.form.tls)


def press(at: AppTest, label: str) -> None:
    next(button for button in at.button if button.label == label).click().run()
    assert not at.exception, at.exception


@pytest.mark.server
@pytest.mark.parametrize("kind", ["pg", "my"])
def test_a_connection_is_tested_saved_previewed_and_followed_on_the_page(kind: str, request: pytest.FixtureRequest) -> None:
    """The whole way with a real server; afterwards the rows count and the feed is listed."""
    source = request.getfixturevalue(kind)
    at = opened("data")
    fill(at, source)
    press(at, "Test connection")
    assert [element.value for element in at.success] == ["Shop can be read, and only read\\: 1 table\\."]
    at.text_input(key="connection_password").set_value(source.password)
    press(at, "Save connection")
    assert not errors(at)
    at.button(key="read_list").click().run()
    at.button(key="read_preview").click().run()
    assert not errors(at)
    assert "3 rows ready · 0 refused · 0 set aside" in words(at)
    at.text_input(key="feed_name").set_value("Ads")
    at.selectbox(key="feed_column").set_value("day")
    press(at, "Save as feed and import")
    assert not errors(at)
    assert made.counted("ad_performance").height == 3
    (feed,) = service.feeds(LOCAL_ADMIN, OWN)
    assert (feed.name, feed.look_back_days) == ("Ads", 30)
    at.button(key=f"sync_{feed.id}").click().run()
    assert "Ads\\: nothing new" in [element.value for element in at.success]


@pytest.mark.server
def test_a_role_that_may_write_is_refused_on_the_page_and_nothing_is_saved(pg: Source) -> None:
    """The sentence has the privilege and the grants."""
    pg(f"GRANT INSERT ON ads TO {pg.form.user}")
    at = opened("data")
    fill(at, pg)
    press(at, "Save connection")
    (said,) = errors(at)
    assert "it has INSERT on public\\.ads\\. Nothing was read\\." in said
    assert "GRANT SELECT ON ALL TABLES" in said
    assert service.connections(LOCAL_ADMIN, OWN) == []


@pytest.mark.server
def test_the_password_leaves_the_session_with_the_button(pg: Source) -> None:
    """Neither the session nor anything on the page holds it afterwards, whatever came of it."""
    at = opened("data")
    fill(at, pg)
    press(at, "Save connection")
    assert PASSWORD not in str(at.session_state)
    assert PASSWORD not in str(at)
    assert at.text_input(key="connection_password").value == ""


def test_a_connection_that_fails_its_test_shows_why_in_the_list(lite: Source) -> None:
    """Until a test goes through again."""
    connection = service.save(LOCAL_ADMIN, OWN, lite.form, "")
    path = Path(lite.form.path)
    path.rename(path.with_suffix(".away"))
    at = opened("data")
    at.button(key=f"test_{connection}").click().run()
    assert "⚠ There is nothing at " in words(opened("data"))
    path.with_suffix(".away").rename(path)
    at.button(key=f"test_{connection}").click().run()
    assert "⚠" not in words(opened("data"))


def test_a_feed_that_fails_says_why_beside_its_name(lite: Source) -> None:
    """The next visitor sees it too."""
    connection = service.save(LOCAL_ADMIN, OWN, lite.form, "")
    service.follow(LOCAL_ADMIN, service.preview(LOCAL_ADMIN, OWN, connection, Query(table="ads")), "Ads", date_column="day")
    lite("DELETE FROM ads")
    at = opened("data")
    (feed,) = service.feeds(LOCAL_ADMIN, OWN)
    at.button(key=f"sync_{feed.id}").click().run()
    assert "Ads gives no rows\\. Nothing was changed\\." in errors(at)
    assert "⚠ Ads gives no rows\\. Nothing was changed\\." in words(opened("data"))


def test_a_viewer_sees_no_connections_and_a_manager_no_form(lite: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials are the admin's business; reading with them a manager's."""
    service.save(LOCAL_ADMIN, OWN, lite.form, "")
    for role, sees, may_add in ((Role.VIEWER, False, False), (Role.MANAGER, True, False), (Role.ADMIN, True, True)):
        monkeypatch.setattr(session, "LOCAL_ADMIN", Principal("x", "Ana", role))
        at = opened("data")
        assert ("Which source do you want to read from?" in words(at)) is sees
        assert ("Save connection" in [button.label for button in at.button]) is may_add


@pytest.mark.server
def test_a_store_is_described_by_its_own_fields_and_needs_the_tick(s3: Source) -> None:
    """Without the tick it is a sentence; with it the connection is saved, and its secret is not on the page."""
    at = opened("data")
    at.selectbox(key="connection_kind").set_value(s3.form.kind).run()
    at.text_input(key="connection_name").set_value("Shop")
    for name, value in s3.form.more.items():
        at.text_input(key=f"connection_s3_{name}").set_value(value)
    at.selectbox(key="connection_tls").set_value(s3.form.tls)
    at.text_input(key="connection_password").set_value(s3.password)
    press(at, "Save connection")
    (said,) = errors(at)
    assert "marops cannot look at what Secret access key may do" in said
    at.text_input(key="connection_password").set_value(s3.password)
    at.checkbox(key="connection_vouched_s3").check()
    press(at, "Save connection")
    assert not errors(at)
    assert s3.password not in str(at.session_state)
    (known,) = service.connections(LOCAL_ADMIN, OWN)
    assert known.form == s3.form
    at.button(key="read_list").click().run()
    at.button(key="read_preview").click().run()
    assert "3 rows ready · 0 refused · 0 set aside" in words(at)


def test_every_part_of_a_secret_leaves_the_session_with_the_button() -> None:
    """Google Ads has three; one that is missing is named, and the others are gone as well."""
    at = opened("data")
    at.selectbox(key="connection_kind").set_value("google_ads").run()
    at.text_input(key="connection_name").set_value("Ads")
    at.text_input(key="connection_google_ads_customer").set_value("123-456-7890")
    at.text_input(key="connection_google_ads_client").set_value("12-ab.apps.googleusercontent.com")
    at.text_input(key="connection_password").set_value(PASSWORD)
    at.text_input(key="connection_password_client_secret").set_value(PASSWORD)
    at.checkbox(key="connection_vouched_google_ads").check()
    press(at, "Save connection")
    assert errors(at) == ["OAuth client secret of Ads has signs in it that it cannot have, such as a space\\. Copy it again\\."]
    assert PASSWORD not in str(at.session_state)
    assert PASSWORD not in str(at)
    at.text_input(key="connection_password").set_value("refresh-1234")
    at.text_input(key="connection_password_client_secret").set_value("GOCSPX-1234")
    press(at, "Test connection")
    assert errors(at) == ["Developer token of Ads is missing\\. Enter it\\."]
