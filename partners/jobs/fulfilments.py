"""The job that tells partners what to do: every few seconds in passing, and by night with a page and a dry run."""

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from memberships.jobs.renewals import answered_on
from memberships.models import Member
from operations.models import JobChunk, JobRun, RunItem
from operations.services.job_kinds import CallingJob, ChunkPlan, ChunkResult
from partners.connectors.base import Answer
from partners.models import Command, Partner
from partners.services import commands
from partners.services.commands import Clock, Span

log = structlog.get_logger(__name__)


class FulfilBenefits(CallingJob):
    """Sends due commands to partners' APIs and asks about those without an answer; chunks are ranges of a partner's.

    What waits for its next attempt is counted as failed; ticks go on with it. A run leaves a partner to the worker that
    is speaking to it.
    """

    name = "fulfil_benefits"
    label = _("tell partners what to fulfil")
    is_nightly = True
    after = ("enter_grace_and_lapse", "follow_rights")
    kinds = dict(Command.Kind.choices)
    every = timedelta(seconds=5)
    #: A tick spends so long on a partner, so that the others have their turn.
    shift = timedelta(seconds=20)

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        found = commands.due_ranges(
            at=run.requested_at, size=settings.FULFIL_CHUNK_COMMANDS, approved=run.approved
        )
        return [ChunkPlan(*range_) for range_ in found]

    def foresee(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> int:
        return commands.foresee_commands(run, _span(run, chunk), partner=chunk.subject)

    def intend(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> Any:
        """Of whom, and at what time. Each claim is committed by itself, just before its commands are sent."""
        span = _span(run, chunk)
        if run.approved is not None:
            commands.leave_out_changed(run.approved, span)
        return Partner.objects.get(code=chunk.subject), span, at

    def call(self, intended: Any) -> Iterator[list[Answer]]:
        partner, span, at = intended
        yield from commands.deliveries(partner, span, clock=_going_on_from(at))

    def record(self, run: JobRun, chunk: JobChunk, answers: list[Answer], *, at: datetime) -> None:
        commands.record_answers(answers, on=answered_on(run, at), at=at)

    def result(self, run: JobRun, chunk: JobChunk) -> ChunkResult:
        span = _span(run, chunk)
        if run.approved is not None:
            commands.mark_tried(run.approved, span)
        waiting = commands.count_open(span, partner=chunk.subject, until=run.requested_at)
        failed = min(waiting, chunk.size)
        return ChunkResult(done=chunk.size - failed, failed=failed)

    def tick(self, *, at: datetime) -> None:
        clock = _going_on_from(at)
        for partner in commands.due_partners(at=at):
            try:
                commands.send_commands(partner, clock=clock, until=clock() + self.shift)
            except Exception:
                # The others have their turn all the same.
                log.exception("commands_not_sent", partner=partner.code)

    def subject_label(self, subject: str) -> str:
        return str(Partner.objects.get(code=subject))

    def item_links(self, items: Sequence[RunItem]) -> dict[int, tuple[str, str]]:
        """The member's number; the page of the fulfilment stands in the admin's list."""
        return {item.key: (Member(pk=item.owner).number, "") for item in items}


def _span(run: JobRun, chunk: JobChunk) -> Span:
    return Span(chunk.first_key, chunk.last_key, run.approved_id)


def _going_on_from(at: datetime) -> Clock:
    """A clock that shows `at` now."""
    begun = time.monotonic()
    return lambda: at + timedelta(seconds=time.monotonic() - begun)
