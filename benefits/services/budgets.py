"""Budgets: how much money is set aside for benefits. (It is drawn on and comes back by services/redemptions.py.)

A budget's amount is never below what is spent. Every change stands in the audit trail with its reason.
"""

from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from benefits.errors import BudgetError
from benefits.models import Budget
from operations.audit import because
from operations.models import User


@transaction.atomic
def set_amount(budget: Budget, amount: Decimal, *, actor: User | None, reason: str) -> Budget:
    """Raise or lower what is set aside, in CNY. Setting the same again changes nothing. Raises BudgetError."""
    locked = _lock(budget)
    if amount < locked.spent:
        raise BudgetError(
            _("“%(budget)s” cannot be %(amount)s CNY: %(spent)s CNY are spent.")
            % {"budget": locked, "amount": amount, "spent": locked.spent}
        )
    locked.amount = amount
    with because(reason, actor=actor):
        locked.save(update_fields=["amount"])
    return locked


@transaction.atomic
def set_days(
    budget: Budget, *, starts_on: date, ends_on: date | None, actor: User | None, reason: str
) -> Budget:
    """Say on which days it may be drawn on, first and last included; what was drawn stays. Raises BudgetError."""
    locked = _lock(budget)
    if ends_on is not None and ends_on < starts_on:
        raise BudgetError(
            _("“%(budget)s” cannot end on %(end)s, before it begins on %(start)s.")
            % {"budget": locked, "end": ends_on, "start": starts_on}
        )
    locked.starts_on, locked.ends_on = starts_on, ends_on
    with because(reason, actor=actor):
        locked.save(update_fields=["starts_on", "ends_on"])
    return locked


def _lock(budget: Budget) -> Budget:
    return Budget.objects.select_for_update(no_key=True).get(pk=budget.pk)
