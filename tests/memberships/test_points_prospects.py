"""What the desk foretells of a reversal is what the reversal then does, whatever became of the award's points."""

from datetime import date, timedelta
from typing import Any

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
    balance,
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


@pytest.mark.parametrize(
    ("policy", "expires_on", "back"),
    [
        ({"expiry": "inactivity", "expiry_months": 1}, None, 0),
        ({"late_return": "expire"}, MARCH, 40),
        ({"late_return": "renew", "late_return_days": 30}, MARCH, 100),
    ],
)
def test_spend_whose_points_are_over_is_foreseen_to_come_back_without_them(
    policy: dict[str, Any], expires_on: date | None, back: int
) -> None:
    wallet = a_wallet(programme=by_policy(jd_plus(), **policy))
    earn(wallet, 60, expires_on=expires_on)
    earn(wallet, 40)
    exchange = spend(wallet, 100)
    assert foresee_reversal(exchange, on=TODAY) == Prospect(left=100, moved=100, missing=0)
    exchange = PointsEntry.objects.get(pk=exchange.pk)
    assert foresee_reversal(exchange, on=MARCH) == Prospect(left=100, moved=back, missing=100 - back)
    reverse(exchange, on=MARCH)
    assert balance(wallet) == back
    assert_books_balance()
