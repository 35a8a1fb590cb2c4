"""Fifty desks at once, at one wallet and at many: nothing is overdrawn, and every read adds up while they are at it."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import connection

from memberships.errors import InsufficientPointsError
from memberships.models import Enrolment, PointsEntry
from operations.errors import PlusdeskError
from tests.memberships.points_stories import (
    JUNE,
    MARCH,
    a_wallet,
    assert_books_balance,
    balance,
    by_policy,
    debt,
    earn,
    reverse,
    spend,
)

pytestmark = pytest.mark.django_db(transaction=True)

DESKS = 50
#: In one statement, so that all is of one moment: wallets whose balance is not that of their entries, or of their lots.
TORN = """
    SELECT count(*)
    FROM memberships_enrolment wallet
    WHERE wallet.balance < 0
        OR wallet.balance <> (SELECT sum(points) FROM memberships_pointsentry WHERE enrolment_id = wallet.id)
        OR wallet.balance <> (SELECT sum(remaining) FROM memberships_pointslot WHERE enrolment_id = wallet.id)
        OR wallet.balance <> (SELECT sum(points) FROM memberships_pointslot WHERE enrolment_id = wallet.id) - coalesce((
            SELECT sum(draw.points) FROM memberships_lotdraw draw JOIN memberships_pointslot lot ON lot.id = draw.lot_id
            WHERE lot.enrolment_id = wallet.id
        ), 0)
"""


def crowd(desk: Any) -> tuple[Counter[str], int]:
    """What became of fifty desks' calls, desk(number) each; and how often the books were read meanwhile, whole."""
    start, is_over, reads = Barrier(DESKS), Event(), 0

    def at_a_desk(number: int) -> str:
        try:
            start.wait(timeout=60)
            return type(desk(number)).__name__
        except PlusdeskError as error:
            return type(error).__name__
        finally:
            connection.close()

    def watch() -> int:
        count = 0
        try:
            while not is_over.is_set() or not count:
                with connection.cursor() as cursor:
                    cursor.execute(TORN)
                    assert cursor.fetchone() == (0,)
                count += 1
        finally:
            connection.close()
        return count

    with ThreadPoolExecutor(DESKS + 1) as pool:
        watched = pool.submit(watch)
        results = list(pool.map(at_a_desk, range(DESKS)))
        is_over.set()
        reads = watched.result()
    return Counter(results), reads


def test_fifty_desks_spend_one_wallet_and_it_is_never_overdrawn() -> None:
    wallet = a_wallet()
    for expires_on in (MARCH, JUNE, None):
        earn(wallet, 70, expires_on=expires_on)
    results, reads = crowd(lambda number: spend(wallet, 10, key=f"order:crowd-{number}"))
    assert results == {"PointsEntry": 21, "InsufficientPointsError": 29}
    assert (balance(wallet), reads > 0) == (0, True)
    assert_books_balance(wallet)


def test_fifty_desks_spend_ten_wallets() -> None:
    wallets = [a_wallet() for _number in range(10)]
    for wallet in wallets:
        earn(wallet, 30, expires_on=MARCH)
        earn(wallet, 15)
    results, _reads = crowd(lambda number: spend(wallets[number % 10], 11, key=f"order:crowd-{number}"))
    assert results == {"PointsEntry": 40, "InsufficientPointsError": 10}
    assert [balance(wallet) for wallet in wallets] == [1] * 10
    assert_books_balance()


def test_fifty_desks_with_five_orders_spend_each_order_once() -> None:
    wallet = a_wallet()
    earn(wallet, 1000)
    results, _reads = crowd(lambda number: spend(wallet, 10, key=f"order:crowd-{number % 5}"))
    assert results == {"PointsEntry": DESKS}
    assert (balance(wallet), PointsEntry.objects.filter(kind="spend").count()) == (950, 5)
    assert_books_balance(wallet)


def test_fifty_desks_return_earn_and_spend_at_one_wallet_that_may_owe() -> None:
    wallet = a_wallet()
    by_policy(wallet.programme, reversal="may_go_negative")
    awards = [earn(wallet, 20) for _number in range(10)]

    def desk(number: int) -> Any:
        if number % 5 == 0:
            return reverse(awards[number // 5], key=f"return:crowd-{number}")
        if number % 5 == 1:
            return earn(wallet, 7, key=f"order:crowd-{number}")
        return spend(wallet, 9, key=f"redeem:crowd-{number}")

    with ThreadPoolExecutor(DESKS) as pool:
        results = list(pool.map(lambda number: _told(desk, number), range(DESKS)))
    spent = sum(isinstance(result, PointsEntry) and result.kind == "spend" for result in results)
    assert {type(result) for result in results if isinstance(result, Exception)} <= {InsufficientPointsError}
    assert balance(wallet) == 70 - 9 * spent
    assert debt(wallet) == max(0, -balance(wallet))
    assert Enrolment.objects.get(pk=wallet.pk).pending == 0
    assert_books_balance(wallet)


def _told(desk: Any, number: int) -> Any:
    try:
        return desk(number)
    except PlusdeskError as error:
        return error
    finally:
        connection.close()
