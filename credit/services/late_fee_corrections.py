"""Late fees that were charged before it was known what their month costs: given back, or charged again, by night.

A payment that was on our account in time and is booked after its month was charged, and a pause that two people enter
for the past, make the month cost less than was charged: the difference is credited, by a credit note of the fee. A
payment that the bank takes back, or that turns out to be another's, was never one: what was given back because of it is
charged again, by a further fee of the month. So nobody gives a fee back by a receipt that is entered for a night. What
was let go by hand stays let go, and months that nobody was charged for stay so.

Each night looks at what was entered in the LOOKED_BACK days before (sql/late_fees/corrections.sql). It compares what
is claimed with what the month costs, so that a repeat, or a night that is made up for, finds nothing to do.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from json import loads
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from credit.models import CreditEntry, CreditLine, Invoice
from credit.services import statements
from credit.services.entries import entry_of, write_entries
from credit.services.holidays import due_of
from credit.services.invoices import BACK, credit_invoice
from credit.services.lines import version_on
from credit.services.numbers import free_number
from memberships.services.ranges import EVERYTHING, KeyRange, SizedRange, mark_items
from operations.models import JobRun, User

#: Kinds of items of a dry run.
GIVEN_BACK, CHARGED_AGAIN = "given_back", "charged_again"
#: Two months: nights that did not run are made up for long before.
LOOKED_BACK = timedelta(days=62)


def correction_ranges(*, on: date, size: int) -> list[SizedRange]:
    """Ranges of ids with `size` lines each of which late fees are to be corrected."""
    found = statements.rows(
        "late_fees/correction_ranges", since=on - LOOKED_BACK, size=size, **EVERYTHING._asdict()
    )
    return [SizedRange(*each) for each in found]


def foresee_corrections(run: JobRun, keys: KeyRange) -> int:
    """Write a RunItem for each line of a range of which late fees would be corrected; how many."""
    since = run.business_date - LOOKED_BACK
    return statements.run("late_fees/foresee_corrections", run=run.pk, since=since, **keys._asdict())


@transaction.atomic
def correct_late_fees(
    keys: KeyRange, *, on: date, at: datetime, actor: User | None, approved: JobRun | None = None
) -> list[int]:
    """Correct the late fees of a range's lines; the lines of which some were. Locks them in key order."""
    statement = {"since": on - LOOKED_BACK, "approved": approved and approved.pk, **keys._asdict()}
    locked = [line for (line,) in statements.rows("late_fees/lock_corrected", **statement)]
    found = statements.rows("late_fees/to_correct", locked=locked, **statement) if locked else []
    lines = CreditLine.objects.in_bulk([line for line, *_facts in found])
    who: dict[str, Any] = {"on": on, "at": at, "actor": actor}
    for line, month, back, again, rule, invoices in found:
        if back:
            _give_back(lines[line], month, back, **who)
        if again:
            _charge_again(lines[line], month, again, {**loads(rule), "invoices": loads(invoices)}, **who)
    done = list(lines)
    mark_items(approved, keys, done=done)
    return done


def _give_back(
    line: CreditLine, month: date, amount: Decimal, *, on: date, at: datetime, actor: User | None
) -> None:
    """Credit so much of a month's fees, the latest first; the line is locked."""
    reason = _("Late fee of %(month)s: by what is known now so much less was overdue.") % {"month": f"{month:%Y-%m}"}
    for fee in _fees(line, month).order_by("-pk"):
        part = min(fee.amount - fee.credited - fee.written_off, amount)
        if part > 0:
            key = f"{BACK}{fee.pk}:{fee.credit_notes.count()}"
            credit_invoice(fee, part, key=key, on=on, at=at, actor=actor, reason=reason)
            amount -= part


def _charge_again(
    line: CreditLine, month: date, amount: Decimal, rule: Mapping[str, Any], *, on: date, at: datetime,
    actor: User | None,
) -> None:
    """Charge so much of a month once more, by an invoice of its own; the line is locked, and not closed."""
    terms, place = version_on(line, on=on).terms, _fees(line, month).count() + 1
    due = due_of(terms, on)
    fee = Invoice.objects.create(
        member_id=line.member_id, line=line, kind=Invoice.Kind.LATE_FEE,
        key=f"late-fee:{line.pk}:{month:%Y-%m}:{place}", number=free_number(f"LF{month:%Y%m}-{line.pk}"),
        amount=amount, invoiced_on=on, due_on=due.day,
        terms={"rule": terms, "steps": due.steps, "late_fee": {**rule, "month": f"{month:%Y-%m}"}}, actor=actor, at=at,
    )
    write_entries([
        entry_of(fee, CreditEntry.Kind.LATE_FEE, amount, key=fee.key, on=on, at=at, actor=actor, invoice=fee)
    ])


def _fees(line: CreditLine, month: date) -> Any:
    """What a line was charged for a month."""
    return line.invoices.filter(kind=Invoice.Kind.LATE_FEE, terms__late_fee__month=f"{month:%Y-%m}")
