"""One timeline of everything that happened to a member: each floor registers sources, and the frame merges them.

Each source reads its own rows of the member, newest first, by an index; a page takes the newest of all. Its place is
kept source by source, so that nothing is left out or told twice, however many rows share an instant.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from heapq import merge
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise

from operations import registry
from operations.admin.changes import Change
from operations.owners import number_of

PAGE_SIZE = 30


@dataclass
class Moment:
    """Something that happened: when, what, by whom and why. `place` is where its source goes on after it."""

    at: datetime
    place: str
    what: str
    detail: str = ""
    who: str = ""
    why: str = ""
    url: str = ""
    colour: str = ""
    changes: list[Change] = field(default_factory=list)
    #: The name and label of its source, and the number of the record, where it is not the member's own.
    kind: str = ""
    label: str | Promise = ""
    number: str = ""


class TimelineSource:
    """One kind of things that happen, shown to those who have its permission."""

    name: str
    label: str | Promise
    permission: str

    def moments(self, member_id: int, *, after: str, size: int) -> list[Moment]:
        """The newest `size` of them after a place ("": from the newest on), in a fixed number of queries."""
        raise NotImplementedError


class RowsByInstant(TimelineSource):
    """A table of which a member has no more rows than can be sorted: read by member, ordered by an instant."""

    at = "at"

    def rows(self, member_id: int) -> QuerySet[Any]:
        """The member's rows, with all that `told` reads of them."""
        raise NotImplementedError

    def told(self, row: Any, place: str) -> Moment:
        """A row as it is shown; without a query."""
        raise NotImplementedError

    def moments(self, member_id: int, *, after: str, size: int) -> list[Moment]:
        rows = self.rows(member_id)
        edge = _instant_and_key(after)
        if edge is not None:
            instant, key = edge
            rows = rows.filter(Q(**{f"{self.at}__lt": instant}) | Q(**{self.at: instant}, pk__lt=key))
        found = rows.order_by(f"-{self.at}", "-pk")[:size]
        return [self.told(row, f"{getattr(row, self.at).isoformat()},{row.pk}") for row in found]


class RowsByKey(TimelineSource):
    """A ledger that may be long: the keys of its newest rows are read by an index, then the rows."""

    def keys(self, member_id: int, *, before: int | None, size: int) -> list[int]:
        """The keys of the newest rows below a key, descending."""
        raise NotImplementedError

    def rows(self, keys: Sequence[int]) -> QuerySet[Any]:
        """These rows, with all that `told` reads of them."""
        raise NotImplementedError

    def told(self, row: Any, place: str) -> Moment:
        """A row as it is shown; without a query."""
        raise NotImplementedError

    def moments(self, member_id: int, *, after: str, size: int) -> list[Moment]:
        keys = self.keys(member_id, before=_key(after), size=size)
        found = {row.pk: row for row in self.rows(keys)} if keys else {}
        return [self.told(found[key], str(key)) for key in keys]


def _key(place: str) -> int | None:
    return int(place) if place.isascii() and place.isdecimal() and len(place) < 19 else None


def _instant_and_key(place: str) -> tuple[datetime, int] | None:
    instant, _comma, key = place.partition(",")
    try:
        at = parse_datetime(instant)
    except ValueError:
        return None
    return (at, int(key)) if at and at.tzinfo and _key(key) is not None else None


@dataclass(frozen=True)
class Kind:
    """A source as a filter of the page."""

    label: str | Promise
    url: str
    is_chosen: bool


@dataclass(frozen=True)
class Timeline:
    """A page of it: its moments, the filters, and the query of the next page ("": this is all)."""

    moments: list[Moment]
    kinds: list[Kind]
    older: str
    is_first: bool


def read_timeline(
    request: HttpRequest, member_id: int, *, kind: str = "", older: str = "", size: int = PAGE_SIZE,
    also: Sequence[int] = (),
) -> Timeline:
    """A page of what the user may see. `kind`: of one source alone; `older`: where another page ended.

    `also`: other records of the member, by their keys, whose moments are told with it and name their number.
    """
    seen = [source for source in registry.timeline_sources if request.user.has_perm(source.permission)]
    chosen = [source for source in seen if source.name == kind] or seen
    places = _places(older)
    found = [
        _named(source, owner, source.moments(
            owner, after=places.get(_place_name(source.name, number_of(owner) if owner != member_id else ""), ""),
            size=size + 1,
        ), is_own=owner == member_id)
        for source in chosen for owner in (member_id, *also)
    ]
    page = list(merge(*found, key=lambda moment: moment.at, reverse=True))[: size + 1]
    shown = page[:size]
    query = {"kind": kind} if len(chosen) == 1 and chosen[0].name == kind else {}
    next_places = {**places, **{_place_name(moment.kind, moment.number): moment.place for moment in shown}}
    return Timeline(
        shown,
        [Kind("", "?", not query), *(
            Kind(source.label, f"?{urlencode({'kind': source.name})}", query.get("kind") == source.name)
            for source in seen
        )],
        f"?{urlencode({**query, 'older': _packed(next_places)})}" if len(page) > size else "",
        is_first=not places,
    )


def _named(source: TimelineSource, owner: int, moments: Iterable[Moment], *, is_own: bool) -> list[Moment]:
    named = list(moments)
    for moment in named:
        moment.kind, moment.label, moment.number = source.name, source.label, "" if is_own else number_of(owner)
    return named


def _place_name(kind: str, number: str) -> str:
    """What the place of a source is kept by: its name, of another record with its number."""
    return f"{kind} {number}" if number else kind


def _packed(places: dict[str, str]) -> str:
    return urlsafe_b64encode(json.dumps(places, separators=(",", ":")).encode()).decode().rstrip("=")


def _places(packed: str) -> dict[str, str]:
    """By source, where a page ended; nothing (the newest) when that is missing or broken."""
    try:
        found = json.loads(urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    except ValueError:
        return {}
    is_sound = isinstance(found, dict) and all(isinstance(place, str) for place in found.values())
    return found if is_sound else {}
