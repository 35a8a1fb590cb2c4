"""Keys of partners: told apart by fingerprints and dates; nobody ever sees a secret here."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import display

from memberships.admin.actions import RecordAction, action_urls, offered
from memberships.admin.display import today
from memberships.admin.pages import find_record
from operations.admin.base import ReadOnlyAdmin
from operations.models import User
from partners.admin.display import partner_link
from partners.admin.partner_actions import KEY_ACTIONS
from partners.models import Partner, PartnerKey

STATE_COLOURS = {"valid": "success", "coming": "info", "over": "", "revoked": "danger"}


def state_of(key: PartnerKey, *, at: datetime) -> tuple[str, str]:
    """What a key is good for at an instant, with its word."""
    if key.ends_at is not None and key.ends_at <= at:
        return "over", _("over")
    if key.revoked_at is not None:
        return "revoked", _("revoked")
    return ("coming", _("not valid yet")) if key.starts_at > at else ("valid", _("valid"))


def shown_keys(request: HttpRequest, partner: Partner, actions: Iterable[RecordAction[PartnerKey]]) -> list[Any]:
    """The partner's keys, newest first, each with its state, who made it and what can be done to it."""
    keys: list[Any] = list(PartnerKey.objects.filter(partner=partner).order_by("direction", "-starts_at", "-pk")[:50])
    makers, now = makers_of(keys), timezone.now()
    for key in keys:
        key.word = state_of(key, at=now)
        key.colour, key.maker = STATE_COLOURS[key.word[0]], makers.get(key.pk, "")
        key.buttons = offered(request, actions, key, on=today())
    return keys


def makers_of(keys: Iterable[PartnerKey]) -> dict[int, str]:
    """By key: who made or entered it, as the trail says."""
    events = PartnerKey.pgh_event_models["insert"].objects.filter(  # type: ignore[attr-defined]
        pgh_obj__in=[key.pk for key in keys], pgh_label="insert"
    )
    found = events.values_list("pgh_obj", "pgh_context__metadata")
    users: dict[int, Any] = {key: (context or {}).get("user") for key, context in found}
    names = {user.pk: str(user) for user in User.objects.filter(pk__in={user for user in users.values() if user})}
    return {key: names.get(user, "") for key, user in users.items()}


@admin.register(PartnerKey)
class PartnerKeyAdmin(ReadOnlyAdmin):
    """All keys; each stands on its partner's page, with what can be done to it."""

    list_display = (
        "fingerprint", "partner_column", "direction", "state_column", "starts_at", "ends_at", "revoked_at"
    )
    list_select_related = ("partner",)
    list_filter = (("partner", RelatedDropdownFilter),)

    @admin.display(description=gettext_lazy("partner"))
    def partner_column(self, key: PartnerKey) -> SafeString:
        return partner_link(key.partner)

    @display(description=gettext_lazy("state"), label=STATE_COLOURS)
    def state_column(self, key: PartnerKey) -> tuple[str, str]:
        return state_of(key, at=timezone.now())

    def get_urls(self) -> list[URLPattern]:
        return [*action_urls(self, KEY_ACTIONS, self.get_queryset), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A key has no page of its own: its partner's shows all there is."""
        key = find_record(self, request, object_id, self.get_queryset(request))
        return HttpResponseRedirect(f"{reverse('admin:partners_partner_change', args=[key.partner_id])}#keys")
