"""What the database refuses of payments, their events and refunds, whoever asks: facts stay, paths are kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from memberships.models import Payment, PaymentEvent, Refund, Subscription
from memberships.services.ranges import EVERYTHING
from memberships.services.renewals import request_renewals
from tests.memberships.factories import a_card, a_method, a_monthly_card, jd_plus_enterprise
from tests.memberships.night_stories import at_night

pytestmark = pytest.mark.django_db

JOINED = date(2027, 1, 1)
EVE = date(2027, 1, 30)


@contextmanager
def refused(words: str) -> Iterator[None]:
    """What is done inside breaks a rule of the database, at the latest when the constraints are looked at."""
    with pytest.raises(DatabaseError, match=words), transaction.atomic():
        yield
        connection.check_constraints()


@pytest.fixture
def payment() -> Payment:
    """The open payment of a card's February."""
    a_card(a_monthly_card(), on=JOINED)
    request_renewals(EVERYTHING, on=EVE, at=at_night(EVE), actor=None)
    return Payment.objects.get()


@pytest.fixture
def paid(payment: Payment) -> Payment:
    return become(payment, state="succeeded", next_ask_at=None)


def become(payment: Payment, **facts: Any) -> Payment:
    """The payment with these facts, by plain SQL."""
    assert Payment.objects.filter(pk=payment.pk).update(**facts) == 1
    payment.refresh_from_db()
    return payment


def copied(payment: Payment, **facts: Any) -> Payment:
    """Another payment that differs in these facts."""
    payment = Payment.objects.get(pk=payment.pk)
    payment.pk = None
    for name, value in facts.items():
        setattr(payment, name, value)
    payment.save(force_insert=True)
    return payment


@pytest.mark.parametrize(
    "facts",
    [
        {"amount": Decimal("1.00")}, {"key": "renewal:0:2027-02-01"}, {"purpose": "start"}, {"term_number": 7},
        {"starts_on": EVE}, {"ends_on": date(2028, 1, 1)}, {"requested_on": JOINED},
    ],
)
def test_what_is_owed_never_changes(payment: Payment, facts: dict[str, Any]) -> None:
    with refused("Cannot update"):
        become(payment, **facts)


def test_payments_and_events_are_never_deleted(payment: Payment) -> None:
    for table in ("memberships_payment", "memberships_paymentevent"):
        for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
    assert Payment.objects.count() == PaymentEvent.objects.count() == 1


def test_events_are_never_rewritten(payment: Payment) -> None:
    with refused("Cannot update"):
        payment.events.update(kind="declined")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("succeeded", "requested"), ("succeeded", "declined"), ("succeeded", "unknown"), ("abandoned", "requested"),
        ("abandoned", "succeeded"), ("declined", "succeeded"), ("declined", "unknown"), ("requested", "abandoned"),
    ],
)
def test_payment_takes_no_other_path(payment: Payment, before: str, after: str) -> None:
    decline = {"decline": "hard", "next_ask_at": None}
    steps = {
        "requested": [],
        "succeeded": [{"state": "succeeded", "next_ask_at": None}],
        "declined": [{"state": "declined", **decline}],
        "abandoned": [{"state": "declined", **decline}, {"state": "abandoned"}],
    }
    for step in steps[before]:
        become(payment, **step)
    is_open, has_decline = after in ("requested", "unknown"), after in ("declined", "abandoned")
    facts = {"next_ask_at": at_night(EVE) if is_open else None, "decline": "hard" if has_decline else ""}
    with refused(f"(?s){before}.*{after}"):
        become(payment, state=after, **facts)


@pytest.mark.parametrize(
    ("facts", "constraint"),
    [
        ({"next_ask_at": None}, "payment_open_is_asked_about"),
        ({"state": "succeeded"}, "payment_open_is_asked_about"),
        ({"state": "declined", "next_ask_at": None}, "payment_declined_soft_or_hard"),
        ({"decline": "soft"}, "payment_decline_said"),
        (
            {"state": "declined", "decline": "hard", "next_ask_at": None, "next_attempt_on": EVE},
            "payment_only_soft_is_retried",
        ),
        ({"refunded": Decimal("1.00")}, "payment_refunded_when_paid"),
    ],
)
def test_payment_that_contradicts_itself_is_refused(payment: Payment, facts: dict[str, Any], constraint: str) -> None:
    with refused(constraint):
        become(payment, **facts)


@pytest.mark.parametrize("amount", ["15.01", "-0.01"])
def test_more_than_was_paid_is_never_given_back(paid: Payment, amount: str) -> None:
    with refused("payment_refunded_within_amount"):
        become(paid, refunded=Decimal(amount))


def test_member_pays_for_one_thing_once(payment: Payment) -> None:
    with refused("payment_key"):
        copied(payment)


def test_payment_below_nothing_or_for_no_day_is_refused(payment: Payment) -> None:
    with refused("payment_amount_not_negative"):
        copied(payment, key="other", amount=Decimal("-1.00"))
    with refused("payment_term_not_empty"):
        copied(payment, key="other", ends_on=EVE)


def test_payment_for_another_members_card_or_another_programmes_plan_is_refused(payment: Payment) -> None:
    other = a_card(payment.plan, on=JOINED)
    with refused("payment_of_members_subscription"):
        copied(payment, key="other", subscription=other)
    with refused("payment_plan_of_programme"):
        copied(payment, key="other", plan=a_monthly_card(jd_plus_enterprise(), code="firms"))


def test_attempt_is_begun_and_answered_once(payment: Payment) -> None:
    event = {
        "member": payment.member, "payment": payment, "attempt": 1, "on": EVE, "at": at_night(EVE),
    }
    PaymentEvent.objects.create(kind="unknown", **event)
    PaymentEvent.objects.create(kind="unknown", **event)
    with refused("paymentevent_once"):
        PaymentEvent.objects.create(kind="requested", **event)
    PaymentEvent.objects.create(kind="succeeded", **event)
    with refused("paymentevent_paid_once"):
        PaymentEvent.objects.create(kind="succeeded", **{**event, "attempt": 2})


def a_refund(payment: Payment, **facts: Any) -> Refund:
    defaults = {
        "member": payment.member, "payment": payment, "number": 1, "amount": Decimal("5.00"), "reason": "not used",
        "requested_on": EVE, "requested_at": at_night(EVE), "next_ask_at": at_night(EVE),
    }
    return Refund.objects.create(**{**defaults, **facts})


def test_refund_has_an_amount_a_reason_and_nobody_beside_it(paid: Payment) -> None:
    for facts, constraint in (
        ({"amount": Decimal("0.00")}, "refund_amount_positive"), ({"reason": ""}, "refund_has_reason"),
    ):
        with refused(constraint):
            a_refund(paid, **facts)
    a_refund(paid)
    with refused("refund_one_open"):
        a_refund(paid, number=2)
    with refused("refund_number"):
        a_refund(paid, state="succeeded")


def test_refund_is_never_deleted_and_what_it_gives_back_never_changes(paid: Payment) -> None:
    refund = a_refund(paid)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM memberships_refund")
    for facts in ({"amount": Decimal("6.00")}, {"ends_card": False}, {"reason": "other"}, {"number": 2}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Refund.objects.filter(pk=refund.pk).update(**facts)
    Refund.objects.filter(pk=refund.pk).update(state="succeeded")
    with refused("(?s)succeeded.*requested"):
        Refund.objects.filter(pk=refund.pk).update(state="requested")


@pytest.mark.parametrize(
    ("facts", "constraint"),
    [
        ({"lapsed_on": EVE}, "subscription_ended_before_lapsed"),
        ({"lapsed_on": EVE, "ended_on": EVE}, "subscription_ended_before_lapsed"),
        ({"lapsed_on": EVE, "ended_on": JOINED, "cancelled_on": JOINED}, "subscription_ended_before_lapsed"),
        ({"refunded_on": EVE}, "subscription_ended_by_refund"),
    ],
)
def test_card_that_lapsed_or_was_refunded_has_an_end(facts: dict[str, Any], constraint: str) -> None:
    card = a_card(a_monthly_card(), on=JOINED)
    with refused(constraint):
        Subscription.objects.filter(pk=card.pk).update(**facts)


def test_method_that_is_removed_before_it_was_added_or_says_nothing_is_refused() -> None:
    method = a_method(a_card(a_monthly_card(), on=JOINED).member, on=EVE)
    with refused("paymentmethod_removed_after_added"):
        type(method).objects.filter(pk=method.pk).update(removed_on=JOINED)
    with refused("paymentmethod_complete"):
        type(method).objects.filter(pk=method.pk).update(token="")
