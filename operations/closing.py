"""Closing an account: what each floor says and does when a person or a firm is to be forgotten.

Floors register parts (`operations.registry.closing_parts`); the floor that has members asks them all, in one
transaction (memberships/services/closures.py). What is about facts stays, under the member's number; what names or
reaches a person goes, and nothing puts it back.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.utils.functional import Promise

from operations.models import User


class Wiped(NamedTuple):
    """How much of something a part erased, for the record of the closing; `what` is a plain code."""

    what: str
    number: int


class ClosingPart:
    """What a floor has of a member. Members are known by their keys (the owner of operations/owners.py)."""

    name: str
    #: What is erased and what stays, a sentence each, as the page says it before anything is asked for.
    goes: Sequence[str | Promise] = ()
    stays: Sequence[str | Promise] = ()

    def blocks(self, owner: int, *, on: date) -> list[str]:
        """Why the account cannot be closed yet, a sentence each: money that is open, a card, a line of credit."""
        return []

    def erase(self, owners: Sequence[int], *, on: date, at: datetime, actor: User | None) -> list[Wiped]:
        """Erase what is personal of these members, set-based; their rows are locked. May be done twice."""
        return []


def total(wiped: Sequence[Wiped]) -> Mapping[str, int]:
    """By what it is, how much was erased in all; what there was none of is left out."""
    counts: dict[str, int] = {}
    for what, number in wiped:
        if number:
            counts[what] = counts.get(what, 0) + number
    return counts
