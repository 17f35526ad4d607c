"""the gross margin of deals, as a share of their value; empty where nobody has stated it"""

import sqlalchemy as sa
from alembic import op


revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('workspace', schema=None) as batch_op:
        batch_op.add_column(sa.Column('gross_margin', sa.Numeric(18, 6).with_variant(sa.String(40), "sqlite"), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('workspace', schema=None) as batch_op:
        batch_op.drop_column('gross_margin')
