"""requests kept in marops that are not the imported items they look like

What was said before there was such a thing was that the two are one.
"""

import sqlalchemy as sa
from alembic import op


revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None

_SAME_WORK = sa.table('same_work', sa.column('is_one', sa.Boolean))


def upgrade() -> None:
    with op.batch_alter_table('same_work', schema=None) as batch_op:
        batch_op.add_column(sa.Column('is_one', sa.Boolean(), nullable=False, server_default=sa.true()))


def downgrade() -> None:
    # Without the column, that they are two would read as that they are one.
    op.execute(sa.delete(_SAME_WORK).where(_SAME_WORK.c.is_one == sa.false()))
    with op.batch_alter_table('same_work', schema=None) as batch_op:
        batch_op.drop_column('is_one')
