"""What is to be weighed before a payment is given back: days used, and what floors above know of the term.

Floors above register who tells it. How much is given back is the operator's word: no source names a rule.
"""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

from django.utils.translation import gettext as _

from memberships.models import Payment
from operations.registry import Registry

Fact = tuple[str, str]
CENT = Decimal("0.01")


class RefundFact(Protocol):
    """Tells one thing of the term that a payment paid for."""

    name: str

    def tell(self, payment: Payment, *, on: date) -> Fact | None:
        """What it is, and how much; None: nothing to be told of this one."""


refund_facts: Registry[RefundFact] = Registry("fact of refunds")


def days_left(payment: Payment, *, on: date) -> tuple[int, int, Decimal]:
    """Days of the term behind that day, all its days, and what those behind it come to of the price, in CNY.

    A day is used from its beginning on.
    """
    days = (payment.ends_on - payment.starts_on).days + 1
    used = min(max((on - payment.starts_on).days + 1, 0), days)
    left = days - used
    return left, days, (payment.amount * left / days).quantize(CENT, ROUND_HALF_UP)


def facts_of(payment: Payment, *, on: date) -> tuple[Fact, ...]:
    """In words, for the page that asks."""
    left, days, worth = days_left(payment, on=on)
    words = _("%(left)s of %(days)s, %(worth)s CNY") % {"left": left, "days": days, "worth": f"{worth:,}"}
    told = (fact.tell(payment, on=on) for fact in refund_facts)
    return (_("Days left after today"), words), *(each for each in told if each is not None)
