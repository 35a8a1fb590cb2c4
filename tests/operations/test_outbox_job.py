"""The job of the outbox: ticks all day, and a run a night that shows what is left."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from operations import registry, tasks
from operations.models import JobRun, OutboxMessage, RunItem
from operations.outbox_jobs import SweepOutbox
from operations.outlets import Reply, Verdict
from operations.services.dry_runs import execute_dry_run, start_dry_run
from operations.services.jobs import start_run
from operations.services.outbox import sweep_outbox
from operations.tasks import work_through
from tests.operations.outbox_stories import DELIVERED, Bell, a_message, fresh, hung, keys

pytestmark = pytest.mark.django_db(transaction=True)
State = OutboxMessage.State
Outcome = RunItem.Outcome


@pytest.fixture
def bell() -> Iterator[Bell]:
    with hung() as bell:
        yield bell


def tonight() -> date:
    return timezone.localdate()


def worked(run: JobRun) -> JobRun:
    return work_through(run.pk)


def test_a_tick_sends_what_is_due(bell: Bell) -> None:
    message = a_message(at=timezone.now())
    registry.jobs.get("sweep_outbox").tick(at=timezone.now())
    assert fresh(message).state == State.SENT


def test_a_nudge_is_a_tick_and_three_deliveries_of_it_send_once(bell: Bell) -> None:
    message = a_message(at=timezone.now())
    for _delivery in range(3):
        tasks.sweep_outbox()
    assert bell.rung == keys(message)


def test_the_nightly_run_sends_what_is_due_and_counts_what_is_left(bell: Bell, monkeypatch: Any) -> None:
    monkeypatch.setattr("operations.outbox_jobs.CHUNK_KEYS", 3)
    at = timezone.now()
    due = [a_message(at=at) for _number in range(8)]
    waiting = a_message(at=at + timedelta(hours=1))
    OutboxMessage.objects.filter(pk=waiting.pk).update(attempts=1)
    failing = a_message(at=at)
    bell.answer = lambda message: (
        Reply(Verdict.AGAIN, "later") if message.pk == failing.pk
        else Reply(Verdict.REFUSED, "never") if message.pk == due[0].pk else DELIVERED
    )
    run = start_run("sweep_outbox", business_date=tonight(), actor=None, at=timezone.now())
    assert run.total == 10 and run.chunks.count() >= 4
    run = worked(run)
    assert (run.state, run.done, run.failed) == (JobRun.State.SUCCEEDED, 8, 2)
    assert fresh(due[0]).state == State.PARKED and fresh(failing).state == State.QUEUED


def test_a_night_without_messages_has_succeeded_at_once() -> None:
    run = start_run("sweep_outbox", business_date=tonight(), actor=None, at=timezone.now())
    assert run.state == JobRun.State.SUCCEEDED


def test_a_dry_run_lists_by_topic_what_would_be_sent_and_sends_nothing(bell: Bell) -> None:
    at = timezone.now()
    mine, alarm = a_message(owner=7, at=at), a_message("bell." + "x" * 40, at=at)
    a_message(at=at + timedelta(hours=1))
    dry_run = worked(start_dry_run("sweep_outbox", business_date=tonight(), actor=None, at=timezone.now()))
    items = RunItem.objects.filter(run=dry_run).order_by("key").values_list("key", "owner", "kind", "outcome")
    assert list(items) == [
        (mine.pk, 7, "bell.rung", Outcome.FORESEEN), (alarm.pk, None, ("bell." + "x" * 40)[:32], Outcome.FORESEEN)
    ]
    assert bell.rung == [] and fresh(mine).state == State.QUEUED


def test_an_executed_dry_run_sends_what_it_foresaw_and_names_what_changed_since(bell: Bell) -> None:
    at = timezone.now()
    foreseen, sent_meanwhile, refused = [a_message(at=at) for _number in range(3)]
    dry_run = worked(start_dry_run("sweep_outbox", business_date=tonight(), actor=None, at=timezone.now()))
    OutboxMessage.objects.filter(pk=sent_meanwhile.pk).update(state=State.SENT)
    bell.answer = lambda message: Reply(Verdict.REFUSED, "no") if message.pk == refused.pk else DELIVERED
    late = a_message(at=at)
    run = worked(execute_dry_run(dry_run, actor=None, at=timezone.now()))
    assert run.state == JobRun.State.SUCCEEDED
    assert sorted(bell.rung) == sorted(keys(foreseen, refused)) and fresh(late).state == State.QUEUED
    outcomes = dict(RunItem.objects.filter(run=dry_run).values_list("key", "outcome"))
    assert outcomes == {
        foreseen.pk: Outcome.DONE, refused.pk: Outcome.DONE, sent_meanwhile.pk: Outcome.LEFT_OUT,
    }


def test_a_tick_ends_after_its_shift(bell: Bell, monkeypatch: Any) -> None:
    seen: dict[str, Any] = {}
    monkeypatch.setattr("operations.outbox_jobs.sweep_outbox", lambda **options: seen.update(options))
    at = timezone.now()
    registry.jobs.get("sweep_outbox").tick(at=at)
    assert seen["until"] == at + SweepOutbox.shift and at <= seen["clock"]() < at + timedelta(seconds=5)


def test_what_a_tick_sent_before_the_run_came_to_it_is_done(bell: Bell) -> None:
    message = a_message(at=timezone.now())
    run = start_run("sweep_outbox", business_date=tonight(), actor=None, at=timezone.now())
    assert dict(sweep_outbox(clock=timezone.now)) == {"sent": 1}
    run = worked(run)
    assert (run.state, run.done, bell.rung) == (JobRun.State.SUCCEEDED, 1, keys(message))
