"""JD PLUS: an annual paid card for persons, with levels and points."""

from datetime import date, timedelta

import pytest

from memberships.models import Plan, Programme
from memberships.services.enrolments import enrol_member
from memberships.services.subscriptions import Subscription, join, status_of
from tests.memberships.factories import TODAY, a_person
from tests.memberships.order_stories import order
from tests.memberships.points_night_stories import losses, night
from tests.memberships.points_stories import balance
from tests.programmes.stories import evaluated, goes_in_and_comes_out_the_same, noon, tier_of

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
