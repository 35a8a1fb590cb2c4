"""A firm's statement of account for a month: what it owed, what was added and taken off, what it owes.

The balance is what is open less unapplied credit, so that an allocation moves nothing of it. An invoice counts from its
own date on, as in an ageing; all else from the ledger's business date on. What bounced stands in two lines where some
of it had been paid back: the claim of that, with its number and due day, and the rest.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from credit.errors import StatementMonthError
from credit.models import CreditEntry, CreditLine, LineVersion
from credit.services import statements
from credit.services.ageing import Aged, ageing_of
from credit.services.lines import limit_on
from memberships.dates import add_months

Kind = CreditEntry.Kind
ZERO = Decimal(0)
#: What moves a balance, up or down; the other kinds move money between its two parts.
SIGNS: Mapping[str, int] = {
    Kind.INVOICE: 1, Kind.LATE_FEE: 1, Kind.CREDIT_NOTE: -1, Kind.RECEIPT: -1, Kind.BOUNCE: 1, Kind.RECLAIM: 1,
    Kind.UNMATCH: 1, Kind.REFUND: 1, Kind.WRITE_OFF: -1, Kind.RECOVER: 1,
}


class Movement(NamedTuple):
    """What moved the balance: `amount` is signed, `balance` what was owed after it."""

    on: date
    kind: Kind
    number: str
    #: The order's number, the reason of a credit note, the payer's reference.
    note: str
    due_on: date | None
    amount: Decimal
    balance: Decimal


@dataclass(frozen=True)
class CreditStatement:
    """The statement of a month; of one that is not over, up to the day it was asked for."""

    line: CreditLine
    first: date
    last: date
    opening: Decimal
    movements: list[Movement]
    closing: Decimal
    #: Of it, what firms paid and no invoice took; the rest is `aged`.
    unapplied: Decimal
    aged: Aged
    #: The rule and the limit of the last day.
    terms: Mapping[str, Any] | None
    limit: Decimal

    def sum_of(self, *kinds: Kind) -> Decimal:
        """What movements of these kinds came to, signed."""
        return sum((move.amount for move in self.movements if move.kind in kinds), ZERO)

    @property
    def name(self) -> str:
        """Of a file of it, without the ending."""
        return f"statement-{self.line.member.number}-{self.first:%Y-%m}"


def statement_of(line: CreditLine, month: date, *, on: date) -> CreditStatement:
    """The statement of the month that a day is in, as known on `on`. StatementMonthError when it has not begun."""
    first = month.replace(day=1)
    if first > on:
        raise StatementMonthError(_("%(month)s has not begun yet.") % {"month": f"{first:%Y-%m}"})
    last = min(add_months(first, 1) - timedelta(days=1), on)
    opening, unapplied = balance_on(line, on=first - timedelta(days=1)), unapplied_on(line, on=last)
    movements = list(_movements(line, first, last, opening))
    version = LineVersion.objects.in_force(on=last).filter(line=line).first()
    return CreditStatement(
        line=line, first=first, last=last, opening=opening, movements=movements,
        closing=movements[-1].balance if movements else opening, unapplied=unapplied, aged=ageing_of([line], on=last),
        terms=version.terms if version else None, limit=limit_on(line, on=last),
    )


def balance_on(line: CreditLine, *, on: date) -> Decimal:
    """What was owed at the end of a day, less unapplied credit; below nought where the firm was owed."""
    return ageing_of([line], on=on).total - unapplied_on(line, on=on)


def unapplied_on(line: CreditLine, *, on: date) -> Decimal:
    """What had come in by the end of a day and no invoice had taken."""
    ((unapplied,),) = statements.rows("statements/unapplied", line=line.pk, on=on)
    return Decimal(unapplied)


def _movements(line: CreditLine, first: date, last: date, balance: Decimal) -> Iterable[Movement]:
    found = statements.rows("statements/movements", line=line.pk, first=first, last=last, kinds=list(SIGNS))
    for day, kind, number, note, due_on, amount in found:
        signed = SIGNS[kind] * amount
        balance += signed
        yield Movement(day, Kind(kind), number, note, due_on, signed, balance)
