"""Events as webhooks, over real HTTP to a real receiver: signed after the specification, answered with every status."""

import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from django.utils import timezone

from operations import tasks, webhooks
from operations.models import OutboxMessage
from operations.services.outbox import sweep_outbox
from tests.config.test_settings import run_manage
from tests.gateway import GatewayForTests
from tests.operations.outbox_stories import NOON, a_message, clock_at, fresh
from tests.operations.receiver import SECRET, Receiver, listening

pytestmark = pytest.mark.django_db
State = OutboxMessage.State


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    with listening() as receiver:
        settings.EVENTS_URL, settings.EVENTS_SECRET = receiver.url, SECRET
        yield receiver


def sweep(*, after: timedelta = timedelta(0)) -> dict[str, int]:
    return dict(sweep_outbox(clock=clock_at(NOON + after)))


def test_the_receiver_hears_what_happened_when_and_can_verify_it(receiver: Receiver) -> None:
    message = a_message("card.renewed", key="card:1:renewed", owner=7, card=1, name="京东PLUS会员")
    assert sweep() == {"sent": 1}
    (heard,) = receiver.heard
    assert heard.id == message.key and heard.is_signed
    assert heard.body == {
        "type": "card.renewed", "timestamp": "2027-01-15T04:00:00Z", "data": {"card": 1, "name": "京东PLUS会员"},
    }
    assert abs(heard.timestamp - time.time()) < 60  # of the attempt, not of the event


def test_the_signature_is_the_one_of_the_specification() -> None:
    # The example of the specification's reference implementations.
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = webhooks.sign(SECRET, id="msg_p5jXN8AQM9LWM0D4loKWxJek", at=at, body=b'{"test": 2432232314}')
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_%%", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
def test_a_secret_that_is_none_is_named(secret: str) -> None:
    with pytest.raises(ValueError, match="whsec_"):
        webhooks.sign(secret, id="1", at=NOON, body=b"")


@pytest.mark.parametrize(
    ("status", "state", "error"),
    [(200, State.SENT, ""), (204, State.SENT, ""), (202, State.SENT, ""),
     (400, State.PARKED, "HTTP 400 Bad Request"), (401, State.PARKED, "HTTP 401 Unauthorized"),
     (410, State.PARKED, "HTTP 410 Gone"), (499, State.PARKED, "HTTP 499"),
     (408, State.QUEUED, "HTTP 408 Request Timeout"), (429, State.QUEUED, "HTTP 429 Too Many Requests"),
     (302, State.QUEUED, "HTTP 302 Found"), (500, State.QUEUED, "HTTP 500 Internal Server Error"),
     (503, State.QUEUED, "HTTP 503 Service Unavailable"), (None, State.QUEUED, "ServerDisconnectedError")],
)
def test_the_status_says_whether_it_arrived_may_be_sent_again_or_never(
    receiver: Receiver, status: int | None, state: str, error: str
) -> None:
    receiver.answer = lambda heard: status
    message = a_message()
    sweep()
    message = fresh(message)
    assert message.state == state and message.error.startswith(error) and bool(message.error) == bool(error)
    assert len(receiver.heard) == 1


def test_a_repetition_has_the_same_id_and_the_same_body(receiver: Receiver) -> None:
    receiver.answer = lambda heard: 503 if len(receiver.heard) == 1 else 204
    message = a_message(n=1)
    sweep()
    assert sweep(after=timedelta(seconds=5)) == {"sent": 1}
    first, second = receiver.heard
    assert first.id == second.id == message.key and first.body == second.body and second.is_signed


def test_nobody_is_there_so_it_waits(settings: Any) -> None:
    settings.EVENTS_URL, settings.EVENTS_SECRET = "http://127.0.0.1:9/events", SECRET
    message = a_message()
    assert sweep() == {"queued": 1}
    assert fresh(message).error.startswith("ClientConnectorError")


def test_a_desk_without_a_secret_sends_nothing_unsigned(receiver: Receiver, settings: Any) -> None:
    settings.EVENTS_SECRET = ""
    message = a_message()
    assert sweep() == {"queued": 1}
    assert receiver.heard == [] and "whsec_" in fresh(message).error


def test_as_many_are_under_way_as_the_settings_allow(receiver: Receiver, settings: Any) -> None:
    settings.EVENTS_IN_FLIGHT = 5
    for _number in range(40):
        a_message()
    assert sweep() == {"sent": 40}
    assert receiver.most_at_once <= 5


def test_outside_production_the_listener_of_the_sandbox_is_found_by_its_address(
    receiver: Receiver, settings: Any, tmp_path: Path
) -> None:
    settings.EVENTS_URL, settings.EVENTS_SECRET = "", ""
    settings.EVENTS_ADDRESS_FILE = tmp_path / "gateway.json"
    unheard = a_message()
    assert sweep() == {} and fresh(unheard).state == State.UNHEARD
    settings.EVENTS_ADDRESS_FILE.write_text(
        json.dumps({"url": receiver.url.removesuffix("/events"), "secret": "x", "events_secret": SECRET})
    )
    heard = a_message()
    assert sweep() == {"sent": 1} and receiver.ids == [heard.key] and receiver.heard[0].is_signed


@pytest.mark.parametrize(
    "secret", ["", "a-word", "whsec_no-base64!", "whsec_", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
)
def test_a_desk_does_not_start_with_a_receiver_and_no_secret_to_sign_with(secret: str) -> None:
    started = run_manage("check", EVENTS_URL="https://events.example.com/", EVENTS_SECRET=secret)
    is_good = secret.startswith("whsec_Mf")
    assert (started.returncode == 0) == is_good, started.stderr
    assert is_good or "EVENTS_SECRET is not whsec_ and base64" in started.stderr


@pytest.mark.parametrize("content", ["", "{}", "[]", "{"])
def test_an_address_that_cannot_be_read_is_none(settings: Any, tmp_path: Path, content: str) -> None:
    settings.EVENTS_URL, settings.EVENTS_ADDRESS_FILE = "", tmp_path / "gateway.json"
    settings.EVENTS_ADDRESS_FILE.write_text(content)
    assert webhooks.find_receiver() is None


def test_the_sandbox_hears_each_message_once_though_half_its_answers_are_lost(
    gateway: GatewayForTests, settings: Any
) -> None:
    settings.EVENTS_URL, settings.EVENTS_ADDRESS_FILE = "", gateway.server.address_file
    gateway.order_faults(events={"error_after": 0.3, "error_before": 0.2}, seed=7)
    messages = [a_message("card.renewed", owner=number // 2) for number in range(40)]
    now = timedelta(0)
    while OutboxMessage.objects.filter(state=State.QUEUED).exists():
        sweep(after=now)
        now += timedelta(minutes=1)
    heard = gateway.events()
    assert sorted(event["id"] for event in heard) == sorted(message.key for message in messages)
    assert sum(event["deliveries"] for event in heard) > 40
    order = [event["id"] for event in heard]
    for first, second in zip(messages[::2], messages[1::2], strict=True):
        assert order.index(first.key) < order.index(second.key)


@pytest.mark.crash
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_while_it_sends_leaves_the_message_to_be_sent_again(
    receiver: Receiver, start_worker: Callable[..., Popen[bytes]]
) -> None:
    receiver.may_answer.clear()
    message = a_message(at=timezone.now())
    tasks.sweep_outbox.delay()
    worker = start_worker("-c", "1", EVENTS_URL=receiver.url, EVENTS_SECRET=SECRET)
    receiver.wait_for(1)
    os.killpg(worker.pid, 9)
    worker.wait()
    receiver.may_answer.set()
    leased = fresh(message)
    assert (leased.state, leased.attempts) == (State.QUEUED, 1)
    # PostgreSQL needs a moment to see that the worker's session, which held the outlet, is gone.
    receiver.wait_for(2, meanwhile=lambda: sweep_outbox(clock=clock_at(leased.next_attempt_at)))
    assert receiver.ids == [message.key, message.key] and fresh(message).state == State.SENT
