"""What is said when a database refuses, cannot be reached, or would let marops change something."""

import json
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from marops.connections.kinds import DESCRIBED, NAMES, Form
from marops.connections.writing import MAX_ROWS, Binary, Repeated, TooMuch
from marops.errors import BadConnection, BadSetting
from marops.language import Text, text

_LONGEST = 300


def hidden(said: str, secrets: Iterable[str]) -> str:
    """Words without secrets, however they are written: as they are, in an address, in JSON, or as Python writes them."""
    written = {
        way
        for secret in secrets
        for way in (secret, quote(secret), quote_plus(secret), quote(secret, safe=""), json.dumps(secret)[1:-1], repr(secret)[1:-1])
    }
    for one in sorted(written - {""}, key=len, reverse=True):
        said = said.replace(one, "•••")
    return said


def cleaned(said: object, secrets: Iterable[str] = ()) -> str:
    """A driver's words in one line, without secrets or what came after the first paragraph."""
    return " ".join(hidden(str(said), secrets).split())[:_LONGEST].rstrip(". ")


def refused_by(form: Form, password: str, failed: BaseException | str) -> BadConnection:
    """The sentence for an error of a driver."""
    secrets = DESCRIBED[form.kind].spoken(password) if form.kind in DESCRIBED else [password]
    return BadConnection(
        text(
            "{name} ({kind}, {where}) cannot be read: {why}. Check the connection's fields, and that the query names what is "
            "there.",
            name=form.name, kind=NAMES[form.kind], where=form.where, why=cleaned(failed, secrets),
        )
    )  # fmt: skip


def writable(form: Form, may: Text, grants: str) -> Text:
    """The sentence for a role that can do more than read, with the statements that make a right one."""
    return text(
        "The role {user} of {name} can do more than read: {may}. Nothing was read. Let a database administrator make a role "
        "that only reads: {grants}",
        user=form.user, name=form.name, may=may, grants=grants,
    )  # fmt: skip


def no_driver(extra: str) -> BadSetting:
    """The sentence for a driver that is not installed."""
    return BadSetting(text("This kind of connection needs its driver. Run: python -m pip install 'marops[{extra}]'", extra=extra))


def not_fetched(form: Form, why: TooMuch | Binary | Repeated) -> BadConnection:
    """The sentence for a result that cannot be fetched."""
    if isinstance(why, Binary):
        return BadConnection(
            text("Column {column} of {name} holds bytes, which cannot be imported. Leave it out with a SELECT.",
                 column=str(why.args[0]), name=form.name)
        )  # fmt: skip
    if isinstance(why, Repeated):
        return BadConnection(
            text("Two columns of {name} are called {column}. Give one another name in the SELECT, with AS.",
                 column=str(why.args[0]), name=form.name)
        )  # fmt: skip
    return BadConnection(
        text("The query on {name} gives more than is fetched at once ({limit} rows, or 4 GB). Narrow it with WHERE.",
             name=form.name, limit=MAX_ROWS)
    )  # fmt: skip
