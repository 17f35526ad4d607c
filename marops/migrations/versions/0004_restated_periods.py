"""restated periods: which days of which owner an import delivered again, and what that leaves out of earlier files"""

import sqlalchemy as sa
from alembic import op


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('restatement',
    sa.Column('id', sa.String(32), nullable=False),
    sa.Column('workspace_id', sa.String(40), nullable=False),
    sa.Column('import_id', sa.String(32), nullable=False),
    sa.Column('table_name', sa.String(60), nullable=False),
    sa.Column('grain', sa.String(40), nullable=False),
    sa.Column('owner', sa.JSON(), nullable=False),
    sa.Column('first_day', sa.Date(), nullable=False),
    sa.Column('last_day', sa.Date(), nullable=False),
    sa.ForeignKeyConstraint(['import_id'], ['import_run.id'], ),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('restatement', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_restatement_import_id'), ['import_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_restatement_workspace_id'), ['workspace_id'], unique=False)

    with op.batch_alter_table('blob', schema=None) as batch_op:
        batch_op.add_column(sa.Column('left_out', sa.JSON(), nullable=False, server_default='[]'))


def downgrade() -> None:
    with op.batch_alter_table('blob', schema=None) as batch_op:
        batch_op.drop_column('left_out')

    with op.batch_alter_table('restatement', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_restatement_workspace_id'))
        batch_op.drop_index(batch_op.f('ix_restatement_import_id'))

    op.drop_table('restatement')
