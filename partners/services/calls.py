"""Calls to partners' APIs, many at a time. Never inside a transaction: a call takes as long as it takes."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import structlog
from django.conf import settings
from django.db import connection

from operations.outbound import Limits, answers_of
from partners.connectors.api import ApiConnector, Line
from partners.connectors.base import Answer, Order, Outcome
from partners.models import Partner, PartnerKey
from partners.sandbox.address import read_address
from partners.services.keys import secrets_of

log = structlog.get_logger(__name__)


class Answered(Protocol):
    """What comes back of a call; whether the partner itself has answered, whatever it said."""

    @property
    def was_reached(self) -> bool: ...


C = TypeVar("C", bound=ApiConnector)
T = TypeVar("T")
A = TypeVar("A", bound=Answered)
#: Answers that come within so long of each other are written down together (seconds).
PATIENCE = 0.2


def find_line(partner: Partner, *, at: datetime) -> Line | None:
    """How a partner is reached now; None where it has no address or no keys, which is logged: nothing can be sent."""
    url = partner.api_url or _sandbox_url(partner)
    ours = secrets_of(partner, PartnerKey.Direction.OURS, at)
    theirs = secrets_of(partner, PartnerKey.Direction.THEIRS, at)
    if not url or not ours or not theirs:
        log.error("partner_not_callable", partner=partner.code, has_address=bool(url), has_keys=bool(ours and theirs))
        return None
    return Line(url, ours, theirs, float(partner.timeout_seconds))


def call_all(partner: Partner, line: Line, orders: Sequence[Order]) -> Iterator[list[Answer]]:
    """Carry out the orders within the partner's limits; answers come in batches, as they come.

    Once so many calls in a row did not reach it that its breaker opens, the rest is answered NOT_SENT.
    RuntimeError inside a transaction: it would hold its locks meanwhile, and a rollback would forget the calls.
    """
    return call_each(
        partner, ApiConnector(line, pace=pace_of(partner)), orders, tell=ApiConnector.carry_out, not_sent=_not_sent
    )


def _not_sent(order: Order) -> Answer:
    return Answer(order.command, order.attempt, Outcome.NOT_SENT, was_reached=False)


def call_each(
    partner: Partner, connector: C, items: Sequence[T], *, tell: Callable[[C, T], Awaitable[A]],
    not_sent: Callable[[T], A],
) -> Iterator[list[A]]:
    """`call_all` of any connector: `tell` the partner each item, or answer `not_sent` once it cannot be reached."""
    if connection.in_atomic_block:
        raise RuntimeError("a partner is called outside any transaction")
    caller = _Caller(connector, tell, not_sent, patience=partner.breaker_failures)
    yield from answers_of(
        items, _Caller.carry_out, opened=lambda: caller, limits=Limits(partner.in_flight), patience=PATIENCE
    )


def pace_of(partner: Partner) -> Callable[[], Awaitable[None]]:
    """To be waited for before each call."""
    return Pace(float(partner.per_second)).wait


class Pace:
    """Turns at even intervals: so many a second, 0 for as many as there are."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second if per_second else 0.0
        self._next = 0.0

    async def wait(self) -> None:
        """Until it is one's turn."""
        if not self._interval:
            return
        now = time.monotonic()
        turn = max(self._next, now)
        self._next = turn + self._interval
        await asyncio.sleep(turn - now)


class _Caller(Generic[C, T, A]):
    """A connector that is left alone once it cannot be reached."""

    def __init__(
        self, connector: C, tell: Callable[[C, T], Awaitable[A]], not_sent: Callable[[T], A], *, patience: int
    ) -> None:
        self._connector, self._tell, self._not_sent, self._patience = connector, tell, not_sent, patience
        self._failures = 0

    async def __aenter__(self) -> "_Caller[C, T, A]":
        await self._connector.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._connector.__aexit__(*error)

    async def carry_out(self, item: T) -> A:
        if self._failures >= self._patience:
            return self._not_sent(item)
        answer = await self._tell(self._connector, item)
        self._failures = 0 if answer.was_reached else self._failures + 1
        return answer


def _sandbox_url(partner: Partner) -> str:
    """Where the sandbox plays that partner, outside production; "" where it does not."""
    if settings.IS_PRODUCTION:
        return ""
    address = read_address(settings.DATA_DIR / "partners.json")
    return address.url_of(partner.code) if address and partner.code in address.partners else ""
