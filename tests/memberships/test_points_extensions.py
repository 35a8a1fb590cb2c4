"""The day on which points end is put off: by hand, with a reason, before they are over."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import translation

from memberships.errors import KeyConflictError, PointsExtensionError, ReservedKeyError
from memberships.models import Enrolment, LotExtension, PointsLot, PointsPolicy
from memberships.services.points import spendable_points
from memberships.services.points_extensions import Extended, extend_points
from operations.models import JobRun
from tests.memberships.factories import TODAY, an_operator
from tests.memberships.points_night_stories import executed, foreseen, losses, night, outcomes
from tests.memberships.points_stories import (
    JUNE,
    MARCH,
    a_key,
    a_wallet,
    assert_books_balance,
    at_once,
    balance,
    earn,
    expire,
    morning,
    spend,
)

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
APRIL = date(2027, 4, 1)


def extend(
    wallet: Enrolment, ending_by: date = MARCH, to_date: date | None = JUNE, *, on: date = TODAY, key: str = ""
) -> Extended:
    return extend_points(
        wallet, ending_by=ending_by, to_date=to_date, key=key or a_key(), on=on, at=morning(on), actor=None,
        reason="the app was down",
    )


def days(wallet: Enrolment) -> list[date | None]:
    return list(PointsLot.objects.filter(enrolment=wallet).order_by("pk").values_list("expires_on", flat=True))


def test_what_ends_by_a_day_ends_later_and_what_ends_afterwards_stays() -> None:
    wallet = a_wallet()
    for points, expires_on in ((10, APRIL), (20, MARCH), (40, MARCH - DAY), (80, None)):
        earn(wallet, points, expires_on=expires_on)
    assert extend(wallet) == Extended(lots=2, points=60, to_date=JUNE)
    assert days(wallet) == [APRIL, JUNE, JUNE, None]
    night(MARCH)
    assert losses(wallet) == []
    night(JUNE)
    assert losses(wallet) == [(-10, APRIL), (-20, JUNE), (-40, JUNE)]
    assert_books_balance(wallet)


def test_extension_says_from_when_to_when_by_whom_and_why() -> None:
    wallet, operator = a_wallet(), an_operator()
    lot = earn(wallet, 10, expires_on=MARCH).lot
    extend_points(
        wallet, ending_by=APRIL, to_date=JUNE, key="case-7", on=TODAY, at=morning(TODAY), actor=operator,
        reason="the app was down",
    )
    made = LotExtension.objects.get()
    assert (made.lot, made.from_date, made.to_date, made.actor) == (lot, MARCH, JUNE, operator)
    assert (made.key, made.reason, made.on) == ("case-7", "the app was down", TODAY)


def test_points_may_be_made_to_stay() -> None:
    wallet = a_wallet()
    earn(wallet, 10, expires_on=MARCH)
    extend(wallet, to_date=None)
    night(date(2037, 1, 1))
    assert balance(wallet) == 10


def test_repeat_puts_nothing_off_twice_and_another_day_under_the_same_key_is_refused() -> None:
    wallet = a_wallet()
    earn(wallet, 10, expires_on=MARCH)
    assert extend(wallet, key="case-7") == extend(wallet, key="case-7") == Extended(1, 10, JUNE)
    assert LotExtension.objects.count() == 1
    with pytest.raises(KeyConflictError):
        extend(wallet, to_date=APRIL, key="case-7")
    with pytest.raises(ReservedKeyError):
        extend(wallet, key="expire:7")


def test_points_that_are_over_are_not_extended() -> None:
    wallet = a_wallet()
    earn(wallet, 10, expires_on=MARCH)
    with translation.override("en"), pytest.raises(PointsExtensionError, match="No points"):
        extend(wallet, on=MARCH)
    expire(wallet, on=MARCH)
    with translation.override("en"), pytest.raises(PointsExtensionError, match="No points"):
        extend(wallet, on=MARCH - DAY)


def test_what_a_night_that_has_begun_takes_is_not_extended() -> None:
    """The clock went back, or somebody ran tomorrow's night."""
    wallet = a_wallet()
    JobRun.objects.create(job="expire_points", business_date=MARCH, requested_at=morning(MARCH))
    earn(wallet, 10, expires_on=MARCH + DAY)
    PointsLot.objects.update(expires_on=MARCH)
    with pytest.raises(PointsExtensionError):
        extend(wallet, on=MARCH - DAY)


def test_days_are_only_put_off() -> None:
    wallet = a_wallet()
    earn(wallet, 10, expires_on=MARCH)
    for to_date in (MARCH, MARCH - DAY):
        with translation.override("en"), pytest.raises(PointsExtensionError, match="later"):
            extend(wallet, to_date=to_date)


def test_idle_wallet_keeps_its_points_longer() -> None:
    wallet = a_wallet()
    PointsPolicy.objects.create(programme=wallet.programme, expiry="inactivity", expiry_months=1)
    earn(wallet, 10)
    assert Enrolment.objects.get().idle_on == MARCH
    assert extend(wallet) == Extended(1, 10, JUNE)
    assert LotExtension.objects.get().from_date == MARCH
    assert spendable_points(wallet, on=APRIL) == 10
    night(MARCH)
    assert losses(wallet) == []
    night(JUNE)
    assert losses(wallet) == [(-10, JUNE)]


def test_wallet_whose_points_were_extended_since_the_dry_run_is_left_out() -> None:
    wallet = a_wallet()
    earn(wallet, 10, expires_on=MARCH)
    dry_run = foreseen(MARCH)
    extend(wallet)
    executed(dry_run)
    assert outcomes(dry_run) == {wallet.pk: "left_out"}
    assert balance(wallet) == 10


def test_extended_points_are_spent_by_their_new_day() -> None:
    wallet = a_wallet()
    first, second = earn(wallet, 10, expires_on=MARCH), earn(wallet, 10, expires_on=APRIL)
    extend(wallet)
    draw = spend(wallet, 10).draws.get()
    assert (draw.lot, first.lot) != (first.lot, second.lot)
    assert draw.lot == second.lot


def test_extensions_are_never_changed() -> None:
    wallet = a_wallet()
    earn(wallet, 10, expires_on=MARCH)
    extend(wallet)
    with pytest.raises(DatabaseError), transaction.atomic():
        LotExtension.objects.update(reason="another")


@pytest.mark.django_db(transaction=True)
def test_extension_beside_the_night_either_comes_first_or_finds_nothing() -> None:
    wallet = a_wallet()
    earn(wallet, 10, expires_on=MARCH)
    results = at_once(lambda: extend(wallet, on=MARCH - DAY), lambda: expire(wallet, on=MARCH))
    is_extended = isinstance(results[0], Extended)
    assert balance(wallet) == (10 if is_extended else 0)
    assert (losses(wallet) == []) == is_extended
    assert_books_balance()
