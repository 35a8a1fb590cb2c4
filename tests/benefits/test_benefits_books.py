"""The books of benefits, tampered with: the audit finds each difference and says where it is."""

from decimal import Decimal

import pytest

from benefits.models import BudgetEntry, Grant, Redemption, Usage
from operations import registry
from tests.benefits.redemption_stories import (
    a_benefit,
    a_budget,
    a_coupon,
    a_member,
    a_rule,
    a_stock,
    an_exchange,
    differences,
    take_back,
    use,
)
from tests.memberships.books_stories import behind_the_back
from tests.memberships.points_stories import a_wallet, earn

pytestmark = pytest.mark.django_db


def faults() -> set[tuple[str, str]]:
    return {(found.fault, found.key) for found in differences()}


def a_full_use() -> Redemption:
    """With points, stock, budget and something held; another one was taken back."""
    budget = a_budget("10")
    benefit, wallet = an_exchange(100, budget=budget, unit_cost=Decimal("3")), a_wallet()
    a_stock(benefit, 5)
    earn(wallet, 500)
    take_back(use(wallet.member, benefit))
    return use(wallet.member, benefit, quantity=2)


def test_books_of_every_kind_of_use_are_in_order() -> None:
    a_full_use()
    member, benefit = a_member(), a_benefit()
    a_rule(benefit)
    take_back(use(member, benefit))
    use(member, benefit)
    assert differences() == []
    names = {check.name for check in registry.book_checks}
    assert {"usages", "stocks", "budgets", "budget_entries", "redemptions"} <= names


def test_count_that_somebody_lowered() -> None:
    done = a_full_use()
    usage = Usage.objects.get()
    behind_the_back("UPDATE benefits_usage SET uses = 1")
    assert faults() == {("uses_of_redemptions", str(usage.pk))}
    (found,) = differences()
    assert (found.expected, found.found, found.owner) == ("2", "1", done.member_id)


def test_use_that_somebody_lost() -> None:
    done = a_full_use()
    usage, entry = Usage.objects.get(), BudgetEntry.objects.get(key=f"redemption:{done.pk}")
    behind_the_back("DELETE FROM benefits_grant WHERE redemption_id = %s", done.pk)
    behind_the_back("DELETE FROM benefits_redemption WHERE id = %s", done.pk)
    assert faults() == {
        ("uses_of_redemptions", str(usage.pk)), ("taken_of_redemptions", str(done.benefit_id)),
        ("draw_of_redemption", str(entry.pk)),
    }


def test_row_to_lock_that_somebody_lost() -> None:
    done = a_full_use()
    behind_the_back("DELETE FROM benefits_usage")
    returned = Redemption.objects.exclude(pk=done.pk).get()
    assert faults() == {("usage_of_redemption", str(done.pk)), ("usage_of_redemption", str(returned.pk))}


def test_stock_of_which_more_is_taken_than_was_given() -> None:
    done = a_full_use()
    behind_the_back("UPDATE benefits_benefitstock SET taken = 4")
    (found,) = differences()
    assert (found.fault, found.key) == ("taken_of_redemptions", str(done.benefit_id))
    assert (found.expected, found.found, found.owner) == ("2", "4", None)


def test_budget_of_which_less_is_spent_than_was_drawn() -> None:
    done = a_full_use()
    budget = done.benefit.budget
    assert budget is not None
    behind_the_back("UPDATE benefits_budget SET spent = 0")
    (found,) = differences()
    assert (found.fault, found.key, found.expected, found.found) == (
        "spent_of_entries", str(budget.pk), "6.0000", "0.0000"
    )


def test_draw_of_another_amount_than_the_use_cost() -> None:
    done = a_full_use()
    entry = BudgetEntry.objects.get(key=f"redemption:{done.pk}")
    behind_the_back("UPDATE benefits_budgetentry SET amount = 5 WHERE id = %s", entry.pk)
    assert ("draw_of_redemption", str(entry.pk)) in faults()


def test_cost_that_did_not_come_back() -> None:
    a_full_use()
    back = BudgetEntry.objects.get(kind="return")
    draw = BudgetEntry.objects.get(key=back.key.replace("return", "redemption"))
    behind_the_back("DELETE FROM benefits_budgetentry WHERE id = %s", back.pk)
    assert ("draw_not_returned", str(draw.pk)) in faults()


def test_points_that_the_ledger_took_for_something_else() -> None:
    done = a_full_use()
    behind_the_back("UPDATE memberships_pointsentry SET key = 'other' WHERE id = %s", done.points_entry_id)
    assert faults() == {("points_of_redemption", str(done.pk))}
    (found,) = differences()
    assert (found.expected, found.found, found.owner) == ("200", "0", done.member_id)


def test_points_that_did_not_come_back() -> None:
    done = a_full_use()
    returned = Redemption.objects.exclude(pk=done.pk).get()
    behind_the_back("UPDATE benefits_redemption SET return_entry_id = NULL WHERE id = %s", returned.pk)
    assert faults() == {("points_not_returned", str(returned.pk))}


@pytest.mark.parametrize("change", ["quantity = 3", "member_id = member_id + 1"])
def test_something_held_that_is_not_what_the_use_gave(change: str) -> None:
    done = a_full_use()
    behind_the_back(f"UPDATE benefits_grant SET {change} WHERE redemption_id = %s", done.pk)
    assert faults() == {("grant_of_redemption", str(done.pk))}


def test_use_that_gave_nothing_and_one_that_was_taken_back_and_is_held() -> None:
    done = a_full_use()
    returned = Redemption.objects.exclude(pk=done.pk).get()
    behind_the_back("DELETE FROM benefits_grant WHERE redemption_id = %s", done.pk)
    behind_the_back("UPDATE benefits_grant SET state = 'live', ended_on = NULL")
    assert faults() == {("grant_of_redemption", str(done.pk)), ("grant_of_redemption", str(returned.pk))}
    by_key = {found.key: (found.expected, found.found) for found in differences()}
    assert by_key == {str(done.pk): ("2", "0"), str(returned.pk): ("1 ended", "1 live")}


def test_grant_without_a_use_of_ours_is_no_difference() -> None:
    """A gift, or what follows a right."""
    benefit, member = a_coupon(), a_member()
    done = use(member, benefit)
    Grant.objects.create(
        member=member, benefit=benefit, key="gift:1", valid_from=done.on, given_on=done.on, given_at=done.at
    )
    assert differences() == []
