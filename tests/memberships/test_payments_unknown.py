"""Calls without an answer: the gateway is asked what became of them, and nobody is charged twice."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from memberships.gateways import Answer, Outcome
from memberships.models import Payment, PaymentEvent, Subscription
from memberships.services import payments
from memberships.services.payments import ask_about_open_payments, record_answers
from memberships.services.ranges import EVERYTHING
from memberships.services.renewals import request_renewals
from operations import registry
from operations.models import JobChunk, OutboxMessage
from operations.services.jobs import begin_run, start_run, take_chunk, work_chunk
from tests.gateway import GatewayForTests
from tests.memberships.factories import a_card, a_monthly_card
from tests.memberships.night_stories import (
    ask_again,
    at_night,
    night,
    paid_days,
    payment_of,
    run_job,
    states,
    story_of,
    told,
)

pytestmark = pytest.mark.django_db(transaction=True)

JOINED = date(2027, 1, 1)
EVE = date(2027, 1, 30)
FEBRUARY = (date(2027, 2, 1), date(2027, 2, 28))


@pytest.fixture(autouse=True)
def _little_patience(gateway: GatewayForTests, settings: Any) -> None:
    """Two seconds are long enough to wait for an answer that never comes."""
    sandbox = settings.GATEWAYS["sandbox"]
    settings.GATEWAYS = {"sandbox": sandbox | {"options": sandbox["options"] | {"timeout": 2.0}}}


@pytest.fixture
def card(gateway: GatewayForTests) -> Subscription:
    return a_card(a_monthly_card(), on=JOINED)


def answer(payment: Payment, outcome: Outcome, *, attempt: int = 1, **more: str) -> Answer:
    return Answer(f"{payment.pk}-{attempt}", outcome, **more)


def record(*answers: Answer, on: date = EVE) -> int:
    """How many of the answers were new."""
    return len(record_answers(answers, on=on, at=at_night(on) + timedelta(minutes=1)))


def requested(card: Subscription) -> Payment:
    """The card's payment as a worker leaves it that dies before it calls."""
    request_renewals(EVERYTHING, on=EVE, at=at_night(EVE), actor=None)
    return payment_of(card)


@pytest.mark.parametrize("fault", ["timeout_after", "error_after", "reset_after", "forged"])
def test_charge_whose_answer_got_lost_is_resolved_by_asking_and_charged_once(
    gateway: GatewayForTests, card: Subscription, fault: str
) -> None:
    gateway.order_faults(orders={fault: 1.0})
    run = run_job("renew_subscriptions", on=EVE)
    assert (run.total, run.done, run.failed) == (1, 0, 0)
    assert (payment_of(card).state, len(paid_days(card)), len(gateway.paid())) == ("unknown", 1, 1)
    assert ask_again(EVE) == 1
    payment = payment_of(card)
    assert (payment.state, paid_days(card)[-1]) == ("succeeded", FEBRUARY)
    assert story_of(payment) == [(1, "requested", EVE), (1, "unknown", EVE), (1, "succeeded", EVE)]
    assert ask_again(EVE, minutes=9) == 0
    assert (len(gateway.charges()), told()) == (1, [f"renewed:{card.pk}:2027-02-01"])


@pytest.mark.parametrize("fault", ["timeout_before", "error_before", "reset_before", "unavailable"])
def test_charge_that_the_gateway_never_got_is_sent_again_under_its_key(
    gateway: GatewayForTests, card: Subscription, fault: str
) -> None:
    gateway.order_faults(orders={fault: 1.0})
    run_job("renew_subscriptions", on=EVE)
    assert (payment_of(card).state, gateway.charges()) == ("unknown", [])
    gateway.clear_faults()
    ask_again(EVE)
    payment = payment_of(card)
    assert [event[:2] for event in story_of(payment)] == [
        (1, "requested"), (1, "unknown"), (1, "absent"), (1, "succeeded"),
    ]
    assert [charge["key"] for charge in gateway.charges()] == [f"{payment.pk}-1"]
    assert paid_days(card)[-1] == FEBRUARY


def test_nightly_job_asks_before_it_renews(gateway: GatewayForTests, card: Subscription) -> None:
    gateway.order_faults(orders={"timeout_after": 1.0})
    run_job("renew_subscriptions", on=EVE)
    gateway.clear_faults()
    next_night = date(2027, 1, 31)
    run = run_job("resolve_unknown_payments", on=next_night)
    assert (run.total, run.done) == (1, 1)
    assert (payment_of(card).state, story_of(payment_of(card))[-1]) == ("succeeded", (1, "succeeded", next_night))
    night(next_night)
    assert len(gateway.charges()) == 1


def test_gateway_that_is_down_is_asked_less_and_less_often_and_the_ledger_says_so_once(
    gateway: GatewayForTests, card: Subscription
) -> None:
    gateway.order_faults(is_down=True)
    run_job("renew_subscriptions", on=EVE)
    asked = []
    for second in range(0, 300, 5):
        at = at_night(EVE) + timedelta(seconds=second)
        asked += [second] * ask_about_open_payments(on=EVE, at=at)
    assert asked == [5, 10, 20, 40, 80, 140, 200, 260]
    assert [event[1] for event in story_of(payment_of(card))] == ["requested", "unknown"]
    gateway.clear_faults()
    ask_again(EVE, minutes=6)
    assert paid_days(card)[-1] == FEBRUARY


def test_card_that_may_have_been_paid_for_does_not_lapse(gateway: GatewayForTests, card: Subscription) -> None:
    gateway.order_faults(orders={"timeout_after": 1.0})
    run_job("renew_subscriptions", on=EVE)
    gateway.order_faults(is_down=True)
    late = date(2027, 2, 20)
    night(late)
    card.refresh_from_db()
    assert (card.ended_on, told()) == (None, [])
    gateway.clear_faults()
    ask_again(late)
    assert (paid_days(card)[-1], states(card, late)) == (FEBRUARY, ["active"])


@pytest.mark.parametrize("was_charged", [True, False])
def test_worker_that_died_between_intent_and_answer_is_followed_by_one_that_asks_first(
    gateway: GatewayForTests, card: Subscription, was_charged: bool
) -> None:
    run = start_run("renew_subscriptions", business_date=EVE, actor=None, at=at_night(EVE))
    begin_run(run.pk, at=at_night(EVE))
    chunk = take_chunk(run, at=at_night(EVE))
    assert chunk is not None
    job: Any = registry.jobs.get("renew_subscriptions")
    wanted = job.intend(run, chunk, at=at_night(EVE))
    if was_charged:
        list(job.call(wanted))
    assert payment_of(card).state == "requested"
    work_chunk(run, chunk, clock=lambda: at_night(EVE))
    assert JobChunk.objects.get(pk=chunk.pk).state == JobChunk.State.DONE
    kinds = [event[1] for event in story_of(payment_of(card))]
    assert kinds == (["requested", "succeeded"] if was_charged else ["requested", "absent", "succeeded"])
    assert (len(gateway.charges()), paid_days(card)[-1]) == (1, FEBRUARY)


def test_repeated_answers_change_nothing(card: Subscription) -> None:
    payment = requested(card)
    paid = answer(payment, Outcome.SUCCEEDED, code="paid", reference="R1")
    assert record(paid) == 1
    before = Payment.objects.values().get()
    assert [record(paid), record(paid, paid)] == [0, 0]
    assert Payment.objects.values().get() == before
    assert (len(paid_days(card)), len(story_of(payment)), len(told())) == (2, 2, 1)


def test_same_answer_twice_in_one_batch_is_written_down_once(card: Subscription) -> None:
    paid = answer(requested(card), Outcome.SUCCEEDED)
    assert record(paid, paid) == 1
    assert (len(paid_days(card)), PaymentEvent.objects.count()) == (2, 2)


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.SOFT_DECLINE, Outcome.HARD_DECLINE, Outcome.ABSENT])
def test_late_answer_does_not_undo_what_was_paid(card: Subscription, outcome: Outcome) -> None:
    payment = requested(card)
    record(answer(payment, Outcome.SUCCEEDED))
    assert record(answer(payment, outcome)) == 0
    assert (payment_of(card).state, len(story_of(payment))) == ("succeeded", 2)


def test_money_taken_after_a_recorded_decline_gives_the_card_its_term(card: Subscription) -> None:
    payment = requested(card)
    record(answer(payment, Outcome.SOFT_DECLINE, code="insufficient_funds"))
    assert payment_of(card).next_attempt_on is not None
    assert record(answer(payment, Outcome.SUCCEEDED, code="paid", reference="R1")) == 1
    payment = payment_of(card)
    assert (payment.state, payment.decline, payment.next_attempt_on, payment.reference) == ("succeeded", "", None, "R1")
    assert paid_days(card)[-1] == FEBRUARY
    assert [event[1] for event in story_of(payment)] == ["requested", "declined", "succeeded"]


def test_money_taken_for_an_attempt_that_another_one_followed_is_said_aloud_once(card: Subscription) -> None:
    payment = requested(card)
    record(answer(payment, Outcome.SOFT_DECLINE))
    payments.request_retries(
        EVERYTHING, on=date(2027, 1, 31), at=at_night(date(2027, 1, 31)), actor=None, since=timezone.now()
    )
    late = answer(payment, Outcome.SUCCEEDED, attempt=1, reference="R1")
    assert [record(late), record(late)] == [0, 0]
    assert (payment_of(card).state, payment_of(card).attempt) == ("requested", 2)
    assert PaymentEvent.objects.get(kind="contradicted").reference == "R1"
    message = OutboxMessage.objects.get(topic="payment.contradicted")
    assert (message.key, message.payload["payment"]) == (f"contradicted:{payment.pk}-1", payment.pk)
    assert record(answer(payment, Outcome.SUCCEEDED, attempt=2)) == 1
    assert len(paid_days(card)) == 2


def test_money_for_a_card_that_has_ended_all_the_same_is_kept_without_a_term(card: Subscription) -> None:
    payment = requested(card)
    Subscription.objects.filter(pk=card.pk).update(ended_on=EVE, cancelled_on=EVE)
    assert record(answer(payment, Outcome.SUCCEEDED, reference="R1")) == 1
    payment = payment_of(card)
    assert (payment.state, payment.term, payment.reference) == ("succeeded", None, "R1")
    assert (len(paid_days(card)), told()) == (1, [])


def test_answers_may_say_more_than_a_row_holds(card: Subscription) -> None:
    payment = requested(card)
    record(answer(payment, Outcome.HARD_DECLINE, code="c" * 99, message="no\0pe \ud800" * 99, reference="r" * 99))
    event = PaymentEvent.objects.get(kind="declined")
    assert (len(event.code), len(event.reference), len(event.message)) == (64, 64, 171)
    assert event.message.startswith("nope ?nope ")


def test_answer_to_a_payment_that_there_is_not_is_passed_over(card: Subscription) -> None:
    assert record(Answer("987654321-1", Outcome.SUCCEEDED)) == 0


def test_tick_with_nothing_open_asks_the_database_once(card: Subscription, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(3):  # the question, in a transaction
        assert ask_about_open_payments(on=EVE, at=at_night(EVE)) == 0


def test_payment_put_off_by_a_clock_that_was_ahead_is_asked_about_all_the_same(card: Subscription) -> None:
    payment = requested(card)
    Payment.objects.filter(pk=payment.pk).update(next_ask_at=at_night(EVE) + timedelta(days=1))
    assert ask_again(EVE) == 1
    assert (payment_of(card).state, paid_days(card)[-1]) == ("succeeded", FEBRUARY)
