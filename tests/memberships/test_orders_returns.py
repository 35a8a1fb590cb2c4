"""Returns: what comes back of an order takes back what the order brought too much, as the policy allows."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from memberships.errors import KeyConflictError, MemberClosedError, OrderError
from memberships.models import EarnRule, Enrolment, Member, Order, PointsEntry, PointsLot
from tests.memberships.factories import TODAY, a_person
from tests.memberships.order_stories import a_policy, a_promotion, a_shopper, give_back, order
from tests.memberships.points_stories import a_wallet, assert_books_balance, at_once, balance, reverse, spend

pytestmark = pytest.mark.django_db
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def wallet() -> Enrolment:
    return a_shopper()


def test_a_whole_return_takes_the_whole_award_back(wallet: Enrolment) -> None:
    bought = order(wallet, "A", "100.00")
    back = give_back(bought, "R", "100.00", on=TOMORROW, ordered_on=TOMORROW)
    assert (back.order.points, back.order.qualifying, back.missing) == (-100, -100, 0)
    assert (back.order.returns, balance(wallet)) == (bought, 0)
    assert_books_balance(wallet)


def test_several_returns_take_back_no_more_than_the_order_brought(wallet: Enrolment) -> None:
    bought = order(wallet, "A", "100.90")
    points = [give_back(bought, f"R{number}", "33.30").order.points for number in range(3)]
    # 67.60, 34.30 and 1.00 yuan are kept: 67, 34 and 1 points.
    assert points == [-33, -33, -33] and balance(wallet) == 1
    assert give_back(bought, "R4", "1.00").order.points == -1


def test_more_than_was_bought_does_not_come_back(wallet: Enrolment) -> None:
    bought = order(wallet, "A", "100.00")
    give_back(bought, "R1", "60.00")
    with pytest.raises(OrderError):
        give_back(bought, "R2", "40.01")
    assert balance(wallet) == 40
    assert give_back(bought, "R2", "40.00").order.points == -40


def test_a_return_takes_its_share_of_what_the_order_brought() -> None:
    wallet = a_shopper(minimum_spend=Decimal(50), cap_per_order=150)
    a_promotion(wallet.programme, "2")
    bought = order(wallet, "A", "100.00")
    assert bought.points == 150
    # A fifth of what the cap gave, then another, when the promotion is over.
    assert give_back(bought, "R1", "20.00").order.points == -30
    assert give_back(bought, "R2", "20.00", ordered_on=TOMORROW, on=TOMORROW).order.points == -30
    # 49.99 yuan are below the minimum of an order; half of this one is kept all the same.
    assert give_back(bought, "R3", "10.01").order.points == -15
    assert give_back(bought, "R4", "49.99").order.points == -75
    assert balance(wallet) == 0


def test_rule_that_is_rewritten_on_its_first_day_changes_no_return_of_that_days_orders(wallet: Enrolment) -> None:
    bought = order(wallet, "A", "100.00")
    EarnRule.objects.update(starts_on=TODAY, points_per_yuan=5, qualifying_per_yuan=0, minimum_spend=1_000)
    back = give_back(bought, "R1", "50.00")
    assert (back.order.points, back.order.qualifying) == (-50, -50)
    EarnRule.objects.update(points_per_yuan=0, minimum_spend=0)
    back = give_back(bought, "R2", "50.00")
    assert (back.order.points, back.order.qualifying, balance(wallet)) == (-50, -50, 0)
    assert_books_balance(wallet)


def test_what_is_kept_of_an_order_is_worth_at_least_what_it_would_have_brought(wallet: Enrolment) -> None:
    # 10.99 yuan bring ten points, and so would the ten that are kept.
    assert give_back(order(wallet, "A", "10.99"), "R1", "0.99").order.points == 0
    assert give_back(order(wallet, "B", "100.00"), "R2", "25.50").order.points == -25


def test_a_pending_award_is_less_before_it_is_posted() -> None:
    wallet = a_shopper()
    a_policy(wallet.programme, pending_days=7)
    bought = order(wallet, "A", "100.00")
    back = give_back(bought, "R", "30.00")
    lot = PointsLot.objects.get(enrolment=wallet)
    assert (back.order.points, back.order.qualifying, back.missing) == (-30, -30, 0)
    assert (lot.remaining, lot.qualifying, balance(wallet)) == (70, 70, 0)
    assert Enrolment.objects.get(pk=wallet.pk).pending == 70


@pytest.mark.parametrize(
    ("policy", "taken", "missing", "left"),
    [("within_balance", 20, 80, 0), ("may_go_negative", 100, 0, -80), ("pending_only", 0, 100, 20)],
)
def test_points_that_were_spent_are_taken_back_as_the_policy_says(
    wallet: Enrolment, policy: str, taken: int, missing: int, left: int
) -> None:
    a_policy(wallet.programme, reversal=policy)
    bought = order(wallet, "A", "100.00")
    spend(wallet, 80)
    back = give_back(bought, "R", "100.00")
    assert (-back.order.points, back.missing, balance(wallet)) == (taken, missing, left)
    assert give_back(bought, "R", "100.00") == back


def test_a_return_that_comes_again_is_the_first_one(wallet: Enrolment) -> None:
    bought = order(wallet, "A", "100.00")
    first = give_back(bought, "R", "30.00")
    assert give_back(bought, "R", "30.00", on=TOMORROW) == first
    assert Order.objects.count() == 2 and balance(wallet) == 70


@pytest.mark.parametrize("facts", [{"amount": "30.01"}, {"ordered_on": TODAY}])
def test_the_same_number_with_another_body_is_refused(wallet: Enrolment, facts: dict[str, Any]) -> None:
    bought = order(wallet, "A", "100.00", ordered_on=TODAY - timedelta(days=3))
    give_back(bought, "R", "30.00", ordered_on=TODAY - timedelta(days=1))
    with pytest.raises(KeyConflictError):
        give_back(bought, "R", **{"amount": "30.00", "ordered_on": TODAY - timedelta(days=1), **facts})


def test_a_return_does_not_take_the_number_of_an_order_of_anybody(wallet: Enrolment) -> None:
    other = a_wallet(a_person(), wallet.programme)
    bought = order(wallet, "A", "100.00")
    order(other, "B", "100.00")
    for number in ("A", "B"):
        with pytest.raises(KeyConflictError):
            give_back(bought, number, "100.00")
    assert (balance(wallet), balance(other)) == (100, 100)


def test_a_return_is_not_returned(wallet: Enrolment) -> None:
    back = give_back(order(wallet, "A", "100.00"), "R", "30.00").order
    with pytest.raises(OrderError):
        give_back(back, "RR", "30.00")


def test_nothing_comes_back_before_it_was_bought(wallet: Enrolment) -> None:
    with pytest.raises(OrderError):
        give_back(order(wallet, "A", "100.00"), "R", "30.00", ordered_on=date(2027, 1, 14))


def test_an_order_that_brought_nothing_can_come_back() -> None:
    wallet = a_wallet()
    back = give_back(order(wallet, "A", "100.00"), "R", "100.00")
    assert (back.order.points, back.missing) == (0, 0)


def test_what_was_reversed_by_hand_is_neither_taken_again_nor_missing(wallet: Enrolment) -> None:
    bought = order(wallet, "A", "100.00")
    reverse(PointsEntry.objects.get(key="order:A"), points=50)
    back = give_back(bought, "R", "100.00")
    assert (back.order.points, back.order.qualifying, back.missing, back.missing_qualifying) == (-50, -50, 0, 0)
    assert balance(wallet) == 0
    assert give_back(bought, "R", "100.00") == back
    assert_books_balance(wallet)


def test_award_that_was_reversed_by_hand_as_a_whole_leaves_a_return_nothing_to_take(wallet: Enrolment) -> None:
    bought = order(wallet, "A", "100.00")
    give_back(bought, "R1", "50.00")
    reverse(PointsEntry.objects.get(key="order:A"))
    back = give_back(bought, "R2", "50.00")
    assert (back.order.points, back.missing, back.missing_qualifying, balance(wallet)) == (0, 0, 0, 0)
    assert give_back(bought, "R2", "50.00") == back


def test_what_the_member_may_keep_is_missing_as_far_as_it_was_not_reversed_before(wallet: Enrolment) -> None:
    bought = order(wallet, "A", "100.00")
    reverse(PointsEntry.objects.get(key="order:A"), points=30)
    a_policy(wallet.programme, reversal="pending_only")
    back = give_back(bought, "R", "100.00")
    assert (back.order.points, back.missing, balance(wallet)) == (0, 70, 70)
    assert give_back(bought, "R", "100.00") == back


@pytest.mark.parametrize("policy", ["within_balance", "pending_only"])
@pytest.mark.parametrize("qualifying", [0, 1])
def test_points_that_expired_before_the_goods_came_back_are_not_missing(policy: str, qualifying: int) -> None:
    wallet = a_shopper(qualifying_per_yuan=Decimal(qualifying))
    a_policy(wallet.programme, reversal=policy)
    bought = order(wallet, "A", "100.00")
    spend(wallet, 30)
    early = give_back(bought, "R1", "10.00")
    PointsLot.objects.filter(enrolment=wallet).update(expires_on=TOMORROW)
    late = give_back(bought, "R2", "90.00", on=TOMORROW)
    # Spent points of a kept award are still owed; the rest expired.
    assert (early.missing, late.missing) == ((10, 30) if policy == "pending_only" else (0, 30))
    assert [give_back(bought, "R1", "10.00"), give_back(bought, "R2", "90.00", on=TOMORROW)] == [early, late]


def test_return_of_an_expired_order_misses_nothing_with_or_without_qualifying_points() -> None:
    wallet = a_shopper(qualifying_per_yuan=Decimal(0))
    bought = order(wallet, "A", "100.00")
    PointsLot.objects.filter(enrolment=wallet).update(expires_on=TOMORROW)
    back = give_back(bought, "R", "100.00", on=TOMORROW)
    assert (back.missing, give_back(bought, "R", "100.00", on=TOMORROW)) == (0, back)


def test_closed_member_returns_what_was_bought_and_orders_nothing_more(wallet: Enrolment) -> None:
    bought = order(wallet, "A", "100.00")
    Member.objects.filter(pk=wallet.member_id).update(closed_on=TOMORROW)
    with pytest.raises(MemberClosedError):
        order(wallet, "B", "10.00", on=TOMORROW)
    # What was recorded before is still the first result.
    assert order(wallet, "A", "100.00", on=TOMORROW) == bought
    assert give_back(bought, "R", "100.00", on=TOMORROW).order.points == -100
    assert balance(wallet) == 0


@pytest.mark.django_db(transaction=True)
def test_two_returns_at_once_do_not_give_back_more_than_was_bought() -> None:
    wallet = a_shopper()
    bought = order(wallet, "A", "100.00")
    results = at_once(lambda: give_back(bought, "R1", "60.00"), lambda: give_back(bought, "R2", "60.00"))
    assert sorted(type(result).__name__ for result in results) == ["OrderError", "Returned"]
    assert balance(wallet) == 40
