"""Reading an import: its preview page by page, how far it is, what became of each row, the error file."""

import io
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from django.core.cache import cache
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from operations import registry
from operations.errors import ImportStateError
from operations.imports.exports import csv_line, guard_formula
from operations.imports.faults import Fault
from operations.imports.fields import ImportField
from operations.imports.headers import REASON_HEADERS, is_reason
from operations.imports.importer import Importer
from operations.imports.reader import Record, line_end_of
from operations.imports.sources import open_records, stored_file
from operations.imports.workbooks import XLSX
from operations.models import ImportBatch, ImportRow, JobRun, StagedRow
from operations.models.imports import Verdict
from operations.services.import_files import refuse_without_file
from operations.services.jobs import pace
from operations.sheets import NotAvailable, Sheet

PAGE = 50
#: Rows that are read at a time where all of them are wanted.
BLOCK = 2000


@dataclass(frozen=True)
class Change:
    """One field of a row that changes; personal values are masked."""

    field: str
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class PreviewRow:
    """A line of the file as an operator reads it; `cells` are by column header, personal values masked."""

    line: int
    label: str
    object_id: int | None
    cells: dict[str, str] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    verdict: str = ""


@dataclass(frozen=True)
class Progress:
    """How far the work on a batch is. `rows_total` is an estimate while the file is being read."""

    state: str
    rows_done: int
    rows_total: int | None
    rows_per_second: float | None
    seconds_left: float | None


def import_fields(batch: ImportBatch) -> list[ImportField]:
    """The importer's columns, as they were on the day of the check."""
    on = timezone.localdate(batch.checked_at or batch.uploaded_at)
    return registry.importers.get(batch.importer).fields(on=on)


def preview_page(batch: ImportBatch, verdict: str, *, after_line: int = 0, size: int = PAGE) -> list[PreviewRow]:
    """The rows of a verdict behind a line, at most `size`; empty when the staging rows are gone."""
    importer = registry.importers.get(batch.importer)
    rows = list(
        importer.staged._default_manager.filter(batch_id=batch.pk, verdict=verdict, line__gt=after_line)
        .order_by("line")[:size]
    )
    fields = import_fields(batch)
    lines = [row.line for row in rows] if verdict == Verdict.CHANGED else []
    noted = ImportRow.objects.filter(batch=batch, line__in=lines)
    changes = {row.line: _changes(row, importer, fields) for row in noted}
    shows_cells = verdict != Verdict.INVALID
    return [
        PreviewRow(
            line=row.line,
            label=getattr(row, importer.label_column) or "",
            object_id=row.object_id,
            cells=_cells(row, importer, fields) if shows_cells else {},
            changes=changes.get(row.line, []),
            faults=_faults(row),
        )
        for row in rows
    ]


def outcome_page(batch: ImportBatch, outcome: str, *, after_line: int = 0, size: int = PAGE) -> list[PreviewRow]:
    """The rows with an outcome behind a line, at most `size`."""
    rows = ImportRow.objects.filter(batch=batch, outcome=outcome, line__gt=after_line).order_by("line")[:size]
    importer, fields = registry.importers.get(batch.importer), import_fields(batch)
    return [
        PreviewRow(
            row.line, row.label, row.object_id, changes=_changes(row, importer, fields), faults=_faults(row),
            verdict=row.verdict,
        )
        for row in rows
    ]


def _cells(row: StagedRow, importer: Importer, fields: Iterable[ImportField]) -> dict[str, str]:
    language = translation.get_language() or "zh-hans"
    cells = {}
    for column in fields:
        value = getattr(row, column.staged)
        if value is not None:
            cells[column.header(language)] = importer.show(column, value)
    return cells


def _changes(row: ImportRow, importer: Importer, fields: Iterable[ImportField]) -> list[Change]:
    language = translation.get_language() or "zh-hans"
    columns = {column.staged: column for column in fields}
    return [
        Change(
            name, columns[name].header(language),
            importer.show_change(columns[name], before), importer.show_change(columns[name], after),
        )
        for name, before, after in row.changes or []
    ]


def _faults(row: Any) -> list[Fault]:
    return [Fault.from_json(stored, line=row.line) for stored in row.faults or []]


def batch_faults(batch: ImportBatch) -> list[Fault]:
    """Why the file was refused as a whole."""
    return [Fault.from_json(stored) for stored in batch.faults]


def progress(batch: ImportBatch, *, at: datetime) -> Progress:
    """How far the run at work on the batch is, and how long the rest will take at this rate."""
    run = batch.undo_run or batch.apply_run or batch.check_run
    if run is None:
        return Progress(batch.state, 0, None, None, None)
    run.refresh_from_db()
    if run.job == "check_import" and not run.is_finished:
        done, total, rate = _reading(run, at=at)
    else:
        done, total, rate = run.done + run.failed, run.total, pace(run, at=at)
    left = max(total - done, 0) / rate if rate and total is not None else None
    return Progress(batch.state, done, total, rate, left)


def note_reading(run: JobRun, rows: int, share: float) -> None:
    """Let the page of a check know how far it is; lost without harm, also when Valkey is gone."""
    with suppress(RedisError):
        cache.set(_progress_key(run), (rows, share), timeout=3600)


def _progress_key(run: JobRun) -> str:
    return f"import-check:{run.pk}"


def _reading(run: JobRun, *, at: datetime) -> tuple[int, int | None, float | None]:
    """Rows read, in all (an estimate) and a second. A check commits nothing before its end: the cache knows."""
    rows, share = 0, 0.0
    with suppress(RedisError):
        rows, share = cache.get(_progress_key(run), (rows, share))
    seconds = (at - run.started_at).total_seconds() if run.started_at else 0
    return rows, round(rows / share) if share else None, rows / seconds if seconds > 0 and rows else None


def invalid_rows(batch: ImportBatch) -> QuerySet[Any]:
    """The invalid rows: staged ones while the preview stands, kept ones after the application."""
    kept = ImportRow.objects.filter(batch=batch, outcome=ImportRow.Outcome.INVALID)
    if kept.exists():
        return kept.order_by("line")
    staged = registry.importers.get(batch.importer).staged
    return staged._default_manager.filter(batch_id=batch.pk, verdict=Verdict.INVALID).order_by("line")


def _by_blocks(rows: QuerySet[Any]) -> Iterator[Any]:
    """Rows, named by `line`, from one line on to the next: a million need neither memory nor a cursor of the database,
    which a pool of transactions would lose. Each block is found by an index of batch and line."""
    last = 0
    while block := list(rows.filter(line__gt=last)[:BLOCK]):
        yield from block
        last = block[-1].line


def row_faults(batch: ImportBatch) -> Iterable[Fault]:
    """The faults of all invalid rows, in the order of the file."""
    for row in _by_blocks(invalid_rows(batch)):
        yield from _faults(row)


def outcome_faults(batch: ImportBatch, outcome: str) -> Iterable[Fault]:
    """The rows with an outcome as faults: the code is the outcome, the value the row's name."""
    for row in _by_blocks(ImportRow.objects.filter(batch=batch, outcome=outcome).order_by("line")):
        yield Fault(row.line, "", row.label, outcome)


def write_error_file(batch: ImportBatch, out: BinaryIO, *, language: str) -> None:
    """The invalid rows as they were read, in the file's kind, encoding, columns and line ends, with a reason column.

    A formula is guarded by an apostrophe, which an import takes off again, or is a text of a workbook; secrets are
    masked by their importer.
    ImportStateError when the rows are not there any more.
    """
    importer = registry.importers.get(batch.importer)
    rows = invalid_rows(batch)
    if not rows.exists():
        raise ImportStateError(_("There are no invalid rows to hand back. If there were some, check the file again."))
    refuse_without_file(batch)
    with stored_file(batch) as stored, translation.override(language):
        write = _write_workbook if batch.encoding == XLSX else _write_csv
        line_end = "" if batch.encoding == XLSX else line_end_of(stored.file)
        with open_records(stored.file, batch) as records:
            write(_error_rows(records, rows, language, importer=importer, columns=batch.columns), out, batch, line_end)


def _write_csv(table: Iterator[list[str | NotAvailable]], out: BinaryIO, batch: ImportBatch, line_end: str) -> None:
    text = io.TextIOWrapper(out, encoding=batch.encoding, newline="", write_through=True)
    for cells in table:
        text.write(csv_line(map(guard_formula, map(str, cells)), end=line_end))
    text.detach()


def _write_workbook(table: Iterator[list[str | NotAvailable]], out: BinaryIO, batch: ImportBatch, _end: str) -> None:
    """Every cell is a text; one that could not be read is #N/A, which comes again as a fault until it is mended."""
    header = list(map(str, next(table)))
    sheet = Sheet(batch.sheet, [16] * len(header), header, into=out)
    for cells in table:
        sheet.write(cells)
    sheet.close()


def _error_rows(
    records: Iterator[Record], rows: QuerySet[Any], language: str, *, importer: Importer, columns: list[str]
) -> Iterator[list[str | NotAvailable]]:
    """The header and the invalid rows; a former reason column gives way to the new one."""
    header = next(records).cells
    kept = [place for place, cell in enumerate(header) if not is_reason(cell)]
    yield [*(header[place] for place in kept), REASON_HEADERS[0 if language.startswith("zh") else 1]]
    for line, faults in _by_blocks(rows.values_list("line", "faults", named=True)):
        record = next(record for record in records if record.line == line)
        wrong = {fault.get("field") for fault in faults}
        cells = _cells_back(record, len(header), kept, importer=importer, columns=columns, wrong=wrong)
        padding = [""] * (len(kept) - len(cells))
        yield [*cells, *padding, "; ".join(_reason(Fault.from_json(fault, line=line)) for fault in faults)]


def _cells_back(
    record: Record, width: int, kept: list[int], *, importer: Importer, columns: list[str], wrong: set[str | None]
) -> list[str | NotAvailable]:
    """The cells of an invalid row, as they are handed back."""
    cells = record.cells
    if len(cells) != width:
        return [importer.handed_back(cell, None) for cell in cells]
    return [
        NotAvailable() if place in record.faults
        else importer.handed_back(cells[place], columns[place], is_wrong=columns[place] in wrong)
        for place in kept
    ]


def _reason(fault: Fault) -> str:
    if not fault.column:
        return fault.message
    return _("%(column)s: %(message)s") % {"column": fault.column, "message": fault.message}
