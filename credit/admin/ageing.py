"""The ageing of what is owed on a day: a chart, provinces, industries, customers, down to a customer's invoices."""

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from credit.models import CreditLine
from credit.services.ageing import AgedCustomer, Bucket, ageing_report, customers_of, invoices_of
from memberships.admin.display import today
from memberships.admin.pages import show_page
from memberships.models import EnterpriseCustomer
from operations.admin.base import ReadOnlyAdmin

CUSTOMERS, GROUPS, INVOICES = 50, 20, 50
#: The later, the warmer.
COLOURS = (
    "var(--color-green-600)", "var(--color-yellow-500)", "var(--color-orange-400)", "var(--color-orange-600)",
    "var(--color-red-600)",
)


@dataclass(frozen=True)
class Asked:
    """What the address asks for."""

    on: date
    province: str | None
    industry: str | None
    bucket: Bucket | None

    def url(self, **changes: Any) -> str:
        """The same with something else; the page begins anew."""
        facts = {
            "on": self.on.isoformat(), "province": self.province, "industry": self.industry,
            "bucket": None if self.bucket is None else int(self.bucket), **changes,
        }
        return f"?{urlencode({name: fact for name, fact in facts.items() if fact is not None})}"


def asked_for(request: HttpRequest) -> Asked:
    """Days to come, and what is no day, are today."""
    try:
        on = parse_date(request.GET.get("on", "")) or today()
    except ValueError:
        on = today()
    bucket = request.GET.get("bucket", "")
    is_bucket = bucket.isascii() and bucket.isdecimal() and len(bucket) < 3 and int(bucket) in Bucket.values
    return Asked(
        min(on, today()), request.GET.get("province"), request.GET.get("industry"),
        Bucket(int(bucket)) if is_bucket else None,
    )


class AgeingPage(ReadOnlyAdmin):
    """Adds the pages of the ageing to an admin."""

    def has_ageing_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_view_permission(request))

    @action(description=_("Ageing"), permissions=["ageing"], icon="hourglass_bottom", url_path="ageing")
    def ageing(self, request: HttpRequest) -> HttpResponse:
        """Of a day: in total, by province and industry, and who owes most; `member`: one customer's invoices."""
        if not self.has_ageing_permission(request):
            raise PermissionDenied
        asked = asked_for(request)
        if member := request.GET.get("member", ""):
            return self._of_customer(request, asked, member)
        report = ageing_report(on=asked.on, customers=0)
        after = _after(request.GET.get("after", ""))
        customers = customers_of(
            on=asked.on, province=asked.province, industry=asked.industry, bucket=asked.bucket, after=after,
            size=CUSTOMERS + 1,
        )
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "title": gettext("Ageing"), "asked": asked,
            "report": report, "today": today(), "labels": [bucket.label for bucket in Bucket],
            "chart": _chart(report.total.aged.buckets),
            "boxes": [
                (bucket.label, report.total.aged.buckets[bucket], asked.url(bucket=int(bucket)), bucket == asked.bucket)
                for bucket in Bucket
            ],
            "all_url": asked.url(bucket=None),
            "groups": [
                (gettext("Province"), [(each, asked.url(province=each.name)) for each in report.provinces[:GROUPS]]),
                (gettext("Industry"), [(each, asked.url(industry=each.name)) for each in report.industries[:GROUPS]]),
            ],
            "customers": [(each, asked.url(member=each.member_id)) for each in customers[:CUSTOMERS]],
            "chosen": _chosen(asked), "first_url": asked.url() if after else "",
            "next_url": _next_url(asked, customers),
        }
        return TemplateResponse(request, "credit/ageing.html", context)

    def _of_customer(self, request: HttpRequest, asked: Asked, member: str) -> HttpResponse:
        """What one customer had open on the day."""
        key = int(member) if member.isascii() and member.isdecimal() and len(member) < 19 else 0
        customer = EnterpriseCustomer.objects.select_related("member").filter(pk=key).first()
        if customer is None:
            raise Http404
        lines = list(CreditLine.objects.filter(member=customer.pk))
        found = invoices_of(lines, on=asked.on, bucket=asked.bucket, after=_due_after(request), size=INVOICES + 1)
        last = found[INVOICES - 1] if len(found) > INVOICES else None
        return show_page(
            self, request, "credit/ageing_customer.html", customer, customer=customer, lines=lines, asked=asked,
            invoices=found[:INVOICES], title=customer.legal_name, back_url=asked.url(),
            next_url=asked.url(member=customer.pk, after=f"{last.due_on}:{last.pk}") if last else "", first_url="",
        )


def _chart(amounts: tuple[Decimal, ...]) -> str:
    """One bar for each bucket, as Unfold's charts read it."""
    series = {
        "data": [float(amount) for amount in amounts], "backgroundColor": list(COLOURS), "borderColor": list(COLOURS),
        "displayYAxis": True, "maxBarThickness": 64,
    }
    return json.dumps({"labels": [str(bucket.label) for bucket in Bucket], "datasets": [series]})


def _chosen(asked: Asked) -> list[tuple[str, str]]:
    """What narrows the customers, and the way without it."""
    unknown = gettext("unknown")
    found = []
    if asked.province is not None:
        found.append((asked.province or unknown, asked.url(province=None)))
    if asked.industry is not None:
        found.append((asked.industry or unknown, asked.url(industry=None)))
    if asked.bucket is not None:
        found.append((str(asked.bucket.label), asked.url(bucket=None)))
    return found


def _next_url(asked: Asked, customers: list[AgedCustomer]) -> str:
    if len(customers) <= CUSTOMERS:
        return ""
    last = customers[CUSTOMERS - 1]
    amount = last.aged.total if asked.bucket is None else last.aged.buckets[asked.bucket]
    return asked.url(after=f"{amount}:{last.member_id}")


def _after(text: str) -> tuple[Decimal, int] | None:
    """The amount and the key at which a page begins."""
    amount, _colon, key = text.partition(":")
    if not (key.isascii() and key.isdecimal() and len(key) < 19):
        return None
    try:
        found = Decimal(amount)
    except InvalidOperation:
        return None
    return (found, int(key)) if found.is_finite() and len(amount) < 24 else None


def _due_after(request: HttpRequest) -> tuple[date, int] | None:
    day, _colon, key = request.GET.get("after", "").partition(":")
    try:
        found = parse_date(day)
    except ValueError:
        return None
    return (found, int(key)) if found and key.isascii() and key.isdecimal() and len(key) < 19 else None
