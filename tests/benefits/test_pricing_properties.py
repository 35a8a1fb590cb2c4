"""What holds for every order, every policy and every set of benefits."""

from dataclasses import replace
from decimal import Decimal
from itertools import islice
from random import Random

from hypothesis import given
from hypothesis import settings as given_settings
from hypothesis import strategies as st

from benefits.pricing.choices import explore
from benefits.pricing.errors import TooManyCombinationsError
from benefits.pricing.money import MODES, UNITS, Rounding, allocate
from benefits.pricing.orders import Freight, Line, Scope
from benefits.pricing.policy import PROMOTION, STEP_KINDS, Policy, PriceBenefit, Step
from benefits.pricing.quotes import Quote, quote
from benefits.pricing.running import Running
from benefits.pricing.trials import try_out
from tests.benefits.pricing_stories import DAY, benefit

CATEGORIES = ["", "家电", "手机"]
amounts = st.integers(0, 300_00).map(lambda fen: Decimal(fen).scaleb(-2))
amounts_from_1 = st.integers(1, 300_00).map(lambda fen: Decimal(fen).scaleb(-2))
percents = st.integers(1, 10_000).map(lambda hundredths: Decimal(hundredths).scaleb(-2))
scopes = st.fixed_dictionaries({
    "categories": st.lists(st.sampled_from(CATEGORIES), max_size=2), "self_operated_only": st.booleans(),
})


@st.composite
def orders(draw: st.DrawFn) -> list[Line]:
    return [
        Line(
            str(number), draw(amounts), draw(st.integers(1, 5)), draw(st.sampled_from(CATEGORIES)),
            draw(st.booleans()), draw(st.none() | amounts), draw(st.none() | amounts),
        )
        for number in range(draw(st.integers(1, 5)))
    ]


@st.composite
def benefits_of_members(draw: st.DrawFn) -> list[PriceBenefit]:
    kinds = draw(st.lists(st.sampled_from([kind for kind in STEP_KINDS if kind != "promotion"]), max_size=5))
    return [draw(_benefit(kind, number)) for number, kind in enumerate(kinds)]


@st.composite
def _benefit(draw: st.DrawFn, kind: str, number: int) -> PriceBenefit:
    own = {
        "member_price": st.fixed_dictionaries({}, optional={"percent": percents}),
        "stacking_discount": st.fixed_dictionaries(
            {"percent": percents, "discounted_only": st.booleans()}, optional={"at_most": amounts_from_1}
        ),
        "instant_reduction": st.fixed_dictionaries(
            {"threshold": amounts, "reduction": amounts_from_1, "per_full_threshold": st.booleans()},
            optional={"at_most": amounts_from_1},
        ),
        "coupon": st.fixed_dictionaries(
            {
                "amount": amounts_from_1, "minimum_spend": amounts, "stackable": st.booleans(),
                "takes_off": st.sampled_from(["goods", "freight"]),
            },
            optional={"group": st.sampled_from(["x", "y"])},
        ),
        "free_shipping": st.fixed_dictionaries({"minimum_spend": amounts, "both_ways": st.booleans()}),
        "buy_one_get_one": st.fixed_dictionaries({"pays_for": st.integers(1, 3), "gets": st.integers(1, 2)}),
    }[kind]
    times = draw(st.none() | st.integers(0, 3))
    one = benefit(kind, f"{kind}-{number}", times=times, **draw(own), **draw(scopes))
    return replace(one, family=draw(st.sampled_from(["", "", "family"])))


@st.composite
def policies(draw: st.DrawFn, *, always_best: bool = False) -> Policy:
    kinds = draw(st.permutations(STEP_KINDS))
    caps = st.none() | amounts
    steps = tuple(
        Step(
            kind, draw(st.sampled_from(["so_far", "list"])), draw(st.sampled_from(["best", "all"])),
            draw(st.sampled_from(["", "", "g", "h"])), True if always_best else draw(st.booleans()),
            Scope(not_categories=frozenset(draw(st.sets(st.sampled_from(CATEGORIES), max_size=1)))),
            draw(caps), draw(caps), draw(st.integers(1, 2)),
        )
        for kind in kinds
    )
    rounding = Rounding(
        draw(st.sampled_from(list(MODES))), draw(st.sampled_from(list(UNITS))), draw(st.sampled_from(["line", "order"]))
    )
    return Policy(steps, rounding, "p")


freights = st.builds(Freight, amounts, amounts)
everything = (orders(), benefits_of_members(), policies(), freights)
tried = given_settings(max_examples=40, deadline=None)


def priced(
    lines: list[Line], benefits: list[PriceBenefit], policy: Policy, freight: Freight
) -> Quote | None:
    try:
        return quote(lines, benefits, policy, freight=freight, on=DAY)
    except TooManyCombinationsError:
        return None


@tried
@given(*everything)
def test_every_fen_is_accounted_for(
    lines: list[Line], benefits: list[PriceBenefit], policy: Policy, freight: Freight
) -> None:
    result = priced(lines, benefits, policy, freight)
    if result is None:
        return
    assert result.list_total == sum(line.price * line.quantity for line in lines)
    assert result.list_total - result.saved + freight.outward == result.payable >= 0
    assert result.payable == sum(result.line_totals.values()) + result.freight
    assert all(amount >= 0 for amount in result.line_totals.values())
    assert result.freight >= 0 and 0 <= result.return_freight <= freight.back
    for step in result.steps:
        if step.kind != "list" and step.lines:
            assert step.total == sum(step.lines.values()) <= 0
    assert {step.benefit for step in result.steps if step.benefit} <= set(benefits)


@tried
@given(*everything, st.randoms(use_true_random=False))
def test_order_of_lines_and_benefits_does_not_matter(
    lines: list[Line], benefits: list[PriceBenefit], policy: Policy, freight: Freight, chance: Random
) -> None:
    result = priced(lines, benefits, policy, freight)
    shuffled = chance.sample(lines, len(lines)), chance.sample(benefits, len(benefits))
    again = priced(*shuffled, policy, freight)
    assert (result is None) == (again is None)
    if result and again:
        assert result.line_totals == again.line_totals
        assert [(s.kind, s.benefit, s.total, dict(s.lines)) for s in result.steps] == [
            (s.kind, s.benefit, s.total, dict(s.lines)) for s in again.steps
        ]


@tried
@given(orders(), benefits_of_members(), policies(always_best=True), freights)
def test_no_benefit_makes_an_order_dearer_where_the_best_counts(
    lines: list[Line], benefits: list[PriceBenefit], policy: Policy, freight: Freight
) -> None:
    result = priced(lines, benefits, policy, freight)
    fewer = priced(lines, benefits[1:], policy, freight)
    if result and fewer:
        assert result.payable <= fewer.payable


@tried
@given(*everything)
def test_caps_hold(
    lines: list[Line], benefits: list[PriceBenefit], policy: Policy, freight: Freight
) -> None:
    result = priced(lines, benefits, policy, freight)
    if result is None:
        return
    for step in policy.steps:
        done = [each for each in result.steps if each.kind == step.kind]
        if step.cap_per_order is not None:
            assert -sum(each.total for each in done) <= step.cap_per_order
        if step.cap_per_line is not None and step.kind != "free_shipping":
            for line in lines:
                assert -sum(each.lines.get(line.key, 0) for each in done) <= step.cap_per_line
    for each in result.steps:
        if each.benefit and each.benefit.terms.get("at_most") is not None:
            assert -each.total <= each.benefit.terms["at_most"]


@tried
@given(*everything)
def test_steps_that_exclude_one_another_are_never_both_used(
    lines: list[Line], benefits: list[PriceBenefit], policy: Policy, freight: Freight
) -> None:
    result = priced(lines, benefits, policy, freight)
    if result is None:
        return
    groups = {step.kind: step.group for step in policy.steps}
    for group in {group for group in groups.values() if group}:
        done = [each for each in result.steps if groups.get(each.kind) == group]
        if not policy.is_by_line(group):
            assert len({each.kind for each in done}) <= 1
        for line in lines:
            assert len({each.kind for each in done if each.lines.get(line.key)}) <= 1


@tried
@given(*everything)
def test_benefit_that_cost_nothing_is_not_used_and_every_other_is_explained(
    lines: list[Line], benefits: list[PriceBenefit], policy: Policy, freight: Freight
) -> None:
    result = priced(lines, benefits, policy, freight)
    if result is None:
        return
    used = {step.benefit.key for step in result.steps if step.benefit}
    considered = {each.benefit.key for each in result.considered if each.benefit}
    assert {each.key for each in benefits} <= used | considered
    assert all(each.words for each in result.considered)


@tried
@given(*everything)
def test_ways_that_begin_alike_come_to_what_each_comes_to_alone(
    lines: list[Line], benefits: list[PriceBenefit], policy: Policy, freight: Freight
) -> None:
    start = Running.start(lines, freight)
    offered: dict[str, list[PriceBenefit]] = {"promotion": [PROMOTION]}
    for each in benefits:
        offered.setdefault(each.kind, []).append(each)
    for gone, choice in islice(explore(start.copy(), policy, offered), 200):
        alone = try_out(start, policy, choice)
        assert (gone.now, gone.freight, gone.back) == (alone.now, alone.freight, alone.back)
        assert (gone.applied, gone.losses) == (alone.applied, alone.losses)
    assert start == Running.start(lines, freight)


@given(st.integers(0, 10**12), st.dictionaries(st.text(max_size=3), st.integers(0, 10**10), min_size=1, max_size=30))
def test_what_is_shared_out_is_all_of_it(total: int, weights: dict[str, int]) -> None:
    total = min(total, sum(weights.values()))
    shares = allocate(total, weights)
    assert sum(shares.values()) == total
    assert all(0 <= shares[name] <= weight for name, weight in weights.items())
    assert allocate(total, dict(reversed(weights.items()))) == shares


def test_line_twice_as_dear_bears_twice_as_much() -> None:
    line = Line("a", Decimal(100))
    result = quote(
        [line, replace(line, key="b", price=Decimal(200))], [benefit("coupon", amount=Decimal(30))],
        Policy((Step("coupon"),)), on=DAY,
    )
    assert result.line_totals == {"a": Decimal("90.00"), "b": Decimal("180.00")}
