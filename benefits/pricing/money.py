"""Money as whole fen: exact, rounded once where a rule says so, and shared out without losing a fen."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal

from django.utils.formats import number_format

MODES = {
    "half_up": ROUND_HALF_UP, "half_down": ROUND_HALF_DOWN, "half_even": ROUND_HALF_EVEN, "down": ROUND_DOWN,
    "up": ROUND_UP,
}
#: What prices are rounded to, in fen.
UNITS = {"fen": 1, "jiao": 10, "yuan": 100}
#: No order comes to more (CNY): it fits NUMERIC(14, 2), many times over.
MOST = Decimal(10_000_000_000)


@dataclass(frozen=True)
class Rounding:
    """How a price that a percentage leaves is rounded, and whether each line is, or the order's sum."""

    mode: str = "half_up"
    unit: str = "fen"
    per: str = "line"

    def rounded(self, fen: Decimal) -> int:
        """An exact number of fen, rounded to the unit."""
        unit = UNITS[self.unit]
        return int((fen / unit).quantize(Decimal(1), MODES[self.mode])) * unit


def as_fen(amount: Decimal) -> int | None:
    """Yuan as fen; None when it is no whole number of them, or no amount at all."""
    if not isinstance(amount, Decimal) or not amount.is_finite() or abs(amount) > MOST:
        return None
    fen = amount.scaleb(2)
    return int(fen) if fen == fen.to_integral_value() else None


def as_yuan(fen: int) -> Decimal:
    """Fen as yuan, with two decimals."""
    return Decimal(fen).scaleb(-2)


def in_words(fen: int) -> str:
    """Fen as people read yuan."""
    return str(number_format(as_yuan(fen), decimal_pos=2))


def percent_of(fen: int, percent: Decimal) -> Decimal:
    """So many percent of an amount, exact, in fen."""
    return (fen * percent).scaleb(-2)


def allocate(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    """`total` shared out in proportion to the weights, to the fen: rounded down, and what is left over goes to the
    largest remainders (of equal ones to the larger weight, then by name). The order of the weights does not matter,
    and no share is larger than its weight where `total` is not larger than their sum."""
    whole = sum(weights.values())
    if whole == 0 or total == 0:
        return dict.fromkeys(weights, 0)
    shares = {name: total * weight // whole for name, weight in weights.items()}
    left = total - sum(shares.values())
    by_remainder = sorted(weights, key=lambda name: (-(total * weights[name] % whole), -weights[name], name))
    for name in by_remainder[:left]:
        shares[name] += 1
    return shares
