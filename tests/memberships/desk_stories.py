"""What the stories of buttons share: cards in the states that have buttons, and pressing one."""

from datetime import date, timedelta
from typing import Any

from django.contrib.messages import get_messages
from django.test import Client

from memberships.admin.display import today
from memberships.dates import add_months
from memberships.models import Payment, Plan, Subscription
from memberships.services.renewals import renew_subscription
from tests.memberships.admin_pages import granted, may_alone, signed_in
from tests.memberships.factories import a_card, an_annual_card, an_operator
from tests.memberships.night_stories import at_night

CHANGE = "memberships.change_subscription"
REFUND = "memberships.refund_payment"
VIEWS = (
    "memberships.view_subscription", "memberships.view_payment", "memberships.view_term", "memberships.view_member",
    "memberships.view_enrolment", "memberships.view_pointslot", "memberships.view_pointsentry",
    "memberships.view_paymentmethod", "operations.view_outboxmessage",
)


def an_operators_desk(*more: str) -> Client:
    """Xiaomei may change cards; where she may refund, as much alone as operators may."""
    xiaomei = granted(an_operator(), *VIEWS, CHANGE, *more)
    return signed_in(may_alone(xiaomei, "refund_payment", 500) if REFUND in more else xiaomei)


def an_auditors_desk() -> Client:
    """The auditor reads everything and changes nothing."""
    return signed_in(granted(an_operator("auditor"), *VIEWS))


def a_plan(**facts: Any) -> Plan:
    """The annual card with two weeks of grace."""
    return an_annual_card(**{"grace_days": 14, **facts})


def a_due_card(token: str = "tok_ok", *, plan: Plan | None = None, paid_until: date | None = None) -> Subscription:
    """A card whose last paid day is today, or the day given."""
    last_day = paid_until or today()
    return a_card(plan or a_plan(), token, on=add_months(last_day + timedelta(days=1), -12))


def a_declined_card(token: str, *, plan: Plan | None = None) -> tuple[Subscription, Payment]:
    """A card in grace whose renewal was declined the day before yesterday, and that payment."""
    last_day = today() - timedelta(days=1)
    card = a_due_card(token, plan=plan, paid_until=last_day)
    asked_on = last_day - timedelta(days=1)
    payment = renew_subscription(card, on=asked_on, at=at_night(asked_on), actor=None)
    assert payment.state == Payment.State.DECLINED
    return card, payment


def card_page(card: Subscription, page: str = "change") -> str:
    return f"/admin/memberships/subscription/{card.pk}/{page}/"


def payment_page(payment: Payment, page: str = "change") -> str:
    return f"/admin/memberships/payment/{payment.pk}/{page}/"


def press(desk: Client, url: str, **fields: Any) -> Any:
    """Open a confirmation page and send its form, with a reason."""
    asked = desk.get(url)
    assert asked.status_code == 200, asked.status_code
    return desk.post(url, {"seen": asked.context["form"]["seen"].value(), "reason": "客户来电", **fields})


def told(answer: Any) -> str:
    """What the operator is told by the answer."""
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))
