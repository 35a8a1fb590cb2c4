"""Changing how much is set aside takes two people over a limit: what brands committed, and what campaigns may spend."""

from datetime import date, datetime
from decimal import Decimal

from django.db.models import Model
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from benefits.errors import BudgetError
from benefits.models import Budget
from benefits.services.budgets import SET_BUDGET, lock_budget, set_amount
from operations.approvals import ApprovalAction, Description, Outcome, Payload, fingerprint
from operations.models import User


class SetBudget(ApprovalAction):
    """Payload: {"budget", "amount"}, the amount in CNY as text; it is weighed by the difference."""

    name = SET_BUDGET
    label = gettext_lazy("change a budget")
    unit = "CNY"
    permission = "benefits.change_budget"

    @staticmethod
    def budget(payload: Payload) -> Budget:
        return Budget.objects.select_related("programme", "brand").get(pk=payload["budget"])

    def amount(self, payload: Payload) -> Decimal | None:
        return abs(Decimal(payload["amount"]) - self.budget(payload).amount)

    def subject(self, payload: Payload) -> Model | None:
        return self.budget(payload)

    def describe(self, payload: Payload) -> Description:
        budget = self.budget(payload)
        old, new = (number_format(Decimal(each), decimal_pos=2) for each in (budget.amount, payload["amount"]))
        figures = (
            (_("Programme"), str(budget.programme)), (_("Budget"), str(budget)), (_("Amount (CNY)"), f"{old} → {new}"),
            (_("Spent (CNY)"), number_format(budget.spent, decimal_pos=2)),
            (_("Reserved (CNY)"), number_format(budget.reserved, decimal_pos=2)),
        )
        words = _("Change the budget “%(budget)s” from %(old)s to %(new)s CNY.")
        return Description(words % {"budget": budget, "old": old, "new": new}, figures)

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        budget, amount = self.budget(payload), Decimal(payload["amount"])
        if amount < budget.spent + budget.reserved:
            raise BudgetError(
                _("“%(budget)s” cannot be %(amount)s CNY: %(taken)s CNY are spent.")
                % {"budget": budget, "amount": amount, "taken": budget.spent + budget.reserved}
            )

    def lock(self, payload: Payload) -> None:
        lock_budget(self.budget(payload))

    def seen(self, payload: Payload) -> str:
        # What is spent goes on while the request waits; that it fits is looked at when it is done.
        return fingerprint(self.budget(payload).amount)

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        budget = set_amount(
            self.budget(payload), Decimal(payload["amount"]), on=on, at=at, actor=actor, reason=reason
        )
        words = _("“%(budget)s” is %(amount)s CNY now.")
        told = {"budget": budget, "amount": number_format(budget.amount, decimal_pos=2)}
        return Outcome(words % told, {"budget": budget.pk})
