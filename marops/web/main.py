"""The main script: what every page has around it. Streamlit runs it before each page, on every run."""

from urllib.parse import urlencode

import streamlit as st

from marops import bootstrap
from marops.language import Text, text
from marops.principal import Action, Role, allowed
from marops.web import failures, scope
from marops.web.markup import html
from marops.web.places import ICON, LOGO, PAGES_FOLDER
from marops.web.session import principal, say
from marops.workspaces import service as workspaces
from marops.workspaces.store import OWN

_GROUPS: tuple[tuple[Text, tuple[tuple[str, Text, str, Text], ...]], ...] = (
    (
        text("Read"),
        (
            ("home", text("Home"), "home", text("What changed, and what needs a decision")),
            ("scorecard", text("Scorecard"), "scoreboard", text("The KPIs IT and marketing share")),
            ("pipeline", text("Pipeline"), "view_kanban", text("Where campaigns stand, and what is late")),
            ("maturity", text("Maturity"), "stairs", text("How mature the team is, and what holds it back")),
        ),
    ),
    (text("Plan"), (("budget", text("Budget"), "payments", text("What another budget split would bring")),)),
    (text("Manage"), (("data", text("Data"), "database", text("Import files, see how fresh they are, undo")),)),
)


def main() -> None:
    """Set up the page, show navigation, scope bar and banner, and run the page that was asked for."""
    st.set_page_config(page_title="marops", page_icon=str(ICON), layout="wide")
    _prepare_once()
    st.logo(str(LOGO), icon_image=str(ICON), size="medium")
    asked = st.navigation(
        {
            say(group): [
                st.Page(
                    PAGES_FOLDER / f"{name}.py", title=say(title), icon=f":material/{icon}:", url_path=name, help=say(about),
                    default=name == "home",
                )
                for name, title, icon, about in pages
            ]
            for group, pages in _GROUPS
        }
    )  # fmt: skip
    who = principal()
    if who.role < Role.VIEWER:
        st.warning(say(text("You have no role in this marops. Ask an admin for one.")))
        st.stop()
    with failures.shown():
        place = scope.here(who)
        _sidebar(place)
        if place.opened.workspace.is_sample:
            _banner(place)
        scope.bar(place)
        with scope.within(place):
            asked.run()


@st.cache_resource
def _prepare_once() -> bool:
    """Make the installation ready, once a process: also where the page runs without our server (tests)."""
    bootstrap.prepare()
    return True


def _sidebar(place: scope.Here) -> None:
    """Below the navigation: the workspaces, one link each, and who may reach this address.

    Links and note are one block: every widget costs the browser time on every run of every page.
    """
    present = workspaces.present(place.principal)
    links = [
        {"name": found.name, "href": f"?{urlencode({'ws': found.id})}", "here": found.id == place.scope.workspace}
        for found in present
    ]
    local = say(text("Local mode: this address answers on this computer only, and whoever opens it is its admin."))
    with st.sidebar:
        st.markdown(
            html("workspaces.html", label=say(text("Workspaces")), links=links if len(links) > 1 else [], local=local),
            unsafe_allow_html=True,
        )
        if place.opened.workspace.is_sample and allowed(place.principal, Action.ADMINISTER):
            st.button(say(text("Remove the sample")), key="remove_sample", type="tertiary", on_click=_remove_sample)


def _banner(place: scope.Here) -> None:
    said = say(text("Sample company: invented data, and a clock that stands at {day}.", day=place.opened.today))
    banner = html("banner.html", said=said, href=f"?{urlencode({'ws': OWN})}", leave=say(text("Use my own data")))
    st.markdown(banner, unsafe_allow_html=True)


def _remove_sample() -> None:
    workspaces.remove_sample(principal())
    scope.switch_workspace(OWN)


if __name__ == "__main__":
    main()
