"""Where the programme says so, what a return cannot take back is owed, and the next points pay it."""

from datetime import date

import pytest

from memberships.errors import InsufficientPointsError
from memberships.models import Enrolment, LotDraw, PointsEntry
from memberships.services.points import spendable_points
from tests.memberships.factories import TODAY, jd_plus
from tests.memberships.points_stories import (
    JUNE,
    MARCH,
    a_wallet,
    assert_books_balance,
    balance,
    by_policy,
    debt,
    draws,
    earn,
    entries,
    lots_left,
    post,
    reverse,
    spend,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def wallet() -> Enrolment:
    """Of a programme whose wallets may go below nothing."""
    return a_wallet(programme=by_policy(jd_plus(), reversal="may_go_negative"))


def test_spent_award_is_taken_back_as_a_whole_and_the_rest_is_owed(wallet: Enrolment) -> None:
    returned = earn(wallet, 100)
    spend(wallet, 80)
    reversal = reverse(returned)
    assert (reversal.entry.points, reversal.missing, draws(reversal.entry)) == (-100, 0, [(100, 20)])
    assert (balance(wallet), debt(wallet), lots_left(wallet)) == (-80, 80, [0])
    with pytest.raises(InsufficientPointsError):
        spend(wallet, 1)
    assert_books_balance()


def test_next_points_pay_what_is_owed_first(wallet: Enrolment) -> None:
    returned = earn(wallet, 100)
    spend(wallet, 80)
    reversal = reverse(returned).entry
    last = earn(wallet, 50)
    assert (balance(wallet), debt(wallet), spendable_points(wallet, on=TODAY)) == (-30, 30, 0)
    assert LotDraw.objects.get(paid_after=last).entry == reversal
    earn(wallet, 45, expires_on=JUNE)
    assert (balance(wallet), debt(wallet), spendable_points(wallet, on=TODAY)) == (15, 0, 15)
    assert draws(reversal) == [(100, 20), (50, 50), (45, 30)]
    assert_books_balance()


def test_two_debts_are_paid_by_one_award_oldest_first(wallet: Enrolment) -> None:
    awards = [earn(wallet, 60), earn(wallet, 40)]
    spend(wallet, 100)
    owed = [reverse(award).entry for award in awards]
    assert (balance(wallet), debt(wallet)) == (-100, 100)
    earn(wallet, 70)
    assert [draws(entry) for entry in owed] == [[(70, 60)], [(70, 10)]]
    assert debt(wallet) == 30
    assert_books_balance()


def test_posted_points_pay_what_is_owed(wallet: Enrolment) -> None:
    returned = earn(wallet, 100)
    spend(wallet, 100)
    earn(wallet, 70, pending_until=date(2027, 1, 30))
    reverse(returned)
    assert (balance(wallet), debt(wallet)) == (-100, 100)
    post(wallet, on=MARCH)
    assert (balance(wallet), debt(wallet), spendable_points(wallet, on=MARCH)) == (-30, 30, 0)
    assert_books_balance()


def test_cancelled_exchange_pays_what_is_owed_also_from_lots_that_are_over(wallet: Enrolment) -> None:
    returned = earn(wallet, 100, expires_on=MARCH)
    exchange = spend(wallet, 80)
    reverse(returned)
    reverse(exchange, on=JUNE)
    assert (balance(wallet), debt(wallet), lots_left(wallet)) == (0, 0, [0])
    assert [kind for kind, _points, _on in entries(wallet)] == ["earn", "spend", "reverse", "reverse"]
    assert_books_balance()


def test_what_a_cancelled_exchange_gives_beyond_the_debt_is_the_members(wallet: Enrolment) -> None:
    returned = earn(wallet, 30, expires_on=JUNE)
    earn(wallet, 100, expires_on=MARCH)
    exchange = spend(wallet, 130)
    reverse(returned)
    assert debt(wallet) == 30
    reverse(exchange)
    assert (balance(wallet), debt(wallet), lots_left(wallet)) == (100, 0, [30, 70])
    assert_books_balance()


def test_debts_of_many_wallets_are_settled_in_one_go(wallet: Enrolment) -> None:
    other = a_wallet(programme=wallet.programme)
    for owing in (wallet, other):
        returned = earn(owing, 100)
        spend(owing, 100)
        reverse(returned)
    earn(other, 20)
    earn(wallet, 150)
    assert [(balance(one), debt(one)) for one in (wallet, other)] == [(50, 0), (-80, 80)]
    assert PointsEntry.objects.filter(kind="reverse").count() == 2
    assert_books_balance()


def test_points_that_come_back_late_are_renewed_for_some_days_where_the_programme_does_so() -> None:
    wallet = a_wallet(programme=by_policy(jd_plus(), late_return="renew", late_return_days=30))
    earn(wallet, 100, expires_on=MARCH)
    exchange = spend(wallet, 60)
    reverse(exchange, on=JUNE)
    assert entries(wallet)[-4:] == [("expire", -40, MARCH), ("reverse", 60, JUNE), ("expire", -60, JUNE),
                                    ("reinstate", 60, JUNE)]
    renewed = PointsEntry.objects.get(kind="reinstate")
    assert renewed.lot is not None and renewed.reverses is not None
    assert (renewed.lot.points, renewed.lot.expires_on, renewed.reverses.points) == (60, date(2027, 7, 1), -60)
    assert (balance(wallet), spendable_points(wallet, on=JUNE)) == (60, 60)
    assert_books_balance()


def test_what_a_late_return_claims_is_not_renewed() -> None:
    wallet = a_wallet(programme=by_policy(jd_plus(), late_return="renew", late_return_days=30))
    returned = earn(wallet, 100, expires_on=MARCH)
    exchange = spend(wallet, 60)
    reverse(returned, points=70)
    reverse(exchange, on=JUNE)
    # 30 of the 60 were taken back with the award.
    assert (balance(wallet), spendable_points(wallet, on=JUNE)) == (30, 30)
    assert_books_balance()
