"""What is to be priced: the lines of an order and its freight."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from benefits.pricing.errors import (
    EmptyOrderError,
    NegativePriceError,
    PriceDecimalsError,
    QuantityError,
    RepeatedLineError,
)
from benefits.pricing.money import as_fen

MOST_PIECES = 99_999


@dataclass(frozen=True)
class Line:
    """Goods of one price. `key` names the line in its order; prices are of one piece, in CNY."""

    key: str
    price: Decimal
    quantity: int = 1
    category: str = ""
    is_self_operated: bool = False
    #: What everybody pays these days, where the goods are on promotion.
    promotion_price: Decimal | None = None
    #: What members pay, where the goods have a price of their own for them.
    member_price: Decimal | None = None


@dataclass(frozen=True)
class Freight:
    """What the delivery costs, and what sending the goods back would, in CNY. `delivery`: standard or instant."""

    outward: Decimal = Decimal(0)
    back: Decimal = Decimal(0)
    delivery: str = "standard"


@dataclass(frozen=True)
class Scope:
    """The goods that something is for."""

    categories: frozenset[str] = frozenset()
    not_categories: frozenset[str] = frozenset()
    self_operated_only: bool = False

    @classmethod
    def of(cls, terms: Mapping[str, Any]) -> "Scope":
        """As terms (benefits/kinds.py) or a policy's step say it."""
        return cls(
            frozenset(terms.get("categories", ())), frozenset(terms.get("not_categories", ())),
            bool(terms.get("self_operated_only", False)),
        )

    def covers(self, *, category: str, is_self_operated: bool) -> bool:
        """Whether goods are of it. A category that nobody named is covered where no categories are asked for."""
        return (
            (not self.categories or category in self.categories)
            and category not in self.not_categories
            and (is_self_operated or not self.self_operated_only)
        )

    def lines(self, lines: Iterable[Line]) -> list[Line]:
        """Those of the lines that are of it."""
        return [
            line for line in lines
            if self.covers(category=line.category, is_self_operated=line.is_self_operated)
        ]


def check_order(lines: Sequence[Line], freight: Freight) -> None:
    """A named error where something cannot be priced: no lines, two of one key, an amount that is none."""
    if not lines:
        raise EmptyOrderError
    seen: set[str] = set()
    for line in lines:
        if line.key in seen:
            raise RepeatedLineError(line.key)
        seen.add(line.key)
        if isinstance(line.quantity, bool) or not isinstance(line.quantity, int):
            raise QuantityError(line.key, line.quantity)
        if not 1 <= line.quantity <= MOST_PIECES:
            raise QuantityError(line.key, line.quantity)
        for price in (line.price, line.promotion_price, line.member_price):
            _check_amount(line.key, price)
    for price in (freight.outward, freight.back):
        _check_amount(_("freight"), price)


def _check_amount(line: str, amount: Decimal | None) -> None:
    if amount is None:
        return
    fen = as_fen(amount)
    if fen is None:
        raise PriceDecimalsError(line, amount)
    if fen < 0:
        raise NegativePriceError(line, amount)


def fen_of(amount: Decimal) -> int:
    """The fen of an amount that was checked. PriceDecimalsError else."""
    fen = as_fen(amount)
    if fen is None:
        raise PriceDecimalsError("", amount)
    return fen
