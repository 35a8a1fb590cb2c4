"""What an order costs a member: by the policy, the rights and the coupons of the day on which it was placed."""

from collections.abc import Collection
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError
from django.utils import timezone, translation

from benefits.models import (
    Benefit,
    BenefitRule,
    ChoiceOption,
    FormerChoiceGroup,
    Grant,
    PricingPolicy,
    Redemption,
)
from benefits.pricing.errors import CouponNotHeldError, NoPricingPolicyError
from benefits.pricing.orders import Freight
from benefits.services.benefit_terms import keep_terms
from benefits.services.former_groups import keeping
from benefits.services.held_benefits import held_benefits
from benefits.services.quotes import quote_order
from benefits.waits import wait_finders
from memberships.models import EnterpriseCustomer, Member
from memberships.services.subscriptions import join
from operations.dates import business_date
from tests.benefits.benefit_stories import (
    TODAY,
    a_benefit,
    a_group,
    a_key,
    a_person,
    a_wallet_of,
    at,
    of_all,
    of_card,
    plus,
    used,
    with_card,
)
from tests.benefits.pricing_stories import goods, lost, told, yuan
from tests.memberships.factories import a_firm, an_annual_card, jd_plus, jd_plus_enterprise

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
USUAL = [{"kind": "stacking_discount"}, {"kind": "coupon"}, {"kind": "free_shipping"}]


@pytest.fixture(autouse=True)
def _english() -> None:
    """The words that these stories quote."""
    translation.activate("en")


def a_policy(*steps: dict[str, object], on: date = TODAY, until: date | None = None) -> PricingPolicy:
    return PricingPolicy.objects.create(programme=plus(), steps=list(steps) or USUAL, starts_on=on, ends_on=until)


def further_discount(percent: int = 95) -> Benefit:
    """The stacking discount of those with the yearly card."""
    benefit = a_benefit("further-off", kind="stacking_discount", terms={"percent": str(percent)})
    of_card(benefit)
    return benefit


def a_coupon(member: Member, amount: int = 58, *, on: date = TODAY, days: int = 30, **facts: object) -> Grant:
    benefit = Benefit.objects.filter(code=f"coupon-{amount}").first() or a_benefit(
        f"coupon-{amount}", kind="coupon", terms={"amount": str(amount)}
    )
    return Grant.objects.create(
        member=member, benefit=benefit, key=a_key(), valid_from=on, valid_until=on + (days - 1) * DAY, given_on=on,
        given_at=at(on), **facts,
    )


def test_member_with_the_card_pays_95_percent_and_no_freight() -> None:
    a_policy()
    further_discount()
    of_card(a_benefit("free", kind="free_shipping", terms={"self_operated_only": True}))
    member = with_card().member
    result = quote_order(
        member, plus(), [goods("chair", 800, is_self_operated=True)], on=TODAY, freight=Freight(yuan(12))
    )
    assert told(result) == [
        ("list", "800.00"), ("stacking_discount", "-40.00"), ("freight", "12.00"), ("free_shipping", "-12.00"),
    ]
    step = result.steps[1]
    assert step.benefit and step.benefit.key == "further-off"
    assert step.benefit.rule == BenefitRule.objects.get(benefit__code="further-off").code
    assert result.policy == f"jd-plus {TODAY.isoformat()}"


def test_somebody_without_a_card_pays_the_list_price() -> None:
    a_policy()
    further_discount()
    assert quote_order(a_person(), plus(), [goods("chair", 800)], on=TODAY).payable == yuan(800)


def test_order_of_last_week_is_priced_by_the_policy_the_terms_and_the_card_of_then() -> None:
    a_policy(on=TODAY, until=TODAY + 6 * DAY)
    benefit = further_discount(95)
    keep_terms(plus(), on=TODAY)
    member = with_card(on=TODAY).member
    later = TODAY + 7 * DAY
    a_policy({"kind": "stacking_discount", "cap_per_order": "10"}, on=later)
    benefit.terms = {"percent": "80"}
    benefit.save()
    keep_terms(plus(), on=later)
    lines = [goods("chair", 800)]
    assert quote_order(member, plus(), lines, on=TODAY).payable == yuan(760)
    assert quote_order(member, plus(), lines, on=later - DAY).payable == yuan(760)
    assert quote_order(member, plus(), lines, on=later).payable == yuan(790)


def test_order_of_a_day_on_which_the_card_still_counted_keeps_its_price_after_it_lapsed() -> None:
    a_policy()
    further_discount()
    card = with_card()
    lines = [goods("chair", 800)]
    long_after = TODAY + 500 * DAY
    assert quote_order(card.member, plus(), lines, on=long_after).payable == yuan(800)
    assert quote_order(card.member, plus(), lines, on=TODAY + 100 * DAY).payable == yuan(760)
    assert quote_order(card.member, plus(), lines, on=TODAY - DAY + DAY).payable == yuan(760)


def test_without_a_policy_there_is_no_price() -> None:
    a_policy(on=TODAY + DAY)
    with pytest.raises(NoPricingPolicyError, match="no pricing policy"):
        quote_order(a_person(), plus(), [goods("chair", 800)], on=TODAY)


def test_coupons_of_58_and_30_are_used_one_after_the_other() -> None:
    a_policy()
    member = a_person()
    large, small = a_coupon(member, 58), a_coupon(member, 30)
    lines = [goods("night", 400)]
    assert quote_order(member, plus(), lines, on=TODAY).payable == yuan(342)
    assert quote_order(member, plus(), lines, on=TODAY, coupons=[small.key]).payable == yuan(370)
    Grant.objects.filter(pk=large.pk).update(state="used", used_on=TODAY, order_number="1")
    assert quote_order(member, plus(), lines, on=TODAY).payable == yuan(370)
    with pytest.raises(CouponNotHeldError, match=large.key):
        quote_order(member, plus(), lines, on=TODAY, coupons=[large.key])


def test_order_that_used_a_coupon_can_be_priced_again() -> None:
    a_policy()
    member = a_person()
    coupon = a_coupon(member)
    Grant.objects.filter(pk=coupon.pk).update(state="used", used_on=TODAY + DAY, order_number="JD1")
    lines = [goods("night", 400)]
    assert quote_order(member, plus(), lines, on=TODAY).payable == yuan(342)  # not yet used
    assert quote_order(member, plus(), lines, on=TODAY + DAY, order_number="JD1").payable == yuan(342)
    assert quote_order(member, plus(), lines, on=TODAY + DAY, order_number="JD2").payable == yuan(400)
    assert quote_order(member, plus(), lines, on=TODAY + 2 * DAY).payable == yuan(400)


@pytest.mark.parametrize("on", [TODAY - DAY, TODAY + 30 * DAY])
def test_coupon_is_held_from_its_first_to_its_last_day(on: date) -> None:
    a_policy(on=TODAY - DAY)
    member = a_person()
    a_coupon(member, days=30)
    lines = [goods("night", 400)]
    assert quote_order(member, plus(), lines, on=TODAY).payable == yuan(342)
    assert quote_order(member, plus(), lines, on=TODAY + 29 * DAY).payable == yuan(342)
    assert quote_order(member, plus(), lines, on=on).payable == yuan(400)


def test_coupon_that_was_ended_counts_for_the_days_before() -> None:
    a_policy()
    member = a_person()
    a_coupon(member, state="ended", ended_on=TODAY + 3 * DAY)
    lines = [goods("night", 400)]
    assert quote_order(member, plus(), lines, on=TODAY + 2 * DAY).payable == yuan(342)
    assert quote_order(member, plus(), lines, on=TODAY + 3 * DAY).payable == yuan(400)


class CodesToCome:
    """A floor above that knows of a coupon whose code came two days after it was given."""

    name = "codes to come"

    def __init__(self, grant: Grant) -> None:
        self.grant = grant

    def find(self, grants: Collection[int], *, on: date) -> set[int]:
        return {self.grant.pk} & set(grants) if on < TODAY + 2 * DAY else set()


def test_coupon_is_counted_on_from_the_day_on_which_its_code_came(monkeypatch: pytest.MonkeyPatch) -> None:
    a_policy()
    member, lines = a_person(), [goods("night", 400)]
    waiting, ready = a_coupon(member, 58), a_coupon(member, 30)
    monkeypatch.setattr(wait_finders, "_entries", {"codes to come": CodesToCome(waiting)})
    assert quote_order(member, plus(), lines, on=TODAY + 2 * DAY).payable == yuan(342)
    # Of a day before, also when it is asked later.
    assert quote_order(member, plus(), lines, on=TODAY).payable == yuan(370)
    with pytest.raises(CouponNotHeldError):
        quote_order(member, plus(), lines, on=TODAY, coupons=[waiting.key, ready.key])


def test_another_members_coupon_is_not_held() -> None:
    a_policy()
    coupon = a_coupon(a_person())
    with pytest.raises(CouponNotHeldError):
        quote_order(a_person(), plus(), [goods("night", 400)], on=TODAY, coupons=[coupon.key])


def test_buy_one_get_one_once_a_month_and_category() -> None:
    a_policy({"kind": "buy_one_get_one"})
    free = a_benefit("pair", kind="buy_one_get_one")
    rules = {
        category: of_card(free, 1, "month", category=category) for category in ("check-up", "dental", "eye")
    }
    card = with_card()
    lines = [
        goods("a", 800, category="check-up"), goods("b", 500, category="check-up"), goods("c", 300, 2, category="eye"),
        goods("d", 50, 2, category="books"),
    ]
    result = quote_order(card.member, plus(), lines, on=TODAY)
    assert result.line_totals == {"a": yuan(800), "b": yuan(0), "c": yuan(300), "d": yuan(100)}
    used(card.member, rules["check-up"], on=TODAY + DAY)
    # It was used on the next day: the price of today's order is what it was.
    assert quote_order(card.member, plus(), lines, on=TODAY) == result
    later = quote_order(card.member, plus(), lines, on=TODAY + DAY)
    assert later.line_totals["b"] == yuan(500)
    assert lost(later)["pair/check-up"] == "used_up"
    assert later.line_totals["c"] == yuan(300)


def test_benefit_of_a_category_is_for_its_goods_only_and_the_general_rule_for_the_others() -> None:
    a_policy({"kind": "stacking_discount", "combine": "all"})
    benefit = a_benefit("off", kind="stacking_discount", terms={"percent": "90"})
    of_card(benefit)
    fresh = of_card(benefit, 0, "month", category="生鲜")
    member = with_card().member
    result = quote_order(
        member, plus(), [goods("milk", 100, category="生鲜"), goods("pen", 100, category="文具")], on=TODAY
    )
    assert result.line_totals == {"milk": yuan(100), "pen": yuan(90)}
    assert fresh.quota == 0 and lost(result) == {"off/生鲜": "used_up"}


def test_benefit_of_a_store_counts_for_orders_of_that_store() -> None:
    programme = jd_plus(code="stores", enrols="store")
    PricingPolicy.objects.create(programme=programme, steps=USUAL, starts_on=TODAY)
    off = a_benefit("off", programme=programme, kind="stacking_discount", terms={"percent": "95"})
    rule = of_all(off, 1, "month")
    member = a_person()
    one, other = (a_wallet_of(member, programme=programme, scope=scope) for scope in ("one", "other"))
    lines = [goods("chair", 100)]
    used(member, rule, on=TODAY, wallet=other)
    assert quote_order(member, programme, lines, on=TODAY, store=one).payable == yuan(95)
    assert quote_order(member, programme, lines, on=TODAY, store=other).payable == yuan(100)
    assert quote_order(member, programme, lines, on=TODAY).payable == yuan(100)


def test_price_of_a_past_order_goes_by_the_rule_that_was_best_then_whatever_was_used_later() -> None:
    a_policy({"kind": "buy_one_get_one"})
    free = a_benefit("pair", kind="buy_one_get_one")
    yearly = of_card(free, 3, "year", code="yearly")
    of_card(free, 1, "month", code="monthly")
    card, lines = with_card(), [goods("a", 100, 6)]
    then = quote_order(card.member, plus(), lines, on=TODAY)
    assert then.payable == yuan(300)
    used(card.member, yearly, on=TODAY + 20 * DAY, quantity=3)
    assert quote_order(card.member, plus(), lines, on=TODAY) == then


def test_store_s_rule_and_the_card_s_are_not_added_up_where_the_best_counts() -> None:
    programme = jd_plus(code="stores", enrols="store")
    member = a_person()
    store = a_wallet_of(member, programme=programme, scope="one")
    best, summed = (
        a_benefit(f"off-{combine}", programme=programme, kind="stacking_discount", combine=combine,
                  terms={"percent": "95"}) for combine in ("best", "sum")
    )
    join(member, an_annual_card(programme), on=TODAY, actor=None)
    for benefit in (best, summed):
        of_all(benefit, 2, "month", code="store")
        of_card(benefit, 3, "month", code="card")
    found = held_benefits(member, ["stacking_discount"], on=TODAY, programme=programme, store=store)
    told_of = [(each.benefit.combine, each.rule, each.times) for each in found]
    assert told_of == [("best", "card", 3), ("sum", "card", 5)]


def test_price_of_a_past_order_stays_though_the_rules_are_added_up_later() -> None:
    a_policy({"kind": "buy_one_get_one"})
    pair = a_benefit("pair", kind="buy_one_get_one")
    for code in ("one", "other"):
        of_card(pair, 1, "month", code=code)
    keep_terms(plus(), on=TODAY)
    member, lines, later = with_card().member, [goods("a", 100, 6)], TODAY + 7 * DAY
    then = quote_order(member, plus(), lines, on=TODAY)
    assert then.payable == yuan(500)
    pair.combine = "sum"
    pair.save()
    keep_terms(plus(), on=later)
    assert quote_order(member, plus(), lines, on=TODAY) == then
    assert quote_order(member, plus(), lines, on=later - DAY).payable == yuan(500)
    assert quote_order(member, plus(), lines, on=later).payable == yuan(400)


def test_price_of_a_past_order_goes_by_the_options_of_then() -> None:
    """Nobody chose: 5% off was the default, which is 20% off from later on; then by month, and 5% off goes."""
    a_policy()
    off, more = further_discount(95), a_benefit("more-off", kind="stacking_discount", terms={"percent": "80"})
    of_card(more)
    group = a_group(off, more, window="year", deadline_days=1, defaults=("further-off",))
    BenefitRule.objects.update(choice_group=group)
    member, lines, later = with_card().member, [goods("chair", 800)], TODAY + 20 * DAY
    then = quote_order(member, plus(), lines, on=TODAY + DAY)
    assert then.payable == yuan(760)
    with keeping(group, on=later):
        ChoiceOption.objects.filter(benefit=more).update(is_default=True)
        ChoiceOption.objects.filter(benefit=off).update(is_default=False)
    with keeping(group, on=later):
        ChoiceOption.objects.filter(benefit=off).update(cost=3)
    with keeping(group, on=later + 20 * DAY):
        group.window = "month"
        group.save()
        ChoiceOption.objects.filter(benefit=off).delete()
    assert quote_order(member, plus(), lines, on=TODAY + DAY) == then
    assert quote_order(member, plus(), lines, on=later - DAY).payable == yuan(760)
    assert quote_order(member, plus(), lines, on=later).payable == yuan(640)
    assert quote_order(member, plus(), lines, on=later + 20 * DAY).payable == yuan(640)
    assert FormerChoiceGroup.objects.filter(group=group).count() == 2


def test_price_of_a_past_order_goes_by_where_the_firm_was_at_home_then() -> None:
    programme = jd_plus_enterprise()
    today = business_date(timezone.now())
    PricingPolicy.objects.create(programme=programme, steps=USUAL, starts_on=date(2020, 1, 1))
    off = a_benefit("off", programme=programme, kind="stacking_discount", terms={"percent": "95"})
    of_all(off, region="北京市")
    firm = a_firm(on=date(2026, 1, 1), province="北京市")
    a_wallet_of(firm, programme=programme, on=date(2026, 1, 1))
    lines = [goods("chair", 100)]
    EnterpriseCustomer.objects.filter(member=firm).update(province="上海市")
    assert quote_order(firm, programme, lines, on=today - DAY).payable == yuan(95)
    assert quote_order(firm, programme, lines, on=today).payable == yuan(100)
    assert quote_order(firm, programme, lines, on=today, region="北京市").payable == yuan(95)


def test_use_that_was_given_back_later_counts_for_the_days_before() -> None:
    a_policy()
    rule = of_card(a_benefit("off", kind="stacking_discount", terms={"percent": "95"}), 1, "year")
    card, lines = with_card(), [goods("chair", 100)]
    use = used(card.member, rule, on=TODAY + DAY)
    Redemption.objects.filter(pk=use.pk).update(
        state="returned", return_key="back", returned_on=TODAY + 5 * DAY, returned_at=at(TODAY + 5 * DAY)
    )
    days = {0: 95, 1: 100, 4: 100, 5: 95}
    for after, payable in days.items():
        assert quote_order(card.member, plus(), lines, on=TODAY + after * DAY).payable == yuan(payable), after


def test_two_policies_of_one_day_cannot_be_written() -> None:
    a_policy()
    with pytest.raises(IntegrityError, match="pricingpolicy_one_a_day"):
        a_policy(on=TODAY + DAY)


def test_price_takes_few_statements(django_assert_max_num_queries: object) -> None:
    a_policy()
    further_discount()
    member, programme = with_card().member, plus()
    a_coupon(member)
    # The last of them asks which coupons still wait for a code.
    with django_assert_max_num_queries(9):  # type: ignore[operator]
        assert quote_order(member, programme, [goods("chair", 800)], on=TODAY).payable == Decimal("702.00")
