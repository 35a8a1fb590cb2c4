"""What the page of a subscription shows: how it stands, its terms with what was paid, each payment. Reads only."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from memberships.admin import payment_actions
from memberships.admin.actions import offered
from memberships.admin.display import STATUS_COLOURS, owner_link
from memberships.admin.payment_page import UNPAID, Story, payments_of, sentence, stories
from memberships.models import Payment, Subscription, Term
from operations.models import OutboxMessage

Status = Subscription.Status
#: Rows of each section at the most.
TERMS_SHOWN = 50
PAYMENTS_SHOWN = 20
MESSAGES_SHOWN = 10


@dataclass(frozen=True)
class Standing:
    """How a subscription stands on a day: its state, sentences that say what that means, and what is owed."""

    status: Subscription.Status
    colour: str
    sentences: list[str]
    grace_until: date | None
    unpaid: Payment | None

    @property
    def unpaid_says(self) -> str:
        """What is the matter with the payment that is owed or under way."""
        return sentence(self.unpaid) if self.unpaid else ""


def subscription_page(request: HttpRequest, subscription: Any, *, on: date) -> dict[str, Any]:
    """Everything the page shows, in a fixed number of queries; only what the user may view."""
    user = request.user
    may_see_payments = user.has_perm("memberships.view_payment")
    told = stories(payments_of(subscription)[:PAYMENTS_SHOWN]) if may_see_payments else []
    for story in told:
        story.payment.subscription = subscription
        story.buttons = offered(request, payment_actions.ACTIONS, story.payment, on=on)
    return {
        "subscription": subscription,
        "owner": owner_link(subscription.member),
        "standing": standing_of(subscription, _unpaid(told), on=on),
        "terms": _terms(subscription) if user.has_perm("memberships.view_term") else [],
        "stories": told,
        "may_see_payments": may_see_payments,
        "messages_sent": _messages(subscription) if user.has_perm("operations.view_outboxmessage") else [],
    }


def _unpaid(told: list[Story]) -> Payment | None:
    """The payment that is still owed or under way; there is one at most."""
    return next((story.payment for story in told if story.payment.state in UNPAID), None)


def _terms(subscription: Subscription) -> list[Term]:
    """The newest terms; by member, too: terms have no index that begins with the subscription."""
    terms = Term.objects.filter(member=subscription.member_id, subscription=subscription)
    return list(terms.select_related("payment", "plan").order_by("-number")[:TERMS_SHOWN])


def _messages(subscription: Subscription) -> list[OutboxMessage]:
    """What the outside world was told of the member lately: the index knows the member, not the card."""
    return list(OutboxMessage.objects.filter(owner=subscription.member_id).order_by("-pk")[:MESSAGES_SHOWN])


def standing_of(subscription: Any, unpaid: Payment | None, *, on: date) -> Standing:
    """How a subscription (with its annotated status, plan and method) stands on a day."""
    status = Status(subscription.status)
    grace_until = None
    if subscription.paid_until is not None:
        grace_until = subscription.paid_until + timedelta(days=subscription.plan.grace_days)
    sentences = [_says(subscription, status, grace_until, on=on), _renewal(subscription, unpaid, on=on)]
    return Standing(status, STATUS_COLOURS[status], list(filter(None, sentences)), grace_until, unpaid)


def _says(subscription: Any, status: Subscription.Status, grace_until: date | None, *, on: date) -> str:
    """What the state means for the member."""
    facts = {
        "until": _day(subscription.paid_until), "grace": _day(grace_until), "ended": _day(subscription.ended_on),
        "from": _day(subscription.started_on),
    }
    if status == Status.PENDING and subscription.started_on:
        return _("Paid for; it begins on %(from)s.") % facts
    texts = {
        Status.PENDING: _("Nothing is paid yet: the card grants nothing."),
        Status.ACTIVE: _("Paid until %(until)s, the last day included."),
        Status.IN_GRACE: _("Paid until %(until)s; benefits go on through %(grace)s, then the card lapses."),
        Status.LAPSED: _("Paid until %(until)s; not renewed, so it has lapsed."),
        Status.CANCELLED: _("Cancelled; it ended on %(ended)s."),
        Status.REFUNDED: _("Refunded; it ended on %(ended)s."),
    }
    text = texts[status] % facts
    if status == Status.ACTIVE and subscription.ended_on:
        text = _("%(state)s It is not renewed: it ends on %(ended)s.") % {"state": text, **facts}
    return text


def _renewal(subscription: Any, unpaid: Payment | None, *, on: date) -> str:
    """What happens next, by itself."""
    if unpaid is not None:
        return ""  # the payment's own sentence stands beside it
    if subscription.ended_on is not None or subscription.paid_until is None:
        return ""
    method = subscription.payment_method
    if method is None or method.removed_on is not None:
        return _("It is not renewed by itself: there is no payment method for it.")
    due_on = max(on, subscription.paid_until - timedelta(days=subscription.plan.lead_days))
    return _("It is renewed by itself on %(day)s, with %(method)s.") % {"day": _day(due_on), "method": method}


def _day(day: date | None) -> str:
    return date_format(day, "Y-m-d") if day else ""
