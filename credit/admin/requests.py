"""Credit requests: what firms ask for, what their cards allow, and the decision. Takes the place of the list below."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from credit.admin.display import OUTCOME_COLOURS, REQUEST_COLOURS, amount, firm_of
from credit.admin.request_actions import ACTIONS
from credit.admin.request_page import request_page
from credit.models import CreditDecision
from credit.services.requests import request_credit
from memberships.admin import lookups
from memberships.admin.actions import action_urls, offered
from memberships.admin.credit_requests import CreditRequestAdmin as PlainAdmin
from memberships.admin.display import today
from memberships.admin.pages import find_record, show_page
from memberships.admin.quick_filters import QuickChoice, QuickFilter, QuickFilterMixin
from memberships.models import CreditRequest, Member
from operations.admin.reasons import ask, record_url
from operations.errors import PlusdeskError

DECIDE = "credit.decide_credit"
State = CreditRequest.State


def _open(requests: QuerySet[Any], on: date) -> QuerySet[Any]:
    return requests.filter(state=State.OPEN)


class ToDoFilter(QuickFilter):
    """Requests that wait, the oldest first."""

    offered = (QuickChoice("open", _("To be decided"), _open, order="pk"),)


class AskForm(forms.Form):
    """Who asks for what."""

    member = forms.CharField(label=gettext_lazy("Member number"), max_length=24, widget=UnfoldAdminTextInputWidget())
    limit = forms.DecimalField(
        label=gettext_lazy("Requested limit (CNY)"), required=False, min_value=Decimal("0.01"), max_digits=14,
        decimal_places=2, widget=UnfoldAdminDecimalFieldWidget(),
    )
    term_days = forms.IntegerField(
        label=gettext_lazy("Requested term (days)"), required=False, min_value=0, max_value=365,
        widget=UnfoldAdminIntegerFieldWidget(),
    )

    def clean_member(self) -> Member:
        member = Member.objects.filter(pk=Member.pk_of(self.cleaned_data["member"].strip()) or 0).first()
        if member is None:
            raise forms.ValidationError(gettext("There is no member of that number."))
        return member


admin.site.unregister(CreditRequest)


@admin.register(CreditRequest)
class CreditRequestAdmin(QuickFilterMixin, PlainAdmin):
    """Newest first; the page of one has what speaks for it and against it, and decides."""

    list_display = ("requested_on", "customer_column", "member_column", "limit_column", "term_days", "state_column")
    list_filter = (ToDoFilter, ("state", ChoicesDropdownFilter))
    quick_filter = ToDoFilter
    index_search: Any = (lookups.member_number("member"), lookups.legal_name("member"))
    actions_list = ("enter",)

    @admin.display(description=_("requested limit (CNY)"))
    def limit_column(self, asked: CreditRequest) -> Any:
        return amount(asked.limit)

    @display(description=_("state"), label=REQUEST_COLOURS)
    def state_column(self, asked: CreditRequest) -> tuple[str, Any]:
        return asked.state, asked.get_state_display()

    def get_urls(self) -> list[URLPattern]:
        return [*action_urls(self, ACTIONS, self.whole), *super().get_urls()]

    def whole(self, request: HttpRequest) -> "QuerySet[CreditRequest]":
        """Requests with all that their page and their buttons need."""
        return CreditRequest.objects.select_related("member__customer")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one request."""
        asked, on = find_record(self, request, object_id, self.whole(request)), today()
        decision = (
            CreditDecision.objects.filter(request=asked).select_related("maker", "checker", "version__line").first()
        )
        return show_page(
            self, request, "credit/request.html", asked, asked=asked, firm=firm_of(asked),
            title=f"{firm_of(asked)} · {asked.requested_on}", colour=REQUEST_COLOURS[State(asked.state)],
            decision=decision, outcome_colour=OUTCOME_COLOURS[CreditDecision.Outcome(decision.outcome)]
            if decision else "", buttons=offered(request, ACTIONS, asked, on=on),
            **request_page(asked, decision, on=on),
        )

    def has_enter_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(DECIDE)

    @action(description=_("Enter a request"), permissions=["enter"], icon="add", url_path="enter")
    def enter(self, request: HttpRequest) -> HttpResponse:
        """What a firm asks for; an open request of the firm says it then."""
        if not self.has_enter_permission(request):
            raise PermissionDenied
        form = AskForm(request.POST if request.method == "POST" else None)
        if form.is_bound and form.is_valid():
            told = form.cleaned_data
            try:
                found = request_credit(
                    told["member"], limit=told["limit"], term_days=told["term_days"], on=today(),
                    actor=request.user,  # type: ignore[arg-type]
                )
            except PlusdeskError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, gettext("The request waits for a decision."))
                return HttpResponseRedirect(record_url(found))
        return ask(
            self, request, None, form, title=gettext("Enter a request"), submit_label=gettext("Enter"),
            back_url=reverse("admin:memberships_creditrequest_changelist"), template="memberships/confirm.html",
            facts=(), note=gettext("A request that the firm has open is changed to this."),
        )
