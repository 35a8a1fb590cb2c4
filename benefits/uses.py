"""Uses of what members chose that a floor above knows of: what a partner did for a member is one, too.

What was used in a window is not exchanged any more (services/choices.py). Floors above register who finds such uses.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple, Protocol

from operations.registry import Registry


class OptionSpan(NamedTuple):
    """An option of a choice group in the group's window: its first day, and the first one after it (None: no end)."""

    group: int
    benefit: int
    first: date | None
    after: date | None


class UseFinder(Protocol):
    """Says which options were used within their windows."""

    name: str

    def find(self, member_id: int, spans: Sequence[OptionSpan]) -> Iterable[tuple[int, int]]:
        """Of these the (group, benefit) that were; in as many statements however many there are."""


use_finders: Registry[UseFinder] = Registry("finder of uses")
