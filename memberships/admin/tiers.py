"""Ladders, tiers, where members stand on them, and every change of it; a what-if for each ladder."""

from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter

from memberships.admin import lookups, what_ifs
from memberships.admin.actions import action_urls, offered
from memberships.admin.display import member_link, today
from memberships.admin.pages import find_record, show_page
from memberships.admin.programmes import NamedAdmin
from memberships.admin.revision_actions import PERMISSION as MAY_ASK
from memberships.admin.tier_actions import ACTIONS
from memberships.admin.tier_pages import WhatIfForm, population, population_chart, standing_page
from memberships.models import Tier, TierChange, TierGroup, TierStanding
from memberships.services.what_ifs import ask_about_rules, outlines_of
from operations.admin.base import ReadOnlyAdmin
from operations.admin.filters import CHOICES_LIMIT
from operations.admin.reasons import record_url
from operations.models import User


@admin.register(TierGroup)
class TierGroupAdmin(NamedAdmin):
    """A ladder's page shows its rules and how many stand where."""

    list_display = ("name_column", "code", "programme", "window", "downgrade")
    list_select_related = ("programme",)

    def get_urls(self) -> list[URLPattern]:
        what_if = self.admin_site.admin_view(self.what_if_view)
        return [
            path("<path:object_id>/what-if/", what_if, name="memberships_tiergroup_what_if"), *super().get_urls()
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one ladder."""
        group = find_record(self, request, object_id, TierGroup.objects.select_related("programme"))
        may_see = request.user.has_perm("memberships.view_tierstanding")
        tiers = population(group) if may_see else []
        return show_page(
            self, request, "memberships/tier_group.html", group, group=group, tiers=tiers,
            chart=population_chart(tiers), may_see=may_see, may_ask=may_see and request.user.has_perm(MAY_ASK),
        )

    def what_if_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Other rules, and what they would make of all members, counted in the background. A link to it can be sent.

        It is asked, since that starts a run, by who may submit programme files, and read by all who see standings.
        """
        group = find_record(self, request, object_id, TierGroup.objects.select_related("programme"))
        may_ask = request.user.has_perm(MAY_ASK)
        if request.method == "POST" and not may_ask:
            raise PermissionDenied
        if not request.user.has_perm("memberships.view_tierstanding"):
            return HttpResponseRedirect(record_url(group))
        tiers = list(Tier.objects.filter(group=group, retired_on=None).order_by("rank"))
        at, asked = timezone.now(), what_ifs.typed(group, request.GET.get("asked", ""))
        form = WhatIfForm(
            request.POST if request.method == "POST" else None, group=group, tiers=tiers,
            today=asked.on if asked else today(), asked=outlines_of(asked)[group.code] if asked else None,
        )
        if form.is_bound and form.is_valid():
            entry, entries = form.entries()
            asked = ask_about_rules(
                group.programme, entry, entries, evaluated_on=form.cleaned_data["on"], on=today(), at=at,
                actor=cast(User, request.user),
            )
            return HttpResponseRedirect(f"{request.path}?{urlencode({'asked': asked.pk})}#what-if")
        return show_page(
            self, request, "memberships/tier_what_if.html", group, group=group, form=form, may_ask=may_ask,
            shown=what_ifs.shown_what_if(request, asked, at=at),
        )


@admin.register(Tier)
class TierAdmin(NamedAdmin):
    list_display = (
        "name_column", "code", "programme_column", "group", "rank", "threshold", "plan_code", "floor_column",
        "retired_on",
    )
    list_select_related = ("group__programme",)
    # By ladder, and from its lowest tier up, as the files have them.
    ordering = ("group_id",)

    @admin.display(description=_("programme"))
    def programme_column(self, tier: Tier) -> str:
        return str(tier.group.programme)

    @admin.display(description=_("floor"))
    def floor_column(self, tier: Tier) -> str:
        """Not as a tick or a cross: most tiers are no floor, and nothing is wrong with them."""
        return gettext("yes") if tier.is_floor else "–"


class TierFilter(DropdownFilter):
    """Who stands on a tier: one at a time, since the index by tier and key serves one, whatever there are."""

    title = _("tier")
    parameter_name = "tier"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        tiers = Tier.objects.select_related("group__programme").order_by("group__programme", "group", "rank")
        return [
            (str(tier.pk), f"{tier.group.programme} · {tier.group} · {tier}") for tier in tiers[:CHOICES_LIMIT]
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value() or ""
        return queryset.filter(tier=int(chosen)) if chosen.isascii() and chosen.isdecimal() else queryset


@admin.register(TierStanding)
class TierStandingAdmin(ReadOnlyAdmin):
    """Where members stand, newest first; the page of one has its history and the button to set it by hand."""

    list_display = ("member_column", "wallet_column", "group", "tier", "cause", "since", "held_until", "below_since")
    list_display_links = ("tier",)
    list_filter = (TierFilter,)
    list_select_related = ("member", "group", "tier", "enrolment__programme")
    index_search = (lookups.member_number("member"),)

    @admin.display(description=_("member"))
    def member_column(self, standing: TierStanding) -> SafeString:
        return member_link(standing.member)

    @admin.display(description=_("points wallet"))
    def wallet_column(self, standing: TierStanding) -> SafeString:
        return _wallet(standing)

    def get_urls(self) -> list[URLPattern]:
        return [*action_urls(self, ACTIONS, self.whole), *super().get_urls()]

    def whole(self, request: HttpRequest) -> QuerySet[TierStanding]:
        """Standings with all that their page and their buttons need."""
        return TierStanding.objects.select_related("member", "group__programme", "tier", "enrolment__programme")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The tier of a member on one ladder."""
        standing = find_record(self, request, object_id, self.whole(request))
        may_see = request.user.has_perm("memberships.view_tierchange")
        context = standing_page(standing, before=request.GET.get("before", ""))
        buttons = offered(request, ACTIONS, standing, on=today())
        return show_page(
            self, request, "memberships/tier_standing.html", standing, buttons=buttons, may_see=may_see,
            wallet_url=record_url(standing.enrolment), **context,
        )


@admin.register(TierChange)
class TierChangeAdmin(ReadOnlyAdmin):
    """All changes, newest first; the page of one is its member's tier, at the change."""

    list_display = (
        "on", "member_column", "wallet_column", "group", "kind", "from_tier", "to_tier", "cause", "held_until", "reason"
    )
    list_display_links = ("on",)
    list_select_related = ("member", "group", "from_tier", "to_tier", "enrolment__programme")
    index_search = (lookups.member_number("member"),)

    @admin.display(description=_("member"))
    def member_column(self, change: TierChange) -> SafeString:
        return member_link(change.member)

    @admin.display(description=_("points wallet"))
    def wallet_column(self, change: TierChange) -> SafeString:
        return _wallet(change)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The member's tier, with the change as the first that is shown."""
        change = find_record(self, request, object_id, TierChange.objects.all())
        standing = TierStanding.objects.filter(enrolment=change.enrolment_id, group=change.group_id).first()
        if standing is None:
            return HttpResponseRedirect(reverse("admin:memberships_enrolment_change", args=[change.enrolment_id]))
        return HttpResponseRedirect(f"{record_url(standing)}?before={change.pk + 1}#change-{change.pk}")


def _wallet(record: TierStanding | TierChange) -> SafeString:
    wallet = record.enrolment
    return format_html('<a href="{}">{}</a>', record_url(wallet), wallet.programme)
