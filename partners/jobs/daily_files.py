"""The night's files to partners, and what becomes of them by day."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from memberships.jobs.renewals import answered_on
from memberships.models import Member
from operations.models import JobChunk, JobRun, RunItem
from operations.services.job_kinds import CallingJob, ChunkPlan, ChunkResult
from partners.models import Command, DailyFile, Partner
from partners.services import daily_files
from partners.services.daily_files import Reply

log = structlog.get_logger(__name__)


class SendDailyFiles(CallingJob):
    """A chunk is a partner: its file of the business date is made, and sent. Ticks send again, and fetch results."""

    name = "send_daily_files"
    label = _("send daily files to partners")
    is_nightly = True
    after = ("follow_rights", "follow_status_matches")
    kinds = dict(Command.Kind.choices)
    every = timedelta(seconds=30)

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        return [
            ChunkPlan(due.id, due.id, due.commands, due.code) for due in daily_files.due_partners(at=run.requested_at)
        ]

    def foresee(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> int:
        return daily_files.foresee_file(run, partner=chunk.first_key)

    def intend(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> Any:
        partner = Partner.objects.get(pk=chunk.first_key)
        return daily_files.make_file(partner, on=run.business_date, at=at, approved=run.approved), at

    def call(self, intended: Any) -> Iterator[tuple[DailyFile, Reply]]:
        file, at = intended
        reply = daily_files.speak(file, at=at) if file is not None and file.state == DailyFile.State.MADE else None
        if reply is not None:
            yield file, reply

    def record(self, run: JobRun, chunk: JobChunk, answers: tuple[DailyFile, Reply], *, at: datetime) -> None:
        file, reply = answers
        daily_files.note_reply(file, reply, on=answered_on(run, at), at=at)

    def result(self, run: JobRun, chunk: JobChunk) -> ChunkResult:
        if run.approved is not None:
            daily_files.mark_filed(run.approved, partner=chunk.first_key)
        file = DailyFile.objects.filter(partner=chunk.first_key, business_date=run.business_date).first()
        done = min(chunk.size, file.count) if file and file.state != DailyFile.State.MADE else 0
        return ChunkResult(done=done, failed=chunk.size - done)

    def tick(self, *, at: datetime) -> None:
        for file in daily_files.open_files(at=at):
            try:
                daily_files.work_on(file, clock=timezone.now)
            except Exception:
                # The others have their turn all the same.
                log.exception("daily_file_not_worked_on", file=file.name)

    def subject_label(self, subject: str) -> str:
        return str(Partner.objects.get(code=subject))

    def item_links(self, items: Sequence[RunItem]) -> dict[int, tuple[str, str]]:
        """The member's number; the fulfilment stands in the admin's list."""
        return {item.key: (Member(pk=item.owner).number, "") for item in items}
