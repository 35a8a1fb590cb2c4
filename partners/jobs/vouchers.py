"""Voucher codes that are over, and pools that run low."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from memberships.jobs.renewals import keys_of
from memberships.services.ranges import count_left_out, ranges_of_items
from operations.dates import business_date
from operations.models import JobChunk, JobRun, RunItem
from operations.services.jobs import ChunkPlan, ChunkResult, Job
from partners.models import VoucherCode
from partners.services import voucher_import, vouchers

#: As many codes are marked in a transaction.
CHUNK_CODES = 50_000


class ExpireVoucherCodes(Job):
    """By night, ranges of codes whose last day is over.

    By day it gives codes to those who wait for one, tells of pools that run low, and erases files.
    """

    name = "expire_voucher_codes"
    label = _("mark voucher codes that are over")
    is_nightly = True
    unit = _("codes")
    decimals = 0
    kinds = {"expire": _("its last day is over")}
    every = timedelta(seconds=60)

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        if run.approved is not None:
            return [ChunkPlan(*found) for found in ranges_of_items(run.approved, size=CHUNK_CODES)]
        found = vouchers.expiring_ranges(on=run.business_date, size=CHUNK_CODES)
        return [ChunkPlan(*range_) for range_ in found]

    def foresee(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> int:
        return vouchers.foresee_expiry(run, keys_of(chunk))

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        keys = keys_of(chunk)
        done = vouchers.expire_range(keys, on=run.business_date, approved=run.approved)
        return ChunkResult(done=done, failed=count_left_out(run.approved, keys))

    def tick(self, *, at: datetime) -> None:
        vouchers.serve_waiting(on=business_date(at), at=at)
        vouchers.warn_of_low_stock(on=business_date(at), at=at)
        voucher_import.erase_files(at=at)

    def item_links(self, items: Sequence[RunItem]) -> dict[int, tuple[str, str]]:
        """What a code ends in, which is all that is shown of it."""
        codes = VoucherCode.objects.in_bulk([item.key for item in items])
        return {item.key: (str(codes[item.key]), "") for item in items if item.key in codes}
