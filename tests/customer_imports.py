"""A list of enterprise customers on its way through the engine, step by step."""

import io
from datetime import UTC, datetime

from django.core.files import File
from django.utils import timezone
from django.utils.translation import override

from operations.imports.faults import Fault
from operations.models import ImportBatch, User
from operations.services.import_previews import batch_faults, row_faults, write_error_file
from operations.services.imports import confirm_import, upload_file
from operations.tasks import work_through
from tests.customer_files import Row, csv_file

AT = datetime(2027, 1, 15, 2, 0, tzinfo=UTC)
TODAY = timezone.localdate(AT)


def file_of(*rows: Row, encoding: str = "utf-8-sig") -> bytes:
    """The rows below the columns of the first."""
    return csv_file(rows, headers=list(rows[0]), encoding=encoding)


def checked(
    content: bytes, *, language: str = "en", skips_invalid: bool = False, actor: User | None = None, at: datetime = AT
) -> ImportBatch:
    """The batch of an uploaded file, once it is checked or refused."""
    with override(language):
        batch = upload_file(
            "enterprise-customers", File(io.BytesIO(content), name="firms.csv"), file_name="firms.csv",
            skips_invalid=skips_invalid, actor=actor, at=at,
        )
    if batch.check_run_id:
        work_through(batch.check_run_id)
        batch.refresh_from_db()
    return batch


def applied(content: bytes, *, skips_invalid: bool = False) -> ImportBatch:
    """The batch of an uploaded file, once it is applied."""
    batch = checked(content, skips_invalid=skips_invalid)
    batch = confirm_import(
        batch, preview_key=batch.preview_key, file_sha256=batch.file_sha256, actor=None, at=AT
    )
    assert batch.apply_run_id
    work_through(batch.apply_run_id)
    batch.refresh_from_db()
    assert batch.state == ImportBatch.State.APPLIED
    return batch


def counts(batch: ImportBatch) -> dict[str, int]:
    """The verdicts that any row has."""
    names = ("new", "changed", "unchanged", "invalid", "duplicate")
    return {name: getattr(batch, name) for name in names if getattr(batch, name)}


def faults(batch: ImportBatch) -> list[Fault]:
    """Everything wrong with the file, or with its rows, in the order of the file."""
    return batch_faults(batch) if batch.state == ImportBatch.State.REFUSED else list(row_faults(batch))


def codes(batch: ImportBatch) -> list[tuple[int, str]]:
    """Line and code of each fault."""
    return [(fault.line, fault.code) for fault in faults(batch)]


def error_file(batch: ImportBatch, *, language: str = "zh-hans") -> bytes:
    """The invalid rows, handed back."""
    out = io.BytesIO()
    write_error_file(batch, out, language=language)
    return out.getvalue()
