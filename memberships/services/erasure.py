"""Files of case notes: removed once the person is forgotten, also where a crash or a rollback left them.

A file goes before its row says so: what is done twice finds nothing to do. (Uploaded lists: import_erasure.py.)
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.core.files.storage import default_storage

from memberships.models import CaseAttachment
from memberships.models.case_notes import FOLDER
from operations.audit import because
from operations.services import uploads

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
    return uploads.remove_strays(FOLDER, _named, at=at, after=UNCOMMITTED)


def _named(names: Collection[str]) -> set[str]:
    return set(CaseAttachment.objects.filter(file__in=names).values_list("file", flat=True))
