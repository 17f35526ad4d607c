"""when a workspace works"""

import sqlalchemy as sa
from alembic import op


revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('working_calendar',
    sa.Column('workspace_id', sa.String(40), nullable=False),
    sa.Column('zone', sa.String(60), nullable=False),
    sa.Column('weekdays', sa.JSON(), nullable=False),
    sa.Column('begins', sa.String(5), nullable=False),
    sa.Column('ends', sa.String(5), nullable=False),
    sa.Column('holidays', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], ),
    sa.PrimaryKeyConstraint('workspace_id')
    )


def downgrade() -> None:
    op.drop_table('working_calendar')
