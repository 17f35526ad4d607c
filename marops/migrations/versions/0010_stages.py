"""the stages of a workspace's work"""

import sqlalchemy as sa
from alembic import op


revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('stage_definition',
    sa.Column('id', sa.String(32), nullable=False),
    sa.Column('workspace_id', sa.String(40), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('stage', sa.String(40), nullable=False),
    sa.Column('name', sa.String(200), nullable=False),
    sa.Column('category', sa.String(10), nullable=False),
    sa.Column('responsible', sa.String(20), nullable=False),
    sa.Column('sla_days', sa.Float(), nullable=True),
    sa.Column('aliases', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('stage_definition', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_stage_definition_workspace_id'), ['workspace_id'], unique=False)


def downgrade() -> None:
    op.drop_table('stage_definition')
