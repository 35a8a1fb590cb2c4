"""Payments that go otherwise than asked: other amounts, other payers, first terms paid at the desk, second clicks."""

from datetime import date
from decimal import Decimal

import pytest

from memberships.errors import NotDueError, PaymentStateError, RefundError
from memberships.gateways import Answer, Outcome
from memberships.models import Payment
from memberships.services.charges import _as_asked
from memberships.services.first_terms import pay_first_term
from memberships.services.payment_methods import choose_payment_method
from memberships.services.payments import retry_payment
from memberships.services.refunds import refund_payment
from memberships.services.renewals import pay_subscription, renew_subscription
from memberships.services.subscriptions import join, request_subscription
from tests.gateway import GatewayForTests
from tests.memberships.factories import a_card, a_method, a_monthly_card, a_person
from tests.memberships.night_stories import ask_again, at_night, night, paid_days, payment_of, story_of

pytestmark = pytest.mark.django_db(transaction=True)

JOINED = date(2027, 1, 1)
EVE = date(2027, 1, 30)


def last_key() -> int:
    """The id that the next payment will have, when one was made before."""
    return Payment.objects.order_by("pk").values_list("pk", flat=True).last() or 0


@pytest.mark.parametrize(
    ("token", "amount", "code"), [("tok_ok_other", "15.00", "key_conflict"), ("", "1.00", "other_amount")]
)
def test_money_of_another_amount_or_payer_under_our_key_gives_no_term(
    gateway: GatewayForTests, token: str, amount: str, code: str
) -> None:
    plan = a_monthly_card()
    a_card(plan, on=JOINED)
    night(EVE)
    card = a_card(plan, on=JOINED)
    method = card.payment_method
    assert method is not None
    gateway.charge(f"{last_key() + 1}-1", token=token or method.token, amount=amount)
    payment = renew_subscription(card, on=EVE, at=at_night(EVE), actor=None)
    assert (payment.state, payment.code) == ("unknown", "key_conflict")
    ask_again(EVE)
    payment = payment_of(card)
    assert (payment.state, payment.code, len(paid_days(card))) == ("unknown", code, 1)


def test_answer_that_names_no_amount_is_taken_at_its_word() -> None:
    answer = Answer("1-1", Outcome.SUCCEEDED)
    assert _as_asked(answer, Decimal("15.00"), token="tok") is answer


def test_declined_first_term_is_put_away_when_the_member_joins_at_the_desk(gateway: GatewayForTests) -> None:
    plan, member = a_monthly_card(), a_person(on=EVE)
    card = request_subscription(member, plan, on=EVE, actor=None)
    choose_payment_method(card, a_method(member, "tok_soft_1", on=EVE), actor=None)
    payment = pay_first_term(card, on=EVE, at=at_night(EVE), actor=None)
    assert payment.state == "declined"
    card = join(member, plan, on=EVE, actor=None, at=at_night(EVE))
    payment.refresh_from_db()
    assert (payment.state, story_of(payment)[-1][1]) == ("abandoned", "abandoned")
    with pytest.raises(PaymentStateError):
        retry_payment(payment, on=EVE, at=at_night(EVE), actor=None)
    with pytest.raises(NotDueError):
        pay_subscription(card, on=EVE, at=at_night(EVE), actor=None)
    assert (len(gateway.charges()), len(paid_days(card))) == (1, 1)


def test_refund_that_was_sent_twice_is_made_once(gateway: GatewayForTests) -> None:
    card = a_card(a_monthly_card(), on=JOINED)
    night(EVE)
    payment = payment_of(card)

    def give_back() -> None:
        refund_payment(
            payment, amount=Decimal("5.00"), ends_card=False, on=EVE, at=at_night(EVE), reason="moved", actor=None,
            expected_refunds=0,
        )

    give_back()
    with pytest.raises(RefundError):
        give_back()
    assert payment.refunds.count() == 1


def test_renewal_that_is_refused_leaves_the_card_its_payment_method(gateway: GatewayForTests) -> None:
    card = a_card(a_monthly_card(), on=JOINED)
    other, on = a_method(card.member, on=JOINED), date(2027, 1, 5)
    with pytest.raises(NotDueError):
        renew_subscription(card, on=on, at=at_night(on), actor=None, method=other)
    known = card.payment_method
    card.refresh_from_db()
    assert card.payment_method == known
    payment = renew_subscription(card, on=EVE, at=at_night(EVE), actor=None, method=other)
    card.refresh_from_db()
    assert (payment.method, card.payment_method) == (other, other)
