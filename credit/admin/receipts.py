"""Receipts: the list, the page of one with what it pays, entering one, and the work list of those that are nobody's."""

from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from credit.admin.display import RECEIPT_COLOURS, LineFilter, amount, firm_of, line_link
from credit.admin.line_actions import day_field, money_field
from credit.admin.receipt_actions import ACTIONS, ALLOCATE, moved
from credit.masking import mask_account
from credit.models import CreditEntry, CreditLine, Receipt
from credit.services.receipt_offers import offer_receipt
from credit.services.receipt_suggestions import suggest_owners
from credit.services.receipts import Incoming
from memberships.admin import lookups
from memberships.admin.actions import ConfirmForm, action_urls, offered, who_and_when
from memberships.admin.display import today
from memberships.admin.pages import find_record, show_page
from memberships.admin.points_actions import NOTE, tell
from memberships.admin.quick_filters import QuickChoice, QuickFilter, QuickFilterMixin, count_choice
from operations.admin.approval_pages import approval_url
from operations.admin.base import ReadOnlyAdmin
from operations.admin.paging import read_page
from operations.admin.reasons import ask, record_url
from operations.admin.search import SearchKind
from operations.errors import PlusdeskError
from operations.models import Approval

State = Receipt.State
#: Receipts of a page of the work list, and suggestions of each.
WORK_ROWS, SUGGESTIONS = 20, 3


def _unmatched(receipts: QuerySet[Any], on: Any) -> QuerySet[Any]:
    return receipts.filter(state=State.UNMATCHED)


def _unapplied(receipts: QuerySet[Any], on: Any) -> QuerySet[Any]:
    return receipts.filter(unapplied__gt=0)


class ToDoFilter(QuickFilter):
    """Receipts that somebody has to do something about."""

    offered = (
        QuickChoice("unmatched", _("Not matched"), _unmatched, order="pk"),
        QuickChoice("unapplied", _("With unapplied credit"), _unapplied, order="pk"),
    )


class ReceiptForm(ConfirmForm):
    """A payment as the bank tells it."""

    first_fields = ("received_on", "amount", "payer_name", "payer_account", "reference", "bank_number")
    received_on = day_field(gettext_lazy("Received on"))
    amount = money_field(gettext_lazy("Amount (CNY)"))
    payer_name = forms.CharField(label=gettext_lazy("Payer"), max_length=200, widget=UnfoldAdminTextInputWidget())
    payer_account = forms.CharField(
        label=gettext_lazy("Payer's account"), max_length=64, required=False, widget=UnfoldAdminTextInputWidget()
    )
    reference = forms.CharField(
        label=gettext_lazy("Payer's reference"), max_length=200, required=False, widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("What the payer wrote: numbers of invoices in it say what is paid."),
    )
    bank_number = forms.CharField(
        label=gettext_lazy("Bank reference"), max_length=96, widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("The bank's own number of the payment: it is booked once for ever."),
    )

    def incoming(self) -> Incoming:
        chosen = self.cleaned_data
        return Incoming(
            key=chosen["bank_number"], payer_name=chosen["payer_name"], amount=chosen["amount"],
            received_on=chosen["received_on"], payer_account=chosen["payer_account"], reference=chosen["reference"],
        )


@admin.register(Receipt)
class ReceiptAdmin(QuickFilterMixin, ReadOnlyAdmin):
    """Newest first."""

    list_display = (
        "received_on", "payer_name", "amount_column", "allocated_column", "unapplied_column", "state_column",
        "line_column", "rule", "reference",
    )
    list_display_links = ("received_on", "payer_name")
    list_select_related = ("line", "member")
    list_filter = (ToDoFilter, LineFilter, ("state", ChoicesDropdownFilter))
    quick_filter = ToDoFilter
    index_search = (
        lookups.member_number("line__member"),
        SearchKind(_("bank reference"), lambda term: Q(key=term), is_free=True),
    )
    actions_list = ("work", "enter")

    @admin.display(description=_("amount (CNY)"))
    def amount_column(self, receipt: Receipt) -> SafeString | str:
        return amount(receipt.amount)

    @admin.display(description=_("allocated (CNY)"))
    def allocated_column(self, receipt: Receipt) -> SafeString | str:
        return amount(receipt.allocated)

    @admin.display(description=_("unapplied (CNY)"))
    def unapplied_column(self, receipt: Receipt) -> SafeString | str:
        return amount(receipt.unapplied)

    @display(description=_("state"), label=RECEIPT_COLOURS)
    def state_column(self, receipt: Receipt) -> tuple[str, str]:
        return receipt.state, receipt.get_state_display()

    @admin.display(description=_("credit line"))
    def line_column(self, receipt: Receipt) -> SafeString | str:
        return line_link(receipt.line) if receipt.line else "–"

    # --- pages

    def get_urls(self) -> list[URLPattern]:
        match = path(
            "<int:receipt_id>/match/<int:line_id>/",
            self.admin_site.admin_view(require_POST(self.match_now)), name="credit_receipt_match_now",
        )
        return [match, *action_urls(self, ACTIONS, self.whole), *super().get_urls()]

    def whole(self, request: HttpRequest) -> "QuerySet[Receipt]":
        """Receipts with all that their page and their buttons need."""
        return Receipt.objects.select_related("line", "member__customer", "actor", "checker", "batch")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one receipt."""
        receipt = find_record(self, request, object_id, self.whole(request))
        ((_receipt, suggestions),) = _suggested([receipt])
        entries = CreditEntry.objects.filter(receipt=receipt).select_related("actor", "invoice", "receipt")
        return show_page(
            self, request, "credit/receipt.html", receipt, receipt=receipt,
            colour=RECEIPT_COLOURS[State(receipt.state)], firm=firm_of(receipt) if receipt.member else "",
            entries=entries.order_by("-pk")[:100], buttons=offered(request, ACTIONS, receipt, on=today()),
            suggestions=suggestions if receipt.state == State.UNMATCHED else [],
            may_match=request.user.has_perm(ALLOCATE),
            steps=receipt.steps.select_related("actor", "checker").order_by("-pk"),
        )

    def has_enter_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(ALLOCATE)

    @action(description=_("Enter a receipt"), permissions=["enter"], icon="add", url_path="enter")
    def enter(self, request: HttpRequest) -> HttpResponse:
        """A payment by hand: it finds its owner as one of a bank's file does."""
        if not self.has_enter_permission(request):
            raise PermissionDenied
        posted = request.POST if request.method == "POST" else None
        seen = request.POST.get("seen", "") if posted else uuid4().hex
        form = ReceiptForm(posted, seen=seen, initial={"received_on": today()})
        if posted is not None and form.is_valid():
            url = _enter(request, form)
            if url:
                return HttpResponseRedirect(url)
        return ask(
            self, request, None, form, title=gettext("Enter a receipt"), submit_label=gettext("Enter"), note=NOTE,
            template="memberships/confirm.html", facts=(), back_url=reverse("admin:credit_receipt_changelist"),
        )

    def has_work_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_view_permission(request))

    @action(description=_("Work list"), permissions=["work"], icon="checklist", url_path="work")
    def work(self, request: HttpRequest) -> HttpResponse:
        """Those that are nobody's, the oldest first, each with whose it may be."""
        if not self.has_work_permission(request):
            raise PermissionDenied
        page = read_page(
            Receipt.objects.unmatched(), order="pk", size=WORK_ROWS, after=_key(request.GET.get("after", ""))
        )
        choice = ToDoFilter.offered[0]
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "title": gettext("Receipts to be matched"),
            "work": _suggested(page.rows), "may_match": request.user.has_perm(ALLOCATE),
            "count": str(count_choice(Receipt, choice, on=today())),
            "first_url": "?" if page.has_previous else "",
            "next_url": f"?after={page.rows[-1].pk}" if page.has_next else "",
        }
        return TemplateResponse(request, "credit/receipts_work.html", context)

    def match_now(self, request: HttpRequest, receipt_id: int, line_id: int) -> HttpResponse:
        """One click of the work list: it is this line's."""
        if not (self.has_view_permission(request) and request.user.has_perm(ALLOCATE)):
            raise PermissionDenied
        receipt = Receipt.objects.filter(pk=receipt_id).first()
        line = CreditLine.objects.filter(pk=line_id).first()
        if receipt is None or line is None:
            raise Http404
        try:
            who = {"actor": request.user, "at": timezone.now(), "reason": ""}
            told = moved(receipt, State.MATCHED, who, on=today(), line=line)
        except PlusdeskError as error:
            messages.error(request, str(error))
        else:
            messages.add_message(request, told.level, told.text)
        return HttpResponseRedirect(reverse("admin:credit_receipt_work"))


def _suggested(receipts: list[Any]) -> list[tuple[Any, list[Any]]]:
    """Each receipt, its `account` masked, with the likeliest owners; two queries."""
    found = suggest_owners([receipt.pk for receipt in receipts]) if receipts else {}
    for receipt in receipts:
        receipt.account = mask_account(receipt.payer_account)
    return [(receipt, found.get(receipt.pk, [])[:SUGGESTIONS]) for receipt in receipts]


def _key(text: str) -> str | None:
    return text if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _enter(request: HttpRequest, form: ReceiptForm) -> str:
    """Where to go; blank where it was refused, with the reason in the form."""
    try:
        result = offer_receipt(form.incoming(), on=today(), **who_and_when(request, form))
    except PlusdeskError as error:
        form.add_error(None, str(error))
        return ""
    told = tell(result)
    messages.add_message(request, told.level, told.text)
    if isinstance(result, Approval):
        return approval_url(result)
    return record_url(Receipt(pk=result.data["receipt"]))
