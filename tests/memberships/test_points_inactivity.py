"""What was spent comes back after inactivity has ended the wallet's points: by one rule, whatever was left that day."""

from datetime import date, timedelta

import pytest

from memberships.models import Enrolment, PointsPolicy
from tests.memberships.factories import TODAY, jd_plus
from tests.memberships.points_night_stories import executed, foreseen, losses, night
from tests.memberships.points_stories import (
    a_wallet,
    assert_books_balance,
    balance,
    by_policy,
    earn,
    entries,
    expire,
    reverse,
    spend,
)

pytestmark = pytest.mark.django_db
#: With a month of inactivity, active in January: the first day without points, and a day in that month.
IDLE_ON, LATER = date(2027, 3, 1), date(2027, 3, 20)
RENEWED = {"late_return": PointsPolicy.LateReturn.RENEW, "late_return_days": 30}


def a_wallet_that_idles(**policy: object) -> Enrolment:
    """A hundred points, and a month of inactivity to end them."""
    facts = {"expiry": PointsPolicy.Expiry.INACTIVITY, "expiry_months": 1, **policy}
    wallet = a_wallet(programme=by_policy(jd_plus(), **facts))
    earn(wallet, 100)
    return wallet


@pytest.mark.parametrize("spent", [99, 100])
def test_spend_that_comes_back_after_the_idle_day_is_lost(spent: int) -> None:
    wallet = a_wallet_that_idles()
    voucher = spend(wallet, spent)
    night(IDLE_ON)
    reverse(voucher, on=LATER)
    assert (balance(wallet), sum(points for points, _on in losses(wallet))) == (0, -100)
    assert_books_balance()


@pytest.mark.parametrize("spent", [99, 100])
def test_spend_that_comes_back_after_the_idle_day_is_renewed_where_the_programme_does(spent: int) -> None:
    wallet = a_wallet_that_idles(**RENEWED)
    voucher = spend(wallet, spent)
    night(IDLE_ON)
    reverse(voucher, on=LATER)
    assert balance(wallet) == spent
    assert entries(wallet)[-2:] == [("expire", -spent, LATER), ("reinstate", spent, LATER)]
    expire(wallet, on=LATER + timedelta(days=30))
    assert balance(wallet) == 0
    assert_books_balance()


@pytest.mark.parametrize("spent", [99, 100])
def test_idle_day_that_no_night_has_booked_makes_no_difference(spent: int) -> None:
    wallet = a_wallet_that_idles()
    reverse(spend(wallet, spent), on=LATER)
    assert balance(wallet) == 0


@pytest.mark.parametrize("spent", [99, 100])
def test_idle_day_of_an_approved_dry_run_makes_no_difference(spent: int) -> None:
    wallet = a_wallet_that_idles()
    voucher = spend(wallet, spent)
    executed(foreseen(IDLE_ON))
    reverse(voucher, on=LATER)
    assert balance(wallet) == 0


@pytest.mark.parametrize("spent", [99, 100])
def test_member_who_comes_back_to_life_gets_no_older_points_back(spent: int) -> None:
    wallet = a_wallet_that_idles()
    voucher = spend(wallet, spent)
    night(IDLE_ON)
    earn(wallet, 5, on=LATER)
    reverse(voucher, on=LATER)
    assert balance(wallet) == 5
    # What was bought since then comes back whole.
    reverse(spend(wallet, 5, on=LATER), on=LATER)
    assert balance(wallet) == 5
    assert_books_balance()


def test_member_who_stayed_active_gets_all_back() -> None:
    wallet = a_wallet_that_idles()
    voucher = spend(wallet, 100, on=TODAY)
    earn(wallet, 5, on=date(2027, 2, 20))
    night(IDLE_ON)
    reverse(voucher, on=LATER)
    assert balance(wallet) == 105
