"""Where the outbox's messages go: what an outlet is, and what it says of a message.

Outlets are registered by name with `operations.registry.outlets`. A topic has one outlet: the first one registered
that takes it. Upper floors register before the ground floor, whose webhook takes what is left.
"""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from operations.outbound import Limits

if TYPE_CHECKING:
    from operations.models import OutboxMessage


class Verdict(StrEnum):
    """What became of an attempt to deliver a message."""

    DELIVERED = "delivered"
    AGAIN = "again"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Reply:
    """The verdict on one message, and in the receiver's or our words why it was not delivered."""

    verdict: Verdict
    error: str = ""


class Outlet(Protocol):
    """One way out. `deliver` is called for many messages at a time, with what `opened` gave (connections)."""

    name: str
    #: No delivery takes longer: one that does counts as "again".
    patience: timedelta

    @property
    def limits(self) -> Limits:
        """How many deliveries may be under way, and begin in a second."""

    def takes(self, topic: str) -> bool:
        """Whether messages of that topic go this way now."""

    def opened(self) -> AbstractAsyncContextManager[Any]:
        """What deliveries share."""

    async def deliver(self, connection: Any, message: "OutboxMessage") -> Reply:
        """Hand a message over. It may have been handed over before: the receiver knows it by its key.

        AGAIN: not now (back-off). REFUSED: never. An error that is raised counts as AGAIN.
        """
