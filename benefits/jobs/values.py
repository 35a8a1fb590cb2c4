"""The night that keeps value statements: what each member saved in a term against its fee."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from benefits.models import ValueStatement
from benefits.services.value_runs import keep_statements, programmes_with_benefits
from memberships.jobs.renewals import keys_of
from memberships.models import Programme
from memberships.services.ranges import member_ranges
from operations.models import JobChunk, JobRun
from operations.services.jobs import ChunkPlan, ChunkResult, Job

#: As many ids of members at a time.
CHUNK_MEMBERS = 20_000


class ValueStatements(Job):
    """Once a month, on its first day, by the day before; and in the first night of all. Chunks are ranges of members of
    a programme, its subject. On other nights there is nothing to do: a member's page reckons theirs by today.

    A run counts ids of members that it looked at.
    """

    name = "value_statements"
    label = _("keep value statements")
    is_nightly = True
    after = ("follow_rights", "expire_grants")

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        if run.business_date.day != 1 and ValueStatement.objects.exists():
            return
        for programme in programmes_with_benefits():
            for keys in member_ranges(size=CHUNK_MEMBERS):
                yield ChunkPlan(*keys, subject=programme.code)

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        programme = Programme.objects.get(code=chunk.subject)
        keep_statements(programme, keys_of(chunk), on=run.business_date - timedelta(days=1))
        return ChunkResult(done=chunk.size)
