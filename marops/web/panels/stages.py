"""The stages of a workspace's work: their order, what they mean, and which of a tracker's words stand for them."""

from math import inf
from typing import Any

import polars as pl
import streamlit as st

from marops.language import Text, text
from marops.pipeline import details
from marops.principal import Action, allowed
from marops.stages import Category, Process, Stage, titled
from marops.web.components import note
from marops.web.panels.managing import attempt, dialog
from marops.web.scope import Here
from marops.web.session import literal, principal, say
from marops.workspaces import service as workspaces

_MEANINGS: dict[Category, Text] = {
    Category.TODO: text("to do: nobody has begun"), Category.ACTIVE: text("active: somebody works"),
    Category.WAIT: text("waiting"), Category.LIVE: text("live: it runs"), Category.DONE: text("done"),
}  # fmt: skip
_SIDES = {"": text("nobody"), "it": text("IT"), "marketing": text("Marketing")}


def stages_button(place: Here, unknown: int) -> None:
    """Opens the settings of the stages. `unknown`: statuses that are no stage: where there are any, it is said."""
    label = text("Stages ({n} statuses unknown)", n=unknown) if unknown else text("Stages")
    if st.button(say(label), key="stages", icon=":material/account_tree:", type="secondary" if unknown else "tertiary"):
        dialog(text("Stages of the work"), _settings, place)


def _settings(place: Here) -> None:
    process = place.opened.process
    if not allowed(place.principal, Action.EDIT):
        note(text("You can look, not change: that takes the role of a manager."))
        st.dataframe(_frame(process.stages), hide_index=True, alt=say(text("Stages of the work")))
        return
    found = details.suggested(place.principal, place.scope.workspace)
    words = {alias for stage in process.stages for alias in stage.aliases}
    if missing := [stage for stage in found if stage.aliases[0] not in words]:
        st.warning(literal(say(text("{n} of the {all} statuses in your data are no stage.", n=len(missing), all=len(found)))))
        if st.button(say(text("Take the stages as the data show them")), key="stages_suggested", icon=":material/auto_fix:"):
            attempt(lambda: workspaces.set_process(principal(), place.scope.workspace, found))
    edited = st.data_editor(
        _frame(process.stages).to_dicts(), key=f"stages_{place.opened.workspace.revision}", hide_index=True, num_rows="dynamic",
        column_config=_columns(), alt=say(text("Stages of the work")),
    )  # fmt: skip
    note(
        text(
            "In the order of the place. Words are what your tracker calls the stage, with commas between. What runs (live) "
            "counts as launched; without such a stage, what is done does."
        )
    )
    with st.container(horizontal=True):
        if st.button(say(text("Save stages")), key="stages_save", type="primary"):
            attempt(lambda: workspaces.set_process(principal(), place.scope.workspace, _read(edited, process)))
        if st.button(say(text("Back to the usual stages")), key="stages_usual"):
            attempt(lambda: workspaces.set_process(principal(), place.scope.workspace, None))


def _frame(stages: tuple[Stage, ...]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "place": [at for at, _ in enumerate(stages, 1)],
            "name": [say(stage.name) for stage in stages],
            "meaning": [say(_MEANINGS[stage.category]) for stage in stages],
            "side": [say(_SIDES[stage.responsible]) for stage in stages],
            "sla_days": [stage.sla_days for stage in stages],
            "words": [", ".join(stage.aliases) for stage in stages],
        },
        schema_overrides={"sla_days": pl.Float64},
    )


def _columns() -> dict[str, Any]:
    config = st.column_config
    return {
        "place": config.NumberColumn(say(text("Place")), width=60, required=True),
        "name": config.TextColumn(say(text("Stage")), required=True),
        "meaning": config.SelectboxColumn(
            say(text("Meaning")), options=[say(words) for words in _MEANINGS.values()], required=True
        ),
        "side": config.SelectboxColumn(say(text("Must act")), options=[say(words) for words in _SIDES.values()]),
        "sla_days": config.NumberColumn(say(text("Days allowed")), min_value=0.0),
        "words": config.TextColumn(say(text("Words")), width="large"),
    }


def _read(edited: list[dict[str, Any]], process: Process) -> list[Stage]:
    """The stages of the edited table. One that keeps its name keeps its id, so that what refers to it still does."""
    meanings, sides = ({say(words): key for key, words in named.items()} for named in (_MEANINGS, _SIDES))
    ids = {say(stage.name): stage for stage in process.stages}
    taken = {stage.id for stage in process.stages}
    made: list[Stage] = []
    for row in sorted(edited, key=lambda row: row["place"] or inf):
        name = (row["name"] or "").strip()
        known = ids.get(name)
        new = next(f"s{at}" for at in range(10_000) if f"s{at}" not in taken)
        taken |= {new}
        made.append(
            Stage(
                known.id if known else new, known.name if known else titled(name),
                Category(meanings.get(row["meaning"] or "", Category.ACTIVE)), str(sides.get(row["side"] or "", "")),
                tuple((row["words"] or "").split(",")), row["sla_days"],
            )
        )  # fmt: skip
    return made
