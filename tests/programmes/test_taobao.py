"""Taobao membership: who enrols is a member; 88VIP is paid for and lasts as long as its card."""

from datetime import date

import pytest

from memberships.models import Plan, Programme
from memberships.services.enrolments import enrol_member
from memberships.services.subscriptions import join
from tests.memberships.factories import TODAY, a_person
from tests.memberships.order_stories import order
from tests.programmes.stories import entitled, evaluated, goes_in_and_comes_out_the_same, noon, tier_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def programme() -> Programme:
    return goes_in_and_comes_out_the_same("taobao")


def test_who_enrols_is_a_member_and_no_points_make_an_88vip(programme: Programme) -> None:
    member = enrol_member(a_person(), programme, on=TODAY, at=noon(TODAY), actor=None)
    order(member, "A1", "9999999")
    evaluated(member, on=TODAY)
    assert tier_of(member) == "member"


def test_the_paid_card_makes_an_88vip_for_as_long_as_it_is_paid(programme: Programme) -> None:
    person = a_person()
    member = enrol_member(person, programme, on=TODAY, at=noon(TODAY), actor=None)
    join(person, Plan.objects.get(programme=programme), on=TODAY, actor=None)
    evaluated(member, on=TODAY)
    assert tier_of(member) == "88vip"
    evaluated(member, on=date(2028, 1, 14))
    assert tier_of(member) == "88vip"
    evaluated(member, on=date(2028, 1, 15))
    assert tier_of(member) == "member"


EVERYWHERE = {"eleme-free-order": (1, 1), "fliggy": (None, None), "hema": (None, None), "amap": (None, None)}


def test_one_enrolment_brings_benefits_at_eleme_fliggy_hema_and_amap(programme: Programme) -> None:
    member = enrol_member(a_person(), programme, on=TODAY, at=noon(TODAY), actor=None)
    assert entitled(member.member, on=TODAY) == EVERYWHERE


def test_88vip_brings_more_than_ten_benefits(programme: Programme) -> None:
    person = a_person()
    member = enrol_member(person, programme, on=TODAY, at=noon(TODAY), actor=None)
    join(person, Plan.objects.get(programme=programme), on=TODAY, actor=None)
    evaluated(member, on=TODAY)
    has = entitled(person, on=TODAY)
    assert len(has) == 11
    assert has == {**EVERYWHERE, "eleme-free-order": (2, 2), **{f"88vip-{number}": (1, 1) for number in range(5, 12)}}
