"""An order while its price is being found: the list price, the price so far, and what steps have done to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from benefits.pricing.orders import Freight, Line, fen_of
from benefits.pricing.policy import PriceBenefit, Step


class Reason(Enum):
    """Why a benefit did not count, or not in full."""

    NO_STEP = "no_step"
    USED_UP = "used_up"
    SCOPE = "scope"
    DELIVERY = "delivery"
    MINIMUM = "minimum"
    NOT_DISCOUNTED = "not_discounted"
    NOTHING = "nothing"
    EXCLUDED = "excluded"
    BETTER = "better"
    DEARER = "dearer"
    CAP = "cap"


@dataclass(frozen=True)
class Loss:
    """What a benefit did not bring, and why. Amounts in fen."""

    reason: Reason
    #: What was asked for (a minimum), or what it would have cost more, or what a cap cut off.
    amount: int = 0
    #: What there was of it.
    there: int = 0
    #: Who took its place.
    winner: str = ""
    #: The lines that it is about; empty: the whole order.
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Applied:
    """A benefit that counted: what it takes off each line, or off the freight, in fen."""

    step: Step
    benefit: PriceBenefit
    lines: Mapping[str, int] = field(default_factory=dict)
    freight: int = 0
    back: int = 0
    #: What it would have taken, had no cap held.
    uncapped: int = 0

    @property
    def total(self) -> int:
        return sum(self.lines.values()) + self.freight

    @property
    def cut(self) -> int:
        """What a cap cut off."""
        return max(0, self.uncapped - self.total)


@dataclass
class Running:
    """The order on its way through the steps, in fen."""

    lines: Sequence[Line]
    listed: dict[str, int]
    now: dict[str, int]
    freight: int
    back: int
    delivery: str
    #: What a step has taken already, by line: caps hold for all its benefits together.
    taken: dict[str, dict[str, int]] = field(default_factory=dict)
    #: Of groups that exclude one another line by line, whose a line is.
    winners: dict[str, dict[str, Step]] = field(default_factory=dict)
    applied: list[Applied] = field(default_factory=list)
    losses: list[tuple[PriceBenefit, Loss]] = field(default_factory=list)
    #: The lines that a benefit is for, in its step: the same for all copies, so that they are looked for once.
    _covered: dict[tuple[str, str], list[Line]] = field(default_factory=dict, compare=False)

    @classmethod
    def start(cls, lines: Sequence[Line], freight: Freight) -> "Running":
        listed = {line.key: fen_of(line.price) * line.quantity for line in lines}
        return cls(lines, listed, dict(listed), fen_of(freight.outward), fen_of(freight.back), freight.delivery)

    def copy(self) -> "Running":
        """The same order at the same place, to try something."""
        return Running(
            self.lines, self.listed, dict(self.now), self.freight, self.back, self.delivery,
            {kind: dict(by_line) for kind, by_line in self.taken.items()},
            {group: dict(by_line) for group, by_line in self.winners.items()},
            list(self.applied), list(self.losses), self._covered,
        )

    def covered(self, step: Step, benefit: PriceBenefit) -> list[Line]:
        """The lines that both the step and the benefit are for."""
        key = benefit.kind, benefit.key
        if key not in self._covered:
            self._covered[key] = step.scope.lines(benefit.scope.lines(self.lines))
        return self._covered[key]

    def base(self, step: Step, keys: Iterable[str]) -> dict[str, int]:
        """What the step counts from, by line."""
        amounts = self.listed if step.base == "list" else self.now
        return {key: amounts[key] for key in keys}

    def apply(self, applied: Applied) -> None:
        """Take off what a benefit takes off."""
        taken = self.taken.setdefault(applied.step.kind, {})
        for key, amount in applied.lines.items():
            self.now[key] -= amount
            taken[key] = taken.get(key, 0) + amount
        self.freight -= applied.freight
        self.back -= applied.back
        self.applied.append(applied)

    @property
    def payable(self) -> int:
        return sum(self.now.values()) + self.freight
