"""The pages of job runs: what on-call sees, starts, cancels and takes up again."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from operations import registry
from operations.errors import PlusdeskError
from operations.models import JobChunk, JobRun
from operations.services.jobs import ChunkPlan, ChunkResult, Job, start_run
from operations.tasks import work_on_run
from tests.operations.job_stories import registered
from tests.operations.run_pages import LIST, START, press, seen, url, who_only_reads, who_operates

pytestmark = pytest.mark.django_db


class CountSheep(Job):
    """A job that people may start; chunk 2 fails as long as it is told to."""

    name = "count_sheep"
    label = "count sheep"
    is_startable = True
    chunks = 3
    fails = False
    refuses = False

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        if self.refuses:
            raise PlusdeskError("The sheep are asleep.")
        return [ChunkPlan(number * 1000, number * 1000 + 999, 1000) for number in range(self.chunks)]

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        if self.fails and chunk.number == 2:
            raise ValueError("a sheep is missing")
        return ChunkResult(done=1000)


@pytest.fixture
def sheep() -> Iterator[CountSheep]:
    job = CountSheep()
    registry.jobs.register(job)
    yield job
    del registry.jobs._entries[job.name]


@pytest.fixture
def on_call() -> Client:
    return who_operates()


def a_run(day: date = date(2027, 1, 15)) -> JobRun:
    return start_run("count_sheep", business_date=day, actor=None, at=timezone.now())


def ended(run: JobRun) -> JobRun:
    """The run at its end; nobody waits for the pause before a chunk is tried again."""
    for _attempt in range(settings.JOB_CHUNK_ATTEMPTS + 1):
        work_on_run(run.pk)
        run.chunks.update(attempted_at=None)
    return JobRun.objects.get(pk=run.pk)


def test_the_list_shows_each_run_with_its_state_and_progress(on_call: Client, sheep: CountSheep) -> None:
    ended(a_run())
    page = seen(on_call, LIST)
    assert "count sheep" in page and "succeeded" in page and "3,000 of 3,000" in page


def test_a_running_run_shows_live_progress(on_call: Client, sheep: CountSheep) -> None:
    run = a_run()
    assert f'data-live="{url(run, "progress")}"' in seen(on_call, url(run))
    answer = on_call.get(url(run, "progress"))
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.json() == {
        "version": "queued/0", "done": 0, "total": 3000, "count": "0 of 3,000 (0%)", "rate": "", "left": "",
    }


def test_rate_and_time_left_come_from_the_chunks_done_since_the_start(on_call: Client, sheep: CountSheep) -> None:
    run, now = a_run(), timezone.now()
    JobRun.objects.filter(pk=run.pk).update(
        state=JobRun.State.RUNNING, started_at=now - timedelta(seconds=10), done=1000
    )
    run.chunks.filter(number=1).update(state=JobChunk.State.DONE, finished_at=now)
    answer = on_call.get(url(run, "progress")).json()
    assert answer["count"] == "1,000 of 3,000 (33%)"
    assert answer["rate"] in ("100 per second", "99 per second")
    assert answer["left"] in ("about 20 seconds left", "about 21 seconds left")


def test_an_ended_run_is_not_asked_for_again(on_call: Client, sheep: CountSheep) -> None:
    assert "data-live" not in seen(on_call, url(ended(a_run())))


@pytest.mark.django_db(transaction=True)
def test_failing_chunks_stand_first_with_their_error(on_call: Client, sheep: CountSheep) -> None:
    sheep.fails = True
    page = seen(on_call, url(ended(a_run())))
    assert "ValueError: a sheep is missing" in page
    assert "1 chunk fails" in page
    chunks = page[page.index("<tbody>") :]
    assert chunks.index("parked") < chunks.index("done")


def test_a_failing_chunk_makes_the_page_fetch_itself_anew(on_call: Client, sheep: CountSheep) -> None:
    run = a_run()
    before = on_call.get(url(run, "progress")).json()["version"]
    run.chunks.filter(number=2).update(error="ValueError: a sheep is missing")
    assert on_call.get(url(run, "progress")).json()["version"] != before


def test_chunks_are_paged_by_key(on_call: Client, sheep: CountSheep) -> None:
    sheep.chunks = 120
    run = a_run()
    run.chunks.filter(number=77).update(state=JobChunk.State.PARKED, error="lost")
    first = seen(on_call, url(run))
    assert 'data-label="Chunk">77<' in first and 'data-label="Chunk">49<' in first
    assert 'data-label="Chunk">50<' not in first and "after=2-49" in first
    second = seen(on_call, url(run), after="2-49")
    assert 'data-label="Chunk">50<' in second and 'data-label="Chunk">77<' not in second
    assert 'data-label="Chunk">77<' in seen(on_call, url(run), after="nonsense")


def test_a_run_is_cancelled_and_taken_up_again(on_call: Client, sheep: CountSheep) -> None:
    run = a_run()
    assert "chunks that are done stay done" in press(on_call, run, "cancel")
    assert JobRun.objects.get(pk=run.pk).state == JobRun.State.CANCELLED
    assert "goes on" in press(on_call, run, "resume")
    assert ended(run).state == JobRun.State.SUCCEEDED


@pytest.mark.django_db(transaction=True)
def test_resuming_takes_up_failed_chunks_too(on_call: Client, sheep: CountSheep) -> None:
    sheep.fails = True
    run = ended(a_run())
    assert run.state == JobRun.State.FAILED
    sheep.fails = False
    press(on_call, run, "resume")
    assert ended(run).state == JobRun.State.SUCCEEDED


@pytest.mark.parametrize("action", ["cancel", "resume"])
def test_an_action_in_the_wrong_state_says_so(on_call: Client, sheep: CountSheep, action: str) -> None:
    assert "errornote" in press(on_call, ended(a_run()), action)


@pytest.mark.parametrize("action", ["cancel", "resume"])
def test_an_action_is_a_post_of_somebody_allowed(on_call: Client, sheep: CountSheep, action: str) -> None:
    run = a_run()
    assert on_call.get(url(run, action)).status_code == 405
    assert who_only_reads().post(url(run, action)).status_code == 403
    assert on_call.post(reverse(f"admin:operations_jobrun_{action}", args=[10**9])).status_code == 404


def test_the_history_of_a_run_says_who_stopped_it_and_who_took_it_up(on_call: Client, sheep: CountSheep) -> None:
    run = a_run()
    press(on_call, run, "cancel")
    press(on_call, run, "resume")
    page = on_call.get(url(run, "history"))
    newest, before, *_older = page.context["history"].entries
    assert newest.actor.username == before.actor.username == "oncall"
    assert "cancelled" in str(before.changes)
    assert "count_sheep" not in page.content.decode()
    assert f"Count sheep {run.business_date}" in page.content.decode()


def test_failing_chunks_are_counted_once_and_with_a_bound(on_call: Client, sheep: CountSheep) -> None:
    run = a_run()
    with CaptureQueriesContext(connection) as queries:
        seen(on_call, url(run))
    counts = [query["sql"] for query in queries if "COUNT(" in query["sql"] and "jobchunk" in query["sql"]]
    assert len(counts) == 1 and "LIMIT" in counts[0]


def test_who_only_reads_finds_no_button(sheep: CountSheep) -> None:
    page = seen(who_only_reads(), url(a_run()))
    assert "Cancel" not in page


def test_an_unknown_run_is_not_found(on_call: Client) -> None:
    assert on_call.get("/admin/operations/jobrun/999999/change/").status_code == 404
    assert on_call.get("/admin/operations/jobrun/nonsense/change/").status_code == 404
    assert on_call.get("/admin/operations/jobrun/999999/progress/").status_code == 404


def test_a_job_is_started_for_a_date(on_call: Client, sheep: CountSheep) -> None:
    response = on_call.post(START, {"job": "count_sheep", "business_date": "2026-01-15", "mode": "real"}, follow=True)
    run = JobRun.objects.get()
    assert run.business_date == date(2026, 1, 15)
    assert run.requested_by is not None and run.requested_by.username == "oncall"
    assert "The run is started." in response.content.decode()


def test_starting_a_job_twice_for_a_date_leads_to_the_first_run(on_call: Client, sheep: CountSheep) -> None:
    posted = {"job": "count_sheep", "business_date": "2026-01-15", "mode": "real"}
    for _time in range(2):
        response = on_call.post(START, posted, follow=True)
    assert JobRun.objects.count() == 1
    assert "was started for this date before" in response.content.decode()


@pytest.mark.parametrize(
    ("posted", "reason"),
    [
        ({"job": "check_import", "business_date": "2026-01-15", "mode": "real"}, "Select a valid choice"),
        ({"job": "count_sheep", "business_date": "2999-01-15", "mode": "real"}, "That day has not come yet."),
        ({"job": "count_sheep", "business_date": "2026-01-15", "mode": "dry"}, "This job has no dry run."),
        ({"job": "count_sheep", "business_date": "yesterday"}, "Enter a valid date."),
        ({}, "This field is required."),
    ],
)
def test_what_cannot_be_started_is_refused_with_a_reason(
    on_call: Client, sheep: CountSheep, posted: dict[str, str], reason: str
) -> None:
    response = on_call.post(START, posted)
    assert response.status_code == 422
    assert reason in response.content.decode()
    assert not JobRun.objects.exists()


def test_a_job_that_refuses_to_start_says_why(on_call: Client, sheep: CountSheep) -> None:
    sheep.refuses = True
    response = on_call.post(START, {"job": "count_sheep", "business_date": "2026-01-15", "mode": "real"})
    assert response.status_code == 422
    assert "The sheep are asleep." in response.content.decode()


def test_only_who_operates_runs_starts_them(sheep: CountSheep) -> None:
    assert who_only_reads().get(START).status_code == 403


def test_where_no_job_is_started_by_hand_the_page_says_so(on_call: Client) -> None:
    with registered():
        page = seen(on_call, START)
    assert "No job is started by hand" in page


def test_a_run_of_a_job_that_is_gone_can_still_be_read(on_call: Client, sheep: CountSheep) -> None:
    run = a_run()
    JobRun.objects.filter(pk=run.pk).update(job="gone")
    page = seen(on_call, url(run))
    assert "gone" in page and "Cancel" not in page


def test_a_failed_run_whose_chunks_are_all_done_offers_no_resume(on_call: Client, sheep: CountSheep) -> None:
    run = ended(a_run())
    JobRun.objects.filter(pk=run.pk).update(state=JobRun.State.FAILED, error="The sheep do not add up.")
    page = seen(on_call, url(run))
    assert "The sheep do not add up." in page and url(run, "resume") not in page
