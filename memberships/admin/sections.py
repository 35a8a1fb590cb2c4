"""The sections of a member's and a customer's page: contacts, cards with terms, credit requests, history."""

from collections import defaultdict
from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest

from memberships.admin.actions import offered
from memberships.admin.display import STATUS_COLOURS, masked_token, today
from memberships.admin.member_actions import ACTIONS as MEMBER_ACTIONS
from memberships.admin.payment_page import STATE_COLOURS, sentence
from memberships.models import (
    CreditRequest,
    Enrolment,
    EnterpriseCustomer,
    Member,
    MemberContact,
    Payment,
    PaymentMethod,
    Subscription,
    Term,
    TierStanding,
)
from memberships.services.subscriptions import with_status
from operations import registry
from operations.admin.history import HistorySource, own_history, read_history, reveals_of, satellites
from operations.masking import mask_email, mask_mobile, mask_name

#: Rows of a section at the most; a member with more is looked at in the lists.
SECTION_ROWS = 20
RECENT_EVENTS = 8
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
    user = request.user
    contacts = list(member.contacts.order_by("-is_primary", "pk")[:SECTION_ROWS])
    may_see_contacts = user.has_perm("memberships.view_membercontact")
    return {
        "member": member,
        "wallet_buttons": offered(request, MEMBER_ACTIONS, member, on=today()),
        "contacts": [_masked(contact) for contact in contacts] if may_see_contacts else [],
        "can_reveal": user.has_perm("memberships.reveal_membercontact"),
        "can_cancel": user.has_perm("memberships.change_subscription"),
        "subscriptions": _subscriptions(member) if user.has_perm("memberships.view_subscription") else [],
        "credit_requests": (
            member.credit_requests.order_by("-requested_on", "-pk")[:SECTION_ROWS]
            if user.has_perm("memberships.view_creditrequest")
            else []
        ),
        **_money_sections(user, member),
        "panels": [
            {"template": panel.template, **panel.context(request, member.pk)}
            for panel in registry.member_panels if user.has_perm(panel.permission)
        ],
        "history": read_history(history_sources(member), size=RECENT_EVENTS),
        "reveals": (
            reveals_of(*contacts)[:SECTION_ROWS] if user.has_perm("operations.view_reveal") else []
        ),
    }


def _money_sections(user: Any, member: Member) -> dict[str, Any]:
    """How the member pays, the last payments, the points wallets."""
    return {
        "payment_methods": _methods(member) if user.has_perm("memberships.view_paymentmethod") else None,
        "payments": _payments(member) if user.has_perm("memberships.view_payment") else None,
        "wallets": _wallets(user, member) if user.has_perm("memberships.view_enrolment") else None,
    }


def _wallets(user: Any, member: Member) -> list[Any]:
    """The wallets, each with its tiers as `shown_standings`."""
    wallets: list[Any] = list(
        Enrolment.objects.filter(member=member).select_related("programme").order_by("pk")[:SECTION_ROWS]
    )
    if user.has_perm("memberships.view_tierstanding"):
        standings: dict[int, list[TierStanding]] = defaultdict(list)
        shown = TierStanding.objects.filter(member=member, enrolment__in=wallets)
        for standing in shown.select_related("tier").order_by("group"):
            standings[standing.enrolment_id].append(standing)
        for wallet in wallets:
            wallet.shown_standings = standings[wallet.pk]
    return wallets


def _methods(member: Member) -> list[Any]:
    methods: list[Any] = list(member.payment_methods.order_by("-added_on", "-pk")[:SECTION_ROWS])
    for method in methods:
        method.masked_token = masked_token(method)
    return methods


def _payments(member: Member) -> list[Any]:
    newest: list[Any] = list(
        Payment.objects.filter(member=member).select_related("plan", "method").order_by("-pk")[:RECENT_PAYMENTS]
    )
    for payment in newest:
        payment.colour, payment.sentence = STATE_COLOURS[Payment.State(payment.state)], sentence(payment)
    return newest


def _masked(contact: MemberContact) -> dict[str, Any]:
    return {
        "pk": contact.pk,
        "is_primary": contact.is_primary,
        "name": mask_name(contact.name),
        "mobile": mask_mobile(contact.mobile),
        "email": mask_email(contact.email),
    }


def _subscriptions(member: Member) -> list[Any]:
    # By member, too: terms have no index that begins with the subscription.
    newest_terms = Term.objects.filter(member=member).order_by("-number")[:SECTION_ROWS]
    terms = Prefetch("terms", newest_terms, to_attr="newest_terms")
    newest = with_status(Subscription.objects.filter(member=member), on=today()).select_related("plan__programme")
    found: list[Any] = list(newest.prefetch_related(terms).order_by("-requested_on", "-pk")[:SECTION_ROWS])
    for subscription in found:
        subscription.status_label = Subscription.Status(subscription.status).label
        subscription.status_colour = STATUS_COLOURS[subscription.status]
        subscription.can_be_cancelled = (
            subscription.cancelled_on is None and subscription.status != Subscription.Status.LAPSED
        )
    return found
