"""work kept in marops: requests and their moves, approvals, comments, dependencies, flags, launch plans"""

import sqlalchemy as sa
from alembic import op


revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('approval',
    sa.Column('withdrawn_by', sa.String(200), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_reason', sa.String(1000), nullable=True),
    sa.Column('id', sa.String(32), nullable=False),
    sa.Column('workspace_id', sa.String(40), nullable=False),
    sa.Column('author', sa.String(200), nullable=False),
    sa.Column('author_id', sa.String(200), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('item', sa.String(300), nullable=False),
    sa.Column('stage', sa.String(40), nullable=True),
    sa.Column('about', sa.String(1000), nullable=False),
    sa.Column('mode', sa.String(10), nullable=False),
    sa.Column('needed', sa.Integer(), nullable=False),
    sa.Column('in_turn', sa.Boolean(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('approval', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_approval_item'), ['item'], unique=False)
        batch_op.create_index(batch_op.f('ix_approval_workspace_id'), ['workspace_id'], unique=False)

    op.create_table('comment',
    sa.Column('withdrawn_by', sa.String(200), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_reason', sa.String(1000), nullable=True),
    sa.Column('id', sa.String(32), nullable=False),
    sa.Column('workspace_id', sa.String(40), nullable=False),
    sa.Column('author', sa.String(200), nullable=False),
    sa.Column('author_id', sa.String(200), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('item', sa.String(300), nullable=False),
    sa.Column('words', sa.String(5000), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('comment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_comment_item'), ['item'], unique=False)
        batch_op.create_index(batch_op.f('ix_comment_workspace_id'), ['workspace_id'], unique=False)

    op.create_table('dependency',
    sa.Column('withdrawn_by', sa.String(200), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_reason', sa.String(1000), nullable=True),
    sa.Column('id', sa.String(32), nullable=False),
    sa.Column('workspace_id', sa.String(40), nullable=False),
    sa.Column('author', sa.String(200), nullable=False),
    sa.Column('author_id', sa.String(200), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('item', sa.String(300), nullable=False),
    sa.Column('needs', sa.String(300), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('dependency', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_dependency_item'), ['item'], unique=False)
        batch_op.create_index(batch_op.f('ix_dependency_workspace_id'), ['workspace_id'], unique=False)

    op.create_table('flag_event',
    sa.Column('id', sa.String(32), nullable=False),
    sa.Column('workspace_id', sa.String(40), nullable=False),
    sa.Column('item', sa.String(300), nullable=False),
    sa.Column('kind', sa.String(10), nullable=False),
    sa.Column('role', sa.String(200), nullable=False),
    sa.Column('note', sa.String(1000), nullable=False),
    sa.Column('from_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('set_by', sa.String(200), nullable=False),
    sa.Column('until_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('lifted_by', sa.String(200), nullable=True),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('flag_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_flag_event_item'), ['item'], unique=False)
        batch_op.create_index(batch_op.f('ix_flag_event_workspace_id'), ['workspace_id'], unique=False)

    op.create_table('launch_template',
    sa.Column('withdrawn_by', sa.String(200), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_reason', sa.String(1000), nullable=True),
    sa.Column('id', sa.String(32), nullable=False),
    sa.Column('workspace_id', sa.String(40), nullable=False),
    sa.Column('name', sa.String(200), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('changed_by', sa.String(200), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('launch_template', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_launch_template_workspace_id'), ['workspace_id'], unique=False)

    op.create_table('work_item',
    sa.Column('withdrawn_by', sa.String(200), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_reason', sa.String(1000), nullable=True),
    sa.Column('id', sa.String(32), nullable=False),
    sa.Column('workspace_id', sa.String(40), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('parent', sa.Integer(), nullable=True),
    sa.Column('name', sa.String(300), nullable=False),
    sa.Column('campaign_name', sa.String(300), nullable=False),
    sa.Column('business_unit', sa.String(200), nullable=True),
    sa.Column('first_due', sa.Date(), nullable=True),
    sa.Column('due', sa.Date(), nullable=True),
    sa.Column('value_per_day', sa.Numeric(18, 6).with_variant(sa.String(40), "sqlite"), nullable=True),
    sa.Column('currency_code', sa.String(3), nullable=True),
    sa.Column('brief', sa.String(10000), nullable=False),
    sa.Column('side', sa.String(20), nullable=False),
    sa.Column('due_stage', sa.String(40), nullable=True),
    sa.Column('requested_by', sa.String(200), nullable=False),
    sa.Column('requested_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('changed_by', sa.String(200), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('workspace_id', 'number')
    )
    with op.batch_alter_table('work_item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_work_item_workspace_id'), ['workspace_id'], unique=False)

    op.create_table('approver',
    sa.Column('id', sa.String(32), nullable=False),
    sa.Column('workspace_id', sa.String(40), nullable=False),
    sa.Column('approval_id', sa.String(32), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('approver', sa.String(200), nullable=False),
    sa.Column('decision', sa.String(10), nullable=True),
    sa.Column('note', sa.String(2000), nullable=False),
    sa.Column('decided_by', sa.String(200), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['approval_id'], ['approval.id'], ),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('approver', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_approver_approval_id'), ['approval_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_approver_workspace_id'), ['workspace_id'], unique=False)

    op.create_table('launch_milestone',
    sa.Column('id', sa.String(32), nullable=False),
    sa.Column('workspace_id', sa.String(40), nullable=False),
    sa.Column('template_id', sa.String(32), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(300), nullable=False),
    sa.Column('days_before', sa.Integer(), nullable=False),
    sa.Column('stage', sa.String(40), nullable=True),
    sa.Column('side', sa.String(20), nullable=False),
    sa.Column('needs', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['template_id'], ['launch_template.id'], ),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('launch_milestone', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_launch_milestone_template_id'), ['template_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_launch_milestone_workspace_id'), ['workspace_id'], unique=False)

    op.create_table('work_item_transition',
    sa.Column('withdrawn_by', sa.String(200), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_reason', sa.String(1000), nullable=True),
    sa.Column('id', sa.String(32), nullable=False),
    sa.Column('workspace_id', sa.String(40), nullable=False),
    sa.Column('item_id', sa.String(32), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('stage', sa.String(40), nullable=False),
    sa.Column('status', sa.String(200), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('moved_by', sa.String(200), nullable=False),
    sa.Column('moved_by_id', sa.String(200), nullable=False),
    sa.Column('reason', sa.String(1000), nullable=False),
    sa.ForeignKeyConstraint(['item_id'], ['work_item.id'], ),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('item_id', 'sequence')
    )
    with op.batch_alter_table('work_item_transition', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_work_item_transition_item_id'), ['item_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_work_item_transition_workspace_id'), ['workspace_id'], unique=False)


def downgrade() -> None:
    op.drop_table('work_item_transition')
    op.drop_table('launch_milestone')
    op.drop_table('approver')
    op.drop_table('work_item')
    op.drop_table('launch_template')
    op.drop_table('flag_event')
    op.drop_table('dependency')
    op.drop_table('comment')
    op.drop_table('approval')
