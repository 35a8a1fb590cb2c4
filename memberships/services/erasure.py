"""Files with personal data: removed once the person is forgotten, also where a crash or a rollback left them.

A file goes before its row says so: what is done twice finds nothing to do. Files are read in blocks.
"""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet

from memberships.closing import IMPORTERS
from memberships.models import AccountClosure, CaseAttachment
from memberships.models.case_notes import FOLDER
from operations.audit import because
from operations.models import ImportBatch

State = ImportBatch.State
#: Nothing reads the files of these any more but their owners, for the rows that were wrong.
OVER = (
    State.APPLIED, State.PARTLY_APPLIED, State.UNDONE, State.PARTLY_UNDONE, State.DISCARDED, State.REFUSED,
)
BLOCK = 1 << 20
#: A note whose files lie there already may still be written so long.
UNCOMMITTED = timedelta(hours=1)


def remove_attachments() -> int:
    """Remove the files of erased attachments that still lie there; how many."""
    removed = 0
    for attachment in CaseAttachment.objects.filter(erased_at__isnull=False).exclude(file="").order_by("pk"):
        default_storage.delete(str(attachment.file.name))
        with because("file erased"):
            CaseAttachment.objects.filter(pk=attachment.pk).update(file="")
        removed += 1
    return removed


def remove_strays(*, at: datetime) -> int:
    """Remove files of notes that were never written: their transaction was rolled back by a crash. How many."""
    if not default_storage.exists(FOLDER):
        return 0
    names = [f"{FOLDER}/{name}" for name in default_storage.listdir(FOLDER)[1]]
    known = set(CaseAttachment.objects.filter(file__in=names).values_list("file", flat=True))
    strays = [
        name for name in names
        if name not in known and default_storage.get_modified_time(name) < at - UNCOMMITTED
    ]
    for name in strays:
        default_storage.delete(name)
    return len(strays)


def search_files(*, at: datetime) -> tuple[int, int]:
    """Remove uploaded lists in which people are found whose accounts are closed: (closures done, lists removed).

    Lists that are not done with yet are left, and the closures wait for them.
    """
    closures = list(AccountClosure.objects.filter(searched_at=None).order_by("pk"))
    marks = {
        mark.encode(encoding)
        for closure in closures if closure.marks for mark in json.loads(closure.marks.reveal())
        for encoding in ("utf-8", "gb18030")
    }
    if not marks:
        return _note_searched(closures, at=at), 0
    batches = ImportBatch.objects.filter(importer__in=IMPORTERS).exclude(file="")
    removed = _remove_lists(batches.filter(state__in=OVER), marks)
    is_waiting = any(_holds(batch, marks) for batch in batches.exclude(state__in=OVER))
    return 0 if is_waiting else _note_searched(closures, at=at), removed


def _remove_lists(batches: "QuerySet[ImportBatch]", marks: Iterable[bytes]) -> int:
    removed = 0
    for batch in batches.order_by("pk"):
        if _holds(batch, marks):
            batch.file.delete(save=False)
            with because("file erased"):
                ImportBatch.objects.filter(pk=batch.pk).update(file="")
            removed += 1
    return removed


def _holds(batch: ImportBatch, marks: Iterable[bytes]) -> bool:
    """Whether any of the marks stands in the file. One that is gone holds nothing."""
    longest = max(map(len, marks))
    try:
        with batch.file.open("rb") as stored:
            rest = b""
            while block := stored.read(BLOCK):
                text = rest + block
                if any(mark in text for mark in marks):
                    return True
                rest = text[-longest:]
    except FileNotFoundError:
        pass
    return False


@transaction.atomic
def _note_searched(closures: list[AccountClosure], *, at: datetime) -> int:
    keys = [closure.pk for closure in closures]
    return AccountClosure.objects.filter(pk__in=keys, searched_at=None).update(marks=None, searched_at=at)
