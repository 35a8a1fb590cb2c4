"""Searching by names: two characters or more that stand anywhere in them, or their initials in pinyin.

The newest come first, and what a search costs is bounded however frequent the characters are. What half of all names
have is found at once by reading the newest of them; what is rare, by the index of pairs. In between, that index is
asked for spans of keys, from the newest on, the wider the less was found in those before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import Max, Model, Q, QuerySet

from memberships.models.names import SPAN, NameInitials, NamePairs, as_initials, mark_of, pairs_of, span_of
from operations.admin.search import SEARCH_LIMIT, Keys, PatternOrder, SearchKind
from operations.widths import fold_width

#: Names with the characters in them that are looked at, at the most: each may lie in a block of its own.
MOST = 1_500
#: How much wider the next spans are than those before.
GROWTH = 16
#: Keys that are asked for in one statement, where a list is narrowed by more than the name.
AT_ONCE = 400


@dataclass(frozen=True)
class Names:
    """A column of names: whose they are, and how the records that are listed are told from them."""

    model: type[Model]
    column: str
    owner: str = "pk"
    is_person: bool = False

    def rows(self) -> QuerySet[Any]:
        """Those with a name, as the indexes have them."""
        rows = self.model._default_manager.all()
        return rows.exclude(**{self.column: ""}) if self.is_person else rows

    def with_initials(self, initials: str, *, limit: int) -> list[Any]:
        """Owners of names whose initials begin so, in the order of the initials."""
        named = self.rows().alias(initials=NameInitials(self.column, is_person=self.is_person))
        found = named.filter(initials__startswith=initials).order_by(PatternOrder("initials"))
        return list(found.values_list(self.owner, flat=True)[:limit])

    def containing(self, text: str) -> Iterator[Any]:
        """Owners of names with all these words in them, the newest first; MOST of them at the most."""
        return islice((owner for _key, owner in self._newest_first(text.split())), MOST)

    def _newest_first(self, words: list[str]) -> Iterator[tuple[int, Any]]:
        rows = self.rows()
        last = self.model._default_manager.aggregate(last=Max("pk"))["last"]
        if last is None:
            return
        for word in words:
            rows = rows.filter(**{f"{self.column}__contains": word})
        edge = max(last - SPAN + 1, 0)
        newest = self._between(rows, edge, last)
        yield from newest
        pairs = sorted({pair for word in words for pair in pairs_of(word)})
        by_pairs = rows.alias(pairs=NamePairs(self.column, "pk")).filter(pairs__contains=pairs)
        # As many as the newest let expect; what the rest holds is known once it is read.
        if len(newest) * span_of(last) <= 2 * MOST:
            found = self._read(by_pairs)
            if len(found) <= MOST:
                yield from (each for each in found if each[0] < edge)
                return
        yield from self._by_spans(rows, by_pairs, edge, MOST // 2 // max(len(newest), 1))

    def _by_spans(
        self, rows: QuerySet[Any], by_pairs: QuerySet[Any], edge: int, width: int
    ) -> Iterator[tuple[int, Any]]:
        """Before a key, to the first: as many spans at a time as can be read, one of them row by row where need be."""
        last = span_of(edge)
        while last >= 0:
            width = max(width, 1)
            first = max(last - width + 1, 0)
            if width == 1:
                found = self._between(rows, first * SPAN, (last + 1) * SPAN - 1)
            else:
                found = self._read(by_pairs.filter(pairs__overlap=[mark_of(span) for span in range(first, last + 1)]))
                if len(found) > MOST:
                    width //= GROWTH
                    continue
            yield from (each for each in found if each[0] < edge)
            last, width = first - 1, min(width * GROWTH, width * MOST // 2 // max(len(found), 1))

    def _between(self, rows: QuerySet[Any], first: int, last: int) -> list[tuple[int, Any]]:
        """A span's keys, row by row from the newest on: what is frequent is soon found so."""
        within = rows.filter(pk__gte=first, pk__lte=last)
        return list(within.order_by("-pk").values_list("pk", self.owner)[:MOST])

    def _read(self, rows: QuerySet[Any]) -> list[tuple[int, Any]]:
        """By the index, which knows no order: MOST + 1 at the most, sorted here."""
        return sorted(rows.order_by().values_list("pk", self.owner)[: MOST + 1], reverse=True)


@dataclass(frozen=True)
class NameKind(SearchKind):
    """Names; `key` is the column of the listed records with the owner's key."""

    names: Names | None = None
    key: str = "pk"

    def find(self, queryset: QuerySet[Any], term: str, *, limit: int = SEARCH_LIMIT) -> Keys:
        """The newest with the characters; by initials in their order."""
        if self.names is None or self.condition(term) is None:
            return Keys([])
        text, initials = fold_width(term), as_initials(term)
        found: dict[Any, None] = {}
        if initials:
            found = dict.fromkeys(self._narrowed(queryset, self.names.with_initials(initials, limit=limit + 1)))
        looked_at = 0
        owners = self.names.containing(text)
        while len(found) <= limit and (some := list(islice(owners, AT_ONCE))):
            looked_at += len(some)
            found.update(dict.fromkeys(self._narrowed(queryset, some)))
        return Keys(list(found)[: limit + 1], looked_at if looked_at >= MOST and len(found) <= limit else 0)

    def _narrowed(self, queryset: QuerySet[Any], owners: list[Any]) -> list[Any]:
        """Keys of the records of these owners that are in the list."""
        if not owners or (self.key == "pk" and not queryset.query.where):
            return owners
        rows = queryset.filter(**{f"{self.key}__in": owners}).order_by("-pk")
        return list(rows.values_list("pk", flat=True))


def names_taken(text: str) -> Q | None:
    """Whether names are looked for by it: two characters that stand together."""
    return Q() if any(len(word) > 1 for word in fold_width(text).split()) else None
