"""why a move was made although somebody had not approved"""

import sqlalchemy as sa
from alembic import op


revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('work_item_transition', schema=None) as batch_op:
        batch_op.add_column(sa.Column('despite', sa.String(1000), nullable=False, server_default=''))


def downgrade() -> None:
    with op.batch_alter_table('work_item_transition', schema=None) as batch_op:
        batch_op.drop_column('despite')
