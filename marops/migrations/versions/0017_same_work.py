"""requests kept in marops that are imported items"""

import sqlalchemy as sa
from alembic import op


revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('same_work',
    sa.Column('withdrawn_by', sa.String(200), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_reason', sa.String(1000), nullable=True),
    sa.Column('id', sa.String(32), nullable=False),
    sa.Column('workspace_id', sa.String(40), nullable=False),
    sa.Column('author', sa.String(200), nullable=False),
    sa.Column('author_id', sa.String(200), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('item', sa.String(300), nullable=False),
    sa.Column('imported', sa.String(300), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('same_work', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_same_work_imported'), ['imported'], unique=False)
        batch_op.create_index(batch_op.f('ix_same_work_item'), ['item'], unique=False)
        batch_op.create_index(batch_op.f('ix_same_work_workspace_id'), ['workspace_id'], unique=False)


def downgrade() -> None:
    op.drop_table('same_work')
