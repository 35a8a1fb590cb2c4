"""The night that keeps what programmes earned and cost."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from memberships.jobs.renewals import keys_of
from memberships.models import Programme
from memberships.services import profit
from operations import registry
from operations.models import JobChunk, JobRun
from operations.services.jobs import ChunkPlan, ChunkResult, Job

#: As many ids of members at a time.
CHUNK_MEMBERS = 200_000


class RollUpProfit(Job):
    """Keeps the rows of every programme's profit and loss, by the day before the business date.

    A chunk is a range of members of a programme's source. Its sums are the run's own until the run has succeeded: a run
    that stopped has changed nothing, and goes on where it was when it is resumed. A run counts ids of members.
    """

    name = "roll_up_profit"
    label = _("reckon what programmes earned and cost")
    is_nightly = True

    @property
    def after(self) -> tuple[str, ...]:  # type: ignore[override]
        """The jobs of the night that write facts of earlier days; a night without them would be reckoned twice."""
        names = ("renew_subscriptions", "retry_payments", "resolve_unknown_payments", "post_pending_points",
                 "expire_points", "follow_rights", "expire_grants", "charge_late_fees",
                 "correct_late_fees")
        return tuple(name for name in names if registry.jobs.find(name))

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        for wanted in profit.to_roll_up(until=_until(run)):
            for keys in profit.ranges_of(wanted, size=CHUNK_MEMBERS):
                yield ChunkPlan(*keys, subject=wanted.subject)

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        profit.add_range(run, profit.wanted_of(chunk.subject), keys_of(chunk), until=_until(run))
        return ChunkResult(done=chunk.size)

    def finish(self, run: JobRun, *, at: datetime) -> None:
        """Only what is whole is kept."""
        if run.state == JobRun.State.SUCCEEDED:
            subjects = run.chunks.order_by("subject").values_list("subject", flat=True).distinct()
            profit.keep_rows(run, map(profit.wanted_of, subjects), until=_until(run))

    def subject_label(self, subject: str) -> str | Promise:
        """The programme, and what is reckoned."""
        wanted = profit.wanted_of(subject)
        source = registry.profit_sources.find(wanted.source)
        programme = Programme.objects.filter(pk=wanted.programme_id).first()
        return f"{programme or wanted.programme_id} · {source.label if source else wanted.source}"


def _until(run: JobRun) -> date:
    """The last whole day."""
    return run.business_date - timedelta(days=1)
