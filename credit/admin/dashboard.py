"""What the first page shows of credit: exposure and ageing, and what waits."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credit.admin.ageing import COLOURS
from credit.admin.display import Bar
from credit.admin.lines import ToDoFilter as LinesToDo
from credit.admin.receipts import ToDoFilter as ReceiptsToDo
from credit.admin.requests import ToDoFilter as RequestsToDo
from credit.models import CreditLine, Receipt
from credit.services.ageing import Bucket
from memberships.admin.dashboard import by_programme
from memberships.admin.work_lists import QuickWorkList
from memberships.models import CreditRequest
from operations.admin.dashboard import DashboardPanel, Figure, Rolled, chart, list_url, table
from operations.roles import CREDIT_CONTROLLER


class CreditPanel(DashboardPanel):
    """What firms may owe, owe, and owe too long."""

    name = "credit"
    title = gettext_lazy("Credit")
    template = "credit/dashboard.html"
    permission = "credit.view_creditline"
    first_for = (CREDIT_CONTROLLER,)
    rolled = ("credit_exposure",)

    def context(self, request: HttpRequest, rolled: Rolled, *, at: datetime) -> dict[str, Any]:
        found = rolled["credit_exposure"]
        aged = found.get("")
        if aged is None:
            return {"figures": []}
        programmes = [each for scope, each in found.items() if scope]
        total = {name: sum((each.amount(name) for each in programmes), Decimal(0))
                 for name in ("limit", "open", "authorised", "unapplied", "overdue")}
        overdue = sum(each.count("overdue_lines") for each in programmes)
        ageing, lines = reverse("admin:credit_invoice_ageing"), list_url(CreditLine)
        buckets = [aged.amount(f"bucket_{bucket.value}") for bucket in Bucket]
        words = [str(bucket.label) for bucket in Bucket]
        return {
            "figures": [
                Figure(_("Open (CNY)"), f"{total['open']:,.2f}", ageing, _("%(count)s customers") % {
                    "count": number_format(aged.count("customers"))}),
                Figure(_("Overdue (CNY)"), f"{total['overdue']:,.2f}", f"{lines}?show=overdue", _(
                    "%(count)s credit lines") % {"count": number_format(overdue)}, is_bad=bool(overdue)),
                Figure(_("Unapplied credit (CNY)"), f"{total['unapplied']:,.2f}", list_url(
                    Receipt, "?show=unapplied")),
            ],
            "bar": Bar(total["limit"], total["open"], total["authorised"]),
            **table(
                (_("Credit lines"), _("Limit (CNY)"), _("Open (CNY)"), _("Overdue (CNY)")),
                [(programme, page, [
                    (number_format(each.count("lines")), f"{lines}?programme__id__exact={programme.pk}"),
                    *((f"{each.amount(name):,.2f}", "") for name in ("limit", "open")),
                    (f"{each.amount('overdue'):,.2f}", f"{lines}?show=overdue&programme__id__exact={programme.pk}"),
                ]) for programme, page, each in by_programme(found)],
            ),
            "bar_chart": chart(words, [(_("Open (CNY)"), [float(each) for each in buckets], list(COLOURS))])
            if any(buckets) else "",
            "buckets": [
                Figure(word, f"{each:,.2f}", f"{ageing}?bucket={bucket.value}")
                for bucket, word, each in zip(Bucket, words, buckets, strict=True)
            ],
        }


PANELS = (CreditPanel,)
WORK_LISTS = (
    QuickWorkList("credit_lines", CreditLine, LinesToDo, CREDIT_CONTROLLER),
    QuickWorkList("credit_requests", CreditRequest, RequestsToDo, CREDIT_CONTROLLER),
    QuickWorkList("receipts", Receipt, ReceiptsToDo, CREDIT_CONTROLLER),
)
