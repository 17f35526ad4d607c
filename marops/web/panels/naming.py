"""How campaigns are named: what the rule is, and which names do not follow it. Nothing is refused for its name."""

import polars as pl
import streamlit as st

from marops.language import ntext, text
from marops.naming import Named
from marops.web.components import note
from marops.web.session import literal, say
from marops.web.tables import table

_LISTED = 10


def report(found: Named | None, key: str) -> None:
    """How many campaign names follow the rule, and those that do not. Without a rule, nothing."""
    if found is None:
        return
    said = ntext(
        "{followed} of {n} campaign name follows the rule {rule}.", "{followed} of {n} campaign names follow the rule {rule}.",
        found.names, followed=found.followed, rule=found.rule.pattern,
    )  # fmt: skip
    if not found.unlike:
        note(said)
        return
    st.info(literal(said), icon=":material/label:")
    rows = [(name, say(why)) for name, why in found.unlike]
    schema = {say(text("Campaign")): pl.String, say(text("Why it does not follow the rule")): pl.String}
    table(
        pl.DataFrame(rows, schema=schema, orient="row"), key=f"naming_{key}", name="campaign-names", shown=_LISTED,
        alt=say(text("Campaign names that do not follow the rule")),
    )  # fmt: skip
    if len(rows) > _LISTED:
        note(text("and {n} more in the download", n=len(rows) - _LISTED))
