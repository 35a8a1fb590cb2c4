"""What is done late: nights made up for, open payments of terms that have gone by, answers days after the question."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from memberships.models import Payment, PaymentEvent, Subscription
from memberships.services import refunds
from memberships.services.first_terms import pay_first_term
from memberships.services.payment_methods import choose_payment_method
from memberships.services.payments import ask_about_open_payments
from memberships.services.refunds import ask_about_open_refunds, refund_payment
from memberships.services.subscriptions import cancel_subscription, request_subscription
from operations.models import JobChunk, JobRun
from operations.services.jobs import begin_run, end_run_if_done, start_run, take_chunk, work_chunk
from tests.gateway import GatewayForTests
from tests.memberships.books_stories import faults
from tests.memberships.factories import a_card, a_method, a_monthly_card, a_person
from tests.memberships.night_stories import ask_again, at_night, night, paid_days, payment_of, states, story_of

pytestmark = pytest.mark.django_db(transaction=True)

JOINED = date(2027, 1, 1)
EVE = date(2027, 1, 30)
FEBRUARY = (date(2027, 2, 1), date(2027, 2, 28))


@pytest.fixture
def card(gateway: GatewayForTests) -> Subscription:
    return a_card(a_monthly_card(), on=JOINED)


def made_up_for(name: str, *, on: date, at: datetime) -> JobRun:
    """A night's job for a date, worked on at an instant days later."""
    run = start_run(name, business_date=on, actor=None, at=at)
    begin_run(run.pk, at=at)
    while (chunk := take_chunk(run, at=at)) is not None:
        work_chunk(run, chunk, clock=lambda: at)
        chunk.refresh_from_db()
        assert chunk.state == JobChunk.State.DONE, chunk.error
    end_run_if_done(run.pk, at=at)
    return run


# --- open payments


def test_charge_that_never_reached_the_gateway_is_not_sent_when_its_month_has_gone_by(
    gateway: GatewayForTests, card: Subscription
) -> None:
    gateway.order_faults(is_down=True)
    night(EVE)
    gateway.clear_faults()
    april = date(2027, 4, 10)
    ask_about_open_payments(on=april, at=at_night(april))
    payment = payment_of(card)
    assert (payment.state, payment.decline, payment.code) == ("declined", "hard", "too_late")
    assert [kind for _attempt, kind, _on in story_of(payment)] == ["requested", "unknown", "absent", "declined"]
    assert (gateway.charges(), len(paid_days(card))) == ([], 1)
    night(april)
    assert (states(card, april), payment_of(card).state) == (["lapsed"], "abandoned")
    assert faults() == set()


def test_charge_that_never_reached_the_gateway_is_sent_again_to_the_last_day_of_grace(
    gateway: GatewayForTests, card: Subscription
) -> None:
    gateway.order_faults(is_down=True)
    night(EVE)
    gateway.clear_faults()
    last_day = date(2027, 2, 10)
    ask_about_open_payments(on=last_day, at=at_night(last_day))
    assert (payment_of(card).state, paid_days(card)[-1]) == ("succeeded", FEBRUARY)


@pytest.mark.parametrize(("days", "state"), [(7, "succeeded"), (8, "declined")])
def test_first_term_that_never_reached_the_gateway_is_charged_for_a_week(
    gateway: GatewayForTests, days: int, state: str
) -> None:
    pending = request_subscription(a_person(on=EVE), a_monthly_card(), on=EVE, actor=None)
    choose_payment_method(pending, a_method(pending.member, on=EVE), actor=None)
    gateway.order_faults(is_down=True)
    pay_first_term(pending, on=EVE, at=at_night(EVE), actor=None)
    gateway.clear_faults()
    on = EVE + timedelta(days=days)
    ask_about_open_payments(on=on, at=at_night(on))
    assert payment_of(pending).state == state


def test_gateway_that_stays_away_all_night_adds_no_event_a_minute(gateway: GatewayForTests, card: Subscription) -> None:
    gateway.order_faults(orders={"unavailable": 1.0})
    night(EVE)
    for minutes in range(5, 15):
        ask_again(EVE, minutes=minutes)
    assert [kind for _attempt, kind, _on in story_of(payment_of(card))] == ["requested", "unknown", "absent"]
    assert faults(on=EVE) == set()
    gateway.clear_faults()
    ask_again(EVE, minutes=30)
    assert (payment_of(card).state, faults(on=EVE)) == ("succeeded", set())


# --- nights made up for


def test_night_made_up_for_charges_for_no_term_that_is_over(gateway: GatewayForTests, card: Subscription) -> None:
    april = at_night(date(2027, 4, 1))
    made_up_for("renew_subscriptions", on=EVE, at=april)
    assert (gateway.charges(), Payment.objects.count()) == ([], 0)
    made_up_for("enter_grace_and_lapse", on=date(2027, 2, 11), at=april)
    card.refresh_from_db()
    assert (card.lapsed_on, card.ended_on) == (date(2027, 2, 11), date(2027, 2, 10))


def test_night_made_up_for_three_days_late_renews(gateway: GatewayForTests, card: Subscription) -> None:
    made_up_for("renew_subscriptions", on=EVE, at=at_night(date(2027, 2, 2)))
    payment = payment_of(card)
    assert (payment.state, payment.requested_on, paid_days(card)[-1]) == ("succeeded", EVE, FEBRUARY)


# --- refunds


def open_refund(gateway: GatewayForTests, card: Subscription, *, on: date) -> Any:
    """A refund that ends the card, whose order the gateway never got."""
    gateway.be_patient(0.5)
    gateway.order_faults(orders={"timeout_before": 1.0})
    refund = refund_payment(
        payment_of(card), amount=Decimal("5.00"), ends_card=True, on=on, at=at_night(on), reason="moved", actor=None
    )
    gateway.clear_faults()
    assert refund.state == "unknown"
    return refund


def test_refund_that_a_night_made_up_for_resolves_ends_no_card_before_it_was_asked_for(
    gateway: GatewayForTests, card: Subscription
) -> None:
    night(EVE)
    asked_on = date(2027, 2, 10)
    open_refund(gateway, card, on=asked_on)
    made_up_for("resolve_unknown_payments", on=date(2027, 2, 8), at=at_night(asked_on) + timedelta(minutes=10))
    card.refresh_from_db()
    assert (card.refunded_on, card.ended_on, paid_days(card)[-1][1]) == (asked_on, asked_on, asked_on)
    assert PaymentEvent.objects.get(kind="refunded").on == asked_on


def test_refund_that_cannot_be_written_down_holds_up_no_other(
    gateway: GatewayForTests, card: Subscription, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = a_card(card.plan, on=JOINED)
    night(EVE)
    on = date(2027, 2, 10)
    broken, fine = open_refund(gateway, card, on=on), open_refund(gateway, other, on=on)
    book = refunds._book

    def fail(refund: Any, **facts: Any) -> None:
        if refund.pk == broken.pk:
            raise ValueError("a receiver fell over")
        book(refund, **facts)

    monkeypatch.setattr(refunds, "_book", fail)
    ask_about_open_refunds(on=on, at=at_night(on) + timedelta(minutes=10))
    for refund, is_open in ((broken, True), (fine, False)):
        refund.refresh_from_db()
        assert (refund.state != "succeeded") == is_open == (refund.next_ask_at is not None)
    monkeypatch.undo()
    cancel_subscription(card, on=on, reason="moved", actor=None)
    ask_about_open_refunds(on=on, at=at_night(on) + timedelta(minutes=20))
    broken.refresh_from_db()
    assert (broken.state, len(gateway.charges())) == ("succeeded", 2)
