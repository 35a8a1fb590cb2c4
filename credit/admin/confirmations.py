"""Confirmations of balance: asked of a line, as a letter to print, and what the firm answers."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from credit.admin.display import CONFIRMATION_COLOURS, LineFilter, firm_of, line_link
from credit.admin.line_actions import LineDeskAction, day_field
from credit.admin.statements import EXPORT
from credit.documents.confirmations import confirmation_pdf, name_of
from credit.errors import money
from credit.models import BalanceConfirmation, CreditLine
from credit.services.balance_confirmations import ask_for_confirmation, confirm_balance, dispute_balance
from memberships.admin import lookups
from memberships.admin.actions import Asked, Button, ConfirmForm, RecordAction, Told, action_urls, offered
from memberships.admin.display import today
from memberships.admin.pages import find_record, show_page
from operations.admin.base import ReadOnlyAdmin
from operations.admin.downloads import download
from operations.admin.reasons import record_url

CONFIRM = "credit.confirm_balance"
State = BalanceConfirmation.State


class NoteForm(ConfirmForm):
    """What is noted need not be a reason."""

    def __init__(self, data: Any, *, seen: str, **options: Any) -> None:
        super().__init__(data, seen=seen, **options)
        self.fields["reason"].label, self.fields["reason"].required = gettext_lazy("Note"), False


class AskForm(NoteForm):
    """As of which day."""

    first_fields = ("as_of",)
    as_of = day_field(gettext_lazy("As of"), gettext_lazy("The books at the end of that day."))


class AskAction(LineDeskAction):
    """The firm is asked whether it owes what the books say."""

    name = "confirmation"
    label = gettext_lazy("Ask for confirmation")
    permission = CONFIRM
    note = gettext_lazy("The letter can be printed afterwards; what the firm answers is noted there.")

    def form(self, record: CreditLine, data: Any, *, seen: str, on: date) -> Any:
        return AskForm(data, seen=seen, initial={"as_of": on})

    def do(self, record: CreditLine, form: Any, *, on: date, request: HttpRequest) -> Told:
        asked = ask_for_confirmation(record, as_of=form.cleaned_data["as_of"], on=on, actor=request.user)  # type: ignore[arg-type]
        return Told(messages.SUCCESS, _("The confirmation is asked for."), record_url(asked))


class AnswerAction(RecordAction[BalanceConfirmation]):
    """What the firm says."""

    permission = CONFIRM
    states: tuple[str, ...] = ()

    def is_offered(self, record: BalanceConfirmation, *, on: date) -> bool:
        return record.state in self.states

    def seen(self, record: BalanceConfirmation) -> str:
        return f"{record.state} {record.stated_amount}"

    def asked(self, record: BalanceConfirmation, data: Any, *, seen: str, on: date) -> Asked:
        if not self.is_offered(record, on=on):
            return Asked(refusal=_("This confirmation is “%(state)s” already.") % {"state": record.get_state_display()})
        facts = (
            (_("Credit line"), record.line), (_("As of"), record.as_of), (_("Open (CNY)"), money(record.open_amount)),
            (_("Unapplied credit (CNY)"), money(record.unapplied_amount)),
            (_("Balance (CNY)"), money(record.open_amount - record.unapplied_amount)),
        )
        return Asked(self.form(data, seen), facts=facts)

    def form(self, data: Any, seen: str) -> Any:
        return NoteForm(data, seen=seen)

    def page_of(self, record: BalanceConfirmation) -> str:
        return record_url(record)


class ConfirmAction(AnswerAction):
    name = "confirm"
    label = gettext_lazy("It agrees")
    variant = "primary"
    states = (State.ASKED, State.DISPUTED)

    def do(self, record: BalanceConfirmation, form: Any, *, on: date, request: HttpRequest) -> Told:
        confirm_balance(record, on=on, actor=request.user, note=form.cleaned_data["reason"])  # type: ignore[arg-type]
        return Told(messages.SUCCESS, _("The balance is confirmed."))


class DisputeForm(ConfirmForm):
    """What the firm's own books say."""

    first_fields = ("stated_amount",)
    stated_amount = forms.DecimalField(
        label=gettext_lazy("Stated by the firm (CNY)"), max_digits=16, decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget(),
    )


class DisputeAction(AnswerAction):
    name = "dispute"
    label = gettext_lazy("It does not agree")
    variant = "danger"
    states = (State.ASKED,)

    def form(self, data: Any, seen: str) -> Any:
        return DisputeForm(data, seen=seen)

    def do(self, record: BalanceConfirmation, form: Any, *, on: date, request: HttpRequest) -> Told:
        chosen = form.cleaned_data
        dispute_balance(
            record, stated_amount=chosen["stated_amount"], on=on, actor=request.user,  # type: ignore[arg-type]
            note=chosen["reason"],
        )
        return Told(messages.WARNING, _("The balance is disputed."))


ACTIONS: tuple[RecordAction[BalanceConfirmation], ...] = (ConfirmAction(), DisputeAction())
LINE_ACTIONS: tuple[RecordAction[CreditLine], ...] = (AskAction(),)


@admin.register(BalanceConfirmation)
class BalanceConfirmationAdmin(ReadOnlyAdmin):
    """Newest first."""

    list_display = (
        "as_of", "firm_column", "line_column", "open_amount", "unapplied_amount", "state_column", "stated_amount",
        "answered_on",
    )
    list_select_related = ("line", "member__customer")
    list_filter = (LineFilter, ("state", ChoicesDropdownFilter))
    index_search = (lookups.member_number("line__member"),)

    @admin.display(description=gettext_lazy("legal name"))
    def firm_column(self, confirmation: BalanceConfirmation) -> str:
        return firm_of(confirmation)

    @admin.display(description=gettext_lazy("credit line"))
    def line_column(self, confirmation: BalanceConfirmation) -> SafeString:
        return line_link(confirmation.line)

    @display(description=gettext_lazy("state"), label=CONFIRMATION_COLOURS)
    def state_column(self, confirmation: BalanceConfirmation) -> tuple[str, Any]:
        return confirmation.state, confirmation.get_state_display()

    def get_urls(self) -> list[URLPattern]:
        letter = path(
            "<path:object_id>/letter/", self.admin_site.admin_view(self.letter),
            name="credit_balanceconfirmation_letter",
        )
        return [letter, *action_urls(self, ACTIONS, self.whole), *super().get_urls()]

    def whole(self, request: HttpRequest) -> "QuerySet[BalanceConfirmation]":
        return BalanceConfirmation.objects.select_related(
            "line__member", "line__programme", "member__customer", "actor"
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one confirmation."""
        found = find_record(self, request, object_id, self.whole(request))
        buttons = offered(request, ACTIONS, found, on=today())
        if request.user.has_perm(EXPORT):
            letter = reverse("admin:credit_balanceconfirmation_letter", args=[found.pk])
            buttons.append(Button(_("Letter (PDF)"), letter, "default"))
        return show_page(
            self, request, "credit/confirmation.html", found, confirmation=found, firm=firm_of(found), buttons=buttons,
            colour=CONFIRMATION_COLOURS[State(found.state)], balance=found.open_amount - found.unapplied_amount,
        )

    def letter(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """To print, for those who may take it away."""
        found = find_record(self, request, object_id, self.whole(request))
        if not request.user.has_perm(EXPORT):
            raise PermissionDenied
        return download(confirmation_pdf(found), f"{name_of(found)}.pdf", "application/pdf")
