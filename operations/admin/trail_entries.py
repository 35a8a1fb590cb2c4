"""What was found in the audit trail, ready to be read: events with what they changed, ledgers with what they hold."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.urls import NoReverseMatch, reverse

from operations import owners
from operations.admin.changes import Names, changes_between
from operations.admin.history import Cursor, Entry, entries_of, with_earlier
from operations.models import User
from operations.services.trail import Found
from operations.trail import OWNER, TrailTable


@dataclass
class TrailEntry(Entry):
    """An entry that says whose record it is: the member's number and page, "" where it is nobody's."""

    number: str = ""
    member_url: str = ""


def entries_found(found: Sequence[Found]) -> list[TrailEntry]:
    """The rows as entries, in the same order. A few questions for each table that has any, however many rows.

    The member stands beside each entry, and not among its facts.
    """
    by_table: dict[TrailTable, list[int]] = defaultdict(list)
    for row in found:
        by_table[row.table].append(row.place.key)
    events, ledgers = _rows(by_table, is_event=True), _rows(by_table, is_event=False)
    read = {**_of_events([row for row in found if row.table.is_event], events), **_of_ledgers(ledgers)}
    return [read[row.table, row.place.key] for row in found if (row.table, row.place.key) in read]


_Rows = dict[tuple[TrailTable, int], Any]


def _rows(by_table: dict[TrailTable, list[int]], *, is_event: bool) -> _Rows:
    rows: _Rows = {}
    for table, keys in by_table.items():
        if table.is_event == is_event:
            chosen = table.model._default_manager.filter(pk__in=keys)
            rows.update({(table, row.pk): row for row in (with_earlier(chosen) if is_event else chosen)})
    return rows


def _of_events(found: Iterable[Found], events: _Rows) -> dict[tuple[TrailTable, int], TrailEntry]:
    known = [(row.table, row.place) for row in found if (row.table, row.place.key) in events]
    page = [(Cursor(place.at, 0, place.key), events[table, place.key]) for table, place in known]
    return {
        (table, place.key): _told(table, events[table, place.key], entry)
        for (table, place), entry in zip(known, entries_of(page, [OWNER] * len(page)), strict=True)
    }


def _of_ledgers(rows: _Rows) -> dict[tuple[TrailTable, int], TrailEntry]:
    names = Names(rows.values())
    actors = User.objects.in_bulk({getattr(row, table.actor) for (table, _key), row in rows.items() if table.actor})
    entries = {}
    for (table, key), row in rows.items():
        said = [field.name for field in row._meta.concrete_fields if field.column in (table.at, table.actor)]
        reason = getattr(row, table.reason) if table.reason else ""
        actor = actors.get(getattr(row, table.actor)) if table.actor else None
        entry = Entry(
            cursor=Cursor(getattr(row, table.at), 0, key), label="insert", record=str(row._meta.verbose_name),
            changes=changes_between(None, row, names, without=(*said, OWNER, table.reason)),
            facts={"reason": reason} if reason else {}, actor=actor,
        )
        entries[table, key] = _told(table, row, entry)
    return entries


def _told(table: TrailTable, row: Model, entry: Entry) -> TrailEntry:
    """The entry with its record and its member."""
    key = getattr(row, table.record)
    owner = getattr(row, table.owner) if table.owner else None
    return TrailEntry(
        **vars(entry) | {
            "name": owners.number_of(key) if table.tells_of_owners else str(key), "url": page_of(table.told, key),
            "number": owners.number_of(owner) if owner and not table.tells_of_owners else "",
            "member_url": owners.page_of(owner) if owner else "",
        }
    )


def page_of(model: type[Model], key: Any) -> str:
    """The address of a record's page; "" when the desk has none of such records."""
    if model not in admin.site._registry:
        return ""
    try:
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[key])
    except NoReverseMatch:
        return ""
