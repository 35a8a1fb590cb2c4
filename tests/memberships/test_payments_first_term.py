"""The first term of a card: paid for through the gateway, and lapsed cards taken up again."""

from datetime import date
from typing import Any

import pytest
from django.db import transaction
from django.utils.translation import override

from memberships.errors import (
    AlreadySubscribedError,
    MemberClosedError,
    PaymentMethodError,
    PaymentStateError,
    PaymentUnderWayError,
    PlanNotOnSaleError,
    SubscriptionStateError,
)
from memberships.models import Member, Payment, Plan, Subscription
from memberships.services.first_terms import reactivate_subscription
from memberships.services.payments import retry_payment
from memberships.services.renewals import pay_subscription
from memberships.services.subscriptions import cancel_subscription, join, request_subscription
from memberships.signals import subscription_started
from tests.gateway import GatewayForTests
from tests.memberships.factories import a_card, a_method, a_monthly_card, a_person, an_operator, last_event
from tests.memberships.night_stories import (
    ask_again,
    at_night,
    nights,
    paid_days,
    payment_of,
    states,
    story_of,
    told,
)

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = date(2027, 1, 15)
TOMORROW = date(2027, 1, 16)
FIRST = (TODAY, date(2027, 2, 14))


def pay(card: Subscription, *, on: date = TODAY, **more: Any) -> Payment:
    return pay_subscription(card, on=on, at=at_night(on), actor=more.pop("actor", None), **more)


@pytest.fixture
def plan() -> Plan:
    return a_monthly_card()


@pytest.fixture
def pending(plan: Plan) -> Subscription:
    return request_subscription(a_person(), plan, on=TODAY, actor=None)


def test_requested_card_begins_when_it_is_paid_for(gateway: GatewayForTests, pending: Subscription) -> None:
    heard: list[Any] = []

    def listen(**facts: Any) -> None:
        heard.append((facts["subscription"], facts["term"].number, facts["actor"]))

    operator, method = an_operator(), a_method(pending.member)
    subscription_started.connect(listen)
    try:
        payment = pay(pending, method=method, actor=operator, reason="by phone")
    finally:
        subscription_started.disconnect(listen)
    pending.refresh_from_db()
    assert (payment.state, payment.purpose, payment.term_number) == ("succeeded", "start", 1)
    assert (pending.started_on, pending.payment_method, paid_days(pending)) == (TODAY, method, [FIRST])
    assert (states(pending, TODAY), told()) == (["active"], [f"started:{pending.pk}:2027-01-15"])
    assert heard == [(pending, 1, operator)]
    assert [(event.actor, event.reason) for event in payment.events.order_by("pk")] == [
        (operator, "by phone"), (operator, ""),
    ]
    assert last_event(pending).pgh_context["user"] == operator.pk


def test_card_renews_by_the_method_of_its_first_term(gateway: GatewayForTests, pending: Subscription) -> None:
    pay(pending, method=a_method(pending.member))
    nights(date(2027, 2, 12), date(2027, 2, 14))
    assert paid_days(pending) == [FIRST, (date(2027, 2, 15), date(2027, 3, 14))]


def test_declined_first_term_leaves_the_card_pending_and_no_job_tries_it_again(
    gateway: GatewayForTests, pending: Subscription
) -> None:
    payment = pay(pending, method=a_method(pending.member, "tok_soft"))
    assert (payment.state, payment.decline, payment.next_attempt_on) == ("declined", "soft", None)
    nights(TODAY, date(2027, 1, 18))
    assert (states(pending, TODAY), len(gateway.charges())) == (["pending"], 1)


def test_first_term_is_tried_again_on_its_day_by_another_method(
    gateway: GatewayForTests, pending: Subscription
) -> None:
    pay(pending, method=a_method(pending.member, "tok_hard"))
    payment = pay(pending, method=a_method(pending.member))
    assert (payment.state, payment.attempt) == ("succeeded", 2)
    assert (Payment.objects.count(), paid_days(pending)) == (1, [FIRST])


def test_first_term_paid_a_day_later_begins_a_day_later(gateway: GatewayForTests, pending: Subscription) -> None:
    pay(pending, method=a_method(pending.member, "tok_hard"))
    payment = pay(pending, on=TOMORROW, method=a_method(pending.member))
    assert payment.attempt == 1
    assert paid_days(pending) == [(TOMORROW, date(2027, 2, 15))]
    first, second = Payment.objects.order_by("pk")
    assert (first.state, second.state) == ("abandoned", "succeeded")
    assert story_of(first)[-1] == (1, "abandoned", TOMORROW)


def test_first_term_of_yesterday_is_not_tried_again_as_such(gateway: GatewayForTests, pending: Subscription) -> None:
    payment = pay(pending, method=a_method(pending.member, "tok_hard"))
    with pytest.raises(PaymentStateError):
        retry_payment(payment, on=TOMORROW, at=at_night(TOMORROW), actor=None)


def test_first_term_without_an_answer_is_resolved_by_asking(
    gateway: GatewayForTests, pending: Subscription, settings: Any
) -> None:
    sandbox = settings.GATEWAYS["sandbox"]
    settings.GATEWAYS = {"sandbox": sandbox | {"options": sandbox["options"] | {"timeout": 2.0}}}
    gateway.order_faults(orders={"timeout_after": 1.0})
    payment = pay(pending, method=a_method(pending.member))
    assert (payment.state, states(pending, TODAY)) == ("unknown", ["pending"])
    assert pay(pending) == payment
    with pytest.raises(PaymentUnderWayError):
        join(pending.member, pending.plan, on=TODAY, actor=None)
    with pytest.raises(PaymentUnderWayError):
        cancel_subscription(pending, on=TODAY, reason="impatient", actor=None)
    ask_again(TODAY)
    assert (paid_days(pending), len(gateway.charges())) == ([FIRST], 1)


def test_member_who_cancelled_pays_ahead_from_the_day_after_the_last_paid_one(
    gateway: GatewayForTests, plan: Plan
) -> None:
    first = a_card(plan, on=date(2027, 1, 1))
    cancel_subscription(first, on=TODAY, reason="moved", actor=None)
    second = request_subscription(first.member, plan, on=TODAY, actor=None)
    pay(second, method=first.payment_method)
    assert paid_days(second) == [(date(2027, 2, 1), date(2027, 2, 28))]


def test_first_term_is_sold_by_the_version_on_sale(gateway: GatewayForTests, pending: Subscription) -> None:
    Plan.objects.update(on_sale_until=TODAY)
    new = a_monthly_card(pending.programme, version=2, price="18.00", on_sale_from=TOMORROW)
    payment = pay(pending, on=TOMORROW, method=a_method(pending.member))
    pending.refresh_from_db()
    assert (payment.plan, str(payment.amount), pending.plan) == (new, "18.00", new)


def test_card_that_cannot_be_paid_for_says_why(gateway: GatewayForTests, pending: Subscription, plan: Plan) -> None:
    with override("en"), pytest.raises(PaymentMethodError, match="has no payment method to charge"):
        pay(pending)
    with override("en"), pytest.raises(PaymentMethodError, match="is no payment method of member"):
        pay(pending, method=a_method(a_person()))
    method = a_method(pending.member)
    with override("en"), pytest.raises(SubscriptionStateError, match="not waiting for its first payment on 2027-01-14"):
        pay(pending, on=date(2027, 1, 14), method=method)
    Plan.objects.update(on_sale_until=TODAY)
    with pytest.raises(PlanNotOnSaleError):
        pay(pending, on=TOMORROW, method=method)
    Member.objects.filter(pk=pending.member_id).update(closed_on=TODAY)
    with pytest.raises(MemberClosedError):
        pay(pending, method=method)
    assert (gateway.charges(), Payment.objects.count()) == ([], 0)


def test_gateway_is_never_called_inside_a_transaction(gateway: GatewayForTests, pending: Subscription) -> None:
    with pytest.raises(RuntimeError, match="outside any transaction"), transaction.atomic():
        pay(pending, method=a_method(pending.member))
    assert gateway.charges() == []


# --- taken up again ----------------------------------------------------------------------------------------

MARCH = date(2027, 3, 20)


@pytest.fixture
def lapsed(gateway: GatewayForTests, plan: Plan) -> Subscription:
    card = a_card(plan, "tok_hard", on=TODAY)
    nights(date(2027, 2, 13), date(2027, 2, 25))
    card.refresh_from_db()
    assert card.lapsed_on == date(2027, 2, 25)
    return card


def take_up(card: Subscription, token: str = "tok_ok", **more: Any) -> Payment:
    method = more.pop("method", None) or a_method(card.member, token)
    return reactivate_subscription(card, method=method, on=MARCH, at=at_night(MARCH), actor=None, **more)


def test_lapsed_card_is_taken_up_again_by_a_new_one_that_begins_when_it_is_paid(lapsed: Subscription) -> None:
    payment = take_up(lapsed)
    card = payment.subscription
    assert (card.previous, card.started_on, card.requested_on) == (lapsed, MARCH, MARCH)
    assert paid_days(card) == [(MARCH, date(2027, 4, 19))]
    assert states(lapsed, MARCH) == ["lapsed"]
    assert states(card, MARCH) == ["active"]
    with pytest.raises(AlreadySubscribedError):
        take_up(lapsed)


def test_card_taken_up_again_waits_for_its_money(lapsed: Subscription) -> None:
    payment = take_up(lapsed, "tok_hard")
    card = payment.subscription
    assert (payment.state, states(card, MARCH)) == ("declined", ["pending"])
    assert pay(card, on=MARCH, method=a_method(card.member)).state == "succeeded"
    assert states(card, MARCH) == ["active"]


def test_card_whose_grace_is_over_is_taken_up_again_though_no_night_came(
    gateway: GatewayForTests, plan: Plan
) -> None:
    card = join(a_person(), plan, on=TODAY, actor=None)
    payment = take_up(card)
    card.refresh_from_db()
    assert (card.ended_on, card.lapsed_on) == (date(2027, 2, 24), MARCH)
    assert payment.state == "succeeded"


def test_only_lapsed_cards_are_taken_up_again(gateway: GatewayForTests, plan: Plan) -> None:
    card = join(a_person(), plan, on=date(2027, 3, 1), actor=None)
    with override("en"), pytest.raises(SubscriptionStateError, match="Only a lapsed card"):
        take_up(card)
    cancel_subscription(card, on=MARCH, reason="enough", actor=None)
    with pytest.raises(SubscriptionStateError):
        take_up(card)
    assert not Payment.objects.exists()


def test_plan_that_is_sold_no_more_is_not_taken_up_again(lapsed: Subscription) -> None:
    Plan.objects.update(on_sale_until=date(2027, 3, 1))
    with pytest.raises(PlanNotOnSaleError):
        take_up(lapsed)
    assert lapsed.member.subscriptions.count() == 1
    assert payment_of(lapsed).state == "abandoned"
