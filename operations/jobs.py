"""The jobs of the ground floor: check, apply and undo an import. A batch's id is the scope of its runs."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Max, Min, Q
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from operations import registry
from operations.errors import RunStateError
from operations.imports import staging
from operations.imports.faults import Fault
from operations.models import ImportBatch, ImportRow, JobChunk, JobRun
from operations.models.imports import Verdict
from operations.services.import_checks import check_batch, restage
from operations.services.import_previews import note_reading
from operations.services.jobs import ChunkPlan, ChunkResult, Job

Outcome = ImportRow.Outcome


def batch_of(run: JobRun) -> ImportBatch:
    """The import a run is about."""
    return ImportBatch.objects.get(pk=run.scope.split("@")[0])


class ImportJob(Job):
    """Work on an import: the audit trail names the batch and why, and the command where no user asked for it."""

    reason: str | Promise = ""

    def facts(self, run: JobRun) -> dict[str, Any]:
        batch = batch_of(run)
        facts: dict[str, Any] = {"batch": batch.pk}
        if self.reason:
            with translation.override(batch.language):
                facts["reason"] = str(self.reason)
        if run.requested_by_id is None:
            facts["source"] = "import_file"
        return facts


class CheckImport(ImportJob):
    """Reads the file; one chunk, since a quoted line break anywhere moves every later row."""

    name = "check_import"
    label = _("check an import")

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        return [ChunkPlan(0, 0, 0)]

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        batch = batch_of(run)
        rows = check_batch(
            batch, on=run.business_date, at=at,
            report=lambda rows, share: note_reading(run, rows, share),
        )
        if not JobRun.objects.filter(pk=run.pk).unfinished().update(total=rows):
            raise RunStateError(_("The check was cancelled."))
        batch.save()
        return ChunkResult(done=rows)

    def resume(self, run: JobRun) -> None:
        _take_up(run, ImportBatch.State.REFUSED, ImportBatch.State.CHECKING)

    def finish(self, run: JobRun, *, at: datetime) -> None:
        batch = _locked_batch_of(run)
        if batch.state == ImportBatch.State.CHECKING:
            batch.state = ImportBatch.State.REFUSED
            batch.faults = [Fault(0, "", "", "check_stopped").as_json()]
            batch.save(update_fields=["state", "faults"])


def _locked_batch_of(run: JobRun) -> ImportBatch:
    """The batch, locked; its key is not, since chunks at work hold that for the rows they write."""
    return ImportBatch.objects.select_for_update(no_key=True).get(pk=batch_of(run).pk)


def _take_up(run: JobRun, stopped: str, working: str) -> None:
    """Show on the batch that its run was taken up again; RunStateError when other things happened to it since."""
    batch = _locked_batch_of(run)
    if batch.state != stopped or run.pk not in (batch.check_run_id, batch.apply_run_id, batch.undo_run_id):
        raise RunStateError(_("The import is “%(state)s”.") % {"state": batch.get_state_display()})
    batch.state = working
    batch.save(update_fields=["state"])


class ApplyImport(ImportJob):
    """Writes the new and changed rows, a range of lines a chunk."""

    name = "apply_import"
    label = _("apply an import")
    reason = _("import confirmed")

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        """Ranges of lines, sized by the rows to be written; unchanged rows are looked at again with them."""
        batch = batch_of(run)
        staged = registry.importers.get(batch.importer).staged._default_manager.filter(batch_id=batch.pk)
        ranges = (
            staged.values(block=F("line") / settings.IMPORT_CHUNK_ROWS)
            .annotate(
                first=Min("line"), last=Max("line"),
                rows=Count("line", filter=Q(verdict__in=[Verdict.NEW, Verdict.CHANGED])),
            )
            .order_by("block")
        )
        return [ChunkPlan(found["first"], found["last"], found["rows"]) for found in ranges]

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        batch = batch_of(run)
        importer = registry.importers.get(batch.importer)
        if not staging.is_staged(importer.staged, batch):
            restage(batch, on=_check_date(batch, run))
        applied, left_out = importer.apply(batch, chunk.first_key, chunk.last_key, on=run.business_date)
        return ChunkResult(done=applied, failed=left_out)

    def resume(self, run: JobRun) -> None:
        _take_up(run, ImportBatch.State.PARTLY_APPLIED, ImportBatch.State.APPLYING)

    def finish(self, run: JobRun, *, at: datetime) -> None:
        """Count what was done; the staging rows go once every chunk is done."""
        batch = _locked_batch_of(run)
        is_whole = run.state == JobRun.State.SUCCEEDED
        batch.state = ImportBatch.State.APPLIED if is_whole else ImportBatch.State.PARTLY_APPLIED
        _count_outcomes(batch)
        if is_whole:
            _clear_staging(batch)


def _check_date(batch: ImportBatch, run: JobRun) -> date:
    """The day of the preview: what its rows meant then they mean when they are staged again."""
    return batch.check_run.business_date if batch.check_run else run.business_date


def _clear_staging(batch: ImportBatch) -> None:
    importer = registry.importers.get(batch.importer)
    staging.keep_invalid_rows(importer.staged, importer.label_column, batch)
    staging.empty_partition(importer.staged, batch)


def _count_outcomes(batch: ImportBatch) -> None:
    counts = dict(ImportRow.objects.filter(batch=batch).values_list("outcome").annotate(Count("id")).order_by())
    batch.applied = counts.get(Outcome.APPLIED, 0) + counts.get(Outcome.KEPT, 0)
    batch.left_out = counts.get(Outcome.LEFT_OUT, 0)
    batch.undone = counts.get(Outcome.UNDONE, 0)
    batch.save(update_fields=["state", "applied", "left_out", "undone"])
    if batch.applied + batch.undone >= settings.IMPORT_CHUNK_ROWS:
        staging.refresh_statistics(registry.importers.get(batch.importer).written)


class UndoImport(ImportJob):
    """Takes back what an import did, a range of lines a chunk; rows that an earlier run kept are tried again."""

    name = "undo_import"
    label = _("undo an import")
    reason = _("import undone")

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        rows = ImportRow.objects.filter(batch_id=batch_of(run).pk, outcome__in=[Outcome.APPLIED, Outcome.KEPT])
        ranges = (
            rows.values(block=F("line") / settings.IMPORT_CHUNK_ROWS)
            .annotate(first=Min("line"), last=Max("line"), rows=Count("line"))
            .order_by("block")
        )
        return [ChunkPlan(found["first"], found["last"], found["rows"]) for found in ranges]

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        batch = batch_of(run)
        undone, kept = registry.importers.get(batch.importer).undo(batch, chunk.first_key, chunk.last_key)
        return ChunkResult(done=undone, failed=kept)

    def resume(self, run: JobRun) -> None:
        _take_up(run, ImportBatch.State.PARTLY_UNDONE, ImportBatch.State.UNDOING)

    def finish(self, run: JobRun, *, at: datetime) -> None:
        """Count what was taken back. What was never applied will not be any more: its staging rows go."""
        batch = _locked_batch_of(run)
        _count_outcomes(batch)
        batch.state = ImportBatch.State.PARTLY_UNDONE if batch.applied else ImportBatch.State.UNDONE
        batch.save(update_fields=["state"])
        _clear_staging(batch)
