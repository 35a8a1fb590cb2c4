"""The ways in which benefits may be combined, as the policy has it. The cheapest of them is the price.

Since every way that is open without a benefit stays open with it, no benefit ever makes an order dearer, as long as
its step is optional: that is why all of them are compared, and none is left out for being unlikely.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, product
from math import comb

from benefits.pricing.errors import TooManyCombinationsError
from benefits.pricing.policy import Policy, PriceBenefit, Step
from benefits.pricing.running import Running
from benefits.pricing.trials import Choice, take_step

#: Ways that are compared at the most, times what one of them costs: a second's work or two.
MOST_TRIALS, COST_OF_A_WAY = 1_000_000, 50
#: Ways to use the benefits of one step together that are looked at.
MOST_TOGETHER = 5_000

Option = tuple[PriceBenefit, ...]


def explore(
    running: Running, policy: Policy, offered: Mapping[str, Sequence[PriceBenefit]]
) -> Iterator[tuple[Running, Choice]]:
    """Every way to use what is offered, by kind of step, with what it comes to. Ways that begin alike are gone together
    until they part. TooManyCombinationsError when there are too many."""
    if _count(policy, offered) * (COST_OF_A_WAY + len(running.lines)) > MOST_TRIALS:
        raise TooManyCombinationsError
    yield from _walk(running, policy, offered, 0, {})


def _walk(
    running: Running, policy: Policy, offered: Mapping[str, Sequence[PriceBenefit]], place: int, choice: Choice
) -> Iterator[tuple[Running, Choice]]:
    """The ways on from the step at a place, with what was chosen before."""
    if place == len(policy.steps):
        yield running, choice
        return
    step = policy.steps[place]
    ways = [choice] if step.kind in choice else [{**choice, **new} for new in _decisions(policy, step, offered)]
    for way in ways:
        branch = running.copy() if len(ways) > 1 else running
        take_step(branch, policy, step, way)
        yield from _walk(branch, policy, offered, place + 1, way)


def _count(policy: Policy, offered: Mapping[str, Sequence[PriceBenefit]]) -> int:
    """How many ways there are."""
    decided: set[str] = set()
    ways = 1
    for step in policy.steps:
        if step.kind not in decided:
            decisions = _decisions(policy, step, offered)
            decided.update(decisions[0])
            ways *= len(decisions)
    return ways


def _decisions(policy: Policy, step: Step, offered: Mapping[str, Sequence[PriceBenefit]]) -> list[Choice]:
    """What may be chosen for a step and those of its group: for each something, or for the group as a whole."""
    group = [each for each in policy.steps if each.group == step.group] if step.group else [step]
    nothing: Choice = {each.kind: () for each in group}
    if step.group and not policy.is_by_line(step.group):
        return [{**nothing, **used} for used in _alternatives(group, offered)]
    each_ones = [list(_alternatives([each], offered)) for each in group]
    return [{**nothing, **{kind: used for one in way for kind, used in one.items()}} for way in product(*each_ones)]


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
    if sum(comb(len(benefits), size) for size in range(1, most + 1)) > MOST_TOGETHER:
        raise TooManyCombinationsError
    for size in range(1, most + 1):
        for some in combinations(benefits, size):
            if all(_first_ones(alike[id(each)], some) for each in some):
                yield some


def _first_ones(alike: Sequence[PriceBenefit], some: Option) -> bool:
    """Whether those of `some` that are alike are the first of them: coupons of one kind are as good as each other."""
    count = sum(1 for each in alike if each in some)
    return all(each in some for each in alike[:count])
