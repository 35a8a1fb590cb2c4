"""Uploaded lists in which people are found whose accounts are closed: removed, with what imports kept of their rows.

A list is known by what the trail says (it wrote a contact of theirs, whatever that was then), or by what stands in it:
mobiles, e-mails and a firm's credit code, as the check reads them, whichever way they were typed. Files are read in
blocks. A file goes before its row says so: what is done twice finds nothing to do.
"""

import codecs
import json
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import BinaryIO

from django.db import transaction
from django.db.models import Q

from memberships.closing import IMPORTERS
from memberships.models import AccountClosure, MemberContact
from memberships.services import statements
from operations import registry
from operations.audit import because
from operations.errors import FileRefusedError
from operations.imports import staging
from operations.imports.widgets import SEPARATOR
from operations.imports.workbooks import XLSX, open_sheet
from operations.models import ImportBatch
from operations.services.uploads import erase_file

State = ImportBatch.State
#: Nothing reads the files of these any more but their owners, for the rows that were wrong.
OVER = (State.APPLIED, State.UNDONE, State.PARTLY_UNDONE, State.DISCARDED, State.REFUSED)
#: These may be gone on with, for as long as is usual; nobody works on them meanwhile.
RESTING = (State.CHOOSING, State.CHECKED, State.PARTLY_APPLIED)
RESTS = timedelta(days=30)
BLOCK = 1 << 20
#: A mark of fewer characters stands in every file.
SHORTEST = 2


def search_files(*, at: datetime) -> tuple[int, int]:
    """Remove lists in which people are found whose accounts are closed: (closures done, lists removed).

    Lists that are not done with yet are left, and the closures wait for them.
    """
    closures = list(AccountClosure.objects.filter(searched_at=None).order_by("pk"))
    if not closures:
        return 0, 0
    told = {_plain(mark) for each in closures if each.marks for mark in json.loads(each.marks.reveal())}
    marks = {mark for mark in told if len(mark) >= SHORTEST}
    wrote = _batches_that_wrote(closures)
    is_waiting, removed = False, 0
    for batch in ImportBatch.objects.filter(importer__in=IMPORTERS).exclude(file="").order_by("pk"):
        if batch.pk not in wrote and not _holds(batch, marks):
            continue
        if _remove(batch, at=at):
            removed += 1
        else:
            is_waiting = True
    return 0 if is_waiting else _note_searched(closures, at=at), removed


def _batches_that_wrote(closures: Sequence[AccountClosure]) -> set[int]:
    """The imports by which contacts of these members were written."""
    events = MemberContact.pgh_event_models["insert"]._default_manager  # type: ignore[attr-defined]
    runs = events.filter(member__in=[closure.pk for closure in closures], pgh_context__metadata__has_key="run")
    keys = set(runs.values_list("pgh_context__metadata__run", flat=True))
    return set(ImportBatch.objects.filter(Q(apply_run__in=keys) | Q(undo_run__in=keys)).values_list("pk", flat=True))


def _plain(text: str) -> str:
    """Text as it is compared: width, letter case, and what people put between digits do not matter."""
    return SEPARATOR.sub("", unicodedata.normalize("NFKC", text)).casefold()


def _holds(batch: ImportBatch, marks: Collection[str]) -> bool:
    """Whether any of the marks stands in the file. One that is gone holds nothing."""
    if not marks:
        return False
    longest, rest = max(map(len, marks)), ""
    try:
        with batch.file.open("rb") as stored:
            for block in _texts(batch, stored.file):
                text = rest + _plain(block)
                if any(mark in text for mark in marks):
                    return True
                rest = text[-longest:]
    except FileNotFoundError:
        return False
    except FileRefusedError:
        # A workbook that is refused cannot be searched, and nobody goes on with it.
        return True
    return False


def _texts(batch: ImportBatch, stream: BinaryIO) -> Iterator[str]:
    """What stands in the file, block by block; of a workbook in all its sheets, whichever was imported."""
    if batch.encoding == XLSX:
        for sheet, _is_hidden, _is_filled in batch.sheets:
            with open_sheet(stream, sheet) as rows:
                yield from (",".join(record.cells) + "\n" for record in rows)
        return
    decoder = codecs.getincrementaldecoder(batch.encoding or "utf-8")("replace")
    while block := stream.read(BLOCK):
        yield decoder.decode(block)


def _remove(batch: ImportBatch, *, at: datetime) -> bool:
    """Remove the file, the staged rows, and what was read where personal data was wrong. False: it is not over yet."""
    with transaction.atomic(), because("file erased"):
        # Nobody takes it up meanwhile.
        batch = ImportBatch.objects.select_for_update(no_key=True).get(pk=batch.pk)
        is_over = batch.state in OVER or (batch.state in RESTING and batch.uploaded_at < at - RESTS)
        if not is_over:
            return False
        importer = registry.importers.get(batch.importer)
        if staging.is_staged(importer.staged, batch):
            staging.keep_invalid_rows(importer.staged, importer.label_column, batch)
        staging.empty_partition(importer.staged, batch)
        personal = [column.staged for column in importer.columns() if column.is_personal]
        statements.run("erasure/blank_faults", batch=batch.pk, fields=personal)
        if batch.file:
            erase_file(batch, at=at)
    return True


@transaction.atomic
def _note_searched(closures: Sequence[AccountClosure], *, at: datetime) -> int:
    keys = [closure.pk for closure in closures]
    return AccountClosure.objects.filter(pk__in=keys, searched_at=None).update(marks=None, searched_at=at)
