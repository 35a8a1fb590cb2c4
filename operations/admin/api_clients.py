"""API clients at the desk: who has a token and for what, giving one out (it is shown once), and taking it back."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from operations import registry
from operations.admin.base import ReadOnlyAdmin
from operations.admin.reasons import ReasonForm, ask, record_url
from operations.admin.search import SearchKind
from operations.dates import business_date
from operations.errors import PlusdeskError
from operations.models import ApiClient, User
from operations.services.api_clients import Made, make_client, revoke_client


class MakeForm(ReasonForm):
    """Who gets a token, for what, and why."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100, widget=UnfoldAdminTextInputWidget())
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What is the token for?"), widget=UnfoldAdminCheckboxSelectMultipleWidget()
    )
    field_order = ("name", "scopes", "reason")

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields["scopes"].choices = [  # type: ignore[attr-defined]
            (scope.name, f"{scope.label} ({scope.name})") for scope in registry.api_scopes
        ]


def _by_prefix(term: str) -> Q:
    """Also by a whole token, out of a log where none should be."""
    return Q(prefix=term.removeprefix("pdk_").split("_")[0])


@admin.register(ApiClient)
class ApiClientAdmin(ReadOnlyAdmin):
    """`view_apiclient` reads, `add_apiclient` gives tokens out, `revoke_apiclient` takes them back."""

    list_display = ("name", "prefix", "shown_scopes", "state", "created_at", "last_used_on")
    list_select_related = ("user",)
    fields = ("name", "prefix", "shown_scopes", "user", "created_at", "last_used_on", "revoked_on")
    readonly_fields = ("shown_scopes",)
    index_search = (SearchKind(gettext_lazy("beginning of the token"), _by_prefix),)
    actions_list = ("make",)
    actions_detail = ("revoke",)

    @admin.display(description=gettext_lazy("scopes"))
    def shown_scopes(self, client: ApiClient) -> str:
        return ", ".join(client.scopes)

    @display(description=gettext_lazy("state"), label={"valid": "success", "revoked": "danger", "inactive": "warning"})
    def state(self, client: ApiClient) -> tuple[str, str]:
        if client.revoked_on is not None:
            return "revoked", _("revoked")
        return ("valid", _("valid")) if client.user.is_active else ("inactive", _("its user is inactive"))

    # --- giving out

    def has_make_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("operations.add_apiclient")

    @action(description=gettext_lazy("New API client"), url_path="make", icon="add", permissions=["make"])
    @method_decorator(never_cache)
    def make(self, request: HttpRequest) -> HttpResponse:
        """Ask who and what for; the answer to the form is the only page that ever shows the token."""
        form = MakeForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                made = make_client(
                    form.cleaned_data["name"], form.cleaned_data["scopes"], reason=form.cleaned_data["reason"],
                    actor=cast(User, request.user), at=timezone.now(),
                )
            except PlusdeskError as error:
                form.add_error(None, str(error))
            else:
                return self._show(request, made)
        page = {
            "title": _("New API client"), "form": form, "submit_label": _("Give out a token"),
            "back_url": reverse(self._url_name("changelist")),
            "note": _("The client gets a user of its own, in whose name everything happens that it asks for."),
        }
        return self._page(request, "operations/reason_form.html", page, status=422 if form.errors else 200)

    def _show(self, request: HttpRequest, made: Made) -> HttpResponse:
        shown = [(_("name"), made.client.name), (_("token"), made.token)]
        page = {"title": _("The new token"), "shown": shown, "back_url": record_url(made.client)}
        return self._page(request, "operations/revealed.html", page, status=200)

    def _page(self, request: HttpRequest, template: str, page: dict[str, Any], *, status: int) -> HttpResponse:
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        context = {**self.admin_site.each_context(request), "opts": self.opts, **page}
        return TemplateResponse(request, template, context, status=status)

    # --- taking back

    def has_revoke_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """For a client whose token is not revoked yet."""
        if not request.user.has_perm("operations.revoke_apiclient"):
            return False
        client: Model | None = self.get_object(request, object_id) if object_id else None
        return object_id is None or (isinstance(client, ApiClient) and client.revoked_on is None)

    @action(description=gettext_lazy("Revoke"), url_path="revoke", icon="block", permissions=["revoke"])
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why; from the next request on the token is not taken."""
        client = self.get_object(request, object_id)
        if client is None:
            raise Http404
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                revoke_client(
                    client, reason=form.cleaned_data["reason"], actor=cast(User, request.user),
                    on=business_date(timezone.now()),
                )
            except PlusdeskError as error:
                messages.error(request, str(error))
            else:
                messages.success(request, _("The token is revoked."))
            return HttpResponseRedirect(record_url(client))
        return ask(
            self, request, client, form, title=_("Revoke the token"), submit_label=_("Revoke"),
            note=_("From the next request on the token is not taken. It cannot be given back: make a new client."),
        )
