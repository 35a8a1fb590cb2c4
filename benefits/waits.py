"""Coupons that are given but cannot be used yet, as a floor above knows: a partner's code is still to come.

No price counts on them (services/quotes.py). Floors above register who finds them.
"""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Protocol

from operations.registry import Registry


class WaitFinder(Protocol):
    """Says which grants waited for something on a day."""

    name: str

    def find(self, grants: Collection[int], *, on: date) -> Iterable[int]:
        """Of these the ones that still waited at the end of that day; in one statement however many there are."""


wait_finders: Registry[WaitFinder] = Registry("finder of waits")
