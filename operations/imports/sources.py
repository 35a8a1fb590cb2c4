"""The stored file of a batch as records, whatever kind of file it is."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any, BinaryIO, NamedTuple

from operations.imports.files import inspect_file, refusal
from operations.imports.reader import Measured, Record, read_records
from operations.imports.workbooks import XLSX, open_sheet, sha256_of
from operations.models import ImportBatch


class Source(NamedTuple):
    """Records, and how much of them was read: by `measure` in bytes or characters, by `share` of the whole."""

    records: Iterable[Record]
    measure: Measured
    share: Callable[[], float]
    #: What an operator should know of the file; there once all records were read.
    notes: Callable[[], list[dict[str, Any]]] = list


@contextmanager
def open_source(batch: ImportBatch) -> Iterator[Source]:
    """The batch's file, once it is known to be the one that was uploaded. FileRefusedError, also where it is gone."""
    with stored_file(batch) as stored:
        stream = stored.file
        if batch.encoding == XLSX:
            refuse_altered(stream, batch)
            with open_sheet(stream, batch.sheet) as rows:
                notes = [{"code": "sheet", "name": batch.sheet, "is_hidden": _is_hidden(batch)}]
                yield Source(rows, rows, lambda: rows.share, lambda: notes + rows.notes)
            return
        facts = inspect_file(stream)
        if batch.file_sha256 != facts.sha256:
            raise refusal("file_altered")
        batch.encoding = facts.encoding
        with closing(read_records(stream, facts.encoding)) as records:
            yield Source(records, stream, lambda: stream.tell() / facts.size)


@contextmanager
def open_records(stream: BinaryIO, batch: ImportBatch) -> Iterator[Iterator[Record]]:
    """The records of a file that was checked before. FileRefusedError, also where it is another by now."""
    refuse_altered(stream, batch)
    if batch.encoding == XLSX:
        with open_sheet(stream, batch.sheet) as rows:
            yield iter(rows)
    else:
        with closing(read_records(stream, batch.encoding)) as records:
            yield records


@contextmanager
def stored_file(batch: ImportBatch) -> Iterator[Any]:
    """The file as it lies in the storage. FileRefusedError where it is gone."""
    try:
        stored = batch.file.open("rb")
    except (FileNotFoundError, ValueError):
        # Erased in the row's knowledge or without it.
        raise refusal("file_gone") from None
    with stored:
        yield stored


def refuse_altered(stream: BinaryIO, batch: ImportBatch) -> None:
    """FileRefusedError where it is not the file that was uploaded."""
    if batch.file_sha256 != sha256_of(stream):
        raise refusal("file_altered")


def _is_hidden(batch: ImportBatch) -> bool:
    return any(name == batch.sheet and is_hidden for name, is_hidden, _is_filled in batch.sheets)
