"""Alembic's environment: the connection comes from `marops.store`, the models from `marops.bootstrap`."""

from typing import Any, Literal

from alembic import context
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from marops import bootstrap as _bootstrap  # noqa: F401  # pyright: ignore[reportUnusedImport]  (declares every row)
from marops.store import ExactDecimal, Moment


def _render(kind: str, value: Any, _autogen: Any) -> str | Literal[False]:
    """Migrations speak plain SQLAlchemy, so that they outlive the classes of today."""
    match (kind, value):
        case ("type", AutoString()):
            return f"sa.String({value.length or ''})"
        case ("type", Moment()):
            return "sa.DateTime(timezone=True)"
        case ("type", ExactDecimal()):
            return 'sa.Numeric(18, 6).with_variant(sa.String(40), "sqlite")'
        case _:
            return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    # SQLite cannot alter columns; Alembic then copies the table.
    render_as_batch=True,
    compare_type=True,
    transactional_ddl=False,
    render_item=_render,
)
context.run_migrations()
