"""Points given and taken by hand: with a reason, within a limit, one by one or many at once."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group

from memberships.errors import (
    AdjustmentReasonError,
    InsufficientPointsError,
    KeyConflictError,
    PointsAmountError,
    PointsExpiryError,
    ReservedKeyError,
)
from memberships.models import AdjustmentReason, Enrolment, PointsEntry, PointsLot
from memberships.services.points_adjustments import (
    Adjustment,
    Uncovered,
    adjust_points,
    adjust_points_for_many,
    find_uncovered,
    offer_adjustment,
)
from operations.approvals import Outcome
from operations.errors import NotPermittedError
from operations.models import Approval
from operations.roles import APPROVER, OPERATOR
from operations.services.approvals import approve
from tests.memberships.factories import TODAY, an_operator, jd_plus
from tests.memberships.points_stories import (
    JUNE,
    MARCH,
    a_wallet,
    accounts,
    assert_books_balance,
    balance,
    by_policy,
    debt,
    draws,
    earn,
    entries,
    expire,
    lots_left,
    morning,
    reverse,
    spend,
)

pytestmark = pytest.mark.django_db


def adjust(
    wallet: Enrolment, points: int, *, code: str = "goodwill", key: str = "case:1", on: date = TODAY, **facts: Any
) -> PointsEntry:
    return adjust_points(wallet, points, reason_code=code, key=key, on=on, at=morning(on), actor=None, **facts)


def test_goodwill_is_a_lot_of_its_own_with_its_reason() -> None:
    wallet = a_wallet()
    entry = adjust(wallet, 200, expires_on=JUNE, qualifying=20, reason="包裹丢失")
    lot = PointsLot.objects.get()
    assert (entry.kind, entry.points, entry.qualifying, entry.lot) == ("adjust", 200, 20, lot)
    assert (accounts(entry), entry.reason_code.code, entry.reason) == (  # type: ignore[union-attr]
        "adjustment to liability", "goodwill", "包裹丢失"
    )
    assert (lot.remaining, lot.expires_on, balance(wallet)) == (200, JUNE, 200)
    assert_books_balance()


def test_correction_takes_the_earliest_expiry_first() -> None:
    wallet = a_wallet()
    earn(wallet, 100)
    earn(wallet, 30, expires_on=MARCH)
    entry = adjust(wallet, -50, code="correction")
    assert (accounts(entry), draws(entry)) == ("liability to adjustment", [(100, 20), (30, 30)])
    assert (balance(wallet), debt(wallet), lots_left(wallet)) == (80, 0, [80, 0])
    assert_books_balance()


def test_points_given_on_the_eve_of_inactivity_put_it_off_and_points_taken_do_not() -> None:
    given, taken = a_wallet(), a_wallet()
    by_policy(given.programme, expiry="inactivity", expiry_months=1)
    earn(given, 10)
    earn(taken, 10)
    eve = MARCH - timedelta(days=1)
    adjust(given, 500, on=eve)
    adjust(taken, -3, on=eve)
    expire(given, on=MARCH)
    expire(taken, on=MARCH)
    assert (balance(given), balance(taken)) == (510, 0)
    expire(given, on=date(2027, 4, 1))
    assert balance(given) == 0
    assert_books_balance()


def test_no_more_is_taken_than_can_be_spent() -> None:
    wallet = a_wallet()
    earn(wallet, 100, expires_on=MARCH)
    earn(wallet, 70, pending_until=JUNE)
    with pytest.raises(InsufficientPointsError) as refusal:
        adjust(wallet, -101)
    assert (refusal.value.asked, refusal.value.spendable) == (101, 100)
    with pytest.raises(InsufficientPointsError):
        adjust(wallet, -1, on=MARCH)
    assert balance(wallet) == 100
    assert_books_balance()


def test_qualifying_points_are_put_right_alone() -> None:
    wallet = a_wallet()
    up, down = adjust(wallet, 0, qualifying=40), adjust(wallet, 0, qualifying=-15, key="case:2")
    assert [(entry.points, entry.qualifying, entry.lot) for entry in (up, down)] == [(0, 40, None), (0, -15, None)]
    assert balance(wallet) == 0
    assert_books_balance()


def test_same_case_is_adjusted_once_and_with_another_body_it_is_refused() -> None:
    wallet = a_wallet()
    first = adjust(wallet, 100, expires_on=JUNE)
    assert adjust(wallet, 100, expires_on=JUNE, on=date(2027, 7, 1)) == first
    others: list[tuple[int, dict[str, Any]]] = [
        (101, {"expires_on": JUNE}), (100, {}), (100, {"expires_on": JUNE, "qualifying": 1}),
        (100, {"expires_on": JUNE, "code": "correction"}),
    ]
    for points, facts in others:
        with pytest.raises(KeyConflictError):
            adjust(wallet, points, **facts)
    spend(wallet, 10, key="order:1")
    with pytest.raises(KeyConflictError):
        adjust(wallet, -10, key="order:1")
    assert balance(wallet) == 90


def test_bad_adjustments_are_refused() -> None:
    wallet = a_wallet()
    with pytest.raises(PointsAmountError):
        adjust(wallet, 0)
    with pytest.raises(ReservedKeyError):
        adjust(wallet, 5, key="post:1")
    with pytest.raises(AdjustmentReasonError, match="whim"):
        adjust(wallet, 5, code="whim")
    with pytest.raises(PointsExpiryError):
        adjust(wallet, 5, expires_on=TODAY)
    assert entries(wallet) == []


def test_what_is_given_pays_what_is_owed() -> None:
    wallet = a_wallet(programme=by_policy(jd_plus(), reversal="may_go_negative"))
    returned = earn(wallet, 100)
    spend(wallet, 100)
    reverse(returned)
    adjust(wallet, 130)
    assert (balance(wallet), debt(wallet), lots_left(wallet)) == (30, 0, [0, 30])
    with pytest.raises(InsufficientPointsError):
        adjust(wallet, -31, key="case:2")
    assert_books_balance()


def test_many_wallets_are_adjusted_at_once_all_or_none() -> None:
    one, another = a_wallet(), a_wallet()
    earn(one, 100)
    wanted = [
        Adjustment(one.pk, -60, "case:1", "correction", reason="重复入账"),
        Adjustment(another.pk, 20, "case:1", "migration"),
        Adjustment(one.pk, -60, "case:2", "correction"), Adjustment(one.pk, 30, "case:3", "goodwill", JUNE),
    ]
    operator = an_operator()
    assert adjust_points_for_many(wanted, on=TODAY, at=morning(TODAY), actor=operator) == 4
    assert (balance(one), balance(another), lots_left(one)) == (10, 20, [10, 0])
    assert PointsEntry.objects.get(enrolment=one, key="case:1").reason == "重复入账"
    assert adjust_points_for_many(wanted, on=TODAY, at=morning(TODAY), actor=operator) == 0
    too_much = [Adjustment(another.pk, 5, "case:4", "goodwill"), Adjustment(one.pk, -11, "case:4", "correction")]
    assert find_uncovered(too_much, on=TODAY) == [Uncovered(one.pk, 11, 10)]
    with pytest.raises(InsufficientPointsError):
        adjust_points_for_many(too_much, on=TODAY, at=morning(TODAY), actor=operator)
    assert balance(another) == 20
    assert_books_balance()


def test_opening_balance_is_for_importers_and_cannot_be_chosen_at_the_desk() -> None:
    wallet = a_wallet()
    assert adjust(wallet, 500, code="opening-balance").points == 500
    operator = an_operator_of(OPERATOR.group)
    with pytest.raises(AdjustmentReasonError):
        offer_adjustment(
            wallet, 9_000, reason_code="opening-balance", key="case:2", on=TODAY, at=morning(TODAY), actor=operator,
            reason="x",
        )
    assert set(AdjustmentReason.objects.filter(is_active=True).values_list("code", flat=True)) == {
        "goodwill", "correction", "migration"
    }


def an_operator_of(group: str, username: str = "xiaomei") -> Any:
    user = an_operator(username)
    user.groups.add(Group.objects.get(name=group))
    return user


def test_operator_adjusts_up_to_a_limit_and_above_it_takes_two() -> None:
    wallet = a_wallet()
    xiaomei, boss = an_operator_of(OPERATOR.group), an_operator_of(APPROVER.group, "boss")

    def offer(points: int, key: str, actor: Any = xiaomei) -> Outcome | Approval:
        return offer_adjustment(
            wallet, points, reason_code="goodwill", key=key, on=TODAY, at=morning(TODAY), actor=actor, reason="补偿",
        )

    assert isinstance(offer(5_000, "case:1"), Outcome)
    request = offer(5_001, "case:2")
    assert isinstance(request, Approval) and balance(wallet) == 5_000
    assert (request.amount, offer(5_001, "case:2")) == (10_001, request)
    approve(request, checker=boss, decision="", on=TODAY, at=morning(TODAY))
    assert balance(wallet) == 10_001
    entry = PointsEntry.objects.get(key="case:2")
    assert (entry.actor, entry.reason) == (xiaomei, "补偿")
    # Taking that much takes two as well.
    assert isinstance(offer(-6_000, "case:3"), Approval)
    with pytest.raises(NotPermittedError):
        offer(5, "case:4", boss)
    assert_books_balance()


def test_many_small_adjustments_of_a_wallet_weigh_as_much_as_one() -> None:
    wallet, another = a_wallet(), a_wallet()
    xiaomei, ali = an_operator_of(OPERATOR.group), an_operator_of(OPERATOR.group, "ali")
    boss = an_operator_of(APPROVER.group, "boss")

    def offer(key: str, *, of: Any = wallet, actor: Any = xiaomei, on: date = TODAY) -> Outcome | Approval:
        return offer_adjustment(
            of, 2_500, reason_code="goodwill", key=key, on=on, at=morning(on), actor=actor, reason="补偿"
        )

    assert isinstance(offer("case:1"), Outcome) and isinstance(offer("case:2"), Outcome)
    request = offer("case:3")
    assert isinstance(request, Approval) and (request.amount, balance(wallet)) == (7_500, 5_000)
    assert "5,000" in str(request.figures)
    # A repeat adds nothing; another wallet, another day and another person weigh by themselves.
    assert isinstance(offer("case:2"), Outcome) and balance(wallet) == 5_000
    tomorrow = TODAY + timedelta(days=1)
    for said in ({"of": another}, {"on": tomorrow}, {"actor": ali}):
        assert isinstance(offer(f"case:{said}"[:40].replace(" ", ""), **said), Outcome)
    approve(request, checker=boss, decision="", on=TODAY, at=morning(TODAY))
    # What a second person approved is nobody's alone.
    last = offer("case:4")
    assert isinstance(last, Approval) and last.amount == 7_500
    assert_books_balance()
