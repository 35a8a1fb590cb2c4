"""The night that removes personal data: files of people whose accounts are closed, what past merges kept."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from memberships.services.erasure import remove_attachments, remove_strays
from memberships.services.import_erasure import search_files
from memberships.services.merges import forget_past_moves
from operations.models import JobChunk, JobRun
from operations.services.jobs import ChunkPlan, ChunkResult, Job


class EraseFiles(Job):
    """One chunk: erased attachments, files of notes that were never written, lists that name the forgotten, and what
    merges kept to be undone until their last day.
    """

    name = "erase_files"
    label = _("erase files of closed accounts")
    is_nightly = True

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        return [ChunkPlan(0, 0, 1)]

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        search_files(at=at)
        remove_attachments()
        remove_strays(at=at)
        forget_past_moves(on=run.business_date)
        return ChunkResult(done=1)
