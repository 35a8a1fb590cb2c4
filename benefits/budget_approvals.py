"""Changing how much is set aside takes two people over a limit: what brands committed, and what campaigns may spend."""

from datetime import date, datetime, time
from decimal import Decimal

from django.db.models import Model
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from benefits.errors import BudgetError
from benefits.models import Budget
from benefits.services.budgets import SET_BUDGET, lock_budget, set_amount
from operations.approvals import ApprovalAction, Description, Outcome, Payload, fingerprint
from operations.dates import BUSINESS_ZONE
from operations.models import Approval, User


class SetBudget(ApprovalAction):
    """Payload: {"budget", "amount", "asked_on"}, the amount in CNY as text.

    It is weighed by the difference to what is there, and to what was there when that business date began: many small
    steps weigh as much as one.
    """

    name = SET_BUDGET
    label = gettext_lazy("change a budget")
    unit = "CNY"
    permission = "benefits.change_budget"

    @staticmethod
    def budget(payload: Payload) -> Budget:
        return Budget.objects.select_related("programme", "brand").get(pk=payload["budget"])

    def amount(self, payload: Payload) -> Decimal | None:
        budget, amount = self.budget(payload), Decimal(payload["amount"])
        return max(abs(amount - there) for there in (budget.amount, _amount_before(budget, payload.get("asked_on"))))

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


def _amount_before(budget: Budget, asked_on: str | None) -> Decimal:
    """What two people last said on that business date; else as the trail has it of the day's beginning, or first."""
    # Requests that waited before the day was weighed do not say it.
    if asked_on is None:
        return budget.amount
    begins = datetime.combine(date.fromisoformat(asked_on), time(), BUSINESS_ZONE)
    by_two = Approval.objects.filter(
        action=SET_BUDGET, subject_id=budget.pk, state=Approval.State.EXECUTED, decided_at__gte=begins
    ).exclude(checker=None).order_by("-decided_at").first()
    if by_two is not None:
        return Decimal(by_two.payload["amount"])
    events = Budget.pgh_event_models["update"]._default_manager.filter(pgh_obj=budget.pk)  # type: ignore[attr-defined]
    before = events.filter(pgh_created_at__lt=begins).order_by("-pgh_id").first()
    told = before or events.order_by("pgh_id").first()
    return Decimal(told.amount) if told else budget.amount
