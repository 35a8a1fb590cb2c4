"""Killed while an import is applied or undone: what comes of it is what would have come of it anyway."""

import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from memberships.models import EnterpriseCustomer
from operations.models import JobRun, User
from operations.services.imports import undo_import
from operations.services.jobs import cancel_run, resume_run, wait_for_chunks
from tests.memberships.crash_stories import (
    CHUNK,
    KNOWN,
    a_long_list,
    assert_counts_are_right,
    assert_each_write_has_one_event,
    finish_with_beat,
    kill_children,
    kill_group,
    outcomes,
    undisturbed,
    wait_for_share,
)
from tests.memberships.factories import an_operator
from tests.memberships.import_stories import State, a_classic_card, apply_run, confirmed, customers, fresh, worked

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]
StartWorker = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def xiaomei(settings: Any) -> User:
    settings.IMPORT_CHUNK_ROWS = CHUNK
    settings.JOB_SILENCE_SECONDS = 1
    a_classic_card()
    return an_operator()


def a_worker(start_worker: StartWorker) -> "subprocess.Popen[bytes]":
    return start_worker("-c", "2", "--without-gossip", "--without-mingle")


def ended(run: JobRun | None) -> bool:
    return run is not None and JobRun.objects.get(pk=run.pk).is_finished


def test_workers_killed_at_10_50_and_90_percent_lose_nothing_and_do_nothing_twice(
    xiaomei: User, start_worker: StartWorker
) -> None:
    batch = a_long_list(by=xiaomei)
    expected = undisturbed(batch)
    run = apply_run(confirmed(batch))
    kills: list[tuple[float, Callable[[subprocess.Popen[bytes]], None]]] = [
        (0.1, kill_group), (0.5, kill_children), (0.9, kill_group),
    ]
    worker = a_worker(start_worker)
    for share, kill in kills:
        if worker.poll() is not None:
            worker = a_worker(start_worker)
        wait_for_share(run, share)
        kill(worker)
        assert not ended(run)
    a_worker(start_worker)
    run = finish_with_beat(run)
    batch = fresh(batch)
    assert (batch.state, batch.applied, batch.left_out) == (State.APPLIED, run.total, 0)
    assert (customers(), outcomes(batch)) == expected
    assert_each_write_has_one_event(run)
    assert_counts_are_right(run)


def test_an_undo_whose_worker_was_killed_comes_to_the_same_end(xiaomei: User, start_worker: StartWorker) -> None:
    batch = a_long_list(by=xiaomei)
    before = customers(with_keys=True)
    batch = worked(confirmed(batch))
    worker = a_worker(start_worker)
    run = undo_import(batch, actor=xiaomei, at=timezone.now()).undo_run
    assert run is not None
    wait_for_share(run, 0.5)
    kill_group(worker)
    assert not ended(run)
    a_worker(start_worker)
    run = finish_with_beat(run)
    assert (fresh(batch).state, fresh(batch).undone, run.done) == (State.UNDONE, run.total, run.total)
    assert customers(with_keys=True) == before
    assert EnterpriseCustomer.objects.count() == KNOWN


def test_a_run_cancelled_under_two_workers_stops_counts_right_and_is_taken_up_again(
    xiaomei: User, start_worker: StartWorker
) -> None:
    batch = a_long_list(by=xiaomei)
    expected = undisturbed(batch)
    a_worker(start_worker)
    a_worker(start_worker)
    run = apply_run(confirmed(batch))
    wait_for_share(run, 0.3)
    run = cancel_run(run, actor=xiaomei, at=timezone.now())
    # What was being worked on comes to its end, and nothing begins any more.
    with transaction.atomic():
        wait_for_chunks(run)
    batch, run = fresh(batch), JobRun.objects.get(pk=run.pk)
    assert (batch.state, run.state) == (State.PARTLY_APPLIED, JobRun.State.CANCELLED)
    assert batch.applied == run.done == sum(run.chunks.filter(state="done").values_list("size", flat=True)) < run.total
    resume_run(run, actor=xiaomei, at=timezone.now())
    run = finish_with_beat(run)
    assert (fresh(batch).state, fresh(batch).applied) == (State.APPLIED, run.total)
    assert (customers(), outcomes(batch)) == expected
    assert_each_write_has_one_event(run)
    assert_counts_are_right(run)
