"""Orders and returns: found by number or member, each with what it brought. Nothing is recorded here."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from memberships.admin import lookups
from memberships.admin.display import contact_prefetch, member_link
from memberships.admin.orders_page import order_page
from memberships.admin.pages import find_record, show_page
from memberships.models import Enrolment, Order
from operations.admin.base import ReadOnlyAdmin
from operations.admin.search import SearchKind


class KindFilter(admin.SimpleListFilter):
    """Returns, by their small index; all others are found in the list itself."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("returns", _("returns"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        return queryset.filter(returns__isnull=False) if self.value() == "returns" else queryset


def _of_member() -> SearchKind:
    """By member number. Orders are indexed by wallet: the member's wallets are read first."""
    by_number = lookups.member_number("member")

    def condition(term: str) -> Q | None:
        members = by_number.condition(term)
        if members is None:
            return None
        return Q(enrolment__in=list(Enrolment.objects.filter(members).values_list("pk", flat=True)))

    return SearchKind(by_number.label, condition)


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    """Orders and returns, the last recorded first."""

    list_display = (
        "number", "member_column", "programme_column", "category", "amount", "ordered_on", "points", "qualifying",
        "returns",
    )
    list_select_related = ("member", "enrolment__programme", "returns")
    list_filter = (KindFilter,)
    index_search = (
        lookups.order_number(),
        _of_member(),
    )

    @admin.display(description=_("member"))
    def member_column(self, order: Order) -> SafeString:
        return member_link(order.member)

    @admin.display(description=_("programme"))
    def programme_column(self, order: Order) -> str:
        wallet = order.enrolment
        return f"{wallet.programme} · {wallet.scope}" if wallet.scope else str(wallet.programme)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one order or return."""
        orders = self.get_queryset(request).select_related("member__customer", "enrolment__programme", "returns__rule")
        order = find_record(
            self, request, object_id, orders.select_related("rule").prefetch_related(contact_prefetch("member__"))
        )
        return show_page(self, request, "memberships/order.html", order, **order_page(request, order))
