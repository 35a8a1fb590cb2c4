"""What will not be paid is written off, in parts or whole; and taken back, when it is paid after all.

A line has so much less open then: the room comes back, and what was overdue stops no more draws. Whether the firm is
given credit still is decided about its line: who thinks not suspends it (the request and the page say so).
"""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from credit.errors import AllocationError
from credit.models import CreditEntry, Invoice
from credit.services.allocations import book, by_hand, first_result, left_of, owe_again, refuse_more
from credit.services.lines import lock_line
from credit.services.signatures import sign
from operations.models import Approval, User

Kind = CreditEntry.Kind


@transaction.atomic
def write_off(
    invoice: Invoice, amount: Decimal, *, key: str, on: date, at: datetime, actor: User | None, reason: str,
    checker: User | None = None, approval: Approval | None = None,
) -> CreditEntry:
    """So much of an invoice is not expected any more.

    Raises AllocationError, KeyConflictError, ReservedKeyError, TwoPeopleError, ReasonMissingError.
    """
    sign(actor=actor, checker=checker, approval=approval, reason=reason, at=at)
    line = lock_line(invoice.line_id)
    if first := first_result(line, Kind.WRITE_OFF, key, amount, invoice_id=invoice.pk):
        return first
    refuse_more(amount, Invoice.objects.get(pk=invoice.pk).outstanding, _("open of the invoice"))
    return book(
        line, Kind.WRITE_OFF, amount, key=by_hand(key), on=on, at=at, actor=actor, reason=reason, invoice=invoice,
        checker=checker, approval=approval,
    )


@transaction.atomic
def recover(
    entry: CreditEntry, amount: Decimal, *, key: str, on: date, at: datetime, actor: User | None, reason: str,
    checker: User | None = None, approval: Approval | None = None,
) -> CreditEntry:
    """Take so much of a write-off back: the invoice is owed again. A closed line is taken up for it.

    Raises what `write_off` raises.
    """
    sign(actor=actor, checker=checker, approval=approval, reason=reason, at=at)
    line = lock_line(entry.line_id)
    if first := first_result(line, Kind.RECOVER, key, amount, invoice_id=entry.invoice_id, reverses_id=entry.pk):
        return first
    if entry.kind != Kind.WRITE_OFF:
        raise AllocationError(_("Only a write-off is taken back this way."))
    refuse_more(amount, left_of(entry), _("left of the write-off"))
    owe_again(line, on=on, at=at, actor=actor)
    return book(
        line, Kind.RECOVER, amount, key=by_hand(key), on=on, at=at, actor=actor, reason=reason,
        invoice_id=entry.invoice_id, reverses=entry, checker=checker, approval=approval,
    )
