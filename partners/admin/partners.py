"""Partners: the list with how each does, and the page of one: contract, limits, offers, keys, contacts, health."""

from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from unfold.decorators import display

from memberships.admin.actions import Button, action_urls, offered
from memberships.admin.display import today
from memberships.admin.pages import find_record, show_page
from operations.admin.base import ReadOnlyAdmin
from operations.admin.history import HistorySource, own_history, satellites
from operations.admin.reasons import ReasonForm, ask
from operations.errors import PlusdeskError
from operations.masking import mask_email, mask_mobile, mask_name
from operations.models import User
from partners.admin.display import BREAKER_COLOURS, breaker_in_words
from partners.admin.health import health_page, overview_page, shown_health
from partners.admin.keys import shown_keys
from partners.admin.partner_actions import KEY_ACTIONS, PARTNER_ACTIONS, ROTATE, direction_field
from partners.models import Breaker, Offer, Partner, PartnerContact, PartnerKey
from partners.services.keys import NewKey, make_key

#: Rows of a section at the most.
SECTION_ROWS = 100


class MakeForm(ReasonForm):
    """Which way the key is for, and why there is one."""

    direction = direction_field()
    field_order = ("direction", "reason")


@admin.register(Partner)
class PartnerAdmin(ReadOnlyAdmin):
    """Those who fulfil benefits. Contracts, limits and offers come from programme files, and are read here."""

    list_display = ("name_column", "code", "contract_from", "contract_until", "breaker_column")
    ordering = ("pk",)
    list_before_template = "partners/partners_links.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Partner]:
        queryset: QuerySet[Partner] = super().get_queryset(request)
        return queryset.select_related("breaker")

    @admin.display(description=gettext_lazy("name"))
    def name_column(self, partner: Partner) -> str:
        return str(partner)

    @display(description=gettext_lazy("circuit breaker"), label=BREAKER_COLOURS)
    def breaker_column(self, partner: Partner) -> tuple[str, str]:
        state = Breaker.State(partner.breaker.state) if hasattr(partner, "breaker") else Breaker.State.CLOSED
        return state.value, breaker_in_words(state)

    def history_sources(self, record: Any) -> list[HistorySource]:
        return [*own_history(record), *satellites(record, "partner", PartnerContact, PartnerKey, Offer)]

    def get_urls(self) -> list[URLPattern]:
        own = [
            ("health/", self.overview_view, "health_overview"),
            ("<path:object_id>/health/", self.health_view, "health"),
            ("<path:object_id>/make-key/", self.make_key_view, "make_key"),
        ]
        pages = [
            path(place, self.admin_site.admin_view(view), name=self._url_name(name, is_qualified=False))
            for place, view, name in own
        ]
        return [*pages, *action_urls(self, PARTNER_ACTIONS, self.get_queryset), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one partner."""
        partner = find_record(self, request, object_id, self.get_queryset(request))
        buttons = {action.name: button for action in PARTNER_ACTIONS
                   for button in offered(request, [action], partner, on=today())}
        make = Button(_("Make a key"), reverse(self._url_name("make_key"), args=[partner.pk]), "primary")
        return show_page(
            self, request, "partners/partner.html", partner, partner=partner,
            offers=self._offers(request, partner), contacts=self._contacts(request, partner),
            can_reveal=request.user.has_perm("partners.reveal_partnercontact"),
            can_remove="add-contact" in buttons,
            keys=self._keys(request, partner),
            key_buttons=[make, buttons["enter-key"]] if request.user.has_perm(ROTATE) else [],
            contact_buttons=[buttons["add-contact"]] if "add-contact" in buttons else [],
            health=shown_health([partner])[0],
            events_url=request.build_absolute_uri(reverse("partners:tell_event", args=[partner.code])),
        )

    def _keys(self, request: HttpRequest, partner: Partner) -> Any:
        may_see = request.user.has_perm("partners.view_partnerkey")
        return shown_keys(request, partner, KEY_ACTIONS) if may_see else None

    def _offers(self, request: HttpRequest, partner: Partner) -> Any:
        if not request.user.has_perm("partners.view_offer"):
            return None
        offers = Offer.objects.filter(partner=partner).select_related("benefit__programme")
        return offers.order_by("benefit__programme", "benefit__code", "-starts_on")[:SECTION_ROWS]

    def _contacts(self, request: HttpRequest, partner: Partner) -> Any:
        if not request.user.has_perm("partners.view_partnercontact"):
            return None
        return [
            {
                "pk": contact.pk, "role": contact.role, "name": mask_name(contact.name),
                "mobile": mask_mobile(contact.mobile), "email": mask_email(contact.email),
            }
            for contact in PartnerContact.objects.filter(partner=partner).order_by("pk")[:SECTION_ROWS]
        ]

    # --- health

    def overview_view(self, request: HttpRequest) -> HttpResponse:
        """All partners on one page."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return overview_page(self, request)

    def health_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """One partner, in figures."""
        return health_page(self, request, find_record(self, request, object_id, self.get_queryset(request)))

    # --- keys

    @method_decorator(never_cache)
    def make_key_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask what for and why; the answer to the form is the only page that ever shows the secret."""
        partner = find_record(self, request, object_id, self.get_queryset(request))
        if not request.user.has_perm(ROTATE):
            raise PermissionDenied
        form = MakeForm(request.POST or None, initial={"direction": PartnerKey.Direction.OURS})
        if request.method == "POST" and form.is_valid():
            try:
                made = make_key(
                    partner, form.cleaned_data["direction"], at=timezone.now(), actor=cast(User, request.user),
                    reason=form.cleaned_data["reason"],
                )
            except PlusdeskError as error:
                form.add_error(None, str(error))
            else:
                return self._show(request, partner, made)
        return ask(
            self, request, partner, form, title=_("Make a key"), submit_label=_("Make a key"),
            note=_("It is valid at once, beside the one there is; its secret is shown once, on the next page."),
            back_url=f"{reverse(self._url_name('change'), args=[partner.pk])}#keys",
        )

    def _show(self, request: HttpRequest, partner: Partner, made: NewKey) -> HttpResponse:
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "original": partner, "title": _("The new key"),
            "shown": [
                (_("Partner"), partner), (_("Direction"), made.key.get_direction_display()),
                (_("Fingerprint"), made.key.fingerprint), (_("Secret"), made.secret),
            ],
            "back_url": f"{reverse(self._url_name('change'), args=[partner.pk])}#keys",
        }
        return TemplateResponse(request, "operations/revealed.html", context)


