"""connections described by fields of their kind, with secrets as long as a service account's key"""

import sqlalchemy as sa
from alembic import op


revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('connection', schema=None) as batch_op:
        batch_op.add_column(sa.Column('more', sa.JSON(), nullable=False, server_default='{}'))
        batch_op.alter_column('sealed', existing_type=sa.String(2000), type_=sa.String(20000), existing_nullable=False)


def downgrade() -> None:
    with op.batch_alter_table('connection', schema=None) as batch_op:
        batch_op.alter_column('sealed', existing_type=sa.String(20000), type_=sa.String(2000), existing_nullable=False)
        batch_op.drop_column('more')
