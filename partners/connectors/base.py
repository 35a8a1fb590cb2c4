"""What a partner is told, what it answers, and how a connector to its API is used.

A connector never raises for what the network or the partner does: it answers UNKNOWN, and the command is asked about
later. The answers of all modes, also a result file's and an operator's, are written down by the same service
(partners/services/commands.py: record_answers).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Protocol, Self

from partners.models import Fulfilment

#: The states that a partner may tell of.
STATES = frozenset(Fulfilment.State.values) - {Fulfilment.State.REQUESTED}


@dataclass(frozen=True, slots=True)
class Word:
    """What a partner said of a fulfilment (its id here): the state, and the number of its own count of changes.

    `sequence` None: it does not count; what is heard last is then the newest. `command` is our id of the command that
    led to it, "" where the partner did it by itself or that is not known; `day` the Shanghai date on which it happened.
    """

    fulfilment: int
    state: str
    sequence: int | None
    reference: str = ""
    reason: str = ""
    command: str = ""
    day: date | None = None

    def __post_init__(self) -> None:
        if self.state not in STATES:
            raise ValueError(f"a partner cannot make a fulfilment “{self.state}”")


class Outcome(StrEnum):
    """What came of a command, as far as the partner has said."""

    DONE = "done"
    #: The partner has it, and will tell.
    ACCEPTED = "accepted"
    #: Refused: it cannot be done, nor later.
    FAILED = "failed"
    #: Nobody knows; it is asked about.
    UNKNOWN = "unknown"
    #: Nothing was done, and the partner says when it may be sent again.
    LATER = "later"
    #: Nothing was sent: the circuit breaker is open.
    NOT_SENT = "not_sent"


@dataclass(frozen=True, slots=True)
class Order:
    """A command as it is sent. `was_sent`: it may have been before, so that the partner is asked about it first.

    `id` is the partner's idempotency key, the same however often it is sent; `key` our number of the fulfilment.
    """

    command: int
    fulfilment: int
    attempt: int
    was_sent: bool
    key: str
    id: str
    kind: str
    sku: str
    member: str
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a command (its id here) at that attempt; None: at whichever attempt it is, for those without calls.

    `word` is what the partner said of the fulfilment with it. `error` is a code, `detail` the partner's own words.
    `was_reached`: the partner itself has answered, whatever it said, which closes its circuit breaker.
    """

    command: int
    attempt: int | None
    outcome: Outcome
    error: str = ""
    detail: str = ""
    word: Word | None = None
    latency_ms: int | None = None
    retry_after: float | None = None
    was_reached: bool = True


class Connector(Protocol):
    """One partner's API. Used inside `async with`, which opens and closes its connections."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *error: Any) -> None: ...

    async def carry_out(self, order: Order) -> Answer:
        """Send a command, or ask what became of it and send it only if the partner never got it."""
