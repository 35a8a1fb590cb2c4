"""The night: each nightly job has one run for each business date, made and run oldest first.

Beat only asks, often, which dates are missing. So two beats make one run, and after three days without beat there are
three runs, one after the other. A clock that is put back makes nothing twice, since the run is unique in the database.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Max, Min, Q
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _

from operations import registry
from operations.dates import BUSINESS_ZONE, FIRST_DATE, business_date
from operations.errors import RunStateError
from operations.models import JobRun, User
from operations.models.jobs import Kind
from operations.services.holds import holding, queue_for
from operations.services.job_kinds import Job
from operations.services.jobs import start_run

log = structlog.get_logger(__name__)
#: A job that was away longer gets so many of its last dates; older ones are left to people.
DATES_AT_ONCE = 400
DAY = timedelta(days=1)
Missing = Mapping[str, list[date]]


@dataclass(frozen=True)
class Wait:
    """The run that has to end first."""

    job: Job
    date: date


def nightly_jobs() -> list[Job]:
    """The jobs that have a run for each business date."""
    return [job for job in registry.jobs if job.is_nightly]


def last_night(at: datetime) -> date:
    """The business date whose night was the last to begin."""
    has_begun = at.astimezone(BUSINESS_ZONE).time() >= settings.NIGHT_BEGINS_AT
    return business_date(at) if has_begun else business_date(at) - DAY


def missing_dates(at: datetime) -> dict[str, list[date]]:
    """By nightly job, the dates up to the last night that have no run, oldest first.

    They begin with the job's first run, or DATES_AT_ONCE before the last night; a job that never ran misses today's
    only. A run that was made days after its date was made up for, or wanted by hand: nothing begins with it.
    """
    jobs = [job.name for job in nightly_jobs()]
    runs = JobRun.objects.of_the_night().filter(job__in=jobs)
    last = last_night(at)
    spans = {
        found["job"]: found
        for found in runs.annotate(made_on=TruncDate("requested_at", tzinfo=BUSINESS_ZONE)).values("job").annotate(
            first=Min("business_date", filter=Q(made_on__lte=F("business_date") + DAY)), newest=Max("business_date"),
        ).order_by()
        if found["first"] is not None
    }
    counts = _count_dates({name: span["first"] for name, span in spans.items()}, last)
    missing: dict[str, list[date]] = {}
    for name in jobs:
        if name not in spans:
            is_missing = last == business_date(at) and not runs.filter(job=name, business_date=last).exists()
            missing[name] = [last] if is_missing else []
        else:
            missing[name] = _gaps({**spans[name], "count": counts.get(name, 0)}, last)
    return missing


def _count_dates(first: Mapping[str, date], last: date) -> dict[str, int]:
    """By job, how many dates from its first to the last one have a run."""
    if not first:
        return {}
    spans = reduce(or_, (Q(job=name, business_date__range=(day, last)) for name, day in first.items()))
    counted = JobRun.objects.of_the_night().filter(spans).values_list("job").annotate(Count("pk")).order_by()
    return dict(counted)


def _gaps(span: Mapping[str, Any], last: date) -> list[date]:
    """The dates up to `last` that have no run; span: the job, its first and newest date, their count up to `last`."""
    name, first = span["job"], span["first"]
    if span["count"] == max(0, (last - first).days + 1):
        return []
    begin = max(first, last - DAY * (DATES_AT_ONCE - 1))
    if span["newest"] < begin - DAY:
        log.warning("nights_left_out", job=name, newest=span["newest"], begin=begin)
    known = set(
        JobRun.objects.of_the_night()
        .filter(job=name, business_date__range=(begin, last))
        .values_list("business_date", flat=True)
    )
    return [day for day in (begin + DAY * n for n in range((last - begin).days + 1)) if day not in known]


def unfinished_dates() -> dict[str, set[date]]:
    """By nightly job, the dates whose run has not ended; a job without such has none or is left out."""
    found: dict[str, set[date]] = {}
    for name, day in JobRun.objects.of_the_night().unfinished().values_list("job", "business_date"):
        found.setdefault(name, set()).add(day)
    return found


def waits_for(job: Job, day: date, missing: Missing, unfinished: Mapping[str, set[date]] | None = None) -> Wait | None:
    """What has to end before the job's run for a date may begin: its own earlier run, or one of `job.after`.

    `unfinished`: as `unfinished_dates` tells it, to whoever asks about many; read after `missing`.
    """
    begun = unfinished_dates() if unfinished is None else unfinished
    earlier = [other for other in begun.get(job.name, ()) if other < day]
    if earlier:
        return Wait(job, min(earlier))
    for other in nightly_jobs():
        # A date that the other never ran for and will not run for is nothing to wait for.
        if other.name in job.after and (day in missing.get(other.name, ()) or day in begun.get(other.name, ())):
            return Wait(other, day)
    return None


def start_missing_runs(at: datetime) -> list[JobRun]:
    """Make the missing runs whose turn it is, of all nightly jobs; the runs. May be called at any time, by many."""
    missing, stuck, made = missing_dates(at), set[str](), list[JobRun]()
    # In this order: a run that is made in between is missing to us, and waited for; one that ends is, for a tick.
    unfinished = unfinished_dates() if any(missing.values()) else {}
    is_moving = True
    while is_moving:
        is_moving = False
        for name, dates in missing.items():
            if not dates or name in stuck or waits_for(registry.jobs.get(name), dates[0], missing, unfinished):
                continue
            run = _start(name, dates[0], at=at)
            if run is None:
                stuck.add(name)
            else:
                made.append(run)
                del dates[0]
                is_moving = True
                if not run.is_finished:
                    unfinished.setdefault(name, set()).add(run.business_date)
    return made


def _start(name: str, day: date, *, at: datetime) -> JobRun | None:
    """The run of a job for a date; None when another is planning the job's run, or when the plan failed."""
    with holding(f"night:{name}") as is_held:
        if not is_held:
            return None
        try:
            run = start_run(name, business_date=day, actor=None, at=at)
        except Exception:
            # The other jobs have their night all the same; this one is tried again at the next tick.
            log.exception("night_not_started", job=name, date=day)
            return None
    log.info("night_started", job=name, date=day, run=run.pk)
    return run


def start_by_hand(job_name: str, *, business_date: date, actor: User | None, at: datetime) -> JobRun:
    """The run of a job for a date that has come; a repeat returns the first run.

    RunStateError for a later date, or when the job is none that people start.
    """
    refuse_unstartable(job_name)
    refuse_early(business_date)
    refuse_future(business_date, at=at)
    return start_run(job_name, business_date=business_date, actor=actor, at=at)


def startable_jobs() -> list[Job]:
    """The jobs that people may start; the others start with what they belong to (an upload, a payment)."""
    return [job for job in registry.jobs if job.is_nightly or job.is_startable]


def refuse_unstartable(job_name: str) -> None:
    """RunStateError for a job that people do not start, UnknownNameError for none."""
    if registry.jobs.get(job_name) not in startable_jobs():
        raise RunStateError(_("This job is not started by hand: it starts with what it belongs to."))


def refuse_early(day: date) -> None:
    """RunStateError for a day before all business."""
    if day < FIRST_DATE:
        raise RunStateError(_("There are no dates before %(first)s.") % {"first": FIRST_DATE.isoformat()})


def refuse_future(day: date, *, at: datetime, ahead: timedelta = timedelta()) -> None:
    """RunStateError for a day that has not come yet, nor comes within `ahead`."""
    if day > business_date(at) + ahead:
        raise RunStateError(_("That day has not come yet."))


def run_again(run: JobRun, *, actor: User | None, at: datetime) -> JobRun:
    """Another run of the same job and date: what is done already has its key and is not done twice.

    While such another run is at work, that is the one; RunStateError while `run` itself is, or when it cannot be
    run again.
    """
    if not can_run_again(run):
        raise RunStateError(_("This run belongs to something else and is not run again by itself."))
    with transaction.atomic():
        queue_for(f"scopes:{run.job}:{run.business_date}")
        runs = JobRun.objects.filter(job=run.job, business_date=run.business_date)
        unfinished = runs.filter(is_dry_run=False).unfinished().order_by("pk").last()
        if unfinished is not None and unfinished.pk == run.pk:
            raise RunStateError(_("The run has not ended yet."))
        if unfinished is not None:
            return unfinished
        return start_run(
            run.job, business_date=run.business_date, scope=next_scope(run.job, run.business_date, Kind.AGAIN),
            actor=actor, at=at,
        )


def can_run_again(run: JobRun) -> bool:
    """Whether the run is of a date as a whole, not of a batch or the like, and real."""
    return not run.is_dry_run and (run.scope == "" or run.kind is not None)


def next_scope(job_name: str, day: date, kind: Kind) -> str:
    """The next free "kind@n" of a job and date; nobody else gets it before the transaction has ended."""
    queue_for(f"scopes:{job_name}:{day}")
    count = JobRun.objects.filter(job=job_name, business_date=day, scope__startswith=f"{kind.value}@").count()
    return f"{kind.value}@{count + 1}"
