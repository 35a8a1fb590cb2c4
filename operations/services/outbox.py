"""The outbox: a message is written in the transaction that makes it true, and sent when that is committed.

`on_commit` only nudges; the sweeper finds what was not sent. Delivery is at least once: a message is claimed for a
while (its lease) in a transaction of its own, sent outside any, and its answer written down. A worker that dies in
between leaves it to be sent again under the same key, by which the receiver knows it.

A member's messages go one after the other, in the order of their ids: one waits until the earlier ones are sent,
parked or unheard. So a parked message that is sent again by hand may come late; its timestamp tells. Messages without
an owner, and those of different members, are in no order.

In the quiet hours of its topic a message is not queued: it waits, out of the way of what may go, and is queued when
they end. Only notices have quiet hours, and those that have are nobody's, so that nothing waits behind them.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from kombu.exceptions import OperationalError

from operations import registry, statements
from operations.audit import because
from operations.errors import KeyConflictError
from operations.models import OutboxMessage, User
from operations.models.outbox import FARTHEST
from operations.outbound import answers_of
from operations.outlets import Outlet, Reply, Verdict
from operations.quiet_hours import quiet_until
from operations.services.holds import holding

log = structlog.get_logger(__name__)
Clock = Callable[[], datetime]
State = OutboxMessage.State

#: So many deliveries of a claim may follow one another in each place in flight: the lease covers them.
TURNS = 8
#: Before the second attempt; doubles with each one.
PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = FARTHEST
#: As many messages are taken out of the queue, or put back into it, in one transaction.
SLICE = 10_000
ERROR_LENGTH = 200


class Span(NamedTuple):
    """A range of message ids, both ends included; of those, where `approved` is given, what that dry run foresaw."""

    first: int
    last: int
    approved: int | None = None


EVERYTHING = Span(0, 2**63 - 1)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What an outlet said of one attempt."""

    key: int
    attempt: int
    reply: Reply


def put_message(
    topic: str, key: str, payload: dict[str, Any], *, owner: int | None = None, at: datetime
) -> OutboxMessage:
    """Write a message in the caller's transaction; a repeat returns the first one.

    `key` is what the receiver knows the message by: printable ASCII without blanks, unique for ever and over all
    members. `owner` is the member, None: nobody's. Raises KeyConflictError when the key was used with another body.

    Set-based writers INSERT ... SELECT into operations_outboxmessage themselves, ON CONFLICT (key) DO NOTHING, with
    the columns topic, key, owner, payload, state 'queued', attempts 0, error '', created_at and next_attempt_at (both
    the instant of the change), in the order in which a member is to hear of them, and call `nudge_on_commit` once.
    """
    waits_until = quiet_until(topic, at=at)
    message = OutboxMessage(
        topic=topic, key=key, owner=owner, payload=payload, created_at=at, next_attempt_at=waits_until or at,
        state=State.WAITING if waits_until else State.QUEUED,
    )
    OutboxMessage.objects.bulk_create([message], ignore_conflicts=True)
    first = OutboxMessage.objects.get(key=key)
    if (first.topic, first.owner, first.payload) != (topic, owner, json.loads(json.dumps(payload))):
        raise KeyConflictError(key)
    nudge_on_commit()
    return first


def nudge_on_commit() -> None:
    """Have a worker look into the queue once the transaction is committed. A lost nudge costs seconds: beat looks."""
    transaction.on_commit(_nudge)


def _nudge() -> None:
    from operations.tasks import sweep_outbox

    try:
        sweep_outbox.apply_async(retry=False, expires=60)
    except (ConnectionError, OperationalError):
        log.warning("outbox_not_nudged", exc_info=True)


def sweep_outbox(*, clock: Clock, until: datetime | None = None) -> Counter[str]:
    """Send what is due, until nothing is left or `until` has come; how many messages came to which state.

    An outlet that another worker is sending through is left to that one.
    """
    outcome: Counter[str] = Counter()
    for answers in deliveries(EVERYTHING, clock=clock, until=until):
        outcome.update(settle(answers, at=clock()))
    return outcome


def deliveries(span: Span, *, clock: Clock, until: datetime | None = None) -> Iterator[list[Delivery]]:
    """Claim and send what is due in a span; each list is to be settled before the next one is asked for.

    Not inside a transaction. Messages that nobody listens to are taken out of the queue on the way, and so are those
    whose quiet hours have begun; those whose quiet hours are over come back.
    """
    at = clock()
    topics = due_topics(span, at=at)
    if topics:
        _in_slices("outbox/wake", at=at, first=span.first, last=span.last)
        statements.ours.run("outbox/call_back", at=at, farthest=FARTHEST, first=span.first, last=span.last)
    routes = _routes(topic for topic in topics if not _put_off(topic, span, at=at))
    _leave_unheard(span, routes.pop(None, []), clock=clock)
    for name, topics in routes.items():
        outlet = registry.outlets.get(str(name))
        with holding(f"outlet:{outlet.name}") as is_free:
            if is_free:
                yield from _through(outlet, topics, span, clock=clock, until=until)


def due_topics(span: Span, *, at: datetime) -> list[str]:
    """The topics of the messages that are due, or whose quiet hours are over. There are few."""
    found = OutboxMessage.objects.order_by().filter(pk__range=(span.first, span.last))
    # Together, and each by its index.
    parts = (found.to_send(at=at), found.filter(state=State.WAITING, next_attempt_at__lte=at))
    queued, waiting = (part.values_list("topic", flat=True) for part in parts)
    return sorted(queued.union(waiting))


def _put_off(topic: str, span: Span, *, at: datetime) -> bool:
    """Let a topic's messages wait in its quiet hours; whether it has any now."""
    waits_until = quiet_until(topic, at=at)
    if waits_until is not None:
        _in_slices("outbox/put_off", at=at, until=waits_until, topic=topic, first=span.first, last=span.last)
    return waits_until is not None


def _in_slices(name: str, **parameters: Any) -> None:
    """A statement that takes SLICE messages at the most, until it finds fewer."""
    while statements.ours.run(name, most=SLICE, **parameters) == SLICE:
        pass


def _routes(topics: Iterable[str]) -> dict[str | None, list[str]]:
    """Topics by the name of their outlet; None: nobody listens."""
    routes: dict[str | None, list[str]] = {}
    for topic in topics:
        name = next((outlet.name for outlet in registry.outlets if outlet.takes(topic)), None)
        routes.setdefault(name, []).append(topic)
    return routes


def _leave_unheard(span: Span, topics: list[str], *, clock: Clock) -> None:
    """Set-based, in slices: on a desk without a listener it is every message of a night."""
    if topics:
        _in_slices("outbox/leave_unheard", at=clock(), topics=topics, **span._asdict())


def _through(
    outlet: Outlet, topics: list[str], span: Span, *, clock: Clock, until: datetime | None
) -> Iterator[list[Delivery]]:
    """Claim after claim. One of which nothing arrived is the last: the receiver seems to be down.

    Quiet hours that begin meanwhile end it for their topics.
    """
    while until is None or clock() < until:
        at = clock()
        claimed = _claim(outlet, [topic for topic in topics if quiet_until(topic, at=at) is None], span, at=at)
        if not claimed:
            return
        arrived = False
        for answers in answers_of(claimed, _delivering(outlet), opened=outlet.opened, limits=outlet.limits):
            arrived = arrived or any(answer.reply.verdict != Verdict.AGAIN for answer in answers)
            yield answers
        if not arrived:
            return


def _claim(outlet: Outlet, topics: list[str], span: Span, *, at: datetime) -> list[OutboxMessage]:
    """As many as can be sent within the lease, even if each takes as long as it may."""
    most = outlet.limits.in_flight * TURNS
    slowest = outlet.patience * TURNS
    if outlet.limits.per_second:
        slowest += timedelta(seconds=most / outlet.limits.per_second)
    leased_until = at + min(2 * slowest, FARTHEST)
    parameters = {"at": at, "topics": topics, "most": most, "leased_until": leased_until, **span._asdict()}
    return list(OutboxMessage.objects.raw(statements.ours.text("outbox/claim"), parameters))


def _delivering(outlet: Outlet) -> Callable[[Any, OutboxMessage], Any]:
    """The outlet's `deliver`, which never raises and never takes longer than it may."""

    async def deliver(shared: Any, message: OutboxMessage) -> Delivery:
        try:
            async with asyncio.timeout(outlet.patience.total_seconds()):
                reply = await outlet.deliver(shared, message)
        except TimeoutError:
            reply = Reply(Verdict.AGAIN, "timeout")
        except Exception as error:
            log.exception("delivery_failed", outlet=outlet.name, message=message.pk)
            reply = Reply(Verdict.AGAIN, f"{type(error).__name__}: {error}")
        return Delivery(message.pk, message.attempts, reply)

    return deliver


def settle(answers: Sequence[Delivery], *, at: datetime) -> Counter[str]:
    """Write down what became of attempts; how many messages came to which state."""
    keys = [answer.key for answer in answers]
    verdicts = [answer.reply.verdict for answer in answers]
    with transaction.atomic():
        settled = statements.ours.rows(
            "outbox/settle", at=at, keys=keys, attempts=[answer.attempt for answer in answers],
            delivered=[verdict == Verdict.DELIVERED for verdict in verdicts],
            refused=[verdict == Verdict.REFUSED for verdict in verdicts],
            errors=[answer.reply.error[:ERROR_LENGTH] for answer in answers],
            most_attempts=settings.OUTBOX_ATTEMPTS, pause=PAUSE.total_seconds(),
            longest_pause=LONGEST_PAUSE.total_seconds(),
        )
        statements.ours.run("outbox/hold_back", keys=keys)
    return Counter(dict(settled))


def send_again(messages: "QuerySet[OutboxMessage]", *, reason: str, at: datetime, actor: User | None) -> int:
    """Queue parked and unheard messages again, SLICE of them at the most, the oldest first; how many.

    All their attempts are before them. `reason` goes to the audit trail.
    """
    is_over = messages.filter(state__in=[State.PARKED, State.UNHEARD])
    with transaction.atomic(), because(reason, actor=actor):
        oldest = is_over.select_for_update(skip_locked=True).order_by("pk").values_list("pk", flat=True)[:SLICE]
        queued = OutboxMessage.objects.filter(pk__in=list(oldest)).update(
            state=State.QUEUED, attempts=0, next_attempt_at=at
        )
        nudge_on_commit()
    return queued
