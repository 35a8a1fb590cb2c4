"""Chunks that fail: tried again, parked with their error, and no word of anybody's personal data."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as project
from django.utils import timezone

from memberships.models import EnterpriseCustomer, Member, MemberContact
from operations import registry
from operations.models import JobChunk, JobRun
from operations.services.jobs import describe_error, resume_run, take_chunk
from operations.tasks import work_on_run
from tests.memberships.factories import a_firm
from tests.operations.job_stories import CountSheep, a_run, forget_pauses, fresh

pytestmark = pytest.mark.django_db
State = JobRun.State


@pytest.fixture
def sheep() -> Iterator[CountSheep]:
    job = CountSheep(chunks=4)
    registry.jobs.register(job)
    yield job
    del registry.jobs._entries[job.name]


def fail_on_second(chunk: JobChunk) -> None:
    if chunk.number == 2:
        raise ValueError("a sheep is missing")


def worked_to_the_end(run: JobRun) -> JobRun:
    for _attempt in range(project.JOB_CHUNK_ATTEMPTS + 1):
        work_on_run(run.pk)
        forget_pauses(run)
    return fresh(run)


def test_a_chunk_that_keeps_failing_is_parked_and_the_others_go_on(sheep: CountSheep) -> None:
    sheep.before = fail_on_second
    run = worked_to_the_end(a_run(sheep))
    assert (run.state, run.done, run.failed) == (State.FAILED, 30, 10)
    parked = run.chunks.get(state=JobChunk.State.PARKED)
    assert (parked.number, parked.attempts) == (2, project.JOB_CHUNK_ATTEMPTS)
    assert parked.error == "ValueError: a sheep is missing"
    assert sheep.worked == [1, 3, 4] and sheep.finished == [State.FAILED]


def test_a_failed_run_whose_fault_was_mended_is_resumed_and_succeeds(sheep: CountSheep) -> None:
    sheep.before = fail_on_second
    run = worked_to_the_end(a_run(sheep))
    sheep.before = lambda chunk: None
    run = resume_run(run, actor=None, at=timezone.now())
    assert (run.failed, run.chunks.filter(state=JobChunk.State.PARKED).count()) == (0, 0)
    work_on_run(run.pk)
    run = fresh(run)
    assert (run.state, run.done, run.failed) == (State.SUCCEEDED, 40, 0)
    assert sheep.worked == [1, 3, 4, 2] and not run.chunks.exclude(error="").exists()


def test_a_run_of_nothing_but_bad_chunks_is_parked_whole(sheep: CountSheep) -> None:
    sheep.chunks = 300
    run = a_run(sheep)
    run.chunks.update(attempts=project.JOB_CHUNK_ATTEMPTS)
    work_on_run(run.pk)
    run = fresh(run)
    assert (run.state, run.failed, run.chunks.filter(state=JobChunk.State.PARKED).count()) == (State.FAILED, 3000, 300)


def test_a_chunk_whose_worker_died_each_time_says_so(sheep: CountSheep) -> None:
    sheep.chunks = 1
    run = a_run(sheep)
    for _death in range(project.JOB_CHUNK_ATTEMPTS):
        assert take_chunk(run, at=timezone.now()) is not None
        forget_pauses(run)
    assert take_chunk(run, at=timezone.now()) is None
    parked = run.chunks.get()
    assert parked.state == JobChunk.State.PARKED and parked.error


def break_a_check(member: Member) -> None:
    EnterpriseCustomer.objects.filter(pk=member.pk).update(credit_code="91330106MA")


def break_uniqueness(member: Member) -> None:
    EnterpriseCustomer.objects.filter(pk=member.pk).update(external_id="TAKEN")



def break_not_null(member: Member) -> None:
    MemberContact.objects.filter(member=member).update(email=None)


@pytest.mark.parametrize("break_it", [break_a_check, break_uniqueness, break_not_null])
def test_an_error_of_the_database_quotes_no_row(
    sheep: CountSheep, break_it: Callable[[Member], None], capsys: Any
) -> None:
    a_firm(external_id="TAKEN")
    member = a_firm(legal_name="秘密商贸有限公司", remarks="13987654321")
    sheep.chunks = 1
    sheep.before = lambda chunk: break_it(member)
    run = worked_to_the_end(a_run(sheep))
    error = run.chunks.get().error
    assert error.startswith("IntegrityError: ") and "constraint" in error
    for secret in ("秘密", "13987654321", "TAKEN", "buyer@example.com"):
        assert secret not in error and secret not in capsys.readouterr().err


def test_an_error_without_words_is_named_by_its_kind() -> None:
    assert describe_error(ZeroDivisionError()) == "ZeroDivisionError: "
