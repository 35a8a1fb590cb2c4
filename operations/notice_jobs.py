"""The job that tells people, after all that there is to be told of."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from operations import registry
from operations.models import JobChunk, JobRun, RunItem
from operations.owners import number_of
from operations.services import notices
from operations.services.job_kinds import ChunkPlan, ChunkResult, Job


class SendNotices(Job):
    """Writes the notices of a business date; the outbox sends them. A chunk is a range of one kind's records."""

    name = "send_notices"
    label = _("send notices")
    is_nightly = True

    @property
    def after(self) -> tuple[str, ...]:  # type: ignore[override]
        """What any kind has to wait for."""
        return tuple(sorted({name for kind in registry.notices for name in kind.after}))

    @property
    def kinds(self) -> dict[str, str | Promise]:  # type: ignore[override]
        return {kind.name[:32]: kind.label for kind in registry.notices}

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        return [
            ChunkPlan(span.first, span.last, span.size, kind.name)
            for kind in registry.notices
            for span in notices.notice_ranges(
                kind, on=run.business_date, at=run.requested_at, size=settings.NOTICE_CHUNK_ROWS
            )
        ]

    def subject_label(self, subject: str) -> str | Promise:
        kind = registry.notices.find(subject)
        return kind.label if kind else subject

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        """What was told before, or is not to be told any more, is done, too; what a dry run's execution left is not."""
        kind, span = registry.notices.get(chunk.subject), notices.Span(chunk.first_key, chunk.last_key)
        told = notices.tell_range(kind, span, on=run.business_date, at=at, approved=run.approved)
        if run.approved is None:
            return ChunkResult(done=chunk.size)
        left = notices.items_of(run.approved, kind, span).filter(outcome=RunItem.Outcome.LEFT_OUT).count()
        return ChunkResult(done=told, failed=left)

    def foresee(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> int:
        kind, span = registry.notices.get(chunk.subject), notices.Span(chunk.first_key, chunk.last_key)
        notices.foresee_notices(run, kind, span, at=at)
        return int(notices.items_of(run, kind, span).count())

    def item_links(self, items: Sequence[RunItem]) -> dict[int, tuple[str, str]]:
        """The member's number, and the page of the record."""
        links = {}
        for item in items:
            kind, key = notices.record_of(item.key)
            links[item.key] = (number_of(item.owner or 0), kind.page_of(key)[1])
        return links
