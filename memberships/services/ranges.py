"""Ranges of ids, which the chunks of a night are, and the items of an approved dry run in them."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from django.db.models import Max, Min

from memberships.models import Member
from memberships.services import statements
from operations.models import JobRun, RunItem


class KeyRange(NamedTuple):
    """A range of ids, both ends included."""

    first: int
    last: int


EVERYTHING = KeyRange(-(2**63), 2**63 - 1)


class SizedRange(NamedTuple):
    """A range of ids, both ends included, and how many things are in it."""

    first: int
    last: int
    size: int

    @property
    def keys(self) -> KeyRange:
        """Without the size."""
        return KeyRange(self.first, self.last)


def find_ranges(name: str, *, size: int, **parameters: object) -> list[SizedRange]:
    """The ranges that a statement of sql/ finds, with about `size` things each."""
    return [SizedRange(*found) for found in statements.rows(name, size=size, **parameters)]


def member_ranges(*, size: int) -> Iterator[SizedRange]:
    """All members, in ranges of `size` ids."""
    edges = Member.objects.aggregate(first=Min("pk"), last=Max("pk"))
    if edges["first"] is not None:
        for first in range(edges["first"], edges["last"] + 1, size):
            last = min(first + size - 1, edges["last"])
            yield SizedRange(first, last, last - first + 1)


def ranges_of_items(approved: JobRun, *, size: int) -> list[SizedRange]:
    """The ranges of what a dry run foresaw."""
    return find_ranges("items/ranges", size=size, run=approved.pk)


def mark_items(approved: JobRun | None, keys: KeyRange, *, done: Iterable[object]) -> None:
    """Say of an approved dry run's items of a range which were done; the others were left out."""
    if approved is not None:
        statements.run("items/mark", run=approved.pk, done=list(done), **keys._asdict())


def count_left_out(approved: JobRun | None, keys: KeyRange) -> int:
    """How many of an approved dry run's items of a range were left out; none where no dry run was approved."""
    if approved is None:
        return 0
    items = RunItem.objects.filter(run=approved, outcome=RunItem.Outcome.LEFT_OUT)
    return items.filter(key__gte=keys.first, key__lte=keys.last).count()
