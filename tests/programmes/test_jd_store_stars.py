"""JD enterprise store membership: five stars by cumulative points, one point for each yuan, each store by itself."""

from datetime import date

import pytest

from memberships.errors import EnrolmentScopeError
from memberships.models import Enrolment, Programme, Tier
from memberships.services.enrolments import enrol_member
from tests.memberships.factories import TODAY, a_firm
from tests.memberships.order_stories import give_back, order
from tests.memberships.points_stories import balance
from tests.programmes.stories import entitled, evaluated, goes_in_and_comes_out_the_same, noon, tier_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def programme() -> Programme:
    return goes_in_and_comes_out_the_same("jd-store-stars")


def a_store(programme: Programme, name: str = "朝阳店") -> Enrolment:
    """A new store of a firm of its own."""
    return enrol_member(a_firm(), programme, on=TODAY, at=noon(TODAY), actor=None, scope=name)


def test_the_file_makes_the_programme_with_its_five_stars(programme: Programme) -> None:
    stars = Tier.objects.filter(group__programme=programme).order_by("rank")
    assert [(star.code, star.threshold) for star in stars] == [
        ("star-1", 0), ("star-2", 35_000), ("star-3", 100_000), ("star-4", 200_000), ("star-5", 600_000),
    ]


def test_a_store_has_one_star_on_opening(programme: Programme) -> None:
    store = a_store(programme)
    assert tier_of(store) == "star-1"
    evaluated(store, on=TODAY)
    assert tier_of(store) == "star-1"


def test_the_second_star_comes_with_35000_yuan_and_not_with_34999(programme: Programme) -> None:
    store = a_store(programme)
    order(store, "A1", "34999.99")
    evaluated(store, on=TODAY)
    assert (tier_of(store), balance(store)) == ("star-1", 34_999)
    order(store, "A2", "1.00")
    evaluated(store, on=TODAY)
    assert (tier_of(store), balance(store)) == ("star-2", 35_000)


@pytest.mark.parametrize(("spent", "star"), [
    ("99999", "star-2"), ("100000", "star-3"), ("199999", "star-3"), ("200000", "star-4"), ("599999", "star-4"),
    ("600000", "star-5"), ("9000000", "star-5"),
])
def test_each_star_comes_with_its_exact_points(programme: Programme, spent: str, star: str) -> None:
    store = a_store(programme)
    order(store, "A1", spent)
    evaluated(store, on=TODAY)
    assert tier_of(store) == star


def test_points_count_from_the_beginning_and_no_star_is_ever_lost(programme: Programme) -> None:
    store = a_store(programme)
    bought = order(store, "A1", "100000")
    evaluated(store, on=TODAY)
    give_back(bought, "R1", "99999")
    evaluated(store, on=date(2030, 1, 1))
    assert tier_of(store) == "star-3"


def test_the_stores_of_a_firm_have_points_and_stars_of_their_own(programme: Programme) -> None:
    firm = a_firm()
    one, other = (
        enrol_member(firm, programme, on=TODAY, at=noon(TODAY), actor=None, scope=name) for name in ("朝阳店", "海淀店")
    )
    order(one, "A1", "35000")
    for store in (one, other):
        evaluated(store, on=TODAY)
    assert (tier_of(one), tier_of(other)) == ("star-2", "star-1")
    assert (balance(one), balance(other)) == (35_000, 0)
    with pytest.raises(EnrolmentScopeError):
        enrol_member(firm, programme, on=TODAY, at=noon(TODAY), actor=None)


def test_no_benefit_of_a_star_is_given_and_none_is_invented(programme: Programme) -> None:
    assert not programme.benefits.exists()
    assert entitled(a_store(programme).member, on=TODAY) == {}
