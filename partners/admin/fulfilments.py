"""Fulfilments: the list, and the page of one with every command, answer and event on one line of time."""

from datetime import date
from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from benefits.admin.display import benefit_link
from memberships.admin import lookups
from memberships.admin.actions import Asked, ConfirmForm, RecordAction, Told, action_urls, offered, who_and_when
from memberships.admin.display import member_link, today
from memberships.admin.pages import find_record, show_page
from memberships.admin.quick_filters import QuickChoice, QuickFilter, QuickFilterMixin
from operations.admin.base import ReadOnlyAdmin
from operations.admin.search import SearchKind
from partners.admin.display import COMMAND_COLOURS, EVENT_COLOURS, FULFILMENT_COLOURS, STEP_COLOURS, partner_link
from partners.admin.words import step_in_words, type_in_words
from partners.models import Command, Fulfilment, FulfilmentEvent, InboundEvent
from partners.models.fulfilments import FulfilmentQuerySet
from partners.services import fulfilments as service
from partners.services.reasons import reason_in_words

REPLAY = "partners.replay_fulfilment"
#: Rows of a section at the most.
SECTION_ROWS = 200


def by_key() -> SearchKind:
    """By the whole of our number."""
    return SearchKind(
        gettext_lazy("our number"),
        lambda term: Q(key=term) if term.startswith("f") and term.isascii() and " " not in term else None,
    )


def by_reference() -> SearchKind:
    """By the whole of the partner's number."""
    return SearchKind(gettext_lazy("partner's number"), lambda term: Q(reference=term), is_free=True)


def behind(fulfilments: QuerySet[Any], on: date) -> QuerySet[Any]:
    """Under way, by the index of what is."""
    return cast(FulfilmentQuerySet, fulfilments).behind()


def dead(fulfilments: QuerySet[Any], on: date) -> QuerySet[Any]:
    """Given up, by the index of what is."""
    return cast(FulfilmentQuerySet, fulfilments).dead()


class StateFilter(QuickFilter):
    """What is not as it is wanted, and what nobody works on."""

    offered = (
        QuickChoice("behind", gettext_lazy("Under way"), behind),
        QuickChoice("dead", gettext_lazy("Dead letters"), dead),
    )


class ReplayAction(RecordAction[Fulfilment]):
    """Take one up that was given up."""

    name = "replay"
    label = gettext_lazy("Replay")
    permission = REPLAY
    variant = "primary"

    def is_offered(self, record: Fulfilment, *, on: date) -> bool:
        return record.dead_at is not None and record.state != Fulfilment.State.REVOKED

    def seen(self, record: Fulfilment) -> str:
        return f"{record.state} {record.dead_at}"

    def asked(self, record: Fulfilment, data: Any, *, seen: str, on: date) -> Asked:
        if not self.is_offered(record, on=on):
            return Asked(refusal=_("This is no dead letter any more, or nothing revives it at the partner."))
        return Asked(
            ConfirmForm(data, seen=seen),
            facts=(
                (_("Partner"), record.partner), (_("Member"), record.member.number),
                (_("State"), record.get_state_display()), (_("Wanted"), record.get_wanted_display()),
                (_("Reason"), reason_in_words(record.error) or "–"),
            ),
            note=gettext_lazy("What is needed next is sent to the partner once more, under a new number."),
        )

    def do(self, record: Fulfilment, form: Any, *, on: date, request: HttpRequest) -> Told:
        taken = service.replay([record.pk], on=on, **who_and_when(request, form))
        if not taken:
            return Told(messages.WARNING, _("This is no dead letter any more: nothing was done."))
        return Told(messages.SUCCESS, _("It is queued to be sent to the partner."))

    def page_of(self, record: Fulfilment) -> str:
        return reverse("admin:partners_fulfilment_change", args=[record.pk])


ACTIONS: tuple[RecordAction[Fulfilment], ...] = (ReplayAction(),)


@admin.register(Fulfilment)
class FulfilmentAdmin(QuickFilterMixin, ReadOnlyAdmin):
    """What partners are asked to do for members, newest first."""

    list_display = (
        "key", "partner_column", "benefit_column", "member_column", "state_column", "wanted", "requested_on",
        "activated_on", "reason_column",
    )
    list_select_related = ("partner", "member", "offer__benefit")
    quick_filter = StateFilter
    list_filter = (StateFilter, ("partner", RelatedDropdownFilter), ("state", ChoicesDropdownFilter))
    index_search = (by_key(), lookups.member_number("member"), by_reference())

    @admin.display(description=gettext_lazy("partner"))
    def partner_column(self, fulfilment: Fulfilment) -> SafeString:
        return partner_link(fulfilment.partner)

    @admin.display(description=gettext_lazy("benefit"))
    def benefit_column(self, fulfilment: Fulfilment) -> SafeString:
        return benefit_link(fulfilment.offer.benefit)

    @admin.display(description=gettext_lazy("member"))
    def member_column(self, fulfilment: Fulfilment) -> SafeString:
        return member_link(fulfilment.member)

    @admin.display(description=gettext_lazy("error"))
    def reason_column(self, fulfilment: Fulfilment) -> str:
        return reason_in_words(fulfilment.error) or "–"

    @display(description=gettext_lazy("state"), label=FULFILMENT_COLOURS)
    def state_column(self, fulfilment: Fulfilment) -> tuple[str, str]:
        return fulfilment.state, fulfilment.get_state_display()

    def get_urls(self) -> list[URLPattern]:
        return [*action_urls(self, ACTIONS, self.whole), *super().get_urls()]

    def whole(self, request: HttpRequest) -> QuerySet[Fulfilment]:
        """Fulfilments with all that their page needs."""
        found: QuerySet[Fulfilment] = self.get_queryset(request)
        return found.select_related("partner", "member", "offer__benefit", "grant")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one fulfilment."""
        fulfilment = find_record(self, request, object_id, self.whole(request))
        return show_page(
            self, request, "partners/fulfilment.html", fulfilment, fulfilment=fulfilment,
            reason=reason_in_words(fulfilment.error),
            colour=FULFILMENT_COLOURS[Fulfilment.State(fulfilment.state)],
            buttons=offered(request, ACTIONS, fulfilment, on=today()),
            commands=_commands(fulfilment), steps=_steps(fulfilment), told=_told(fulfilment),
        )


def _commands(fulfilment: Fulfilment) -> list[Any]:
    found: list[Any] = list(
        Command.objects.filter(fulfilment=fulfilment).select_related("actor").order_by("-number")[:SECTION_ROWS]
    )
    for command in found:
        command.colour = COMMAND_COLOURS[Command.State(command.state)]
        command.reason = reason_in_words(command.error)
    return found


def _steps(fulfilment: Fulfilment) -> list[Any]:
    events = FulfilmentEvent.objects.filter(fulfilment=fulfilment).select_related("actor", "command")
    found: list[Any] = list(events.order_by("-pk")[:SECTION_ROWS])
    states = {**dict(Fulfilment.State.choices)}
    for step in found:
        step.colour = STEP_COLOURS[FulfilmentEvent.Kind(step.kind)]
        step.words, step.state_words = step_in_words(step), states.get(step.state, step.state)
    return found


def _told(fulfilment: Fulfilment) -> list[Any]:
    found: list[Any] = list(InboundEvent.objects.filter(fulfilment=fulfilment).order_by("-pk")[:SECTION_ROWS])
    for event in found:
        event.colour = EVENT_COLOURS[InboundEvent.State(event.state)]
        event.words = type_in_words(event.type)
    return found
