"""Meituan membership: six levels by points, nothing to pay, open to a part of the users first."""

from datetime import date

import pytest

from memberships.errors import NotOpenToMemberError
from memberships.models import Enrolment, Member, Programme, Tier
from memberships.services.enrolments import enrol_member, is_open_to
from partners.models import RegistrationGift, StatusMatchRule
from tests.memberships.factories import TODAY, a_person
from tests.memberships.order_stories import order
from tests.memberships.points_night_stories import losses, night
from tests.memberships.points_stories import balance
from tests.programmes.stories import (
    entitled,
    evaluated,
    goes_in_and_comes_out_the_same,
    in_effect,
    noon,
    shipped,
    tier_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def programme() -> Programme:
    return goes_in_and_comes_out_the_same("meituan")


def somebody(programme: Programme, *, is_open: bool = True) -> Member:
    """A person to whom the programme is open, or not yet."""
    while is_open_to(programme, (person := a_person()).pk) != is_open:
        pass
    return person


def a_member(programme: Programme) -> Enrolment:
    return enrol_member(somebody(programme), programme, on=TODAY, at=noon(TODAY), actor=None)


def test_the_six_levels_stand_in_their_order(programme: Programme) -> None:
    levels = Tier.objects.filter(group__programme=programme).order_by("rank").values_list("name_en", flat=True)
    assert list(levels) == ["Normal", "Silver", "Gold", "Platinum", "Black Gold", "Black Diamond"]
    assert not programme.plans.exists()


def test_it_is_open_to_a_part_of_the_users_first_and_later_to_all(programme: Programme) -> None:
    waiting = somebody(programme, is_open=False)
    with pytest.raises(NotOpenToMemberError):
        enrol_member(waiting, programme, on=TODAY, at=noon(TODAY), actor=None)
    document = shipped("meituan")
    document.sections["programme"]["open_share"] = 1
    programme = in_effect(document)
    enrol_member(waiting, programme, on=TODAY, at=noon(TODAY), actor=None)


@pytest.mark.parametrize(("spent", "level"), [
    ("999.99", "normal"), ("1000", "silver"), ("2000", "gold"), ("3999", "platinum"), ("4000", "black-gold"),
    ("5000", "black-diamond"),
])
def test_a_member_rises_at_once_with_the_exact_points(programme: Programme, spent: str, level: str) -> None:
    member = a_member(programme)
    order(member, "A1", spent)
    evaluated(member, on=TODAY)
    assert tier_of(member) == level


def test_a_level_is_held_to_the_end_of_the_next_year_and_then_falls_by_one_step(programme: Programme) -> None:
    member = a_member(programme)
    order(member, "A1", "3000")
    evaluated(member, on=TODAY)
    for day, level in [
        (date(2027, 12, 31), "platinum"), (date(2028, 1, 1), "platinum"), (date(2028, 12, 31), "platinum"),
        (date(2029, 1, 1), "gold"),
    ]:
        evaluated(member, on=day)
        assert tier_of(member) == level, day


def test_points_end_at_the_end_of_the_year_after_the_one_they_were_earned_in(programme: Programme) -> None:
    member = a_member(programme)
    order(member, "A1", "300")
    night(date(2028, 12, 30))
    assert losses(member) == []
    night(date(2028, 12, 31))
    night(date(2029, 1, 1))
    assert [points for points, _on in losses(member)] == [-300]
    assert balance(member) == 0


def test_black_gold_is_silver_at_marriott_and_black_diamond_gold(programme: Programme) -> None:
    rules = StatusMatchRule.objects.filter(tier__group__programme=programme).order_by("pk")
    assert [(rule.partner.code, rule.direction, rule.tier.code, rule.partner_tier) for rule in rules] == [
        ("marriott", "outbound", "black-gold", "Silver"), ("marriott", "outbound", "black-diamond", "Gold"),
    ]


def test_who_is_new_at_marriott_gets_coupons_of_58_and_30_and_nobody_else(programme: Programme) -> None:
    gifts = RegistrationGift.objects.filter(programme=programme).select_related("benefit").order_by("pk")
    assert [(gift.partner.code, gift.benefit.terms["amount"]) for gift in gifts] == [
        ("marriott", "58"), ("marriott", "30")
    ]
    assert entitled(a_member(programme).member, on=TODAY) == {}
