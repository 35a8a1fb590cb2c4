"""Search of the audit trail: who did what, when and why, across every table that says so, newest first.

A search looks at spans of time from the newest backwards. Time is found by small indexes that do not sort, so a span is
only as wide as keeps what is looked at within some rows of a table: where more happened, a shorter one is tried. Who,
why and which run stand in the contexts, which are few: those come first, and only their times are looked at.
A context's changes lie between its first transaction and the end of its last, which no request and no task outlasts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from operations.statements import ours
from operations.trail import TrailTable

#: Rows of a table that are looked at in one go: fewer where nothing narrows it and any row will do; and for a page.
MOST, MOST_OF_ANY, MOST_IN_ALL = 100_000, 20_000, 1_000_000
#: Contexts that are taken up in one go, and the most that may be at work in their time.
CONTEXTS, AT_WORK = 40, 10_000
#: How far the first look reaches where nothing narrows it, and how much further each next one.
FIRST_LOOK, WIDER = timedelta(hours=1), 16
#: So short a span is read whole, whatever happened in it.
SHORTEST = timedelta(seconds=1)
#: No request takes longer.
LONGEST_REQUEST = timedelta(minutes=2)
#: So much may the clocks of database and workers differ.
CLOCKS_DIFFER = timedelta(seconds=5)
#: Beyond every key, and before it.
LAST_KEY, NO_KEY = 2**63 - 1, -(2**63 - 1)


class Place(NamedTuple):
    """A place in the trail, newest first: what is of the same instant goes by table and key, both backwards."""

    at: datetime
    table: str
    key: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()},{self.table},{self.key}"

    @classmethod
    def parse(cls, text: str) -> "Place | None":
        """The place in an address; None when there is none or it is broken."""
        try:
            at, table, key = text.replace(" ", "+").rsplit(",", 2)
            place = cls(datetime.fromisoformat(at), table, int(key))
        except ValueError:
            return None
        return place if place.at.tzinfo and NO_KEY <= place.key <= LAST_KEY else None


@dataclass(frozen=True)
class Question:
    """What is asked for; None and "" where it does not matter. `until` is the first instant that is not asked for.

    `record` is a key of the records that the tables tell of, so it says something for tables of one kind only.
    """

    since: datetime
    until: datetime
    tables: tuple[TrailTable, ...]
    actor: int | None = None
    record: int | None = None
    owner: int | None = None
    run: int | None = None
    batch: int | None = None
    job: str = ""
    reason: str = ""

    @property
    def asks_contexts(self) -> bool:
        """Whether contexts say what is asked for."""
        return bool(self.actor is not None or self.run or self.batch or self.job or self.reason)

    @property
    def is_narrow(self) -> bool:
        """Whether more is asked than what happened in a time."""
        return self.record is not None or self.owner is not None or self.asks_contexts

    @property
    def asks_ledgers(self) -> bool:
        """Whether ledgers can answer: they know nothing of runs, imports and jobs."""
        return not (self.run or self.batch or self.job)


class Found(NamedTuple):
    """A row of the trail."""

    place: Place
    table: TrailTable


class Page(NamedTuple):
    """What was found, and where to go on (None: this was all); nothing newer than `looked_to` was left out."""

    found: list[Found]
    older: Place | None
    looked_to: datetime


class _Span(NamedTuple):
    first: datetime
    last: datetime


class _Look(NamedTuple):
    """A span of time before a place, and what of it is worth looking at: parts of it, and the contexts asked for."""

    first: datetime
    parts: list[_Span]
    contexts: list[UUID] | None


def search_trail(question: Question, *, before: Place | None = None, size: int) -> Page:
    """The newest rows that answer the question, of those before a place. Reads only, and within bounds."""
    begin = place = before if before and before.at < question.until else Place(question.until, "", NO_KEY)
    found: list[Found] = []
    with transaction.atomic():
        _keep_to_indexes()
        tables = _filled(question)
        length, looked = _first_length(question), 0
        # However much was looked at: a page leads further than the one before.
        while place.at > question.since and len(found) <= size and (looked < MOST_IN_ALL or place == begin):
            look = _look(question, place, max(question.since, place.at - length))
            rows, count, is_full = _read(question, tables, look, place, size=size + 1 - len(found))
            looked += count
            length = place.at - look.first
            if is_full and length > SHORTEST:
                length = max(SHORTEST, length / WIDER)
                continue
            found += rows
            place, length = Place(look.first, "", NO_KEY), max(SHORTEST, length * WIDER)
            if look.first <= question.since:
                break
    if len(found) > size:
        return Page(found[:size], found[size - 1].place, found[size - 1].place.at)
    return Page(found, place if place.at > question.since else None, place.at)


def walk_trail(question: Question, *, most: int, size: int = 500) -> Iterator[Found]:
    """The newest `most` rows that answer the question, however far back they lie."""
    before: Place | None = None
    left = most
    while left > 0:
        page = search_trail(question, before=before, size=min(size, left))
        yield from page.found
        left -= len(page.found)
        before = page.older
        if before is None:
            return


def _keep_to_indexes() -> None:
    """A bounded look at a table that is sorted by time would otherwise begin at its oldest row."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")


def _filled(question: Question) -> list[TrailTable]:
    """The tables asked for that hold anything and know of what is asked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM unnest(%s::text[]) AS name WHERE pg_relation_size(name::regclass) > 0",
                       [[table.name for table in question.tables]])
        filled = {name for (name,) in cursor.fetchall()}
    return [
        table for table in question.tables
        if table.name in filled and table.at and (table.is_event or question.asks_ledgers)
        and (table.is_event or question.actor is None or table.actor)
        and (table.is_event or not question.reason or table.reason)
        and (question.owner is None or table.owner)
    ]


def _first_length(question: Question) -> timedelta:
    """Where an index or contexts narrow it, all of the period."""
    return question.until - question.since if question.is_narrow else FIRST_LOOK


def _look(question: Question, place: Place, first: datetime) -> _Look:
    """What is worth looking at between `first` and a place; less of it where there are many contexts."""
    if not question.asks_contexts:
        return _Look(first, [_Span(first, place.at)], None)
    newest = _contexts(question, first, place.at, most=CONTEXTS)
    if len(newest) == CONTEXTS:
        # Many contexts may share an instant: less than the shortest span would lead nowhere.
        first = max(first, min(newest[-1].span.first, place.at - SHORTEST))
    contexts = _contexts(question, first, place.at, most=AT_WORK, are_at_work=True)
    parts = _joined([
        _Span(max(first, context.span.first), min(place.at, context.span.last)) for context in contexts
    ])
    return _Look(first, parts, [context.key for context in contexts])


class _Context(NamedTuple):
    key: UUID
    span: _Span


def _contexts(
    question: Question, since: datetime, until: datetime, *, most: int, are_at_work: bool = False
) -> list[_Context]:
    """The newest contexts asked for that began in a time, or that may have been at work in it, with their own time."""
    rows = ours.rows(
        "audit/contexts", since=since - _longest_task() if are_at_work else since, until=until, most=most,
        request_since=since - LONGEST_REQUEST if are_at_work else since, actor=_text(question.actor),
        run=_text(question.run), batch=_text(question.batch), job=question.job or None,
        reason=_pattern(question.reason),
    )
    return [
        _Context(key, _Span(first, _end(last, is_request=is_request, finished_at=finished_at)))
        for key, first, last, is_request, finished_at in rows
    ]


def _end(last: datetime, *, is_request: bool, finished_at: datetime | None) -> datetime:
    """When the changes of a context were over, whose last transaction began at `last`; of a run, with the run."""
    latest = last + (LONGEST_REQUEST if is_request else _longest_task())
    return min(latest, max(last, finished_at) + CLOCKS_DIFFER) if finished_at else latest


def _longest_task() -> timedelta:
    return timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT)


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _pattern(text: str) -> str | None:
    """For ILIKE: the text anywhere."""
    for mark in ("\\", "%", "_"):
        text = text.replace(mark, f"\\{mark}")
    return f"%{text}%" if text else None


def _joined(spans: Sequence[_Span]) -> list[_Span]:
    """The same time without overlaps, so that no row is read twice."""
    joined: list[_Span] = []
    for span in sorted(spans):
        if joined and span.first <= joined[-1].last:
            joined[-1] = _Span(joined[-1].first, max(joined[-1].last, span.last))
        else:
            joined.append(span)
    return joined


def _read(
    question: Question, tables: Sequence[TrailTable], look: _Look, place: Place, *, size: int
) -> tuple[list[Found], int, bool]:
    """The newest rows of a look, how many were looked at, and whether a table held more than is looked at.

    Ledgers name no context: all of the look's time is theirs.
    """
    found: list[Found] = []
    looked = 0
    whole = [_Span(look.first, place.at)]
    is_whole = place.at - look.first <= SHORTEST
    most = LAST_KEY if is_whole else MOST if question.is_narrow else MOST_OF_ANY
    for table in tables:
        parts = look.parts if table.is_event else whole
        rows, count = _read_table(question, table, parts, look, place, size=size, most=most)
        looked += count
        if count == most:
            return [], looked, True
        found += [Found(Place(at, table.name, key), table) for key, at in rows]
    found.sort(key=lambda row: row.place, reverse=True)
    return found[:size], looked, False


def _read_table(
    question: Question, table: TrailTable, parts: Sequence[_Span], look: _Look, place: Place, *, size: int, most: int
) -> tuple[list[tuple[int, datetime]], int]:
    """The newest rows (key, instant) of a table, and how many were looked at."""
    if not parts:
        return [], 0
    edge = place.key if table.name == place.table else LAST_KEY if table.name < place.table else NO_KEY
    is_indexed = question.owner is not None and table.has_indexed_owner
    parameters: dict[str, Any] = {
        "firsts": [part.first for part in parts], "lasts": [part.last for part in parts], "until": place.at,
        "edge": edge, "size": size, "most": most, "record": question.record,
        "indexed_owner": question.owner if is_indexed else None, "owner": None if is_indexed else question.owner,
        "contexts": look.contexts if table.is_event else None,
        "actor": None if table.is_event else question.actor,
        "reason": None if table.is_event else _pattern(question.reason),
    }
    with connection.cursor() as cursor:
        cursor.execute(look_at(table), parameters)
        *rows, (_none, count) = cursor.fetchall()
    return rows, int(count.timestamp())


def look_at(table: TrailTable) -> str:
    """The statement that looks at a table (sql/audit/look.sql)."""
    quote = connection.ops.quote_name
    columns = {
        "key": table.key, "at": table.at, "record": table.record, "owner": table.owner, "actor": table.actor,
        "reason": table.reason, "context": "pgh_context_id" if table.is_event else "",
    }
    names = {name: quote(column) if column else "NULL" for name, column in columns.items()}
    return ours.text("audit/look").format(table=quote(table.name), **names)
