"""restated periods: which import replaced a file's rows, and which left a remainder over"""

import sqlalchemy as sa
from alembic import op


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('blob', schema=None) as batch_op:
        batch_op.add_column(sa.Column('replaced_by', sa.String(32), nullable=True))
        batch_op.add_column(sa.Column('left_by', sa.String(32), nullable=True))
        batch_op.create_foreign_key('fk_blob_replaced_by', 'import_run', ['replaced_by'], ['id'])
        batch_op.create_foreign_key('fk_blob_left_by', 'import_run', ['left_by'], ['id'])
        batch_op.create_index(batch_op.f('ix_blob_replaced_by'), ['replaced_by'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('blob', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_blob_replaced_by'))
        batch_op.drop_constraint('fk_blob_left_by', type_='foreignkey')
        batch_op.drop_constraint('fk_blob_replaced_by', type_='foreignkey')
        batch_op.drop_column('left_by')
        batch_op.drop_column('replaced_by')
