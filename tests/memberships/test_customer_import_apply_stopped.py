"""Imports that are stopped on their way: by a fault in a chunk, or by somebody who cancels the run."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from memberships.models import EnterpriseCustomer, StagedEnterpriseCustomer
from operations import registry
from operations.errors import RunStateError
from operations.imports import staging
from operations.models import ImportBatch, JobChunk, JobRun, User
from operations.services.imports import discard_import, sweep_staging
from operations.services.jobs import cancel_run, resume_run, take_chunk, work_chunk
from operations.tasks import work_on_run
from tests.customer_files import a_row, csv_file
from tests.memberships import import_stories
from tests.memberships.factories import an_operator
from tests.memberships.import_stories import (
    Outcome,
    State,
    a_classic_card,
    applied,
    apply_run,
    confirmed,
    fresh,
    lines,
    previewed,
    uploaded,
    worked,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def xiaomei(settings: Any) -> User:
    settings.IMPORT_CHUNK_ROWS = 5
    a_classic_card()
    return an_operator()


def elsewhere(act: Callable[[], Any]) -> Any:
    """Do it as another process would, beside the transaction that is open here."""

    def acted() -> Any:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(acted).result(timeout=20)


def test_a_chunk_that_cannot_be_written_is_parked_and_the_others_are_applied(xiaomei: User) -> None:
    batch = confirmed(previewed(csv_file(a_row(number) for number in range(1, 20)), by=xiaomei))
    poisoned = StagedEnterpriseCustomer.objects.filter(batch_id=batch.pk, line=12)
    name = poisoned.get().legal_name
    poisoned.update(legal_name="")
    batch, run = work_without_pauses(batch), apply_run(batch)
    assert (batch.state, run.state) == (State.PARTLY_APPLIED, JobRun.State.FAILED)
    parked = run.chunks.get(state=JobChunk.State.PARKED)
    assert (parked.first_key, parked.last_key, parked.size) == (10, 14, 5)
    assert "customer_has_name" in parked.error
    assert (batch.applied, EnterpriseCustomer.objects.count(), run.done, run.failed) == (14, 14, 14, 5)
    assert not set(lines(batch, Outcome.APPLIED)) & set(range(10, 15))
    poisoned.update(legal_name=name)
    resume_run(run, actor=xiaomei, at=timezone.now())
    batch, run = worked(batch), apply_run(batch)
    assert (batch.state, batch.applied, run.done, run.failed) == (State.APPLIED, 19, 19, 0)
    assert EnterpriseCustomer.objects.count() == 19


def work_without_pauses(batch: ImportBatch) -> ImportBatch:
    """Work on the application until it ends; nobody waits for the pause before a chunk is tried again."""
    run = apply_run(batch)
    while not JobRun.objects.get(pk=run.pk).is_finished:
        work_on_run(run.pk)
        run.chunks.update(attempted_at=None)
    return fresh(batch)


def test_a_stopped_application_is_partly_applied_and_is_resumed(xiaomei: User) -> None:
    batch = confirmed(previewed(csv_file(a_row(number) for number in range(1, 20)), by=xiaomei))
    run = apply_run(batch)
    chunk = take_chunk(run, at=timezone.now())
    assert chunk is not None
    work_chunk(run, chunk, clock=timezone.now)
    cancel_run(run, actor=xiaomei, at=timezone.now())
    batch = fresh(batch)
    assert (batch.state, batch.applied) == (State.PARTLY_APPLIED, chunk.size)
    resume_run(run, actor=xiaomei, at=timezone.now())
    assert fresh(batch).state == State.APPLYING
    batch = worked(batch)
    assert (batch.state, batch.applied, EnterpriseCustomer.objects.count()) == (State.APPLIED, 19, 19)


def test_a_cancelled_check_leaves_no_preview_and_may_be_taken_up_again(xiaomei: User) -> None:
    batch = uploaded(csv_file([a_row(1)]), by=xiaomei)
    assert batch.check_run is not None
    run = cancel_run(batch.check_run, actor=xiaomei, at=timezone.now())
    assert (fresh(batch).state, fresh(batch).preview_key) == (State.REFUSED, None)
    resume_run(run, actor=xiaomei, at=timezone.now())
    assert worked(batch).state == State.CHECKED


def test_a_discarded_file_is_not_checked_after_all(xiaomei: User) -> None:
    batch = uploaded(csv_file([a_row(1)]), by=xiaomei)
    assert batch.check_run is not None
    run = cancel_run(batch.check_run, actor=xiaomei, at=timezone.now())
    discard_import(fresh(batch), actor=xiaomei, at=timezone.now())
    with pytest.raises(RunStateError):
        resume_run(run, actor=xiaomei, at=timezone.now())
    assert fresh(batch).state == State.DISCARDED


@pytest.mark.django_db(transaction=True)
def test_a_check_cancelled_while_it_reads_changes_nothing(xiaomei: User, monkeypatch: pytest.MonkeyPatch) -> None:
    applied(csv_file([a_row(1)]), by=xiaomei)
    batch = uploaded(csv_file([a_row(1, 省份="江苏省"), a_row(2)]), by=xiaomei)
    run = batch.check_run
    assert run is not None
    cancel = lambda *_: elsewhere(lambda: cancel_run(run, actor=xiaomei, at=timezone.now()))  # noqa: E731
    monkeypatch.setattr(staging, "index_verdicts", cancel)
    work_on_run(run.pk)
    assert (fresh(batch).state, JobRun.objects.get(pk=run.pk).state) == (State.REFUSED, JobRun.State.CANCELLED)
    assert not StagedEnterpriseCustomer.objects.filter(batch_id=batch.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_an_application_cancelled_while_a_chunk_is_written_counts_that_chunk(
    xiaomei: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = confirmed(previewed(csv_file(a_row(number) for number in range(1, 20)), by=xiaomei))
    run, importer = apply_run(batch), registry.importers.get("enterprise-customers")
    write = importer.apply

    def write_and_be_cancelled(*arguments: Any, **options: Any) -> tuple[int, int]:
        result = write(*arguments, **options)
        elsewhere(lambda: cancel_run(run, actor=xiaomei, at=timezone.now()))
        return result

    monkeypatch.setattr(importer, "apply", write_and_be_cancelled)
    work_on_run(run.pk)
    batch, run = fresh(batch), JobRun.objects.get(pk=run.pk)
    assert (batch.state, run.state) == (State.PARTLY_APPLIED, JobRun.State.CANCELLED)
    assert batch.applied == run.done == EnterpriseCustomer.objects.count() == 3
    assert not run.chunks.exclude(error="").exists()
    monkeypatch.setattr(importer, "apply", write)
    assert import_stories.undone(batch, by=xiaomei).state == State.UNDONE
    assert not EnterpriseCustomer.objects.exists()


def test_sweep_drops_the_staging_table_of_a_finished_import_and_leaves_one_that_waits(xiaomei: User) -> None:
    finished = applied(csv_file([a_row(1)]), by=xiaomei)
    waiting = previewed(csv_file([a_row(2)]), by=xiaomei)
    assert sweep_staging() == 1
    assert not staging.is_made(StagedEnterpriseCustomer, finished)
    assert staging.is_staged(StagedEnterpriseCustomer, waiting)
    assert sweep_staging() == 0
