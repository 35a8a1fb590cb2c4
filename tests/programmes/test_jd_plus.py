"""JD PLUS: an annual paid card for persons, with levels and points."""

from datetime import date, timedelta

import pytest

from benefits.kinds import filled_terms
from benefits.models import Benefit, Grant
from benefits.models.benefits import Kind
from memberships.models import Member, Plan, Programme
from memberships.services.enrolments import enrol_member
from memberships.services.subscriptions import Subscription, join, status_of
from partners.models import Fulfilment, Offer
from tests.memberships.factories import TODAY, a_person
from tests.memberships.order_stories import order
from tests.memberships.points_night_stories import losses, night
from tests.memberships.points_stories import balance
from tests.programmes.stories import entitled, evaluated, goes_in_and_comes_out_the_same, noon, tier_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def programme() -> Programme:
    return goes_in_and_comes_out_the_same("jd-plus")


def test_the_card_lasts_a_year_and_a_week_of_grace(programme: Programme) -> None:
    card = join(a_person(), Plan.objects.get(programme=programme), on=TODAY, actor=None)
    assert (card.terms.get().starts_on, card.terms.get().ends_on) == (TODAY, date(2028, 1, 14))
    card = Subscription.objects.get(pk=card.pk)
    days = [date(2028, 1, 14), date(2028, 1, 15), date(2028, 1, 21), date(2028, 1, 22)]
    assert [str(status_of(card, on=day)) for day in days] == ["active", "in_grace", "in_grace", "lapsed"]


def test_the_second_level_comes_with_1000_points_when_the_return_window_is_over(programme: Programme) -> None:
    member = enrol_member(a_person(), programme, on=TODAY, at=noon(TODAY), actor=None)
    order(member, "A1", "1000")
    evaluated(member, on=TODAY)
    assert (tier_of(member), balance(member)) == ("level-1", 0)
    posted_on = TODAY + timedelta(days=8)
    night(posted_on, "post_pending_points")
    evaluated(member, on=posted_on)
    assert (tier_of(member), balance(member)) == ("level-2", 1_000)


def test_fresh_food_brings_two_points_a_yuan_of_which_one_counts_for_the_level(programme: Programme) -> None:
    member = enrol_member(a_person(), programme, on=TODAY, at=noon(TODAY), actor=None)
    bought = order(member, "A1", "999", category="生鲜")
    assert (bought.points, bought.qualifying) == (1_998, 999)


def test_points_end_twelve_months_later_at_the_end_of_the_month(programme: Programme) -> None:
    member = enrol_member(a_person(), programme, on=TODAY, at=noon(TODAY), actor=None)
    order(member, "A1", "300")
    night(TODAY + timedelta(days=8), "post_pending_points")
    night(date(2028, 1, 31))
    assert losses(member) == []
    night(date(2028, 2, 1))
    assert [points for points, _on in losses(member)] == [-300]


#: What comes by itself, by who fulfils it.
PRIVILEGES = {
    "iqiyi": "iqiyi", "tencent-video": "tencent-video", "zhihu": "zhihu", "ctrip": "ctrip",
    "wanda-hotels": "wanda-hotels", "kugou-catalogue": "kugou", "kugou-downloads": "kugou",
    "jd-read-library": "jd-read", "jd-read-badge": "jd-read",
}


def a_card_holder(programme: Programme) -> Member:
    return join(a_person(), Plan.objects.get(programme=programme), on=TODAY, actor=None).member


def test_a_card_brings_what_the_file_says_for_as_long_as_it_holds(programme: Programme) -> None:
    member = a_card_holder(programme)
    has = entitled(member, on=TODAY)
    assert has["jd-health-consultation"] == (12, 12)
    assert {line: left for line, left in has.items() if line.startswith("jd-health-bogo")} == {
        "jd-health-bogo/体检": (1, 1), "jd-health-bogo/口腔": (1, 1), "jd-health-bogo/眼科": (1, 1),
    }
    unlimited = {"member-price", "free-delivery", "replacement-180", "service-line", *PRIVILEGES}
    assert unlimited == {line for line, left in has.items() if left == (None, None)} - set(life_services(programme))
    assert has.keys() - unlimited - set(life_services(programme)) == {
        "freight-coupon", "jd-health-consultation", "jd-health-bogo/体检", "jd-health-bogo/口腔", "jd-health-bogo/眼科",
    }
    # In grace as before; lapsed it brings nothing, and nobody without a card has anything.
    assert entitled(member, on=date(2028, 1, 21)).keys() == has.keys()
    assert entitled(member, on=date(2028, 1, 22)) == {}
    assert entitled(a_person(), on=TODAY) == {}


def life_services(programme: Programme) -> list[str]:
    pack = Benefit.objects.filter(programme=programme, kind=Kind.POINTS_EXCHANGE).order_by("pk")
    return list(pack.values_list("code", flat=True))


def test_the_life_service_pack_has_seven_services_for_points_of_which_four_have_names(programme: Programme) -> None:
    assert life_services(programme) == [
        "home-cleaning", "laundry", "car-wash", "parcel-sending", "life-service-5", "life-service-6", "life-service-7",
    ]
    pack = Benefit.objects.filter(programme=programme, kind=Kind.POINTS_EXCHANGE)
    assert all(benefit.rules.get().points_price > 0 for benefit in pack)


def test_quality_faults_of_self_operated_goods_are_replaced_for_180_days(programme: Programme) -> None:
    right = Benefit.objects.get(programme=programme, code="replacement-180")
    terms = filled_terms(right.kind, right.terms)
    assert (terms["days"], terms["remedies"], terms["faults"]) == (180, ["replace"], ["quality"])
    assert (terms["categories"], terms["self_operated_only"]) == (["手机", "家电", "数码", "电脑"], True)
    delivery = Benefit.objects.get(programme=programme, code="free-delivery")
    assert filled_terms(delivery.kind, delivery.terms)["deliveries"] == ["standard", "instant"]


def test_partners_privileges_come_with_the_card_and_each_partner_is_asked(programme: Programme) -> None:
    member = a_card_holder(programme)
    granted = Grant.objects.filter(member=member).select_related("benefit")
    assert {grant.benefit.code for grant in granted} == set(PRIVILEGES)
    asked = Fulfilment.objects.filter(member=member).select_related("grant__benefit", "partner")
    assert {each.grant.benefit.code: each.partner.code for each in asked} == PRIVILEGES
    assert {offer.partner.code for offer in Offer.objects.filter(mode="reported").select_related("partner")} == {
        "jd-health"
    }
