"""Messages, outlets that need no network, and clocks, for the tests of the outbox."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from operations import registry
from operations.models import OutboxMessage
from operations.outbound import Limits
from operations.outlets import Reply, Verdict
from operations.services.outbox import put_message

NOON = datetime(2027, 1, 15, 4, tzinfo=UTC)
DELIVERED = Reply(Verdict.DELIVERED)
_numbers = count(1)


class Bell:
    """An outlet that rings for topics that begin with "bell.", and answers as it is told to."""

    name = "bell"
    patience = timedelta(seconds=1)

    def __init__(self) -> None:
        self.limits = Limits(in_flight=4)
        self.rung: list[str] = []
        #: Seconds that a delivery takes.
        self.slowness = 0.0
        self.answer: Callable[[OutboxMessage], Reply] = lambda message: DELIVERED

    def takes(self, topic: str) -> bool:
        return topic.startswith("bell.")

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[str]:
        yield "rope"

    async def deliver(self, connection: Any, message: OutboxMessage) -> Reply:
        assert connection == "rope"
        self.rung.append(message.key)
        await asyncio.sleep(self.slowness)
        return self.answer(message)


@contextmanager
def hung() -> Iterator[Bell]:
    """A bell that is registered, before the webhook."""
    bell, others = Bell(), dict(registry.outlets._entries)
    registry.outlets._entries.clear()
    registry.outlets.register(bell)
    registry.outlets._entries.update(others)
    yield bell
    registry.outlets._entries.clear()
    registry.outlets._entries.update(others)


def a_message(
    topic: str = "bell.rung", *, key: str = "", owner: int | None = None, at: datetime = NOON, **payload: Any
) -> OutboxMessage:
    """A queued message; each call makes another unless it is given a key."""
    return put_message(topic, key or f"ring:{next(_numbers)}", payload, owner=owner, at=at)


def clock_at(at: datetime) -> Callable[[], datetime]:
    return lambda: at


def fresh(message: OutboxMessage) -> OutboxMessage:
    return OutboxMessage.objects.get(pk=message.pk)


def keys(*messages: OutboxMessage) -> list[str]:
    return [message.key for message in messages]
