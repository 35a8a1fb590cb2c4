"""Our payments against the gateway's own list: what one side knows and the other does not."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from memberships.books.gateways import PATIENCE
from memberships.gateways import GatewayRecord
from memberships.models import Payment, Refund
from memberships.services.payments import record_answers
from memberships.services.refunds import refund_payment
from memberships.services.renewals import renew_subscription
from operations.services.books import Difference, audit_books, period_until
from tests.gateway import GatewayForTests
from tests.memberships.books_stories import EVE, JOINED, a_renewed_card, behind_the_back, differences
from tests.memberships.factories import a_card
from tests.memberships.night_stories import at_night

pytestmark = pytest.mark.django_db(transaction=True)
NOW = at_night(EVE) + timedelta(minutes=1)
CHECK = "gateway-sandbox"


def found(*, at: datetime = NOW, **when: Any) -> list[tuple[str, str, str, str]]:
    """(fault, key, expected, found) of what is counted."""
    return [
        (difference.fault, difference.key, difference.expected, difference.found)
        for difference in differences(CHECK, at=at, **when) if not difference.is_pending
    ]


def pending(*, at: datetime = NOW) -> list[Difference]:
    return [difference for difference in differences(CHECK, at=at) if difference.is_pending]


def refund(payment: Payment, amount: str = "40.00") -> Refund:
    return refund_payment(
        payment, amount=Decimal(amount), ends_card=False, on=EVE, at=at_night(EVE), reason="moved", actor=None
    )


def test_what_both_sides_know_is_in_order(gateway: GatewayForTests) -> None:
    card, payment = a_renewed_card(gateway)
    refund(payment)
    declined = a_card(card.plan, "tok_soft", on=JOINED)
    renew_subscription(declined, on=EVE, at=at_night(EVE), actor=None)
    assert differences(CHECK, at=NOW) == []


def test_a_term_that_costs_nothing_is_asked_of_no_gateway_and_missed_on_no_list(gateway: GatewayForTests) -> None:
    _card, payment = a_renewed_card(gateway, price=Decimal("0.00"))
    assert (payment.state, payment.code, gateway.charges()) == ("succeeded", "nothing_to_charge", [])
    assert differences(CHECK, at=NOW) == []


def test_a_gateway_that_nobody_has_an_agreement_with_is_not_asked(gateway: GatewayForTests) -> None:
    gateway.server.stop()
    assert differences(CHECK) == []


# --- the gateway took money


def test_money_that_nobody_asked_for(gateway: GatewayForTests) -> None:
    _card, payment = a_renewed_card(gateway)
    gateway.charge("somebody-elses")
    gateway.charge(f"{payment.pk + 99}-1", amount="10.00")
    gateway.charge("9" * 40, amount="11.00")
    assert set(found()) == {
        ("charged_unasked", "9" * 40, "–", "11.00"), ("charged_unasked", f"{payment.pk + 99}-1", "–", "10.00"),
        ("charged_unasked", "somebody-elses", "–", "99.00"),
    }


def test_money_taken_for_an_attempt_that_was_never_made(gateway: GatewayForTests) -> None:
    _card, payment = a_renewed_card(gateway, "tok_soft")
    gateway.charge(f"{payment.pk}-2")
    assert found() == [("charged_unasked", f"{payment.pk}-2", "declined", "99.00")]


def test_money_taken_and_nothing_given(gateway: GatewayForTests) -> None:
    card, payment = a_renewed_card(gateway)
    behind_the_back("UPDATE memberships_payment SET state = 'declined', decline = 'soft', term_id = NULL")
    (difference,) = differences(CHECK, at=NOW)
    assert (difference.fault, difference.key, difference.expected, difference.found, difference.owner) == (
        "charged_not_booked", payment.attempt_key, "declined", "99.00", card.member_id,
    )


def test_money_taken_twice_by_two_attempts(gateway: GatewayForTests) -> None:
    _card, payment = a_renewed_card(gateway)
    gateway.charge(f"{payment.pk}-2")
    behind_the_back(
        "INSERT INTO memberships_paymentevent"
        ' (member_id, payment_id, kind, attempt, code, reference, message, "on", at, reason)'
        " VALUES (%s, %s, 'requested', 2, '', '', '', %s, %s, '')", payment.member_id, payment.pk, EVE, NOW,
    )
    assert found() == [("charged_twice", f"{payment.pk}-2", "succeeded", "99.00")]


def test_money_taken_twice_under_one_key(gateway: GatewayForTests, monkeypatch: pytest.MonkeyPatch) -> None:
    _card, payment = a_renewed_card(gateway)
    honest = type(gateway.adapter).list_records

    def twice(self: Any, **days: Any) -> Any:
        for record in honest(self, **days):
            yield from (record, GatewayRecord(record.key, "again", record.amount, record.at))

    monkeypatch.setattr(type(gateway.adapter), "list_records", twice)
    assert found() == [("charged_twice", payment.attempt_key, "99.00", "2 × 99.00")]


def test_another_amount_than_was_owed(gateway: GatewayForTests) -> None:
    _card, payment = a_renewed_card(gateway)
    behind_the_back("UPDATE memberships_payment SET amount = 199")
    behind_the_back("UPDATE memberships_paymentevent SET amount = 199 WHERE kind = 'succeeded'")
    assert differences("payments") == []
    assert found() == [("charged_other_amount", payment.attempt_key, "199.00", "99.00")]


def test_an_open_payment_is_pending_while_it_is_being_asked_about(gateway: GatewayForTests) -> None:
    gateway.be_patient(0.5)
    gateway.order_faults(orders={"timeout_after": 1.0}, seed=1)
    card, payment = a_renewed_card(gateway)
    assert payment.state == Payment.State.UNKNOWN
    assert found() == []
    (difference,) = pending()
    assert (difference.fault, difference.key, difference.expected, difference.found, difference.owner) == (
        "charged_open", payment.attempt_key, "unknown", "99.00", card.member_id,
    )
    later = at_night(EVE) + PATIENCE
    assert found(at=later) == [("charged_open", payment.attempt_key, "unknown", "99.00")]
    gateway.clear_faults()
    answer = gateway.talk(lambda opened: opened.find_charge(payment.attempt_key))
    record_answers([answer], on=EVE, at=at_night(EVE))
    assert differences(CHECK, at=later) == [] == differences()


# --- our books say that money moved


def test_money_that_the_gateway_does_not_know_of(gateway: GatewayForTests) -> None:
    card, payment = a_renewed_card(gateway)
    refund(payment)
    gateway.empty_books()
    assert found() == [
        ("charge_missing", payment.attempt_key, "99.00", "–"),
        ("refund_missing", f"{payment.pk}-refund-1", "40.00", "–"),
    ]
    assert {difference.owner for difference in differences(CHECK, at=NOW)} == {card.member_id}


def test_what_moved_before_the_period_is_compared_by_since(gateway: GatewayForTests) -> None:
    _card, payment = a_renewed_card(gateway)
    gateway.empty_books()
    late = EVE + timedelta(days=8)
    at = at_night(late)
    assert found(on=late, at=at) == []
    assert found(on=late, at=at, since=EVE) == [("charge_missing", payment.attempt_key, "99.00", "–")]


def test_what_was_answered_after_the_audit_began_is_left_to_the_next_one(gateway: GatewayForTests) -> None:
    a_renewed_card(gateway)
    gateway.empty_books()
    assert found(at=at_night(EVE) - timedelta(seconds=1)) == []


# --- refunds


def test_a_refund_that_nobody_asked_for(gateway: GatewayForTests) -> None:
    _card, payment = a_renewed_card(gateway)
    gateway.refund("by-hand", of=payment.attempt_key, amount="5.00")
    gateway.refund(f"{payment.pk}-refund-7", of=payment.attempt_key, amount="6.00")
    assert set(found()) == {
        ("refunded_unasked", "by-hand", "–", "5.00"), ("refunded_unasked", f"{payment.pk}-refund-7", "–", "6.00"),
    }


@pytest.mark.parametrize(
    ("state", "fault"), [("declined", "refunded_not_booked"), ("succeeded", "refunded_other_amount")]
)
def test_a_refund_that_our_books_tell_otherwise(gateway: GatewayForTests, state: str, fault: str) -> None:
    _card, payment = a_renewed_card(gateway)
    refund(payment)
    behind_the_back("UPDATE memberships_refund SET state = %s, amount = 41", state)
    behind_the_back("UPDATE memberships_paymentevent SET at = at - interval '30 days'")
    expected = "41.00" if state == "succeeded" else "declined"
    assert found() == [(fault, f"{payment.pk}-refund-1", expected, "40.00")]


def test_an_open_refund_is_pending_and_then_is_not(gateway: GatewayForTests) -> None:
    _card, payment = a_renewed_card(gateway)
    refund(payment)
    behind_the_back("UPDATE memberships_refund SET state = 'unknown', next_ask_at = now()")
    behind_the_back("DELETE FROM memberships_paymentevent WHERE kind = 'refunded'")
    assert found() == [] and [difference.fault for difference in pending()] == ["refunded_open"]
    assert found(at=at_night(EVE) + PATIENCE) == [("refunded_open", f"{payment.pk}-refund-1", "unknown", "40.00")]


# --- the list itself


def test_a_gateway_that_cannot_be_reached_is_no_clean_book(gateway: GatewayForTests) -> None:
    a_renewed_card(gateway)
    gateway.server.stop()
    results = audit_books(period_until(EVE, at=NOW), tell=lambda found: None, report=lambda audited, total: None)
    (audited,) = [audited for audited in results if audited.check.name == CHECK]
    assert not audited.is_clean and "sandbox" in audited.error
    assert all(others.is_clean for others in results if others is not audited)


def test_a_long_list_is_read_page_by_page(gateway: GatewayForTests, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memberships.books.gateways.PAGE", 7)
    gateway.seed_charges(
        {"key": f"seed-{number}", "token": "tok_ok", "amount": "1.00", "at": at_night(EVE).isoformat()}
        for number in range(40)
    )
    a_renewed_card(gateway)
    assert len(found()) == 40
    assert found() == found()  # nothing is left over from the audit before
