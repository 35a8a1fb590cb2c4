"""Everything at once: each task delivered three times, desks beside the night, and one effect each."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier, Event
from time import sleep
from typing import Any

import pytest
from django.db import connection, transaction

from memberships.errors import NotDueError, PaymentUnderWayError
from memberships.gateways import Answer, Outcome
from memberships.models import Payment, PaymentEvent, Subscription
from memberships.services.charges import charge_all
from memberships.services.lapses import end_cards
from memberships.services.payments import ask_about_open_payments, record_answers, request_retries, retry_payment
from memberships.services.ranges import EVERYTHING
from memberships.services.refunds import refund_payment
from memberships.services.renewals import pay_subscription, renew_subscription, request_renewals
from memberships.services.subscriptions import cancel_subscription
from operations.errors import PlusdeskError
from operations.models import JobRun, OutboxMessage
from operations.services.jobs import start_run
from operations.tasks import work_on_run
from tests.gateway import GatewayForTests
from tests.memberships.factories import a_card, a_monthly_card
from tests.memberships.night_stories import NIGHT, at_night, night, paid_days, payment_of, told

pytestmark = pytest.mark.django_db(transaction=True)

JOINED = date(2027, 1, 1)
EVE = date(2027, 1, 30)
LAPSED = date(2027, 2, 11)
THREE = range(3)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """The results of calls made in the same moment, each on a connection of its own; errors of ours are results."""
    start = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            start.wait(timeout=10)
            return call()
        except PlusdeskError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def thrice(call: Callable[[], Any]) -> list[Any]:
    return at_once(*[call for _time in THREE])


def delivered_thrice(name: str, on: date) -> JobRun:
    """Three workers get the task of one run at the same time, and once more when it is over."""
    run = start_run(name, business_date=on, actor=None, at=at_night(on))
    for _time in range(20):
        thrice(lambda: work_on_run(run.pk))
        run.refresh_from_db()
        if run.is_finished:
            break
        run.chunks.update(attempted_at=None)
    assert run.state == JobRun.State.SUCCEEDED
    thrice(lambda: work_on_run(run.pk))
    return run


@pytest.fixture(autouse=True)
def _several_chunks_and_lanes(settings: Any) -> None:
    settings.CHARGE_CHUNK_CARDS = settings.LAPSE_CHUNK_CARDS = 4
    settings.JOB_LANES = {"gateway": 3}


def test_every_task_of_the_night_delivered_three_times_has_one_effect(gateway: GatewayForTests) -> None:
    plan = a_monthly_card()
    paying = [a_card(plan, on=JOINED) for _number in range(10)]
    late = [a_card(plan, "tok_soft_1", on=JOINED) for _number in range(6)]
    lost = [a_card(plan, "tok_hard", on=JOINED) for _number in range(5)]
    for day in (EVE, EVE + timedelta(days=1), date(2027, 2, 1), LAPSED):
        for name in NIGHT:
            delivered_thrice(name, day)
    assert [len(paid_days(card)) for card in paying + late + lost] == [2] * 16 + [1] * 5
    assert set(gateway.paid_per_token().values()) == {1}
    assert sorted(gateway.attempts_per_token().values()) == [1] * 15 + [2] * 6
    assert Payment.objects.count() == 21
    assert PaymentEvent.objects.filter(kind="requested").count() == len(gateway.charges()) == 27
    assert Subscription.objects.filter(lapsed_on=LAPSED).count() == 5
    assert len(told("subscription.renewed")) == 16
    assert len(told("subscription.entered_grace")) == len(told("subscription.lapsed")) == 5


def test_intents_of_one_range_written_three_times_at_once_are_written_once(gateway: GatewayForTests) -> None:
    plan = a_monthly_card()
    cards = [a_card(plan, on=JOINED) for _number in range(8)]
    wanted = thrice(lambda: request_renewals(EVERYTHING, on=EVE, at=at_night(EVE), actor=None))
    fresh = [charge.payment for charges in wanted for charge in charges if not charge.was_sent]
    assert len(fresh) == len(set(fresh)) == Payment.objects.count() == len(cards)
    answers = thrice(lambda: [list(charge_all(charges, in_lane=True)) for charges in wanted])
    flat = [answer for worker in answers for calls in worker for batch in calls for answer in batch]
    thrice(lambda: record_answers(flat, on=EVE, at=at_night(EVE)))
    assert [len(paid_days(card)) for card in cards] == [2] * 8
    # Who asked before another's charge had come was told so, and that stands in the ledger, too.
    told = PaymentEvent.objects.exclude(kind="absent")
    assert (len(gateway.charges()), OutboxMessage.objects.count(), told.count()) == (8, 8, 16)


def test_answers_of_the_same_charges_in_other_orders_do_not_block_one_another(gateway: GatewayForTests) -> None:
    plan = a_monthly_card()
    for _number in range(12):
        a_card(plan, on=JOINED)
    request_renewals(EVERYTHING, on=EVE, at=at_night(EVE), actor=None)
    answers = [Answer(payment.attempt_key, Outcome.SUCCEEDED) for payment in Payment.objects.order_by("pk")]

    def recorded(order: Iterable[Answer]) -> int:
        return len(record_answers(list(order), on=EVE, at=at_night(EVE)))

    counts = at_once(
        lambda: recorded(answers), lambda: recorded(reversed(answers)), lambda: recorded(answers[6:] + answers[:6])
    )
    assert sorted(counts) == [0, 0, 12]


def test_retries_and_lapses_asked_for_at_once_happen_once(gateway: GatewayForTests) -> None:
    cards = [a_card(a_monthly_card(), "tok_soft", on=JOINED)]
    night(EVE)
    next_day = EVE + timedelta(days=1)
    begun = thrice(
        lambda: request_retries(
            EVERYTHING, on=next_day, at=at_night(next_day), actor=None, since=at_night(next_day) + timedelta(days=1)
        )
    )
    assert sorted(map(len, begun)) == [0, 0, 1]
    assert payment_of(cards[0]).attempt == 2
    record_answers(
        [Answer(payment_of(cards[0]).attempt_key, Outcome.HARD_DECLINE)], on=next_day, at=at_night(next_day)
    )
    ended = thrice(lambda: end_cards(EVERYTHING, on=LAPSED, at=at_night(LAPSED), actor=None))
    assert sorted(map(len, ended)) == [0, 0, 1]
    assert told() == [f"lapsed:{cards[0].pk}"]


def test_two_desks_and_the_night_renew_a_card_at_once_and_it_is_charged_once(gateway: GatewayForTests) -> None:
    card = a_card(a_monthly_card(), on=JOINED)

    def desk() -> Payment:
        return renew_subscription(card, on=EVE, at=at_night(EVE), actor=None)

    results = at_once(desk, desk, lambda: delivered_thrice("renew_subscriptions", EVE))
    assert {type(result) for result in results} <= {Payment, NotDueError, JobRun}
    assert (len(gateway.charges()), len(paid_days(card)), len(told())) == (1, 2, 1)


def test_two_desks_pay_in_grace_at_once_and_money_is_taken_once(gateway: GatewayForTests) -> None:
    card = a_card(a_monthly_card(), "tok_soft_1", on=JOINED)
    night(EVE)
    on = date(2027, 2, 3)
    payment = payment_of(card)
    at_once(
        lambda: pay_subscription(card, on=on, at=at_night(on), actor=None),
        lambda: retry_payment(payment, on=on, at=at_night(on), actor=None),
        lambda: ask_about_open_payments(on=on, at=at_night(on)),
    )
    ask_about_open_payments(on=on, at=at_night(on) + timedelta(hours=1))
    assert (len(gateway.paid()), len(paid_days(card))) == (1, 2)


def test_refund_asked_for_three_times_at_once_is_given_once(gateway: GatewayForTests) -> None:
    card = a_card(a_monthly_card(), on=JOINED)
    night(EVE)
    payment = payment_of(card)
    thrice(
        lambda: refund_payment(
            payment, amount=payment.amount, ends_card=True, on=EVE, at=at_night(EVE), reason="not used", actor=None
        )
    )
    payment.refresh_from_db()
    assert (payment.refunded, payment.refunds.filter(state="succeeded").count()) == (payment.amount, 1)
    assert len(told("payment.refunded")) == 1


def test_card_cancelled_while_the_night_asks_for_its_money_stays_until_the_answer(gateway: GatewayForTests) -> None:
    card = a_card(a_monthly_card(), on=JOINED)
    is_asking, may_commit = Event(), Event()

    def ask() -> None:
        try:
            with transaction.atomic():
                request_renewals(EVERYTHING, on=EVE, at=at_night(EVE), actor=None)
                is_asking.set()
                assert may_commit.wait(timeout=10)
                sleep(0.3)  # so that the cancellation has begun, and waits
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask)
        assert is_asking.wait(timeout=10)
        may_commit.set()
        with pytest.raises(PaymentUnderWayError):
            cancel_subscription(card, on=EVE, reason="enough", actor=None)
        asking.result()
    record_answers([Answer(payment_of(card).attempt_key, Outcome.SUCCEEDED)], on=EVE, at=at_night(EVE))
    assert cancel_subscription(card, on=EVE, reason="enough", actor=None).ended_on == date(2027, 2, 28)


def test_night_that_waits_for_a_cancellation_does_not_charge_the_card(gateway: GatewayForTests) -> None:
    card = a_card(a_monthly_card(), on=JOINED)
    is_cancelling, may_commit = Event(), Event()

    def cancel() -> None:
        try:
            with transaction.atomic():
                cancel_subscription(card, on=EVE, reason="enough", actor=None)
                is_cancelling.set()
                assert may_commit.wait(timeout=10)
                sleep(0.3)  # so that the night has begun, and waits
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        cancelling = pool.submit(cancel)
        assert is_cancelling.wait(timeout=10)
        may_commit.set()
        assert request_renewals(EVERYTHING, on=EVE, at=at_night(EVE), actor=None) == []
        cancelling.result()
    assert not Payment.objects.exists()
