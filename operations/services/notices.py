"""Telling people: all of a range that a kind of notice is for, by one statement; one person, by hand or by an event.

A notice is told once for each member, key and channel. It goes out through the outbox: a webhook in its turn among the
member's messages; an e-mail or a text message as nobody's message, in no order, so that one that does not go holds up
nothing else. One that is told in its channel's quiet hours waits until they end, unless its kind is urgent.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connection, transaction
from psycopg import sql

from operations import registry, statements
from operations.audit import because
from operations.dates import business_date
from operations.errors import KeyConflictError
from operations.models import JobRun, Notice, NoticeRule, OutboxMessage, RunItem, User
from operations.notices import Facts, NoticeKind
from operations.quiet_hours import quiet_until, topic_of
from operations.services.outbox import nudge_on_commit, put_message


class Span(NamedTuple):
    """A range of ids, both ends included, and how many are to be told."""

    first: int
    last: int
    size: int = 0


EVERYBODY = Span(-(2**63), 2**63 - 1)


def notice_ranges(kind: NoticeKind, *, on: date, at: datetime, size: int) -> list[Span]:
    """Ranges of ids with about `size` to be told each."""
    return [Span(*row) for row in found_by("ranges", kind, EVERYBODY, on=on, at=at, size=size)]


def foresee_notices(run: JobRun, kind: NoticeKind, span: Span, *, at: datetime) -> None:
    """Write an item of a dry run for each record of a range whose member would be told."""
    found_by("foresee", kind, span, on=run.business_date, at=at, run=run.pk)


@transaction.atomic
def tell_range(kind: NoticeKind, span: Span, *, on: date, at: datetime, approved: JobRun | None = None) -> int:
    """Tell everybody of a range who was not told yet; how many records were new."""
    rule = rule_of(kind)
    topics = [topic_of(channel, is_urgent=rule.is_urgent) for channel in rule.channels]
    told = found_by(
        "put", kind, span, on=on, at=at, channels=list(rule.channels), topics=topics, is_required=rule.is_required,
        due_ats=[quiet_until(topic, at=at) or at for topic in topics], approved=approved and approved.pk,
    )
    if approved is not None:
        items = items_of(approved, kind, span)
        items.update(outcome=RunItem.Outcome.LEFT_OUT)
        items.filter(key__in=[key for (key,) in told]).update(outcome=RunItem.Outcome.DONE)
    if told:
        nudge_on_commit()
    return len(told)


@transaction.atomic
def tell(
    kind: NoticeKind, *, owner: int, key: str, facts: Facts, on: date, at: datetime
) -> list[Notice]:
    """Tell one member of an event, on the channels on which they are reached; a repeat returns the first notices.

    KeyConflictError for a key of another body.
    """
    contact, rule = kind.contact_of(owner), rule_of(kind)
    mobile = "" if contact.refuses_sms and not rule.is_required else contact.mobile
    reached = {Notice.Channel.EMAIL: contact.email, Notice.Channel.SMS: mobile}
    return [
        _told(kind, channel, topic_of(channel, is_urgent=rule.is_urgent), owner, key, dict(facts), on=on, at=at)
        for channel in rule.channels if reached.get(Notice.Channel(channel), "webhook")
    ]


def _told(
    kind: NoticeKind, channel: str, topic: str, owner: int, key: str, facts: dict[str, Any], *, on: date, at: datetime
) -> Notice:
    """One notice and its message. What was told before another rule let it go another way stays as it is."""
    known = Notice.objects.filter(owner=owner, key=key, channel=channel).first()
    if known is not None:
        if (known.kind, known.facts) != (kind.name, facts):
            raise KeyConflictError(key)
        return known
    message = put_message(
        topic, f"notice:{channel}:{owner}:{key}", {"kind": kind.name, "member": owner, "facts": facts},
        owner=owner if channel == Notice.Channel.WEBHOOK else None, at=at,
    )
    notice, _is_new = Notice.objects.get_or_create(
        owner=owner, key=key, channel=channel,
        defaults={"kind": kind.name, "facts": facts, "message": message, "on": on, "at": at},
    )
    return notice


def rule_of(kind: NoticeKind) -> NoticeRule:
    """How a kind is told: as somebody has said, else as the kind says itself (a rule that is not saved)."""
    return _whole(NoticeRule.objects.filter(kind=kind.name).first(), kind)


def rules() -> dict[str, NoticeRule]:
    """How each registered kind is told, by its name."""
    said = {rule.kind: rule for rule in NoticeRule.objects.all()}
    return {kind.name: _whole(said.get(kind.name), kind) for kind in registry.notices}


def _whole(said: NoticeRule | None, kind: NoticeKind) -> NoticeRule:
    """What was said, with what the kind says itself where nobody said anything."""
    rule = said or NoticeRule(kind=kind.name, channels=list(kind.channels), is_urgent=kind.is_urgent)
    if rule.is_required is None:
        rule.is_required = kind.is_required
    return rule


@transaction.atomic
def set_rule(
    kind: NoticeKind, *, channels: Sequence[str], is_urgent: bool, reason: str, actor: User | None,
    is_required: bool | None = None,
) -> NoticeRule:
    """Say over which channels a kind is told from now on, and whether in quiet hours, too. None: it is not told.

    `is_required`: whether a text message goes to those, too, who refuse them; None: as the kind says.
    """
    said = {"channels": sorted(set(channels)), "is_urgent": is_urgent, "is_required": is_required}
    with because(reason, actor=actor):
        rule, _is_new = NoticeRule.objects.update_or_create(kind=kind.name, defaults=said)
    return _whole(rule, kind)


def items_of(run: JobRun, kind: NoticeKind, span: Span) -> Any:
    """A dry run's items of a kind in a range of ids."""
    places, place = _place_of(kind)
    return RunItem.objects.filter(
        run=run, kind=kind.name[:32], key__gte=span.first * places + place, key__lte=span.last * places + place
    )


def record_of(key: int) -> tuple[NoticeKind, int]:
    """The kind and the id that an item's key is made of."""
    kinds = list(registry.notices)
    return kinds[key % len(kinds)], key // len(kinds)


def kind_of(message: OutboxMessage) -> NoticeKind | None:
    """The kind that a notice's message is of; None when it is gone."""
    return registry.notices.find(str(message.payload.get("kind", "")))


def _place_of(kind: NoticeKind) -> tuple[int, int]:
    kinds = list(registry.notices)
    return len(kinds), kinds.index(kind)


def found_by(
    name: str, kind: NoticeKind, span: Span, *, on: date, at: datetime, **parameters: Any
) -> list[tuple[Any, ...]]:
    """A statement of sql/notices with the kind's function in its place. What is over by the day of `at` is not told."""
    places, place = _place_of(kind)
    # The functions' names are the registered kind's own; they are quoted as identifiers.
    text: Any = statements.ours.text(f"notices/{name}")
    statement = sql.SQL(text).format(
        function=sql.Identifier(kind.function), takes_sms=sql.Identifier(kind.mobile_function)
    ).as_string(None)
    known: dict[str, Any] = {
        "kind": kind.name, "days": kind.days, "first": span.first, "last": span.last, "places": places, "place": place,
        "on": on, "at": at, "today": business_date(at),
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, known | parameters)
        return list(cursor.fetchall()) if cursor.description else []

