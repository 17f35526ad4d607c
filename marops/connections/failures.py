"""What is said when a database refuses, cannot be reached, or would let marops change something."""

from urllib.parse import quote, quote_plus

from marops.connections.kinds import NAMES, Form
from marops.connections.writing import MAX_ROWS, Binary, Repeated, TooMuch
from marops.errors import BadConnection, BadSetting
from marops.language import Text, text

_LONGEST = 300


def cleaned(said: object, password: str = "") -> str:
    """A driver's words in one line, without the password or what came after the first paragraph."""
    words = " ".join(str(said).split())
    for written in {password, quote(password), quote_plus(password)} - {""}:
        words = words.replace(written, "•••")
    return words[:_LONGEST].rstrip(". ")


def refused_by(form: Form, password: str, failed: BaseException | str) -> BadConnection:
    """The sentence for an error of a driver."""
    return BadConnection(
        text(
            "{name} ({kind}, {where}) cannot be read: {why}. Check the connection's fields, and that the query names what is "
            "there.",
            name=form.name, kind=NAMES[form.kind], where=form.where, why=cleaned(failed, password),
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
