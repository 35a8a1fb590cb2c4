"""Cards and their terms; cancelling asks for a reason."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import action, display

from memberships.admin import lookups
from memberships.admin.display import STATUS_COLOURS, contact_prefetch, member_link, owner_name, today
from memberships.models import Subscription, Term
from memberships.services.subscriptions import cancel_subscription, with_status
from operations.admin.base import ReadOnlyAdmin
from operations.admin.reasons import ReasonForm, ask, record_url
from operations.errors import PlusdeskError


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    """All bonds of members to programmes, newest first."""

    list_display = (
        "plan", "owner_column", "status_column", "paid_until_column", "requested_on", "started_on", "cancelled_on",
        "member_column",
    )
    list_select_related = ("plan", "member__customer")
    list_filter = (("plan", RelatedDropdownFilter),)
    fields = (
        "member_column", "owner_column", "programme", "plan", "status_text", "paid_until_column", "requested_on",
        "started_on", "cancelled_on", "ended_on",
    )
    readonly_fields = ("member_column", "owner_column", "status_text", "paid_until_column")
    change_form_outer_after_template = "memberships/subscription_terms.html"
    index_search = (lookups.member_number("member"),)
    actions_detail = ("cancel",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscription]:
        subscriptions = with_status(super().get_queryset(request), on=today())
        return subscriptions.prefetch_related(contact_prefetch("member__"))

    @display(description=gettext_lazy("status"), label=STATUS_COLOURS)
    def status_column(self, subscription: Subscription) -> tuple[str, str]:
        status = Subscription.Status(subscription.status)  # type: ignore[attr-defined]
        return status, str(status.label)

    @admin.display(description=gettext_lazy("status"))
    def status_text(self, subscription: Subscription) -> str:
        """The form shows text only; the list's column is a coloured label."""
        return str(Subscription.Status(subscription.status).label)  # type: ignore[attr-defined]

    @admin.display(description=gettext_lazy("paid until"), empty_value="–")
    def paid_until_column(self, subscription: Subscription) -> Any:
        return subscription.paid_until  # type: ignore[attr-defined]

    @admin.display(description=gettext_lazy("member"))
    def member_column(self, subscription: Subscription) -> SafeString:
        return member_link(subscription.member)

    @admin.display(description=gettext_lazy("name"), empty_value="–")
    def owner_column(self, subscription: Subscription) -> str:
        return owner_name(subscription.member)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        terms = Term.objects.none()
        subscription = self.get_object(request, object_id)
        if subscription is not None:
            terms = Term.objects.filter(member=subscription.member_id, subscription=subscription).order_by("-number")
        context = {"terms": terms[:50], **(extra_context or {})}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    def has_cancel_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Asked for by method, not by code: Unfold looks codes up before there is a table of them."""
        return request.user.has_perm("memberships.change_subscription")

    @action(
        description=gettext_lazy("Cancel the card"), url_path="cancel", icon="cancel",
        permissions=["cancel"],
    )
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then cancel as of today; paid days go on."""
        subscription = self.get_object(request, object_id)
        if subscription is None:
            raise Http404
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                cancelled = cancel_subscription(
                    subscription, on=today(), reason=form.cleaned_data["reason"],
                    actor=request.user,  # type: ignore[arg-type]
                )
            except PlusdeskError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, _("The card is cancelled; it ends on %(day)s.") % {"day": cancelled.ended_on})
                return HttpResponseRedirect(record_url(subscription))
        return ask(
            self, request, subscription, form, title=_("Cancel the card"), submit_label=_("Cancel the card"),
            note=_("Paid days go on to the end of the term. A card that was never paid ends at once."),
        )


@admin.register(Term)
class TermAdmin(ReadOnlyAdmin):
    """Paid spans."""

    list_display = ("plan", "number", "starts_on", "ends_on", "member_column")
    list_select_related = ("plan", "member")
    fields = ("member_column", "plan", "number", "starts_on", "ends_on")
    readonly_fields = ("member_column",)
    index_search = (lookups.member_number("member"),)

    @admin.display(description=gettext_lazy("member"))
    def member_column(self, term: Term) -> SafeString:
        return member_link(term.member)
