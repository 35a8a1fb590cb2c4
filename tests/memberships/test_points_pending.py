"""Awards that wait for their return window, and qualifying points."""

from datetime import date, timedelta

import pytest

from memberships.errors import InsufficientPointsError, KeyConflictError, PointsAmountError, PointsExpiryError
from memberships.models import Enrolment, PointsEntry, PointsLot, PointsPolicy
from memberships.services.points import Grant, earn_points_for_many, spendable_points, wallet_figures
from tests.memberships.factories import TODAY
from tests.memberships.points_stories import (
    JUNE,
    MARCH,
    a_wallet,
    accounts,
    assert_books_balance,
    balance,
    earn,
    morning,
    pending,
    spend,
)

pytestmark = pytest.mark.django_db

CLOSES = date(2027, 1, 30)


def test_award_with_an_open_return_window_waits_and_cannot_be_spent() -> None:
    wallet = a_wallet()
    entry = earn(wallet, 100, expires_on=JUNE, qualifying=40, pending_until=CLOSES)
    lot = PointsLot.objects.get()
    assert (entry.kind, entry.qualifying, accounts(entry)) == ("accrue", 0, "issued to pending")
    assert (lot.remaining, lot.qualifying, lot.pending_until) == (100, 40, CLOSES)
    assert (balance(wallet), pending(wallet), spendable_points(wallet, on=JUNE - timedelta(days=1))) == (0, 100, 0)
    assert wallet_figures(wallet, on=TODAY).next_expiry_on is None
    with pytest.raises(InsufficientPointsError):
        spend(wallet, 1)
    assert_books_balance()


def test_award_without_a_window_counts_for_the_tier_at_once() -> None:
    wallet = a_wallet()
    entry = earn(wallet, 100, qualifying=40)
    assert (entry.kind, entry.points, entry.qualifying) == ("earn", 100, 40)
    assert PointsLot.objects.get().qualifying == 0
    assert (balance(wallet), pending(wallet)) == (100, 0)


def test_qualifying_points_alone_move_no_balance() -> None:
    wallet = a_wallet()
    entry = earn(wallet, 0, qualifying=40)
    assert (entry.points, entry.qualifying, entry.lot) == (0, 40, None)
    assert (balance(wallet), PointsLot.objects.count()) == (0, 0)
    assert earn(wallet, 0, qualifying=40, key=entry.key) == entry


def test_qualifying_points_alone_wait_for_the_return_window_too() -> None:
    wallet = a_wallet()
    entry = earn(wallet, 0, qualifying=40, pending_until=CLOSES)
    lot = PointsLot.objects.get()
    assert (entry.kind, entry.points, entry.qualifying, entry.lot) == ("accrue", 0, 0, lot)
    assert (lot.points, lot.qualifying, lot.pending_until) == (0, 40, CLOSES)
    assert_books_balance()


@pytest.mark.parametrize(("points", "qualifying"), [(0, 0), (5, -1), (-1, 5), (0, -1)])
def test_awards_of_nothing_or_less_are_refused(points: int, qualifying: int) -> None:
    with pytest.raises(PointsAmountError):
        earn(a_wallet(), points, qualifying=qualifying)


def test_points_that_would_be_over_before_they_are_posted_are_refused() -> None:
    with pytest.raises(PointsExpiryError):
        earn(a_wallet(), 100, expires_on=CLOSES, pending_until=CLOSES)


def test_same_order_waits_once_and_with_another_body_it_is_refused() -> None:
    wallet = a_wallet()
    grant = Grant(wallet.pk, 100, "order:1", JUNE, 40, CLOSES)
    others = [
        grant._replace(qualifying=41), grant._replace(pending_until=None), grant._replace(pending_until=MARCH),
        grant._replace(points=99), grant._replace(expires_on=None),
    ]
    for booked in (1, 0):
        assert earn_points_for_many([grant], on=TODAY, at=morning(TODAY), actor=None) == booked
    for other in others:
        with pytest.raises(KeyConflictError):
            earn_points_for_many([other], on=TODAY, at=morning(TODAY), actor=None)
    assert (pending(wallet), PointsEntry.objects.count()) == (100, 1)


def test_earning_and_spending_put_off_the_end_by_inactivity() -> None:
    wallet = a_wallet()
    PointsPolicy.objects.create(programme=wallet.programme, expiry="inactivity", expiry_months=12)
    earn(wallet, 100)
    assert Enrolment.objects.get().idle_on == date(2028, 2, 1)
    spend(wallet, 30, on=MARCH)
    assert Enrolment.objects.get().idle_on == date(2028, 4, 1)
    # An order that is recorded late does not bring it forward again.
    earn(wallet, 5, on=TODAY)
    assert Enrolment.objects.get().idle_on == date(2028, 4, 1)
    assert spendable_points(wallet, on=date(2028, 3, 31)) == 75
    with pytest.raises(InsufficientPointsError):
        spend(wallet, 1, on=date(2028, 4, 1))
