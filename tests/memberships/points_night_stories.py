"""What the stories of the points' nights share: a night worked through, its dry run, and the run that executes it."""

from datetime import date
from typing import Any

from memberships.models import Enrolment
from operations.models import JobRun, RunItem
from operations.services.dry_runs import execute_dry_run, start_dry_run
from operations.services.jobs import start_run
from operations.tasks import work_through
from tests.memberships.factories import an_operator
from tests.memberships.points_stories import entries, morning


def night(on: date, job: str = "expire_points", **facts: Any) -> JobRun:
    """The night of that date, worked through in this process."""
    return worked(start_run(job, business_date=on, actor=None, at=morning(on), **facts))


def worked(run: JobRun) -> JobRun:
    work_through(run.pk)
    return JobRun.objects.get(pk=run.pk)


def foreseen(on: date, job: str = "expire_points") -> JobRun:
    return worked(start_dry_run(job, business_date=on, actor=an_operator(), at=morning(on)))


def executed(dry_run: JobRun) -> JobRun:
    on = dry_run.business_date
    return worked(execute_dry_run(dry_run, actor=dry_run.requested_by, at=morning(on), reason="seen"))


def outcomes(dry_run: JobRun) -> dict[int, str]:
    return dict(RunItem.objects.filter(run=dry_run).values_list("key", "outcome"))


def figures(run: JobRun) -> tuple[str, int, int, int]:
    return run.state, run.total, run.done, run.failed


def losses(wallet: Enrolment) -> list[tuple[int, date]]:
    """What expired, on which days, in the order of booking."""
    return [(points, on) for kind, points, on in entries(wallet) if kind == "expire"]
