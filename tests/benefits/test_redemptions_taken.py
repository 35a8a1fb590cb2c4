"""What a use takes besides the quota: points, units of a stock, money of a budget. All of it, or nothing."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import connection, connections, transaction

from benefits.errors import BudgetExceededError, OutOfStockError, QuotaUsedUpError
from benefits.models import BudgetEntry, Grant, Redemption
from memberships.errors import InsufficientPointsError
from memberships.models import Enrolment, PointsEntry
from operations.models import OutboxMessage
from tests.benefits.redemption_stories import (
    a_benefit,
    a_budget,
    a_coupon,
    a_gift,
    a_member,
    a_rule,
    a_stock,
    an_exchange,
    differences,
    held,
    spent,
    taken,
    use,
    uses,
)
from tests.memberships.factories import TODAY, a_person
from tests.memberships.points_stories import MARCH, a_wallet, assert_books_balance, at_once, balance, draws, earn

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)

#: What a partner does that has no code left to give: a floor above refuses the grant.
REFUSING = """
CREATE FUNCTION refuse_grants() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'no code is left' USING ERRCODE = 'check_violation', CONSTRAINT = '{constraint}';
END $$;
CREATE TRIGGER refuse_grants AFTER INSERT ON benefits_grant FOR EACH ROW EXECUTE FUNCTION refuse_grants();
"""


def assert_nothing_was_done(wallet: Enrolment, points: int) -> None:
    assert (balance(wallet), Redemption.objects.count(), Grant.objects.count()) == (points, 0, 0)
    assert not PointsEntry.objects.filter(kind="spend").exists()
    assert not BudgetEntry.objects.exists()
    assert not OutboxMessage.objects.filter(topic="benefit.redeemed").exists()
    assert differences() == []


def test_life_service_is_bought_with_points_the_earliest_expiry_first() -> None:
    benefit, wallet = an_exchange(100), a_wallet()
    earn(wallet, 150)
    earn(wallet, 90, expires_on=MARCH)
    done = use(wallet.member, benefit, quantity=2)
    assert (done.points, balance(wallet)) == (200, 40)
    assert done.points_entry is not None
    assert (draws(done.points_entry), done.points_entry.key) == ([(150, 110), (90, 90)], f"redemption:{done.pk}")
    assert held(wallet.member) == [("cleaning", "live", TODAY, None)]
    with pytest.raises(InsufficientPointsError) as refusal:
        use(wallet.member, benefit)
    assert (refusal.value.asked, refusal.value.spendable) == (100, 40)
    assert uses(wallet.member, benefit) == 2
    assert_books_balance()
    assert differences() == []


def test_points_that_are_not_there_leave_nothing_behind() -> None:
    benefit, wallet = an_exchange(100), a_wallet()
    earn(wallet, 99)
    with pytest.raises(InsufficientPointsError):
        use(wallet.member, benefit)
    assert uses(wallet.member, benefit) is None
    assert_nothing_was_done(wallet, 99)


def test_card_without_a_wallet_has_no_points_to_pay_with() -> None:
    member, benefit = a_member(), a_benefit()
    a_rule(benefit, 1, points_price=5)
    with pytest.raises(InsufficientPointsError) as refusal:
        use(member, benefit)
    assert refusal.value.spendable == 0


def test_number_of_a_redemption_that_the_ledger_knows_from_elsewhere_is_nobodys_payment() -> None:
    """An operator may have given any key to a spend of his."""
    from memberships.errors import KeyConflictError
    from tests.memberships.points_stories import spend

    benefit, wallet = an_exchange(10), a_wallet()
    earn(wallet, 100)
    number = use(wallet.member, benefit).pk
    for further in range(1, 4):
        spend(wallet, 10, key=f"redemption:{number + further}")
    with pytest.raises(KeyConflictError):
        use(wallet.member, benefit)
    assert differences() == []


def test_points_price_and_price_in_yuan_are_of_each_use() -> None:
    member = a_member()
    wallet, benefit = a_wallet(member), a_benefit(unit_cost=Decimal("1.2345"))
    a_rule(benefit, 12, points_price=30, member_price=Decimal("9.90"))
    earn(wallet, 100)
    done = use(member, benefit, quantity=3)
    assert (done.points, done.price, done.cost) == (90, Decimal("29.70"), Decimal("3.7035"))
    assert done.face_value is None


def test_last_units_of_a_stock() -> None:
    benefit = a_gift(None)
    a_stock(benefit, 3)
    member = a_member()
    use(member, benefit, quantity=2)
    with pytest.raises(OutOfStockError) as refusal:
        use(member, benefit, quantity=2)
    assert refusal.value.asked == 2
    use(a_member(), benefit)
    assert (taken(benefit), uses(member, benefit)) == (3, 2)
    assert differences() == []


def test_stock_that_is_out_takes_no_points() -> None:
    benefit, wallet = an_exchange(100), a_wallet()
    a_stock(benefit, 0)
    earn(wallet, 100)
    with pytest.raises(OutOfStockError):
        use(wallet.member, benefit)
    assert_nothing_was_done(wallet, 100)


def test_budget_is_drawn_on_by_what_a_use_costs() -> None:
    budget = a_budget("6.00")
    benefit, other = a_gift(None, budget=budget), a_benefit(budget=budget, unit_cost=Decimal("0.5"))
    a_rule(other)
    member = a_member()
    done = use(member, benefit, quantity=2)
    use(member, other)
    entry = BudgetEntry.objects.get(key=f"redemption:{done.pk}")
    assert (entry.amount, entry.kind, entry.on) == (Decimal("5.00"), "draw", TODAY)
    with pytest.raises(BudgetExceededError, match=r"0\.5") as refusal:
        use(member, benefit)
    assert (refusal.value.left, refusal.value.asked) == (Decimal("0.5"), Decimal("2.5"))
    use(member, other)
    assert spent(budget) == Decimal("6.00")
    assert differences() == []


def test_budget_holds_from_its_first_day_to_its_last() -> None:
    budget = a_budget("100", starts_on=TODAY, ends_on=TODAY + DAY)
    benefit, member = a_coupon(None, budget=budget), a_member(on=TODAY - 9 * DAY)
    for day in (TODAY - DAY, TODAY + 2 * DAY):
        with pytest.raises(BudgetExceededError, match=str(day)):
            use(member, benefit, on=day)
    use(member, benefit, on=TODAY)
    use(member, benefit, on=TODAY + DAY)
    assert spent(budget) == Decimal("5")


def test_budget_that_is_exhausted_takes_neither_points_nor_units() -> None:
    budget = a_budget("1.00")
    benefit, wallet = an_exchange(100, budget=budget, unit_cost=Decimal("1.01")), a_wallet()
    a_stock(benefit, 5)
    earn(wallet, 100)
    with pytest.raises(BudgetExceededError):
        use(wallet.member, benefit)
    assert (taken(benefit), spent(budget)) == (0, 0)
    assert_nothing_was_done(wallet, 100)


def test_partner_without_a_code_left_is_out_of_stock_and_takes_no_points() -> None:
    benefit, wallet = an_exchange(100), a_wallet()
    earn(wallet, 100)
    with connection.cursor() as cursor:
        cursor.execute(REFUSING.format(constraint="stock_exhausted"))
    with pytest.raises(OutOfStockError):
        use(wallet.member, benefit)
    assert_nothing_was_done(wallet, 100)


def test_what_else_a_floor_above_refuses_is_no_lack_of_stock() -> None:
    benefit, wallet = an_exchange(100), a_wallet()
    earn(wallet, 100)
    with connection.cursor() as cursor:
        cursor.execute(REFUSING.format(constraint="something_else"))
    with pytest.raises(Exception, match="no code is left"), transaction.atomic():
        use(wallet.member, benefit)
    assert_nothing_was_done(wallet, 100)


def test_refusal_in_a_transaction_of_somebody_else_spoils_nothing() -> None:
    benefit, wallet = an_exchange(100, quota=1), a_wallet()
    earn(wallet, 300)
    with transaction.atomic():
        use(wallet.member, benefit)
        with pytest.raises(QuotaUsedUpError):
            use(wallet.member, benefit)
        earn(wallet, 5)
    assert (balance(wallet), uses(wallet.member, benefit)) == (205, 1)


@pytest.mark.django_db(transaction=True)
def test_64_members_at_the_last_unit_of_a_stock_get_it_once() -> None:
    benefit = a_coupon(None)
    a_stock(benefit, 1)
    members = [a_member() for _number in range(64)]
    results = at_once(*[lambda member=member: use(member, benefit) for member in members])
    assert counted(results) == {"Redemption": 1, "OutOfStockError": 63}
    assert (taken(benefit), Grant.objects.count()) == (1, 1)
    assert differences() == []


@pytest.mark.django_db(transaction=True)
def test_64_members_at_the_last_yuan_of_a_budget_get_it_once() -> None:
    budget = a_budget("2.50")
    benefit = a_coupon(None, budget=budget)
    members = [a_member() for _number in range(64)]
    results = at_once(*[lambda member=member: use(member, benefit) for member in members])
    assert counted(results) == {"Redemption": 1, "BudgetExceededError": 63}
    assert spent(budget) == Decimal("2.50")
    assert differences() == []


@pytest.mark.django_db(transaction=True)
def test_64_desks_with_points_for_one_exchange_make_one() -> None:
    benefit, wallet = an_exchange(100), a_wallet()
    earn(wallet, 60)
    earn(wallet, 45, expires_on=MARCH)
    results = at_once(*[lambda: use(wallet.member, benefit)] * 64)
    assert counted(results) == {"Redemption": 1, "InsufficientPointsError": 63}
    assert (balance(wallet), uses(wallet.member, benefit)) == (5, 1)
    assert_books_balance(wallet)
    assert differences() == []


@pytest.mark.django_db(transaction=True)
def test_many_members_at_benefits_of_one_stock_and_budget_never_wait_for_each_other_in_a_ring() -> None:
    budget = a_budget("1000")
    first, second = (
        an_exchange(1, code=f"cleaning-{number}", budget=budget, unit_cost=Decimal("1")) for number in (1, 2)
    )
    for benefit in (first, second):
        a_stock(benefit, 1000)
    wallets = [a_wallet(a_person()) for _number in range(4)]
    for wallet in wallets:
        earn(wallet, 1000)

    def desk(wallet: Enrolment, number: int) -> Any:
        pair = (first, second) if number % 2 else (second, first)
        return [use(wallet.member, benefit) for _turn in range(3) for benefit in pair]

    results = at_once(*[lambda w=wallet, n=number: desk(w, n) for wallet in wallets for number in range(4)])
    assert all(isinstance(result, list) for result in results)
    assert (taken(first), taken(second), spent(budget)) == (48, 48, Decimal("96"))
    assert differences() == []


@pytest.mark.django_db(transaction=True)
def test_connection_that_is_killed_in_the_middle_leaves_nothing() -> None:
    """The desk's process is gone while it waits for the stock: quota, points and coupon were never taken."""
    benefit, wallet = an_exchange(100), a_wallet()
    a_stock(benefit, 5)
    earn(wallet, 100)
    settings = connections["default"].get_connection_params()
    parameters = {name: settings[name] for name in ("dbname", "user", "password", "host", "port") if name in settings}
    with psycopg.connect(**parameters) as other, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT FROM benefits_benefitstock WHERE benefit_id = %s FOR UPDATE", [benefit.pk])
        victim = other.info.backend_pid
        with pytest.raises(psycopg.errors.DatabaseError):
            killed_while_waiting(other, cursor, victim, wallet, benefit)
    assert_nothing_was_done(wallet, 100)
    assert taken(benefit) == 0


def killed_while_waiting(other: Any, cursor: Any, victim: int, wallet: Enrolment, benefit: Any) -> None:
    """The victim redeems in a thread of its own; as soon as it waits for the stock's lock, it is terminated."""
    from concurrent.futures import ThreadPoolExecutor

    statement = (
        "SELECT * FROM benefits_redeem(%s, %s, 'use:killed', 1, '', NULL, NULL, '', %s, now(), NULL, '',"
        " ARRAY['points_exchange'])"
    )
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(other.execute, statement, [wallet.member_id, benefit.pk, TODAY])
        is_waiting = False
        while not is_waiting and not waiting.done():
            cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [victim])
            (is_waiting,) = cursor.fetchone()
        cursor.execute("SELECT pg_terminate_backend(%s)", [victim])
        waiting.result(timeout=30)


def counted(results: list[Any]) -> dict[str, int]:
    names = [type(result).__name__ for result in results]
    return {name: names.count(name) for name in names}


def test_use_on_an_earlier_day_than_the_last_counts_in_its_own_window() -> None:
    member, benefit = a_member(on=date(2026, 12, 1)), a_coupon(1)
    use(member, benefit, on=TODAY)
    use(member, benefit, on=date(2026, 12, 31))
    with pytest.raises(QuotaUsedUpError):
        use(member, benefit, on=date(2027, 1, 1))
    assert differences() == []
