"""By what a price is found: the benefits there are, and the policy that says how they go together. All of it data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from benefits.pricing.money import Rounding
from benefits.pricing.orders import Scope

#: Steps that price each line by itself; the others look at the order as a whole.
LINE_KINDS = ("promotion", "member_price", "stacking_discount")
STEP_KINDS = (*LINE_KINDS, "buy_one_get_one", "instant_reduction", "coupon", "free_shipping")


@dataclass(frozen=True)
class PriceBenefit:
    """A benefit as far as prices go. `terms` are those of its kind (benefits/kinds.py), with every default."""

    key: str
    kind: str
    name: str
    terms: Mapping[str, Any] = field(default_factory=dict, compare=False)
    #: By which rule the member has it: its code, or what it is called.
    rule: str = ""
    #: How often it may still be used; None: as often as one likes.
    times: int | None = None
    #: What it is a part of: one for each category, which count together where only one benefit may. Blank: of none.
    family: str = ""

    @property
    def scope(self) -> Scope:
        return Scope.of(self.terms)


@dataclass(frozen=True)
class Step:
    """One step of a policy. Only its kind's benefits are used in it.

    `base`: what percentages and minimums are taken of: the price so far, or the list price.
    `combine`: of several benefits of the step the best one (with all of its family) counts, or all, one after another
    (not for coupons).
    `group`: steps of one group exclude one another. Where all of them price single lines, the best of them is taken
    line by line; else one of them is used in the order.
    `is_optional`: it is left out where the order is cheaper without it; else it is used whenever it can be.
    `per_order`: of coupons, how many an order takes at the most.
    Caps are CNY, for all benefits of the step together.
    """

    kind: str
    base: str = "so_far"
    combine: str = "best"
    group: str = ""
    is_optional: bool = True
    scope: Scope = field(default_factory=Scope)
    cap_per_line: Decimal | None = None
    cap_per_order: Decimal | None = None
    per_order: int = 1

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "Step":
        """As the policy's data say it, with defaults filled in."""
        return cls(
            entry["kind"], entry["base"], entry["combine"], entry.get("group", ""), entry["optional"], Scope.of(entry),
            entry.get("cap_per_line"), entry.get("cap_per_order"), entry["per_order"],
        )


@dataclass(frozen=True)
class Policy:
    """Steps in their order, one for each kind at the most, and how is rounded. `name` tells its version."""

    steps: tuple[Step, ...]
    rounding: Rounding = field(default_factory=Rounding)
    name: str = ""

    @classmethod
    def of(cls, data: Mapping[str, Any], *, name: str = "") -> "Policy":
        """As the data say it, with defaults filled in."""
        steps = tuple(Step.of(entry) for entry in data["steps"])
        return cls(steps, Rounding(**data["rounding"]), name)

    def is_by_line(self, group: str) -> bool:
        """Whether the steps of a group exclude one another line by line."""
        return all(step.kind in LINE_KINDS for step in self.steps if step.group == group)


#: The price that everybody pays: no benefit, but a step like theirs.
PROMOTION = PriceBenefit("", "promotion", "")
