"""Connections and feeds: save and test a connection, look into it, preview what it gives, follow it over time.

What is fetched goes the way of every file: preview, mapping, refusals, acceptance, undo. A password is written by `save`
and read only where a connection is made; no function returns it.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import or_, update
from sqlmodel import col, delete, select

from marops import store
from marops.connections import feeds as following
from marops.connections import fetching, sealing
from marops.connections import store as rows
from marops.connections.kinds import FILES, Form, Query
from marops.connections.store import Connection, Feed, FeedRun
from marops.errors import BadConnection, Conflict, UserError
from marops.language import Text, ntext, text
from marops.principal import Action, Principal, require
from marops.sources import previews, recognising
from marops.sources import service as sources
from marops.sources.previews import Preview
from marops.sources.report import Mapping
from marops.sources.store import ImportRun
from marops.store import new_id

_STALE = timedelta(hours=6)
"""After so long a sync that never ended is taken for dead."""


@dataclass(frozen=True, slots=True)
class Known:
    """A saved connection, as everybody who may use it sees it. `problem`: why its last test failed, or empty."""

    id: str
    form: Form
    saved_by: str
    tested_at: datetime
    problem: str


@dataclass(frozen=True, slots=True)
class Followed:
    """A feed and where it stands. `watermark`: the last day delivered. `problem`: why the last sync failed, or empty."""

    id: str
    name: str
    connection: str
    source: str
    date_column: str
    look_back_days: int
    watermark: date | None
    tried_at: datetime | None
    problem: str


@dataclass(frozen=True, slots=True)
class Synced:
    """What a sync did: `run` is None where nothing had changed. `first_day` is the first day fetched, or the first on which a
    row that was fetched was changed; None for all.
    """

    feed: str
    run: ImportRun | None
    first_day: date | None


def test(principal: Principal, form: Form, password: str) -> Text:
    """Try a connection: its role, its address, what it can read. Returns a sentence. Raises BadConnection, BadSetting."""
    require(principal, Action.ADMINISTER)
    return _readable(form, password)


def test_saved(principal: Principal, workspace_id: str, connection_id: str) -> Text:
    """Try a saved connection as `test` does, and remember what came of it. Raises BadConnection, BadSetting, NotFound."""
    require(principal, Action.IMPORT, connection_id)
    problem = ""
    try:
        return _readable(*fetching.opened(workspace_id, connection_id))
    except UserError as refused:
        problem = str(refused)
        raise
    finally:
        with store.writing() as session:
            values = {"problem": problem[:2000], "tested_at": store.now()}
            own = (col(Connection.id) == connection_id, col(Connection.workspace_id) == workspace_id)
            session.exec(update(Connection).where(*own).values(**values))


def save(principal: Principal, workspace_id: str, form: Form, password: str) -> str:
    """Keep a connection that passes its test; one of the same name is replaced, and its feeds stay. Returns its id.

    The password is always the one given here: a saved one must not follow a changed host. Raises BadConnection, BadSetting.
    """
    require(principal, Action.ADMINISTER, workspace_id)
    previews.check_there(workspace_id)
    fetching.reader(form.kind).tables(form, password)
    sealed = sealing.seal(password) if password and form.kind not in FILES else ""
    with store.writing() as session:
        query = select(Connection).where(Connection.workspace_id == workspace_id, Connection.name == form.name)
        row = session.exec(query).first() or Connection(workspace_id=workspace_id, name=form.name, kind=form.kind, saved_by="")
        row.kind, row.host, row.port, row.tls, row.path = form.kind, form.host, form.port, form.tls, form.path
        row.database_name, row.user_name, row.sealed = form.database, form.user, sealed
        row.more = dict(form.more)
        row.saved_by, row.saved_at, row.tested_at, row.problem = principal.name, store.now(), store.now(), ""
        session.add(row)
    return row.id


def remove(principal: Principal, workspace_id: str, connection_id: str) -> None:
    """Forget a connection and its password. Raises Conflict where a feed reads from it."""
    require(principal, Action.ADMINISTER, connection_id)
    with store.writing() as session:
        found = rows.connection_of(session, workspace_id, connection_id)
        feed = session.exec(select(Feed).where(Feed.connection_id == connection_id)).first()
        if feed:
            raise Conflict(text("The feed {feed} reads from {name}. Remove the feed first.", feed=feed.name, name=found.name))
        session.delete(found)


def connections(principal: Principal, workspace_id: str) -> list[Known]:
    """The saved connections of a workspace, by name."""
    require(principal, Action.IMPORT, workspace_id)
    with store.reading() as session:
        query = select(Connection).where(Connection.workspace_id == workspace_id).order_by(col(Connection.name))
        return [Known(row.id, row.form, row.saved_by, row.tested_at, row.problem) for row in session.exec(query)]


def tables(principal: Principal, workspace_id: str, connection_id: str) -> list[str]:
    """Tables and views that the connection can read. Raises BadConnection, BadSetting, NotFound."""
    require(principal, Action.IMPORT, connection_id)
    form, password = fetching.opened(workspace_id, connection_id)
    return fetching.reader(form.kind).tables(form, password)


def preview(principal: Principal, workspace_id: str, connection_id: str, query: Query) -> Preview:
    """Fetch a table or a SELECT and read it as a file is read. Changes nothing. Raises BadConnection, BadFile."""
    require(principal, Action.IMPORT, connection_id)
    form, _ = fetching.opened(workspace_id, connection_id)
    name = text("{name}: {table}", name=form.name, table=query.table) if query.table else text("{name}: query", name=form.name)
    return fetching.fetched(principal, workspace_id, connection_id, query, str(name))


def fetched_columns(principal: Principal, preview_id: str) -> list[str]:
    """The columns of a preview that came from a connection; empty for one that came from a file."""
    require(principal, Action.IMPORT, preview_id)
    folder, _ = previews.staged(preview_id)
    return following.only_part(previews.load(preview_id)).headers if (folder / fetching.SPEC).is_file() else []


def follow(
    principal: Principal,
    preview: Preview,
    name: str,
    *,
    date_column: str = "",
    look_back_days: int = 0,
    valid_rows_only: bool = False,
) -> Synced:
    """Save a previewed table as a feed and take its rows as the first delivery: both, or neither.

    `look_back_days`: how many days before the last one delivered (of a column of changes: before the last sync) each sync
    fetches again. Raises BadConnection, Conflict,
    BadFile.
    """
    require(principal, Action.IMPORT, preview.workspace_id)
    folder, _ = previews.staged(preview.id)
    spec = json.loads((folder / fetching.SPEC).read_text(encoding="utf-8"))
    part = following.only_part(preview)
    if not name.strip() or not 0 <= look_back_days <= 400:
        raise BadConnection(text("A feed needs a name, and a look-back from 0 to 400 days."))
    feed = Feed(
        id=new_id(), workspace_id=preview.workspace_id, connection_id=spec["connection"], name=name.strip()[:100],
        table_name=spec["query"]["table"], select=spec["query"]["select"], date_column=date_column, look_back_days=look_back_days,
        signature=part.signature, mapping=part.mapping.model_dump() if part.mapping else {}, valid_rows_only=valid_rows_only,
        tried_at=store.now(),
    )  # fmt: skip
    with store.reading() as session:
        if session.exec(select(Feed).where(Feed.workspace_id == preview.workspace_id, Feed.name == feed.name)).first():
            raise Conflict(text("There is a feed {name} already. Give this one another name.", name=feed.name))
        kind = rows.connection_of(session, preview.workspace_id, feed.connection_id).form.kind
    began = date.fromisoformat(spec["began"]) if following.by_change(kind, feed) else None
    return Synced(feed.name, _deliver(principal, feed, preview, following.Past(), None, began), None)


def feeds(principal: Principal, workspace_id: str) -> list[Followed]:
    """The feeds of a workspace, by name."""
    require(principal, Action.IMPORT, workspace_id)
    found: list[Followed] = []
    with store.reading() as session:
        query = select(Feed, Connection).where(Feed.workspace_id == workspace_id, Feed.connection_id == Connection.id)
        for feed, connection in session.exec(query.order_by(col(Feed.name))):
            counting = rows.current(rows.deliveries(session, feed.id))
            found.append(
                Followed(
                    feed.id, feed.name, connection.name, feed.table_name or feed.select, feed.date_column, feed.look_back_days,
                    counting[0].watermark if counting else None, feed.tried_at, feed.problem,
                )
            )  # fmt: skip
    return found


def sync(principal: Principal, workspace_id: str, feed_id: str) -> Synced:
    """Fetch what may have changed and let it take the place of what was delivered before: all of it, or nothing.

    Raises Conflict where the feed is being synced already, or its last import was undone by a person; BadConnection,
    BadSetting and BadFile with what went wrong, which the feed remembers.
    """
    require(principal, Action.IMPORT, feed_id)
    feed = _begin(workspace_id, feed_id)
    problem = ""
    try:
        return _sync(principal, feed)
    except UserError as refused:
        problem = str(refused)
        raise
    except BaseException:
        problem = str(text("The last sync ended unexpectedly; the log has the details."))
        raise
    finally:
        _end(feed_id, problem)


def start_again(principal: Principal, workspace_id: str, feed_id: str) -> None:
    """Let the next sync deliver everything anew, as if it were the first. Raises Conflict while an import of it counts."""
    require(principal, Action.IMPORT, feed_id)
    with store.writing() as session:
        feed = rows.feed_of(session, workspace_id, feed_id)
        if rows.current(rows.deliveries(session, feed_id)):
            raise Conflict(text("Rows of {feed} still count. Undo its import on Data first.", feed=feed.name))
        session.exec(delete(FeedRun).where(col(FeedRun.feed_id) == feed_id))


def unfollow(principal: Principal, workspace_id: str, feed_id: str) -> None:
    """Forget a feed. Its rows stay, as an import that can be undone."""
    require(principal, Action.IMPORT, feed_id)
    with store.writing() as session:
        feed = rows.feed_of(session, workspace_id, feed_id)
        session.exec(delete(FeedRun).where(col(FeedRun.feed_id) == feed_id))
        session.delete(feed)


def _readable(form: Form, password: str) -> Text:
    count = len(fetching.reader(form.kind).tables(form, password))
    return ntext(
        "{name} can be read, and only read: {n} table.", "{name} can be read, and only read: {n} tables.", count, name=form.name
    )  # fmt: skip


# Following


def _sync(principal: Principal, feed: Feed) -> Synced:
    before = following.past(feed.id)
    if before.undone:
        raise Conflict(
            text("The import of {feed} was undone, so it is not synced. Restore that import on Data, or start the feed again.",
                 feed=feed.name)
        )  # fmt: skip
    form, _ = fetching.opened(feed.workspace_id, feed.connection_id)
    changes = following.by_change(form.kind, feed)
    first = following.window(feed, before, changes=changes)
    query = Query(feed.table_name, feed.select, feed.date_column, first.isoformat() if first else "")
    began = store.now().date() if changes else None
    try:
        found = fetching.fetched(principal, feed.workspace_id, feed.connection_id, query, feed.name)
    except fetching.NoRows:
        if changes and first:  # nothing was changed there
            return Synced(feed.name, None, first)
        raise
    if found.sha256 == before.sha256:
        previews.forget(found.id)
        return Synced(feed.name, None, first)
    try:
        return Synced(feed.name, _deliver(principal, feed, _mapped(principal, feed, found), before, first, began), first)
    except UserError:
        previews.forget(found.id)
        raise


def _mapped(principal: Principal, feed: Feed, found: Preview) -> Preview:
    """The preview with the feed's mapping, and with what columns behind those that were mapped are recognised as. Raises
    BadConnection where the columns are not those that were mapped.
    """
    part = following.only_part(found)
    places = range(len(part.headers), 0, -1)
    known = next((count for count in places if recognising.signature(part.headers[:count]) == feed.signature), None)
    if known is None:
        raise BadConnection(
            text("The columns of {feed} have changed; it now has: {columns}. Preview it again and save it as a new feed.",
                 feed=feed.name, columns=", ".join(part.headers))
        )  # fmt: skip
    wanted = Mapping.model_validate(feed.mapping)
    if part.mapping is not None and part.mapping.table == wanted.table:
        more = {name: at for name, at in part.mapping.columns.items() if at >= known}
        wanted = wanted.model_copy(update={"columns": more | wanted.columns})
    return found if part.mapping == wanted else sources.remap(principal, found, {part.name: wanted})


def _deliver(
    principal: Principal, feed: Feed, found: Preview, before: following.Past, first: date | None, began: date | None
) -> ImportRun:
    """Take what was fetched. `began` is the day on which that was begun, where the feed follows changes."""
    part = following.only_part(found)
    if not part.is_ready:
        return sources.accept(principal, found)  # says what is missing
    folder, _ = previews.staged(found.id)
    staged, changes = folder / part.rows.file, began is not None
    following.check_followable(feed, part, staged, changes=changes)
    if not changes:
        following.check_window(feed, part.rows, first)
    staying = following.kept(before, following.table_of(part), staged, first, changes=changes)
    return sources.accept(
        principal, found, leave_out_refused=feed.valid_rows_only, without=before.import_id,
        also=following.replacing(principal, feed, before, staying, began or part.rows.last_day),
    )  # fmt: skip


def _begin(workspace_id: str, feed_id: str) -> Feed:
    """The feed, marked as being synced. Raises Conflict where another process is at it."""
    with store.writing() as session:
        feed = rows.feed_of(session, workspace_id, feed_id)
        free = or_(col(Feed.running_since).is_(None), col(Feed.running_since) < store.now() - _STALE)
        taken = session.exec(update(Feed).where(col(Feed.id) == feed_id, free).values(running_since=store.now()))
        if not taken.rowcount:
            raise Conflict(text("{feed} is being synced already. Wait until that is done.", feed=feed.name))
    return feed


def _end(feed_id: str, problem: str) -> None:
    with store.writing() as session:
        values = {"running_since": None, "problem": problem[:2000], "tried_at": store.now()}
        session.exec(update(Feed).where(col(Feed.id) == feed_id).values(**values))
