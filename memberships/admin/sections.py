"""The sections of a member's and a customer's page: contacts, cards with terms, credit requests, history."""

from datetime import date
from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest

from memberships.admin import subscription_actions
from memberships.admin.actions import offered
from memberships.admin.display import STATUS_COLOURS, masked_token, today
from memberships.admin.member_actions import ACTIONS as MEMBER_ACTIONS
from memberships.admin.member_summary import tiles, wallet_lines
from memberships.admin.payment_actions import ACTIONS as PAYMENT_ACTIONS
from memberships.admin.payment_page import UNPAID, left_to_refund, stories
from memberships.models import (
    CreditRequest,
    EnterpriseCustomer,
    Member,
    MemberContact,
    Payment,
    PaymentMethod,
    Subscription,
    Term,
)
from memberships.services.merges import records_of
from memberships.services.subscriptions import with_status
from operations import registry
from operations.admin.history import HistorySource, own_history, satellites
from operations.admin.timeline import read_timeline
from operations.masking import mask_email, mask_mobile, mask_name

#: Rows of a section at the most; a member with more is looked at in the lists.
SECTION_ROWS = 20
RECENT_MOMENTS = 10
#: Records of one person whose moments are told together, at the most.
MOST_RECORDS = 6
RECENT_PAYMENTS = 5


def history_sources(member: Member) -> list[HistorySource]:
    """Everything that happened to a member: the row itself and all that belongs to it."""
    customer = EnterpriseCustomer.pgh_event_model  # type: ignore[attr-defined]
    return [
        *own_history(member),
        HistorySource(customer, "pgh_obj_id", member.pk),
        *satellites(member, "member", MemberContact, Subscription, Term, PaymentMethod, CreditRequest),
    ]


def member_sections(request: HttpRequest, member: Member) -> dict[str, Any]:
    """What the sections show, read in a fixed number of queries; only what the user may view."""
    user, on = request.user, today()
    contacts = list(member.contacts.order_by("-is_primary", "pk")[:SECTION_ROWS])
    may_see_contacts = user.has_perm("memberships.view_membercontact")
    cards = _subscriptions(request, member, on=on) if user.has_perm("memberships.view_subscription") else []
    wallets = wallet_lines(request, member, on=on) if user.has_perm("memberships.view_enrolment") else None
    panels = [
        {"template": panel.template, **panel.context(request, member.pk)}
        for panel in sorted(registry.member_panels, key=lambda panel: panel.is_last) if user.has_perm(panel.permission)
    ]
    return {
        "member": member,
        "tiles": tiles(cards, wallets, panels),
        "wallet_buttons": offered(request, MEMBER_ACTIONS, member, on=on),
        "contacts": [_masked(contact) for contact in contacts] if may_see_contacts else [],
        "can_reveal": user.has_perm("memberships.reveal_membercontact"),
        "may_set_language": user.has_perm("memberships.change_membercontact"),
        "subscriptions": cards,
        "credit_requests": (
            member.credit_requests.order_by("-requested_on", "-pk")[:SECTION_ROWS]
            if user.has_perm("memberships.view_creditrequest")
            else []
        ),
        "payment_methods": _methods(member) if user.has_perm("memberships.view_paymentmethod") else None,
        "payments": _payments(request, member, on=on) if user.has_perm("memberships.view_payment") else None,
        "wallets": wallets,
        "panels": panels,
        "timeline": read_timeline(request, member.pk, size=RECENT_MOMENTS, also=records_of(member.pk)[1:MOST_RECORDS]),
    }


def _methods(member: Member) -> list[Any]:
    methods: list[Any] = list(member.payment_methods.order_by("-added_on", "-pk")[:SECTION_ROWS])
    for method in methods:
        method.masked_token = masked_token(method)
    return methods


def _payments(request: HttpRequest, member: Member, *, on: date) -> list[Any]:
    """The newest payments, each with what is the matter with it, what can be given back of it, and its buttons."""
    newest = Payment.objects.filter(member=member).select_related("plan", "method").order_by("-pk")[:RECENT_PAYMENTS]
    told = stories(newest)
    for story in told:
        story.buttons = offered(request, PAYMENT_ACTIONS, story.payment, on=on)
        story.payment.left = left_to_refund(story.payment)  # type: ignore[attr-defined]
    return told


def _masked(contact: MemberContact) -> dict[str, Any]:
    return {
        "pk": contact.pk,
        "is_primary": contact.is_primary,
        "name": mask_name(contact.name),
        "mobile": mask_mobile(contact.mobile),
        "email": mask_email(contact.email),
        "language": contact.get_language_display(),
        "refuses_sms": contact.sms_refused_at is not None,
    }


def _subscriptions(request: HttpRequest, member: Member, *, on: date) -> list[Any]:
    """The newest cards with their newest terms and their buttons."""
    # By member, too: terms have no index that begins with the subscription.
    newest_terms = Term.objects.filter(member=member).order_by("-number")[:SECTION_ROWS]
    unpaid = Payment.objects.filter(member=member, state__in=UNPAID).order_by("pk")
    newest = with_status(Subscription.objects.filter(member=member), on=on).select_related(
        "plan__programme", "payment_method"
    )
    found: list[Any] = list(
        newest.prefetch_related(
            Prefetch("terms", newest_terms, to_attr="newest_terms"),
            Prefetch("payments", unpaid, to_attr="unpaid_payments"),
        ).order_by("-requested_on", "-pk")[:SECTION_ROWS]
    )
    for subscription in found:
        subscription.status_label = Subscription.Status(subscription.status).label
        subscription.status_colour = STATUS_COLOURS[subscription.status]
        subscription.buttons = offered(request, subscription_actions.ACTIONS, subscription, on=on)
    return found
