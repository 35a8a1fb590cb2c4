"""The ways in which benefits may be combined, as the policy has it. The cheapest of them is the price.

Since every way that is open without a benefit stays open with it, no benefit ever makes an order dearer, as long as
its step is optional: that is why all of them are compared, and none is left out for being unlikely.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, product
from math import prod

from benefits.errors import TooManyCombinationsError
from benefits.pricing.policy import Policy, PriceBenefit, Step
from benefits.pricing.trials import Choice

#: Ways times lines that are compared at the most: about a second's work.
MOST_TRIALS = 100_000
#: Benefits of one step of which several may be used together.
MOST_TOGETHER = 12

Option = tuple[PriceBenefit, ...]


def ways(policy: Policy, offered: Mapping[str, Sequence[PriceBenefit]], *, lines: int) -> Iterator[Choice]:
    """Every way to use what is offered, by kind of step. TooManyCombinationsError when there are too many."""
    decisions = [list(_alternatives(steps, offered)) for steps in _deciding_together(policy)]
    if prod(map(len, decisions)) * max(lines, 10) > MOST_TRIALS:
        raise TooManyCombinationsError
    for way in product(*decisions):
        yield {kind: option for choice in way for kind, option in choice.items()}


def _deciding_together(policy: Policy) -> list[list[Step]]:
    """The steps one by one; those of a group that holds for the order as a whole together."""
    found: dict[str, list[Step]] = {}
    for step in policy.steps:
        whole = step.group and not policy.is_by_line(step.group)
        found.setdefault(f"group {step.group}" if whole else step.kind, []).append(step)
    return list(found.values())


def _alternatives(steps: Sequence[Step], offered: Mapping[str, Sequence[PriceBenefit]]) -> Iterator[Choice]:
    """What may be used of steps of which one is used: each option of each, or nothing where nothing has to be."""
    used = [(step, option) for step in steps for option in options(step, offered.get(step.kind, ()))]
    if not used or all(step.is_optional and step.kind != "promotion" for step, _ in used):
        yield {}
    yield from ({step.kind: option} for step, option in used)


def options(step: Step, benefits: Sequence[PriceBenefit]) -> list[Option]:
    """The benefits that a step may use together, without "none"."""
    if step.kind == "coupon":
        return _of_coupons(step, benefits)
    together = [list(benefits)] if step.combine == "all" else _families(benefits)
    if step.is_optional:
        return [some for each in together for some in _subsets(each, len(each))]
    return [tuple(each) for each in together if each]


def _families(benefits: Sequence[PriceBenefit]) -> list[list[PriceBenefit]]:
    """The benefits one by one; the parts of one for different categories together."""
    found: dict[str, list[PriceBenefit]] = {}
    for benefit in benefits:
        found.setdefault(benefit.family or benefit.key, []).append(benefit)
    return list(found.values())


def _of_coupons(step: Step, coupons: Sequence[PriceBenefit]) -> list[Option]:
    """Coupons that go together: one of each group, one that is not stackable alone; and one for the freight."""
    goods = [coupon for coupon in coupons if coupon.terms["takes_off"] == "goods"]
    freight = [coupon for coupon in coupons if coupon.terms["takes_off"] == "freight"]
    for_goods: list[Option] = [(), *(each for each in _subsets(goods, step.per_order) if _go_together(each))]
    for_freight: list[Option] = [(), *_subsets(freight, 1)]
    found = [one + other for one, other in product(for_goods, for_freight) if one or other]
    if step.is_optional:
        return found
    return [each for each in found if not any(set(each) < set(other) for other in found)]


def _go_together(coupons: Option) -> bool:
    groups = [coupon.terms["group"] for coupon in coupons if coupon.terms.get("group")]
    return len(coupons) == 1 or (
        all(coupon.terms["stackable"] for coupon in coupons) and len(set(groups)) == len(groups)
    )


def _subsets(benefits: Sequence[PriceBenefit], most: int) -> Iterable[Option]:
    """Some of them, up to so many; of those that say the same, the first ones."""
    alike = {id(each): [other for other in benefits if other.terms == each.terms] for each in benefits}
    most = min(most, len(benefits))
    if most > 1 and len(benefits) > MOST_TOGETHER:
        raise TooManyCombinationsError
    for size in range(1, most + 1):
        for some in combinations(benefits, size):
            if all(_first_ones(alike[id(each)], some) for each in some):
                yield some


def _first_ones(alike: Sequence[PriceBenefit], some: Option) -> bool:
    """Whether those of `some` that are alike are the first of them: coupons of one kind are as good as each other."""
    count = sum(1 for each in alike if each in some)
    return all(each in some for each in alike[:count])
