"""Brands: what each committed, what of it is reserved for campaigns and spent, and its campaigns."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest, HttpResponse
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from benefits.models import Brand, Budget, Campaign
from memberships.admin.display import today
from memberships.admin.pages import find_record, show_page
from memberships.admin.programmes import NamedAdmin

NOTHING = Decimal(0)


def with_money(brands: QuerySet[Brand]) -> QuerySet[Brand]:
    """With `committed`, `reserved` and `spent` over all programmes, in CNY."""
    commitments = Budget.objects.filter(brand=OuterRef("pk")).order_by().values("brand")
    parts = Budget.objects.filter(part_of__brand=OuterRef("pk")).order_by().values("part_of__brand")
    return brands.annotate(
        committed=Subquery(commitments.annotate(total=Sum("amount")).values("total")),
        reserved=Subquery(commitments.annotate(total=Sum("reserved")).values("total")),
        spent=Subquery(parts.annotate(total=Sum("spent")).values("total")),
    )


@admin.register(Brand)
class BrandAdmin(NamedAdmin):
    """In the order of their codes; the page of one has its commitments and campaigns."""

    list_display = (
        "name_column", "code", "category", "committed_column", "reserved_column", "spent_column", "left_column",
    )
    ordering = ("code",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Brand]:
        return with_money(super().get_queryset(request))

    @admin.display(description=_("committed (CNY)"))
    def committed_column(self, brand: Any) -> str:
        return _money(brand.committed)

    @admin.display(description=_("reserved (CNY)"))
    def reserved_column(self, brand: Any) -> str:
        return _money(brand.reserved)

    @admin.display(description=_("spent (CNY)"))
    def spent_column(self, brand: Any) -> str:
        return _money(brand.spent)

    @admin.display(description=_("remaining (CNY)"))
    def left_column(self, brand: Any) -> str:
        return _money((brand.committed or NOTHING) - (brand.spent or NOTHING))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        brand: Any = find_record(self, request, object_id, self.get_queryset(request))
        on = today()
        campaigns = Campaign.objects.with_budget().filter(brand=brand).order_by("-budget__starts_on", "-pk")
        commitments = Budget.objects.filter(brand=brand).select_related("programme").order_by("programme")
        return show_page(
            self, request, "benefits/brand.html", brand, brand=brand, commitments=commitments,
            left=(brand.committed or NOTHING) - (brand.spent or NOTHING),
            campaigns=[(campaign, campaign.state(on=on)) for campaign in campaigns[:200]],
        )


def _money(amount: Decimal | None) -> str:
    return str(number_format(amount or NOTHING, decimal_pos=2))
