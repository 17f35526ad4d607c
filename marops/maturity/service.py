"""Team maturity: the latest assessment of a scope, the one before it, and where the sides differ."""

import threading
from dataclasses import dataclass
from datetime import date

import polars as pl
from cachetools import LRUCache, cached
from sqlmodel import col, select

from marops import store
from marops.errors import NotFound
from marops.findings import Finding, Severity, Side
from marops.language import Text, message, text
from marops.maturity import gaps, scoring
from marops.maturity.instrument import VERSION
from marops.maturity.scoring import Answer, Result, Stage, Verdict
from marops.maturity.store import AssessmentAnswer, AssessmentFact
from marops.period import Scope
from marops.principal import Action, Principal, require
from marops.quantity import Quantity, Unit
from marops.workspaces import service as workspaces

MOST_MEMBERS = 20
"""Largest team the stages were described for."""

STAGES: dict[Stage, Text] = {
    Stage.BELOW: text("below Incubate"),
    Stage.INCUBATE: text("Incubate"),
    Stage.SCALE: text("Scale"),
    Stage.EMBEDDED: text("Embedded"),
}

BLOCK_NAMES = {
    name: text(name)
    for name in (
        message("Strategic planning"), message("Role clarity"), message("Governance"), message("Centre of Excellence"),
        message("Training (gate)"), message("Understand each other"), message("Do not duplicate"), message("Time and space"),
        message("Data office"), message("Joint goals"),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Assessment:
    """One assessment: when it was closed, its outcome and the perception gaps."""

    id: str
    closed_on: date
    result: Result
    gaps: pl.DataFrame
    members: float | None
    version: str = VERSION


@dataclass(frozen=True)
class Maturity:
    """The latest assessment up to the scope's last day, and the one before it; None where there is none."""

    latest: Assessment | None
    before: Assessment | None
    sentences: tuple[Text, ...]

    @property
    def assessed(self) -> Assessment:
        """The latest assessment. Raises NotFound where there is none."""
        if self.latest is None:
            raise NotFound(text("No assessment has been imported yet."))
        return self.latest


def maturity(principal: Principal, scope: Scope) -> Maturity:
    """The team's maturity. Raises NotFound."""
    require(principal, Action.READ, scope.workspace)
    opened = workspaces.open_workspace(principal, scope.workspace)
    return _maturity((scope.workspace, opened.workspace.revision, scope.period.end))


def verdict(principal: Principal, scope: Scope) -> Text:
    """One sentence on the team."""
    require(principal, Action.READ, scope.workspace)
    found = maturity(principal, scope)
    return found.sentences[0] if found.sentences else text("No assessment has been imported yet.")


def findings(principal: Principal, scope: Scope) -> list[Finding]:
    """What the assessment says that somebody should decide."""
    require(principal, Action.READ, scope.workspace)
    found = maturity(principal, scope)
    if found.latest is None or Verdict.ALIGNED in found.latest.result.verdicts or not found.sentences:
        return []
    weakest = found.latest.result.weakest
    cause = text("Weakest pillar: {pillar}.", pillar=BLOCK_NAMES[weakest]) if weakest else text("No pillar could be rated.")
    return [
        Finding(
            "maturity:stage", Severity.WATCH, found.sentences[0], cause, text("CIO and CMO"),
            text("Agree two actions for that pillar, with owners and dates, before hiring or buying."), "maturity", Side.JOINT,
        )
    ]  # fmt: skip


# Computing


@cached(LRUCache(maxsize=64), key=lambda asked: asked, condition=threading.Condition())
def _maturity(asked: tuple[str, str, date]) -> Maturity:
    workspace_id, _, until = asked
    with store.reading() as session:
        rows = session.exec(
            select(AssessmentAnswer).where(AssessmentAnswer.workspace_id == workspace_id, col(AssessmentAnswer.active).is_(True))
        ).all()
        stated = session.exec(
            select(AssessmentFact).where(AssessmentFact.workspace_id == workspace_id, col(AssessmentFact.active).is_(True))
        ).all()
    closed: dict[str, date] = {}
    for row in rows:
        closed[row.assessment_id] = max(closed.get(row.assessment_id, date.min), row.answered_at.date())
    chosen = sorted((day, name) for name, day in closed.items() if day <= until)[-2:]
    assessments: list[Assessment] = []
    for day, name in chosen:
        answers = [
            Answer(row.respondent_id, row.side, row.item_code, row.level, bool(row.evidence_url))
            for row in rows
            if row.assessment_id == name
        ]
        facts = {fact.fact_code: float(fact.value) for fact in stated if fact.assessment_id == name}
        assessments.append(Assessment(name, day, scoring.assess(answers, facts), gaps.gaps(answers), facts.get("F1")))
    latest = assessments[-1] if assessments else None
    before = assessments[-2] if len(assessments) > 1 else None
    return Maturity(latest, before, tuple(_sentences(latest)) if latest else ())


def _sentences(assessment: Assessment) -> list[Text]:
    """The instrument's sentence for each verdict that applies, the main one first."""
    result = assessment.result
    if result.headline is None or result.practice is None:
        return [text("The stage cannot be told: too few items were answered, or the team's size (F1) is missing.")]
    stage, practice = STAGES[result.headline], STAGES[result.practice]
    members = assessment.members or 0
    following = STAGES[Stage(min(Stage.EMBEDDED, result.headline + 1))]
    weakest = BLOCK_NAMES[result.weakest] if result.weakest else text("the weakest pillar")
    said: dict[Verdict, Text] = {
        Verdict.ALIGNED: text("{stage}: people, training and practice agree.", stage=stage),
        Verdict.STRUCTURE_AHEAD: text(
            "{stage}: {n} people, {practice} practice. Fix {weakest} before hiring.",
            stage=stage,
            n=round(members),
            practice=practice,
            weakest=weakest,
        ),
        Verdict.PRACTICE_AHEAD: text(
            "{stage}: ready for {next}; limited by {n} people.", stage=stage, next=following, n=round(members)
        )
        if result.size is not Stage.BELOW
        else text("Below Incubate: everything depends on one person. Add a second before anything else."),
        Verdict.TRAINING_HOLDS: text("{stage}: practice is ready; training is not.", stage=stage),
        Verdict.IN_TRANSITION: text(
            "In transition by size: {share} of the way to the next stage.", share=Quantity(result.transition or 0, Unit.PERCENT)
        ),
        Verdict.CONTESTED: text("Contested: IT and marketing would put the team at different stages."),
        Verdict.UNSUPPORTED: text(
            "Claimed {claimed}, evidence supports {stage}: {n} answers lack evidence.",
            claimed=STAGES[result.claimed or result.headline],
            stage=stage,
            n=result.unsupported_items,
        ),
        Verdict.UNSURE: text("Not firm: other respondents could have led to another stage."),
    }
    sentences = [said[verdict] for verdict in result.verdicts] or [text("{stage}.", stage=stage)]
    if members > MOST_MEMBERS:
        sentences.append(
            text("The stages describe teams of up to {most}; assess {n} people team by team.", most=MOST_MEMBERS, n=round(members))
        )
    return sentences
