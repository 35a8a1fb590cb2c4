"""Telling people: all of a range that a kind of notice is for, by one statement; one person, by hand or by an event.

A notice is told once for each member, key and channel. It goes out through the outbox: a webhook in its turn among the
member's messages; an e-mail as nobody's message, in no order, so that one that does not go holds up nothing else.
"""

from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connection, transaction
from psycopg import sql

from operations import registry, statements
from operations.dates import business_date
from operations.models import JobRun, Notice, OutboxMessage, RunItem
from operations.notices import Facts, NoticeKind
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
    told = found_by(
        "put", kind, span, on=on, at=at, channels=list(kind.channels),
        approved=approved and approved.pk,
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
    kind: NoticeKind, *, owner: int, key: str, facts: Facts, has_email: bool, on: date, at: datetime
) -> list[Notice]:
    """Tell one member of an event; a repeat returns the first notices. KeyConflictError for a key of another body."""
    told = []
    for channel in kind.channels:
        if channel == Notice.Channel.EMAIL and not has_email:
            continue
        message = put_message(
            f"notice.{channel}", f"notice:{channel}:{owner}:{key}",
            {"kind": kind.name, "member": owner, "facts": dict(facts)},
            owner=None if channel == Notice.Channel.EMAIL else owner, at=at,
        )
        notice, _is_new = Notice.objects.get_or_create(
            owner=owner, key=key, channel=channel,
            defaults={"kind": kind.name, "facts": dict(facts), "message": message, "on": on, "at": at},
        )
        told.append(notice)
    return told


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
    # The function's name is the registered kind's own; it is quoted as an identifier.
    text: Any = statements.ours.text(f"notices/{name}")
    statement = sql.SQL(text).format(function=sql.Identifier(kind.function)).as_string(None)
    known: dict[str, Any] = {
        "kind": kind.name, "days": kind.days, "first": span.first, "last": span.last, "places": places, "place": place,
        "on": on, "at": at, "today": business_date(at),
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, known | parameters)
        return list(cursor.fetchall()) if cursor.description else []

