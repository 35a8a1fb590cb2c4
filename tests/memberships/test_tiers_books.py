"""Tiers, tampered with: the audit finds each difference and says where it is."""

from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction

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


@pytest.mark.parametrize("table", ["memberships_tier", "memberships_tiergroup"])
def test_ladders_that_standings_rest_on_are_not_emptied(member: Enrolment, table: str) -> None:
    # What waits for the commit would keep a TRUNCATE from being tried.
    connection.check_constraints()
    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table} CASCADE")
    assert found() == set()


def test_ladder_does_not_move_to_another_programme(member: Enrolment) -> None:
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE memberships_tiergroup SET programme_id = programme_id + 1")


def test_a_tier_that_somebody_deleted(member: Enrolment) -> None:
    gone = tier("platinum")
    behind_the_back("DELETE FROM memberships_tier WHERE id = %s", gone)
    tampered = differences(*CHECKS)
    assert {(difference.fault, difference.key) for difference in tampered} == {
        ("standing_of_ladder", str(member.pk)), ("change_of_ladder", str(member.pk))
    }
    (change,) = (difference for difference in tampered if difference.fault == "change_of_ladder")
    assert change.found == f"gold {gone} {member.programme_id}"


def test_a_tier_that_somebody_deleted_is_no_tier_of_before(member: Enrolment) -> None:
    """The newest change still counts, and not the one before it."""
    behind_the_back("DELETE FROM memberships_tier WHERE code = 'platinum'")
    behind_the_back("UPDATE memberships_tierstanding SET tier_id = %s", tier("gold"))
    assert ("standing_of_change", str(member.pk)) in found()


def test_a_ladder_that_somebody_deleted_with_its_tiers(member: Enrolment) -> None:
    behind_the_back("DELETE FROM memberships_tier")
    behind_the_back("DELETE FROM memberships_tiergroup")
    assert found() == {("standing_of_ladder", str(member.pk)), ("change_of_ladder", str(member.pk))}


def test_a_change_that_somebody_gave_to_another_member(member: Enrolment) -> None:
    other = a_climber(member.programme.tier_groups.get())
    behind_the_back(
        "UPDATE memberships_tierchange SET member_id = %s WHERE kind = 'up' AND cause = 'points'", other.member_id
    )
    assert found() == {("change_of_ladder", str(member.pk))}


def test_a_standing_that_somebody_gave_to_another_member(member: Enrolment) -> None:
    other = a_climber(member.programme.tier_groups.get())
    behind_the_back("UPDATE memberships_tierstanding SET member_id = %s", other.member_id)
    assert found() == {("standing_of_ladder", str(member.pk)), ("change_without_standing", str(member.pk))}


def test_difference_leads_to_the_page_of_the_wallet(member: Enrolment) -> None:
    check = registry.book_checks.get("tier-standings")
    assert check.page_of("standing_of_change", str(member.pk), member.member_id).endswith(
        f"/enrolment/{member.pk}/change/"
    )
