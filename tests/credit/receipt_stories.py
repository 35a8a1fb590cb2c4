"""Payments of a firm, as the bank tells of them, and what the books say afterwards."""

from datetime import date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from credit.models import CreditEntry, CreditLine, CreditPolicy, Invoice, Receipt
from credit.services.receipts import Incoming, enter_receipt
from memberships.models import EnterpriseCustomer
from operations import registry
from operations.services.books import Difference, period_until
from tests.credit.credit_stories import TODAY, fresh, morning

_numbers = count(1)


def name_of(line: CreditLine) -> str:
    """The legal name of the firm."""
    return EnterpriseCustomer.objects.get(pk=line.member_id).legal_name


def incoming(amount: str | int, **facts: Any) -> Incoming:
    """A payment of somebody whom we do not know; each call makes another."""
    number = next(_numbers)
    defaults = {
        "key": f"BANK-{number:06d}", "payer_name": "上海不知名商行", "amount": Decimal(amount), "received_on": TODAY,
    }
    return Incoming(**{**defaults, **facts})


def received(
    amount: str | int, *, on: date = TODAY, actor: Any = None, at: datetime | None = None, **facts: Any
) -> Receipt:
    """A payment, entered by hand."""
    facts = {"received_on": on, **facts}
    return enter_receipt(incoming(amount, **facts), on=on, at=at or morning(on), actor=actor)


def paid_by(line: CreditLine, amount: str | int, **facts: Any) -> Receipt:
    """A payment in the firm's name."""
    return received(amount, payer_name=name_of(line), **facts)


def allocations(receipt: Receipt) -> dict[str, Decimal]:
    """By invoice number what the receipt pays now."""
    paid: dict[str, Decimal] = {}
    for entry in CreditEntry.objects.filter(receipt=receipt, kind__in=["allocate", "deallocate"]).order_by("pk"):
        assert entry.invoice is not None
        sign = 1 if entry.kind == "allocate" else -1
        paid[entry.invoice.number] = paid.get(entry.invoice.number, Decimal(0)) + sign * entry.amount
    return {number: amount for number, amount in paid.items() if amount}


def outstanding(*invoices: Invoice) -> list[Decimal]:
    """What is open of each."""
    return [fresh(invoice).outstanding for invoice in invoices]


def the_order(*rules: str) -> None:
    """The order of allocation of the policy there is."""
    CreditPolicy.objects.update(allocation=list(rules))


CHECKS = (
    "credit_lines", "credit_customers", "credit_invoices", "credit_receipts", "credit_authorisations",
    "credit_entries", "credit_signatures", "credit_totals",
)


def differences() -> list[Difference]:
    """What the audit finds in the books of credit."""
    period = period_until(TODAY, at=morning(TODAY))
    checks = [registry.book_checks.get(name) for name in CHECKS]
    return [
        found for check in checks for keys in check.ranges(period) for found in check.differences(keys, period)
    ]


def faults() -> set[tuple[str, str]]:
    """(fault, key) of what the audit finds."""
    return {(found.fault, found.key) for found in differences()}
