"""What is asked of gateways, many calls at a time. Never inside a transaction: a call takes as long as it takes.

A gateway's limits (settings.GATEWAYS) are divided among the workers that may call it at a time (the jobs' lane); a
sixteenth is kept for what no lane orders: asking again, and the desk.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Protocol, TypeVar

import structlog
from django.conf import settings
from django.db import connection

from memberships.gateways import Answer, Charge, Gateway, Outcome, RefundOrder, get_gateway
from operations.metrics import GATEWAY_CALLS, GATEWAY_SECONDS
from operations.outbound import Limits, answers_of

log = structlog.get_logger(__name__)
#: A gateway that was asked for money is given so long before it is asked what became of it.
PATIENCE = timedelta(seconds=60)
LANE = "gateway"
#: One part in so many of a gateway's limits is kept for calls outside the lane.
PARTS = 16
#: The code of a charge of nothing, which no gateway is asked for.
NOTHING_TO_CHARGE = "nothing_to_charge"
#: The code of a charge that the gateway never got, and that is not sent again: its term cannot be used any more.
TOO_LATE = "too_late"
#: The codes of money moved otherwise than we asked. It gives nobody anything: somebody has to look into it.
OTHER_AMOUNT, OTHER_TOKEN = "other_amount", "key_conflict"


@dataclass(frozen=True, slots=True)
class WantedCharge:
    """An attempt of a payment (CNY). If it may have been sent before, the gateway is asked what became of it first.

    One that is too late is not sent again.
    """

    payment: int
    attempt: int
    gateway: str
    token: str
    amount: Decimal
    description: str
    was_sent: bool = False
    is_too_late: bool = False

    @property
    def key(self) -> str:
        """As Payment.attempt_key."""
        return f"{self.payment}-{self.attempt}"


@dataclass(frozen=True, slots=True)
class WantedRefund:
    """A refund, sent under one key however often."""

    gateway: str
    order: RefundOrder
    was_sent: bool = False


class _Wanted(Protocol):
    @property
    def gateway(self) -> str: ...


_W = TypeVar("_W", bound=_Wanted)


def charge_all(wanted: Iterable[WantedCharge], *, in_lane: bool) -> Iterator[list[Answer]]:
    """Ask for the charges; answers come in batches, several for a charge that the gateway never got before.

    What costs nothing is answered at once. UnknownNameError, after all others, for a gateway that there is not.
    """
    wanted = list(wanted)
    free = [
        _too_late(charge) if charge.is_too_late else Answer(charge.key, Outcome.SUCCEEDED, code=NOTHING_TO_CHARGE)
        for charge in wanted if not charge.amount
    ]
    if free:
        yield free
    yield from _ask_all([charge for charge in wanted if charge.amount], _charge, in_lane=in_lane)


def refund_all(wanted: Iterable[WantedRefund], *, in_lane: bool) -> Iterator[list[Answer]]:
    """Ask for the refunds; as `charge_all`."""
    yield from _ask_all(list(wanted), _refund, in_lane=in_lane)


def refuse_transaction() -> None:
    """RuntimeError inside a transaction: a call made there would hold its locks, and a rollback would forget it."""
    if connection.in_atomic_block:
        raise RuntimeError("a gateway is called outside any transaction")


def _ask_all(
    wanted: Sequence[_W], ask: Callable[[Gateway, _W], Awaitable[list[Answer]]], *, in_lane: bool
) -> Iterator[list[Answer]]:
    """Gateway by gateway, those that the settings know first."""
    names = sorted({item.gateway for item in wanted}, key=lambda name: (name not in settings.GATEWAYS, name))
    for name in names:
        gateway = get_gateway(name)
        items = [item for item in wanted if item.gateway == name]
        yield from _ask_one(gateway, items, ask, limits=limits_of(name, in_lane=in_lane))


def _ask_one(
    gateway: Gateway, wanted: Sequence[_W], ask: Callable[[Gateway, _W], Awaitable[list[Answer]]], *, limits: Limits
) -> Iterator[list[Answer]]:
    async def asked(opened: Gateway, item: _W) -> list[Answer]:
        with GATEWAY_SECONDS.labels(gateway.name).time():
            answers = await ask(opened, item)
        for answer in answers:
            GATEWAY_CALLS.labels(gateway.name, answer.outcome.value).inc()
        return answers

    for answers in answers_of(wanted, asked, opened=lambda: gateway, limits=limits):
        yield [answer for of_one in answers for answer in of_one]


def limits_of(gateway: str, *, in_lane: bool) -> Limits:
    """What one caller of the gateway may do at a time: in the lane, a worker's part of it."""
    whole = settings.GATEWAYS[gateway]
    in_flight, per_second = int(whole["in_flight"]), float(whole.get("per_second", 0))
    kept = max(1, in_flight // PARTS)
    if not in_lane:
        return Limits(kept, per_second / PARTS)
    lanes = settings.JOB_LANES.get(LANE, 1)
    return Limits(max(1, (in_flight - kept) // lanes), per_second * (PARTS - 1) / PARTS / lanes)


async def _charge(gateway: Gateway, wanted: WantedCharge) -> list[Answer]:
    answers = []
    if wanted.was_sent:
        answers.append(_as_asked(await gateway.find_charge(wanted.key), wanted.amount, token=wanted.token))
        if answers[0].outcome is not Outcome.ABSENT:
            return answers
        if wanted.is_too_late:
            return [*answers, _too_late(wanted)]
    charge = Charge(wanted.key, wanted.token, wanted.amount, description=wanted.description)
    return [*answers, _as_asked(await gateway.charge(charge), wanted.amount, token=wanted.token)]


async def _refund(gateway: Gateway, wanted: WantedRefund) -> list[Answer]:
    answers = []
    if wanted.was_sent:
        answers.append(_as_asked(await gateway.find_refund(wanted.order.key), wanted.order.amount))
        if answers[0].outcome is not Outcome.ABSENT:
            return answers
    return [*answers, _as_asked(await gateway.refund(wanted.order), wanted.order.amount)]


def _as_asked(answer: Answer, amount: Decimal, *, token: str = "") -> Answer:
    """The answer; UNKNOWN when the gateway says that it moved another amount, or took it from another token."""
    if answer.outcome is not Outcome.SUCCEEDED:
        return answer
    if answer.amount is not None and answer.amount != amount:
        code = OTHER_AMOUNT
    elif token and answer.token and answer.token != token:
        code = OTHER_TOKEN
    else:
        return answer
    log.error("gateway_moved_otherwise", key=answer.key, code=code, asked=str(amount), moved=str(answer.amount))
    return Answer(answer.key, Outcome.UNKNOWN, code, answer.reference, answer.message)


def _too_late(wanted: WantedCharge) -> Answer:
    return Answer(wanted.key, Outcome.HARD_DECLINE, TOO_LATE)
