"""what ad reports are broken down by, as part of their grain"""

import sqlalchemy as sa
from alembic import op


revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ('blob', 'restatement'):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column('grain', existing_type=sa.String(40), type_=sa.String(200), existing_nullable=False)


def downgrade() -> None:
    for table in ('blob', 'restatement'):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column('grain', existing_type=sa.String(200), type_=sa.String(40), existing_nullable=False)
