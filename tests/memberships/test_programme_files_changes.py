"""What a file would change is said in words and numbers; sold plans and tiers with members on them are kept."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import translation

from memberships.models import EarnRule, Enrolment, Plan, PointsEntry, Programme, Tier, TierStanding
from memberships.models.tiers import Cause
from memberships.programme_files.documents import check_against_tables
from memberships.programme_files.faults import ProgrammeFileError
from memberships.services.enrolments import enrol_member
from memberships.services.points import Grant, earn_points_for_many
from memberships.services.subscriptions import join
from tests.memberships.factories import TODAY, a_person, jd_plus
from tests.memberships.night_stories import at_night
from tests.memberships.programme_stories import CLUB, applied, club, told, with_plan, with_tiers

pytestmark = pytest.mark.django_db
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def versions(code: str = "annual") -> list[tuple[int, Decimal, date, date | None]]:
    """Version, price and days of sale."""
    plans = Plan.objects.filter(code=code).order_by("version")
    return [(plan.version, plan.price, plan.on_sale_from, plan.on_sale_until) for plan in plans]


def stands_on(programme: Programme, code: str, *, points: int, cause: str = Cause.POINTS) -> TierStanding:
    """A member of the club on a tier, with so many qualifying points this year."""
    wallet = enrol_member(a_person(), programme, on=TODAY, at=at_night(TODAY), actor=None)
    if points:
        grant = Grant(wallet.pk, points, "order:1", None, qualifying=points)
        earn_points_for_many([grant], on=TODAY, at=at_night(TODAY), actor=None)
    tier = Tier.objects.get(group__programme=programme, code=code)
    standing, _is_new = TierStanding.objects.update_or_create(
        member=wallet.member, enrolment=wallet, group=tier.group,
        defaults={"tier": tier, "cause": cause, "since": TODAY},
    )
    return standing


def test_a_new_programme_tells_all_that_it_brings() -> None:
    assert told(club()) == [
        "New programme “Club” (club)",
        "New tier group “Levels”",
        "New tier “Basic” from 0 points",
        "New tier “Silver” from 2,000 points",
        "New tier “Gold” from 6,000 points",
        "New plan “Annual card”: 99.00 CNY for 12 months, on sale from 2027-01-15",
        "The programme has points",
        "New: earn rule “spend” from 2027-01-15",
    ]


def test_what_was_applied_changes_nothing_the_second_time() -> None:
    applied(club())
    events = Plan.objects.count(), Tier.objects.count(), EarnRule.objects.count()
    assert told(club()) == told(club(), on=TOMORROW) == []
    applied(club(), on=TOMORROW)
    assert (Plan.objects.count(), Tier.objects.count(), EarnRule.objects.count()) == events


def test_a_raised_threshold_says_how_many_members_it_leaves_below() -> None:
    programme = applied(club())
    for points in (6_500, 7_999, 8_000):
        stands_on(programme, "gold", points=points)
    stands_on(programme, "gold", points=0, cause=Cause.HAND)
    assert told(with_tiers(basic=0, silver=2_000, gold=8_000)) == [
        "Tier “Gold”: threshold (points) 6,000 → 8,000; "
        "2 of 4 members on it would be below it at their next evaluation."
    ]


def test_points_of_last_year_do_not_count_in_a_calendar_year() -> None:
    programme = applied(club())
    stands_on(programme, "gold", points=9_000)
    next_year = date(2028, 1, 1)
    assert "1 of 1 members" in told(with_tiers(basic=0, silver=2_000, gold=8_000), on=next_year)[0]
    assert PointsEntry.objects.count() == 1


def test_a_removed_tier_is_retired_and_its_members_stay() -> None:
    programme = applied(club())
    standing = stands_on(programme, "silver", points=2_500)
    assert told(with_tiers(basic=0, gold=6_000)) == [
        "Tier “Silver” is retired; 1 members stand on it, until an evaluation"
    ]
    applied(with_tiers(basic=0, gold=6_000))
    standing.refresh_from_db()
    assert (standing.tier.code, standing.tier.retired_on) == ("silver", TODAY)
    assert list(Tier.objects.order_by("rank").values_list("code", "rank")) == [
        ("basic", 1), ("silver", 2), ("gold", 3)
    ]
    assert told(club()) == ["New tier “Silver” from 2,000 points"]
    applied(club())
    assert Tier.objects.get(code="silver").retired_on is None


def test_a_tier_put_between_two_others_takes_its_place_in_the_ladder() -> None:
    applied(club())
    applied(with_tiers(basic=0, bronze=500, silver=2_000, gold=6_000))
    assert list(Tier.objects.order_by("rank").values_list("code", flat=True)) == ["basic", "bronze", "silver", "gold"]


def test_a_tier_that_a_plan_gives_may_stand_anywhere_and_moving_it_is_told() -> None:
    paid = {"group": "levels", "code": "vip", "name": {"zh": "VIP", "en": "VIP"}, "plan": "annual"}
    applied(club(tiers=[*CLUB["tiers"], paid]))
    assert told(club(tiers=[paid, *CLUB["tiers"]])) == [
        "Tier group “Levels”: the order is VIP, Basic, Silver, Gold"
    ]
    applied(club(tiers=[paid, *CLUB["tiers"]]))
    assert Tier.objects.get(code="vip").rank == 1


def test_a_sold_plan_is_not_edited_a_new_version_goes_on_sale() -> None:
    programme = applied(club())
    card = join(a_person(), programme.plans.get(), on=TODAY, actor=None)
    later = date(2027, 3, 1)
    assert told(with_plan(price="129"), on=later) == [
        "Plan “Annual card”: version 2 on sale from 2027-03-01 (price (CNY) 99 → 129); 1 live cards "
        "keep theirs until they are renewed."
    ]
    applied(with_plan(price="129"), on=later)
    assert versions() == [(1, 99, TODAY, date(2027, 2, 28)), (2, 129, later, None)]
    card.refresh_from_db()
    assert card.plan.version == 1


def test_a_plan_sold_on_the_day_of_its_change_changes_on_the_next_day() -> None:
    programme = applied(club())
    join(a_person(), programme.plans.get(), on=TODAY, actor=None)
    applied(with_plan(price="129"))
    assert versions() == [(1, 99, TODAY, TODAY), (2, 129, TOMORROW, None)]
    assert told(with_plan(price="129")) == []


def test_a_version_whose_sale_has_not_begun_is_rewritten() -> None:
    applied(club())
    applied(with_plan(price="129", on_sale_from="2027-06-01"))
    applied(with_plan(price="139", on_sale_from="2027-05-01"))
    assert versions() == [(1, 99, TODAY, date(2027, 4, 30)), (2, 139, date(2027, 5, 1), None)]


def test_a_removed_plan_goes_off_sale_and_comes_back_as_a_new_version() -> None:
    applied(club())
    assert told(club(plans=None), on=date(2027, 3, 1)) == [
        "Plan “Annual card” goes off sale; its last day is 2027-02-28"
    ]
    applied(club(plans=None), on=date(2027, 3, 1))
    assert versions() == [(1, 99, TODAY, date(2027, 2, 28))]
    applied(club(), on=date(2027, 4, 1))
    assert versions()[1] == (2, 99, date(2027, 4, 1), None)


def test_a_plan_on_sale_cannot_begin_its_sale_later() -> None:
    applied(club())
    with pytest.raises(ProgrammeFileError, match=r"plans\[0\].on_sale_from: “Annual card” is on sale since 2027-01-15"):
        check_against_tables(with_plan(on_sale_from="2027-03-01"), on=TOMORROW)


def test_a_changed_earn_rule_goes_on_in_a_new_row_so_that_old_orders_keep_the_old_one() -> None:
    applied(club())
    double = {"earn_rules": [{"code": "spend", "points_per_yuan": "2", "qualifying_per_yuan": "1"}]}
    assert told(club(points=double), on=date(2027, 3, 1)) == [
        "earn rule “spend”: from 2027-03-01 points per yuan 1 → 2"
    ]
    applied(club(points=double), on=date(2027, 3, 1))
    rules = EarnRule.objects.order_by("starts_on").values_list("points_per_yuan", "starts_on", "ends_on")
    assert list(rules) == [(1, TODAY, date(2027, 2, 28)), (2, date(2027, 3, 1), None)]


def test_a_programme_that_leaves_inactivity_takes_the_day_from_its_wallets_unless_it_has_come() -> None:
    sleeping = {**CLUB["points"], "expiry": {"kind": "inactivity", "months": 6}}
    programme = applied(club(points=sleeping))
    active, idle, other = (
        enrol_member(a_person(), of, on=TODAY, at=at_night(TODAY), actor=None)
        for of in (programme, programme, jd_plus())
    )
    grants = [Grant(wallet.pk, 10, "order:1", None) for wallet in (active, idle)]
    earn_points_for_many(grants, on=TODAY, at=at_night(TODAY), actor=None)
    Enrolment.objects.filter(pk=idle.pk).update(idle_on=TOMORROW)
    Enrolment.objects.filter(pk=other.pk).update(idle_on=date(2027, 8, 1))
    assert told(club(), on=TOMORROW)[1:] == ["Points do not end by inactivity any more: 1 wallets keep theirs"]
    applied(club(), on=TOMORROW)
    assert dict(Enrolment.objects.values_list("pk", "idle_on")) == {
        active.pk: None, idle.pk: TOMORROW, other.pk: date(2027, 8, 1)
    }
    assert told(club(), on=TOMORROW) == []


def test_points_cannot_be_left_out_while_members_have_wallets() -> None:
    programme = applied(club())
    enrol_member(a_person(), programme, on=TODAY, at=at_night(TODAY), actor=None)
    with pytest.raises(ProgrammeFileError, match="the programme has points, which the file leaves out"):
        applied(club(points=None))
    assert told(club()) == []


def test_a_programme_with_members_cannot_be_for_others() -> None:
    programme = applied(club())
    join(a_person(), programme.plans.get(), on=TODAY, actor=None)
    firms = {**CLUB["programme"], "audience": "enterprise"}
    with pytest.raises(ProgrammeFileError, match=r"programme.audience: the programme has members"):
        applied(club(programme=firms))
