"""The child process's work: one file in, staged Parquet files and a report out. Nothing here touches lake or store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal, TypedDict

import polars as pl
import pyarrow.parquet as pa_parquet

from marops.sources import (
    casting,
    cells,
    conforming,
    creation,
    describing,
    flagging,
    formats,
    grains,
    guessing,
    moments,
    opening,
    rounded,
    sampling,
    subtotals,
    summing,
    undated,
    updates,
    zones,
)
from marops.sources.casting import Casting
from marops.sources.cells import ASIDE, Layout
from marops.sources.completing import Context, absent, complete, completes_row_by_row
from marops.sources.guard import FileKind, Unreadable, identify, unpacked
from marops.sources.kept_out import KeptOut
from marops.sources.reading import RawTable
from marops.sources.recognising import (
    Match,
    in_millionths,
    match,
    platforms,
    recognise,
    shapes,
    signature,
)
from marops.sources.reconciling import TotalRow, plain, quoted
from marops.sources.report import (
    Job,
    Mapping,
    Note,
    Part,
    Question,
    Refused,
    Report,
    SetAside,
    Staged,
    Total,
)  # fmt: skip
from marops.tables import AD_PERFORMANCE, ROW

SAMPLE_ROWS = 5_000
WHOLE = 512 << 20
"""Bytes up to which a file is read into memory where only all of its rows together tell which are data."""

KEPT = 10_000
"""Refused cells and set-aside rows kept one by one in the report; their numbers are always exact."""


class _Packed(TypedDict):
    compression: Literal["zstd"]
    compression_level: int


_PACKED: _Packed = {"compression": "zstd", "compression_level": 1}


@dataclass(frozen=True, slots=True)
class _Others:
    """Rows that are not data or cannot be read, as `casting.judged` by this casting."""

    rows: pl.DataFrame
    casting: Casting


@dataclass(frozen=True, slots=True)
class _Sample:
    """The first rows of a table under canonical names, and the cells of those that are data as they are."""

    shown: pl.DataFrame
    data: pl.DataFrame

    @classmethod
    def of(cls, layout: Layout, rows: pl.DataFrame) -> "_Sample":
        shown = cells.canonical(layout, rows.lazy()).collect()
        numbers = shown.filter(cells.why_not_data(layout, shown.columns).is_null())[ROW]
        return cls(shown, rows.filter(pl.col(ROW).is_in(numbers.implode())))


class _DoubtfulError(Exception):
    """Rows read the quick way are not certainly the rows of the file."""


def ready() -> None:
    """Build beforehand what every file needs: the dictionaries, and the formats a column is tried with."""
    shapes()
    moments.any_date(["2026-01-31"])
    formats.are_numbers(pl.Series(["1"]))


def stage(job: Job) -> Report:
    """Read the job's file, stage its rows under `job.folder` (or only describe its tables) and say what was found. Bad
    files become a failure.
    """
    folder = Path(job.folder)
    unpacking = folder / "unpacked"
    report = Report()
    try:
        path = unpacked(Path(job.path), job.name, unpacking)
        job = job.model_copy(update={"path": str(path)})
        report.kind = identify(path, job.name)
        for raw in opening.tables(path, FileKind(report.kind), job, report):
            if job.describe:
                report.described += describing.describe(raw)
            else:
                report.parts += _parts(raw, job, folder, len(report.parts))
                if report.kind == FileKind.XES:
                    _name_events(report.parts, folder)
                if flags := flagging.flags_in(raw):
                    report.parts += _parts(flags, job, folder, len(report.parts))
    except Unreadable as refused:
        return Report(failure=refused.note)
    finally:
        unpacking.unlink(missing_ok=True)
    if not report.parts and not report.described:
        report.failure = Note(code="no_table", values={"name": job.name})
    return report


def _parts(raw: RawTable, job: Job, folder: Path, before: int) -> list[Part]:
    """The tables of a sheet or file. A large one is read row by row; where what was read may hold sums of its own rows, they
    can only be told by looking at all of them, and it is read again.
    """
    if not raw.is_small:
        part = _part(raw, job, folder / f"part-{before}.parquet")
        if part.staged is None or not _may_hold_sums(part.staged, folder):
            return [part]
        if Path(job.path).stat().st_size > WHOLE:
            part.questions.append(Question(code="subtotals", column=part.headers[0], samples=["All"], choices=[]))
            return [part]
    found: list[Part] = []
    for table, questions in opening.outlined(raw):
        part = _part(table, job, folder / f"part-{before + len(found)}.parquet")
        part.questions += questions
        found.append(part)
    return found


def _name_events(parts: Sequence[Part], folder: Path) -> None:
    """Say of what stands in an event log in which event, and of refused cells whose they are: it has no rows to be counted."""
    for part in parts:
        for note in part.notes:
            if "row" in note.values:
                note.values["event"] = note.values.pop("row")
        if part.staged is None or not part.staged.kept_out:
            continue
        owners = pl.read_parquet(folder / part.staged.kept_out, columns=[ROW, "of"]).unique(ROW, keep="first")
        of = dict(owners.with_columns(pl.col("of").fill_null("")).iter_rows())
        part.refused = [cell.model_copy(update={"of": of.get(cell.row, "")}) for cell in part.refused]


def _may_hold_sums(staged: Staged, folder: Path) -> bool:
    """Whether levels or breakdowns of an ad report say "All" in some rows, or nothing in some and something in most."""
    if staged.table != AD_PERFORMANCE.name or not staged.rows:
        return False
    rows = pl.scan_parquet(folder / staged.file)
    names = [name for name in rows.collect_schema().names() if name.endswith("_name") or name in {"breakdown_key", "publisher"}]
    if not names:
        return False
    empty = [pl.col(name).null_count().is_between(1, staged.rows // 2) for name in names]
    says = [subtotals.shows_all(name).any() for name in names]
    return any(rows.select(found.alias(str(i)) for i, found in enumerate((*empty, *says))).collect(engine="streaming").row(0))


def _part(raw: RawTable, job: Job, target: Path) -> Part:
    try:
        return _Staging(raw, job, target).run()
    except (_DoubtfulError, pl.exceptions.ComputeError):
        if raw.doubt is None:
            raise
        return _Staging(raw.doubt.exactly(), job, target).run()


class _Staging:
    """One table of the file on its way to a staged Parquet file."""

    def __init__(self, raw: RawTable, job: Job, target: Path) -> None:
        self.raw = raw
        self.job = job
        self.target = target
        self.kept_out = KeptOut()
        mark = signature(raw.headers)
        self.is_by_hand = raw.name in job.mappings
        self.is_remembered = not self.is_by_hand and mark in job.remembered
        mapping, self.matched = _chosen(raw, job, mark)
        is_said = self.is_by_hand or self.is_remembered
        self.is_undated = not is_said and creation.is_of_items(raw, self.matched)
        if mapping is not None and self.is_undated:
            columns = {name: at for name, at in mapping.columns.items() if name != "transition_at"}
            mapping = mapping.model_copy(update={"columns": columns})
        source = "hand" if self.is_by_hand else "memory" if self.is_remembered else "layout" if mapping else ""
        self.part = Part(
            name=raw.name, headers=list(raw.headers), header_row=raw.header_row, signature=mark, mapping=mapping,
            recognised_as=self.matched.shape.name if self.matched else None, columns=[], source=source,
            zone=zones.of_table(raw), period=_period_above(raw),
        )  # fmt: skip

    def run(self) -> Part:
        """The part, staged where nothing stands against it. Raises _DoubtfulError."""
        part = self.part
        frame, labels = self._without_label_rows()
        frame = self._without_earlier_states(frame)
        data = frame.filter(pl.col(ASIDE).is_null()) if self.raw.is_small else frame
        sample = data.head(SAMPLE_ROWS).collect()
        part.columns = sampling.columns(self.raw.headers, part.mapping, sample)
        if part.mapping is None:
            part.first_rows = sampling.telling_rows(sample, len(self.raw.headers))
            part.proposals, part.proposed = guessing.propose(self.raw.headers, sample)
            part.notes.append(Note(code="not_recognised"))
            return part
        reasons = guessing.known(self.raw.headers, part.mapping, self.matched, part.source)
        part.columns = [column.model_copy(update={"why": why}) for column, why in zip(part.columns, reasons, strict=True)]
        layout = Layout(
            self.raw, part.mapping, self.matched, labels, millionths=in_millionths(self.raw.headers),
            names_zone=part.zone, by_hand=self.is_by_hand, remembered=self.is_remembered,
        )  # fmt: skip
        layout.dimensions = cells.find_dimensions(layout, sample)
        first = _Sample.of(layout, sample)
        part.first_rows = sampling.telling_rows(first.data, len(self.raw.headers))
        # Where columns become rows, or rows get something from others, what is left over cannot be read again by itself.
        quick = not (self.matched and self.matched.unpivoted) and completes_row_by_row(layout.table.name)
        decided, part.questions = casting.decide(layout, first.shown, quick=quick)
        self._ask_period(layout)
        self._ask_platform(layout)
        if self.is_undated:
            part.notes.append(Note(code="created_only"))
        if part.questions or self._lacks_required(layout, decided):
            return part
        found, others = self._write(layout, frame, decided, first)
        # Ad and asset reports tell rows apart by texts no dictionary can list: then these are the key.
        for apart in grains.telling_apart(layout, first.shown, first.data) if layout.table is AD_PERFORMANCE else ():
            if "repeated_key" not in found["rule"]:
                break
            layout.distinguishing = apart
            first = _Sample.of(layout, sample)
            decided, _ = casting.decide(layout, first.shown, quick=quick)
            found, others = self._write(layout, frame, decided, first)
        self._report(layout, found, others)
        return part

    def _without_label_rows(self) -> tuple[pl.LazyFrame, tuple[str, ...]]:
        """The frame without the rows below the header that only describe columns (Qualtrics writes two). Where columns
        become rows, without any that is no data.
        """
        frame, count = self.raw.frame, self.matched.shape.label_rows if self.matched else 0
        if self.raw.is_small:
            found = pl.col(ASIDE).is_not_null() if self.matched and self.matched.unpivoted else pl.col(ASIDE) == "label"
            rows = frame.filter(found).rename({ASIDE: "why"}).collect()
        elif count:
            rows = frame.head(count).with_columns(pl.lit("label").alias("why")).collect()
        else:
            return frame, ()
        self._set_aside(rows.select(ROW, "why", pl.col("c0").alias("label")))
        labels = rows.filter(pl.col("why") == "label").drop(ROW, "why")
        return frame.filter(~pl.col(ROW).is_in(rows[ROW].implode())), tuple(map(str, labels.row(0))) if labels.height else ()

    def _without_earlier_states(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """The frame without the rows that a later update of the same thing replaces (logs of incidents)."""
        columns = self.matched.columns if self.matched and self.part.mapping else {}
        for key, updated in (self.matched.shape.latest if self.matched else {}).items():
            if key not in columns or updated not in columns:
                continue
            earlier = updates.superseded(frame, columns[key], columns[updated], self.part.mapping and self.part.mapping.dates)
            if earlier.height and self.raw.doubt:
                raise _DoubtfulError
            self._set_aside(earlier.select(ROW, pl.lit("earlier_state").alias("why"), pl.col("key").alias("label")))
            frame = frame.filter(~pl.col(ROW).is_in(earlier[ROW].implode()))
        return frame

    def _ask_period(self, layout: Layout) -> None:
        dated = {"_day", "period_start"} & {*layout.mapping.columns, *layout.mapping.constants}
        if layout.table.name == "ad_performance" and not dated and self.part.period is None:
            self.part.questions.append(Question(code="period", column="period_start", samples=[], choices=[]))

    def _ask_platform(self, layout: Layout) -> None:
        if (
            self.matched
            and layout.table.name == "ad_performance"
            and "platform" not in {*layout.mapping.columns, *layout.mapping.constants}
        ):
            self.part.questions.append(Question(code="platform", column="platform", samples=[], choices=platforms()))

    def _context(self, layout: Layout) -> Context:
        return Context(grains.level(layout), self.part.period, self.job.today)

    def _lacks_required(self, layout: Layout, decided: Casting) -> bool:
        """Whether a required column has no source, neither in the file nor by completing."""
        lacking = absent(layout.table, {name: layout.type_of(name).dtype for name in decided.typed}, self._context(layout))
        if lacking:
            values: dict[str, str | int] = {"table": layout.table.name, "columns": ", ".join(lacking)}
            self.part.notes.append(Note(code="needs_columns", values=values))
        return bool(lacking)

    def _write(self, layout: Layout, frame: pl.LazyFrame, decided: Casting, sample: _Sample) -> tuple[pl.DataFrame, _Others]:
        """Write the rows that can be taken to the target, in one pass over the file. Returns the violations of the
        contract, and the rows that are not data or cannot be read. Raises _DoubtfulError.

        A quick decision reads rows in the notation that the sample shows, and only what is left over in every notation we
        know.
        """
        self.kept_out = KeptOut()
        broken: pl.DataFrame | None = None
        if decided.quick:
            left, broken = self._glance(layout, frame, decided, sample)
            decided = casting.decide(layout, sample.shown, quick=False, wide=True)[0] if left.height else decided
            looked_at = casting.judged(layout, cells.canonical(layout, left.lazy()), decided).collect()
            more = self._typed(layout, looked_at.lazy(), decided).collect()
            if more.height:
                self._replace(pl.scan_parquet(self.target).merge_sorted(more.lazy(), ROW))
                broken = None
            others = looked_at.filter("__odd")
        else:
            self._dispel_doubt()
            others = self._read_whole(layout, frame, decided)
            if decided.narrow and others["__unread"].any():
                decided = casting.decide(layout, sample.shown, quick=False, wide=True)[0]
                others = self._read_whole(layout, frame, decided)
        self.part.notes += [*undated.notes(layout, decided, others, self.target), *rounded.notes(layout, self.target)]
        self.part.notes += creation.notes(layout, self.target)
        conformed = conforming.conform(layout.table, pl.scan_parquet(self.target), broken=broken)
        violations = conformed.violations
        if violations.height:
            self.kept_out.add_violations(pl.scan_parquet(self.target), layout.table, violations)
            self._replace(conformed.frame)
        return violations, _Others(others, decided)

    def _read_whole(self, layout: Layout, frame: pl.LazyFrame, decided: Casting) -> pl.DataFrame:
        """Write the rows that this casting can read to the target, in one pass. Returns the cells of all others."""
        read = casting.judged(layout, cells.canonical(layout, frame), decided)
        typed = self._typed(layout, read, decided).sink_parquet(self.target, lazy=True, **_PACKED)
        return pl.collect_all([typed, read.filter("__odd")])[1]

    def _dispel_doubt(self) -> None:
        """Look whether rows read the quick way are the rows of the file. Raises _DoubtfulError."""
        if doubt := self.raw.doubt:
            rows, any_uneven = self.raw.frame.select(pl.len(), doubt.uneven.any()).collect(engine="streaming").row(0)
            if not doubt.is_confirmed_by(rows, any_uneven=bool(any_uneven)):
                raise _DoubtfulError

    def _glance(self, layout: Layout, frame: pl.LazyFrame, decided: Casting, sample: _Sample) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Write the rows that a quick decision can read to the target. Returns the cells of all others, and those rows of the
        target that break a rule. Raises _DoubtfulError.
        """
        uneven = self.raw.doubt.uneven if self.raw.doubt else pl.lit(value=False)
        cells_of = frame.collect_schema().names()
        read = casting.glanced(layout, frame, decided, cells.suspect(layout, sample.data))
        # Completed before the rows part ways: two branches that complete on their own would each read the file.
        typed = read.select(*cells_of, "__odd", uneven.alias("__uneven"), **casting.typed(layout, decided))
        typed = complete(layout.table.name, typed, self._context(layout))
        names = [ROW, *(name for name in typed.collect_schema().names() if name in layout.table.by_name)]
        typed = typed.with_columns(conforming.is_broken(layout.table, names).alias("__broken"))
        _, rest = pl.collect_all(
            [
                typed.filter(~pl.col("__odd")).select(names).sink_parquet(self.target, lazy=True, **_PACKED),
                typed.filter(pl.col("__odd") | pl.col("__broken") | pl.col("__uneven")),
            ]
        )
        others = rest.filter("__odd")
        if self.raw.doubt:
            rows = pa_parquet.read_metadata(self.target).num_rows + others.height
            if not self.raw.doubt.is_confirmed_by(rows, any_uneven=bool(rest["__uneven"].any())):
                raise _DoubtfulError
        return others.select(cells_of), rest.filter(pl.col("__broken") & ~pl.col("__odd")).select(names)

    def _typed(self, layout: Layout, read: pl.LazyFrame, decided: Casting) -> pl.LazyFrame:
        typed = complete(layout.table.name, casting.accepted(layout, read, decided), self._context(layout))
        present = typed.collect_schema().names()
        return typed.select(column for column in present if column in layout.table.by_name or column == ROW)

    def _replace(self, rows: pl.LazyFrame) -> None:
        """Put these rows, which are made from the target, in its place."""
        new = self.target.with_suffix(".new")
        rows.sink_parquet(new, **_PACKED)
        new.replace(self.target)

    def _report(self, layout: Layout, violations: pl.DataFrame, others: _Others) -> None:
        read, decided = others.rows, others.casting
        part = self.part
        self._refuse_unread(layout, decided, read.filter(pl.col("__why").is_null() & pl.col("__unread")))
        aside = read.filter(pl.col("__why").is_not_null())
        self._set_aside(aside.select(ROW, pl.col("__why").alias("why"), pl.col("__called").alias("label")))
        self._refuse_wrong_width()
        part.rows_refused += violations[ROW].n_unique()
        part.refused += [
            Refused(row=row, column=layout.header_of(column), value=(value or "")[:200], rule=rule, limit=limit)
            for row, column, rule, limit, value in self._as_written(layout, violations, KEPT - len(part.refused)).iter_rows()
        ]
        staged = pl.scan_parquet(self.target)
        found = summing.summed(layout.table, staged)
        part.currencies, part.sums = found.currencies, {name: plain(value) for name, value in found.sums.items()}
        part.rows_ready = found.rows
        part.rows_read = found.rows + part.rows_refused + part.set_aside_count
        part.staged = Staged(
            table=layout.table.name, file=self.target.name, rows=found.rows, grain=grains.grain(layout, staged),
            first_day=found.first_day, last_day=found.last_day, kept_out=self.kept_out.write(self.target),
        )  # fmt: skip
        part.totals = _totals(layout, read.filter(pl.col("__why") == "total"), found.sums)
        if part.rows_ready == 0 and not part.rows_refused:
            part.notes.append(Note(code="no_rows"))
        if divided := [layout.header_of(name) for name in layout.mapping.columns if layout.is_in_millionths(name)]:
            part.notes.append(Note(code="millionths", values={"columns": ", ".join(divided)}))
        if decided.serials:
            named = ", ".join(layout.header_of(name) for name in decided.serials)
            part.notes.append(Note(code="serials", values={"columns": named}))
        if decided.local and found.rows:
            part.notes.append(_zone_said(layout))

    def _as_written(self, layout: Layout, violations: pl.DataFrame, most: int) -> pl.DataFrame:
        """The first violations, a value that has to be there and is not as the file writes it: "null", or a day in 9999."""
        first = violations.head(max(0, most))
        lacking = first.filter(pl.col("value").is_null())
        columns = {name: at for name, at in layout.mapping.columns.items() if name in lacking["column"]}
        if not columns or (self.matched and self.matched.unpivoted):
            return first
        rows = self.raw.frame.filter(pl.col(ROW).is_in(lacking[ROW].implode()))
        written = rows.select(ROW, **{name: pl.col(f"c{at}") for name, at in columns.items()}).collect(engine="streaming")
        if written[ROW].is_duplicated().any():  # several rows of one record
            return first
        cells = written.unpivot(index=ROW, variable_name="column", value_name="written")
        both = first.join(cells, on=[ROW, "column"], how="left", maintain_order="left")
        return both.with_columns(pl.coalesce("value", "written").alias("value")).drop("written")

    def _refuse_unread(self, layout: Layout, decided: Casting, unread: pl.DataFrame) -> None:
        self.part.rows_refused += unread[ROW].n_unique()
        for name, was_filled in decided.filled.items():
            room = max(0, KEPT - len(self.part.refused))
            failed = unread.filter(pl.col(f"={name}").is_null() & was_filled)
            self.kept_out.add(failed, layout.table, name, "unreadable")
            self.part.refused += [
                Refused(row=row, column=layout.header_of(name), value=str(value)[:200], rule="unreadable")
                for row, value in failed.select(ROW, name).head(room).iter_rows()
            ]

    def _refuse_wrong_width(self) -> None:
        for wrong in self.raw.wrong_width:
            if wrong.why != "wrong_width":
                self.part.set_aside.append(SetAside(row=wrong.row, why=wrong.why, label=wrong.text[:120]))
                self.part.set_aside_count += 1
                continue
            self.part.rows_refused += 1
            self.kept_out.add_row(wrong.row, "wrong_width")
            if len(self.part.refused) < KEPT:
                counts = f"{wrong.found}/{wrong.expected}"
                self.part.refused.append(
                    Refused(row=wrong.row, column="", value=wrong.text[:200], rule="wrong_width", limit=counts)
                )

    def _set_aside(self, rows: pl.DataFrame) -> None:
        self.part.set_aside_count += rows.height
        self.part.set_aside += [
            SetAside(row=row, why=why, label=(label or "")[:120]) for row, why, label in rows.sort(ROW).head(KEPT).iter_rows()
        ]


def _chosen(raw: RawTable, job: Job, mark: str) -> tuple[Mapping | None, Match | None]:
    """The mapping to use: a person's, one remembered for these headers, or what recognition finds."""
    mapping = job.mappings.get(raw.name) or job.remembered.get(mark)
    if mapping is None:
        matched = recognise(raw.headers)
        return (matched.mapping if matched else None), matched
    shape = shapes().get(mapping.shape)
    return mapping, match(raw.headers, shape) if shape else None


def _period_above(raw: RawTable) -> tuple[date, date] | None:
    """The first and last day that a line above the table says it covers."""
    for record in raw.preamble:
        found = moments.period(", ".join(cell.strip() for cell in record if cell.strip()))
        if found:
            return date.fromisoformat(found[0]), date.fromisoformat(found[1])
    return None


def _zone_said(layout: Layout) -> Note:
    if layout.zone is None:
        return Note(code="times_as_utc")
    code = "times_in_chosen_zone" if layout.mapping.zone else "times_in_zone"
    return Note(code=code, values={"zone": layout.zone})


def _totals(layout: Layout, rows: pl.DataFrame, sums: dict[str, Decimal | int]) -> list[Total]:
    ours = {name: value for name, value in sums.items() if name in layout.mapping.columns}
    found = (
        TotalRow(record[ROW], record["__called"] or "", {name: record[f"={name}"] for name in ours})
        for record in rows.sort(ROW).iter_rows(named=True)
    )
    return quoted(found, ours)
