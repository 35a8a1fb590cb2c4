"""Orders as facts, and the points that follow: awarded, pending, once for ever."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from memberships.errors import KeyConflictError, OrderError
from memberships.models import Enrolment, Order, PointsEntry, PointsLot
from tests.memberships.factories import TODAY, a_person
from tests.memberships.order_stories import a_policy, a_promotion, a_rule, a_shopper, order
from tests.memberships.points_stories import a_wallet, at_once, balance, earn, entries

pytestmark = pytest.mark.django_db
TOMORROW = TODAY + timedelta(days=1)


def pending(wallet: Enrolment) -> int:
    return Enrolment.objects.get(pk=wallet.pk).pending


def test_an_order_brings_its_points_under_its_own_key() -> None:
    wallet = a_shopper()
    bought = order(wallet, "JD-1", "349.90")
    assert (bought.points, bought.qualifying, balance(wallet)) == (349, 349, 349)
    entry = PointsEntry.objects.get(member=wallet.member, key="order:JD-1")
    assert (entry.kind, entry.points, entry.qualifying) == ("earn", 349, 349)


def test_an_order_says_by_what_it_earned() -> None:
    wallet = a_shopper()
    fresh = a_rule(wallet.programme, code="fresh", category="fresh", points_per_yuan=Decimal(2))
    a_promotion(wallet.programme, "1.5")
    bought = order(wallet, "JD-1", "100.00", category="fresh")
    assert (bought.rule, bought.multiplier, bought.points, bought.qualifying) == (fresh, Decimal("1.5"), 300, 100)


def test_without_a_rule_an_order_is_a_fact_that_brings_nothing() -> None:
    wallet = a_wallet()
    bought = order(wallet, "JD-1", "100.00")
    assert (bought.points, bought.rule) == (0, None) and entries(wallet) == []


def test_an_award_waits_until_the_return_window_is_over() -> None:
    wallet = a_shopper()
    a_policy(wallet.programme, pending_days=7)
    order(wallet, "JD-1", "100.00")
    lot = PointsLot.objects.get(enrolment=wallet)
    assert (balance(wallet), pending(wallet)) == (0, 100)
    assert (lot.pending_until, lot.qualifying) == (TODAY + timedelta(days=7), 100)


@pytest.mark.parametrize(("days_ago", "is_pending"), [(7, True), (8, False)])
def test_an_order_whose_window_is_over_brings_its_points_at_once(days_ago: int, is_pending: bool) -> None:
    wallet = a_shopper()
    a_policy(wallet.programme, pending_days=7)
    order(wallet, "JD-1", "100.00", ordered_on=TODAY - timedelta(days=days_ago))
    assert (balance(wallet), pending(wallet)) == ((0, 100) if is_pending else (100, 0))


def test_points_end_as_the_policy_says() -> None:
    wallet = a_shopper()
    a_policy(wallet.programme, expiry="months", expiry_months=12)
    order(wallet, "JD-1", "100.00")
    assert PointsLot.objects.get(enrolment=wallet).expires_on == date(2028, 2, 1)


def test_the_days_cap_is_filled_in_the_order_of_the_orders() -> None:
    wallet = a_shopper(cap_per_day=150)
    points = [order(wallet, f"JD-{number}", "100.00").points for number in (1, 2, 3)]
    assert points == [100, 50, 0]
    assert order(wallet, "JD-4", "100.00", ordered_on=TOMORROW, on=TOMORROW).points == 100


def test_an_order_that_comes_again_is_the_first_one() -> None:
    wallet = a_shopper()
    first = order(wallet, "JD-1", "100.00")
    assert order(wallet, "JD-1", "100.00", on=TOMORROW) == first
    assert Order.objects.count() == 1 and balance(wallet) == 100


@pytest.mark.parametrize(
    "facts", [{"amount": "100.01"}, {"category": "fresh"}, {"ordered_on": TODAY - timedelta(days=1)}]
)
def test_the_same_number_with_other_facts_is_refused(facts: dict[str, object]) -> None:
    wallet = a_shopper()
    order(wallet, "JD-1", "100.00")
    with pytest.raises(KeyConflictError):
        order(wallet, "JD-1", **{"amount": "100.00", **facts})  # type: ignore[arg-type]
    assert balance(wallet) == 100


def test_the_same_number_for_another_member_is_refused() -> None:
    wallet = a_shopper()
    other = a_wallet(a_person(), wallet.programme)
    order(wallet, "JD-1", "100.00")
    with pytest.raises(KeyConflictError):
        order(other, "JD-1", "100.00")
    assert balance(other) == 0


def test_a_number_that_the_ledger_knows_from_elsewhere_is_refused() -> None:
    wallet = a_shopper()
    earn(wallet, 5, key="order:JD-1")
    with pytest.raises(KeyConflictError):
        order(wallet, "JD-1", "100.00")
    assert not Order.objects.exists() and balance(wallet) == 5


@pytest.mark.parametrize(
    ("number", "amount", "day"),
    [("", "1.00", TODAY), (" ", "1.00", TODAY), ("9" * 49, "1.00", TODAY), ("1", "-0.01", TODAY), ("1", "0.001", TODAY),
     ("1", "1.00", TOMORROW)],
)
def test_what_is_no_order_is_refused(number: str, amount: str, day: date) -> None:
    wallet = a_shopper()
    with pytest.raises(OrderError):
        order(wallet, number, amount, ordered_on=day)
    assert not Order.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_one_order_that_comes_five_times_at_once_is_one_order() -> None:
    wallet = a_shopper()
    results = at_once(*[lambda: order(wallet, "JD-1", "100.00").pk for _time in range(5)])
    assert len(set(results)) == 1 and balance(wallet) == 100


@pytest.mark.django_db(transaction=True)
def test_two_members_who_claim_one_number_at_once_do_not_both_get_it() -> None:
    first = a_shopper()
    second = a_wallet(a_person(), first.programme)
    results = at_once(lambda: order(first, "JD-1", "100.00"), lambda: order(second, "JD-1", "100.00"))
    assert sorted(type(result).__name__ for result in results) == ["KeyConflictError", "Order"]
    assert sorted([balance(first), balance(second)]) == [0, 100]
