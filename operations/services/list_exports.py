"""Lists as files: noted before the first row is read; long ones are made by a job, kept for some days, and erased."""

from datetime import datetime, timedelta
from typing import IO

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from operations.dates import business_date
from operations.errors import NotPermittedError, PlusdeskError
from operations.models import ListExport, User
from operations.proofs import demand_proof
from operations.services.jobs import start_run
from operations.services.reveals import ReasonMissingError

#: The job that makes the long ones.
JOB = "export_list"
#: Rows of a file that is handed over at once, by its kind: a workbook is written before its first byte is sent.
AT_ONCE = {ListExport.Kind.CSV: 100_000, ListExport.Kind.XLSX: 5_000}
#: Rows of any file: more are a matter of narrower filters.
MOST_ROWS = 1_000_000
#: How long a file is kept that is masked, and one that is not.
KEPT, KEPT_WHOLE = timedelta(days=7), timedelta(days=1)


class ExportTooLongError(PlusdeskError):
    """A list of more rows than any file holds."""

    def __init__(self) -> None:
        super().__init__(_("An export holds %(most)s rows at the most: narrow the filters.")
                         % {"most": f"{MOST_ROWS:,}"})


def note_list_export(
    *, model: str, asked: str, kind: str, language: str, is_masked: bool, needs_reason: bool, reason: str, rows: int,
    actor: User, at: datetime,
) -> ListExport:
    """Note that `actor` takes a list of about so many rows away; a long one is given to a job (`run` is set).

    Whether the actor may is the caller's question. ReasonMissingError where one is needed; ExportTooLongError; who has
    not proved it lately says once more who they are, where the list holds personal data.
    """
    reason = reason.strip()
    if needs_reason or not is_masked:
        if not reason:
            raise ReasonMissingError
        demand_proof(at=at)
    if rows > MOST_ROWS:
        raise ExportTooLongError
    with transaction.atomic():
        export = ListExport.objects.create(
            actor=actor, model=model, asked=asked[:2000], kind=kind, language=language, is_masked=is_masked,
            reason=reason, requested_at=at,
        )
        if rows > AT_ONCE[ListExport.Kind(kind)]:
            export.run = start_run(
                JOB, business_date=business_date(at), scope=f"{export.pk}@list", actor=actor, at=at
            )
            export.save(update_fields=["run"])
    return export


def open_export(export: ListExport, *, actor: User, at: datetime) -> IO[bytes]:
    """The file that a job made, for who asked for it. NotPermittedError, FileNotFoundError when it is erased."""
    if export.actor_id != actor.pk:
        raise NotPermittedError(_("You may not do this."))
    if not export.is_masked:
        demand_proof(at=at)
    if not export.file:
        raise FileNotFoundError
    ListExport.objects.filter(pk=export.pk).update(fetched_at=at)
    return default_storage.open(str(export.file.name))


def erase_old_files(*, at: datetime) -> int:
    """Erase the files whose days are over; how many. A repeat finds what an interrupted one left."""
    old = list(ListExport.objects.exclude(file="").filter(erase_at__lte=at).order_by("pk")[:1000])
    for export in old:
        # The file first: a row that names none is never looked at again.
        default_storage.delete(str(export.file.name))
        ListExport.objects.filter(pk=export.pk).update(file="")
    return len(old)
