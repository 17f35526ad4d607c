"""What people say about an item. A comment can be withdrawn; it stays on record."""

from sqlmodel import col, select

from marops import notes, store
from marops.audit import store as audit
from marops.errors import Forbidden
from marops.language import text
from marops.principal import Action, Principal, allowed, require
from marops.work import names, recording
from marops.work.store import Comment
from marops.workspaces import store as _workspaces

COMMENT = "comment"
"""What the audit trail calls comments."""


def comment(principal: Principal, workspace_id: str, item: str, words: str) -> Comment:
    """Say something about an item, imported or kept here. Raises UserError without words, NotFound, Conflict if withdrawn."""
    require(principal, Action.COMMENT, workspace_id)
    kept = notes.needed(words, 5000, text("A comment needs words."))
    with store.writing() as session:
        workspace = _workspaces.lock(session, workspace_id)
        recording.check_known(session, workspace_id, item)
        row = Comment(
            workspace_id=workspace_id, item=item, words=kept, author=principal.name, author_id=principal.id,
            written_at=recording.moment(workspace),
        )  # fmt: skip
        session.add(row)
        session.flush()
        recording.note(session, principal, workspace, "write", COMMENT, row.id, after=audit.said(row))
        return row


def withdraw_comment(principal: Principal, workspace_id: str, comment_id: str) -> Comment:
    """Take a comment back. Who wrote it may do so, and managers. Raises Forbidden, NotFound, and Conflict where it is withdrawn."""
    require(principal, Action.COMMENT, workspace_id)
    with store.writing() as session:
        workspace = _workspaces.lock(session, workspace_id)
        row = recording.standing(session, workspace_id, Comment, comment_id)
        if row.author_id != principal.id and not allowed(principal, Action.EDIT):
            raise Forbidden(text("{who} wrote this; {who} or a manager can withdraw it.", who=row.author))
        recording.take_back(session, principal, workspace, COMMENT, row)
        return row


def comments(principal: Principal, workspace_id: str, item: str) -> list[Comment]:
    """The comments on an item that stand, the newest first."""
    require(principal, Action.READ, workspace_id)
    if not notes.can_be_kept(item):
        return []
    with store.reading() as session:
        of_item = col(Comment.item).in_(names.load(session, workspace_id).of(item))
        standing = select(Comment).where(Comment.workspace_id == workspace_id, of_item, col(Comment.withdrawn_at).is_(None))
        return list(session.exec(standing.order_by(col(Comment.written_at).desc(), col(Comment.id))))
