"""The work list: what partners are told by hand, the oldest first, done or impossible."""

from datetime import date
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from memberships.admin.actions import Asked, ConfirmForm, RecordAction, Told, action_urls, offered
from memberships.admin.display import member_link, today
from memberships.admin.pages import find_record, show_page
from operations.admin.base import ReadOnlyAdmin
from operations.admin.paging import KeysetChangeList
from operations.models import User
from operations.owners import number_of
from partners.admin.display import COMMAND_COLOURS, partner_link
from partners.models import Command, Offer
from partners.models.fulfilments import CommandQuerySet
from partners.services.work_list import mark_done, mark_impossible

WORK = "partners.work_command"
KIND_COLOURS = {
    Command.Kind.PROVISION: "success", Command.Kind.RESUME: "success", Command.Kind.SUSPEND: "warning",
    Command.Kind.REVOKE: "danger",
}


class DoneForm(ConfirmForm):
    """The partner's number, and a note; nothing has to be said."""

    reference = forms.CharField(
        label=gettext_lazy("Partner's number"), max_length=128, required=False, widget=UnfoldAdminTextInputWidget()
    )
    first_fields = ("reference",)

    def __init__(self, data: Any, *, seen: str, **options: Any) -> None:
        super().__init__(data, seen=seen, **options)
        self.fields["reason"].label, self.fields["reason"].required = gettext_lazy("Note"), False


class WorkAction(RecordAction[Command]):
    """What came of a piece of work."""

    permission = WORK

    def is_offered(self, record: Command, *, on: date) -> bool:
        return record.state in Command.OPEN and record.fulfilment.offer.mode == Offer.Mode.MANUAL

    def seen(self, record: Command) -> str:
        return f"{record.pk} {record.state}"

    def asked(self, record: Command, data: Any, *, seen: str, on: date) -> Asked:
        if not self.is_offered(record, on=on):
            return Asked(refusal=_("Somebody has dealt with this already."))
        return Asked(self.form(data, seen), facts=_facts(record), note=self.note)

    #: What is said above the form.
    note: Any = ""

    def form(self, data: Any, seen: str) -> Any:
        return ConfirmForm(data, seen=seen)

    def page_of(self, record: Command) -> str:
        return reverse("admin:partners_command_changelist")


class DoneAction(WorkAction):
    """It is as it was wanted."""

    name = "done"
    label = gettext_lazy("Done")
    variant = "primary"

    def form(self, data: Any, seen: str) -> Any:
        return DoneForm(data, seen=seen)

    def do(self, record: Command, form: Any, *, on: date, request: HttpRequest) -> Told:
        mark_done(
            record, reference=form.cleaned_data["reference"], note=form.cleaned_data["reason"], on=on,
            at=timezone.now(), actor=cast(User, request.user),
        )
        return Told(messages.SUCCESS, _("It is done."))


class ImpossibleAction(WorkAction):
    """It becomes a dead letter, with the reason."""

    name = "impossible"
    label = gettext_lazy("Cannot be done")
    note = gettext_lazy("It becomes a dead letter with this reason, and can be replayed from there.")

    def do(self, record: Command, form: Any, *, on: date, request: HttpRequest) -> Told:
        mark_impossible(
            record, reason=form.cleaned_data["reason"], on=on, at=timezone.now(), actor=cast(User, request.user)
        )
        return Told(messages.WARNING, _("It is a dead letter now."))


ACTIONS: tuple[RecordAction[Command], ...] = (DoneAction(), ImpossibleAction())


class WorkList(KeysetChangeList):
    """Of all commands, those that wait for hands."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: list[str] | None = None) -> QuerySet[Any]:
        return cast(CommandQuerySet, super().get_queryset(request, exclude_parameters)).waiting_for_hands()


@admin.register(Command)
class WorkListAdmin(ReadOnlyAdmin):
    """Commands that wait for hands; those done are read on their fulfilment's page."""

    list_display = (
        "kind_column", "benefit_column", "sku_column", "partner_column", "member_column", "since_column",
    )
    list_select_related = ("fulfilment__offer__benefit", "fulfilment__partner", "member")
    list_filter = (("fulfilment__partner", RelatedDropdownFilter),)
    ordering = ("pk",)
    export_as_text = ("sku_column",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        return WorkList

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Work by hand"), **(extra_context or {})})

    @display(description=gettext_lazy("what to do"), label=KIND_COLOURS)
    def kind_column(self, command: Command) -> tuple[str, str]:
        return command.kind, command.get_kind_display()

    @admin.display(description=gettext_lazy("benefit"))
    def benefit_column(self, command: Command) -> str:
        return str(command.fulfilment.offer.benefit)

    @admin.display(description=gettext_lazy("partner's product number"))
    def sku_column(self, command: Command) -> str:
        return command.fulfilment.offer.sku

    @admin.display(description=gettext_lazy("partner"))
    def partner_column(self, command: Command) -> SafeString:
        return partner_link(command.fulfilment.partner)

    @admin.display(description=gettext_lazy("member"))
    def member_column(self, command: Command) -> SafeString:
        return member_link(command.member)

    @admin.display(description=gettext_lazy("since"))
    def since_column(self, command: Command) -> Any:
        return command.created_at

    def get_urls(self) -> list[URLPattern]:
        return [*action_urls(self, ACTIONS, self.whole), *super().get_urls()]

    def whole(self, request: HttpRequest) -> QuerySet[Command]:
        """All commands: the page of one that is done, or not done by hand, says so and offers nothing."""
        found: QuerySet[Command] = self.get_queryset(request)
        return found.select_related(
            "fulfilment__offer__benefit", "fulfilment__partner", "fulfilment__grant", "member", "actor"
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one piece of work."""
        command = find_record(self, request, object_id, self.whole(request))
        return show_page(
            self, request, "partners/work_list_item.html", command, command=command,
            colour=COMMAND_COLOURS[Command.State(command.state)],
            buttons=offered(request, ACTIONS, command, on=today()),
        )


def _facts(command: Command) -> tuple[tuple[Any, Any], ...]:
    fulfilment = command.fulfilment
    return (
        (_("What to do"), command.get_kind_display()), (_("Benefit"), fulfilment.offer.benefit),
        (_("Partner"), fulfilment.partner), (_("Member"), number_of(command.member_id)),
        (_("Partner's product number"), fulfilment.offer.sku), (_("Our number"), fulfilment.key),
        (_("Partner's number"), fulfilment.reference or "–"),
    )
