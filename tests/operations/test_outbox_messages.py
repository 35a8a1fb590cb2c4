"""Putting a message into the outbox: with the change it tells of, once for each key."""

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from kombu.exceptions import OperationalError

from operations import tasks
from operations.errors import KeyConflictError
from operations.models import OutboxMessage
from operations.services.outbox import put_message
from tests.operations.outbox_stories import NOON, a_message, fresh

pytestmark = pytest.mark.django_db
State = OutboxMessage.State


@pytest.fixture
def nudges(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    sent: list[None] = []
    monkeypatch.setattr(tasks.sweep_outbox, "apply_async", lambda *args, **options: sent.append(None))
    return sent


def test_a_message_waits_for_the_sweeper_and_is_due_at_once() -> None:
    message = put_message("card.renewed", "card:1:renewed", {"card": 1, "until": "2028-01-30"}, owner=7, at=NOON)
    message = fresh(message)
    assert (message.state, message.attempts, message.error, message.sent_at) == (State.QUEUED, 0, "", None)
    assert (message.created_at, message.next_attempt_at, message.owner) == (NOON, NOON, 7)
    assert message.payload == {"card": 1, "until": "2028-01-30"}


def test_a_change_that_is_taken_back_tells_nobody(nudges: list[None]) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        a_message(key="taken-back")
        raise ZeroDivisionError
    assert not OutboxMessage.objects.exists() and nudges == []


@pytest.mark.django_db(transaction=True)
def test_the_nudge_comes_with_the_commit_and_not_before(nudges: list[None]) -> None:
    with transaction.atomic():
        a_message()
        assert nudges == []
    assert nudges == [None]


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_gone_keeps_no_message_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(tasks.sweep_outbox, "apply_async", refuse)
    assert fresh(a_message()).state == State.QUEUED


def test_told_again_it_is_the_same_message() -> None:
    first = a_message(key="card:1:renewed", card=1)
    assert a_message(key="card:1:renewed", card=1) == first
    assert OutboxMessage.objects.count() == 1


@pytest.mark.parametrize(
    ("topic", "owner", "payload"), [("card.lapsed", 7, {"card": 1}), ("card.renewed", 8, {"card": 1}),
                                    ("card.renewed", None, {"card": 1}), ("card.renewed", 7, {"card": 2})]
)
def test_another_body_under_the_same_key_is_an_error(topic: str, owner: int | None, payload: dict[str, int]) -> None:
    put_message("card.renewed", "card:1:renewed", {"card": 1}, owner=7, at=NOON)
    with pytest.raises(KeyConflictError, match="card:1:renewed"):
        put_message(topic, "card:1:renewed", payload, owner=owner, at=NOON)


@pytest.mark.django_db(transaction=True)
def test_ten_that_tell_the_same_at_once_tell_it_once() -> None:
    start = threading.Barrier(10)

    def tell() -> int:
        start.wait()
        try:
            return a_message(key="card:1:renewed", card=1).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        told = [future.result() for future in [pool.submit(tell) for _number in range(10)]]
    assert len(set(told)) == 1 and OutboxMessage.objects.count() == 1


@pytest.mark.parametrize("key", ["", "with blank", "行", "line\nbreak"])
def test_a_key_that_no_header_can_carry_is_refused(key: str) -> None:
    with pytest.raises(IntegrityError, match="outboxmessage_key_plain"):
        put_message("card.renewed", key, {}, at=NOON)


def test_what_is_no_json_is_refused_before_it_is_written() -> None:
    with pytest.raises(TypeError):
        put_message("card.renewed", "card:1", {"price": Decimal("99.00")}, at=NOON)


def test_what_was_said_cannot_be_changed_and_what_was_sent_not_be_unsent() -> None:
    message = a_message()
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        OutboxMessage.objects.filter(pk=message.pk).update(payload={"other": True})
    OutboxMessage.objects.filter(pk=message.pk).update(state=State.SENT)
    with pytest.raises(DatabaseError, match="Invalid transition"), transaction.atomic():
        OutboxMessage.objects.filter(pk=message.pk).update(state=State.QUEUED)
