"""Two desks and the night at once: wallets are locked, so that they take turns."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Event

import pytest
from django.db import connection, transaction

from memberships.errors import InsufficientPointsError, KeyConflictError, NotReversibleError
from memberships.models import Enrolment, PointsEntry
from memberships.services.points import enrol_member
from memberships.services.points_expiry import DueRange, Expired, expire_range
from memberships.services.points_reversal import Reversal
from operations.services.jobs import start_run
from operations.tasks import work_through
from tests.memberships.factories import TODAY, a_person, jd_plus
from tests.memberships.points_stories import (
    MARCH,
    a_wallet,
    assert_books_balance,
    at_once,
    balance,
    earn,
    entries,
    expire,
    morning,
    reverse,
    spend,
)

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)


def kinds(results: list[object]) -> list[str]:
    return sorted(type(result).__name__ for result in results)


def test_two_desks_spend_the_last_points_and_one_gets_them() -> None:
    wallet = a_wallet()
    earn(wallet, 100, expires_on=MARCH)
    results = at_once(lambda: spend(wallet, 60), lambda: spend(wallet, 60))
    assert kinds(results) == ["InsufficientPointsError", "PointsEntry"]
    refusal = next(result for result in results if isinstance(result, InsufficientPointsError))
    assert refusal.spendable == 40
    assert balance(wallet) == 40
    assert_books_balance()


def test_same_order_spent_by_two_desks_at_once_is_spent_once() -> None:
    wallet = a_wallet()
    earn(wallet, 100)
    first, second = at_once(*[lambda: spend(wallet, 60, key="order:1")] * 2)
    assert isinstance(first, PointsEntry)
    assert first == second
    assert balance(wallet) == 40


def test_same_order_earned_three_times_at_once_is_earned_once() -> None:
    wallet = a_wallet()
    results = at_once(*[lambda: earn(wallet, 60, key="order:1")] * 3)
    assert len(set(results)) == 1
    assert balance(wallet) == 60
    assert_books_balance()


def test_same_key_for_two_wallets_of_a_member_at_once_is_one_wallets() -> None:
    wallet = a_wallet()
    other = a_wallet(wallet.member, jd_plus(code="points-only"))
    results = at_once(
        lambda: earn(wallet, 60, key="order:1"), lambda: earn(other, 60, key="order:1"),
    )
    assert kinds(results) == ["KeyConflictError", "PointsEntry"]
    assert balance(wallet) + balance(other) == 60
    assert any(isinstance(result, KeyConflictError) for result in results)
    assert_books_balance()


def test_entry_reversed_by_two_desks_at_once_is_reversed_once() -> None:
    wallet = a_wallet()
    entry = earn(wallet, 60)
    results = at_once(lambda: reverse(entry, key="return:1"), lambda: reverse(entry, key="return:2"))
    assert kinds(results) == ["NotReversibleError", "Reversal"]
    assert any(isinstance(result, NotReversibleError) for result in results)
    assert balance(wallet) == 0


def test_wallet_opened_by_two_desks_at_once_is_one() -> None:
    member, programme = a_person(), jd_plus()
    first, second = at_once(*[lambda: enrol_member(member, programme, on=TODAY, at=morning(TODAY), actor=None)] * 2)
    assert first == second == Enrolment.objects.get()


def test_points_spent_while_the_night_expires_them_are_spent_or_expired_never_both() -> None:
    """The desk's clock is two hours behind the night's."""
    for _round in range(5):
        wallet = a_wallet()
        earn(wallet, 100, expires_on=MARCH)
        spent, expired = at_once(
            lambda wallet=wallet: spend(wallet, 60, on=date(2027, 2, 28)),
            lambda wallet=wallet: expire(wallet, on=MARCH),
        )
        if isinstance(spent, InsufficientPointsError):
            assert (spent.spendable, expired) == (0, Expired(1, 1, 100))
        else:
            assert expired == Expired(1, 1, 40)
        assert balance(wallet) == 0
        assert_books_balance()


def test_exchange_cancelled_while_the_night_expires_its_lot_loses_its_points_once() -> None:
    for _round in range(5):
        wallet = a_wallet()
        earn(wallet, 100, expires_on=MARCH)
        exchange = spend(wallet, 60)
        back, _expired = at_once(
            lambda exchange=exchange: reverse(exchange, on=MARCH), lambda wallet=wallet: expire(wallet, on=MARCH)
        )
        assert isinstance(back, Reversal)
        assert balance(wallet) == 0
        assert_books_balance()


def test_range_expired_three_times_at_once_expires_once() -> None:
    wallets = [a_wallet() for _ in range(20)]
    for wallet in wallets:
        earn(wallet, 100, expires_on=MARCH)
    due = DueRange(wallets[0].pk, wallets[-1].pk, [MARCH])
    results = at_once(*[lambda: expire_range(due, at=morning(MARCH), actor=None)] * 3)
    assert sorted(results) == [Expired(0, 0, 0), Expired(0, 0, 0), Expired(20, 20, 2000)]
    assert PointsEntry.objects.filter(kind="expire").count() == 20
    assert_books_balance()


def test_points_whose_earn_was_under_way_during_their_night_are_expired_by_the_next() -> None:
    """A batch is committed in the morning, after the night of its points' last day was settled without them."""
    wallet, other = a_wallet(), a_wallet()
    earn(other, 5, expires_on=MARCH)
    is_booked, is_over = Event(), Event()

    def batch() -> None:
        try:
            with transaction.atomic():
                earn(wallet, 77, expires_on=MARCH, on=MARCH - DAY)
                is_booked.set()
                is_over.wait(timeout=30)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        committed = pool.submit(batch)
        assert is_booked.wait(timeout=30)
        assert expired_in_the_night_of(MARCH) == 1
        is_over.set()
        committed.result()
    assert balance(wallet) == 77
    assert [expired_in_the_night_of(MARCH + number * DAY) for number in (1, 2)] == [1, 0]
    assert entries(wallet) == [("earn", 77, MARCH - DAY), ("expire", -77, MARCH)]
    assert_books_balance(wallet, other)


def expired_in_the_night_of(day: date) -> int:
    """How many wallets' points the night expired; it was planned for as many."""
    run = start_run("expire_points", business_date=day, actor=None, at=morning(day))
    work_through(run.pk)
    run.refresh_from_db()
    assert run.done == run.total and run.failed == 0
    return run.done
