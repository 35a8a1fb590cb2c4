"""“Would this order pass?”: an amount on a firm's line, and yes or every rule that stops it. Nothing is kept."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from credit.admin.display import bar_of, firm_of, with_limits
from credit.admin.line_actions import money_field
from credit.models import CreditLine
from credit.services.blocking import would_pass
from memberships.admin.display import today
from memberships.models import Member
from operations.admin.base import ReadOnlyAdmin


class OrderForm(forms.Form):
    """Whose order, of how much."""

    member = forms.CharField(label=gettext_lazy("Member number"), max_length=24, widget=UnfoldAdminTextInputWidget())
    amount = money_field(gettext_lazy("Amount of the order (CNY)"))

    def clean_member(self) -> list[CreditLine]:
        """The member's lines, those that are closed last."""
        key = Member.pk_of(self.cleaned_data["member"].strip())
        lines = CreditLine.objects.filter(member=key or 0).select_related(
            "member__customer", "programme", "subscription__plan"
        )
        closed = CreditLine.State.CLOSED
        found = sorted(with_limits(lines, on=today()), key=lambda line: (line.state == closed, line.pk))
        if not found:
            raise forms.ValidationError(gettext("There is no credit line of that member."))
        return found


class OrderTestPage(ReadOnlyAdmin):
    """Adds the page to an admin."""

    def has_order_test_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_view_permission(request))

    @action(
        description=_("Would this order pass?"), permissions=["order_test"], icon="rule", url_path="order-test"
    )
    def order_test(self, request: HttpRequest) -> HttpResponse:
        """Asked by the address, so that an answer can be handed on."""
        if not self.has_order_test_permission(request):
            raise PermissionDenied
        is_asked = "amount" in request.GET
        form = OrderForm(request.GET if is_asked else None, initial={"member": request.GET.get("member", "")})
        answers = []
        if is_asked and form.is_valid():
            answers = [_answer(line, form.cleaned_data["amount"]) for line in form.cleaned_data["member"]]
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "title": gettext("Would this order pass?"),
            "form": form, "answers": answers,
        }
        return TemplateResponse(request, "credit/order_test.html", context)


def _answer(line: Any, asked: Decimal) -> dict[str, Any]:
    """What would stop it on a line; what is available before and after."""
    bar = bar_of(line)
    return {
        "line": line, "firm": firm_of(line), "bar": bar, "asked": asked, "after": bar.available - asked,
        "hindrances": would_pass(line, asked, on=today()),
    }


def stops_now(line: CreditLine) -> list[str]:
    """What would stop the smallest order there is; nothing of a line that is closed, which says so itself."""
    if line.state == CreditLine.State.CLOSED:
        return []
    return [f"{found.name}: {found.words}" for found in would_pass(line, Decimal("0.01"), on=today())]
