"""The stages of a workspace's work as somebody sets them: checked, and kept. For services, which ask for the role."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from math import inf

from sqlmodel import Session, col, delete

from marops import notes
from marops.audit import store as audit
from marops.errors import Conflict, UserError
from marops.language import joined, text
from marops.principal import Principal
from marops.stages import BEFORE_LAUNCH, Category, Process, Stage, folded_word, titled
from marops.workspaces.store import StageDefinition, Workspace, process_of, stage_definitions

PROCESS = "process"
"""What the audit trail calls a workspace's stages."""

_LONGEST = 200


def checked(stages: Sequence[Stage]) -> Process:
    """Stages as a workflow, names and words as they are kept. Raises UserError for what is none."""
    made = [_written(stage) for stage in stages]
    names = [notes.folded(str(stage.name)) for stage in made]
    if not all(names) or len(set(names)) < len(names):
        raise UserError(text("Every stage needs a name, and no two the same."))
    words = [{*stage.aliases, folded_word(str(stage.name))} for stage in made]
    for word, count in Counter(word for of_stage in words for word in of_stage).items():
        if count > 1:
            where = joined([stage.name for stage, of_stage in zip(made, words, strict=True) if word in of_stage])
            raise UserError(text("{word} stands for two stages: {stages}. Keep it in one of them.", word=word, stages=where))
    if any(stage.sla_days is not None and not 0 < stage.sla_days < inf for stage in made):
        raise UserError(text("The days within which work should leave a stage must be more than 0."))
    categories = {stage.category for stage in made}
    if not categories & BEFORE_LAUNCH:
        raise UserError(text("At least one stage must come before the launch: to do, active or waiting."))
    if Category.DONE not in categories:
        raise UserError(text("At least one stage must be the end: done."))
    return Process(tuple(made))


def put(
    session: Session, principal: Principal, workspace: Workspace, process: Process | None, *, seen: Process | None = None,
    adrift: Sequence[str] = (),
) -> None:  # fmt: skip
    """Keep stages (None: the usual ones) and write that down. The workspace must be locked. `seen`: those that whoever changed them
    saw (None: whatever they were). `adrift`: the open items that are in no stage from now on. Raises Conflict where others were set
    meanwhile.
    """
    if seen is not None and process_of(session, workspace.id) != seen:
        last = audit.last(session, workspace.id, PROCESS)
        raise Conflict(
            text(
                "{who} changed the stages on {when}, after you opened them; nothing of yours was saved. Open them again and make "
                "your change there.",
                who=last.principal_name, when=last.at,
            )
        )  # fmt: skip
    before = [audit.said(row, "position") for row in stage_definitions(session, workspace.id)]
    session.exec(delete(StageDefinition).where(col(StageDefinition.workspace_id) == workspace.id))
    rows = [_definition(workspace.id, at, stage) for at, stage in enumerate(process.stages if process else ())]
    session.add_all(rows)
    after = {"stages": [audit.said(row, "position") for row in rows], **({"adrift": list(adrift)} if adrift else {})}
    audit.note(session, principal, workspace.id, "set", PROCESS, workspace.id, {"stages": before}, after)
    workspace.touch()
    session.add(workspace)


def _written(stage: Stage) -> Stage:
    name = notes.written(str(stage.name), _LONGEST)
    words = (folded_word(notes.written(alias, _LONGEST)) for alias in stage.aliases)
    return replace(stage, name=titled(name), aliases=tuple(dict.fromkeys(word for word in words if word)))


def _definition(workspace_id: str, position: int, stage: Stage) -> StageDefinition:
    return StageDefinition(
        workspace_id=workspace_id, position=position, stage=stage.id, name=str(stage.name), category=stage.category.value,
        responsible=stage.responsible, sla_days=stage.sla_days, in_working_days=stage.in_working_days,
        aliases=list(stage.aliases),
    )  # fmt: skip
