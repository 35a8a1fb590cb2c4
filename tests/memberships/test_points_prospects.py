"""What the desk foretells of a reversal is what the reversal then does, whatever became of the award's points."""

from datetime import timedelta

import pytest

from memberships.errors import NotReversibleError
from memberships.models import PointsEntry
from memberships.services.points_reinstatement import reinstate_points
from memberships.services.points_reversal import Prospect, foresee_reversal
from tests.memberships.factories import TODAY, jd_plus
from tests.memberships.points_stories import (
    JUNE,
    MARCH,
    a_wallet,
    assert_books_balance,
    by_policy,
    earn,
    expire,
    morning,
    reverse,
    spend,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def an_award_given_again() -> PointsEntry:
    """A hundred points that expired on the 1st of March and hold again for three days; other points stay."""
    wallet = a_wallet(programme=by_policy(jd_plus(), reinstate_days=10))
    award = earn(wallet, 100, expires_on=MARCH)
    earn(wallet, 500)
    expire(wallet, on=MARCH)
    lost = PointsEntry.objects.get(kind="expire")
    reinstate_points(lost, expires_on=MARCH + 3 * DAY, on=MARCH, at=morning(MARCH), actor=None, reason="loyal")
    return award


def test_award_that_was_given_again_is_foreseen_to_be_taken() -> None:
    award = an_award_given_again()
    assert foresee_reversal(award, on=MARCH) == Prospect(left=100, moved=100, missing=0)
    assert reverse(award, on=MARCH).entry.points == -100
    assert_books_balance()


def test_award_that_was_given_again_and_is_over_once_more_is_foreseen_to_be_kept() -> None:
    award, over_on = an_award_given_again(), MARCH + 3 * DAY
    # No night has booked it yet.
    for act in (foresee_reversal, reverse):
        with pytest.raises(NotReversibleError):
            act(award, on=over_on)


def test_part_that_was_spent_before_its_day_is_foreseen_to_be_taken_from_others() -> None:
    wallet = a_wallet()
    award = earn(wallet, 100, expires_on=MARCH)
    earn(wallet, 20)
    spend(wallet, 30)
    assert foresee_reversal(award, on=MARCH) == Prospect(left=100, moved=20, missing=10)
    assert (reversal := reverse(award, on=MARCH)).entry.points == -20 and reversal.missing == 10


def test_award_that_a_night_has_expired_is_foreseen_to_be_kept() -> None:
    wallet = a_wallet()
    award = earn(wallet, 100, expires_on=MARCH)
    expire(wallet, on=MARCH)
    with pytest.raises(NotReversibleError):
        foresee_reversal(award, on=MARCH)


def test_award_of_an_idle_wallet_is_foreseen_to_be_kept() -> None:
    wallet = a_wallet(programme=by_policy(jd_plus(), expiry="inactivity", expiry_months=1))
    award = earn(wallet, 100, on=TODAY)
    assert foresee_reversal(award, on=TODAY).moved == 100
    for act in (foresee_reversal, reverse):
        with pytest.raises(NotReversibleError):
            act(award, on=JUNE)
