"""What the stories of killed workers and servers share: a long list on its way, killers, and onlookers."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

import psutil
from django.conf import settings
from django.db import transaction

from memberships.models import EnterpriseCustomer
from operations.models import ImportBatch, ImportRow, JobChunk, JobRun, User
from operations.tasks import dispatch_runs
from tests.customer_files import a_row, csv_file
from tests.memberships.import_stories import applied, confirmed, customers, previewed, worked

KNOWN, CHANGED, ROWS, CHUNK = 240, 120, 1440, 36


def the_list() -> bytes:
    """New firms, changed ones and unchanged ones, mixed."""
    rows = [a_row(number, 省份="江苏省") if number <= CHANGED else a_row(number) for number in range(1, ROWS + 1)]
    return csv_file(sorted(rows, key=lambda row: row["统一社会信用代码"][::-1]))


def a_long_list(*, by: User) -> ImportBatch:
    """The preview of it, over the firms there are."""
    applied(csv_file(a_row(number) for number in range(1, KNOWN + 1)), by=by)
    return previewed(the_list(), by=by)


def undisturbed(batch: ImportBatch) -> tuple[list[Any], dict[str, int]]:
    """What comes of a preview when nothing goes wrong; taken back again."""
    with transaction.atomic():
        done = worked(confirmed(batch))
        result = customers(), outcomes(done)
        transaction.set_rollback(True)
    return result


def outcomes(batch: ImportBatch) -> dict[str, int]:
    """How many lines came to which verdict and outcome."""
    found: dict[str, int] = {}
    for verdict, outcome in ImportRow.objects.filter(batch=batch).values_list("verdict", "outcome"):
        found[f"{verdict} {outcome}"] = found.get(f"{verdict} {outcome}", 0) + 1
    return found


def wait_until(holds: Callable[[], bool], *, seconds: float = 60, pause: float = 0.002) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, "it takes too long"
        time.sleep(pause)


def wait_for_share(run: JobRun, share: float) -> None:
    """Until that share of a run is committed; beat ticks meanwhile."""
    wait_until(ticking(lambda: JobRun.objects.get(pk=run.pk).done >= share * run.total))


def kill_group(worker: subprocess.Popen[bytes]) -> None:
    """The worker and all its children at once, as a machine's end would."""
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


def kill_children(worker: subprocess.Popen[bytes]) -> None:
    """The processes that do the work; their parent makes new ones."""
    for child in psutil.Process(worker.pid).children(recursive=True):
        child.kill()


def finish_with_beat(run: JobRun) -> JobRun:
    """Wait for the end of a run, and tick as beat does."""
    wait_until(ticking(lambda: JobRun.objects.get(pk=run.pk).is_finished), pause=0.05)
    return JobRun.objects.get(pk=run.pk)


def ticking(holds: Callable[[], bool]) -> Callable[[], bool]:
    """The same question, with a tick of beat between two askings whenever one is due."""
    ticked = time.monotonic()

    def asked() -> bool:
        nonlocal ticked
        if time.monotonic() - ticked > settings.JOB_SILENCE_SECONDS:
            dispatch_runs()
            ticked = time.monotonic()
        return holds()

    return asked


def assert_each_write_has_one_event(run: JobRun) -> None:
    """Every firm has one insert, every changed one one update more, and all say whose run it was."""
    events = EnterpriseCustomer._meta.get_field("audit_events").related_model._default_manager.filter(
        pgh_context__metadata__run=run.pk
    )
    assert events.filter(pgh_label="insert").count() == ROWS - KNOWN
    assert events.filter(pgh_label="update").count() == CHANGED
    assert events.values("pgh_obj_id").distinct().count() == ROWS - KNOWN + CHANGED
    assert not events.exclude(pgh_context__metadata__job="apply_import").exists()


def assert_counts_are_right(run: JobRun) -> None:
    """The run's counts are the sums of its chunks, each of them done once."""
    assert (run.state, run.done, run.failed) == (JobRun.State.SUCCEEDED, run.total, 0)
    assert not run.chunks.exclude(state=JobChunk.State.DONE).exists()
