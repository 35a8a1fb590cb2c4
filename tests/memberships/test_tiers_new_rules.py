"""Rules that change under members who stand on a tier already.

A ladder that gets its first downgrade later takes no tier before a whole period and its notices. Another rule that
changes within 30 days of an end counts at that end, told or not.
"""

from datetime import date, timedelta
from typing import Any

import pytest

from memberships.models import Tier, TierGroup
from memberships.services.tier_forecasts import forecast_group
from operations.models import OutboxMessage
from tests.memberships.night_stories import run_job, told
from tests.memberships.tier_stories import a_climber, a_ladder, evaluate, held, newest, qualify, steps

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
SPRING = date(2027, 4, 1)
#: The day on which the new rules come into effect, years later, and the end of the period after that day's.
LATER, ITS_END = date(2030, 12, 20), date(2031, 12, 31)


def new_rules(**rules: Any) -> None:
    TierGroup.objects.update(**rules)


def test_ladder_that_gets_a_downgrade_gives_a_whole_period_and_tells_before_anybody_falls() -> None:
    member = a_climber(a_ladder(downgrade="none"))
    qualify(member, 3_000, on=SPRING)
    evaluate(member, on=SPRING)
    new_rules(downgrade="to_balance")
    run_job("evaluate_tiers", on=LATER)
    assert held(member) == ("gold", ITS_END)
    change = newest(member)
    assert (change.kind, change.cause, change.on, change.held_until) == ("kept", "points", LATER, ITS_END)
    for on in (LATER + DAY, date(2031, 1, 1), ITS_END):
        assert evaluate(member, on=on) == []
    for on in (date(2031, 12, 1), date(2031, 12, 24)):
        run_job("foresee_downgrades", on=on)
    assert [key.rpartition(":")[2] for key in told("tier.will_change")] == ["30", "7"]
    assert OutboxMessage.objects.filter(topic="tier.will_change").latest("pk").payload["lost_on"] == "2032-01-01"
    evaluate(member, on=ITS_END + DAY)
    assert steps(member)[-1] == ("down", "normal", ITS_END + DAY)


def test_what_if_of_a_downgrade_says_that_nobody_falls_on_its_day() -> None:
    member = a_climber(a_ladder(downgrade="none"))
    qualify(member, 3_000, on=SPRING)
    evaluate(member, on=SPRING)
    new_rules(downgrade="to_balance")
    found = forecast_group(TierGroup.objects.get(), on=LATER)
    assert (found.totals["stay"], found.totals["down"]) == (1, 0)


def test_member_who_reaches_the_tier_in_that_period_keeps_it() -> None:
    member = a_climber(a_ladder(downgrade="none"))
    qualify(member, 3_000, on=SPRING)
    evaluate(member, on=SPRING)
    new_rules(downgrade="one_step")
    evaluate(member, on=LATER)
    qualify(member, 3_000, on=date(2031, 5, 1))
    evaluate(member, on=date(2031, 5, 1))
    assert held(member) == ("gold", date(2032, 12, 31))


def test_floor_that_goes_gives_its_members_an_end() -> None:
    member = a_climber(a_ladder(floors=["gold"], window="rolling_months", window_months=12))
    qualify(member, 3_000, on=SPRING)
    evaluate(member, on=SPRING)
    assert held(member) == ("gold", None)
    Tier.objects.update(is_floor=False)
    evaluate(member, on=LATER)
    assert held(member) == ("gold", date(2031, 12, 19))
    evaluate(member, on=date(2031, 12, 20))
    assert held(member) == ("normal", None)


def test_end_goes_with_the_downgrade_and_an_old_one_does_not_come_back_with_it() -> None:
    member = a_climber(a_ladder())
    qualify(member, 3_000, on=SPRING)
    evaluate(member, on=SPRING)
    new_rules(downgrade="none")
    evaluate(member, on=date(2028, 3, 1))
    assert held(member) == ("gold", None)
    assert evaluate(member, on=date(2029, 3, 1)) == []
    new_rules(downgrade="to_balance")
    evaluate(member, on=LATER)
    assert held(member) == ("gold", ITS_END)
    assert [kind for kind, _tier, _on in steps(member)] == ["first", "up", "kept", "kept"]


def test_threshold_raised_in_the_last_days_takes_the_tier_at_its_end_and_no_notice_was_due() -> None:
    """Rules are not softened by the notices: who had enough 30 and 7 days ahead was not told."""
    member = a_climber(a_ladder({"normal": 0, "gold": 3_000}, window="rolling_months", window_months=12))
    qualify(member, 3_000, on=SPRING)
    evaluate(member, on=SPRING)
    end = date(2028, 3, 31)
    assert held(member) == ("gold", end)
    qualify(member, 3_000, on=end - 60 * DAY)
    for days in (30, 7):
        run_job("foresee_downgrades", on=end - days * DAY)
    Tier.objects.filter(code="gold").update(threshold=4_000)
    assert evaluate(member, on=end - 3 * DAY) == []
    evaluate(member, on=end + DAY)
    assert (steps(member)[-1], told("tier.will_change")) == (("down", "normal", end + DAY), [])
