"""What the page of a job run shows: its progress, and its chunks with the failing ones first. Reads only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, IntegerField, Q, Value, When
from django.http import HttpRequest
from django.urls import reverse

from operations import registry
from operations.admin.approval_pages import open_requests
from operations.admin.book_pages import differences_panel
from operations.admin.dry_run_pages import dry_run_panel, left_out_panel
from operations.admin.live import describe
from operations.models import JobChunk, JobRun
from operations.services.imports import Progress
from operations.services.jobs import are_items_swept, pace
from operations.services.nights import can_run_again, startable_jobs

CHUNK_PAGE_SIZE = 50
#: So many failing chunks are counted.
FAILING_LIMIT = 1000
State = JobRun.State

STATE_COLOURS = {
    State.QUEUED: "",
    State.RUNNING: "info",
    State.SUCCEEDED: "success",
    State.FAILED: "danger",
    State.CANCELLED: "warning",
}
CHUNK_COLOURS = {JobChunk.State.DONE: "success", JobChunk.State.PARKED: "danger", JobChunk.State.QUEUED: ""}
#: Parked chunks first, then those that failed and will be tried again, then the others by number.
URGENCY = Case(
    When(state=JobChunk.State.PARKED, then=Value(0)),
    When(~Q(error=""), then=Value(1)),
    default=Value(2),
    output_field=IntegerField(),
)


@dataclass(frozen=True)
class ChunkPage:
    """Chunks of one page, each with the colour of its state."""

    chunks: list[tuple[JobChunk, str]]
    first_url: str
    next_url: str


def run_page(request: HttpRequest, run: JobRun, *, at: datetime) -> dict[str, Any]:
    """Everything the run's page shows."""
    failing = _count_failing(run)
    is_registered = registry.jobs.find(run.job) is not None
    may_operate = request.user.has_perm("operations.operate_jobrun") and is_registered
    return {
        "run": run,
        "job_label": run.label,
        "scope": JobRun.shown_scope(run.scope),
        "state_label": run.get_state_display(),
        "state_colour": STATE_COLOURS[State(run.state)],
        "live": _describe(run, failing, at=at),
        "may_cancel": may_operate and not run.is_finished,
        "may_operate": may_operate,
        "may_resume": may_operate and _is_resumable(run),
        "may_run_again": may_operate and run.is_finished and can_run_again(run) and is_startable(run),
        "dry_run": dry_run_panel(request, run, at=at) if run.is_dry_run else None,
        "left_out": left_out_panel(request, run) if run.approved_id else None,
        "open_requests": open_requests(request, run, at=at),
        "differences": differences_panel(request, run),
        "page": read_chunks(run, after=request.GET.get("after", "")),
        "failing": failing,
        "has_more_failing": failing == FAILING_LIMIT,
    }


def _is_resumable(run: JobRun) -> bool:
    """Whether there is something left that the run can do."""
    is_left = run.is_finished and run.chunks.exclude(state=JobChunk.State.DONE).exists()
    return is_left and not are_items_swept(run.approved)


def is_startable(run: JobRun) -> bool:
    """Whether people start the run's job."""
    return any(job.name == run.job for job in startable_jobs())


def live_progress(run: JobRun, *, at: datetime) -> dict[str, Any]:
    """The run's progress; a chunk that fails makes it another version, so that its error is shown at once."""
    return _describe(run, _count_failing(run), at=at)


def _describe(run: JobRun, failing: int, *, at: datetime) -> dict[str, Any]:
    return describe(_progress(run, at=at), version=f"{run.state}/{failing}")


def _count_failing(run: JobRun) -> int:
    """How many chunks have an error; FAILING_LIMIT stands for more."""
    return run.chunks.exclude(error="")[:FAILING_LIMIT].count()


def _progress(run: JobRun, *, at: datetime) -> Progress:
    """Rate and time left, while the run is at work."""
    done = run.done + run.failed
    rate = None if run.is_finished else pace(run, at=at)
    return Progress(run.state, done, run.total, rate, (run.total - done) / rate if rate else None)


def read_chunks(run: JobRun, *, after: str) -> ChunkPage:
    """The page of chunks after a place "urgency-number", read by key."""
    chunks = run.chunks.annotate(urgency=URGENCY).order_by("urgency", "number")
    place = _place(after)
    if place:
        urgency, number = place
        chunks = chunks.filter(Q(urgency__gt=urgency) | Q(urgency=urgency, number__gt=number))
    found = list(chunks[: CHUNK_PAGE_SIZE + 1])
    shown, last = found[:CHUNK_PAGE_SIZE], found[CHUNK_PAGE_SIZE - 1 : CHUNK_PAGE_SIZE]
    has_more = len(found) > CHUNK_PAGE_SIZE
    return ChunkPage(
        chunks=[(chunk, CHUNK_COLOURS[JobChunk.State(chunk.state)]) for chunk in shown],
        first_url=run_url(run) if place else "",
        next_url=run_url(run, after=f"{last[0].urgency}-{last[0].number}") if has_more else "",  # type: ignore
    )


def _place(after: str) -> tuple[int, int] | None:
    """The place in an address; None (the beginning) when there is none or it is broken."""
    parts = after.split("-")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        return None
    return int(parts[0]), int(parts[1])


def run_url(run: JobRun, **query: Any) -> str:
    """The run's page, at a page of its chunks."""
    url = reverse("admin:operations_jobrun_change", args=[run.pk])
    return f"{url}?{urlencode(query)}" if query else url
