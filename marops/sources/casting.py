"""From text to the types of the contract: one notation a column, decided from a sample, applied to every row."""

from dataclasses import dataclass, field

import polars as pl

from marops.sources import cells, currencies, formats, moments
from marops.sources.cells import Layout
from marops.sources.formats import Notation
from marops.sources.report import Question
from marops.tables import ROW, Type

_NUMBERS = (Type.INT, Type.DECIMAL)
_DATES = (Type.DATE, Type.TIMESTAMP)


@dataclass(frozen=True, slots=True)
class Casting:
    """Typed expressions by canonical name. `filled` holds, for the columns that may fail to be read, whether a cell was
    filled at all. `quick`: made for the notation the sample shows; cells in another one come out as unread, and so do those
    of which `doubted` says so. `narrow`: dates are read in the one form of ISO 8601 that the sample shows, and could be in
    others. `local`: some times are without an offset, so that a zone has to say what they mean. `serials`: columns of dates some
    of which are spreadsheets' numbers of days.
    """

    typed: dict[str, pl.Expr]
    filled: dict[str, pl.Expr]
    quick: bool
    doubted: dict[str, pl.Expr] = field(default_factory=dict[str, pl.Expr])
    narrow: bool = False
    local: bool = False
    serials: tuple[str, ...] = ()


def decide(layout: Layout, sample: pl.DataFrame, *, quick: bool, wide: bool = False) -> tuple[Casting, list[Question]]:
    """How to read each column of a sample from `cells.canonical`, and what only a person can decide. `wide`: in a column of dates
    by ISO 8601, forms that the sample does not show are read, too, which takes longer.
    """
    present = [name for name in sample.columns if name != ROW and not name.startswith("__")]
    data = sample.filter(cells.why_not_data(layout, present).is_null())
    doubted: dict[str, pl.Expr] = {}
    questions: list[Question] = []
    marks = _decimal_marks(layout, data, [n for n in present if layout.type_of(n) in _NUMBERS], questions)
    seen = {n: data.filter(~formats.is_missing(pl.col(n)))[n] for n in present if layout.type_of(n) is not Type.TEXT}
    # Small numbers do not say whether large ones are grouped; a file that shows one large one does.
    grouped = not any(formats.shows_bare_thousands(seen[name], mark) for name, mark in marks.items())
    typed: dict[str, pl.Expr] = {}
    filled: dict[str, pl.Expr] = {}
    serials: list[str] = []
    narrow = local = False
    for name in present:
        cell, kind = pl.col(name), layout.type_of(name)
        if kind is Type.TEXT:
            if quick and (known := _known(layout, data, name)) is not None:
                typed[name], filled[name] = known, ~cell.is_in(formats.MISSING)
            elif name == "currency_code":
                typed[name] = formats.text(cell).str.to_uppercase()
            elif quick and not layout.words_of(name) and formats.all_say_something(data[name]):
                typed[name] = cell.str.strip_chars()
                doubted[name] = formats.may_be_missing(typed[name])
            else:
                typed[name] = formats.text(formats.meaning(cell, words) if (words := layout.words_of(name)) else cell)
            continue
        padded = not quick or bool((seen[name] != seen[name].str.strip_chars()).any())
        if kind in _NUMBERS:
            notation = formats.notation(seen[name], marks[name], whole=kind is Type.INT) if quick else Notation.DRESSED
            if notation is Notation.BARE and grouped and formats.comes_near_thousands(seen[name], marks[name]):
                notation = Notation.GROUPED
            millionths = layout.is_in_millionths(name)
            typed[name] = formats.number(cell, kind, marks[name], notation, padded=padded, millionths=millionths)
        elif kind in _DATES:
            cell, form, serial = _date_format(layout, data, name, questions)
            wider = moments.wider(form)
            form = wider if wide and wider else form
            narrow = narrow or (wider is not None and not wide)
            # A day is the one that the file wrote, wherever that was.
            value = (moments.local if kind is Type.DATE else moments.moment)(cell, form, padded=padded)
            if serial:
                value = moments.with_serials(cell, value)
                serials.append(name)
            is_local = kind is Type.TIMESTAMP and not moments.has_offset(form)
            local = local or is_local
            value = moments.placed(cell, value, form, layout.zone) if is_local and layout.zone else value
            typed[name] = value.dt.date() if kind is Type.DATE else value
        else:
            typed[name] = formats.truth(cell)
        filled[name] = ~formats.is_missing(cell, quick=quick)
    if layout.zone and "tz_name" in layout.table.by_name:
        typed["tz_name"] = pl.lit(layout.zone)
    _find_currency(layout, typed, data, questions)
    return Casting(typed, filled, quick, doubted, narrow, local, tuple(serials)), questions


def _known(layout: Layout, data: pl.DataFrame, name: str) -> pl.Expr | None:
    """A quick reading of a column of few different texts, where all that a sample shows are known: currencies, and words
    of the dictionary. Other cells come out as unread.
    """
    cell, words = pl.col(name), layout.words_of(name)
    shown = data.filter(~cell.is_in(formats.MISSING))[name].unique()
    if name == "currency_code":
        return pl.when(cell.is_in(shown.to_list())).then(cell) if shown.str.contains("^[A-Z]{3}$").all() else None
    if not words or shown.to_frame().select(formats.plain_meaning(cell, words).is_null().any()).item():
        return None
    return formats.plain_meaning(cell, words)


def glanced(layout: Layout, frame: pl.LazyFrame, casting: Casting, suspect: pl.Expr) -> pl.LazyFrame:
    """The file's cells with each typed value under "=name" as a quick casting reads it, and `__odd`: rows that may be no data
    or hold a cell that was not read so. They must be `judged`.
    """
    read = cells.beside(layout, frame).with_columns(**{f"={name}": value for name, value in casting.typed.items()})
    return read.with_columns(_any([suspect, *_unread(casting), *casting.doubted.values()]).alias("__odd"))


def judged(layout: Layout, text: pl.LazyFrame, casting: Casting) -> pl.LazyFrame:
    """The text of `cells.canonical` with `__why` a row is not data, each typed value under "=name", `__unread`: a filled cell
    that could not be read, and `__odd`: either of the two. Values are computed once here and only looked at afterwards.
    """
    present = [name for name in text.collect_schema().names() if name in casting.typed]
    read = {f"={name}": value for name, value in casting.typed.items()}
    return (
        text.with_columns(cells.why_not_data(layout, present).alias("__why"), **read)
        .with_columns(_any(_unread(casting)).alias("__unread"))
        .with_columns((pl.col("__why").is_not_null() | pl.col("__unread")).alias("__odd"))
    )


def _unread(casting: Casting) -> list[pl.Expr]:
    return [pl.col(f"={name}").is_null() & was_filled for name, was_filled in casting.filled.items()]


def _any(conditions: list[pl.Expr]) -> pl.Expr:
    return pl.any_horizontal(conditions).fill_null(value=False) if conditions else pl.lit(value=False)


def accepted(layout: Layout, read: pl.LazyFrame, casting: Casting) -> pl.LazyFrame:
    """The rows of `glanced` or `judged` that are data and could be read, typed and under canonical names."""
    return read.filter(~pl.col("__odd")).select(ROW, **typed(layout, casting))


def typed(layout: Layout, casting: Casting) -> dict[str, pl.Expr]:
    """The typed values of `glanced` or `judged`, by canonical name."""
    return {
        name: moments.closed(pl.col(f"={name}")) if layout.type_of(name) in _DATES else pl.col(f"={name}") for name in casting.typed
    }


def _decimal_marks(layout: Layout, data: pl.DataFrame, names: list[str], questions: list[Question]) -> dict[str, str]:
    shown = {
        name: formats.decimal_mark(
            (str(cell) for cell in data[name].drop_nulls().unique().head(1_000)), whole=layout.type_of(name) is Type.INT
        )
        for name in names
    }
    votes = {mark for mark in shown.values() if mark}
    common = votes.pop() if len(votes) == 1 else None
    marks: dict[str, str] = {}
    for name, mark in shown.items():
        # A column of plain whole numbers says nothing of how it would write others; the other columns do.
        chosen = mark or layout.mapping.decimal or common or ("." if mark == "" else None)
        if chosen is None:
            questions.append(_question("decimal_mark", layout, data, name, [".", ","]))
        marks[name] = chosen or "."
    return marks


def _date_format(layout: Layout, data: pl.DataFrame, name: str, questions: list[Question]) -> tuple[pl.Expr, str, bool]:
    """A column's cells of dates, their format, and whether some are a spreadsheet's numbers of days instead. Cells that no format
    reads leave the order of the others as open as it is.
    """
    cell = pl.col(name)
    seen = data.filter(~formats.is_missing(pl.col(name)))[name].unique(maintain_order=True).head(1_000)
    counted = moments.counts(seen)
    if counted and layout.needs(name):
        return cell, counted, False
    # Where nothing need have happened, a 0 says that it has not; where something must have, it is a moment that cannot be.
    if counted or (not layout.needs(name) and set(seen.str.strip_chars()) == {"0"}):
        return moments.happened(cell), moments.possible(counted or "seconds"), False
    serial = moments.are_serials(seen)
    written = seen.filter(~serial)
    form, *others = moments.date_formats(written.to_list(), layout.mapping.dates) or (moments.most_fitting(written),)
    readable = written.filter(written.to_frame("c").select(read=moments.moment(pl.col("c"), form).is_not_null())["read"])
    if readable.len() < written.len():
        form, *others = (moments.date_formats(readable.to_list(), layout.mapping.dates) if readable.len() else ()) or (form,)
    if others:
        questions.append(_question("date_order", layout, data, name, ["dmy", "mdy"]))
    return cell, form, bool(serial.any())


def _find_currency(layout: Layout, typed: dict[str, pl.Expr], data: pl.DataFrame, questions: list[Question]) -> None:
    """The currency of the amounts, from headers, signs in their cells and a currency column. What disagrees is asked, as is
    an amount that must have one and names none, or only a sign that several share.
    """
    columns = layout.table.by_name
    amounts = [name for name in typed if name in columns and columns[name].unit == "currency_code" and name in data.columns]
    answer = layout.mapping.constants.get("currency_code")
    if not amounts or "currency_code" not in columns or (answer and layout.by_hand):
        return
    shown = currencies.in_cells(str(cell) for name in amounts for cell in data[name].drop_nulls().unique().head(200))
    headed = _headed(layout, amounts)
    stated = _stated(data) if "currency_code" in layout.mapping.columns else None
    choices = sorted({*headed, *shown.codes, *(stated or ())})
    if answer and layout.remembered:
        # An answer given for an earlier file holds for this one as long as nothing in it says otherwise.
        if not currencies.allow(answer, frozenset(choices), shown):
            questions.append(_question("currency_conflict", layout, data, amounts[0], sorted({answer, *choices})))
    elif not currencies.agree(headed, shown, stated):
        questions.append(_question("currency_conflict", layout, data, amounts[0], choices))
    elif "currency_code" in typed:
        return
    elif len(choices) == 1:
        typed["currency_code"] = pl.lit(choices[0])
    elif columns[amounts[0]].required or amounts[0] == "spend":
        questions.append(_question("currency", layout, data, amounts[0], shown.choices))


def _headed(layout: Layout, amounts: list[str]) -> frozenset[str]:
    named = (currencies.in_header(layout.header_of(name), is_amount=True) for name in amounts if name in layout.mapping.columns)
    return frozenset(code for code in named if code)


def _stated(data: pl.DataFrame) -> frozenset[str]:
    codes = data.filter(~formats.is_missing(pl.col("currency_code")))["currency_code"].str.strip_chars().str.to_uppercase()
    return frozenset(codes.unique())


def _question(code: str, layout: Layout, data: pl.DataFrame, name: str, choices: list[str]) -> Question:
    samples = [str(cell) for cell in data[name].drop_nulls().unique(maintain_order=True).head(5) if cell]
    return Question(code=code, column=layout.header_of(name), samples=samples, choices=choices)
