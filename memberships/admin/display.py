"""How memberships are shown in columns: masked, and without a query per row."""

from datetime import date
from typing import Any

from django.db.models import Prefetch
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from memberships.dates import business_date
from memberships.models import Member, MemberContact, PaymentMethod, Subscription
from memberships.services.subscriptions import with_status
from operations.masking import mask_mobile, mask_name

STATUS_COLOURS = {
    Subscription.Status.PENDING: "info",
    Subscription.Status.ACTIVE: "success",
    Subscription.Status.IN_GRACE: "warning",
    Subscription.Status.LAPSED: "danger",
    Subscription.Status.CANCELLED: "",
    Subscription.Status.REFUNDED: "",
}


def today() -> date:
    """The business date now: pages are where the clock is read."""
    return business_date(timezone.now())


def owner_prefetches(member: str = "") -> list["Prefetch[Any]"]:
    """The primary contact and the current cards of the members on a page; `member` leads to the member."""
    held = with_status(Subscription.objects.current(on=today()), on=today()).select_related("plan").order_by("pk")
    return [
        contact_prefetch(member),
        Prefetch(f"{member}subscriptions", held, to_attr="current_subscriptions"),
    ]


def contact_prefetch(member: str = "") -> "Prefetch[Any]":
    """The primary contacts of the members on a page; `member` leads to the member."""
    return Prefetch(f"{member}contacts", MemberContact.objects.filter(is_primary=True), to_attr="primary_contacts")


def owner_name(member: Member) -> str:
    """A firm by its name, a person by the masked one; needs the customer and contact_prefetch."""
    customer = getattr(member, "customer", None)
    return customer.legal_name if customer else masked_contact(member)


def owner_link(member: Member) -> SafeString | str:
    """The firm's name, leading to its page; a person's masked name."""
    if not hasattr(member, "customer"):
        return owner_name(member)
    url = reverse("admin:memberships_enterprisecustomer_change", args=[member.pk])
    return format_html('<a href="{}">{}</a>', url, owner_name(member))


def masked_contact(member: Member) -> str:
    """The primary contact, masked; needs contact_prefetch."""
    contacts: list[MemberContact] = member.primary_contacts  # type: ignore[attr-defined]
    return " ".join(filter(None, (f"{mask_name(c.name)} {mask_mobile(c.mobile)}".strip() for c in contacts)))


def cards(member: Member) -> str:
    """The current cards with their state; needs owner_prefetches."""
    subscriptions: list[Any] = member.current_subscriptions  # type: ignore[attr-defined]
    return _(", ").join(
        f"{subscription.plan} ({Subscription.Status(subscription.status).label})" for subscription in subscriptions
    )


def member_link(member: Member) -> SafeString:
    """The member's number, leading to its page."""
    url = reverse("admin:memberships_member_change", args=[member.pk])
    return format_html('<a href="{}">{}</a>', url, member.number)


def signed(points: int) -> str:
    """"+1,200" or "-60": a movement of points."""
    return f"{'+' if points > 0 else ''}{number_format(points)}"


def masked_token(method: PaymentMethod) -> str:
    """The end of a gateway's token: enough to tell one from another."""
    return f"…{method.token[-4:]}"
