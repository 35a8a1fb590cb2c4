"""Late fees: on the first of a month what the month before cost; each night what is known better since."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from credit.jobs.ageing import LineJob
from credit.services import late_fee_corrections, late_fees
from memberships.jobs.renewals import keys_of
from memberships.services.ranges import count_left_out, ranges_of_items
from operations.models import JobChunk, JobRun
from operations.services.jobs import ChunkPlan, ChunkResult


class ChargeLateFees(LineJob):
    """Charges late fees on the first of a month, where a policy has a rule; chunks are ranges of lines.

    A run counts the lines that it charged; one that executes a dry run, as failed those that it left.
    """

    name = "charge_late_fees"
    label = _("late fees")
    after = ("age_invoices",)
    kinds = {late_fees.LATE_FEE: _("late fee")}

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        if not late_fees.is_charging_day(run.business_date):
            return []
        if run.approved is not None:
            ranges = ranges_of_items(run.approved, size=settings.LATE_FEE_CHUNK_LINES)
        else:
            ranges = late_fees.charging_ranges(on=run.business_date, size=settings.LATE_FEE_CHUNK_LINES)
        return [ChunkPlan(*found) for found in ranges]

    def foresee(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> int:
        return late_fees.foresee_late_fees(run, keys_of(chunk))

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        charged = late_fees.charge_late_fees(
            keys_of(chunk), on=run.business_date, at=at, actor=run.requested_by, approved=run.approved
        )
        return ChunkResult(done=len(charged), failed=count_left_out(run.approved, keys_of(chunk)))


class CorrectLateFees(LineJob):
    """Gives late fees back that a month did not cost, or charges them again; chunks are ranges of lines.

    A run counts the lines of which it corrected some; one that executes a dry run, as failed those that it left.
    """

    name = "correct_late_fees"
    label = _("corrections of late fees")
    after = ("charge_late_fees",)
    kinds = {
        late_fee_corrections.GIVEN_BACK: _("late fee given back"),
        late_fee_corrections.CHARGED_AGAIN: _("late fee charged again"),
    }

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        if run.approved is not None:
            ranges = ranges_of_items(run.approved, size=settings.LATE_FEE_CHUNK_LINES)
        else:
            ranges = late_fee_corrections.correction_ranges(on=run.business_date, size=settings.LATE_FEE_CHUNK_LINES)
        return [ChunkPlan(*found) for found in ranges]

    def foresee(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> int:
        return late_fee_corrections.foresee_corrections(run, keys_of(chunk))

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        corrected = late_fee_corrections.correct_late_fees(
            keys_of(chunk), on=run.business_date, at=at, actor=run.requested_by, approved=run.approved
        )
        return ChunkResult(done=len(corrected), failed=count_left_out(run.approved, keys_of(chunk)))
