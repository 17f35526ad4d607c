"""What can go wrong in a way a person can act on.

    MaropsError
    └── UserError          a sentence for the person: what, where, what next; pages and the command line show it
        ├── Forbidden      the role does not allow it
        ├── NotFound       it is not there (any more)
        ├── Conflict       it clashes with what is already there
        ├── BadFile        the file cannot be read as what it claims to be
        ├── BadConnection  a database cannot be reached, or must not be used as it is
        ├── Damaged        stored data no longer matches its digest
        └── BadSetting     a setting of the installation is wrong

Everything else is a defect: it stays loud in the log, and the page shows a number to quote.
"""

from marops.language import Text


class MaropsError(Exception):
    """Base of marops' own exceptions."""


class UserError(MaropsError):
    """A problem the reader can mend; `text` says what, where and what next."""

    def __init__(self, text: Text) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return str(self.text)


class Forbidden(UserError):
    """The principal's role does not allow the action."""


class NotFound(UserError):
    """The thing asked for does not exist in this workspace."""


class Conflict(UserError):
    """The request clashes with what is stored, for example a file imported twice."""


class BadFile(UserError):
    """A file that cannot be imported as it stands."""


class BadConnection(UserError):
    """A database that cannot be reached or read, or whose role may do more than read."""


class Damaged(UserError):
    """Stored data does not match its digest."""


class BadSetting(UserError):
    """A wrong setting, named with the value found and the values allowed."""
