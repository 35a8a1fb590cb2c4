"""Files of orders on their way through the engine, on 15 January 2027."""

from datetime import UTC, datetime

from django.core.files.base import ContentFile

from operations.imports.faults import Fault
from operations.models import ImportBatch, ImportRow, User
from operations.services.import_previews import row_faults
from operations.services.imports import confirm_import, run_of, upload_file
from operations.tasks import work_through

AT = datetime(2027, 1, 15, 2, 0, tzinfo=UTC)


def worked(batch: ImportBatch) -> ImportBatch:
    """The batch once its present run has ended; this process does the work."""
    run = run_of(ImportBatch.objects.get(pk=batch.pk))
    assert run is not None
    work_through(run.pk)
    return ImportBatch.objects.get(pk=batch.pk)


def checked(
    content: bytes, *, by: User, skips_invalid: bool = False, kind: str = "orders", at: datetime = AT,
    name: str = "rows.csv",
) -> ImportBatch:
    batch = upload_file(
        kind, ContentFile(content), file_name=name, skips_invalid=skips_invalid, actor=by, at=at
    )
    return worked(batch)


def confirmed(batch: ImportBatch, *, at: datetime = AT) -> ImportBatch:
    return confirm_import(
        batch, preview_key=batch.preview_key, file_sha256=batch.file_sha256, actor=batch.uploaded_by, at=at
    )


def applied(content: bytes, *, by: User, skips_invalid: bool = False, kind: str = "orders") -> ImportBatch:
    return worked(confirmed(checked(content, by=by, skips_invalid=skips_invalid, kind=kind)))


def counts(batch: ImportBatch) -> dict[str, int]:
    """The verdicts that any row has."""
    names = ("new", "changed", "unchanged", "invalid", "duplicate")
    return {name: getattr(batch, name) for name in names if getattr(batch, name)}


def faults(batch: ImportBatch) -> list[Fault]:
    return list(row_faults(batch))


def found(batch: ImportBatch) -> list[tuple[int, str, str, str]]:
    """Line, column, value and code of each fault."""
    return [(fault.line, fault.column, fault.value, fault.code) for fault in faults(batch)]


def outcomes(batch: ImportBatch) -> dict[int, str]:
    """What became of each line."""
    return dict(ImportRow.objects.filter(batch=batch).order_by("line").values_list("line", "outcome"))
