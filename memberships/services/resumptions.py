"""Taking a cancellation back: a card that was cancelled, and is still paid for, is renewed again."""

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from memberships.errors import SubscriptionStateError
from memberships.models import Refund, Subscription, Term
from memberships.services.members import lock_member
from memberships.signals import subscription_resumed
from operations.audit import because
from operations.models import User

OPEN_REFUND = (Refund.State.REQUESTED, Refund.State.UNKNOWN)


def with_what_follows(cards: "QuerySet[Subscription]") -> "QuerySet[Subscription]":
    """Annotate what stands against taking cancellations back: a card that follows, a refund that ends this one."""
    others = Subscription.objects.filter(member=OuterRef("member"), programme=OuterRef("programme"))
    later = Term.objects.filter(
        member=OuterRef("member"), programme=OuterRef("programme"), starts_on__gt=OuterRef("paid_until")
    )
    refunds = Refund.objects.filter(
        payment__subscription=OuterRef("pk"), member=OuterRef("member"), state__in=OPEN_REFUND, ends_card=True
    )
    return cards.select_related("member", "plan", "payment_method").annotate(
        is_followed=Exists(others.filter(ended_on=None)) | Exists(later), has_ending_refund=Exists(refunds)
    )


def why_not_resumed(card: Any, *, on: date) -> str:
    """Why the cancellation of an annotated card is not taken back on a day, in words; blank: it can be. No query."""
    if card.cancelled_on is None:
        return _("The card was not cancelled.")
    if card.refunded_on is not None or card.has_ending_refund:
        return _("The card ends by a refund.")
    if card.paid_until is None or card.ended_on < on or card.ended_on < card.paid_until:
        return _("The card ended on %(day)s: there is no paid day left to go on from.") % {"day": card.ended_on}
    if card.member.closed_on is not None and card.member.closed_on <= on:
        return _("The member is closed.")
    if card.is_followed:
        return _("The member has another card of the programme.")
    return ""


@transaction.atomic
def resume_subscription(subscription: Subscription, *, on: date, reason: str, actor: User | None) -> Subscription:
    """Let a cancelled card that is paid for on that day be renewed after its last paid day, as before.

    `reason` goes to the audit trail; the member is told. A repeat changes nothing and returns the first result. Raises
    SubscriptionStateError, which says why it cannot be.
    """
    lock_member(subscription.member_id)
    card = with_what_follows(Subscription.objects.filter(pk=subscription.pk)).get()
    if card.cancelled_on is None and card.ended_on is None and card.resumed_on is not None:
        return card
    if why := why_not_resumed(card, on=on):
        raise SubscriptionStateError(why)
    card.cancelled_on, card.ended_on, card.resumed_on = None, None, on
    with because(reason, actor=actor):
        card.save(update_fields=["cancelled_on", "ended_on", "resumed_on"])
    subscription_resumed.send(Subscription, subscription=card, on=on, actor=actor)
    return card
