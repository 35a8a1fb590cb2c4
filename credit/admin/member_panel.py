"""The section “Credit” of a member's and a customer's page: the bar of each line, open invoices, what is due next."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from credit.admin.display import OVERDUE_COLOURS, bar_of, with_limits
from credit.admin.lines import STATE_COLOURS, shown_state
from credit.models import CreditLine, Invoice, OverdueState
from memberships.admin.display import today
from operations.admin.panels import MemberPanel

#: Invoices at the most; the line's page has more.
ROWS = 5


class CreditPanel(MemberPanel):
    name = "credit"
    permission = "credit.view_creditline"
    template = "credit/member_panel.html"

    def context(self, request: HttpRequest, member_id: int) -> dict[str, Any]:
        """`lines` is None of a member who never had one: the section is left out."""
        on = today()
        lines: list[Any] = list(
            with_limits(CreditLine.objects.filter(member=member_id), on=on)
            .select_related("subscription__plan", "programme").order_by("-pk")
        )
        invoices: list[Any] = list(
            Invoice.objects.open().filter(line__in=lines).order_by("due_on", "pk")[: ROWS + 1]
        ) if lines and request.user.has_perm("credit.view_invoice") else []
        for line in lines:
            line.bar, (line.state_name, line.state_words) = bar_of(line), shown_state(line)
            line.colour = STATE_COLOURS[line.state_name]
            line.overdue_colour = OVERDUE_COLOURS[OverdueState(line.overdue_state)]
        for invoice in invoices:
            invoice.days_overdue = max((on - invoice.due_on).days, 0)
            invoice.colour = OVERDUE_COLOURS[OverdueState(invoice.overdue_state)]
        return {
            "lines": lines, "invoices": invoices[:ROWS], "has_more": len(invoices) > ROWS,
            "next_due": next((each for each in invoices if each.due_on >= on), None),
            "test_url": reverse("admin:credit_creditline_order_test"),
        }
