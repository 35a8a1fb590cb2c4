"""Points that expired are given again: within the programme's days, once, as a lot of their own."""

from datetime import date, timedelta
from typing import Any

import pytest

from memberships.errors import NotReinstatableError, PointsExpiryError
from memberships.models import Enrolment, PointsEntry, PointsLot, PointsPolicy
from memberships.services.points_reinstatement import expiry_of_new, reinstate_points
from tests.memberships.factories import an_operator
from tests.memberships.points_night_stories import losses, night
from tests.memberships.points_stories import (
    JUNE,
    MARCH,
    a_wallet,
    accounts,
    assert_books_balance,
    at_once,
    balance,
    earn,
    expire,
    morning,
    reverse,
    spend,
)

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def an_expiry(points: int = 100, **policy: Any) -> PointsEntry:
    """Points that expired on the first of March, of a programme that gives them again within thirty days."""
    wallet = a_wallet()
    facts = {"reinstate_days": 30, "expiry": "months", "expiry_months": 2, **policy}
    PointsPolicy.objects.get_or_create(programme=wallet.programme, defaults=facts)
    earn(wallet, points, expires_on=MARCH)
    expire(wallet, on=MARCH)
    return PointsEntry.objects.get(enrolment=wallet, kind="expire")


def reinstate(expired: PointsEntry, expires_on: date | None = JUNE, *, on: date = MARCH + DAY) -> PointsEntry:
    return reinstate_points(
        expired, expires_on=expires_on, on=on, at=morning(on), actor=None, reason="was in hospital"
    )


def test_expired_points_come_back_as_a_lot_with_its_own_day() -> None:
    expired = an_expiry()
    entry = reinstate(expired)
    wallet = entry.enrolment
    assert (entry.points, entry.reverses, accounts(entry)) == (100, expired, "breakage to liability")
    assert entry.lot is not None and entry.lot != expired.lot
    assert (entry.lot.earned_on, entry.lot.expires_on, balance(wallet)) == (MARCH + DAY, JUNE, 100)
    spend(wallet, 30, on=MARCH + DAY)
    night(JUNE)
    assert losses(wallet) == [(-100, MARCH), (-70, JUNE)]
    assert_books_balance(wallet)


def test_reinstatement_happens_once() -> None:
    expired = an_expiry()
    assert reinstate(expired) == reinstate(expired)
    assert (balance(expired.enrolment), PointsLot.objects.count()) == (100, 2)


def test_points_are_given_again_until_the_last_of_the_programmes_days_and_not_after() -> None:
    in_time, late = an_expiry(), an_expiry()
    reinstate(in_time, on=MARCH + 30 * DAY)
    with pytest.raises(NotReinstatableError, match="2027-03-31"):
        reinstate(late, on=MARCH + 31 * DAY)
    assert balance(late.enrolment) == 0


def test_programme_without_such_days_gives_nothing_again() -> None:
    with pytest.raises(NotReinstatableError):
        reinstate(an_expiry(reinstate_days=0))


def test_only_expired_points_are_given_again() -> None:
    wallet = an_expiry().enrolment
    with pytest.raises(NotReinstatableError):
        reinstate(earn(wallet, 5))


def test_points_are_not_given_again_for_a_time_that_is_over() -> None:
    expired = an_expiry()
    with pytest.raises(PointsExpiryError):
        reinstate(expired, MARCH + DAY)
    assert balance(expired.enrolment) == 0


def test_reinstated_points_may_expire_and_be_given_again_once_more() -> None:
    expired = an_expiry()
    again = reinstate(expired)
    expire(expired.enrolment, on=JUNE)
    second = PointsEntry.objects.get(lot=again.lot, kind="expire")
    reinstate(second, None, on=JUNE)
    assert balance(expired.enrolment) == 100
    assert_books_balance()


def test_new_day_is_proposed_by_the_programmes_policy() -> None:
    expired = an_expiry()
    assert expiry_of_new(expired.enrolment, on=MARCH + DAY) == JUNE


def test_wallet_of_which_all_ended_by_inactivity_is_in_use_again() -> None:
    wallet = a_wallet()
    PointsPolicy.objects.create(programme=wallet.programme, expiry="inactivity", expiry_months=1, reinstate_days=9)
    earn(wallet, 10)
    night(MARCH)
    reinstate(PointsEntry.objects.get(kind="expire"), None)
    assert (balance(wallet), Enrolment.objects.get().idle_on) == (10, date(2027, 5, 1))


def test_reinstated_points_pay_what_the_wallet_owes() -> None:
    expired = an_expiry(reversal="may_go_negative")
    wallet = expired.enrolment
    award = earn(wallet, 30)
    spend(wallet, 30)
    reverse(award)
    reinstate(expired)
    assert (balance(wallet), Enrolment.objects.get().debt) == (70, 0)


def test_reinstatement_names_the_operator_and_the_reason() -> None:
    expired, operator = an_expiry(), an_operator()
    entry = reinstate_points(
        expired, expires_on=None, on=MARCH, at=morning(MARCH), actor=operator, reason="was in hospital"
    )
    assert (entry.actor, entry.reason, entry.key) == (operator, "was in hospital", f"reinstate:{expired.pk}")


@pytest.mark.django_db(transaction=True)
def test_two_operators_at_once_give_the_points_again_once() -> None:
    expired = an_expiry()
    first, second = at_once(*[lambda: reinstate(expired)] * 2)
    assert first == second
    assert balance(expired.enrolment) == 100
    assert_books_balance()
