"""The sections of a member's and a customer's page: contacts, cards with terms, credit requests, history."""

from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest

from memberships.admin.display import STATUS_COLOURS, today
from memberships.models import CreditRequest, EnterpriseCustomer, Member, MemberContact, Subscription, Term
from memberships.services.subscriptions import with_status
from operations.admin.history import HistorySource, own_history, read_history, reveals_of, satellites
from operations.masking import mask_email, mask_mobile, mask_name

#: Rows of a section at the most; a member with more is looked at in the lists.
SECTION_ROWS = 20
RECENT_EVENTS = 8


def history_sources(member: Member) -> list[HistorySource]:
    """Everything that happened to a member: the row itself and all that belongs to it."""
    customer = EnterpriseCustomer.pgh_event_model  # type: ignore[attr-defined]
    return [
        *own_history(member),
        HistorySource(customer, "pgh_obj_id", member.pk),
        *satellites(member, "member", MemberContact, Subscription, Term, CreditRequest),
    ]


def member_sections(request: HttpRequest, member: Member) -> dict[str, Any]:
    """What the sections show, read in a fixed number of queries; only what the user may view."""
    user = request.user
    contacts = list(member.contacts.order_by("-is_primary", "pk")[:SECTION_ROWS])
    may_see_contacts = user.has_perm("memberships.view_membercontact")
    return {
        "member": member,
        "contacts": [_masked(contact) for contact in contacts] if may_see_contacts else [],
        "can_reveal": user.has_perm("memberships.reveal_membercontact"),
        "can_cancel": user.has_perm("memberships.change_subscription"),
        "subscriptions": _subscriptions(member) if user.has_perm("memberships.view_subscription") else [],
        "credit_requests": (
            member.credit_requests.order_by("-requested_on", "-pk")[:SECTION_ROWS]
            if user.has_perm("memberships.view_creditrequest")
            else []
        ),
        "history": read_history(history_sources(member), size=RECENT_EVENTS),
        "reveals": (
            reveals_of(*contacts)[:SECTION_ROWS] if user.has_perm("operations.view_reveal") else []
        ),
    }


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
