"""What can be done to a budget by hand: raise or lower what is set aside, and say for which days."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminDecimalFieldWidget

from benefits.models import Budget
from benefits.services.budgets import SET_BUDGET, set_days
from memberships.admin.actions import Asked, ConfirmForm, RecordAction, Told, who_and_when
from operations.admin.reasons import record_url
from operations.models import Approval
from operations.services import approvals


class AmountForm(ConfirmForm):
    """How much is set aside in all, what is spent included."""

    first_fields = ("amount",)
    amount = forms.DecimalField(
        label=gettext_lazy("Amount (CNY)"), min_value=Decimal(0), max_digits=14, decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget(), help_text=gettext_lazy("In all, what is spent and reserved included."),
    )


class SetAmount(RecordAction[Budget]):
    """Never below what is spent and reserved; over a limit it takes two people."""

    name = "amount"
    label = gettext_lazy("Change the amount")
    permission = "benefits.change_budget"

    def is_offered(self, record: Budget, *, on: date) -> bool:
        return record.ends_on is None or record.ends_on >= on

    def seen(self, record: Budget) -> str:
        return str(record.amount)

    def asked(self, record: Budget, data: Any, *, seen: str, on: date) -> Asked:
        facts = (
            (_("Budget"), record), (_("Amount (CNY)"), number_format(record.amount, decimal_pos=2)),
            (_("Spent (CNY)"), number_format(record.spent, decimal_pos=2)),
            (_("Reserved (CNY)"), number_format(record.reserved, decimal_pos=2)),
        )
        return Asked(AmountForm(data, seen=seen, initial={"amount": round(record.amount, 2)}), facts=facts)

    def do(self, record: Budget, form: Any, *, on: date, request: HttpRequest) -> Told:
        amount = str(form.cleaned_data["amount"])
        payload = {"budget": record.pk, "amount": amount, "asked_on": on.isoformat()}
        done = approvals.ask(SET_BUDGET, payload, on=on, **who_and_when(request, form))
        if isinstance(done, Approval):
            return Told(messages.INFO, _("It waits for the approval of another person."))
        return Told(messages.SUCCESS, done.words)

    def page_of(self, record: Budget) -> str:
        return record_url(record)


class DaysForm(ConfirmForm):
    """First and last day on which it may be drawn on."""

    first_fields = ("starts_on", "ends_on")
    starts_on = forms.DateField(label=gettext_lazy("Since"), widget=UnfoldAdminDateWidget())
    ends_on = forms.DateField(
        label=gettext_lazy("Until"), required=False, widget=UnfoldAdminDateWidget(),
        help_text=gettext_lazy("The last day; blank: without an end."),
    )


class SetDays(RecordAction[Budget]):
    """Also of one that is over: it may be drawn on again."""

    name = "days"
    label = gettext_lazy("Change the days")
    permission = "benefits.change_budget"

    def is_offered(self, record: Budget, *, on: date) -> bool:
        return True

    def seen(self, record: Budget) -> str:
        return f"{record.starts_on}/{record.ends_on}"

    def asked(self, record: Budget, data: Any, *, seen: str, on: date) -> Asked:
        days = {"starts_on": record.starts_on, "ends_on": record.ends_on}
        return Asked(DaysForm(data, seen=seen, initial=days), facts=((_("Budget"), record),))

    def do(self, record: Budget, form: Any, *, on: date, request: HttpRequest) -> Told:
        chosen = form.cleaned_data
        set_days(
            record, starts_on=chosen["starts_on"], ends_on=chosen["ends_on"],
            actor=request.user,  # type: ignore[arg-type]
            reason=chosen["reason"],
        )
        return Told(messages.SUCCESS, _("The days of “%(budget)s” were changed.") % {"budget": record})

    def page_of(self, record: Budget) -> str:
        return record_url(record)


ACTIONS: tuple[RecordAction[Budget], ...] = (SetAmount(), SetDays())
