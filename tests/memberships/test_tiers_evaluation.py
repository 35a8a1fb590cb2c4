"""Tiers rise at once and fall at the end of their period, as their ladder says."""

from datetime import date, timedelta

import pytest

from memberships.models import Tier, TierStanding
from tests.memberships.tier_stories import (
    a_climber,
    a_ladder,
    by_hand,
    evaluate,
    held,
    newest,
    qualify,
    standing,
    stars,
    steps,
    tier_of,
)

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
SPRING = date(2027, 4, 1)
#: The last day of the year after, to which a tier of 2027 holds.
NEXT_END = date(2028, 12, 31)


def test_store_has_two_stars_at_35_000_points_and_one_at_34_999() -> None:
    store = a_climber(stars())
    qualify(store, 34_999, on=SPRING)
    evaluate(store, on=SPRING)
    assert steps(store) == [("first", "one-star", date(2026, 5, 10))]
    qualify(store, 1, on=SPRING)
    evaluate(store, on=SPRING)
    assert held(store) == ("two-stars", None)
    change = newest(store)
    assert (change.kind, change.cause, change.key) == ("up", "points", f"evaluate:2027-04-01:{change.to_tier_id}")
    assert change.evidence == {
        "window": "cumulative", "from": None, "to": "2027-04-01", "points": 35_000, "threshold": 35_000,
        "from_tier": "one-star", "to_tier": "two-stars", "was_held_until": None, "plan": None,
    }


def test_store_rises_several_stars_at_once_and_never_falls() -> None:
    store = a_climber(stars())
    qualify(store, 200_000, on=SPRING)
    evaluate(store, on=SPRING)
    assert tier_of(store) == "four-stars"
    qualify(store, -150_000, on=SPRING + DAY)
    for years in range(1, 5):
        evaluate(store, on=SPRING.replace(year=2027 + years))
    assert steps(store)[1:] == [("up", "four-stars", SPRING)]


def test_points_of_a_later_day_do_not_count_yet() -> None:
    store = a_climber(stars())
    qualify(store, 35_000, on=SPRING + DAY)
    assert evaluate(store, on=SPRING) == []
    assert len(evaluate(store, on=SPRING + DAY)) == 1


def test_tier_of_a_calendar_year_holds_to_the_end_of_the_next_one() -> None:
    member = a_climber(a_ladder())
    qualify(member, 3_200, on=SPRING)
    evaluate(member, on=SPRING)
    assert held(member) == ("gold", NEXT_END)
    assert evaluate(member, on=date(2028, 1, 1)) == []
    assert evaluate(member, on=NEXT_END) == []
    evaluate(member, on=NEXT_END + DAY)
    assert held(member) == ("normal", None)
    change = newest(member)
    assert (change.kind, change.evidence["from"], change.evidence["to"]) == ("down", "2028-01-01", "2028-12-31")
    assert (change.evidence["points"], change.evidence["threshold"]) == (0, 3_000)


def test_who_reaches_the_tier_again_keeps_it_for_another_year() -> None:
    member = a_climber(a_ladder())
    qualify(member, 3_000, on=SPRING)
    evaluate(member, on=SPRING)
    qualify(member, 3_000, on=date(2028, 6, 1))
    evaluate(member, on=date(2028, 6, 1))
    assert held(member) == ("gold", date(2029, 12, 31))
    assert (newest(member).kind, standing(member).since) == ("kept", SPRING)
    assert evaluate(member, on=date(2028, 6, 2)) == []
    assert evaluate(member, on=date(2029, 1, 1)) == []


def test_points_booked_after_the_years_last_night_count_all_the_same() -> None:
    member = a_climber(a_ladder())
    assert evaluate(member, on=date(2027, 12, 31)) == []
    qualify(member, 6_000, on=date(2027, 12, 31))
    evaluate(member, on=date(2028, 1, 1))
    assert held(member) == ("platinum", NEXT_END)
    assert newest(member).evidence["to"] == "2027-12-31"


def test_ladder_that_falls_to_the_balance_takes_the_points_of_the_closed_year() -> None:
    member = a_climber(a_ladder())
    qualify(member, 12_000, on=SPRING)
    evaluate(member, on=SPRING)
    qualify(member, 1_500, on=date(2028, 8, 1))
    evaluate(member, on=NEXT_END + DAY)
    assert held(member) == ("silver", date(2029, 12, 31))


def test_ladder_that_falls_one_step_takes_a_year_for_each() -> None:
    member = a_climber(a_ladder(downgrade="one_step"))
    qualify(member, 12_000, on=SPRING)
    evaluate(member, on=SPRING)
    for year in range(2028, 2035):
        evaluate(member, on=date(year, 1, 1))
        evaluate(member, on=date(year, 7, 1))
    assert steps(member)[2:] == [
        ("down", "platinum", date(2029, 1, 1)), ("down", "gold", date(2030, 1, 1)),
        ("down", "silver", date(2031, 1, 1)), ("down", "normal", date(2032, 1, 1)),
    ]


def test_one_step_does_not_fall_below_what_the_points_give() -> None:
    member = a_climber(a_ladder(downgrade="one_step"))
    qualify(member, 12_000, on=SPRING)
    evaluate(member, on=SPRING)
    qualify(member, 6_000, on=date(2028, 8, 1))
    evaluate(member, on=NEXT_END + DAY)
    assert held(member) == ("platinum", date(2029, 12, 31))


def test_ladder_without_downgrade_keeps_everybody() -> None:
    member = a_climber(a_ladder(downgrade="none"))
    qualify(member, 3_000, on=SPRING)
    evaluate(member, on=SPRING)
    assert held(member) == ("gold", None)
    assert evaluate(member, on=date(2035, 1, 1)) == []


def test_member_in_grace_keeps_the_tier_to_the_last_day() -> None:
    member = a_climber(a_ladder(grace_days=30))
    qualify(member, 3_000, on=SPRING)
    evaluate(member, on=SPRING)
    assert evaluate(member, on=date(2029, 1, 1)) == []
    assert (tier_of(member), standing(member).below_since) == ("gold", date(2029, 1, 1))
    assert evaluate(member, on=date(2029, 1, 30)) == []
    evaluate(member, on=date(2029, 1, 31))
    assert held(member) == ("normal", None)
    assert standing(member).below_since is None


def test_member_who_reaches_the_tier_in_grace_keeps_it() -> None:
    member = a_climber(a_ladder(grace_days=30))
    qualify(member, 3_000, on=SPRING)
    evaluate(member, on=SPRING)
    evaluate(member, on=date(2029, 1, 1))
    qualify(member, 3_000, on=date(2029, 1, 20))
    evaluate(member, on=date(2029, 1, 20))
    assert held(member) == ("gold", date(2030, 12, 31))
    assert standing(member).below_since is None


def test_grace_ends_on_its_day_also_when_no_night_began_it() -> None:
    member = a_climber(a_ladder(grace_days=30))
    qualify(member, 3_000, on=SPRING)
    evaluate(member, on=SPRING)
    evaluate(member, on=date(2029, 1, 31))
    assert tier_of(member) == "normal"


def test_nobody_falls_below_a_floor() -> None:
    member = a_climber(a_ladder(floors=["gold"]))
    qualify(member, 12_000, on=SPRING)
    evaluate(member, on=SPRING)
    evaluate(member, on=NEXT_END + DAY)
    assert held(member) == ("gold", None)
    assert evaluate(member, on=date(2040, 1, 1)) == []


def test_rolling_window_holds_for_as_many_months_from_the_rise() -> None:
    member = a_climber(a_ladder(window="rolling_months", window_months=12))
    qualify(member, 2_000, on=date(2027, 1, 31))
    qualify(member, 1_000, on=date(2027, 6, 15))
    evaluate(member, on=date(2027, 6, 15))
    assert held(member) == ("gold", date(2028, 6, 14))
    qualify(member, 1_200, on=date(2028, 2, 1))
    evaluate(member, on=date(2028, 6, 15))
    assert held(member) == ("silver", date(2029, 6, 14))
    assert newest(member).evidence["from"] == "2027-06-16"


def test_rolling_window_forgets_points_after_its_months() -> None:
    member = a_climber(a_ladder(window="rolling_months", window_months=12))
    qualify(member, 2_000, on=date(2027, 1, 31))
    qualify(member, 1_000, on=date(2028, 1, 31))
    evaluate(member, on=date(2028, 1, 31))
    assert tier_of(member) == "silver"


def test_membership_year_begins_on_the_enrolments_day() -> None:
    member = a_climber(a_ladder(window="anniversary"), on=date(2026, 5, 10))
    qualify(member, 2_000, on=date(2027, 5, 9))
    qualify(member, 999, on=date(2027, 5, 10))
    evaluate(member, on=date(2027, 5, 10))
    assert held(member) == ("silver", date(2028, 5, 9))
    qualify(member, 2_001, on=date(2028, 5, 9))
    evaluate(member, on=date(2028, 5, 9))
    assert held(member) == ("gold", date(2029, 5, 9))
    evaluate(member, on=date(2029, 5, 10))
    assert tier_of(member) == "normal"


def test_membership_year_of_a_29_february_begins_on_the_28th_in_common_years() -> None:
    member = a_climber(a_ladder(window="anniversary"), on=date(2028, 2, 29))
    qualify(member, 3_000, on=date(2029, 2, 27))
    evaluate(member, on=date(2029, 2, 27))
    assert held(member) == ("gold", date(2030, 2, 27))
    qualify(member, 6_000, on=date(2032, 2, 28))
    evaluate(member, on=date(2032, 2, 28))
    assert held(member) == ("platinum", date(2033, 2, 27))
    assert newest(member).evidence["from"] == "2031-02-28"


def test_retired_tier_goes_at_the_next_evaluation() -> None:
    member = a_climber(a_ladder())
    qualify(member, 3_000, on=SPRING)
    evaluate(member, on=SPRING)
    Tier.objects.filter(code="gold").update(retired_on=SPRING + 3 * DAY)
    assert evaluate(member, on=SPRING + 2 * DAY) == []
    evaluate(member, on=SPRING + 3 * DAY)
    assert held(member) == ("silver", NEXT_END)


def test_ladder_that_begins_with_a_threshold_gives_no_tier_before_it() -> None:
    member = a_climber(a_ladder({"gold": 3_000, "platinum": 6_000}))
    assert evaluate(member, on=SPRING) == []
    assert not TierStanding.objects.filter(enrolment=member).exists()
    qualify(member, 3_000, on=SPRING)
    evaluate(member, on=SPRING)
    assert steps(member) == [("first", "gold", SPRING)]
    assert held(member) == ("gold", None)


def test_tier_set_by_hand_holds_to_its_date_and_then_falls_to_the_points() -> None:
    member = a_climber(a_ladder())
    qualify(member, 1_000, on=SPRING)
    by_hand(member, "black-gold", on=SPRING, until=date(2027, 9, 30))
    assert evaluate(member, on=date(2027, 9, 30)) == []
    evaluate(member, on=date(2027, 10, 1))
    assert held(member) == ("silver", NEXT_END)
    assert [kind for kind, _tier, _on in steps(member)] == ["first", "up", "down"]


def test_tier_set_by_hand_without_a_date_holds_for_good_and_points_raise_it() -> None:
    member = a_climber(a_ladder())
    by_hand(member, "gold", on=SPRING)
    assert evaluate(member, on=date(2040, 1, 1)) == []
    qualify(member, 6_000, on=date(2040, 1, 1))
    evaluate(member, on=date(2040, 1, 1))
    assert held(member) == ("platinum", date(2041, 12, 31))
    assert standing(member).cause == "points"


def test_hand_set_tier_that_the_points_reach_becomes_theirs_when_its_date_is_over() -> None:
    member = a_climber(a_ladder())
    by_hand(member, "gold", on=SPRING, until=SPRING + 9 * DAY)
    qualify(member, 3_000, on=SPRING + DAY)
    assert evaluate(member, on=SPRING + DAY) == []
    evaluate(member, on=SPRING + 10 * DAY)
    assert (newest(member).kind, standing(member).cause) == ("kept", "points")
    assert held(member) == ("gold", NEXT_END)


def test_evaluation_of_an_earlier_day_leaves_what_happened_since() -> None:
    member = a_climber(a_ladder())
    qualify(member, 3_000, on=SPRING)
    evaluate(member, on=SPRING)
    evaluate(member, on=NEXT_END + DAY)
    assert evaluate(member, on=NEXT_END) == []
    assert tier_of(member) == "normal"


def test_repeat_of_an_evaluation_does_not_undo_the_hand_that_came_after_it() -> None:
    member = a_climber(a_ladder())
    qualify(member, 3_000, on=SPRING)
    evaluate(member, on=SPRING)
    by_hand(member, "normal", on=SPRING)
    assert evaluate(member, on=SPRING) == []
    assert tier_of(member) == "normal"
    evaluate(member, on=SPRING + DAY)
    assert tier_of(member) == "gold"
