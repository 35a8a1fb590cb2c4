"""Merging two records of one person or firm: what each floor says of it, moves, and puts back.

Floors register parts (`operations.registry.merge_parts`); the floor that has members asks them all, in one transaction
(memberships/services/merges.py). Ledgers keep their owner. What is current moves: rows by changes, which the merge
journals column by column so that it can be undone exactly; balances by entries of the ledger.
Members are known by their keys (operations/owners.py): `former` ends, `survivor` stays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import Model
from django.utils.functional import Promise

from operations.models import User


class Conflict(NamedTuple):
    """Something of the two that contradicts: in a sentence with its figures and what to do about it.

    `is_bar`: they cannot be merged before it is settled; else it is said, and what then holds.
    """

    words: str
    is_bar: bool = True


class Change(NamedTuple):
    """New values of columns (by their attnames) of a row that moves, or that takes something over."""

    record: Model
    values: Mapping[str, Any]


class Moving(NamedTuple):
    """What moves, counted, in words."""

    label: str
    number: int


@dataclass(frozen=True)
class Merging:
    """A merge, or its undoing, that is under way. `key` begins the keys of all that it books."""

    former: int
    survivor: int
    key: str
    on: date
    at: datetime
    actor: User | None
    #: By field of the contact, whose is taken: "former" or "survivor".
    choices: Mapping[str, str]


class MergePart:
    """What a floor has of two members that become one."""

    name: str
    #: What moves and what stays under the number that ends, a sentence each, said before anything is asked for.
    moves: Sequence[str | Promise] = ()
    stays: Sequence[str | Promise] = ()

    def lock(self, former: int, survivor: int, *, on: date) -> None:
        """Lock what the other methods look at, in key order; the two members are locked."""

    def conflicts(self, former: int, survivor: int, *, on: date) -> list[Conflict]:
        """What of the two contradicts on a day. Reads only."""
        return []

    def listed(self, former: int, survivor: int) -> list[Moving]:
        """What would move. Reads only."""
        return []

    def changes(self, merging: Merging) -> list[Change]:
        """The rows that change, in the order in which they do."""
        return []

    def watched(self, merging: Merging) -> list[tuple[Model, Sequence[str]]]:
        """Rows and columns that `carry` changes as well: undoing puts them back, where nobody else changed them."""
        return []

    def kept(self, merging: Merging) -> list[tuple[Model, Sequence[str]]]:
        """Rows that stay where they are, and columns of them that have to be the same still when it is undone."""
        return []

    def carry(self, merging: Merging) -> None:
        """Book what moves by entries of ledgers."""

    def hindrances(self, merging: Merging) -> list[str]:
        """What changed since the merge, so that it cannot be undone, a sentence each. Reads only."""
        return []

    def carry_back(self, merging: Merging, *, on: date, at: datetime, actor: User | None) -> None:
        """Book what `carry` booked back again, on another day."""
