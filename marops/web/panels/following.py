"""Feeds: follow a previewed table, see where each feed stands, sync it now, give it up."""

from collections.abc import Callable

import streamlit as st

from marops.connections import service
from marops.connections.service import Followed
from marops.errors import UserError
from marops.language import Text, ntext, text
from marops.principal import Action, allowed
from marops.sources.previews import Preview
from marops.web.components import section
from marops.web.scope import Here
from marops.web.session import literal, principal, reader, say
from marops.workspaces.store import OWN

_SAID = "feed_said"


def offer(preview: Preview, done: Callable[[Text], None]) -> None:
    """Below a preview that came from a connection: take it, and follow it from now on. `done` is called once it is saved."""
    columns = service.fetched_columns(principal(), preview.id)
    if not columns or not preview.ready:
        return
    with st.form("feed", border=True):
        st.markdown(f"**{say(text('Or follow it from now on'))}**")
        name, column, back = st.columns([2, 2, 1])
        name.text_input(say(text("Name of the feed")), key="feed_name", max_chars=100)
        everything = say(text("none: fetch everything each time"))
        column.selectbox(
            say(text("Date column")), ["", *columns], format_func=lambda one: one or everything, key="feed_column",
            help=say(text("Each sync fetches the days from the last one on. It must be the column that dates the rows or, of "
                          "HubSpot and Jira, the one that says when a row was changed last.")),
        )  # fmt: skip
        back.number_input(
            say(text("Look-back days")), 0, 400, 30, key="feed_back",
            help=say(text("Platforms restate their last days: so many are fetched again and replaced.")),
        )  # fmt: skip
        if preview.rows_refused:
            st.checkbox(say(text("Leave out refused rows, now and in later syncs")), key="feed_valid")
        st.form_submit_button(say(text("Save as feed and import")), on_click=_follow, args=(preview, done))


def _follow(preview: Preview, done: Callable[[Text], None]) -> None:
    state = st.session_state
    try:
        made = service.follow(
            principal(), preview, str(state["feed_name"]), date_column=str(state["feed_column"]),
            look_back_days=int(state["feed_back"]), valid_rows_only=bool(state.get("feed_valid")),
        )  # fmt: skip
    except UserError as refused:
        st.error(literal(refused.text), icon=":material/error:")
        return
    count = made.run.rows_loaded if made.run else 0
    done(ntext("{n} row imported; {feed} follows it from now on.", "{n} rows imported; {feed} follows them from now on.", count,
               feed=made.feed))  # fmt: skip


def panel(place: Here) -> None:
    """The feeds there are, with sync and removal."""
    if not allowed(place.principal, Action.IMPORT) or not (found := service.feeds(principal(), OWN)):
        return
    section(text("What is followed?"), text("“marops sync” does the same from cron."))
    if said := st.session_state.pop(_SAID, None):
        went_well, words = said
        (st.success if went_well else st.error)(literal(words))
    for feed in found:
        _feed(feed)


def _feed(feed: Followed) -> None:
    r = reader()
    facts = [feed.connection, feed.source[:80]]
    if feed.date_column:
        facts.append(
            say(ntext("by {column}, {n} day back", "by {column}, {n} days back", feed.look_back_days, column=feed.date_column))
        )
    if feed.watermark:
        facts.append(say(text("up to {day}", day=feed.watermark)))
    if feed.tried_at:
        facts.append(say(text("synced {moment}", moment=r.moment(feed.tried_at))))
    with st.container(horizontal=True, vertical_alignment="center", key=f"feed_{feed.id}"):
        problem = f"  \n:small[{literal('⚠ ' + feed.problem)}]" if feed.problem else ""
        st.markdown(f"{literal(feed.name)}  \n:small[{literal(' · '.join(facts))}]{problem}", width="stretch")
        st.button(say(text("Sync now")), key=f"sync_{feed.id}", type="tertiary", on_click=_sync, args=(feed,))
        if feed.watermark is None:
            st.button(say(text("Start again")), key=f"again_{feed.id}", type="tertiary", on_click=_again, args=(feed,))
        st.button(say(text("Stop following")), key=f"unfollow_{feed.id}", type="tertiary", on_click=_unfollow, args=(feed,))


def _sync(feed: Followed) -> None:
    def done() -> Text:
        made = service.sync(principal(), OWN, feed.id)
        if made.run is None:
            return text("{feed}: nothing new", feed=made.feed)
        return ntext("{feed}: {n} row fetched.", "{feed}: {n} rows fetched.", made.run.rows_loaded, feed=made.feed)

    _tell(done)


def _again(feed: Followed) -> None:
    def done() -> Text:
        service.start_again(principal(), OWN, feed.id)
        return text("The next sync of {feed} fetches everything.", feed=feed.name)

    _tell(done)


def _unfollow(feed: Followed) -> None:
    def done() -> Text:
        service.unfollow(principal(), OWN, feed.id)
        return text("{feed} is not followed any more. Its rows stay.", feed=feed.name)

    _tell(done)


def _tell(action: Callable[[], Text]) -> None:
    try:
        st.session_state[_SAID] = (True, action())
    except UserError as refused:
        st.session_state[_SAID] = (False, refused.text)
