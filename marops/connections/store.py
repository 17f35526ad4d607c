"""Rows about connections, and about the feeds that follow one of their tables."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, Session, col, select

from marops.connections.kinds import DESCRIBED, Form, Kind, Tls
from marops.errors import NotFound
from marops.language import text
from marops.sources.store import ImportRun, Status
from marops.store import Moment, Row, new_id, now


class Connection(Row, table=True):
    """A source that may be read. `more` holds the fields that its kind has beside those of every server. `sealed` is its
    password or other secret as `sealing` keeps it; empty for files.

    `problem` says why it could not be read when it was last tested, at `tested_at`; empty where it could.
    """

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    workspace_id: str = Field(foreign_key="workspace.id", index=True, max_length=40)
    name: str = Field(max_length=100)
    kind: str = Field(max_length=20)
    host: str = Field(default="", max_length=253)
    port: int = 0
    database_name: str = Field(default="", max_length=128)
    user_name: str = Field(default="", max_length=128)
    tls: str = Field(default="", max_length=20)
    path: str = Field(default="", max_length=1000)
    more: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    sealed: str = Field(default="", max_length=20_000, repr=False)
    saved_by: str = Field(max_length=200)
    saved_at: datetime = Field(default_factory=now, sa_type=Moment)
    problem: str = Field(default="", max_length=2000)
    tested_at: datetime = Field(default_factory=now, sa_type=Moment)

    @property
    def form(self) -> Form:
        """The connection as its form describes it."""
        return Form(
            Kind(self.kind),
            self.name,
            self.host,
            self.port,
            self.database_name,
            self.user_name,
            Tls(self.tls or Tls.OFF),
            self.path,
            self.more,
            vouched=self.kind in DESCRIBED,  # it is kept only where somebody did
        )


class Feed(Row, table=True):
    """A table or query that is followed: what it reads, how its columns are mapped, and how far it restates.

    Without a `date_column` each sync delivers everything anew. `running_since` is set while a sync runs, so that two never
    run at once. `problem` says why the last sync failed; empty where it did not.
    """

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    workspace_id: str = Field(foreign_key="workspace.id", index=True, max_length=40)
    connection_id: str = Field(foreign_key="connection.id", index=True, max_length=32)
    name: str = Field(max_length=100)
    table_name: str = Field(default="", max_length=500)
    select: str = Field(default="", max_length=20_000)
    date_column: str = Field(default="", max_length=200)
    look_back_days: int = 0
    signature: str = Field(max_length=64)
    mapping: dict[str, Any] = Field(sa_type=JSON)
    valid_rows_only: bool = False
    problem: str = Field(default="", max_length=2000)
    tried_at: datetime | None = Field(default=None, sa_type=Moment)
    running_since: datetime | None = Field(default=None, sa_type=Moment)


class FeedRun(Row, table=True):
    """One delivery of a feed: the import that holds all its rows as of then, and the last day delivered (`watermark`)."""

    id: int | None = Field(default=None, primary_key=True)
    workspace_id: str = Field(foreign_key="workspace.id", index=True, max_length=40)
    feed_id: str = Field(foreign_key="feed.id", index=True, max_length=32)
    import_id: str = Field(foreign_key="import_run.id", index=True, max_length=32)
    watermark: date | None = None


def connection_of(session: Session, workspace_id: str, connection_id: str) -> Connection:
    """The connection. Raises NotFound."""
    found = session.get(Connection, connection_id)
    if found is None or found.workspace_id != workspace_id:
        raise NotFound(text("This connection is not there any more. Choose another on Data."))
    return found


def feed_of(session: Session, workspace_id: str, feed_id: str) -> Feed:
    """The feed. Raises NotFound."""
    found = session.get(Feed, feed_id)
    if found is None or found.workspace_id != workspace_id:
        raise NotFound(text("This feed is not there any more. Choose another on Data."))
    return found


def deliveries(session: Session, feed_id: str) -> list[tuple[FeedRun, ImportRun]]:
    """A feed's deliveries with their imports, the newest first."""
    query = select(FeedRun, ImportRun).where(FeedRun.feed_id == feed_id, FeedRun.import_id == ImportRun.id)
    return list(session.exec(query.order_by(col(FeedRun.id).desc())))


def current(found: list[tuple[FeedRun, ImportRun]]) -> tuple[FeedRun, ImportRun] | None:
    """The delivery whose rows count, if any."""
    return next((both for both in found if both[1].status == Status.ACTIVE), None)
