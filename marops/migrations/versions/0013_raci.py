"""who does what in the stages of a workspace's work"""

import sqlalchemy as sa
from alembic import op


revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('raci_role',
    sa.Column('id', sa.String(32), nullable=False),
    sa.Column('workspace_id', sa.String(40), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(200), nullable=False),
    sa.Column('side', sa.String(20), nullable=False),
    sa.Column('letters', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('raci_role', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_raci_role_workspace_id'), ['workspace_id'], unique=False)


def downgrade() -> None:
    op.drop_table('raci_role')
