"""newer exports: which imports took the place of which earlier ones, by table"""

import sqlalchemy as sa
from alembic import op


revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None


_RUN = sa.table('import_run', sa.column('id', sa.String), sa.column('status', sa.Enum('ACTIVE', 'UNDONE', name='status')))
_BLOB = sa.table('blob', sa.column('import_id', sa.String), sa.column('active', sa.Boolean))
_REPLACEMENT = sa.table('replacement', sa.column('import_id', sa.String), sa.column('replaced_id', sa.String))


def upgrade() -> None:
    op.create_table('replacement',
    sa.Column('id', sa.String(32), nullable=False),
    sa.Column('workspace_id', sa.String(40), nullable=False),
    sa.Column('import_id', sa.String(32), nullable=False),
    sa.Column('table_name', sa.String(60), nullable=False),
    sa.Column('replaced_id', sa.String(32), nullable=False),
    sa.ForeignKeyConstraint(['import_id'], ['import_run.id'], ),
    sa.ForeignKeyConstraint(['replaced_id'], ['import_run.id'], ),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('replacement', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_replacement_import_id'), ['import_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_replacement_replaced_id'), ['replaced_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_replacement_workspace_id'), ['workspace_id'], unique=False)


def downgrade() -> None:
    # Without the table, what was replaced would count beside what took its place.
    later = sa.select(_RUN.c.id).where(_RUN.c.status == 'ACTIVE')
    replaced = sa.select(_REPLACEMENT.c.replaced_id).where(_REPLACEMENT.c.import_id.in_(later)).distinct()
    found = list(op.get_bind().execute(replaced).scalars())
    op.execute(sa.update(_RUN).where(_RUN.c.id.in_(found)).values(status='UNDONE'))
    op.execute(sa.update(_BLOB).where(_BLOB.c.import_id.in_(found)).values(active=sa.false()))
    with op.batch_alter_table('replacement', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_replacement_workspace_id'))
        batch_op.drop_index(batch_op.f('ix_replacement_replaced_id'))
        batch_op.drop_index(batch_op.f('ix_replacement_import_id'))

    op.drop_table('replacement')
