"""The job of the outbox: every few seconds in passing, and once a night with a page that shows what is left."""

import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, Max, Min, OuterRef
from django.db.models.functions import Left
from django.utils.translation import gettext_lazy as _

from operations.models import JobChunk, JobRun, OutboxMessage, RunItem
from operations.services.job_kinds import CallingJob, ChunkPlan, ChunkResult
from operations.services.outbox import Clock, Delivery, Span, deliveries, settle, sweep_outbox

#: Ids a chunk spans.
CHUNK_KEYS = 2_000
State = OutboxMessage.State


class SweepOutbox(CallingJob):
    """Sends what is due. What waits for its next attempt, or was not sent, is counted as failed; ticks go on with it.

    A run leaves an outlet to the tick that is sending through it.
    """

    name = "sweep_outbox"
    label = _("send outgoing messages")
    is_nightly = True
    every = timedelta(seconds=5)
    #: A tick ends after so long, so that the ticks of other jobs have their turn.
    shift = timedelta(seconds=20)

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        queued = OutboxMessage.objects.filter(state=State.QUEUED)
        if run.approved_id is not None:
            queued = queued.filter(pk__in=RunItem.objects.filter(run=run.approved_id).values("key"))
        ranges = (
            queued.values(block=F("pk") / CHUNK_KEYS)
            .annotate(first=Min("pk"), last=Max("pk"), messages=Count("pk"))
            .order_by("block")
        )
        return [ChunkPlan(found["first"], found["last"], found["messages"]) for found in ranges]

    def foresee(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> int:
        """An item for each message that is due, by topic; a change of its attempts is a change since."""
        due = OutboxMessage.objects.to_send(at=at).filter(pk__range=(chunk.first_key, chunk.last_key))
        length = RunItem._meta.get_field("kind").max_length or 0
        found = due.order_by("pk").values_list("pk", "owner", Left("topic", length), "attempts")
        items = [
            RunItem(run=run, key=key, owner=owner, kind=topic, seen=attempts) for key, owner, topic, attempts in found
        ]
        RunItem.objects.bulk_create(items, ignore_conflicts=True)
        return len(items)

    def intend(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> Any:
        """Which messages, at what time. Each claim is committed by itself, just before its messages are sent."""
        if run.approved_id is not None:
            unchanged = OutboxMessage.objects.filter(pk=OuterRef("key"), state=State.QUEUED, attempts=OuterRef("seen"))
            self._items(run, chunk).exclude(Exists(unchanged)).update(outcome=RunItem.Outcome.LEFT_OUT)
        return Span(chunk.first_key, chunk.last_key, run.approved_id), at

    def call(self, intended: Any) -> Iterator[list[Delivery]]:
        span, at = intended
        yield from deliveries(span, clock=_going_on_from(at))

    def record(self, run: JobRun, chunk: JobChunk, answers: list[Delivery], *, at: datetime) -> None:
        settle(answers, at=at)

    def result(self, run: JobRun, chunk: JobChunk) -> ChunkResult:
        """Done is what has left the queue; the rest waits, or was parked."""
        messages = OutboxMessage.objects.filter(pk__range=(chunk.first_key, chunk.last_key))
        if run.approved_id is not None:
            untried = OutboxMessage.objects.filter(pk=OuterRef("key"), state=State.QUEUED, attempts=OuterRef("seen"))
            self._items(run, chunk).exclude(Exists(untried)).update(outcome=RunItem.Outcome.DONE)
            self._items(run, chunk).update(outcome=RunItem.Outcome.LEFT_OUT)
            messages = messages.filter(pk__in=RunItem.objects.filter(run=run.approved_id).values("key"))
        waiting = messages.filter(state=State.QUEUED, created_at__lte=run.requested_at).count()
        parked = messages.filter(state=State.PARKED, next_attempt_at__gte=run.requested_at).count()
        failed = min(waiting + parked, chunk.size)
        return ChunkResult(done=chunk.size - failed, failed=failed)

    def tick(self, *, at: datetime) -> None:
        sweep_outbox(clock=_going_on_from(at), until=at + self.shift)

    @staticmethod
    def _items(run: JobRun, chunk: JobChunk) -> Any:
        """What the approved dry run foresaw in the chunk's range and nobody has spoken of yet."""
        return RunItem.objects.filter(
            run=run.approved_id, key__range=(chunk.first_key, chunk.last_key), outcome=RunItem.Outcome.FORESEEN
        )


def _going_on_from(at: datetime) -> Clock:
    """A clock that shows `at` now."""
    begun = time.monotonic()
    return lambda: at + timedelta(seconds=time.monotonic() - begun)
