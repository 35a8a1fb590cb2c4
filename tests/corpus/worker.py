"""`python -m tests.corpus.worker FILE...`: imports one after the other, in one process.

Says of each what became of it, a line of JSON, and at the end how much memory it took at the most, in MB, and how much
a process that read for it.
"""

import json
import resource
import sys
from pathlib import Path

import django


def main(paths: list[Path]) -> None:
    django.setup()
    for path in paths:
        print(json.dumps(_imported(path)), flush=True)  # noqa: T201 -- what whoever started it reads
    status = Path("/proc/self/status").read_text(encoding="ascii")
    [peak] = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    reader = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(json.dumps({"worker": int(peak) >> 10, "reader": reader >> 10}))  # noqa: T201


def _imported(path: Path) -> list[str]:
    from django.core.files import File
    from django.utils import timezone

    from operations.models import ImportBatch
    from operations.services.import_previews import batch_faults
    from operations.services.imports import confirm_import, upload_file
    from operations.tasks import work_through

    with path.open("rb") as stream:
        batch = upload_file(
            "enterprise-customers", File(stream), file_name=path.name, skips_invalid=False, actor=None,
            at=timezone.now(),
        )
    if batch.check_run_id:
        work_through(batch.check_run_id)
        batch.refresh_from_db()
    if batch.state != ImportBatch.State.CHECKED:
        return [fault.code for fault in batch_faults(batch)]
    batch = confirm_import(
        batch, preview_key=batch.preview_key, file_sha256=batch.file_sha256, actor=None, at=timezone.now()
    )
    assert batch.apply_run_id
    work_through(batch.apply_run_id)
    batch.refresh_from_db()
    return [f"applied {batch.applied}"]


if __name__ == "__main__":
    main([Path(word) for word in sys.argv[1:]])
