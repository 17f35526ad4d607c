"""What the child process found in a file, as plain data that crosses the process boundary as JSON.

Sentences are not made here but in `words`, in the reader's language: a `Note` carries a code and the values it
mentions. Sums and totals are decimal strings, so that no digit is lost on the way.
"""

from datetime import date

from pydantic import BaseModel

from marops.tables import TABLES


class Note(BaseModel):
    """Something to tell the reader: a code of `words.NOTES` and its values."""

    code: str
    values: dict[str, str | int] = {}


class Refused(BaseModel):
    """One cell that breaks the contract, and so keeps its row out. `row`: of the file; in an event log in XES, which has no rows,
    the number of the event, and `of` names its case.
    """

    row: int
    column: str
    value: str
    rule: str
    limit: str = ""
    of: str | None = None


class SetAside(BaseModel):
    """A row that is not data: a total, a blank line, a note below the table."""

    row: int
    why: str
    label: str = ""


class Total(BaseModel):
    """One figure of one of the file's own total rows, beside the sum of the rows we take."""

    row: int
    label: str
    column: str
    file: str
    ours: str
    difference: str
    describes_rows: bool


class Reason(BaseModel):
    """Why something is taken for what it is, or for nothing: a code of `words.REASONS`, who calls it so, other columns."""

    code: str
    names: list[str] = []
    values: dict[str, str | int] = {}


class Column(BaseModel):
    """A column of the file: its header, some values, what it was taken for (canonical name or None), and why."""

    header: str
    samples: list[str]
    canonical: str | None = None
    why: Reason | None = None


class Row(BaseModel):
    """A row of the file as it stands: its number and its cells, cut short."""

    number: int
    cells: list[str]


class Proposal(BaseModel):
    """What a file of no known layout may be: rows of a table, by the names and the values of its columns. Nobody has said so
    yet. `reasons`: why each of the file's columns has its place, or none.
    """

    table: str
    columns: dict[str, int]
    reasons: list[Reason]


class Mapping(BaseModel):
    """How a file's columns become canonical ones. Remembered by the file's header row.

    `columns`: canonical name -> position of the file's column. `constants`: canonical name -> one value for every row.
    `decimal`: "." or ","; `dates`: "dmy" or "mdy" for dates that could be either; `zone`: the IANA zone of times without one, where
    somebody has said another than the file.
    """

    table: str
    shape: str = "custom"
    columns: dict[str, int] = {}
    constants: dict[str, str] = {}
    decimal: str | None = None
    dates: str | None = None
    zone: str | None = None


class Question(BaseModel):
    """Something the file leaves open and a person must answer: `code` of `words.QUESTIONS`."""

    code: str
    column: str
    samples: list[str]
    choices: list[str]


class Staged(BaseModel):
    """Rows ready to be taken: a Parquet file of one canonical table. `grain` is set for ad reports:
    "campaign day", "breakdown day by device". `kept_out`: the file that says which rows are not (see kept_out.SCHEMA), if any.
    """

    table: str
    grain: str = ""
    file: str
    rows: int
    first_day: date | None = None
    last_day: date | None = None
    kept_out: str = ""


class Part(BaseModel):
    """One table found in the file (a sheet, or the file itself).

    `source`: where its mapping comes from: "layout", "hand" or "memory"; empty where it has none. Then `proposals` say what
    it could be, the likeliest first; `proposed` says why that one, and is missing where none is likely enough.
    `first_rows`: rows to try a mapping on, the first ones and those that show how numbers and dates are written. `zone`,
    `period`: what the file says of all its rows.
    """

    name: str
    headers: list[str]
    header_row: int
    signature: str
    recognised_as: str | None
    mapping: Mapping | None
    columns: list[Column]
    source: str = ""
    proposals: list[Proposal] = []
    proposed: Reason | None = None
    first_rows: list[Row] = []
    zone: str | None = None
    period: tuple[date, date] | None = None
    rows_read: int = 0
    rows_ready: int = 0
    rows_refused: int = 0
    set_aside: list[SetAside] = []
    set_aside_count: int = 0
    refused: list[Refused] = []
    sums: dict[str, str] = {}
    totals: list[Total] = []
    questions: list[Question] = []
    notes: list[Note] = []
    staged: Staged | None = None
    currencies: list[str] = []

    @property
    def rows(self) -> Staged:
        """The staged rows. Raises ValueError where there are none."""
        if self.staged is None:
            raise ValueError(f"nothing is staged for {self.name!r}")
        return self.staged

    def currency_of(self, column: str) -> str | None:
        """The currency of a canonical column of amounts; None where they are in several, and for what is no amount."""
        is_amount = self.mapping is not None and TABLES[self.mapping.table].by_name[column].unit == "currency_code"
        return self.currencies[0] if is_amount and len(self.currencies) == 1 else None

    @property
    def is_ready(self) -> bool:
        """Whether rows are staged and nothing is left to ask."""
        return self.staged is not None and not self.questions


class Measured(BaseModel):
    """A column of a table as it is, whatever it may become: its type and, where it is a number, its exact sum.

    `type`: text, integer, decimal, date, timestamp or empty. `additive`: whether the sum means something (that of a rate
    does not). `unread`: how many filled cells are not of that type.
    `qualified`: how many carry a sign such as "≤" before the number.
    """

    source: str
    canonical: str | None = None
    type: str
    currency: str | None = None
    sum: str | None = None
    additive: bool = False
    missing: int = 0
    unread: int = 0
    qualified: int = 0


class Described(BaseModel):
    """One table of a file as it stands there, before anything is mapped: rows that are data, rows that are not, columns."""

    name: str
    recognised_as: str | None
    grain: list[str] = []
    header_row: int
    rows: int
    set_aside: list[SetAside] = []
    columns: list[Measured] = []
    totals: list[Total] = []
    questions: list[Question] = []
    notes: list[Note] = []


class Report(BaseModel):
    """Everything found in one file. `failure` is set where it cannot be read at all."""

    kind: str = ""
    encoding: str = ""
    delimiter: str = ""
    parts: list[Part] = []
    described: list[Described] = []
    notes: list[Note] = []
    failure: Note | None = None


class Job(BaseModel):
    """What the child is asked to do: read `path` (called `name` by its owner) and stage its rows in `folder`, or only
    `describe` its tables.

    `mappings` holds a mapping by part name where a person has chosen one; `remembered` by header signature.
    """

    path: str
    name: str
    folder: str
    mappings: dict[str, Mapping] = {}
    remembered: dict[str, Mapping] = {}
    today: date
    describe: bool = False
