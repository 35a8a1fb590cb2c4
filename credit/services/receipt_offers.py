"""What an operator does with receipts and write-offs: at once within their limit, else a request for a second person.

The actions are credit/receipt_approvals.py's; pages, commands and the API come in here.
"""

from datetime import date, datetime
from decimal import Decimal

from credit.models import CreditEntry, Invoice, Receipt
from credit.services.receipts import Incoming, cleaned
from operations.approvals import Outcome
from operations.models import Approval, User
from operations.services.approvals import ask

#: The actions of maker and checker.
ENTER_RECEIPT = "enter_receipt"
REFUND_RECEIPT = "refund_receipt"
WRITE_OFF = "write_off_invoice"
RECOVER = "recover_write_off"


def offer_receipt(incoming: Incoming, *, on: date, at: datetime, actor: User, reason: str) -> Outcome | Approval:
    """Enter a payment by hand. Raises what `enter_receipt` and services/approvals.ask raise."""
    incoming = cleaned(incoming, on=on)
    payload = {
        **incoming._asdict(), "amount": str(incoming.amount), "received_on": incoming.received_on.isoformat()
    }
    return ask(ENTER_RECEIPT, payload, actor=actor, reason=reason, on=on, at=at)


def offer_refund(
    receipt: Receipt, amount: Decimal, *, key: str, on: date, at: datetime, actor: User, reason: str
) -> Outcome | Approval:
    """Pay unapplied credit back. Raises what `refund_receipt` and services/approvals.ask raise."""
    payload = {"receipt": receipt.pk, "amount": str(amount), "key": key}
    return ask(REFUND_RECEIPT, payload, actor=actor, reason=reason, on=on, at=at)


def offer_write_off(
    invoice: Invoice, amount: Decimal, *, key: str, on: date, at: datetime, actor: User, reason: str
) -> Outcome | Approval:
    """Write an invoice off, or a part of it. Raises what `write_off` and services/approvals.ask raise."""
    payload = {"invoice": invoice.pk, "amount": str(amount), "key": key}
    return ask(WRITE_OFF, payload, actor=actor, reason=reason, on=on, at=at)


def offer_recovery(
    entry: CreditEntry, amount: Decimal, *, key: str, on: date, at: datetime, actor: User, reason: str
) -> Outcome | Approval:
    """Take a write-off back. Raises what `recover` and services/approvals.ask raise."""
    payload = {"entry": entry.pk, "amount": str(amount), "key": key}
    return ask(RECOVER, payload, actor=actor, reason=reason, on=on, at=at)
