"""Exceptions made for a line for a time: exclusions from blocking rules, pauses, increases; made and ended early."""

from datetime import date
from typing import Any, TypeVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminSelectWidget

from credit.admin.display import LineFilter, line_link, line_url
from credit.admin.line_actions import DECIDE, LineDeskAction, day_field
from credit.errors import money
from credit.line_approvals import ExcludeRule
from credit.models import BlockingExclusion, CreditLine, Invoice, OverduePause, TemporaryIncrease
from credit.pause_approvals import PauseOverdue
from credit.services.exceptions import end_exception
from credit.services.overdue_pauses import end_pause
from credit.services.policies import policy_on
from memberships.admin import lookups
from memberships.admin.actions import Asked, ConfirmForm, RecordAction, Told, action_urls, who_and_when
from memberships.admin.points_actions import NOTE, tell
from operations.admin.base import ReadOnlyAdmin
from operations.services.approvals import ask

PAUSE = "credit.pause_overdue"
R = TypeVar("R", BlockingExclusion, OverduePause, TemporaryIncrease)


def rule_names(line: CreditLine, *, on: date) -> dict[str, str]:
    """The blocking rules of the line's programme: code and name."""
    return rules_of(line.programme_id, on=on)


def rules_of(programme_id: int, *, on: date) -> dict[str, str]:
    """The blocking rules of a programme: code and name."""
    policy = policy_on(programme_id, on=on)
    language = "zh" if (get_language() or "").startswith("zh") else "en"
    return {rule["code"]: rule["name"][language] for rule in policy.blocking} if policy else {}


class DaysFields(forms.Form):
    """From a day to a day, both included."""

    starts_on = day_field(gettext_lazy("Valid from"))
    ends_on = day_field(gettext_lazy("until (last day)"))


class DaysForm(DaysFields, ConfirmForm):
    """Of one line."""

    first_fields: tuple[str, ...] = ("starts_on", "ends_on")


class ExcludeForm(DaysForm):
    """Which rule does not stop."""

    first_fields = ("rule", "starts_on", "ends_on")
    rule = forms.ChoiceField(label=gettext_lazy("Blocking rule"), widget=UnfoldAdminSelectWidget())

    def __init__(self, data: Any, *, rules: dict[str, str], **options: Any) -> None:
        super().__init__(data, **options)
        field: Any = self.fields["rule"]
        field.choices = list(rules.items())


class ExcludeAction(LineDeskAction):
    """A blocking rule does not stop the line until a day."""

    name = "exclude"
    label = gettext_lazy("Exclude from a rule")
    note = NOTE

    def asked(self, record: CreditLine, data: Any, *, seen: str, on: date) -> Asked:
        if not rule_names(record, on=on):
            return Asked(refusal=_("The programme has no blocking rules."))
        return super().asked(record, data, seen=seen, on=on)

    def form(self, record: CreditLine, data: Any, *, seen: str, on: date) -> Any:
        return ExcludeForm(data, seen=seen, rules=rule_names(record, on=on), initial={"starts_on": on})

    def do(self, record: CreditLine, form: Any, *, on: date, request: HttpRequest) -> Told:
        chosen = form.cleaned_data
        payload = ExcludeRule.payload_of(
            record, chosen["rule"], starts_on=chosen["starts_on"], ends_on=chosen["ends_on"]
        )
        return tell(ask(ExcludeRule.name, payload, on=on, **who_and_when(request, form)))


class PauseForm(DaysForm):
    """Of the whole line, or of one invoice."""

    first_fields = ("invoice", "starts_on", "ends_on")
    invoice = forms.ModelChoiceField(
        Invoice.objects.none(), label=gettext_lazy("Invoice"), required=False, widget=UnfoldAdminSelectWidget(),
        empty_label=gettext_lazy("the whole line"),
    )

    def __init__(self, data: Any, *, line: CreditLine, **options: Any) -> None:
        super().__init__(data, **options)
        field: Any = self.fields["invoice"]
        field.queryset = Invoice.objects.open().filter(line=line).order_by("due_on", "pk")


class PauseAction(LineDeskAction):
    """Days that do not count as overdue."""

    name = "pause"
    label = gettext_lazy("Pause overdue states")
    permission = PAUSE
    note = gettext_lazy(
        "A pause stops reminders, overdue states and late fees. It releases no draw: for that a rule is excluded. One "
        "that begins in the past, or is of more than 31 days, takes two people."
    )

    def form(self, record: CreditLine, data: Any, *, seen: str, on: date) -> Any:
        return PauseForm(data, seen=seen, line=record, initial={"starts_on": on})

    def do(self, record: CreditLine, form: Any, *, on: date, request: HttpRequest) -> Told:
        chosen = form.cleaned_data
        payload = PauseOverdue.payload_of(
            record, starts_on=chosen["starts_on"], ends_on=chosen["ends_on"], invoice=chosen["invoice"],
            key=f"desk:{chosen['seen']}", on=on,
        )
        return tell(ask(PauseOverdue.name, payload, on=on, **who_and_when(request, form)))


LINE_ACTIONS: tuple[RecordAction[CreditLine], ...] = (ExcludeAction(), PauseAction())


# --- ending one before its time

class EndAction(RecordAction[R]):
    """It ends at once: yesterday was its last day."""

    name = "end"
    label = gettext_lazy("End now")
    permission = DECIDE

    def is_offered(self, record: R, *, on: date) -> bool:
        return record.ends_on >= on

    def seen(self, record: R) -> str:
        return str(record.ends_on)

    def asked(self, record: R, data: Any, *, seen: str, on: date) -> Asked:
        if not self.is_offered(record, on=on):
            return Asked(refusal=_("It is over already."))
        facts = (
            (_("Credit line"), record.line), (_("From"), record.starts_on), (_("until (last day)"), record.ends_on),
            (_("Reason"), record.reason),
        )
        return Asked(ConfirmForm(data, seen=seen), facts=facts)

    def do(self, record: R, form: Any, *, on: date, request: HttpRequest) -> Told:
        self.end(record, request.user, form.cleaned_data["reason"], on=on)
        return Told(messages.SUCCESS, _("It is ended."))

    def end(self, record: R, actor: Any, reason: str, *, on: date) -> None:
        end_exception(record, on=on, actor=actor, reason=reason)

    def page_of(self, record: R) -> str:
        return line_url(record.line_id)


class EndExclusion(EndAction[BlockingExclusion]):
    """The rule stops draws again."""


class EndIncrease(EndAction[TemporaryIncrease]):
    """The limit is what it was."""


class EndPause(EndAction[OverduePause]):
    """The days count again."""

    permission = PAUSE

    def end(self, record: OverduePause, actor: Any, reason: str, *, on: date) -> None:
        end_pause(record, on=on, at=timezone.now(), actor=actor, reason=reason)


END_EXCLUSION, END_INCREASE, END_PAUSE = EndExclusion(), EndIncrease(), EndPause()


class ExceptionAdmin(ReadOnlyAdmin):
    """The newest first; one is ended from its line's page."""

    end_action: EndAction[Any]
    list_select_related: Any = ("line", "maker", "checker")
    list_filter = (LineFilter,)
    list_display_links = ("starts_on",)
    index_search = (lookups.member_number("line__member"),)

    @admin.display(description=gettext_lazy("credit line"))
    def line_column(self, record: Any) -> SafeString:
        return line_link(record.line)

    def get_urls(self) -> list[URLPattern]:
        return [*action_urls(self, (self.end_action,), self.whole), *super().get_urls()]

    def whole(self, request: HttpRequest) -> "QuerySet[Any]":
        found: QuerySet[Any] = self.get_queryset(request).select_related("line")
        return found


def _columns(*own: str) -> tuple[str, ...]:
    return ("starts_on", "ends_on", "line_column", *own, "reason", "maker", "checker")


@admin.register(BlockingExclusion)
class BlockingExclusionAdmin(ExceptionAdmin):
    end_action = END_EXCLUSION
    list_display = _columns("rule")


@admin.register(TemporaryIncrease)
class TemporaryIncreaseAdmin(ExceptionAdmin):
    end_action = END_INCREASE
    list_display = _columns("amount_column")

    @admin.display(description=gettext_lazy("increase (CNY)"))
    def amount_column(self, increase: TemporaryIncrease) -> str:
        return money(increase.amount)


@admin.register(OverduePause)
class OverduePauseAdmin(ExceptionAdmin):
    end_action = END_PAUSE
    list_display = _columns("invoice")
    list_select_related = ("line", "maker", "checker", "invoice")
