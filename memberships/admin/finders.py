"""What the box of the header finds of memberships: members by all that is known of them, orders, payments."""

from typing import Any

from django.db.models import QuerySet

from memberships.admin import lookups
from memberships.admin.display import cards, owner_name, owner_prefetches
from memberships.models import Member, Order, Payment
from memberships.services.merges import survivors_of
from operations.admin.finders import Finder, Found


class FindMembers(Finder):
    """Persons and firms."""

    name = "members"
    model = Member
    icon = "group"
    kinds = (
        lookups.member_number(), lookups.mobile(), lookups.credit_code("customer__"), lookups.legal_name(),
        lookups.external_id("customer__"), lookups.person_name(),
    )

    def records(self) -> QuerySet[Any]:
        return Member.objects.select_related("customer").prefetch_related(*owner_prefetches())

    def shown(self, keys: list[Any]) -> list[Any]:
        """Of a record that was merged, the one that stays."""
        merged = survivors_of(keys) if keys else {}
        return list(dict.fromkeys(merged.get(key, key) for key in keys))

    def describe(self, record: Member) -> Found:
        said = (owner_name(record), record.get_kind_display(), cards(record))
        return Found(record.number, " · ".join(filter(None, said)), self.page_of(record))


class FindOrders(Finder):
    """Orders and returns."""

    name = "orders"
    model = Order
    icon = "receipt_long"
    kinds = (lookups.order_number(),)

    def records(self) -> QuerySet[Any]:
        return Order.objects.select_related("member")

    def describe(self, record: Order) -> Found:
        detail = f"{record.member.number} · {record.ordered_on:%Y-%m-%d} · {record.amount:,} CNY"
        return Found(record.number, detail, self.page_of(record))


class FindPayments(Finder):
    """Payments, by what the gateway calls their attempts and refunds."""

    name = "payments"
    model = Payment
    icon = "payments"
    kinds = (lookups.attempt_key(),)

    def records(self) -> QuerySet[Any]:
        return Payment.objects.select_related("member", "plan")

    def describe(self, record: Payment) -> Found:
        detail = f"{record.member.number} · {record.plan} · {record.get_state_display()}"
        return Found(f"{record.amount:,} CNY", detail, self.page_of(record))


FINDERS = (FindMembers, FindOrders, FindPayments)
