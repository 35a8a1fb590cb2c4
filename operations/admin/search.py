"""Searching by what an index serves. An admin names the kinds of things that can be typed into its one box.

Each kind recognises its input and looks it up by an index; input that it does not recognise costs nothing.
No table is read through. What identifies a person never stands in an address: such kinds are looked up from a POST,
and the page goes on with the member numbers found.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import F, OrderBy, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from stdnum.util import clean

#: As many results a kind gives at the most; who needs more, types more.
SEARCH_LIMIT = 500
#: As many digits as a telephone number has at the least.
PERSONAL_DIGITS = 7
#: As many records as a private search passes on in the address.
PRIVATE_LIMIT = 20


class PatternOrder(OrderBy):
    """The order of a varchar_pattern_ops index, so that a prefix search reads that index and stops."""

    # Django looks for ASC or DESC in each term; USING takes neither, so it stands in a comment.
    template = "%(expression)s USING ~<~ /* ASC */"

    def __init__(self, field: str) -> None:
        super().__init__(F(field))


class Keys(NamedTuple):
    """Keys of the rows found; how many of the newest were looked at, where not all were (0: all)."""

    keys: list[Any]
    looked_at: int = 0


@dataclass(frozen=True)
class SearchKind:
    """One kind of input: what it is called, and how it becomes a condition (None: not this kind)."""

    label: str | Promise
    condition: Callable[[str], Q | None]
    order: OrderBy | None = None
    is_private: bool = False
    #: Takes whatever is typed, so that taking it says nothing of what it is.
    is_free: bool = False

    def find(self, queryset: QuerySet[Any], term: str, *, limit: int = SEARCH_LIMIT) -> Keys:
        """Keys of the rows found, limit + 1 of them at the most."""
        condition = self.condition(term)
        if condition is None:
            return Keys([])
        found = queryset.filter(condition).order_by(*([self.order] if self.order else []))
        return Keys(list(found.values_list("pk", flat=True)[: limit + 1]))


def normalised(term: str) -> str:
    """NFKC, upper case, without blanks and hyphens: how codes and numbers are compared."""
    return re.sub(r"\s", "", clean(unicodedata.normalize("NFKC", term), " -")).upper()


def may_be_personal(kinds: Sequence[SearchKind], term: str) -> bool:
    """Whether a term may name a person, whole or mistyped, and so may not stand in an address."""
    if any(kind.is_private and kind.condition(term) is not None for kind in kinds):
        return True
    if any(not (kind.is_free or kind.is_private) and kind.condition(term) is not None for kind in kinds):
        return False
    plain = unicodedata.normalize("NFKC", term)
    return "@" in plain or sum(character.isdigit() for character in plain) >= PERSONAL_DIGITS


def find_keys(
    queryset: QuerySet[Any], kinds: Sequence[SearchKind], term: str, *, with_private: bool = False,
    limit: int = SEARCH_LIMIT,
) -> Keys:
    """Keys of the rows that any of the kinds finds, limit + 1 of each; private kinds only when asked for."""
    asked = [kind.find(queryset, term, limit=limit) for kind in kinds if with_private or not kind.is_private]
    found = dict.fromkeys(key for each in asked for key in each.keys)
    return Keys(list(found), max((each.looked_at for each in asked), default=0))


def placeholder(kinds: Sequence[SearchKind]) -> str:
    """What the box finds, for its placeholder."""
    return _(", ").join(str(kind.label) for kind in kinds)
