"""newer exports: which imports took the place of which earlier ones, by table"""

import hashlib
from uuid import uuid4

import sqlalchemy as sa
from alembic import op


revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None


_RUN = sa.table('import_run', sa.column('id', sa.String), sa.column('sha256', sa.String), sa.column('tables', sa.String),
    sa.column('rows_loaded', sa.Integer), sa.column('rows_refused', sa.Integer),
    sa.column('status', sa.Enum('ACTIVE', 'UNDONE', name='status')))
_BLOB = sa.table('blob', sa.column('id', sa.String), sa.column('import_id', sa.String), sa.column('table_name', sa.String),
    sa.column('rows', sa.Integer), sa.column('active', sa.Boolean))


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
    # Without the table, what was replaced would count beside what took its place: an import counts there with all it has. So what
    # does not count of one in force becomes an import of its own, which is undone; where that is all of it, it is undone itself.
    bind = op.get_bind()
    of_active = sa.select(_BLOB).join(_RUN, _RUN.c.id == _BLOB.c.import_id).where(_RUN.c.status == 'ACTIVE', ~_BLOB.c.active)
    replaced = {}
    for blob in bind.execute(of_active):
        replaced.setdefault(blob.import_id, []).append(blob)
    for import_id, blobs in replaced.items():
        run = bind.execute(sa.select(_RUN).where(_RUN.c.id == import_id)).one()
        counts = set(bind.execute(sa.select(_BLOB.c.table_name).where(_BLOB.c.import_id == import_id, _BLOB.c.active)).scalars())
        gone = {blob.table_name for blob in blobs}
        left = [name for name in run.tables.split(', ') if name in counts or name not in gone]
        if left:
            _part(bind, run, blobs, left)
        else:
            bind.execute(sa.update(_RUN).where(_RUN.c.id == import_id).values(status='UNDONE'))
    with op.batch_alter_table('replacement', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_replacement_workspace_id'))
        batch_op.drop_index(batch_op.f('ix_replacement_replaced_id'))
        batch_op.drop_index(batch_op.f('ix_replacement_import_id'))

    op.drop_table('replacement')


def _part(bind, run, blobs, left):
    """Make these blobs of an import one of their own, undone."""
    gone = sorted(blob.table_name for blob in blobs if ':' not in blob.table_name)
    loaded = sum(blob.rows for blob in blobs if ':' not in blob.table_name)
    # Its bytes are no file's: the import of the file itself stands in no one's way.
    new = {
        'id': uuid4().hex, 'sha256': hashlib.sha256(f'{run.sha256} {gone}'.encode()).hexdigest(), 'tables': ', '.join(gone),
        'rows_loaded': loaded, 'rows_refused': 0, 'status': 'UNDONE',
    }
    table = sa.Table('import_run', sa.MetaData(), autoload_with=bind)
    values = [sa.literal(new[column.name], _RUN.c[column.name].type) if column.name in new else column for column in table.c]
    bind.execute(sa.insert(table).from_select(table.c.keys(), sa.select(*values).where(table.c.id == run.id)))
    bind.execute(sa.update(_BLOB).where(_BLOB.c.id.in_([blob.id for blob in blobs])).values(import_id=new['id']))
    bind.execute(sa.update(_RUN).where(_RUN.c.id == run.id).values(tables=', '.join(left), rows_loaded=run.rows_loaded - loaded))
