"""Tiers, tampered with: the audit finds each difference and says where it is."""

from datetime import date

import pytest

from memberships.models import Enrolment, Tier, TierChange
from operations import registry
from tests.memberships.books_stories import behind_the_back, differences
from tests.memberships.night_stories import run_job
from tests.memberships.tier_stories import a_climber, a_ladder, by_hand, evaluate, newest, qualify, stars

pytestmark = pytest.mark.django_db
SPRING = date(2027, 4, 1)
CHECKS = ("tier-standings", "tier-changes")


@pytest.fixture
def member() -> Enrolment:
    """Normal, gold by points, platinum by hand."""
    wallet = a_climber(a_ladder())
    qualify(wallet, 3_000, on=SPRING)
    evaluate(wallet, on=SPRING)
    by_hand(wallet, "platinum", on=SPRING, until=date(2027, 12, 31))
    return wallet


def found() -> set[tuple[str, str]]:
    return {(difference.fault, difference.key) for difference in differences(*CHECKS)}


def tier(code: str) -> int:
    return Tier.objects.get(code=code).pk


def test_standings_and_changes_are_in_order(member: Enrolment) -> None:
    run_job("evaluate_tiers", on=date(2028, 1, 1))
    assert found() == set()


def test_a_tier_that_somebody_gave_away(member: Enrolment) -> None:
    behind_the_back("UPDATE memberships_tierstanding SET tier_id = %s", tier("black-diamond"))
    (difference,) = differences(*CHECKS)
    assert (difference.fault, difference.key, difference.owner) == (
        "standing_of_change", str(member.pk), member.member_id
    )
    assert (difference.expected, difference.found) == ("platinum hand 2027-12-31", "black-diamond hand 2027-12-31")


def test_a_tier_that_is_held_for_longer_than_it_was_given(member: Enrolment) -> None:
    behind_the_back("UPDATE memberships_tierstanding SET held_until = '2099-12-31'")
    assert found() == {("standing_of_change", str(member.pk))}


def test_a_change_that_somebody_lost(member: Enrolment) -> None:
    behind_the_back("DELETE FROM memberships_tierchange WHERE kind = 'up' AND cause = 'points'")
    assert found() == {("change_of_change", str(member.pk))}


def test_the_newest_change_that_somebody_lost(member: Enrolment) -> None:
    behind_the_back("DELETE FROM memberships_tierchange WHERE id = %s", newest(member).pk)
    assert found() == {("standing_of_change", str(member.pk))}


def test_a_tier_of_another_ladder(member: Enrolment) -> None:
    stars(programme=member.programme)
    behind_the_back("UPDATE memberships_tierstanding SET tier_id = %s", tier("five-stars"))
    assert found() == {("standing_of_change", str(member.pk)), ("standing_of_ladder", str(member.pk))}
    behind_the_back(
        "UPDATE memberships_tierchange SET to_tier_id = %s WHERE id = %s", tier("five-stars"), newest(member).pk
    )
    assert found() == {("standing_of_ladder", str(member.pk)), ("change_of_ladder", str(member.pk))}


def test_a_member_without_the_tier_that_they_came_to(member: Enrolment) -> None:
    behind_the_back("DELETE FROM memberships_tierstanding")
    assert found() == {("change_without_standing", str(member.pk))}
    assert TierChange.objects.count() == 3


def test_difference_leads_to_the_page_of_the_wallet(member: Enrolment) -> None:
    check = registry.book_checks.get("tier-standings")
    assert check.page_of("standing_of_change", str(member.pk), member.member_id).endswith(
        f"/enrolment/{member.pk}/change/"
    )
