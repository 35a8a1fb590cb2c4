"""What is returned takes its qualifying points back in the window in which they were earned, not in a later one."""

from datetime import date

import pytest

from memberships.errors import KeyConflictError
from memberships.models import Enrolment, PointsEntry
from tests.memberships.points_stories import assert_books_balance, balance, earn, post, reverse
from tests.memberships.tier_stories import a_climber, a_ladder, evaluate, held, qualify, tier_of

pytestmark = pytest.mark.django_db

CHRISTMAS, NEW_YEAR, SPRING = date(2026, 12, 24), date(2027, 1, 5), date(2027, 4, 1)


def qualifying(wallet: Enrolment) -> list[tuple[int, date]]:
    """(qualifying points, the day for which they count), in the order of booking."""
    counted = PointsEntry.objects.filter(enrolment=wallet).exclude(qualifying=0)
    return list(counted.order_by("pk").values_list("qualifying", "on"))


def test_christmas_order_that_comes_back_in_january_takes_nothing_of_the_new_year() -> None:
    member = a_climber(a_ladder())
    bought = earn(member, 500, qualifying=500, on=CHRISTMAS)
    evaluate(member, on=CHRISTMAS)
    qualify(member, 3_000, on=NEW_YEAR)
    back = reverse(bought, on=NEW_YEAR)
    assert (back.entry.points, back.entry.on, back.qualifying) == (-500, NEW_YEAR, 500)
    assert qualifying(member) == [(500, CHRISTMAS), (3_000, NEW_YEAR), (-500, CHRISTMAS)]
    evaluate(member, on=SPRING)
    assert held(member) == ("gold", date(2028, 12, 31))
    assert balance(member) == 0
    assert_books_balance()


def test_order_that_comes_back_in_its_year_takes_its_points_out_of_that_year() -> None:
    member = a_climber(a_ladder())
    bought = earn(member, 3_000, qualifying=3_000, on=NEW_YEAR)
    reverse(bought, points=1, qualifying=1, on=SPRING)
    evaluate(member, on=SPRING)
    assert tier_of(member) == "silver"


def test_what_was_posted_counts_for_the_day_after_its_window_and_is_taken_back_there() -> None:
    member = a_climber(a_ladder())
    bought = earn(member, 100, qualifying=100, on=CHRISTMAS, pending_until=date(2026, 12, 31))
    post(member, on=NEW_YEAR)
    reverse(bought, on=SPRING)
    assert qualifying(member) == [(100, date(2027, 1, 1)), (-100, date(2027, 1, 1))]


def test_return_on_the_day_of_the_award_is_one_entry() -> None:
    member = a_climber(a_ladder())
    reverse(earn(member, 100, qualifying=100, on=CHRISTMAS), on=CHRISTMAS)
    assert PointsEntry.objects.filter(enrolment=member, kind="reverse").count() == 1
    assert qualifying(member) == [(100, CHRISTMAS), (-100, CHRISTMAS)]


def test_return_that_is_told_again_takes_its_qualifying_points_once() -> None:
    member = a_climber(a_ladder())
    bought = earn(member, 100, qualifying=100, on=CHRISTMAS)
    part = {"points": 40, "qualifying": 40}
    assert reverse(bought, key="order:R1", on=SPRING, **part) == reverse(bought, key="order:R1", on=SPRING, **part)
    assert qualifying(member) == [(100, CHRISTMAS), (-40, CHRISTMAS)]
    with pytest.raises(KeyConflictError):
        reverse(bought, key="order:R1", on=SPRING, points=40, qualifying=39)
    assert reverse(bought, on=SPRING).qualifying == 60
    assert_books_balance()
