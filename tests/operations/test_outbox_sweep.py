"""The sweeper: what is due is sent, in order and once; what fails is tried again, later each time, not for ever."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from operations.models import OutboxMessage
from operations.outlets import Reply, Verdict
from operations.services import outbox
from operations.services.holds import holding
from operations.services.outbox import EVERYTHING, deliveries, settle, sweep_outbox
from tests.operations.outbox_stories import DELIVERED, NOON, Bell, a_message, clock_at, fresh, hung, keys

pytestmark = pytest.mark.django_db
State = OutboxMessage.State
AGAIN = Reply(Verdict.AGAIN, "HTTP 503 Service Unavailable")
REFUSED = Reply(Verdict.REFUSED, "HTTP 400 Bad Request")


@pytest.fixture
def bell() -> Iterator[Bell]:
    with hung() as bell:
        yield bell


def sweep(*, after: timedelta = timedelta(0)) -> dict[str, int]:
    return dict(sweep_outbox(clock=clock_at(NOON + after)))


def test_what_is_due_is_sent_once(bell: Bell) -> None:
    messages = [a_message() for _number in range(3)]
    a_message(at=NOON + timedelta(hours=1))
    assert sweep() == {"sent": 3}
    assert sorted(bell.rung) == sorted(keys(*messages))
    message = fresh(messages[0])
    assert (message.state, message.attempts, message.sent_at, message.error) == (State.SENT, 1, NOON, "")
    assert sweep() == {} and len(bell.rung) == 3


def test_an_empty_queue_costs_one_question(bell: Bell) -> None:
    a_message(at=NOON + timedelta(hours=1))
    with CaptureQueriesContext(connection) as queries:
        assert sweep() == {}
    assert len(queries) == 1


def test_more_than_one_claim_is_sent_in_one_sweep(bell: Bell) -> None:
    messages = [a_message() for _number in range(4 * outbox.TURNS * 2 + 1)]
    assert sweep() == {"sent": len(messages)}


def test_what_nobody_listens_to_leaves_the_queue(bell: Bell, settings: Any) -> None:
    settings.EVENTS_URL, settings.EVENTS_ADDRESS_FILE = "", None
    heard, unheard = a_message(), a_message("drum.beaten")
    assert sweep() == {"sent": 1}
    assert fresh(unheard).state == State.UNHEARD and fresh(heard).state == State.SENT


def test_what_nobody_listens_to_is_not_looked_at_one_by_one(bell: Bell, settings: Any, monkeypatch: Any) -> None:
    settings.EVENTS_URL, settings.EVENTS_ADDRESS_FILE = "", None
    monkeypatch.setattr(outbox, "SLICE", 10)
    for _number in range(25):
        a_message("drum.beaten")
    with CaptureQueriesContext(connection) as queries:
        sweep()
    assert len(queries) == 6  # the topics, quiet hours that are over, what was dated too far ahead, and three slices
    assert OutboxMessage.objects.filter(state=State.UNHEARD).count() == 25


def test_the_first_outlet_that_takes_a_topic_has_it(bell: Bell, settings: Any) -> None:
    settings.EVENTS_URL = "http://127.0.0.1:9/events"
    a_message()
    assert sweep() == {"sent": 1} and len(bell.rung) == 1


def test_the_pause_doubles_with_each_attempt_up_to_an_hour_and_then_it_is_parked(bell: Bell, settings: Any) -> None:
    settings.OUTBOX_ATTEMPTS = 12
    bell.answer = lambda message: AGAIN
    message, pauses, now = a_message(), [], timedelta(0)
    while fresh(message).state == State.QUEUED:
        assert sweep(after=now) in ({"queued": 1}, {"parked": 1})
        due = fresh(message).next_attempt_at - NOON
        pauses.append((due - now).total_seconds())
        assert sweep(after=due - timedelta(seconds=1)) == {}
        now = due
    assert pauses == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 0]
    parked = fresh(message)
    assert (parked.state, parked.attempts, parked.error) == (State.PARKED, 12, AGAIN.error)
    assert sweep(after=timedelta(days=9)) == {} and len(bell.rung) == 12


def test_what_is_refused_is_parked_at_once(bell: Bell) -> None:
    bell.answer = lambda message: REFUSED
    message = a_message()
    assert sweep() == {"parked": 1}
    assert (fresh(message).attempts, fresh(message).error) == (1, REFUSED.error)


def test_a_success_clears_the_error_of_the_attempt_before(bell: Bell) -> None:
    bell.answer = lambda message: AGAIN if message.attempts == 1 else DELIVERED
    message = a_message()
    sweep()
    assert fresh(message).error == AGAIN.error
    assert sweep(after=timedelta(seconds=5)) == {"sent": 1}
    assert (fresh(message).error, fresh(message).attempts) == ("", 2)


def test_an_outlet_that_breaks_counts_as_a_failed_attempt(bell: Bell) -> None:
    def answer(message: OutboxMessage) -> Reply:
        raise ValueError("x" * 300)

    bell.answer = answer
    broken = a_message()
    assert sweep() == {"queued": 1}
    assert fresh(broken).error.startswith("ValueError: xxx") and len(fresh(broken).error) == 200


def test_an_outlet_that_hangs_is_not_waited_for_longer_than_it_may_take(bell: Bell) -> None:
    bell.patience, bell.slowness = timedelta(seconds=0.2), 30
    message = a_message()
    assert sweep() == {"queued": 1} and fresh(message).error == "timeout"


def test_a_receiver_that_is_down_is_not_asked_for_every_message(bell: Bell) -> None:
    bell.answer = lambda message: AGAIN
    claim = bell.limits.in_flight * outbox.TURNS
    for _number in range(3 * claim):
        a_message()
    assert sweep() == {"queued": claim}


# --- order


def test_a_members_messages_go_one_after_the_other(bell: Bell) -> None:
    mine = [a_message(owner=7) for _number in range(3)]
    others = [a_message(owner=8), a_message()]
    assert sweep() == {"sent": 5}
    assert [key for key in bell.rung if key in keys(*mine)] == keys(*mine)
    assert set(bell.rung[:3]) == set(keys(mine[0], *others))


def test_a_members_later_message_waits_for_the_one_that_failed(bell: Bell) -> None:
    first, second = a_message(owner=7), a_message(owner=7)
    third = a_message(owner=7, at=NOON + timedelta(seconds=2))
    stranger = a_message(owner=8)
    bell.answer = lambda message: AGAIN if message.pk == first.pk and message.attempts < 3 else DELIVERED
    assert sweep() == {"queued": 1, "sent": 1}
    assert fresh(stranger).state == State.SENT
    # They are due with it: meanwhile nobody looks at them.
    assert {fresh(message).next_attempt_at for message in (first, second, third)} == {NOON + timedelta(seconds=5)}
    assert sweep(after=timedelta(seconds=4)) == {}
    assert sweep(after=timedelta(seconds=5)) == {"queued": 1}
    assert sweep(after=timedelta(seconds=15)) == {"sent": 3}
    assert bell.rung[-3:] == keys(first, second, third)
    assert fresh(second).attempts == 1


@pytest.mark.parametrize("reply", [REFUSED, DELIVERED])
def test_a_message_that_is_parked_or_sent_holds_nobody_back(bell: Bell, reply: Reply) -> None:
    first, second = a_message(owner=7), a_message(owner=7)
    bell.answer = lambda message: reply if message.pk == first.pk else DELIVERED
    sweep()
    assert fresh(second).state == State.SENT and bell.rung == keys(first, second)


def test_a_message_that_nobody_hears_holds_nobody_back(bell: Bell, settings: Any) -> None:
    settings.EVENTS_URL, settings.EVENTS_ADDRESS_FILE = "", None
    a_message("drum.beaten", owner=7)
    second = a_message(owner=7)
    sweep()
    assert fresh(second).state == State.SENT


# --- many sweepers, and those that die


@pytest.mark.django_db(transaction=True)
def test_six_sweepers_send_each_message_once(bell: Bell) -> None:
    messages = [a_message(owner=number % 20) for number in range(200)]

    def work() -> dict[str, int]:
        try:
            return dict(sweep_outbox(clock=clock_at(NOON)))
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        outcomes = [future.result() for future in [pool.submit(work) for _number in range(6)]]
    assert sorted(bell.rung) == sorted(keys(*messages))
    assert sum(outcome.get("sent", 0) for outcome in outcomes) == 200


@pytest.mark.django_db(transaction=True)
def test_an_outlet_is_left_to_whoever_is_sending_through_it(bell: Bell) -> None:
    message, is_held, may_go = a_message(), threading.Event(), threading.Event()

    def send_elsewhere() -> None:
        with holding("outlet:bell"):
            is_held.set()
            may_go.wait(10)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        elsewhere = pool.submit(send_elsewhere)
        is_held.wait(10)
        assert sweep() == {} and fresh(message).attempts == 0
        may_go.set()
        elsewhere.result()
    assert sweep() == {"sent": 1}


def test_a_sweeper_that_dies_in_the_middle_costs_a_repetition_under_the_same_key(bell: Bell) -> None:
    message = a_message()
    dying = deliveries(EVERYTHING, clock=clock_at(NOON))
    assert next(dying)[0].reply == DELIVERED
    dying.close()  # nobody writes the answer down
    leased = fresh(message)
    assert (leased.state, leased.attempts) == (State.QUEUED, 1) and leased.next_attempt_at > NOON
    assert sweep(after=timedelta(seconds=8)) == {}
    assert sweep(after=leased.next_attempt_at - NOON) == {"sent": 1}
    assert bell.rung == keys(message, message)


def test_the_answer_of_an_attempt_that_was_given_up_comes_too_late(bell: Bell) -> None:
    message = a_message()
    slow = deliveries(EVERYTHING, clock=clock_at(NOON))
    (late,) = next(slow)
    slow.close()
    bell.answer = lambda message: AGAIN
    assert sweep(after=timedelta(minutes=5)) == {"queued": 1}
    due = fresh(message).next_attempt_at
    assert settle([outbox.Delivery(late.key, late.attempt, AGAIN)], at=NOON) == {}
    assert fresh(message).next_attempt_at == due
    # But if it says that the message has arrived, then it has.
    assert settle([late], at=NOON) == {"sent": 1}
    assert settle([late], at=NOON) == {}


def test_the_limit_of_time_ends_a_sweep_between_two_claims(bell: Bell) -> None:
    for _number in range(100):
        a_message()
    instants = iter(NOON + timedelta(seconds=number) for number in range(1000))
    outcome = sweep_outbox(clock=lambda: next(instants), until=NOON + timedelta(seconds=4))
    assert 0 < outcome["sent"] < 100


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_a_message_is_sent(bell: Bell) -> None:
    open_ones: list[bool] = []

    def answer(message: OutboxMessage) -> Reply:
        open_ones.append(sender.in_atomic_block)
        return DELIVERED

    sender, bell.answer = transaction.get_connection(), answer
    a_message()
    assert sweep() == {"sent": 1} and open_ones == [False]


def test_a_message_dated_by_a_clock_that_was_ahead_keeps_nobody_waiting(bell: Bell) -> None:
    ahead = a_message(owner=1, at=NOON + timedelta(hours=25))
    later = a_message(owner=1, at=NOON)
    assert sweep() == {"sent": 2}
    assert bell.rung == [ahead.key, later.key]


def test_a_lease_of_a_clock_that_was_ahead_ends_with_it(bell: Bell) -> None:
    message = a_message()
    next(deliveries(EVERYTHING, clock=clock_at(NOON + timedelta(days=1)))).clear()
    assert fresh(message).next_attempt_at > NOON + timedelta(days=1)
    assert sweep() == {"sent": 1}
