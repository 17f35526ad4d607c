"""what managing KPIs needs: when targets were set and that they can be withdrawn, notes, annotations, re-based limits, actions, and
the audit trail
"""

import sqlalchemy as sa
from alembic import op


revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('annotation',
    sa.Column('withdrawn_by', sa.String(200), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_reason', sa.String(1000), nullable=True),
    sa.Column('id', sa.String(32), nullable=False),
    sa.Column('workspace_id', sa.String(40), nullable=False),
    sa.Column('author', sa.String(200), nullable=False),
    sa.Column('author_id', sa.String(200), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('kpi', sa.String(20), nullable=True),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('words', sa.String(500), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('annotation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_annotation_workspace_id'), ['workspace_id'], unique=False)

    op.create_table('audit_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('workspace_id', sa.String(40), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('principal_id', sa.String(200), nullable=False),
    sa.Column('principal_name', sa.String(200), nullable=False),
    sa.Column('verb', sa.String(40), nullable=False),
    sa.Column('object_kind', sa.String(40), nullable=False),
    sa.Column('object_id', sa.String(40), nullable=False),
    sa.Column('before', sa.JSON(), nullable=False),
    sa.Column('after', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('audit_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_entry_object_id'), ['object_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_audit_entry_workspace_id'), ['workspace_id'], unique=False)

    op.create_table('check_in',
    sa.Column('withdrawn_by', sa.String(200), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_reason', sa.String(1000), nullable=True),
    sa.Column('id', sa.String(32), nullable=False),
    sa.Column('workspace_id', sa.String(40), nullable=False),
    sa.Column('author', sa.String(200), nullable=False),
    sa.Column('author_id', sa.String(200), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('kpi', sa.String(20), nullable=False),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('words', sa.String(2000), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('check_in', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_check_in_workspace_id'), ['workspace_id'], unique=False)

    op.create_table('rebase',
    sa.Column('withdrawn_by', sa.String(200), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_reason', sa.String(1000), nullable=True),
    sa.Column('id', sa.String(32), nullable=False),
    sa.Column('workspace_id', sa.String(40), nullable=False),
    sa.Column('author', sa.String(200), nullable=False),
    sa.Column('author_id', sa.String(200), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('kpi', sa.String(20), nullable=False),
    sa.Column('from_month', sa.Date(), nullable=False),
    sa.Column('reason', sa.String(1000), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('rebase', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_rebase_workspace_id'), ['workspace_id'], unique=False)

    op.create_table('action_item',
    sa.Column('id', sa.String(32), nullable=False),
    sa.Column('workspace_id', sa.String(40), nullable=False),
    sa.Column('kpi', sa.String(20), nullable=True),
    sa.Column('decision_id', sa.String(32), nullable=True),
    sa.Column('title', sa.String(1000), nullable=False),
    sa.Column('owner', sa.String(200), nullable=False),
    sa.Column('first_due', sa.Date(), nullable=False),
    sa.Column('due', sa.Date(), nullable=False),
    sa.Column('expected_effect', sa.String(2000), nullable=False),
    sa.Column('opened_on', sa.Date(), nullable=False),
    sa.Column('created_by', sa.String(200), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('changed_by', sa.String(200), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('closed_on', sa.Date(), nullable=True),
    sa.Column('closed_by', sa.String(200), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('outcome', sa.String(20), nullable=True),
    sa.Column('evidence', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['decision_id'], ['decision.id'], ),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('action_item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_action_item_decision_id'), ['decision_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_action_item_workspace_id'), ['workspace_id'], unique=False)

    with op.batch_alter_table('decision', schema=None) as batch_op:
        batch_op.add_column(sa.Column('withdrawn_by', sa.String(200), nullable=True))
        batch_op.add_column(sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table('target', schema=None) as batch_op:
        batch_op.add_column(sa.Column('withdrawn_by', sa.String(200), nullable=True))
        batch_op.add_column(sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('withdrawn_reason', sa.String(1000), nullable=True))
        batch_op.add_column(sa.Column('set_at', sa.DateTime(timezone=True), nullable=True))

    # Targets that are here were judged by when they begin, whichever file brought them. They go on so: all of a workspace were set at
    # one moment, that of its last file of targets.
    op.execute('''
        UPDATE target SET set_at = COALESCE(
            (SELECT MAX(run.imported_at) FROM import_run AS run WHERE run.workspace_id = target.workspace_id
                AND run.id IN (SELECT other.import_id FROM target AS other)),
            (SELECT workspace.created_at FROM workspace WHERE workspace.id = target.workspace_id)
        )
    ''')
    with op.batch_alter_table('target', schema=None) as batch_op:
        batch_op.alter_column('set_at', existing_type=sa.DateTime(timezone=True), nullable=False)

    _open_actions()



def _open_actions() -> None:
    # What was decided to be done is an action: first due on the day that was promised.
    moment = sa.DateTime(timezone=True)
    workspace = sa.table('workspace', sa.column('id'), sa.column('today', sa.Date()))
    decision = sa.table(
        'decision', sa.column('id'), sa.column('workspace_id'), sa.column('finding_key'), sa.column('question'), sa.column('choice'),
        sa.column('owner'), sa.column('due', sa.Date()), sa.column('decided_by'), sa.column('decided_at', moment),
    )
    item = sa.table(
        'action_item', sa.column('id'), sa.column('workspace_id'), sa.column('kpi'), sa.column('decision_id'), sa.column('title'),
        sa.column('owner'), sa.column('first_due', sa.Date()), sa.column('due', sa.Date()), sa.column('expected_effect'),
        sa.column('opened_on', sa.Date()), sa.column('created_by'), sa.column('created_at', moment), sa.column('version'),
        sa.column('changed_by'), sa.column('changed_at', moment), sa.column('evidence', sa.JSON()),
    )
    query = sa.select(decision, workspace.c.today).join(workspace, workspace.c.id == decision.c.workspace_id)
    rows = [
        {
            'id': found.id, 'workspace_id': found.workspace_id, 'decision_id': found.id, 'title': found.question,
            'kpi': found.finding_key[4:24] if found.finding_key.startswith('kpi:') else None, 'owner': found.owner,
            'first_due': found.due, 'due': found.due, 'expected_effect': '', 'opened_on': found.today or found.decided_at.date(),
            'created_by': found.decided_by, 'created_at': found.decided_at, 'version': 1, 'changed_by': found.decided_by,
            'changed_at': found.decided_at, 'evidence': {},
        }
        for found in op.get_bind().execute(query.where(decision.c.choice == 'act', decision.c.due.is_not(None)))
    ]
    if rows:
        op.bulk_insert(item, rows)


def downgrade() -> None:
    with op.batch_alter_table('target', schema=None) as batch_op:
        batch_op.drop_column('set_at')
        batch_op.drop_column('withdrawn_reason')
        batch_op.drop_column('withdrawn_at')
        batch_op.drop_column('withdrawn_by')

    with op.batch_alter_table('decision', schema=None) as batch_op:
        batch_op.drop_column('withdrawn_at')
        batch_op.drop_column('withdrawn_by')

    with op.batch_alter_table('action_item', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_action_item_workspace_id'))
        batch_op.drop_index(batch_op.f('ix_action_item_decision_id'))

    op.drop_table('action_item')
    with op.batch_alter_table('rebase', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_rebase_workspace_id'))

    op.drop_table('rebase')
    with op.batch_alter_table('check_in', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_check_in_workspace_id'))

    op.drop_table('check_in')
    with op.batch_alter_table('audit_entry', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_audit_entry_workspace_id'))
        batch_op.drop_index(batch_op.f('ix_audit_entry_object_id'))

    op.drop_table('audit_entry')
    with op.batch_alter_table('annotation', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_annotation_workspace_id'))

    op.drop_table('annotation')
