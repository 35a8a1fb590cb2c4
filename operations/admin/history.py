"""The history of a record: the events of its own row and of what belongs to it, newest first.

Event tables are indexed by the row they track and by the foreign keys of the row, so each source is one
short index read. Personal data is masked in the events themselves; nothing here could show it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Model, OuterRef, Q, QuerySet, Subquery
from django.utils.dateparse import parse_datetime

from operations.admin.changes import Change, Names, changes_between
from operations.models import ImportBatch, JobRun, Reveal, User

PAGE_SIZE = 30


class HistorySource(NamedTuple):
    """Events of one table: those whose `key` column has this value."""

    event_model: type[Model]
    key: str
    value: Any


class Cursor(NamedTuple):
    """A place in the history: events of one transaction share their instant, so the table and key follow."""

    at: datetime
    source: int
    key: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()},{self.source},{self.key}"

    @classmethod
    def parse(cls, text: str | None) -> "Cursor | None":
        """The cursor in an address; None (the beginning) when there is none or it is broken."""
        try:
            at, source, key = (text or "").rsplit(",", 2)
            instant = parse_datetime(at.replace(" ", "+"))
            return cls(instant, int(source), int(key)) if instant else None
        except ValueError:
            return None


@dataclass
class Entry:
    """One event, ready to be read."""

    cursor: Cursor
    label: str
    record: str
    changes: list[Change]
    #: Where entries of several records stand together: which it is, and the address of its page.
    name: str = ""
    url: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    actor: User | None = None
    run: JobRun | None = None
    batch: ImportBatch | None = None

    @property
    def at(self) -> datetime:
        return self.cursor.at

    @property
    def reason(self) -> str:
        return str(self.facts.get("reason", ""))


class History(NamedTuple):
    """A page of entries, and the cursor of the next one (None: this is all)."""

    entries: list[Entry]
    older: str | None
    is_first: bool


def own_history(record: Model) -> list[HistorySource]:
    """The events of the record's own row; nothing when its model keeps no trail."""
    models = set(getattr(type(record), "pgh_event_models", {}).values())
    return [HistorySource(model, "pgh_obj_id", record.pk) for model in models]


def satellites(record: Model, key: str, *models: type[Model]) -> list[HistorySource]:
    """The events of all rows of these models whose foreign key `key` is the record."""
    return [
        HistorySource(event_model, key, record.pk)
        for model in models
        for event_model in set(model.pgh_event_models.values())  # type: ignore[attr-defined]
    ]


def read_history(sources: Sequence[HistorySource], *, before: str | None = None, size: int = PAGE_SIZE) -> History:
    """A page of the merged events of these sources. A fixed number of queries for any number of events."""
    cursor = Cursor.parse(before)
    found: list[tuple[Cursor, Any]] = []
    for place, source in enumerate(sources):
        for event in _events(source, place, cursor)[: size + 1]:
            found.append((Cursor(event.pgh_created_at, place, event.pgh_id), event))
    found.sort(key=lambda pair: pair[0], reverse=True)
    page = found[:size]
    entries = entries_of(page, [sources[cursor.source].key for cursor, _event in page])
    older = str(page[-1][0]) if len(found) > size else None
    return History(entries, older, is_first=cursor is None)


def with_earlier(events: QuerySet[Any]) -> QuerySet[Any]:
    """The events with their context, and the key of the event before each (`earlier_id`)."""
    previous = (
        events.model._default_manager.filter(pgh_obj_id=OuterRef("pgh_obj_id"), pgh_id__lt=OuterRef("pgh_id"))
        .order_by("-pgh_id")
        .values("pgh_id")[:1]
    )
    found: QuerySet[Any] = events.annotate(earlier_id=Subquery(previous)).select_related("pgh_context")
    return found


def _events(source: HistorySource, place: int, cursor: Cursor | None) -> QuerySet[Any]:
    events: QuerySet[Any] = source.event_model._default_manager.filter(**{source.key: source.value})
    if cursor is not None:
        older = Q(pgh_created_at__lt=cursor.at)
        if place < cursor.source:
            older |= Q(pgh_created_at=cursor.at)
        elif place == cursor.source:
            older |= Q(pgh_created_at=cursor.at, pgh_id__lt=cursor.key)
        events = events.filter(older)
    newest_first: QuerySet[Any] = with_earlier(events).order_by("-pgh_created_at", "-pgh_id")
    return newest_first


def entries_of(page: Sequence[tuple[Cursor, Any]], shared: Sequence[str]) -> list[Entry]:
    """Events that know the one before them (`earlier_id`), ready to be read, each without the field that is shared."""
    events: list[Any] = [event for _cursor, event in page]
    previous = {
        model: model._default_manager.in_bulk(  # type: ignore[attr-defined]
            [event.earlier_id for event in events if event.earlier_id and type(event) is model]
        )
        for model in {type(event) for event in events}
    }
    facts = [event.pgh_context.metadata if event.pgh_context else {} for event in events]
    actors = _named(User, facts, "user")
    runs, batches = _named(JobRun, facts, "run"), _named(ImportBatch, facts, "batch")
    names = Names([*events, *(event for found in previous.values() for event in found.values())])
    return [
        Entry(
            cursor=cursor,
            label=event.pgh_label,
            record=str(event.pgh_tracked_model._meta.verbose_name),
            changes=changes_between(previous[type(event)].get(event.earlier_id), event, names, without=(left_out,)),
            facts=known,
            actor=actors.get(known.get("user")),
            run=runs.get(known.get("run")),
            batch=batches.get(known.get("batch")),
        )
        for (cursor, event), left_out, known in zip(page, shared, facts, strict=True)
    ]


def _named(model: type[Model], facts: Iterable[dict[str, Any]], name: str) -> dict[Any, Any]:
    """The records that the facts name by key."""
    keys = {known[name] for known in facts if isinstance(known.get(name), int)}
    return model._default_manager.in_bulk(keys) if keys else {}


def reveals_of(*records: Model) -> QuerySet[Reveal]:
    """Who looked at the personal data of these records, newest first."""
    condition = Q(pk__in=[])
    for record in records:
        condition |= Q(model=record._meta.label_lower, object_id=record.pk)
    return Reveal.objects.filter(condition).select_related("actor").order_by("-pk")
