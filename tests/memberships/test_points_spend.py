"""Points are spent, the earliest expiry first."""

from datetime import date

import pytest

from memberships.errors import InsufficientPointsError, KeyConflictError, PointsAmountError, ReservedKeyError
from memberships.services.points import spendable_points
from tests.memberships.factories import TODAY
from tests.memberships.points_stories import (
    JUNE,
    MARCH,
    a_wallet,
    accounts,
    assert_books_balance,
    balance,
    draws,
    earn,
    expire,
    lots_left,
    spend,
)

pytestmark = pytest.mark.django_db


def test_spend_draws_the_earliest_expiry_first_and_names_the_lots() -> None:
    wallet = a_wallet()
    earn(wallet, 500)
    earn(wallet, 30, expires_on=JUNE)
    earn(wallet, 10, expires_on=MARCH)
    entry = spend(wallet, 35)
    assert draws(entry) == [(30, 25), (10, 10)]
    assert (entry.points, accounts(entry)) == (-35, "liability to redeemed")
    assert lots_left(wallet) == [500, 5, 0]
    assert balance(wallet) == 505
    assert draws(spend(wallet, 6)) == [(500, 1), (30, 5)]
    assert_books_balance()


def test_of_two_lots_that_expire_together_the_older_is_drawn_first() -> None:
    wallet = a_wallet()
    earn(wallet, 10, expires_on=JUNE)
    earn(wallet, 20, expires_on=JUNE)
    assert draws(spend(wallet, 12)) == [(10, 10), (20, 2)]


def test_all_points_can_be_spent_and_not_one_more() -> None:
    wallet = a_wallet()
    earn(wallet, 10, expires_on=JUNE)
    earn(wallet, 5)
    with pytest.raises(InsufficientPointsError) as refusal:
        spend(wallet, 16)
    assert (refusal.value.asked, refusal.value.spendable) == (16, 15)
    spend(wallet, 15)
    assert (balance(wallet), lots_left(wallet)) == (0, [0, 0])
    assert_books_balance()


def test_points_can_be_spent_on_the_day_before_they_expire_and_not_on_the_day() -> None:
    wallet = a_wallet()
    earn(wallet, 10, expires_on=MARCH)
    with pytest.raises(InsufficientPointsError, match="0"):
        spend(wallet, 1, on=MARCH)
    assert spend(wallet, 1, on=date(2027, 2, 28)).points == -1


def test_expired_points_stay_expired_when_the_clock_goes_back() -> None:
    """A night was run a day too early: its entries are facts, and their points are spent by nobody."""
    wallet = a_wallet()
    earn(wallet, 10, expires_on=MARCH)
    earn(wallet, 3)
    expire(wallet, on=MARCH)
    assert spendable_points(wallet, on=TODAY) == 3
    with pytest.raises(InsufficientPointsError):
        spend(wallet, 4)
    assert draws(spend(wallet, 3)) == [(3, 3)]
    assert_books_balance()


def test_same_order_spends_once() -> None:
    wallet = a_wallet()
    earn(wallet, 10)
    first = spend(wallet, 8, key="order:1")
    # There would not be enough for a second time.
    assert spend(wallet, 8, key="order:1", on=JUNE) == first
    assert balance(wallet) == 2


def test_same_order_with_other_points_or_of_another_kind_is_refused() -> None:
    wallet = a_wallet()
    earn(wallet, 10, key="order:1")
    spend(wallet, 2, key="order:2")
    for key, points in (("order:2", 3), ("order:1", 10)):
        with pytest.raises(KeyConflictError):
            spend(wallet, points, key=key)
    assert balance(wallet) == 8


@pytest.mark.parametrize("points", [0, -1])
def test_spending_nothing_or_less_is_refused(points: int) -> None:
    wallet = a_wallet()
    earn(wallet, 10)
    with pytest.raises(PointsAmountError):
        spend(wallet, points)


def test_key_of_the_ledger_itself_is_refused() -> None:
    with pytest.raises(ReservedKeyError):
        spend(a_wallet(), 1, key="expire:1")


def test_other_wallets_points_are_not_touched() -> None:
    wallet, other = a_wallet(), a_wallet()
    earn(wallet, 10)
    earn(other, 10)
    spend(wallet, 10)
    assert (lots_left(wallet), lots_left(other)) == ([0], [10])
