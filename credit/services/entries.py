"""Entries of the ledger that are written together."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from credit.models import Authorisation, CreditEntry, Invoice
from operations.models import User


def entry_of(
    owner: Authorisation | Invoice, kind: CreditEntry.Kind, amount: Decimal, *, key: str, on: date, at: datetime,
    actor: User | None, **facts: Any,
) -> CreditEntry:
    """A movement on the line of an authorisation or invoice, to be written."""
    debit, credit = CreditEntry.accounts_of(kind, owner)
    return CreditEntry(
        member_id=owner.member_id, line_id=owner.line_id, key=key, kind=kind, debit=debit, credit=credit,
        amount=amount, on=on, at=at, actor=actor, **facts,
    )


def write_entries(entries: Sequence[CreditEntry]) -> None:
    """By one statement, so that the ledger's trigger sees them together."""
    CreditEntry.objects.bulk_create(entries)
