"""What of the ground floor takes two people: confirming or undoing a large import, executing a large dry run."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from operations import registry
from operations.approvals import ApprovalAction, Description, Measure, Outcome, Payload, fingerprint
from operations.errors import ImportStateError, PreviewChangedError, RunStateError
from operations.models import Approval, ImportBatch, JobRun, User
from operations.services.dry_runs import execute_dry_run, executed_by, hindrance, in_words, summary
from operations.services.imports import confirm_import, confirmation_hindrance, refuse_undo, undo_import


class ImportAction(ApprovalAction):
    """Something that is done to an import; its page shows the request. Who may import its kind may ask."""

    unit = gettext_lazy("rows")
    # And that of its kind, below.
    permission = "operations.view_importbatch"

    def permission_of(self, payload: Payload) -> str:
        return registry.importers.get(self._batch(payload).importer).permission

    def subject(self, payload: Payload) -> Model | None:
        return self._batch(payload)

    @staticmethod
    def _batch(payload: Payload) -> ImportBatch:
        return ImportBatch.objects.get(pk=payload["batch"])


class ConfirmImport(ImportAction):
    """Payload: {"batch", "preview_key", "file_sha256"}; the amount is the rows. Its kind may be weighed by more."""

    name = "confirm_import"
    label = gettext_lazy("confirm an import")
    alone = Decimal(settings.IMPORT_ALONE_ROWS)

    def amount(self, payload: Payload) -> Decimal | None:
        batch = self._batch(payload)
        return Decimal(batch.new + batch.changed)

    def measures(self, payload: Payload) -> list[Measure]:
        return [*super().measures(payload), *self._further(self._batch(payload))]

    def lock(self, payload: Payload) -> None:
        # Of two files that a person confirms at once the later one is weighed with the first.
        uploaded_by = self._batch(payload).uploaded_by_id
        if uploaded_by is not None:
            User.objects.select_for_update(no_key=True).get(pk=uploaded_by)

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        batch = self._batch(payload)
        seen = (str(batch.preview_key), batch.file_sha256, batch.uploaded_by_id)
        if seen != (payload["preview_key"], payload["file_sha256"], actor.pk):
            raise PreviewChangedError
        if batch.state != ImportBatch.State.CHECKED or confirmation_hindrance(batch):
            raise ImportStateError(confirmation_hindrance(batch) or _("This import is not waiting to be confirmed."))

    def describe(self, payload: Payload) -> Description:
        batch = self._batch(payload)
        label = registry.importers.get(batch.importer).label
        summary = _("Import %(kind)s from “%(file)s”: %(new)s new, %(changed)s changed.") % {
            "kind": label, "file": batch.file_name, "new": number_format(batch.new),
            "changed": number_format(batch.changed),
        }
        further = [measure_in_words(measure) for measure in self._further(batch)]
        counts = ("new", "changed", "unchanged", "invalid", "duplicate")
        figures = tuple((_verbose(batch, name), number_format(getattr(batch, name))) for name in counts)
        return Description(" ".join([summary, *further]), (*figures, *((_("In all"), words) for words in further)))

    def seen(self, payload: Payload) -> str:
        batch = self._batch(payload)
        return fingerprint(batch.state, str(batch.preview_key), batch.file_sha256)

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        batch = confirm_import(
            self._batch(payload), preview_key=UUID(payload["preview_key"]), file_sha256=payload["file_sha256"],
            actor=actor, at=at,
        )
        return Outcome(_("The import is confirmed and is being applied."), {"batch": batch.pk})

    @staticmethod
    def _further(batch: ImportBatch) -> list[Measure]:
        return registry.importers.get(batch.importer).approval_measures(batch)

    @staticmethod
    def payload_of(batch: ImportBatch, *, preview_key: UUID | None, file_sha256: str) -> dict[str, Any]:
        """What confirming this preview is."""
        return {"batch": batch.pk, "preview_key": str(preview_key), "file_sha256": file_sha256}


class UndoImport(ImportAction):
    """Payload: {"batch"}; the amount is the rows that are applied, and the limits are those of confirming."""

    name = "undo_import"
    label = gettext_lazy("undo an import")
    has_limits = False

    def amount(self, payload: Payload) -> Decimal | None:
        return Decimal(self._batch(payload).applied)

    def measures(self, payload: Payload) -> list[Measure]:
        return [Measure(ConfirmImport.name, self.amount(payload), self.unit)]

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        refuse_undo(self._batch(payload))

    def describe(self, payload: Payload) -> Description:
        batch = self._batch(payload)
        summary = _("Undo the import %(kind)s from “%(file)s”: %(rows)s rows.") % {
            "kind": registry.importers.get(batch.importer).label, "file": batch.file_name,
            "rows": number_format(batch.applied),
        }
        figures = tuple((_verbose(batch, name), number_format(getattr(batch, name))) for name in ("applied", "undone"))
        return Description(summary, figures)

    def seen(self, payload: Payload) -> str:
        batch = self._batch(payload)
        return fingerprint(batch.state, batch.applied, batch.undone, batch.undo_run_id)

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        batch = undo_import(self._batch(payload), actor=actor, at=at)
        return Outcome(_("The import is being undone."), {"batch": batch.pk})


class ExecuteDryRun(ApprovalAction):
    """Payload: {"run"}; the amount is the records that it foresaw."""

    name = "execute_dry_run"
    label = gettext_lazy("execute a dry run")
    unit = gettext_lazy("records")
    permission = "operations.operate_jobrun"
    alone = Decimal(settings.DRY_RUN_ALONE_ITEMS)

    def amount(self, payload: Payload) -> Decimal | None:
        return Decimal(summary(self._run(payload)).items)

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        run = self._run(payload)
        if executed_by(run) is not None:
            raise RunStateError(_("This dry run was executed already."))
        if words := hindrance(run, at=at):
            raise RunStateError(words)

    def describe(self, payload: Payload) -> Description:
        run = self._run(payload)
        found = summary(run)
        words = _("%(job)s for %(date)s: %(words)s.") % {
            "job": capfirst(run.label), "date": run.business_date, "words": in_words(run, found)
        }
        job = registry.jobs.find(run.job)
        kinds = tuple(
            (str(job.kinds.get(kind, kind)) if job else kind, number_format(figures.items))
            for kind, figures in found.kinds.items()
        )
        return Description(words, kinds)

    def subject(self, payload: Payload) -> Model | None:
        return self._run(payload)

    def seen(self, payload: Payload) -> str:
        run = self._run(payload)
        return fingerprint(run.state, run.done, run.failed, run.summary)

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        run = execute_dry_run(self._run(payload), actor=actor, at=at, reason=reason)
        return Outcome(_("The run does exactly what was foreseen."), {"run": run.pk})

    @staticmethod
    def _run(payload: Payload) -> JobRun:
        return JobRun.objects.get(pk=payload["run"])


def approval_of(batch: ImportBatch) -> Approval | None:
    """The request by which somebody else let a file be applied; None where that took nobody else."""
    return Approval.objects.select_related("checker").filter(
        action=ConfirmImport.name, subject_type=ContentType.objects.get_for_model(ImportBatch), subject_id=batch.pk,
        state=Approval.State.EXECUTED,
    ).first()


def measure_in_words(measure: Measure) -> str:
    """"1,200.00 CNY", "4 rows"; blank for what has no amount."""
    if measure.amount is None:
        return ""
    is_whole = measure.amount == measure.amount.to_integral_value()
    return f"{number_format(measure.amount, 0 if is_whole else 2)} {measure.unit}".strip()


def _verbose(batch: ImportBatch, name: str) -> str:
    return str(batch._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
