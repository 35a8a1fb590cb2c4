"""The last nights at a glance: each nightly job by date, what failed, what is missing and why. Reads only."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from operations.admin.job_pages import STATE_COLOURS
from operations.models import JobRun
from operations.services.job_kinds import Job
from operations.services.nights import DAY, Missing, last_night, missing_dates, nightly_jobs, waits_for

NIGHTS_SHOWN = 14
State = JobRun.State


@dataclass(frozen=True)
class Mark:
    """A run, or that there is none, in a word and a colour."""

    words: str
    colour: str
    run: JobRun | None = None
    note: str = ""


@dataclass(frozen=True)
class Cell:
    """What became of a job on a date: the night's own run, and the newest that was made beside it."""

    date: date
    marks: list[Mark] = field(default_factory=list)


def nights_page(*, at: datetime) -> dict[str, Any]:
    """A row for each nightly job, a cell for each of the last dates, newest first."""
    newest = last_night(at)
    dates = [newest - DAY * ago for ago in range(NIGHTS_SHOWN)]
    missing, runs = missing_dates(at), _runs(since=dates[-1])
    rows = [(job.label, _cells(job, dates, runs, missing)) for job in nightly_jobs()]
    return {
        "dates": dates,
        "rows": rows,
        "failed": _count(rows, State.FAILED),
        "missing": sum(day in dates for days in missing.values() for day in days),
    }


def _runs(*, since: date) -> dict[tuple[str, date], list[JobRun]]:
    """The real runs by job and date, oldest first."""
    found = defaultdict(list)
    names = [job.name for job in nightly_jobs()]
    for run in JobRun.objects.filter(job__in=names, business_date__gte=since, is_dry_run=False).order_by("pk"):
        found[run.job, run.business_date].append(run)
    return found


def _cells(
    job: Job, dates: list[date], runs: dict[tuple[str, date], list[JobRun]], missing: Missing
) -> list[Cell]:
    cells = []
    for day in dates:
        there = runs.get((job.name, day), [])
        own = [_mark(run) for run in there if run.scope == ""]
        if day in missing[job.name]:
            own = [_missing_mark(job, day, missing)]
        others = [_mark(run) for run in there if run.scope != ""][-1:]
        cells.append(Cell(day, own + others))
    return cells


def _mark(run: JobRun) -> Mark:
    words = run.get_state_display() if not run.kind else f"{run.kind.label}: {run.get_state_display()}"
    note = ""
    if not run.is_finished and run.total:
        note = _("%(share)s%%") % {"share": min(100, (run.done + run.failed) * 100 // run.total)}
    elif run.failed:
        note = _("%(count)s not done") % {"count": number_format(run.failed)}
    return Mark(words, STATE_COLOURS[State(run.state)], run, note)


def _missing_mark(job: Job, day: date, missing: Missing) -> Mark:
    """The first missing date says what it waits for; the later ones wait for it."""
    if day != missing[job.name][0]:
        return Mark(_("missing"), "danger")
    wait = waits_for(job, day, missing)
    if wait is None:
        return Mark(_("missing"), "danger", note=_("should begin within seconds"))
    return Mark(_("waits"), "warning", note=_("for %(job)s of %(date)s") % {"job": wait.job.label, "date": wait.date})


def _count(rows: list[tuple[Any, list[Cell]]], state: str) -> int:
    """How many dates ended so, of which nothing that was made later ended better."""
    return sum(
        bool(cell.marks and cell.marks[-1].run and cell.marks[-1].run.state == state) for _job, cells in rows
        for cell in cells
    )
