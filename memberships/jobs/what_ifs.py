"""The job that counts what-ifs: what somebody's rules would make of all members' tiers."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from memberships.jobs.renewals import keys_of
from memberships.services import what_ifs
from memberships.services.tier_forecasts import wallet_ranges
from operations.models import JobChunk, JobRun
from operations.services.jobs import ChunkPlan, ChunkResult, Job


class CountWhatIfs(Job):
    """Asked for by somebody, not by the night: chunks are ranges of wallets on a ladder, which is their subject.

    A run counts keys of wallets that it looked at, so that nothing has to be counted before it begins.
    """

    name = what_ifs.COUNT_WHAT_IFS
    label = _("count a what-if")

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        for code in what_ifs.outlines_of(what_ifs.what_if_of(run)):
            for keys in wallet_ranges():
                yield ChunkPlan(keys.first, keys.last, keys.last - keys.first + 1, subject=code)

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        what_ifs.count_wallets(what_ifs.what_if_of(run), chunk.subject, keys_of(chunk))
        return ChunkResult(done=chunk.size)

    def finish(self, run: JobRun, *, at: datetime) -> None:
        if run.state == JobRun.State.SUCCEEDED:
            what_ifs.end_what_if(what_ifs.what_if_of(run), at=at)
