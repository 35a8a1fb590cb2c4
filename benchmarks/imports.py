"""A file on its way through the engine, as an operator brings it in: uploaded, checked, confirmed, applied."""

from pathlib import Path

from django.core.files import File
from django.utils import timezone

from benchmarks.figures import expect
from benchmarks.house import Stopwatch, checkpoint, wait_for
from operations.models import ImportBatch, User
from operations.services.imports import confirm_import, upload_file


def import_new(importer: str, path: Path, operator: User, rows: int, watch: Stopwatch) -> None:
    """The first time: every row is new. Measures `preview` and `apply`, without the operator's time to think."""
    checkpoint()
    with watch.measuring("preview"):
        batch = _upload(importer, path, operator)
    expect("new rows in the preview", batch.new, rows)
    with watch.measuring("apply"):
        confirm_import(
            batch, preview_key=batch.preview_key, file_sha256=batch.file_sha256, actor=operator, at=timezone.now()
        )
        _wait(batch, ImportBatch.State.APPLYING)
    expect("state", batch.state, ImportBatch.State.APPLIED)
    expect("applied rows", batch.applied, rows)


def import_again(importer: str, path: Path, operator: User, rows: int, watch: Stopwatch) -> None:
    """The second time: nothing is new, and the preview is all there is to do. Measures `again`."""
    checkpoint()
    with watch.measuring("again"):
        batch = _upload(importer, path, operator)
    expect("unchanged rows the second time", batch.unchanged, rows)


def _upload(importer: str, path: Path, operator: User) -> ImportBatch:
    """Upload the file and wait until it is checked."""
    with path.open("rb") as stream:
        batch = upload_file(
            importer, File(stream), file_name=path.name, skips_invalid=False, actor=operator, at=timezone.now()
        )
    _wait(batch, ImportBatch.State.CHECKING)
    expect("state and faults", (batch.state, batch.faults), (ImportBatch.State.CHECKED, []))
    return batch


def _wait(batch: ImportBatch, state: str) -> None:
    """Until the batch is not in that state any more."""
    states = ImportBatch.objects.filter(pk=batch.pk).values_list("state", flat=True)
    wait_for(lambda: states.get() != state, f"“{state}”")
    batch.refresh_from_db()
