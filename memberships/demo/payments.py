"""What the demo's members paid in the past: payments, each attempt and answer, and the same in the gateway's books."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from memberships.demo.cards import Life
from memberships.gateways.sandbox.control import SandboxControl
from memberships.models import Payment, PaymentEvent, PaymentMethod, Term
from operations.dates import day_begins

State, Kind = Payment.State, PaymentEvent.Kind
#: Of a hundred renewals of the past, how many were declined at first and paid a day later.
PAID_LATER = 4
#: Charges that the gateway is told of at a time.
SEEDED_AT_A_TIME = 1_000
ANSWERED_WITHIN = timedelta(milliseconds=200)


@dataclass(frozen=True)
class Attempt:
    """When the gateway was asked, and whether it paid."""

    at: datetime
    is_paid: bool


@dataclass(frozen=True)
class Paid:
    """A term of the past that was paid for, and how."""

    term: Term
    method: PaymentMethod
    attempts: list[Attempt]


def make_payments(dice: random.Random, lives: Iterable[Life], gateway: SandboxControl) -> int:
    """The payments of all terms whose cards have a payment method, in the order of time; how many."""
    paid = [
        Paid(term, life.method, _attempts(dice, term)) for life in lives if life.method is not None
        for term in life.terms
    ]
    paid.sort(key=lambda each: (each.attempts[0].at, each.term.member_id))
    payments = [_payment(pk, each) for pk, each in zip(_reserve(len(paid)), paid, strict=True)]
    references = _tell(gateway, list(zip(payments, paid, strict=True)))
    for payment in payments:
        payment.reference = references[payment.attempt_key]
    Payment.objects.bulk_create(payments, batch_size=2_000)
    events = (
        event for payment, each in zip(payments, paid, strict=True) for event in _events(payment, each, references)
    )
    PaymentEvent.objects.bulk_create(events, batch_size=2_000)
    return len(payments)


def _attempts(dice: random.Random, term: Term) -> list[Attempt]:
    """A first term is paid by day, when it begins; a renewal at night, the plan's lead days ahead of its time."""
    if term.number == 1:
        return [Attempt(_instant(term.starts_on, 9 * 3600 + dice.randrange(12 * 3600)), True)]
    day = term.starts_on - timedelta(days=1 + term.plan.lead_days)
    first = Attempt(_instant(day, 600 + dice.randrange(120)), True)
    if dice.randrange(100) >= PAID_LATER:
        return [first]
    return [Attempt(first.at, False), Attempt(first.at + timedelta(days=1), True)]


def _instant(day: Any, seconds: int) -> datetime:
    return day_begins(day) + timedelta(seconds=seconds)


def _reserve(count: int) -> list[int]:
    """Keys for as many payments: the gateway knows a payment by its key before it is written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('memberships_payment', 'id')) FROM generate_series(1, %s)", [count]
        )
        return [key for (key,) in cursor.fetchall()]


def _payment(pk: int, paid: Paid) -> Payment:
    term, first, last = paid.term, paid.attempts[0], paid.attempts[-1]
    is_first = term.number == 1
    purpose = Payment.Purpose.START if is_first else Payment.Purpose.RENEWAL
    return Payment(
        pk=pk, member_id=term.member_id, subscription_id=term.subscription_id, programme_id=term.programme_id,
        plan=term.plan, method=paid.method, key=f"{purpose}:{term.subscription_id}:{term.starts_on}", purpose=purpose,
        amount=term.plan.price, term_number=term.number, starts_on=term.starts_on, ends_on=term.ends_on, term=term,
        state=State.SUCCEEDED, code="paid", attempt=len(paid.attempts), requested_on=first.at.date(),
        requested_at=last.at, answered_at=last.at + ANSWERED_WITHIN,
    )


def _tell(gateway: SandboxControl, made: list[tuple[Payment, Paid]]) -> dict[str, str]:
    """Book every attempt at the gateway, in the order of time; its references by the attempts' keys."""
    charges = [
        {
            "key": f"{payment.pk}-{number}", "token": paid.method.token, "amount": str(payment.amount),
            "at": (attempt.at + ANSWERED_WITHIN).isoformat(),
            **({} if attempt.is_paid else {"outcome": "soft", "code": "insufficient_funds"}),
        }
        for payment, paid in made
        for number, attempt in enumerate(paid.attempts, start=1)
    ]
    charges.sort(key=lambda charge: charge["at"])
    booked: dict[str, str] = {}
    for first in range(0, len(charges), SEEDED_AT_A_TIME):
        for charge in gateway.seed_charges(charges[first : first + SEEDED_AT_A_TIME]):
            booked[charge["key"]] = charge["reference"]
    return booked


def _events(payment: Payment, paid: Paid, references: dict[str, str]) -> Iterator[PaymentEvent]:
    """What was asked and what was answered."""
    for number, attempt in enumerate(paid.attempts, start=1):
        facts = {"member_id": payment.member_id, "payment": payment, "attempt": number, "on": attempt.at.date()}
        yield PaymentEvent(kind=Kind.REQUESTED, amount=payment.amount, at=attempt.at, **facts)
        yield PaymentEvent(
            kind=Kind.SUCCEEDED if attempt.is_paid else Kind.DECLINED, amount=payment.amount,
            code="paid" if attempt.is_paid else "insufficient_funds", reference=references[f"{payment.pk}-{number}"],
            at=attempt.at + ANSWERED_WITHIN, **facts,
        )
