"""the move that an approval was overridden by, of those from before that was kept

Who withdraws an approval has always left an audit entry, and a move that overrode one left none until the move was kept with it. So
what is withdrawn without an entry was overridden: by the one move of its item that the same person made at the same moment. Where
several fit, nothing is said.
"""

import sqlalchemy as sa
from alembic import op


revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None

_APPROVAL = sa.table('approval', *map(sa.column, ('id', 'workspace_id', 'item', 'withdrawn_by', 'withdrawn_at', 'overridden_by')))
_ITEM = sa.table('work_item', *map(sa.column, ('id', 'workspace_id', 'number')))
_MOVE = sa.table('work_item_transition', *map(sa.column, ('item_id', 'sequence', 'at', 'moved_by')))
_AUDIT = sa.table('audit_entry', *map(sa.column, ('object_kind', 'object_id', 'verb')))


def upgrade() -> None:
    said = sa.exists().where(_AUDIT.c.object_kind == 'approval', _AUDIT.c.object_id == _APPROVAL.c.id, _AUDIT.c.verb == 'withdraw')
    key = sa.literal('marops-', sa.String).concat(sa.cast(_ITEM.c.number, sa.String))
    fitting = (
        sa.select(_APPROVAL.c.id, sa.func.min(_MOVE.c.sequence))
        .join(_ITEM, sa.and_(_ITEM.c.workspace_id == _APPROVAL.c.workspace_id, _APPROVAL.c.item == key))
        .join(_MOVE, sa.and_(_MOVE.c.item_id == _ITEM.c.id, _MOVE.c.at == _APPROVAL.c.withdrawn_at, _MOVE.c.moved_by == _APPROVAL.c.withdrawn_by))
        .where(_APPROVAL.c.withdrawn_at.is_not(None), _APPROVAL.c.overridden_by.is_(None), ~said)
        .group_by(_APPROVAL.c.id)
        .having(sa.func.count() == 1)
    )
    connection = op.get_bind()
    for approval, sequence in connection.execute(fitting).all():
        connection.execute(sa.update(_APPROVAL).where(_APPROVAL.c.id == approval).values(overridden_by=sequence))


def downgrade() -> None:
    pass
