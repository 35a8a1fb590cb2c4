"""What an operator does with receipts and write-offs: at once within their limit, else a request for a second person.

The actions are credit/receipt_approvals.py's; pages, commands and the API come in here.
"""

from datetime import date, datetime
from decimal import Decimal

from django.db.models import Sum

from credit.models import CreditEntry, CreditLine, Invoice, Receipt
from credit.services.invoices import BACK
from credit.services.receipt_import import total
from credit.services.receipts import Incoming, cleaned
from operations.approval_actions import approval_of
from operations.approvals import Outcome
from operations.models import Approval, ImportBatch, User
from operations.services.approvals import ask

#: The actions of maker and checker.
ENTER_RECEIPT = "enter_receipt"
MOVE_RECEIPT = "move_receipt"
REFUND_RECEIPT = "refund_receipt"
WRITE_OFF = "write_off_invoice"
RECOVER = "recover_write_off"
#: The kind of import that books what banks say came in.
RECEIPTS = "receipts"


def offer_receipt(incoming: Incoming, *, on: date, at: datetime, actor: User, reason: str) -> Outcome | Approval:
    """Enter a payment by hand. Raises what `enter_receipt` and services/approvals.ask raise."""
    incoming = cleaned(incoming, on=on)
    payload = {
        **incoming._asdict(), "amount": str(incoming.amount), "received_on": incoming.received_on.isoformat(),
        "entered_by": actor.pk, "entered_on": on.isoformat(),
    }
    return ask(ENTER_RECEIPT, payload, actor=actor, reason=reason, on=on, at=at)


def entered_alone(user_id: int, *, since: date, besides: ImportBatch | None = None) -> Decimal:
    """What a person entered from a business date on without anybody's approval, by hand and by files.

    Files of theirs that are being applied count whole, but for the one that is weighed itself.
    """
    pending = [
        batch for batch in ImportBatch.objects.filter(
            uploaded_by=user_id, importer=RECEIPTS, state=ImportBatch.State.APPLYING
        )
        if approval_of(batch) is None
    ]
    alone = Receipt.objects.filter(actor=user_id, on__gte=since, checker=None)
    booked = alone.exclude(batch__in=pending).aggregate(total=Sum("amount"))["total"] or Decimal(0)
    return booked + sum((total(batch) for batch in pending if batch != besides), Decimal(0))


def booked_alone(user_id: int, kind: str, *, on: date) -> Decimal:
    """What a person paid back, wrote off or credited on a business date without anybody's approval.

    Late fees that a run of theirs gave back follow from the facts, and do not count.
    """
    alone = CreditEntry.objects.filter(actor=user_id, on=on, kind=kind, checker=None)
    alone = alone.exclude(credit_note__key__startswith=BACK)
    return alone.aggregate(total=Sum("amount"))["total"] or Decimal(0)


def offer_move(
    receipt: Receipt, state: str, *, line: CreditLine | None = None, on: date, at: datetime, actor: User, reason: str
) -> Outcome | Approval:
    """Match it to a line, take it from its own (UNMATCHED), say that it bounced, or set it aside.

    Raises what the services of credit/services/receipts.py and services/approvals.ask raise.
    """
    payload = {"receipt": receipt.pk, "state": state, "line": line and line.pk}
    return ask(MOVE_RECEIPT, payload, actor=actor, reason=reason, on=on, at=at)


def offer_refund(
    receipt: Receipt, amount: Decimal, *, key: str, on: date, at: datetime, actor: User, reason: str
) -> Outcome | Approval:
    """Pay unapplied credit back. Raises what `refund_receipt` and services/approvals.ask raise."""
    payload = {"receipt": receipt.pk, "amount": str(amount), "key": key, **_asked(actor, on)}
    return ask(REFUND_RECEIPT, payload, actor=actor, reason=reason, on=on, at=at)


def offer_write_off(
    invoice: Invoice, amount: Decimal, *, key: str, on: date, at: datetime, actor: User, reason: str
) -> Outcome | Approval:
    """Write an invoice off, or a part of it. Raises what `write_off` and services/approvals.ask raise."""
    payload = {"invoice": invoice.pk, "amount": str(amount), "key": key, **_asked(actor, on)}
    return ask(WRITE_OFF, payload, actor=actor, reason=reason, on=on, at=at)


def offer_recovery(
    entry: CreditEntry, amount: Decimal, *, key: str, on: date, at: datetime, actor: User, reason: str
) -> Outcome | Approval:
    """Take a write-off back. Raises what `recover` and services/approvals.ask raise."""
    payload = {"entry": entry.pk, "amount": str(amount), "key": key}
    return ask(RECOVER, payload, actor=actor, reason=reason, on=on, at=at)


def _asked(actor: User, on: date) -> dict[str, object]:
    """Who asks, and when: what they did alone on that day counts."""
    return {"asked_by": actor.pk, "asked_on": on.isoformat()}
