"""Prices and after-sales rights by the shipped programme files: what the sources give, and no figure that they lack."""

from datetime import timedelta

import pytest

from benefits.after_sales import Purchase, Refusal
from benefits.models import Benefit, Grant
from benefits.pricing.orders import Freight
from benefits.services.after_sales import answer_after_sales
from benefits.services.quotes import quote_order
from memberships.models import Plan, Programme
from tests.benefits.benefit_stories import TODAY, a_key, a_person, at, with_card
from tests.benefits.pricing_stories import goods, told, yuan
from tests.memberships.factories import a_firm
from tests.memberships.programme_stories import applied
from tests.programmes.stories import shipped

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def plan(programme: Programme, code: str) -> Plan:
    return Plan.objects.get(programme=programme, code=code)


def test_firm_with_a_classic_card_pays_a_further_95_percent_and_no_freight_either_way() -> None:
    programme = applied(shipped("jd-plus-enterprise"))
    firm = with_card(member=a_firm(), plan=plan(programme, "classic")).member
    # The exclusive instant reduction is 1 CNY in the file: a placeholder.
    chair = goods("chair", 1000, promotion_price=800, is_self_operated=True)
    result = quote_order(firm, programme, [chair], on=TODAY, freight=Freight(yuan(12), yuan(9)))
    assert told(result) == [
        ("list", "1000.00"), ("promotion", "-200.00"), ("stacking_discount", "-40.00"), ("instant_reduction", "-1.00"),
        ("freight", "12.00"), ("free_shipping", "-12.00"),
    ]
    assert (result.payable, result.return_freight) == (yuan(759), yuan(0))
    # Of another shop, and not discounted: no further discount, and the freight is paid.
    desk = goods("desk", 500)
    assert quote_order(firm, programme, [desk], on=TODAY, freight=Freight(yuan(12))).payable == yuan(511)


def test_goods_of_firms_are_fetched_for_return_and_replaced_for_180_days() -> None:
    programme = applied(shipped("jd-plus-enterprise"))
    firm = with_card(member=a_firm(), plan=plan(programme, "premium")).member
    bought = Purchase(TODAY, "办公家具", True, "return", "any")
    answer = answer_after_sales(firm, bought, on=TODAY + 3 * DAY)
    assert answer.is_yes and answer.is_on_site
    broken = Purchase(TODAY, "电脑", True, "replace")
    assert answer_after_sales(firm, broken, on=TODAY + 180 * DAY).is_yes
    assert answer_after_sales(firm, broken, on=TODAY + 181 * DAY).refusal is Refusal.TOO_LATE


def test_plus_member_pays_the_lower_of_both_prices_and_instant_delivery_is_free() -> None:
    programme = applied(shipped("jd-plus"))
    member = with_card(plan=plan(programme, "annual")).member
    lines = [goods("milk", 60, promotion_price=50, member_price=55), goods("phone", 3000, member_price=2900)]
    result = quote_order(member, programme, lines, on=TODAY, freight=Freight(yuan(10), delivery="instant"))
    assert result.line_totals == {"milk": yuan(50), "phone": yuan(2900)}
    assert result.freight == yuan(0)


def test_plus_member_gets_a_second_check_up_free_once_a_month() -> None:
    programme = applied(shipped("jd-plus"))
    member = with_card(plan=plan(programme, "annual")).member
    check_ups = [goods("large", 800, category="体检"), goods("small", 500, category="体检")]
    lines = [*check_ups, goods("eye", 200, category="眼科")]
    result = quote_order(member, programme, lines, on=TODAY)
    assert result.line_totals == {"large": yuan(800), "small": yuan(0), "eye": yuan(200)}


@pytest.mark.parametrize("category", ["手机", "家电", "数码", "电脑"])
def test_plus_member_gets_a_new_one_instead_of_a_repair(category: str) -> None:
    programme = applied(shipped("jd-plus"))
    member = with_card(plan=plan(programme, "annual")).member
    answer = answer_after_sales(member, Purchase(TODAY, category, True, "replace"), on=TODAY + 180 * DAY)
    assert answer.is_yes and answer.last_day == TODAY + 180 * DAY
    book = answer_after_sales(member, Purchase(TODAY, "图书", True, "replace"), on=TODAY)
    assert book.refusal is Refusal.CATEGORY


def test_new_marriott_registrant_spends_58_and_then_30() -> None:
    programme = applied(shipped("meituan"))
    member = a_person()
    for benefit in Benefit.objects.filter(programme=programme, kind="coupon"):
        Grant.objects.create(
            member=member, benefit=benefit, key=a_key(), valid_from=TODAY, valid_until=TODAY + 29 * DAY, given_on=TODAY,
            given_at=at(TODAY),
        )
    nights = [goods("night", 400)]
    assert quote_order(member, programme, nights, on=TODAY).payable == yuan(342)
    Grant.objects.filter(benefit__code="marriott-coupon-58").update(
        state="used", used_on=TODAY, order_number="first"
    )
    assert quote_order(member, programme, nights, on=TODAY).payable == yuan(370)
    assert quote_order(member, programme, nights, on=TODAY, order_number="first").payable == yuan(342)
