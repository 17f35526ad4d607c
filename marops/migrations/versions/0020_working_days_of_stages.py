"""whether the days allowed in a stage are working days"""

import sqlalchemy as sa
from alembic import op


revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('stage_definition', schema=None) as batch_op:
        batch_op.add_column(sa.Column('in_working_days', sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table('stage_definition', schema=None) as batch_op:
        batch_op.drop_column('in_working_days')
