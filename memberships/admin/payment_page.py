"""What is shown of payments: each attempt and answer, refunds, and the state in words. Reads only."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.admin.actions import Button
from memberships.models import Payment, PaymentEvent, Refund

State = Payment.State
Kind = PaymentEvent.Kind
#: Owed, or nobody knows yet: the states of the index payment_unpaid. A subscription has one such payment at most.
UNPAID = (State.REQUESTED, State.UNKNOWN, State.DECLINED)
#: The states of the index refund_one_open.
OPEN_REFUND = (Refund.State.REQUESTED, Refund.State.UNKNOWN)

STATE_COLOURS = {
    State.REQUESTED: "info",
    State.UNKNOWN: "warning",
    State.SUCCEEDED: "success",
    State.DECLINED: "danger",
    State.ABANDONED: "",
}
REFUND_COLOURS = {
    Refund.State.REQUESTED: "info",
    Refund.State.UNKNOWN: "warning",
    Refund.State.SUCCEEDED: "success",
    Refund.State.DECLINED: "danger",
}
EVENT_COLOURS = {
    Kind.SUCCEEDED: "success", Kind.REFUNDED: "success",
    Kind.DECLINED: "danger", Kind.REFUND_DECLINED: "danger",
    Kind.UNKNOWN: "warning", Kind.REFUND_UNKNOWN: "warning",
}
#: What gateways' codes mean. Others are shown as they came.
CODES: dict[str, str | Promise] = {
    "paid": gettext_lazy("paid"),
    "refunded": gettext_lazy("refunded"),
    "too_late": gettext_lazy("the days to be paid for had gone by, and the gateway was not asked again"),
    "other_amount": gettext_lazy("the gateway says that it moved another amount"),
    "insufficient_funds": gettext_lazy("not enough money on the account"),
    "agreement_ended": gettext_lazy("the payer has ended the agreement"),
    "timeout": gettext_lazy("no answer in time"),
    "unreachable": gettext_lazy("the gateway could not be reached"),
    "bad_answer": gettext_lazy("an answer that cannot be read"),
    "bad_signature": gettext_lazy("an answer that the gateway did not sign"),
    "key_conflict": gettext_lazy("the gateway knows this key from another order"),
    "refund_refused": gettext_lazy("the gateway refuses refunds of this payment"),
}
#: Events of a payment at the most: asking an unreachable gateway goes on for as long as it takes.
EVENTS_SHOWN = 200


@dataclass
class Story:
    """A payment with everything that happened to it, oldest first, and its refunds."""

    payment: Payment
    colour: str
    sentence: str
    events: list[PaymentEvent] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    has_more: bool = False
    #: What the user may do about it.
    buttons: list[Button] = field(default_factory=list)

    @property
    def is_eventful(self) -> bool:
        """More happened than that it was paid at once."""
        return self.payment.state != State.SUCCEEDED or len(self.events) > 2


def left_to_refund(payment: Payment) -> Any:
    """What was taken and not given back."""
    return payment.amount - payment.refunded


def stories(payments: Iterable[Payment]) -> list[Story]:
    """The payments with their events and refunds: two queries for any number of them."""
    found = {payment.pk: Story(payment, STATE_COLOURS[State(payment.state)], sentence(payment)) for payment in payments}
    for pk, events in _events(found).items():
        found[pk].events, found[pk].has_more = events[:EVENTS_SHOWN], len(events) > EVENTS_SHOWN
    for refund in Refund.objects.filter(payment__in=found).select_related("requested_by").order_by("pk"):
        refund.colour = REFUND_COLOURS[Refund.State(refund.state)]  # type: ignore[attr-defined]
        refund.code_words = words_of(refund.code)  # type: ignore[attr-defined]
        found[refund.payment_id].refunds.append(refund)
    for story in found.values():
        is_open = any(refund.state in OPEN_REFUND for refund in story.refunds)
        story.payment.has_open_refund = is_open  # type: ignore[attr-defined]
    return list(found.values())


def _events(payments: Iterable[int]) -> dict[int, list[PaymentEvent]]:
    """The events of each payment; of all of them together no more than a page can show."""
    keys = list(payments)
    events = PaymentEvent.objects.filter(payment__in=keys).select_related("actor").order_by("-payment", "pk")
    of_payment: dict[int, list[PaymentEvent]] = defaultdict(list)
    for event in events[: EVENTS_SHOWN * (len(keys) + 1)]:
        event.colour = EVENT_COLOURS.get(Kind(event.kind), "")  # type: ignore[attr-defined]
        event.code_words = words_of(event.code)  # type: ignore[attr-defined]
        of_payment[event.payment_id].append(event)
    return of_payment


def words_of(code: str) -> str:
    """A gateway's code in words; the code itself where we know none."""
    return str(CODES.get(code, code))


def sentence(payment: Payment) -> str:
    """What is the matter with a payment, in a sentence; blank where its state says it all."""
    if payment.state in (State.REQUESTED, State.UNKNOWN):
        asked = localtime(payment.next_ask_at) if payment.next_ask_at else None
        return _("The gateway has not answered yet; it is asked again from %(time)s.") % {
            "time": date_format(asked, "Y-m-d H:i:s") if asked else ""
        }
    if payment.state == State.DECLINED:
        return _declined(payment)
    return ""


def _declined(payment: Payment) -> str:
    facts = {"attempt": payment.attempt, "why": words_of(payment.code) or _("no reason given")}
    if payment.next_attempt_on:
        day = {"day": date_format(payment.next_attempt_on, "Y-m-d")}
        return _("Attempt %(attempt)s was declined: %(why)s. It is tried again on %(day)s.") % {**facts, **day}
    if payment.decline == Payment.Decline.HARD:
        return _("Attempt %(attempt)s was declined for good: %(why)s. It is not tried again by itself.") % facts
    return _("Attempt %(attempt)s was declined: %(why)s. No further attempt is planned.") % facts


def brief(payment: Payment) -> str:
    """The same in a few words, for a column."""
    if payment.state in (State.REQUESTED, State.UNKNOWN):
        return _("no answer yet")
    if payment.state != State.DECLINED:
        return ""
    facts = {"attempt": payment.attempt, "why": words_of(payment.code) or payment.get_decline_display()}
    if payment.next_attempt_on:
        day = {"day": date_format(payment.next_attempt_on, "Y-m-d")}
        return _("attempt %(attempt)s: %(why)s; again on %(day)s") % {**facts, **day}
    return _("attempt %(attempt)s: %(why)s; not tried again") % facts


def money(amount: Any) -> str:
    """An amount as people read it."""
    return f"{number_format(amount, 2)} CNY"


def payments_of(subscription: Any) -> QuerySet[Payment]:
    """The payments of a subscription, newest first; by member, too, since an index begins with it."""
    found = Payment.objects.filter(member=subscription.member_id, subscription=subscription)
    return found.select_related("method", "plan").order_by("-pk")
