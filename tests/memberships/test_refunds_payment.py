"""Money given back: asked for once, whole or in parts, and with it the card's last term if it is to end."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils.translation import override

from memberships.errors import PaymentUnderWayError, RefundError
from memberships.gateways import Answer, Outcome
from memberships.models import Payment, PaymentEvent, Refund, Subscription
from memberships.services.payments import ask_about_open_payments
from memberships.services.ranges import EVERYTHING
from memberships.services.refunds import ask_about_open_refunds, record_refunds, refund_payment
from memberships.services.renewals import pay_subscription, request_renewals
from memberships.services.subscriptions import cancel_subscription, join, request_subscription
from memberships.signals import subscription_refunded
from operations.models import OutboxMessage
from tests.gateway import GatewayForTests
from tests.memberships.factories import a_card, a_monthly_card, an_operator, last_event
from tests.memberships.night_stories import at_night, nights, paid_days, run_job, states, told

pytestmark = pytest.mark.django_db(transaction=True)

JOINED = date(2027, 1, 1)
JANUARY = (JOINED, date(2027, 1, 31))
FEBRUARY = (date(2027, 2, 1), date(2027, 2, 28))
IN_FEBRUARY = date(2027, 2, 10)
FIFTEEN = Decimal("15.00")


@pytest.fixture(autouse=True)
def _little_patience(gateway: GatewayForTests, settings: Any) -> None:
    sandbox = settings.GATEWAYS["sandbox"]
    settings.GATEWAYS = {"sandbox": sandbox | {"options": sandbox["options"] | {"timeout": 2.0}}}


def renewed(token: str = "tok_ok") -> Payment:
    """The payment of a card's February; January was paid elsewhere."""
    card = a_card(a_monthly_card(), token, on=JOINED)
    nights(date(2027, 1, 30), date(2027, 1, 30))
    return Payment.objects.get(subscription=card)


def give_back(payment: Payment, amount: Decimal = FIFTEEN, *, on: date = IN_FEBRUARY, **more: Any) -> Refund:
    facts = {"ends_card": True, "reason": "not used", "actor": None, **more}
    return refund_payment(payment, amount=amount, on=on, at=at_night(on), **facts)


def kinds(payment: Payment) -> list[str]:
    return list(payment.events.order_by("pk").values_list("kind", flat=True))


def test_refund_ends_the_card_that_day_and_the_trail_keeps_what_was(gateway: GatewayForTests) -> None:
    payment, operator = renewed(), an_operator()
    card = payment.subscription
    heard: list[Any] = []

    def listen(**facts: Any) -> None:
        heard.append((facts["subscription"], facts["on"], facts["actor"]))

    subscription_refunded.connect(listen)
    try:
        refund = give_back(payment, actor=operator)
    finally:
        subscription_refunded.disconnect(listen)
    card.refresh_from_db()
    payment.refresh_from_db()
    assert (refund.state, payment.state, payment.refunded) == ("succeeded", "succeeded", FIFTEEN)
    assert (card.refunded_on, card.ended_on, card.paid_until) == (IN_FEBRUARY, IN_FEBRUARY, IN_FEBRUARY)
    assert paid_days(card) == [JANUARY, (date(2027, 2, 1), IN_FEBRUARY)]
    assert states(card, IN_FEBRUARY, date(2027, 2, 11)) == ["active", "refunded"]
    assert card in Subscription.objects.active(on=IN_FEBRUARY)
    assert card not in Subscription.objects.active(on=date(2027, 2, 11))
    assert (payment.starts_on, payment.ends_on) == FEBRUARY
    assert last_event(card.terms.get(number=2)).pgh_diff == {"ends_on": ["2027-02-28", "2027-02-10"]}
    assert last_event(card).pgh_context["reason"] == "not used"
    assert heard == [(card, IN_FEBRUARY, operator)]
    assert kinds(payment) == ["requested", "succeeded", "refund_requested", "refunded"]
    asked = payment.events.get(kind="refund_requested")
    assert (asked.actor, asked.reason, asked.amount) == (operator, "not used", FIFTEEN)
    message = OutboxMessage.objects.get(topic="payment.refunded")
    assert (message.key, message.payload["ended_on"]) == (f"refunded:{refund.refund_key}", "2027-02-10")
    nights(date(2027, 2, 26), date(2027, 3, 12))
    assert gateway.paid_per_token().total() == 1


def test_member_whose_card_was_refunded_joins_again_the_day_after(gateway: GatewayForTests) -> None:
    payment = renewed()
    give_back(payment)
    again = join(payment.member, payment.plan, on=IN_FEBRUARY, actor=None)
    assert again.started_on == date(2027, 2, 11)


def test_refund_of_a_term_that_has_not_begun_leaves_the_days_paid_before(gateway: GatewayForTests) -> None:
    payment = renewed()
    card = payment.subscription
    on = date(2027, 1, 30)
    give_back(payment, on=on)
    card.refresh_from_db()
    payment.refresh_from_db()
    assert (paid_days(card), payment.term) == ([JANUARY], None)
    assert (card.refunded_on, card.ended_on) == (on, date(2027, 1, 31))
    assert states(card, date(2027, 1, 31), date(2027, 2, 1)) == ["active", "refunded"]
    nights(date(2027, 1, 30), date(2027, 2, 12))
    assert len(gateway.charges()) == 1


def test_refund_of_a_first_term_that_has_not_begun_ends_the_card_at_once(gateway: GatewayForTests) -> None:
    first = a_card(a_monthly_card(), on=JOINED)
    on = date(2027, 1, 15)
    cancel_subscription(first, on=on, reason="moved", actor=None)
    second = request_subscription(first.member, first.plan, on=on, actor=None)
    payment = pay_subscription(second, on=on, at=at_night(on), actor=None, method=first.payment_method)
    assert paid_days(second) == [FEBRUARY]
    give_back(payment, on=on)
    second.refresh_from_db()
    assert (paid_days(second), second.ended_on, second.paid_until) == ([], on, None)
    assert states(second, on, date(2027, 2, 1)) == ["refunded", "refunded"]


def test_refund_in_parts_never_exceeds_what_was_paid(gateway: GatewayForTests) -> None:
    payment = renewed()
    first = give_back(payment, Decimal("5.00"), ends_card=False)
    second = give_back(payment, Decimal("10.00"), ends_card=False)
    assert (first.number, second.number) == (1, 2)
    with override("en"), pytest.raises(RefundError, match=r"Between 0.01 and 0.00 CNY"):
        give_back(payment, Decimal("0.01"), ends_card=False)
    payment.refresh_from_db()
    card = payment.subscription
    assert (payment.refunded, card.ended_on, len(paid_days(card))) == (FIFTEEN, None, 2)
    assert states(card, date(2027, 2, 28)) == ["active"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amount": Decimal("15.01")}, "Between 0.01 and 15.00 CNY"),
        ({"amount": Decimal("0.00")}, "Between 0.01 and 15.00 CNY"),
        ({"amount": Decimal("-1.00")}, "Between 0.01 and 15.00 CNY"),
        ({"reason": "  "}, "needs a reason"),
    ],
)
def test_refund_that_is_wrong_is_refused_with_words(gateway: GatewayForTests, change: Any, words: str) -> None:
    payment = renewed()
    with override("en"), pytest.raises(RefundError, match=words):
        give_back(payment, **change)
    assert not Refund.objects.exists()


def test_only_money_that_came_is_given_back(gateway: GatewayForTests) -> None:
    with override("en"), pytest.raises(RefundError, match="Only a payment that succeeded"):
        give_back(renewed("tok_hard"))


def test_payment_of_an_earlier_term_ends_no_card(gateway: GatewayForTests) -> None:
    payment = renewed()
    nights(date(2027, 2, 27), date(2027, 2, 27))
    with override("en"), pytest.raises(RefundError, match="did not pay for the card's last term"):
        give_back(payment)
    assert give_back(payment, ends_card=False).state == "succeeded"
    assert len(paid_days(payment.subscription)) == 3


def test_card_that_is_being_paid_for_is_not_ended_by_a_refund(gateway: GatewayForTests) -> None:
    payment = renewed()
    request_renewals(EVERYTHING, on=date(2027, 2, 27), at=at_night(date(2027, 2, 27)), actor=None)
    with pytest.raises(PaymentUnderWayError):
        give_back(payment, on=date(2027, 2, 27))


def test_gateway_may_decline_a_refund_and_it_may_be_tried_again(gateway: GatewayForTests) -> None:
    payment = renewed("tok_norefund")
    refund = give_back(payment)
    assert (refund.state, refund.code) == ("declined", "refund_refused")
    payment.refresh_from_db()
    assert (payment.refunded, states(payment.subscription, date(2027, 2, 28))) == (0, ["active"])
    assert give_back(payment).number == 2
    assert kinds(payment)[2:] == ["refund_requested", "refund_declined"] * 2


@pytest.mark.parametrize("fault", ["timeout_after", "timeout_before"])
def test_refund_without_an_answer_is_resolved_by_asking_and_given_once(gateway: GatewayForTests, fault: str) -> None:
    payment = renewed()
    gateway.order_faults(orders={fault: 1.0})
    refund = give_back(payment)
    assert (refund.state, Payment.objects.get().refunded) == ("unknown", 0)
    assert give_back(payment) == refund
    # The card is not charged for March while its end is on its way.
    run_job("renew_subscriptions", on=date(2027, 2, 27))
    assert Payment.objects.count() == 1
    gateway.clear_faults()
    later = at_night(IN_FEBRUARY) + timedelta(minutes=5)
    assert ask_about_open_refunds(on=IN_FEBRUARY, at=later) == 1
    assert ask_about_open_refunds(on=IN_FEBRUARY, at=later + timedelta(hours=1)) == 0
    assert ask_about_open_payments(on=IN_FEBRUARY, at=later) == 0
    refund.refresh_from_db()
    assert (refund.state, Payment.objects.get().refunded) == ("succeeded", FIFTEEN)
    assert states(payment.subscription, date(2027, 2, 11)) == ["refunded"]
    assert kinds(payment)[2:] == ["refund_requested", "refund_unknown", "refunded"]


@pytest.mark.parametrize("change", [{"amount": Decimal("1.00")}, {"ends_card": False}, {"expected_refunds": 1}])
def test_another_refund_is_not_taken_for_the_one_that_is_under_way(gateway: GatewayForTests, change: Any) -> None:
    payment = renewed()
    gateway.order_faults(orders={"timeout_after": 1.0})
    refund = give_back(payment)
    assert give_back(payment, expected_refunds=0) == refund
    with override("en"), pytest.raises(RefundError, match="Another refund of this payment is under way"):
        give_back(payment, **change)
    assert Refund.objects.get() == refund


def test_nightly_job_asks_about_refunds_too(gateway: GatewayForTests) -> None:
    payment = renewed()
    gateway.order_faults(orders={"timeout_after": 1.0})
    give_back(payment)
    gateway.clear_faults()
    run = run_job("resolve_unknown_payments", on=date(2027, 2, 11))
    assert (run.total, run.done, Refund.objects.get().state) == (1, 1, "succeeded")


def test_repeated_answers_to_a_refund_change_nothing(gateway: GatewayForTests) -> None:
    payment = renewed()
    refund = give_back(payment)
    for outcome in (Outcome.SUCCEEDED, Outcome.HARD_DECLINE, Outcome.UNKNOWN, Outcome.ABSENT):
        record_refunds([Answer(refund.refund_key, outcome)] * 2, on=IN_FEBRUARY, at=at_night(IN_FEBRUARY))
    payment.refresh_from_db()
    assert (payment.refunded, Refund.objects.get().state, len(told())) == (FIFTEEN, "succeeded", 2)
    assert PaymentEvent.objects.filter(kind="refunded").count() == 1


def test_refund_of_a_card_that_is_over_changes_the_money_only(gateway: GatewayForTests) -> None:
    payment = renewed()
    card = payment.subscription
    cancel_subscription(card, on=IN_FEBRUARY, reason="enough", actor=None)
    give_back(payment, on=date(2027, 3, 5))
    card.refresh_from_db()
    assert (card.refunded_on, card.ended_on, paid_days(card)) == (None, date(2027, 2, 28), [JANUARY, FEBRUARY])


def test_cancelled_card_with_days_to_come_is_ended_by_a_refund(gateway: GatewayForTests) -> None:
    payment = renewed()
    card = payment.subscription
    cancel_subscription(card, on=date(2027, 2, 5), reason="enough", actor=None)
    give_back(payment)
    card.refresh_from_db()
    assert (card.cancelled_on, card.refunded_on, card.ended_on) == (date(2027, 2, 5), IN_FEBRUARY, IN_FEBRUARY)
    assert states(card, date(2027, 2, 11)) == ["refunded"]


def test_money_without_a_term_ends_no_card_but_can_be_given_back(gateway: GatewayForTests) -> None:
    payment = renewed()
    card = payment.subscription
    # As it would be had the card not been able to take the term.
    Payment.objects.update(term=None)
    card.terms.filter(number=2).delete()
    with override("en"), pytest.raises(RefundError, match="did not pay for the card's last term"):
        give_back(payment, on=date(2027, 1, 30))
    assert give_back(payment, on=date(2027, 1, 30), ends_card=False).state == "succeeded"
    card.refresh_from_db()
    assert (card.ended_on, paid_days(card)) == (None, [JANUARY])
