"""The job that sums up a day's audit trail, once the day is over."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db.models import Max
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from operations.models import AuditDigest, JobChunk, JobRun
from operations.services.digests import DAY, Range, close_day, digest_range, ranges_until
from operations.services.job_kinds import ChunkPlan, ChunkResult, Job
from operations.trail import trail_tables


class DigestAuditTrail(Job):
    """The night of a date closes the day before. A chunk is a range of keys of one table."""

    name = "digest_audit_trail"
    label = _("digest the audit trail")
    is_nightly = True
    #: Each waits a minute for whoever still writes.
    attempts = 30

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        """What came up to the end of the day and no digest covers: more where days before were left out."""
        if AuditDigest.objects.filter(on__gte=_closed_by(run)).exists():
            return []
        return [
            ChunkPlan(part.first, part.last, part.last - max(part.first, 1) + 1, part.table)
            for part in ranges_until(_closed_by(run), planned=_planned(self.name))
        ]

    def subject_label(self, subject: str) -> str | Promise:
        return label_of(subject)

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        digest_range(_closed_by(run), Range(chunk.subject, chunk.first_key, chunk.last_key))
        return ChunkResult(done=chunk.size)

    def finish(self, run: JobRun, *, at: datetime) -> None:
        """Close the days whose parts are there, in their order: one that is not whole keeps the later ones open."""
        last = AuditDigest.objects.order_by("-on").values_list("on", flat=True).first()
        runs = JobRun.objects.filter(job=self.name, is_dry_run=False).order_by("business_date")
        if last is not None:
            runs = runs.filter(business_date__gt=last + DAY)
        for day in runs.values_list("business_date", flat=True).distinct():
            chunks = JobChunk.objects.filter(run__in=runs.filter(business_date=day))
            if chunks.exclude(state=JobChunk.State.DONE).exists():
                return
            close_day(day - DAY, at=at)


def _closed_by(run: JobRun) -> date:
    return run.business_date - DAY


def _planned(job: str) -> dict[str, int]:
    """By table, the last key of what earlier runs were to cover and have not: theirs still, once they are resumed."""
    stopped = JobRun.objects.filter(job=job, is_dry_run=False).exclude(state=JobRun.State.SUCCEEDED)
    chunks = JobChunk.objects.filter(run__in=stopped).exclude(state=JobChunk.State.DONE)
    return dict(chunks.values_list("subject").annotate(Max("last_key")).order_by())


def label_of(table_name: str) -> str:
    """A table of the trail in words; its name when there is none of that name any more."""
    for table in trail_tables():
        if table.name == table_name:
            return f"{table.told._meta.verbose_name_plural} ({table_name})"
    return table_name
