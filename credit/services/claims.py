"""What a firm owes because a payment bounced of which some had been paid back to it: an invoice of its own kind."""

from datetime import date, datetime

from credit.models import CreditEntry, CreditLine, Invoice, Receipt
from credit.services.allocations import book
from credit.services.numbers import free_number
from operations.models import Approval, User


def claim_refunded(
    line: CreditLine, receipt: Receipt, *, on: date, at: datetime, actor: User | None, reason: str,
    checker: User | None, approval: Approval | None,
) -> Invoice:
    """Claim what was paid back of a receipt that bounces: due at once, no draw, and never refused by the limit.

    The line is locked and not closed. Nothing counts as paid back of the receipt any more; it is unapplied until the
    bounce takes it. A receipt bounces once, so that its claim is named after it.
    """
    claim = Invoice.objects.create(
        member_id=line.member_id, line=line, kind=Invoice.Kind.CLAIM, key=f"claim:{receipt.pk}",
        number=free_number(f"RC{on:%Y%m}-{receipt.pk}"), amount=receipt.refunded, invoiced_on=on, due_on=on,
        terms={"steps": [{"step": "claim", "day": on.isoformat()}], "receipt": receipt.pk}, actor=actor, at=at,
    )
    book(
        line, CreditEntry.Kind.RECLAIM, claim.amount, key=f"reclaim:{receipt.pk}", on=on, at=at, actor=actor,
        reason=reason, receipt=receipt, invoice=claim, checker=checker, approval=approval,
    )
    return claim
