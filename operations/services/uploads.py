"""Uploaded files, erased once nobody needs them: lists of imports by their age, and what no row names.

A file goes before its row says so: what is done twice, or was interrupted, finds nothing to do. What an import did is
known without its file (ImportRow), and undone without it. Attachments of case notes and partners' statements are
records, and are not erased by age.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from operations.audit import because
from operations.errors import ImportStateError
from operations.models import ImportBatch
from operations.models.imports import FOLDER
from operations.services.imports import DONE, discard_import

State = ImportBatch.State
#: A file that no row names yet may be of an upload under way.
STRAY_AFTER = timedelta(days=1)
#: How many of a kind are looked at in one sweep; the others have the next.
BATCHES = 1_000


def sweep_uploads(*, at: datetime) -> int:
    """Discard previews that nobody confirmed, and erase the files of imports that are over; how many files.

    May run at any time, several times at once.
    """
    discard_old_previews(at=at)
    old = ImportBatch.objects.exclude(file="").filter(
        state__in=[*DONE, State.PARTLY_APPLIED], uploaded_at__lte=at - timedelta(days=settings.UPLOAD_DAYS)
    )
    left = ImportBatch.objects.exclude(file="").filter(
        state=State.DISCARDED, uploaded_at__lte=at - timedelta(days=settings.PREVIEW_DAYS)
    )
    batches = (old | left).order_by("pk")[:BATCHES]
    for batch in batches:
        erase_file(batch, at=at)
    return len(batches) + remove_strays(FOLDER, _named, at=at, after=STRAY_AFTER)


def discard_old_previews(*, at: datetime) -> None:
    """What waited to be confirmed, or for its sheet to be chosen, for too long."""
    old = ImportBatch.objects.filter(
        state__in=[State.CHECKED, State.CHOOSING], uploaded_at__lte=at - timedelta(days=settings.PREVIEW_DAYS)
    )
    for batch in old.order_by("pk")[:BATCHES]:
        try:
            discard_import(batch, actor=None, at=at)
        except ImportStateError:
            # Somebody confirmed it this moment.
            continue


def erase_file(batch: ImportBatch, *, at: datetime) -> None:
    """Erase the stored file of an import, and say since when there is none."""
    default_storage.delete(str(batch.file.name))
    with because(_("file erased")):
        ImportBatch.objects.filter(pk=batch.pk).update(file="", file_erased_at=at)


def _named(names: Collection[str]) -> set[str]:
    return set(ImportBatch.objects.filter(file__in=names).values_list("file", flat=True))


def remove_strays(
    folder: str, named: Callable[[Collection[str]], set[str]], *, at: datetime, after: timedelta
) -> int:
    """Remove files of a folder that no row names after so long: a crash left them. How many.

    `named` gives those of some names that rows have.
    """
    try:
        names = [f"{folder}/{name}" for name in default_storage.listdir(folder)[1]]
    except FileNotFoundError:
        return 0
    known = named(names)
    strays = [name for name in names if name not in known and default_storage.get_modified_time(name) < at - after]
    for name in strays:
        default_storage.delete(name)
    return len(strays)
