"""Payments, tampered with: against their terms, their events and their refunds."""

from datetime import timedelta
from decimal import Decimal

import pytest

from memberships.models import Payment, Term
from memberships.services.payments import retry_payment
from memberships.services.refunds import refund_payment
from tests.gateway import GatewayForTests
from tests.memberships.books_stories import EVE, a_renewed_card, behind_the_back, differences, faults
from tests.memberships.night_stories import at_night

pytestmark = pytest.mark.django_db(transaction=True)


def refund(payment: Payment, amount: str, *, ends_card: bool = False) -> None:
    refund_payment(
        payment, amount=Decimal(amount), ends_card=ends_card, on=EVE, at=at_night(EVE), reason="moved", actor=None
    )


@pytest.mark.parametrize("token", ["tok_ok", "tok_soft", "tok_hard"])
def test_what_a_night_leaves_is_in_order(gateway: GatewayForTests, token: str) -> None:
    a_renewed_card(gateway, token)
    assert differences() == []


@pytest.mark.parametrize("ends_card", [True, False])
@pytest.mark.parametrize("amount", ["99.00", "40.00"])
def test_what_a_refund_leaves_is_in_order(gateway: GatewayForTests, amount: str, ends_card: bool) -> None:
    card, payment = a_renewed_card(gateway)
    refund(payment, amount, ends_card=ends_card)
    card.refresh_from_db()
    assert (card.refunded_on is not None) == ends_card
    assert differences() == []


def test_money_that_was_taken_and_nothing_given(gateway: GatewayForTests) -> None:
    card, payment = a_renewed_card(gateway)
    behind_the_back("UPDATE memberships_payment SET term_id = NULL")
    found = {difference.fault: difference for difference in differences()}
    # The term is there, but now it is one that nobody paid for: the first of the card that could have been.
    assert set(found) == {"paid_without_term"}
    assert (found["paid_without_term"].key, found["paid_without_term"].owner) == (str(payment.pk), card.member_id)
    assert (found["paid_without_term"].expected, found["paid_without_term"].found) == ("2: 2028-01-15", "–")
    refund(Payment.objects.get(), "99.00")
    assert differences() == []


def test_a_small_refund_does_not_hide_money_that_was_taken_and_nothing_given(gateway: GatewayForTests) -> None:
    _card, payment = a_renewed_card(gateway)
    behind_the_back("DELETE FROM memberships_term WHERE id = %s", payment.term_id)
    behind_the_back("UPDATE memberships_payment SET term_id = NULL")
    behind_the_back(
        "UPDATE memberships_subscription SET paid_until = %s, ended_on = %s, cancelled_on = %s", EVE, EVE, EVE
    )
    assert ("paid_without_term", str(payment.pk)) in faults("payments")
    refund(payment, "1.00", ends_card=True)
    assert not payment.refunds.get().ends_card
    assert ("paid_without_term", str(payment.pk)) in faults("payments")


@pytest.mark.parametrize("days", [3650, -30])
def test_a_term_that_is_longer_or_shorter_than_was_paid(gateway: GatewayForTests, days: int) -> None:
    _card, payment = a_renewed_card(gateway)
    Term.objects.filter(pk=payment.term_id).update(ends_on=payment.ends_on + timedelta(days=days))
    assert faults() == {("term_of_payment", str(payment.pk))}


def test_a_payment_that_claims_the_term_of_another_card(gateway: GatewayForTests) -> None:
    card, payment = a_renewed_card(gateway)
    first = card.terms.get(number=1)
    behind_the_back("UPDATE memberships_payment SET term_id = %s", first.pk)
    assert faults("payments") == {("term_of_payment", str(payment.pk))}


def test_a_declined_payment_with_a_term(gateway: GatewayForTests) -> None:
    card, payment = a_renewed_card(gateway, "tok_soft")
    behind_the_back("UPDATE memberships_payment SET term_id = %s", card.terms.get(number=1).pk)
    (found,) = differences("payments")
    assert (found.fault, found.key, found.found) == ("term_of_payment", str(payment.pk), "declined")


@pytest.mark.parametrize(
    ("token", "state", "decline", "expected"),
    [("tok_ok", "abandoned", "", "succeeded"), ("tok_soft", "abandoned", "soft", "declined"),
     ("tok_hard", "succeeded", "", "declined")],
)
def test_a_state_that_the_events_do_not_tell(
    gateway: GatewayForTests, token: str, state: str, decline: str, expected: str
) -> None:
    _card, payment = a_renewed_card(gateway, token)
    behind_the_back(
        "UPDATE memberships_payment SET state = %s, decline = %s, next_attempt_on = NULL", state, decline
    )
    found = {difference.fault: difference for difference in differences("payments")}["state_of_events"]
    assert (found.key, found.expected, found.found) == (str(payment.pk), expected, state)


def test_a_payment_without_any_event(gateway: GatewayForTests) -> None:
    _card, payment = a_renewed_card(gateway)
    behind_the_back("DELETE FROM memberships_paymentevent")
    assert faults("payments") == {("state_of_events", str(payment.pk)), ("attempts_of_events", str(payment.pk))}


def test_an_attempt_that_nobody_wrote_down(gateway: GatewayForTests) -> None:
    _card, payment = a_renewed_card(gateway, "tok_soft")
    retry_payment(payment, on=EVE, at=at_night(EVE), actor=None)
    assert differences() == []
    behind_the_back("DELETE FROM memberships_paymentevent WHERE kind = 'requested' AND attempt = 1")
    (found,) = differences()
    assert (found.fault, found.expected, found.found) == ("attempts_of_events", "1", "2")


def test_a_payment_that_is_paid_by_another_attempt_than_it_says(gateway: GatewayForTests) -> None:
    _card, payment = a_renewed_card(gateway)
    behind_the_back("UPDATE memberships_payment SET attempt = 2")
    assert faults() == {("attempts_of_events", str(payment.pk))}


def test_another_amount_than_the_gateway_took(gateway: GatewayForTests) -> None:
    _card, payment = a_renewed_card(gateway)
    behind_the_back("UPDATE memberships_payment SET amount = 199")
    (found,) = differences()
    assert (found.fault, found.key, found.expected, found.found) == (
        "amount_of_events", str(payment.pk), "199.00", "99.00",
    )


def test_more_refunded_than_was_given_back(gateway: GatewayForTests) -> None:
    _card, payment = a_renewed_card(gateway)
    refund(payment, "40.00")
    behind_the_back("UPDATE memberships_payment SET refunded = 60")
    (found,) = differences()
    assert (found.fault, found.key, found.expected, found.found) == (
        "refunded_of_refunds", str(payment.pk), "40.00", "60.00",
    )


def test_a_refund_that_no_event_tells_of(gateway: GatewayForTests) -> None:
    _card, payment = a_renewed_card(gateway)
    refund(payment, "40.00")
    behind_the_back("DELETE FROM memberships_paymentevent WHERE kind = 'refunded'")
    (found,) = differences()
    assert (found.fault, found.key, found.expected, found.found) == (
        "refunds_of_events", f"{payment.pk}-refund-1", "–", "1: 40.00",
    )


def test_an_event_of_a_refund_that_is_not_there(gateway: GatewayForTests) -> None:
    _card, payment = a_renewed_card(gateway)
    refund(payment, "40.00")
    behind_the_back("UPDATE memberships_refund SET state = 'declined'")
    assert faults() == {("refunds_of_events", f"{payment.pk}-refund-1"), ("refunded_of_refunds", str(payment.pk))}
