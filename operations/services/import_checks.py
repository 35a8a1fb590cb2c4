"""The check of an uploaded file: parse, normalise, validate, stage, compare, count."""

import uuid
from collections.abc import Callable, Iterator
from datetime import date, datetime

import polars as pl
from django.db import connection, transaction
from django.db.models import Count
from django.utils import translation

from operations import registry
from operations.errors import FileRefusedError
from operations.imports import staging
from operations.imports.checking import Layout, check_columns, collect_faults, frame_of
from operations.imports.faults import Fault
from operations.imports.files import refusal
from operations.imports.headers import match_headers
from operations.imports.importer import Importer
from operations.imports.merges import letters_of
from operations.imports.reader import Record, read_blocks
from operations.imports.sources import open_source
from operations.models import ImportBatch, ImportRow
from operations.models.imports import Verdict

#: Called with the rows read so far and the share of the file they are.
Progress = Callable[[int, float], None]


def check_batch(batch: ImportBatch, *, on: date, at: datetime, report: Progress) -> int:
    """Check the stored file and leave its rows staged with their verdicts; the number of rows read.

    A file that is refused leaves nothing staged and says why in `batch.faults`. Runs in one transaction;
    may run again, which gives a new preview. The caller saves the batch, once it knows that the run goes on.
    """
    importer = registry.importers.get(batch.importer)
    try:
        with transaction.atomic():
            is_first_check = not staging.is_made(importer.staged, batch)
            if is_first_check:
                staging.create_partition(importer.staged, batch)
            else:
                staging.empty_partition(importer.staged, batch)
            rows_read = _stage(batch, importer, on=on, report=report)
            if is_first_check:
                staging.attach_partition(importer.staged, batch)
            staging.analyze_partition(importer.staged, batch)
            ImportRow.objects.filter(batch=batch).delete()
            importer.resolve_file(batch)
            importer.compare(batch, on=on, is_preview=True)
            staging.index_verdicts(importer.staged, batch)
            _count_verdicts(batch, importer, rows_read)
    except FileRefusedError as refused:
        batch.state = ImportBatch.State.REFUSED
        batch.faults = [fault.as_json() for fault in refused.faults]
        rows_read = 0
    else:
        batch.state, batch.preview_key, batch.faults = ImportBatch.State.CHECKED, uuid.uuid4(), []
    batch.checked_at = at
    return rows_read


def restage(batch: ImportBatch, *, on: date) -> None:
    """Stage the rows again after a crash emptied the table, and judge them against what is there now.

    The preview itself is not touched: what was shown stands in the batch's ImportRows, and the application
    leaves out the rows that differ from it. Parallel callers wait for the first; the table stays where it
    is, since making it anew would need the others to let go of its parent.
    """
    importer = registry.importers.get(batch.importer)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('restage'), %s)", [batch.pk])
    if staging.is_staged(importer.staged, batch):
        return
    _stage(batch, importer, on=on, report=lambda rows, share: None)
    importer.resolve_file(batch)
    importer.compare(batch, on=on, is_preview=False)


def _stage(batch: ImportBatch, importer: Importer, *, on: date, report: Progress) -> int:
    """Fill the batch's staging table from its file, a block at a time; the number of rows read."""
    with translation.override(batch.language), open_source(batch) as source:
        records = iter(source.records)
        layout = _read_header(batch, importer, records, on=on)
        rows_read = 0
        for block in read_blocks(records, source.measure):
            rows = check_block(frame_of(block, layout), layout, importer, batch, on=on)
            staging.copy_rows(importer.staged, batch, rows)
            rows_read += len(block)
            report(rows_read, source.share())
        batch.notes = source.notes()
    return rows_read


def _read_header(batch: ImportBatch, importer: Importer, records: Iterator[Record], *, on: date) -> Layout:
    header = next(records, None)
    if header is None:
        raise refusal("empty_file")
    if header.faults:
        raise FileRefusedError(*(
            Fault(header.line, letters_of(place), fault.value, fault.code, fault.expected)
            for place, fault in header.faults.items()
        ))
    fields = match_headers(header, importer.fields(on=on), is_secret=importer.is_secret)
    batch.columns = [field.staged if field else "" for field in fields]
    batch.headers = [name[:200] for name in header.cells[: len(fields)]]
    return Layout(fields, len(header.cells), header.cells)


def check_block(
    frame: pl.DataFrame, layout: Layout, importer: Importer, batch: ImportBatch, *, on: date
) -> pl.DataFrame:
    """Values, faults and verdict of a block, as the staging table takes them."""
    cross = importer.cross_check(layout, on=on)
    checked = check_columns(frame, layout).with_columns(*cross.faults)
    judged = collect_faults(checked, layout, cross.expected)
    is_right = pl.col("faults").is_null()
    verdict = pl.when(is_right).then(pl.lit(Verdict.NEW.value)).otherwise(pl.lit(Verdict.INVALID.value))
    return judged.with_columns(verdict.alias("verdict"), pl.lit(batch.pk).alias("batch_id"))


def _count_verdicts(batch: ImportBatch, importer: Importer, rows_read: int) -> None:
    staged = importer.staged._default_manager.filter(batch_id=batch.pk)
    counts = dict(staged.values_list("verdict").annotate(rows=Count("line")).order_by())
    batch.rows_read = rows_read
    for verdict in Verdict:
        setattr(batch, verdict.value, counts.get(verdict.value, 0))
