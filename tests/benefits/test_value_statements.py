"""Was it worth it: the statement of a term equals the sum done by hand, says when the fee was covered, what was left
unused, and which plan would have been best for the same uses."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from benefits.models import Benefit, Grant
from benefits.services.grants import expire_range, use_grant
from benefits.services.values import Statement, statement_of, sums_of
from memberships.models import Member, Payment
from memberships.services.ranges import KeyRange
from tests.benefits.benefit_stories import (
    a_benefit,
    a_group,
    a_wallet_of,
    at,
    of_all,
    of_card,
    plus,
    the_card,
    with_card,
)
from tests.benefits.redemption_stories import take_back, use
from tests.benefits.value_stories import lines, took_off
from tests.memberships.factories import TODAY, a_method, a_person, an_annual_card, renew
from tests.memberships.order_stories import give_back, order
from tests.memberships.points_stories import earn

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LAST = date(2028, 1, 14)


def yuan(amount: str) -> Decimal:
    return Decimal(amount)


def month(number: int, day: int = 15) -> date:
    """Of the card's year, which begins on 15 January 2027."""
    return date(2027 + (number - 1) // 12, (number - 1) % 12 + 1, day)


def statement(member: Member, *, on: date = LAST, starts_on: date = TODAY) -> Statement:
    found = statement_of(member, plus(), starts_on, on=on)
    assert found is not None
    return found


@pytest.fixture
def _catalogue() -> None:
    """JD PLUS in small: what a card of 99 CNY brings."""
    the_card()
    of_card(a_benefit("doctor", face_value=yuan("40"), funder="partner"), 12, "term", member_price=yuan("10"))
    of_card(a_benefit("freight", kind="coupon", valid_days=30, terms={"amount": "6"}), 2, "month")
    of_all(a_benefit("cleaning", kind="points_exchange", face_value=yuan("60")), points_price=300)
    of_card(a_benefit("discount", kind="stacking_discount", terms={"percent": "95"}))
    of_card(a_benefit("hotline", kind="support_line"))


def benefit(code: str) -> Benefit:
    return Benefit.objects.get(code=code)


def a_year_of(member: Member) -> None:
    """What the member of the story does with the card."""
    wallet = a_wallet_of(member)
    earn(wallet, 300)
    use(member, benefit("cleaning"), on=month(2))
    use(member, benefit("doctor"), on=month(3), quantity=2)
    mistaken = use(member, benefit("doctor"), on=month(4))
    take_back(mistaken, on=month(4, 20))
    for _each in range(2):
        use(member, benefit("freight"), on=month(3))
    use_grant(Grant.objects.get(benefit=benefit("freight"), pk=_coupons()[0]), order_number="A1", on=month(3, 16),
              at=at(month(3, 16)), actor=None)
    expire_range(KeyRange(member.pk, member.pk), on=month(6), at=at(month(6)))
    bought = order(wallet, "A2", "200.00", ordered_on=month(5), on=month(5))
    took_off(member, "A2", {benefit("discount"): "10.00"}, on=month(5))
    give_back(bought, "R2", "50.00", ordered_on=month(6), on=month(6))


def _coupons() -> list[int]:
    return list(Grant.objects.filter(benefit=benefit("freight")).order_by("pk").values_list("pk", flat=True))


@pytest.mark.usefixtures("_catalogue")
def test_statement_of_a_jd_plus_member_equals_the_sum_done_by_hand() -> None:
    video = a_benefit("video", kind="partner_subscription", face_value=yuan("15"), unit_cost=yuan("6"))
    of_card(video, is_automatic=True)
    member = with_card().member
    a_year_of(member)
    told = statement(member)

    by_hand = {
        "video": 12 * yuan("15"),                       # a month begun on the 15th of each month of the year
        "doctor": 2 * (yuan("40") - yuan("10")),        # the third was taken back
        "cleaning": yuan("60"),                         # for points, which are no money
        "discount": yuan("10.00") - yuan("2.50"),       # a quarter of the order came back
        "freight": yuan("6"),                           # one of two was used
    }
    assert {each.benefit.code: each.saved for each in told.benefits} == by_hand
    assert told.sums.saved == sum(by_hand.values()) == yuan("313.50")
    assert (told.sums.fee, told.sums.net) == (yuan("99.00"), yuan("214.50"))
    assert sum(line.saved or 0 for line in told.lines) == told.sums.saved
    assert {each.benefit.code: each.uses for each in told.benefits} == {
        "video": 12, "doctor": 2, "cleaning": 1, "discount": 1, "freight": 1
    }
    # 15 (Jan), 15 + 60 (Feb), and with the third month 15 + 60 on 15 March the 99 are covered.
    assert told.sums.break_even_on == month(3)
    assert told.missing == 0
    # On the last day ten consultations could still be had, and two coupons of the thirteenth month; of the twelve
    # months before two were taken, and one of them ran out.
    assert {each.benefit.code: (each.gone, each.open, each.value, each.until) for each in told.left} == {
        "doctor": (0, 10, yuan("400.00"), LAST), "freight": (23, 2, yuan("150"), LAST),
    }
    assert {each.gone for each in statement(member, on=LAST + DAY).left if each.benefit.code == "doctor"} == {10}


@pytest.mark.usefixtures("_catalogue")
def test_statement_names_what_is_missing_until_the_fee_is_covered_and_what_returns_take_away_again() -> None:
    member = with_card().member
    wallet = a_wallet_of(member)
    used = use(member, benefit("doctor"), on=month(2), quantity=3)
    assert statement(member, on=month(2)).missing == yuan("9.00")
    bought = order(wallet, "A1", "100.00", ordered_on=month(3), on=month(3))
    took_off(member, "A1", {benefit("discount"): "9.00"}, on=month(3))
    told = statement(member, on=month(3))
    assert (told.sums.break_even_on, told.missing) == (month(3), 0)
    give_back(bought, "R1", "100.00", ordered_on=month(4), on=month(4))
    assert [statement(member, on=day).sums.break_even_on for day in (month(4, 14), month(4))] == [month(3), None]
    assert statement(member, on=month(4)).missing == yuan("9.00")
    # What it was on a past day stays what it was.
    assert statement(member, on=month(3)).sums.break_even_on == month(3)
    take_back(used, on=month(5))
    told = statement(member, on=month(5))
    assert (told.sums.saved, told.sums.uses, told.missing) == (0, 0, yuan("99.00"))


@pytest.mark.usefixtures("_catalogue")
def test_every_line_belongs_to_one_statement_grace_and_years_without_a_card_included() -> None:
    member = a_person(on=date(2026, 3, 1))
    wallet = a_wallet_of(member, on=date(2026, 3, 1))
    earn(wallet, 900, on=date(2026, 3, 1))
    cleaning = benefit("cleaning")
    for day in (date(2026, 12, 31), date(2027, 1, 1)):
        use(member, cleaning, on=day)
    card = with_card(member=member)
    use(member, benefit("doctor"), on=LAST + 3 * DAY)
    told = sums_of(member, plus(), on=LAST + 5 * DAY)
    assert [(each.starts_on, each.ends_on, each.fee, each.saved) for each in told] == [
        # In grace: it counts for the term before.
        (TODAY, None, yuan("99.00"), yuan("30.00")),
        (date(2027, 1, 1), TODAY - DAY, 0, yuan("60.00")),
        (date(2026, 1, 1), date(2026, 12, 31), 0, yuan("60.00")),
    ]
    renew(card)
    use(member, benefit("doctor"), on=LAST + 3 * DAY)
    told = sums_of(member, plus(), on=LAST + 5 * DAY)
    assert [(each.starts_on, each.saved) for each in told[:2]] == [(LAST + DAY, yuan("60.00")), (TODAY, yuan("0.00"))]
    assert sum(each.saved for each in told) == sum(line.saved or 0 for line in lines(member, last=LAST + 5 * DAY))


@pytest.mark.usefixtures("_catalogue")
def test_fee_is_what_was_paid_less_what_was_refunded() -> None:
    card = with_card()
    term = card.terms.get()
    Payment.objects.create(
        member=card.member, subscription=card, programme=card.programme, plan=card.plan, key="start", purpose="start",
        method=a_method(card.member), amount=yuan("79.00"), term_number=1, starts_on=term.starts_on,
        ends_on=term.ends_on, term=term, state="succeeded", requested_on=TODAY, requested_at=at(TODAY),
        refunded=yuan("20.00"),
    )
    assert statement(card.member).sums.fee == yuan("59.00")


@pytest.mark.usefixtures("_catalogue")
def test_best_plan_is_found_by_the_rules_of_each_plan_for_the_same_uses() -> None:
    premium = an_annual_card(plus(), code="premium", name="尊享卡", name_en="Premium", price=yuan("299.00"))
    monthly = an_annual_card(plus(), code="monthly", name="月卡", name_en="Monthly", price=yuan("5.00"), term_months=1)
    of_card(benefit("doctor"), plan_code="premium")
    of_card(benefit("doctor"), 1, "month", plan_code="monthly", member_price=yuan("10"))
    member = with_card().member
    for number in (1, 2, 3):
        use(member, benefit("doctor"), on=month(number), quantity=2 if number == 3 else 1)
    took_off(member, "A1", {benefit("discount"): "25.00"}, on=month(2))

    told = {each.plan.code if each.plan else "": each for each in statement(member).plans}
    # Twelve monthly cards; the third month's two consultations are more than it has, and it has no discount.
    assert (told["monthly"].terms, told["monthly"].fee) == (12, yuan("60.00"))
    assert (told["monthly"].saved, told["monthly"].covered, told["monthly"].uses) == (yuan("60.00"), 2, 4)
    assert [each.code for each in told["monthly"].without] == ["discount", "doctor"]
    assert (told["premium"].saved, told["premium"].net) == (yuan("160.00"), yuan("-139.00"))
    assert (told["annual"].is_held, told["annual"].saved, told["annual"].net) == (True, yuan("145.00"), yuan("46.00"))
    assert (told[""].saved, told[""].net, told[""].covered) == (0, 0, 0)
    assert [each.plan for each in statement(member).plans] == [the_card(), None, monthly, premium]
    assert not statement(member).is_better_with_another


@pytest.mark.usefixtures("_catalogue")
def test_of_a_choice_group_those_options_count_that_would_have_been_chosen() -> None:
    an_annual_card(plus(), code="pick", name="任选卡", name_en="Pick", price=yuan("10.00"))
    news, music = (a_benefit(code, face_value=yuan(worth)) for code, worth in (("news", "20"), ("music", "30")))
    group = a_group(news, music, picks=1)
    for option in (news, music):
        of_card(option)
        of_card(option, plan_code="pick", choice_group=group)
    member = with_card().member
    use(member, news, on=month(2), quantity=2)
    use(member, music, on=month(2))
    best = statement(member).plans[0]
    assert best.plan is not None
    assert (best.plan.code, best.saved, best.net) == ("pick", yuan("40.00"), yuan("30.00"))
    assert [each.code for each in best.without] == ["music"]
    assert statement(member).is_better_with_another
