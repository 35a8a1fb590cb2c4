"""Wallets are opened and filled."""

from datetime import date

import pytest

from memberships.errors import (
    AudienceError,
    KeyConflictError,
    MemberClosedError,
    PointsAmountError,
    PointsExpiryError,
    ReservedKeyError,
)
from memberships.models import Enrolment, Member, PointsEntry, PointsLot
from memberships.services.points import Grant, earn_points_for_many, enrol_member, wallet_figures
from operations.models import JobRun
from tests.memberships.factories import TODAY, a_firm, a_person, an_operator, jd_plus, jd_plus_enterprise
from tests.memberships.points_stories import (
    JUNE,
    MARCH,
    a_wallet,
    accounts,
    assert_books_balance,
    balance,
    earn,
    entries,
    lots_left,
    morning,
    spend,
)

pytestmark = pytest.mark.django_db


def test_member_has_one_wallet_in_a_programme() -> None:
    member, programme = a_person(), jd_plus()
    first = enrol_member(member, programme, on=TODAY, at=morning(TODAY), actor=None)
    again = enrol_member(member, programme, on=MARCH, at=morning(MARCH), actor=an_operator())
    assert again == first
    assert Enrolment.objects.get().enrolled_on == TODAY


def test_firm_cannot_enrol_in_a_programme_for_persons() -> None:
    with pytest.raises(AudienceError):
        enrol_member(a_firm(), jd_plus(), on=TODAY, at=morning(TODAY), actor=None)


def test_closed_member_cannot_enrol_but_keeps_the_wallet_there_is() -> None:
    member, programme = a_person(), jd_plus()
    wallet = enrol_member(member, programme, on=TODAY, at=morning(TODAY), actor=None)
    Member.objects.filter(pk=member.pk).update(closed_on=TODAY)
    assert enrol_member(member, programme, on=TODAY, at=morning(TODAY), actor=None) == wallet
    with pytest.raises(MemberClosedError):
        enrol_member(member, jd_plus(code="points-only"), on=TODAY, at=morning(TODAY), actor=None)


def test_earned_points_are_a_lot_and_an_entry_that_the_programme_owes() -> None:
    wallet = a_wallet()
    entry = earn(wallet, 120, expires_on=JUNE)
    lot = PointsLot.objects.get()
    assert (lot.points, lot.remaining, lot.earned_on, lot.expires_on) == (120, 120, TODAY, JUNE)
    assert (entry.lot, entry.points, accounts(entry)) == (lot, 120, "issued to liability")
    assert balance(wallet) == 120
    assert_books_balance()


def test_wallet_shows_what_can_be_spent_and_what_goes_next() -> None:
    wallet = a_wallet()
    earn(wallet, 500)
    earn(wallet, 30, expires_on=JUNE)
    earn(wallet, 10, expires_on=MARCH)
    earn(wallet, 5, expires_on=MARCH)
    now, in_march = wallet_figures(wallet, on=TODAY), wallet_figures(wallet, on=MARCH)
    assert (now.balance, now.spendable, now.next_expiry_on, now.next_expiry_points) == (545, 545, MARCH, 15)
    # No night has booked the loss yet, but the points are gone.
    assert (in_march.balance, in_march.spendable, in_march.next_expiry_on) == (545, 530, JUNE)
    assert wallet_figures(wallet, on=JUNE).next_expiry_on is None


def test_empty_wallet_shows_nothing() -> None:
    figures = wallet_figures(a_wallet(), on=TODAY)
    assert (figures.balance, figures.spendable, figures.next_expiry_on, figures.next_expiry_points) == (0, 0, None, 0)


def test_same_order_earns_once() -> None:
    wallet = a_wallet()
    first = earn(wallet, 120, expires_on=JUNE, key="order:1")
    again = earn(wallet, 120, expires_on=JUNE, key="order:1", on=MARCH)
    assert again == first
    assert again.on == TODAY
    assert lots_left(wallet) == [120]


@pytest.mark.parametrize(("points", "expires_on"), [(121, JUNE), (120, MARCH), (120, None)])
def test_same_order_with_other_points_or_another_expiry_is_refused(points: int, expires_on: date | None) -> None:
    wallet = a_wallet()
    earn(wallet, 120, expires_on=JUNE, key="order:1")
    with pytest.raises(KeyConflictError, match="order:1"):
        earn(wallet, points, expires_on=expires_on, key="order:1")
    assert balance(wallet) == 120


def test_key_of_a_spend_or_of_the_other_wallet_is_refused() -> None:
    wallet = a_wallet()
    other = a_wallet(wallet.member, jd_plus(code="points-only"))
    earn(wallet, 120, key="order:1")
    spend(wallet, 20, key="order:2")
    for used in ("order:1", "order:2"):
        with pytest.raises(KeyConflictError):
            earn(other, 120, key=used)
    assert entries(other) == []
    # Another member's ledger is another matter.
    assert earn(a_wallet(), 120, key="order:1").points == 120


@pytest.mark.parametrize("points", [0, -5])
def test_earning_nothing_or_less_is_refused(points: int) -> None:
    with pytest.raises(PointsAmountError):
        earn(a_wallet(), points)


@pytest.mark.parametrize("key", ["", "expire:1", "k" * 65])
def test_key_that_is_blank_too_long_or_the_ledgers_own_is_refused(key: str) -> None:
    with pytest.raises(ReservedKeyError):
        earn_points_for_many([Grant(a_wallet().pk, 1, key)], on=TODAY, at=morning(TODAY), actor=None)


def test_points_that_are_over_on_the_day_they_are_earned_are_refused() -> None:
    with pytest.raises(PointsExpiryError):
        earn(a_wallet(), 120, expires_on=TODAY)


def test_points_that_expire_by_a_night_that_was_run_are_refused() -> None:
    JobRun.objects.create(job="expire_points", business_date=MARCH, requested_at=morning(MARCH))
    JobRun.objects.create(
        job="expire_points", business_date=JUNE, scope="dry", is_dry_run=True, requested_at=morning(MARCH)
    )
    wallet = a_wallet()
    with pytest.raises(PointsExpiryError):
        earn(wallet, 120, expires_on=MARCH)
    assert earn(wallet, 120, expires_on=date(2027, 3, 2)).points == 120


def test_repeating_an_earn_whose_points_are_over_by_now_returns_the_first_result() -> None:
    wallet = a_wallet()
    first = earn(wallet, 120, expires_on=MARCH, key="order:1")
    JobRun.objects.create(job="expire_points", business_date=MARCH, requested_at=morning(MARCH))
    assert earn(wallet, 120, expires_on=MARCH, key="order:1", on=JUNE) == first
    with pytest.raises(KeyConflictError):
        earn(wallet, 7, expires_on=MARCH, key="order:1")
    grants = [Grant(wallet.pk, 120, "order:1", MARCH), Grant(wallet.pk, 5, "order:2", MARCH)]
    with pytest.raises(PointsExpiryError):
        earn_points_for_many(grants, on=TODAY, at=morning(TODAY), actor=None)
    assert balance(wallet) == 120


def test_many_wallets_are_filled_at_once_as_one_by_one() -> None:
    one, another = a_wallet(), a_wallet()
    earn(one, 7, key="order:1")
    grants = [
        Grant(another.pk, 300, "order:2", JUNE), Grant(one.pk, 7, "order:1"), Grant(one.pk, 20, "order:3", MARCH),
        Grant(one.pk, 20, "order:4", MARCH), Grant(another.pk, 300, "order:2", JUNE),
    ]
    operator = an_operator()
    booked = earn_points_for_many(grants, on=MARCH.replace(month=2), at=morning(TODAY), actor=operator, reason="春节")
    assert booked == 3
    assert (balance(one), balance(another)) == (47, 300)
    assert lots_left(one) == [7, 20, 20]
    last = PointsEntry.objects.get(key="order:4")
    assert (last.actor, last.reason, last.on, last.lot.earned_on) == (operator, "春节", date(2027, 2, 1), last.on)  # type: ignore[union-attr]
    assert earn_points_for_many(grants, on=JUNE.replace(day=2, month=2), at=morning(JUNE), actor=None) == 0
    assert_books_balance()


def test_of_many_grants_none_is_booked_when_one_is_wrong() -> None:
    one, another = a_wallet(), a_wallet()
    earn(one, 7, key="order:1")
    wrong = [
        [Grant(another.pk, 5, "order:2"), Grant(one.pk, 8, "order:1")],
        [Grant(another.pk, 5, "order:2"), Grant(another.pk, 6, "order:2")],
    ]
    for grants in wrong:
        with pytest.raises(KeyConflictError):
            earn_points_for_many(grants, on=TODAY, at=morning(TODAY), actor=None)
    with pytest.raises(Enrolment.DoesNotExist):
        earn_points_for_many(
            [Grant(one.pk, 5, "order:2"), Grant(0, 5, "order:2")], on=TODAY, at=morning(TODAY), actor=None
        )
    assert (balance(one), balance(another)) == (7, 0)


def test_one_key_for_two_wallets_of_a_member_is_refused_among_many_grants() -> None:
    wallet = a_wallet()
    other = a_wallet(wallet.member, jd_plus(code="points-only"))
    with pytest.raises(KeyConflictError, match="order:1"):
        earn_points_for_many(
            [Grant(wallet.pk, 5, "order:1"), Grant(other.pk, 5, "order:1")], on=TODAY, at=morning(TODAY), actor=None
        )


def test_no_grants_book_nothing() -> None:
    assert earn_points_for_many([], on=TODAY, at=morning(TODAY), actor=None) == 0


def test_firms_earn_points_too() -> None:
    wallet = a_wallet(a_firm(), jd_plus_enterprise())
    earn(wallet, 35_000)
    assert balance(wallet) == 35_000
