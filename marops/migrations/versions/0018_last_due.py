"""the day that work without a date was due last"""

from datetime import date

import sqlalchemy as sa
from alembic import op


revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None

_ITEMS = sa.table('work_item', sa.column('id', sa.String), sa.column('due', sa.Date), sa.column('first_due', sa.Date), sa.column('last_due', sa.Date))
_AUDIT = sa.table('audit_entry', sa.column('id', sa.Integer), sa.column('object_kind', sa.String), sa.column('object_id', sa.String), sa.column('verb', sa.String), sa.column('before', sa.JSON))


def upgrade() -> None:
    with op.batch_alter_table('work_item', schema=None) as batch_op:
        batch_op.add_column(sa.Column('last_due', sa.Date(), nullable=True))
    _tell()


def _tell() -> None:
    """The audit trail has the day that an edit emptied: it was written in the same transaction."""
    connection = op.get_bind()
    emptied = sa.select(_ITEMS.c.id).where(_ITEMS.c.due.is_(None), _ITEMS.c.first_due.is_not(None))
    for item, in connection.execute(emptied).all():
        edits = sa.select(_AUDIT.c.before).where(_AUDIT.c.object_kind == 'work_item', _AUDIT.c.object_id == item, _AUDIT.c.verb == 'edit')
        for before, in connection.execute(edits.order_by(_AUDIT.c.id.desc())):
            if (before or {}).get('due'):
                connection.execute(sa.update(_ITEMS).where(_ITEMS.c.id == item).values(last_due=date.fromisoformat(before['due'])))
                break


def downgrade() -> None:
    with op.batch_alter_table('work_item', schema=None) as batch_op:
        batch_op.drop_column('last_due')
