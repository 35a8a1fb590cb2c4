"""Ranges of ids, which the chunks of a night are, and the items of an approved dry run in them."""

from collections.abc import Iterable
from typing import NamedTuple

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


def find_ranges(name: str, *, size: int, **parameters: object) -> list[SizedRange]:
    """The ranges that a statement of sql/ finds, with about `size` things each."""
    return [SizedRange(*found) for found in statements.rows(name, size=size, **parameters)]


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
