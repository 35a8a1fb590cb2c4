"""What an order costs, told with the figures of the sources where they give some."""

from decimal import Decimal

import pytest
from django.utils import translation

from benefits.pricing.orders import Freight, Scope
from benefits.pricing.policy import Step
from tests.benefits.pricing_stories import benefit, coupon, goods, lost, policy, priced, told, yuan

ENTERPRISE = benefit("stacking_discount", percent=95)


@pytest.fixture(autouse=True)
def _english() -> None:
    """The words that these stories quote."""
    translation.activate("en")


def test_enterprise_card_takes_a_further_95_percent_of_the_discounted_price() -> None:
    chair = goods("chair", "1000.00", promotion_price="800.00")
    result = priced([chair], ENTERPRISE)
    assert told(result) == [
        ("list", "1000.00"), ("promotion", "-200.00"), ("stacking_discount", "-40.00"), ("freight", "0.00"),
    ]
    assert result.payable == yuan("760.00")
    assert result.steps[2].note == "95% of the price so far is paid"
    assert result.steps[2].benefit == ENTERPRISE


def test_further_discount_is_only_for_discounted_goods_where_the_terms_say_so() -> None:
    further = benefit("stacking_discount", percent=95, discounted_only=True)
    result = priced([goods("chair", 1000, promotion_price=800), goods("desk", 500)], further)
    assert result.line_totals == {"chair": yuan("760.00"), "desk": yuan("500.00")}
    assert lost(priced([goods("desk", 500)], further)) == {"stacking_discount": "not_discounted"}


def test_further_discount_of_the_list_price_is_a_matter_of_the_policy() -> None:
    of_list = policy(Step("promotion"), Step("stacking_discount", base="list"))
    result = priced([goods("chair", 1000, promotion_price=800)], ENTERPRISE, by=of_list)
    assert result.payable == yuan("750.00")
    assert result.steps[2].note == "95% of the list price is paid"


def test_the_lower_of_promotion_price_and_member_price_holds_line_by_line() -> None:
    lines = [
        goods("phone", 3000, promotion_price=2900, member_price=2800),
        goods("case", 100, promotion_price=60, member_price=80),
    ]
    result = priced(lines, benefit("member_price"))
    assert result.line_totals == {"phone": yuan("2800.00"), "case": yuan("60.00")}
    told_of = {(each.kind, each.lines): each.words for each in result.considered}
    assert told_of == {
        ("member_price", ("case",)): "excluded by “promotion price”, which takes more off: case",
        ("promotion", ("phone",)): "excluded by “member price”, which takes more off: phone",
    }


def test_all_steps_one_after_another() -> None:
    lines = [goods("chair", 1000, promotion_price=800, is_self_operated=True)]
    result = priced(
        lines, ENTERPRISE, benefit("instant_reduction", threshold=500, reduction=100), coupon("c58", 58),
        benefit("free_shipping", self_operated_only=True, both_ways=True), freight=Freight(yuan(12), yuan(9)),
    )
    assert told(result) == [
        ("list", "1000.00"), ("promotion", "-200.00"), ("stacking_discount", "-40.00"),
        ("instant_reduction", "-100.00"), ("coupon", "-58.00"), ("freight", "12.00"), ("free_shipping", "-12.00"),
    ]
    assert [str(step.after) for step in result.steps] == [
        "1000.00", "800.00", "760.00", "660.00", "602.00", "614.00", "602.00",
    ]
    assert (result.payable, result.freight, result.return_freight) == (yuan("602.00"), yuan(0), yuan(0))
    assert result.saved == yuan("410.00")


def test_new_marriott_registrant_uses_the_coupons_of_58_and_30_one_an_order() -> None:
    coupons = coupon("meituan-58", 58), coupon("meituan-30", 30)
    first = priced([goods("night", 400)], *coupons)
    assert first.payable == yuan("342.00")
    assert [each.words for each in first.considered] == [
        "“meituan-58” takes more off: the order would cost 28.00 more with it"
    ]
    second = priced([goods("night", 400)], coupons[1])
    assert second.payable == yuan("370.00")


def test_stackable_coupons_go_together_where_the_policy_takes_two() -> None:
    two = policy(Step("coupon", per_order=2))
    both = coupon("a", 58, stackable=True), coupon("b", 30, stackable=True)
    assert priced([goods("night", 400)], *both, by=two).payable == yuan("312.00")
    one_alone = coupon("a", 58), coupon("b", 30, stackable=True)
    assert priced([goods("night", 400)], *one_alone, by=two).payable == yuan("342.00")
    same_group = coupon("a", 58, stackable=True, group="hotel"), coupon("b", 30, stackable=True, group="hotel")
    assert priced([goods("night", 400)], *same_group, by=two).payable == yuan("342.00")


def test_freight_coupon_pays_the_delivery_beside_a_coupon_for_goods() -> None:
    freight_coupon = coupon("f6", 6, takes_off="freight")
    result = priced([goods("pen", 50)], freight_coupon, coupon("c5", 5), freight=Freight(yuan(8)))
    assert told(result) == [("list", "50.00"), ("coupon", "-5.00"), ("freight", "8.00"), ("coupon", "-6.00")]
    assert result.steps[3].note == "6.00 off the freight"
    assert (result.freight, result.payable) == (yuan(2), yuan(47))
    # Nothing is used where the delivery is free anyway.
    free = priced([goods("pen", 50)], freight_coupon, benefit("free_shipping"), freight=Freight(yuan(6)))
    assert len(free.steps) == 3 and free.payable == yuan(50)


def test_minimum_of_a_second_coupon_counts_what_the_first_took() -> None:
    two = policy(Step("coupon", per_order=2))
    both = (
        coupon("a", 58, stackable=True, minimum_spend=100), coupon("b", 30, stackable=True, minimum_spend=100),
    )
    assert priced([goods("night", 100)], *both, by=two).payable == yuan("12.00")


def test_coupon_below_its_minimum_says_how_much_is_there() -> None:
    result = priced([goods("night", "399.99")], coupon("c58", 58, minimum_spend=400))
    assert result.payable == yuan("399.99")
    assert [each.words for each in result.considered] == ["asks for goods of 400.00; there are 399.99"]
    assert priced([goods("night", "400.00")], coupon("c58", 58, minimum_spend=400)).payable == yuan("342.00")


def test_reduction_for_every_full_threshold_is_capped() -> None:
    every = benefit("instant_reduction", threshold=100, reduction=20, per_full_threshold=True, at_most=50)
    assert priced([goods("a", 299)], every).payable == yuan("259.00")
    capped = priced([goods("a", 300)], every)
    assert capped.payable == yuan("250.00")
    assert capped.steps[1].note == "20.00 off for every full 100.00; 10.00 less, since it is capped"


def test_price_never_goes_below_zero() -> None:
    result = priced([goods("pen", "5.00")], coupon("c58", 58), freight=Freight(yuan(6)))
    assert told(result) == [("list", "5.00"), ("coupon", "-5.00"), ("freight", "6.00")]
    assert result.payable == yuan("6.00")


def test_benefit_that_would_make_the_order_dearer_is_left_out() -> None:
    lines = [goods("a", 100)]
    benefits = benefit("stacking_discount", percent=95), benefit("instant_reduction", threshold=100, reduction=20)
    result = priced(lines, *benefits)
    assert result.payable == yuan("80.00")
    assert [each.words for each in result.considered] == ["left out: the order would cost 15.00 more with it"]
    must = policy(Step("stacking_discount", is_optional=False), Step("instant_reduction"))
    always = priced(lines, *benefits, by=must)
    assert always.payable == yuan("95.00")
    assert lost(always) == {"instant_reduction": "minimum"}


def test_of_two_steps_that_exclude_one_another_the_better_one_is_used() -> None:
    either = policy(Step("instant_reduction", group="one"), Step("coupon", group="one"))
    benefits = benefit("instant_reduction", threshold=100, reduction=20), coupon("c58", 58)
    result = priced([goods("a", 200)], *benefits, by=either)
    assert result.payable == yuan("142.00")
    assert [each.words for each in result.considered] == [
        "excluded by “c58”; the order would cost 38.00 more with it"
    ]


def test_goods_of_other_shops_and_excluded_categories_keep_their_price() -> None:
    lines = [
        goods("fridge", 2000, category="家电", is_self_operated=True),
        goods("stall", 100, category="家电"),
        goods("gold", 500, category="贵金属", is_self_operated=True),
    ]
    by = policy(Step("stacking_discount", scope=Scope(not_categories=frozenset({"贵金属"}), self_operated_only=True)))
    result = priced(lines, ENTERPRISE, by=by)
    assert result.line_totals == {"fridge": yuan("1900.00"), "stall": yuan("100.00"), "gold": yuan("500.00")}
    assert lost(priced(lines[1:], ENTERPRISE, by=by)) == {"stacking_discount": "scope"}


def test_freight_is_free_only_where_all_goods_travel_free() -> None:
    free = benefit("free_shipping", self_operated_only=True)
    own, other = goods("own", 50, is_self_operated=True), goods("other", 50)
    assert priced([own], free, freight=Freight(yuan(6), yuan(8))).payable == yuan("50.00")
    mixed = priced([own, other], free, freight=Freight(yuan(6), yuan(8)))
    assert (mixed.payable, mixed.return_freight) == (yuan("106.00"), yuan(8))
    assert [each.words for each in mixed.considered] == ["not for all goods of the order: other"]


def test_instant_delivery_is_free_where_the_right_is_extended_to_it() -> None:
    instant = Freight(yuan(10), delivery="instant")
    lines = [goods("milk", 30)]
    assert lost(priced(lines, benefit("free_shipping"), freight=instant)) == {"free_shipping": "delivery"}
    extended = benefit("free_shipping", deliveries=["standard", "instant"])
    assert priced(lines, extended, freight=instant).payable == yuan("30.00")


def test_buy_one_get_one_gives_the_cheapest_of_the_pair_in_each_category() -> None:
    lines = [
        goods("check-up", 800, category="check-up"), goods("check-up light", 500, category="check-up"),
        goods("cleaning", 300, category="dental"),
    ]
    once = benefit("buy_one_get_one", times=1)
    result = priced(lines, once)
    assert result.line_totals == {
        "check-up": yuan("800.00"), "check-up light": yuan("0.00"), "cleaning": yuan("300.00"),
    }
    assert result.steps[1].note == "1 free for 1 paid, the cheapest of a category"


def test_buy_one_get_one_once_takes_the_dearest_pair_and_more_pairs_when_it_may() -> None:
    lines = [goods("a", 100, 2, category="x"), goods("b", 80, 3, category="x")]
    assert priced(lines, benefit("buy_one_get_one", times=1)).saved == yuan("100.00")
    # 100 100 | 80 80 | 80: two pairs, 100 and 80 free.
    assert priced(lines, benefit("buy_one_get_one")).saved == yuan("180.00")
    assert priced(lines, benefit("buy_one_get_one", pays_for=3, gets=1)).saved == yuan("80.00")
    assert lost(priced(lines, benefit("buy_one_get_one", times=0))) == {"buy_one_get_one": "used_up"}


def test_rounding_is_of_each_line_or_of_the_order() -> None:
    lines = [goods(key, "0.10") for key in "abc"]
    by_line = priced(lines, ENTERPRISE, by=policy(Step("stacking_discount", is_optional=False)))
    assert by_line.payable == yuan("0.30")  # 0.095 is 0.10, three times
    by_order = priced(lines, ENTERPRISE, by=policy(Step("stacking_discount"), per="order"))
    assert by_order.payable == yuan("0.29")  # 0.285 is 0.29; one line bears the fen
    assert sorted(by_order.line_totals.values()) == [yuan("0.09"), yuan("0.10"), yuan("0.10")]
    down = priced(lines, ENTERPRISE, by=policy(Step("stacking_discount"), mode="half_down"))
    assert down.payable == yuan("0.27")
    jiao = priced([goods("a", "9.99")], ENTERPRISE, by=policy(Step("stacking_discount"), unit="jiao"))
    assert jiao.payable == yuan("9.50")


def test_caps_hold_for_a_line_and_for_the_order() -> None:
    lines = [goods("a", 1000), goods("b", 100)]
    half = benefit("stacking_discount", percent=50)
    of_line = policy(Step("stacking_discount", cap_per_line=Decimal(60)))
    assert priced(lines, half, by=of_line).line_totals == {"a": yuan("940.00"), "b": yuan("50.00")}
    of_order = policy(Step("stacking_discount", cap_per_order=Decimal(55)))
    assert priced(lines, half, by=of_order).line_totals == {"a": yuan("950.00"), "b": yuan("95.00")}


def test_benefit_without_a_step_in_the_policy_is_told() -> None:
    result = priced([goods("a", 100)], ENTERPRISE, by=policy(Step("coupon")))
    assert [each.words for each in result.considered] == ["the pricing policy has no step for it"]
