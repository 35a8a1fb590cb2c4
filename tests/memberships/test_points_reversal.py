"""What was booked is reversed by another entry, once, within the balance."""

from datetime import date

import pytest

from memberships.errors import KeyConflictError, NotReversibleError, ReservedKeyError
from memberships.models import PointsEntry, PointsLot
from memberships.services.points import wallet_figures
from tests.memberships.points_stories import (
    DECEMBER,
    JUNE,
    MARCH,
    a_wallet,
    accounts,
    assert_books_balance,
    balance,
    draws,
    earn,
    entries,
    expire,
    lots_left,
    reverse,
    spend,
)

pytestmark = pytest.mark.django_db


def test_returned_goods_take_their_points_back_from_their_own_lot() -> None:
    wallet = a_wallet()
    earn(wallet, 50, expires_on=MARCH)
    returned = earn(wallet, 100, expires_on=JUNE)
    reversal = reverse(returned)
    assert (reversal.entry.points, reversal.missing, reversal.entry.reverses) == (-100, 0, returned)
    assert accounts(reversal.entry) == "liability to issued"
    assert lots_left(wallet) == [50, 0]
    assert_books_balance()


def test_spent_award_is_taken_from_the_other_lots_as_far_as_the_balance_goes() -> None:
    wallet = a_wallet()
    returned = earn(wallet, 100, expires_on=MARCH)
    earn(wallet, 30, expires_on=JUNE)
    earn(wallet, 10)
    spend(wallet, 80)
    reversal = reverse(returned)
    assert draws(reversal.entry) == [(100, 20), (30, 30), (10, 10)]
    assert (reversal.entry.points, reversal.missing) == (-60, 40)
    assert balance(wallet) == 0
    assert_books_balance()


def test_award_of_which_nothing_is_left_cannot_be_taken_back() -> None:
    wallet = a_wallet()
    returned = earn(wallet, 100)
    spend(wallet, 100)
    with pytest.raises(NotReversibleError, match="100"):
        reverse(returned)
    assert_books_balance()


def test_what_expired_of_an_award_is_not_taken_a_second_time() -> None:
    wallet = a_wallet()
    returned = earn(wallet, 100, expires_on=MARCH)
    earn(wallet, 500)
    spend(wallet, 30)
    reversal = reverse(returned, on=MARCH)
    # 70 expired on their date, though no night has booked it before; the member had 30 of it.
    assert entries(wallet)[-2:] == [("expire", -70, MARCH), ("reverse", -30, MARCH)]
    assert (reversal.missing, lots_left(wallet)) == (0, [70, 470])
    assert balance(wallet) == 470
    assert_books_balance()


def test_award_that_expired_as_a_whole_cannot_be_taken_back() -> None:
    wallet = a_wallet()
    returned = earn(wallet, 100, expires_on=MARCH)
    earn(wallet, 500)
    expire(wallet, on=MARCH)
    with pytest.raises(NotReversibleError, match="500"):
        reverse(returned, on=MARCH)
    assert balance(wallet) == 500


def test_cancelled_exchange_gives_the_points_back_to_their_lots() -> None:
    wallet = a_wallet()
    earn(wallet, 30, expires_on=JUNE)
    earn(wallet, 10, expires_on=MARCH)
    exchange = spend(wallet, 35)
    reversal = reverse(exchange)
    assert draws(reversal.entry) == [(30, -25), (10, -10)]
    assert (reversal.entry.points, reversal.missing, accounts(reversal.entry)) == (35, 0, "redeemed to liability")
    assert (lots_left(wallet), balance(wallet)) == ([30, 10], 40)
    assert_books_balance()


def test_points_given_back_to_a_lot_that_the_night_expired_expire_at_once() -> None:
    wallet = a_wallet()
    earn(wallet, 10, expires_on=MARCH)
    earn(wallet, 100, expires_on=JUNE)
    exchange = spend(wallet, 8)
    expire(wallet, on=MARCH)
    reversal = reverse(exchange, on=date(2027, 4, 1))
    lot = PointsLot.objects.get(points=10)
    assert entries(wallet)[-3:] == [
        ("expire", -2, MARCH), ("reverse", 8, date(2027, 4, 1)), ("expire", -8, date(2027, 4, 1))
    ]
    assert PointsEntry.objects.filter(lot=lot, kind="expire").order_by("pk").last().key == (  # type: ignore[union-attr]
        f"expire:{lot.pk}:{reversal.entry.pk}"
    )
    assert balance(wallet) == 100
    assert_books_balance()


def test_points_given_back_to_a_lot_that_is_due_expire_at_once_and_no_night_takes_them_again() -> None:
    wallet = a_wallet()
    earn(wallet, 10, expires_on=MARCH)
    exchange = spend(wallet, 8)
    reverse(exchange, on=MARCH)
    assert entries(wallet)[-3:] == [("expire", -2, MARCH), ("reverse", 8, MARCH), ("expire", -8, MARCH)]
    assert expire(wallet, on=MARCH).lots == 0
    assert balance(wallet) == 0
    assert_books_balance()


def test_points_given_back_to_a_lot_that_was_spent_as_a_whole_expire_at_once_and_only_once() -> None:
    """The night had nothing to take from the lot, so the lot has no entry of its own yet."""
    wallet = a_wallet()
    earn(wallet, 10, expires_on=MARCH)
    exchange = spend(wallet, 10)
    expire(wallet, on=MARCH)
    reverse(exchange, on=JUNE)
    assert entries(wallet)[-2:] == [("reverse", 10, JUNE), ("expire", -10, JUNE)]
    assert expire(wallet, on=JUNE).lots == 0
    assert balance(wallet) == 0
    assert_books_balance()


def test_lot_given_back_twice_expires_twice() -> None:
    wallet = a_wallet()
    earn(wallet, 10, expires_on=MARCH)
    exchanges = [spend(wallet, 4), spend(wallet, 6)]
    for exchange in exchanges:
        reverse(exchange, on=JUNE)
    assert [points for kind, points, _on in entries(wallet) if kind == "expire"] == [-4, -6]
    assert balance(wallet) == 0
    assert_books_balance()


def test_entry_is_reversed_once_and_a_repeat_returns_the_first_result() -> None:
    wallet = a_wallet()
    returned = earn(wallet, 100, expires_on=MARCH)
    spend(wallet, 60)
    first = reverse(returned, key="return:1")
    earn(wallet, 500)
    assert reverse(returned, key="return:1", on=DECEMBER) == first
    assert first.missing == 60
    with pytest.raises(NotReversibleError):
        reverse(returned, key="return:2")
    assert balance(wallet) == 500


def test_key_of_another_reversal_or_of_a_spend_is_refused() -> None:
    wallet = a_wallet()
    one, another = earn(wallet, 100), earn(wallet, 50)
    reverse(one, key="return:1")
    spend(wallet, 10, key="order:1")
    for key in ("return:1", "order:1"):
        with pytest.raises(KeyConflictError):
            reverse(another, key=key)
    with pytest.raises(ReservedKeyError):
        reverse(another, key="expire:1")
    assert balance(wallet) == 40


def test_expiry_and_reversal_are_not_reversed() -> None:
    wallet = a_wallet()
    earn(wallet, 10, expires_on=MARCH)
    exchange = spend(wallet, 4)
    back = reverse(exchange)
    expire(wallet, on=MARCH)
    lost = PointsEntry.objects.get(enrolment=wallet, kind="expire")
    for entry in (lost, back.entry):
        with pytest.raises(NotReversibleError):
            reverse(entry, on=MARCH)
    assert wallet_figures(wallet, on=MARCH).balance == 0
