"""A use is taken back: quota, points, units and money come back, and what was held of it ends."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction

from benefits.errors import QuotaUsedUpError, RedemptionReturnError
from benefits.models import BudgetEntry, Grant, Redemption
from benefits.services.grants import end_grant, expire_range, use_grant
from memberships.errors import KeyConflictError
from memberships.models import PointsEntry
from memberships.services.ranges import KeyRange
from operations.models import OutboxMessage
from tests.benefits.redemption_stories import (
    a_benefit,
    a_budget,
    a_coupon,
    a_member,
    a_rule,
    a_stock,
    an_exchange,
    differences,
    held,
    spent,
    take_back,
    taken,
    use,
    uses,
)
from tests.memberships.factories import TODAY, an_operator
from tests.memberships.points_stories import (
    JUNE,
    MARCH,
    a_wallet,
    assert_books_balance,
    at_once,
    balance,
    by_policy,
    earn,
    morning,
    reverse,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)

#: What a partner does whose code the member was told: a floor above refuses the return.
CLAIMED = """
CREATE FUNCTION refuse_returns() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the code was told' USING ERRCODE = 'check_violation', CONSTRAINT = 'grant_claimed';
END $$;
CREATE TRIGGER refuse_returns BEFORE UPDATE ON benefits_redemption FOR EACH ROW EXECUTE FUNCTION refuse_returns();
"""


def test_coupon_taken_back_counts_no_more_and_can_be_had_again() -> None:
    member, benefit = a_member(), a_coupon(1)
    done = use(member, benefit, key="use:one")
    back = take_back(done, on=TODAY + DAY, key="return:one", reason="点错了")
    assert (back.pk, back.state, back.returned_on, back.return_reason) == (
        done.pk, "returned", TODAY + DAY, "点错了"
    )
    assert uses(member, benefit) == 0
    assert [state for _code, state, _first, _last in held(member)] == ["ended"]
    ended = Grant.objects.get()
    assert (ended.ended_on, ended.end_reason, ended.valid_until) == (TODAY + DAY, "点错了", TODAY)
    message = OutboxMessage.objects.get(topic="benefit.returned")
    assert (message.key, message.owner) == (f"benefit-returned:{done.pk}", member.pk)
    assert message.payload == {
        "member": member.pk, "redemption": done.pk, "key": "use:one", "return_key": "return:one",
        "benefit": benefit.pk, "code": "freight-coupon", "quantity": 1, "points": 0, "on": "2027-01-16",
        "grant": ended.pk,
    }
    use(member, benefit)
    with pytest.raises(QuotaUsedUpError):
        use(member, benefit)
    assert differences() == []


def test_points_units_and_money_come_back() -> None:
    budget = a_budget("10")
    benefit, wallet = an_exchange(100, budget=budget, unit_cost=Decimal("3")), a_wallet()
    a_stock(benefit, 5)
    earn(wallet, 250)
    done = use(wallet.member, benefit, quantity=2)
    assert (balance(wallet), taken(benefit), spent(budget)) == (50, 2, Decimal("6"))
    back = take_back(done)
    assert (balance(wallet), taken(benefit), spent(budget)) == (250, 0, 0)
    assert back.return_entry is not None and back.return_entry.reverses == done.points_entry
    assert list(BudgetEntry.objects.order_by("pk").values_list("kind", "amount")) == [
        ("draw", Decimal("6")), ("return", Decimal("-6"))
    ]
    assert_books_balance()
    assert differences() == []


def test_cost_comes_back_to_the_budget_it_was_drawn_on() -> None:
    first, second = a_budget("10"), a_budget("10")
    benefit, member = a_coupon(None, budget=first), a_member()
    done = use(member, benefit)
    benefit.budget = second
    benefit.save()
    take_back(done)
    assert (spent(first), spent(second)) == (0, 0)
    assert differences() == []


def test_points_that_are_over_by_then_follow_the_programmes_policy() -> None:
    benefit, wallet = an_exchange(100), a_wallet()
    earn(wallet, 100, expires_on=MARCH)
    take_back(use(wallet.member, benefit), on=JUNE)
    assert balance(wallet) == 0
    by_policy(wallet.programme, late_return="renew", late_return_days=7)
    earn(wallet, 100, expires_on=MARCH)
    take_back(use(wallet.member, benefit), on=JUNE)
    assert balance(wallet) == 100
    assert_books_balance()
    assert differences() == []


def test_points_that_a_correction_gave_back_before_do_not_come_twice() -> None:
    benefit, wallet = an_exchange(100), a_wallet()
    earn(wallet, 100)
    done = use(wallet.member, benefit)
    assert done.points_entry is not None
    correction = reverse(done.points_entry).entry
    back = take_back(done)
    assert (balance(wallet), back.return_entry) == (100, correction)
    assert PointsEntry.objects.filter(kind="reverse").count() == 1
    assert differences() == []


def test_same_return_asked_for_again_is_the_first_and_a_second_one_is_refused() -> None:
    member, benefit = a_member(), a_coupon(1)
    done, operator = use(member, benefit), an_operator()
    first = take_back(done, key="return:one")
    assert take_back(done, key="return:one", on=TODAY + DAY).returned_at == first.returned_at == morning(TODAY)
    with pytest.raises(RedemptionReturnError, match="2027-01-15"):
        take_back(done, key="return:two")
    assert (uses(member, benefit), operator.pk is not None) == (0, True)


def test_key_of_another_return_is_refused() -> None:
    member, benefit = a_member(), a_coupon(None)
    consultation = a_benefit()
    a_rule(consultation)
    take_back(use(member, benefit), key="return:one")
    for other in (use(member, benefit), use(member, consultation)):
        with pytest.raises(KeyConflictError):
            take_back(other, key="return:one")
    assert differences() == []


def test_coupon_that_was_used_stays_used() -> None:
    member, benefit = a_member(), a_coupon(1)
    done = use(member, benefit)
    use_grant(done.grant, order_number="JD-1", on=TODAY + DAY, at=morning(TODAY), actor=None)
    with pytest.raises(RedemptionReturnError, match="2027-01-16"):
        take_back(done, on=TODAY + DAY)
    assert (uses(member, benefit), Redemption.objects.get().state) == (1, "done")


def test_coupon_that_ran_out_in_the_members_hands_does_not_come_back() -> None:
    member, benefit = a_member(), a_coupon(1)
    done = use(member, benefit)
    with pytest.raises(RedemptionReturnError, match="2027-02-13"):
        take_back(done, on=TODAY + 30 * DAY)
    with transaction.atomic():
        assert take_back(done, on=TODAY + 29 * DAY).state == "returned"
        transaction.set_rollback(True)
    # The night of the day after its last one has ended it.
    expire_range(KeyRange(1, 2**62), on=TODAY + 30 * DAY, at=morning(TODAY))
    for day in (29, 31):
        with pytest.raises(RedemptionReturnError, match="2027-02-13"):
            take_back(done, on=TODAY + day * DAY)


def test_what_ended_before_its_time_can_be_taken_back() -> None:
    member, benefit = a_member(), a_coupon(1)
    done = use(member, benefit)
    end_grant(done.grant, reason="the partner had none", on=TODAY + DAY, at=morning(TODAY), actor=None)
    take_back(done, on=TODAY + 60 * DAY)
    assert (uses(member, benefit), Grant.objects.get().end_reason) == (0, "the partner had none")
    assert differences() == []


def test_code_that_the_member_was_told_does_not_come_back() -> None:
    benefit, wallet = an_exchange(100), a_wallet()
    earn(wallet, 100)
    done = use(wallet.member, benefit)
    with connection.cursor() as cursor:
        cursor.execute(CLAIMED)
    with pytest.raises(RedemptionReturnError):
        take_back(done)
    assert (balance(wallet), uses(wallet.member, benefit)) == (0, 1)
    assert [state for _code, state, _first, _last in held(wallet.member)] == ["live"]


def test_nothing_comes_back_before_it_was_used() -> None:
    member, benefit = a_member(), a_coupon(1)
    done = use(member, benefit)
    with pytest.raises(RedemptionReturnError, match="2027-01-15"):
        take_back(done, on=TODAY - DAY)


def test_use_after_its_return_is_still_the_first_under_its_key() -> None:
    member, benefit = a_member(), a_coupon(1)
    done = use(member, benefit, key="use:one")
    take_back(done)
    assert use(member, benefit, key="use:one").state == "returned"
    assert uses(member, benefit) == 0


@pytest.mark.django_db(transaction=True)
def test_one_use_taken_back_by_many_desks_comes_back_once() -> None:
    benefit, wallet = an_exchange(100), a_wallet()
    a_stock(benefit, 5)
    earn(wallet, 100)
    done = use(wallet.member, benefit)
    results = at_once(*[lambda n=number: take_back(done, key=f"return:{n % 4}") for number in range(12)])
    assert sum(isinstance(result, Redemption) for result in results) == 3
    assert sum(isinstance(result, RedemptionReturnError) for result in results) == 9
    assert (balance(wallet), taken(benefit), uses(wallet.member, benefit)) == (100, 0, 0)
    assert_books_balance(wallet)
    assert differences() == []


@pytest.mark.django_db(transaction=True)
def test_return_beside_the_next_use_gives_the_quota_back_or_not_yet() -> None:
    benefit, wallet = an_exchange(10, quota=1, valid_days=5), a_wallet()
    a_stock(benefit, 1)
    earn(wallet, 10)
    for _round in range(8):
        done = use(wallet.member, benefit)
        back, again = at_once(
            lambda done=done: take_back(done), lambda: use(wallet.member, benefit)
        )
        assert isinstance(back, Redemption)
        assert isinstance(again, Redemption | QuotaUsedUpError)
        assert (balance(wallet), taken(benefit)) == ((0, 1) if isinstance(again, Redemption) else (10, 0))
        if isinstance(again, Redemption):
            take_back(again)
        assert uses(wallet.member, benefit) == 0
    assert_books_balance(wallet)
    assert differences() == []
