"""The section “Credit” of a member's and a customer's page: the bar of each line, open invoices, what is due next."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from credit.admin.display import OVERDUE_COLOURS, bar_of, with_limits
from credit.admin.line_actions import ResumeAction, SuspendAction
from credit.admin.lines import STATE_COLOURS, shown_state
from credit.errors import money
from credit.models import CreditLine, Invoice, OverdueState
from memberships.admin.actions import offered
from memberships.admin.display import today
from operations.admin.dashboard import Figure
from operations.admin.panels import MemberPanel

#: What stops draws, and lets them go on.
HOLDS = (SuspendAction(), ResumeAction())
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
        lines.sort(key=lambda line: line.state != CreditLine.State.ACTIVE)
        invoices: list[Any] = list(
            Invoice.objects.open().filter(line__in=lines).order_by("due_on", "pk")[: ROWS + 1]
        ) if lines and request.user.has_perm("credit.view_invoice") else []
        for line in lines:
            line.bar, (line.state_name, line.state_words) = bar_of(line), shown_state(line)
            line.colour = STATE_COLOURS[line.state_name]
            line.overdue_colour = OVERDUE_COLOURS[OverdueState(line.overdue_state)]
            line.buttons = offered(request, HOLDS, line, on=on)
        for invoice in invoices:
            invoice.days_overdue = max((on - invoice.due_on).days, 0)
            invoice.colour = OVERDUE_COLOURS[OverdueState(invoice.overdue_state)]
        return {
            "lines": lines, "invoices": invoices[:ROWS], "has_more": len(invoices) > ROWS,
            "next_due": next((each for each in invoices if each.due_on >= on), None),
            "test_url": reverse("admin:credit_creditline_order_test"),
            "tiles": [_tile(line) for line in lines if line.state != CreditLine.State.CLOSED],
        }


def _tile(line: Any) -> Figure:
    """What can be drawn, of which limit."""
    note = _("of %(limit)s CNY") % {"limit": money(line.bar.limit)}
    return Figure(
        _("Available credit (CNY)"), money(line.bar.available),
        reverse("admin:credit_creditline_change", args=[line.pk]),
        " · ".join(map(str, filter(None, (note, line.state_words)))), is_bad=line.bar.available < 0,
    )
