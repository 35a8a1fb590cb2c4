"""What a member is entitled to, rule by rule: the answer of benefits_rights (sql/rights/rights.sql), read as it is."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from django.db import connection

Source = Literal["plan", "tier", "enrolled"]


class Right(NamedTuple):
    """A rule that holds for a member by a source on a day. What the columns mean stands on the function."""

    benefit_id: int
    rule_id: int
    rule_code: str
    category: str
    source: Source
    source_id: int
    since: date
    until: date | None
    is_in_grace: bool
    store_id: int | None
    wallet_id: int | None
    quota: int | None
    used: int
    left: int | None
    window_from: date | None
    window_after: date | None
    group_id: int | None
    group_from: date | None
    group_after: date | None
    is_chosen: bool | None
    is_default: bool
    points_price: int
    member_price: Decimal
    is_automatic: bool
    place: int | None
    group_opened: date | None
    tier_id: int | None
    combine: str
    group_paid_after: date | None

    @property
    def resets_on(self) -> date | None:
        """The first day of the next window; None: it is for ever, or the right is over before that day."""
        if self.window_after is None or (self.until is not None and self.window_after > self.until):
            return None
        return self.window_after

    @property
    def has_left(self) -> bool:
        """Whether it can still be used in this window."""
        return self.left is None or self.left > 0


def first_again(rights: Iterable[Right], *, asked: int = 1) -> Right | None:
    """Of rules that hold (not of options that were not chosen), the one whose next window begins first.

    Those whose quota is below `asked`, that have none, and that give by themselves, are not used again.
    """
    found = [
        right for right in rights
        if right.place is not None and not right.is_automatic and (right.quota or 0) >= asked and right.resets_on
    ]
    return min(found, key=lambda right: right.resets_on or date.max, default=None)


_STATEMENT = "SELECT * FROM benefits_rights(%s, %s, %s, %s, %s)"


def rights_of(
    member_id: int, *, on: date, benefit_id: int | None = None, category: str | None = None, region: str | None = None
) -> list[Right]:
    """All rules that hold for a member on a day; one statement. `category` and `region` as the function says."""
    parameters: list[Any] = [member_id, on, benefit_id, category, region]
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, parameters)
        return [Right(*found) for found in cursor.fetchall()]
