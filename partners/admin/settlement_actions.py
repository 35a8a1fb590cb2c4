"""What can be done to a settlement: draft it anew, adjust it, ask for it to be closed."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminTextInputWidget

from memberships.admin.actions import Asked, ConfirmForm, RecordAction, Told, who_and_when
from operations.admin.reasons import record_url
from operations.models import Approval
from partners.models import Settlement
from partners.services.late_entries import add_late_entries, late_entries
from partners.services.partner_statements import open_lines
from partners.services.settlements import adjust_settlement, draft_settlement, submit_settlement

DRAFT = "partners.draft_settlement"


class SettlementAction(RecordAction[Settlement]):
    """Something that is done to a settlement until it is closed; one that waits for approval refuses it."""

    permission = DRAFT

    def is_offered(self, record: Settlement, *, on: date) -> bool:
        return record.state != Settlement.State.CLOSED

    def seen(self, record: Settlement) -> str:
        return f"{record.state} {record.total} {record.drafted_at}"

    def facts(self, record: Settlement) -> tuple[tuple[Any, Any], ...]:
        return (
            (_("Partner"), record.partner), (_("Month"), f"{record.month:%Y-%m}"),
            (_("Total (CNY)"), number_format(record.total, decimal_pos=2)),
        )

    def refused(self, record: Settlement, on: date) -> Any:
        return "" if self.is_offered(record, on=on) else _("This settlement is closed for ever.")

    def asked(self, record: Settlement, data: Any, *, seen: str, on: date) -> Asked:
        return Asked(ConfirmForm(data, seen=seen), self.facts(record), refusal=self.refused(record, on))

    def page_of(self, record: Settlement) -> str:
        return record_url(record)


class RedraftAction(SettlementAction):
    """Its lines anew, by what is known now."""

    name = "redraft"
    label = gettext_lazy("Draft anew")

    def do(self, record: Settlement, form: Any, *, on: date, request: HttpRequest) -> Told:
        draft_settlement(record.partner, record.month, on=on, at=timezone.now(), actor=request.user)  # type: ignore[arg-type]
        return Told(messages.SUCCESS, _("The settlement was drafted."))


class AdjustForm(ConfirmForm):
    """How much, under which key, and why."""

    first_fields = ("amount", "key")
    amount = forms.DecimalField(
        label=gettext_lazy("Amount (CNY)"), max_digits=14, decimal_places=2, widget=UnfoldAdminDecimalFieldWidget(),
        help_text=gettext_lazy("Negative: less is owed."),
    )
    key = forms.RegexField(
        r"^[!-~]{1,64}$", label=gettext_lazy("Key"), widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("Such as the number of a credit note; each once in a settlement."),
    )


class AdjustAction(SettlementAction):
    """An amount beside the lines."""

    name = "adjust"
    label = gettext_lazy("Adjust")

    def asked(self, record: Settlement, data: Any, *, seen: str, on: date) -> Asked:
        return Asked(AdjustForm(data, seen=seen), self.facts(record), refusal=self.refused(record, on))

    def do(self, record: Settlement, form: Any, *, on: date, request: HttpRequest) -> Told:
        chosen = form.cleaned_data
        adjust_settlement(record, chosen["amount"], key=chosen["key"], on=on, **who_and_when(request, form))
        return Told(messages.SUCCESS, _("The adjustment was added."))


class LateAction(SettlementAction):
    """What came late for months that are closed, as adjustments of this one."""

    name = "late"
    label = gettext_lazy("Add what came late")

    def asked(self, record: Settlement, data: Any, *, seen: str, on: date) -> Asked:
        refusal, found = self.refused(record, on), late_entries(record)
        if not refusal and not found:
            refusal = _("Nothing came late for months that are closed.")
        proposed = tuple((entry.words, number_format(entry.amount, decimal_pos=2)) for entry in found)
        return Asked(ConfirmForm(data, seen=seen), (*self.facts(record), *proposed), refusal=refusal)

    def do(self, record: Settlement, form: Any, *, on: date, request: HttpRequest) -> Told:
        add_late_entries(record, on=on, **who_and_when(request, form))
        return Told(messages.SUCCESS, _("What came late was added."))


class SubmitAction(SettlementAction):
    """Ask for it to be closed; open differences are shown and have to be decided first."""

    name = "submit"
    label = gettext_lazy("Submit for approval")
    variant = "primary"

    def asked(self, record: Settlement, data: Any, *, seen: str, on: date) -> Asked:
        refusal = self.refused(record, on)
        if not refusal and record.statement and (lines := open_lines(record.statement)):
            refusal = _("%(lines)s differences of the statement are open.") % {"lines": lines}
        note = gettext_lazy("Once it is closed nothing about it changes any more.")
        return Asked(ConfirmForm(data, seen=seen), self.facts(record), note=note, refusal=refusal)

    def do(self, record: Settlement, form: Any, *, on: date, request: HttpRequest) -> Told:
        done = submit_settlement(record, on=on, **who_and_when(request, form))
        if isinstance(done, Approval):
            return Told(messages.INFO, _("It waits for the approval of another person."))
        return Told(messages.SUCCESS, done.words)


ACTIONS: tuple[RecordAction[Settlement], ...] = (
    SubmitAction(), AdjustAction(), LateAction(), RedraftAction(),
)
