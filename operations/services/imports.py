"""What can happen to an import: upload, check again, confirm, discard, undo.

The long work is done by jobs (operations/jobs.py); these functions change the state and start the run.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.core.files import File
from django.db import OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from operations import registry
from operations.audit import because
from operations.errors import ImportStateError, PreviewChangedError
from operations.imports import staging
from operations.models import ImportBatch, JobRun, User
from operations.services.import_files import glimpses, named_sheet, refuse_without_file, store_file
from operations.services.import_previews import (
    Change,
    PreviewRow,
    Progress,
    batch_faults,
    outcome_page,
    preview_page,
    progress,
    write_error_file,
)
from operations.services.jobs import start_run, wait_for_chunks

__all__ = [
    "Change",
    "PreviewRow",
    "Progress",
    "batch_faults",
    "choose_sheet",
    "confirm_import",
    "discard_import",
    "glimpses",
    "outcome_page",
    "preview_page",
    "progress",
    "recheck_import",
    "refuse_undo",
    "undo_import",
    "upload_file",
    "write_error_file",
]

log = structlog.get_logger(__name__)
State = ImportBatch.State
#: States in which the staging rows are needed no more.
DONE = (State.APPLIED, State.UNDONE, State.PARTLY_UNDONE, State.DISCARDED, State.REFUSED)


def upload_file(
    importer_name: str, file: "File[Any]", *, file_name: str, skips_invalid: bool, actor: User | None, at: datetime,
    sheet: str = "",
) -> ImportBatch:
    """Keep an uploaded file and have it checked in the background; of a workbook the sheet of that name.

    Without a name, the one sheet that holds anything; where several do, the batch waits for `choose_sheet`.
    """
    batch = store_file(
        importer_name, file, file_name=file_name, skips_invalid=skips_invalid, actor=actor, at=at, sheet=sheet
    )
    if batch.state == State.CHECKING:
        with transaction.atomic():
            _start_check(batch, actor=actor, at=at)
    return batch


def choose_sheet(batch: ImportBatch, sheet: str, *, actor: User | None, at: datetime) -> ImportBatch:
    """Have the sheet of that name checked. FileRefusedError for a name that is none of the workbook's."""
    with transaction.atomic(), because(_("sheet chosen"), actor=actor):
        batch = _lock(batch)
        _expect(batch, State.CHOOSING)
        batch.sheet = named_sheet(batch.sheets, sheet)
        batch.state = State.CHECKING
        _start_check(batch, actor=actor, at=at)
    return batch


def recheck_import(batch: ImportBatch, *, actor: User, at: datetime) -> ImportBatch:
    """Check the stored file again, against what is there now; the old preview cannot be confirmed any more."""
    with transaction.atomic(), because(actor=actor):
        batch = _lock(batch)
        _expect(batch, State.CHECKED)
        refuse_without_file(batch)
        batch.state, batch.preview_key = State.CHECKING, None
        _start_check(batch, actor=actor, at=at)
    return batch


def _start_check(batch: ImportBatch, *, actor: User | None, at: datetime) -> None:
    batch.check_run = start_run(
        "check_import", business_date=timezone.localdate(at), scope=f"{batch.pk}@{at.isoformat()}", actor=actor, at=at
    )
    batch.save()


def confirm_import(
    batch: ImportBatch, *, preview_key: UUID | None, file_sha256: str, actor: User | None, at: datetime
) -> ImportBatch:
    """Apply what was previewed, once: bound to the operator, the file and the preview.

    A repeat of the same confirmation returns the batch. Raises PreviewChangedError when operator, file or
    preview is another, ImportStateError when there is nothing that may be applied.
    """
    with transaction.atomic(), because(_("import confirmed"), actor=actor, batch=batch.pk):
        batch = _lock(batch)
        if (batch.preview_key, batch.file_sha256, batch.uploaded_by) != (preview_key, file_sha256, actor):
            raise PreviewChangedError
        if batch.apply_run_id and batch.state != State.CHECKED:
            return batch
        _expect(batch, State.CHECKED)
        if why_not := confirmation_hindrance(batch):
            raise ImportStateError(why_not)
        batch.state, batch.confirmed_at = State.APPLYING, at
        batch.apply_run = start_run(
            "apply_import", business_date=timezone.localdate(at), scope=str(batch.pk), actor=actor, at=at
        )
        batch.save()
    return batch


def confirmation_hindrance(batch: ImportBatch) -> str:
    """Why a checked batch cannot be confirmed, in the operator's language; empty when it can."""
    if batch.invalid and not batch.skips_invalid:
        return ngettext(
            "One row is invalid, and the file was uploaded to be taken whole.",
            "%(rows)d rows are invalid, and the file was uploaded to be taken whole.", batch.invalid,
        ) % {"rows": batch.invalid}
    if not batch.new and not batch.changed:
        return _("Nothing in the file is new or changed.")
    # Staging tables are UNLOGGED: what is weighed, and cut into chunks, would be nothing.
    if batch.state == State.CHECKED and not staging.is_staged(registry.importers.get(batch.importer).staged, batch):
        return _("The database has lost the checked rows, as it does in a crash: check the file again.")
    return ""


def discard_import(batch: ImportBatch, *, actor: User | None, at: datetime) -> ImportBatch:
    """Drop a preview that nobody will confirm, with its staging rows."""
    with transaction.atomic(), because(_("preview discarded"), actor=actor):
        batch = _lock(batch)
        _expect(batch, State.CHECKED, State.CHOOSING, State.REFUSED, State.DISCARDED)
        batch.state = State.DISCARDED
        batch.save()
        importer = registry.importers.get(batch.importer)
        if staging.is_staged(importer.staged, batch):
            staging.keep_invalid_rows(importer.staged, importer.label_column, batch)
        staging.empty_partition(importer.staged, batch)
    return batch


def undo_import(batch: ImportBatch, *, actor: User, at: datetime) -> ImportBatch:
    """Take back what the batch did, in the background.

    Rows that something depends on, or that were changed since, are kept and named; the others go back to
    what they were. An import that was undone in part may be undone again, which tries the kept rows anew.
    Raises ImportStateError, also for a kind of import that is never undone.
    """
    with transaction.atomic(), because(_("import undone"), actor=actor, batch=batch.pk):
        # A chunk that was being worked on when its run was cancelled may yet come to its end.
        for earlier in (batch.apply_run, batch.undo_run):
            if earlier and earlier.is_finished:
                wait_for_chunks(earlier)
        batch = _lock(batch)
        refuse_undo(batch)
        batch.state = State.UNDOING
        batch.undo_run = start_run(
            "undo_import", business_date=timezone.localdate(at), scope=f"{batch.pk}@{at.isoformat()}",
            actor=actor, at=at,
        )
        batch.save()
    return batch


def refuse_undo(batch: ImportBatch) -> None:
    """Raises ImportStateError where an import cannot be undone, or not now."""
    if why_not := registry.importers.get(batch.importer).why_no_undo:
        raise ImportStateError(str(why_not))
    _expect(batch, State.APPLIED, State.PARTLY_APPLIED, State.PARTLY_UNDONE)


def sweep_staging() -> int:
    """Drop the emptied tables of batches that are done; one that is in use is left for the next time.

    Returns how many were dropped. May run at any time, several times at once.
    """
    dropped = 0
    for importer in registry.importers:
        found = staging.batches_with_partitions(importer.staged)
        for batch in ImportBatch.objects.filter(pk__in=found, state__in=DONE):
            try:
                with transaction.atomic():
                    staging.drop_partition(importer.staged, batch)
            except OperationalError:
                log.info("staging_table_in_use", batch=batch.pk)
            else:
                dropped += 1
    return dropped


def _lock(batch: ImportBatch) -> ImportBatch:
    batches = ImportBatch.objects.select_for_update(of=("self",), no_key=True)
    return batches.select_related("uploaded_by").get(pk=batch.pk)


def _expect(batch: ImportBatch, *states: str) -> None:
    if batch.state not in states:
        raise ImportStateError(_("The import is “%(state)s”.") % {"state": batch.get_state_display()})


def run_of(batch: ImportBatch) -> JobRun | None:
    """The run that is at work on a batch, or was last."""
    return batch.undo_run or batch.apply_run or batch.check_run
