"""Points expire on their date: one wallet's, and those of a range of wallets, by the same statements."""

from datetime import date

import pytest

from memberships.models import PointsEntry, PointsLot
from memberships.services.points_expiry import DueRange, Expired, due_days, expire_range
from tests.memberships.factories import an_operator
from tests.memberships.points_stories import (
    JUNE,
    MARCH,
    a_wallet,
    accounts,
    assert_books_balance,
    balance,
    earn,
    entries,
    expire,
    lots_left,
    morning,
    spend,
)

pytestmark = pytest.mark.django_db

EVE_OF_MARCH = date(2027, 2, 28)


def test_points_expire_on_their_date_and_not_before() -> None:
    wallet = a_wallet()
    earn(wallet, 10, expires_on=MARCH)
    earn(wallet, 20, expires_on=date(2027, 3, 2))
    earn(wallet, 40)
    assert expire(wallet, on=EVE_OF_MARCH) == Expired(0, 0, 0)
    assert expire(wallet, on=MARCH) == Expired(wallets=1, lots=1, points=10)
    assert balance(wallet) == 60
    assert_books_balance()


def test_late_expiry_books_each_lot_on_its_own_date() -> None:
    wallet = a_wallet()
    earn(wallet, 10, expires_on=MARCH)
    earn(wallet, 20, expires_on=date(2027, 3, 2))
    spend(wallet, 4)
    assert expire(wallet, on=date(2027, 3, 4)) == Expired(wallets=1, lots=2, points=26)
    assert entries(wallet)[-2:] == [("expire", -6, MARCH), ("expire", -20, date(2027, 3, 2))]
    assert set(PointsEntry.objects.filter(kind="expire").values_list("at", flat=True)) == {morning(date(2027, 3, 4))}
    assert_books_balance()


def test_expiry_is_breakage_under_the_lots_own_key_and_leaves_the_lot_as_it_was() -> None:
    wallet = a_wallet()
    lot = earn(wallet, 10, expires_on=MARCH).lot
    expire(wallet, on=MARCH)
    entry = PointsEntry.objects.get(kind="expire")
    assert (entry.key, entry.lot, accounts(entry)) == (f"expire:{lot.pk}", lot, "liability to breakage")  # type: ignore[union-attr]
    assert not entry.draws.exists()
    assert lots_left(wallet) == [10]


def test_expiring_again_does_nothing() -> None:
    wallet = a_wallet()
    earn(wallet, 10, expires_on=MARCH)
    expire(wallet, on=MARCH)
    assert expire(wallet, on=MARCH) == expire(wallet, on=JUNE) == Expired(0, 0, 0)
    assert balance(wallet) == 0


def test_range_of_wallets_expires_as_each_of_them_would_alone() -> None:
    wallets = [a_wallet() for _ in range(4)]
    for number, wallet in enumerate(wallets, start=1):
        earn(wallet, number * 10, expires_on=MARCH)
        earn(wallet, number, expires_on=EVE_OF_MARCH)
        earn(wallet, 1000, expires_on=JUNE)
    spend(wallets[1], 22)
    expire(wallets[0], on=MARCH)
    operator = an_operator()
    due = DueRange(wallets[0].pk, wallets[2].pk, due_days(on=MARCH, after=None))
    assert expire_range(due, at=morning(MARCH), actor=operator) == Expired(wallets=1, lots=2, points=33)
    assert [balance(wallet) for wallet in wallets] == [1000, 1000, 1000, 1044]
    assert set(PointsEntry.objects.filter(kind="expire", actor=operator).values_list("enrolment", flat=True)) == {
        wallets[2].pk
    }
    assert_books_balance()


def test_days_before_those_that_were_settled_are_not_looked_at() -> None:
    wallet = a_wallet()
    earn(wallet, 10, expires_on=EVE_OF_MARCH)
    earn(wallet, 20, expires_on=MARCH)
    due = DueRange(wallet.pk, wallet.pk, due_days(on=MARCH, after=EVE_OF_MARCH))
    assert expire_range(due, at=morning(MARCH), actor=None) == Expired(wallets=1, lots=1, points=20)


def test_days_are_those_on_which_something_may_expire() -> None:
    assert due_days(on=MARCH, after=None) == []
    wallet = a_wallet()
    earn(wallet, 10, expires_on=EVE_OF_MARCH)
    earn(wallet, 10, expires_on=JUNE)
    assert due_days(on=MARCH, after=None) == [EVE_OF_MARCH, MARCH]
    assert due_days(on=MARCH, after=EVE_OF_MARCH) == due_days(on=date(2027, 2, 27), after=None) == []


def test_spent_lots_leave_nothing_to_expire() -> None:
    wallet = a_wallet()
    earn(wallet, 10, expires_on=MARCH)
    spend(wallet, 10)
    assert expire(wallet, on=MARCH) == Expired(0, 0, 0)
    assert PointsLot.objects.get().remaining == 0
