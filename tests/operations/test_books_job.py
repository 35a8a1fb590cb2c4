"""The audit as a nightly job: it looks at everything, keeps what it found, and fails when the books do not agree."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from operations import registry
from operations.book_jobs import AuditBooks
from operations.errors import PlusdeskError
from operations.models import BookDifference, JobChunk, JobRun
from operations.services.books import BookCheck, Difference, KeyRange, Period
from operations.services.jobs import start_run
from operations.services.nights import run_again
from operations.tasks import work_on_run, work_through
from tests.operations.job_stories import forget_pauses

pytestmark = pytest.mark.django_db(transaction=True)
State = JobRun.State


class Till(BookCheck):
    """Ten tills a range, of which some are not in order."""

    name = "tills"
    label = "tills"
    faults = {"short": "the till is short", "counted": "the till is being counted"}

    def __init__(self) -> None:
        self.short: list[int] = []
        self.counted: list[int] = []
        self.is_locked = False
        self.asked: list[Period] = []

    def ranges(self, period: Period) -> Iterable[KeyRange]:
        return [KeyRange(0, 9, 10), KeyRange(10, 19, 10)]

    def differences(self, keys: KeyRange, period: Period) -> Iterator[Difference]:
        self.asked.append(period)
        if self.is_locked and keys.first:
            raise PlusdeskError("the tills are locked")
        for fault, tills in (("short", self.short), ("counted", self.counted)):
            for till in tills:
                if keys.first <= till <= keys.last:
                    yield Difference("tills", fault, str(till), 7, "100", "90", is_pending=fault == "counted")


@pytest.fixture
def tills(monkeypatch: pytest.MonkeyPatch) -> Till:
    till = Till()
    monkeypatch.setattr(registry.book_checks, "_entries", {till.name: till})
    return till


def audited(scope: str = "") -> JobRun:
    today = timezone.localdate()
    return work_through(start_run("audit_books", business_date=today, scope=scope, actor=None, at=timezone.now()).pk)


def test_books_that_agree_are_a_night_that_succeeded(tills: Till) -> None:
    run = audited()
    assert (run.state, run.total, run.done, run.failed, run.error) == (State.SUCCEEDED, 20, 20, 0, "")
    assert {chunk.subject for chunk in run.chunks.all()} == {"tills"}
    assert {period.on for period in tills.asked} == {run.business_date}
    assert {period.since for period in tills.asked} == {run.business_date - timedelta(days=6)}


def test_a_difference_fails_the_run_and_is_kept_with_it(tills: Till) -> None:
    tills.short = [3, 12, 13]
    run = audited()
    assert (run.state, run.done, run.failed) == (State.FAILED, 17, 3)
    assert "3" in run.error
    found = BookDifference.objects.filter(run=run).order_by("pk")
    assert [(difference.key, difference.chunk) for difference in found] == [("3", 1), ("12", 2), ("13", 2)]
    assert (found[0].check_label, found[0].fault_label, found[0].owner) == ("tills", "the till is short", 7)
    assert not run.chunks.exclude(state=JobChunk.State.DONE).exists()


def test_what_may_still_come_right_is_named_and_fails_nothing(tills: Till) -> None:
    tills.counted = [5]
    run = audited()
    assert (run.state, run.done, run.failed, run.error) == (State.SUCCEEDED, 20, 0, "")
    assert [difference.is_pending for difference in run.differences.all()] == [True]


def test_more_differences_than_a_page_are_all_kept(tills: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operations.book_jobs.PAGE", 3)
    tills.short = list(range(20))
    assert audited().failed == 20 and BookDifference.objects.count() == 20


def test_books_that_cannot_be_read_fail_the_run_with_the_reason(tills: Till) -> None:
    tills.is_locked = True
    run = start_run("audit_books", business_date=timezone.localdate(), actor=None, at=timezone.now())
    for _attempt in range(AuditBooks.attempts + 1):
        forget_pauses(run)
        work_on_run(run.pk)
    run.refresh_from_db()
    assert (run.state, run.done, run.failed) == (State.FAILED, 10, 10)
    assert "the tills are locked" in run.chunks.get(state=JobChunk.State.PARKED).error


def test_a_chunk_that_is_looked_at_again_forgets_what_it_found_before(tills: Till) -> None:
    tills.short = [3]
    job, run = AuditBooks(), start_run(
        "audit_books", business_date=timezone.localdate(), actor=None, at=timezone.now()
    )
    chunk = run.chunks.get(number=1)
    for answers in job.call(job.intend(run, chunk, at=timezone.now())):
        job.record(run, chunk, answers, at=timezone.now())
    assert BookDifference.objects.count() == 1
    tills.short = []
    assert work_through(run.pk).state == State.SUCCEEDED
    assert not BookDifference.objects.exists()


def test_run_again_after_the_mend_the_books_agree(tills: Till) -> None:
    tills.short = [3]
    failed = audited()
    tills.short = []
    again = work_through(run_again(failed, actor=None, at=timezone.now()).pk)
    assert (again.state, again.error) == (State.SUCCEEDED, "")
    assert failed.differences.count() == 1


def test_it_comes_after_all_other_jobs_of_the_night() -> None:
    job = registry.jobs.get("audit_books")
    assert job.is_nightly and "audit_books" not in job.after
    assert {other.name for other in registry.jobs if other.is_nightly} == {*job.after, "audit_books"}
    assert {"expire_points", "renew_subscriptions", "sweep_outbox"} <= set(job.after)
    assert all("audit_books" not in other.after for other in registry.jobs if other.name != "audit_books")
