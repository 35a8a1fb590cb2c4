"""Declined charges: tried again on the plan's days or not at all, by hand at any time, and then the card lapses."""

from datetime import date

import pytest
from django.utils.translation import override

from memberships.errors import NotDueError, PaymentMethodError, PaymentStateError
from memberships.models import Payment, Subscription
from memberships.services.payment_methods import choose_payment_method, remove_payment_method
from memberships.services.payments import retry_payment
from memberships.services.renewals import pay_subscription, renew_subscription
from memberships.services.subscriptions import cancel_subscription
from memberships.signals import subscription_renewed
from tests.gateway import GatewayForTests
from tests.memberships.factories import a_card, a_method, a_monthly_card, a_person, an_operator
from tests.memberships.night_stories import (
    at_night,
    night,
    nights,
    paid_days,
    payment_of,
    run_job,
    states,
    story_of,
    told,
)

pytestmark = pytest.mark.django_db(transaction=True)

JOINED = date(2027, 1, 1)
#: The card is paid until 31 January and charged the day before; its grace is over after 10 February.
FIRST_TRY = date(2027, 1, 30)
JANUARY = (JOINED, date(2027, 1, 31))
FEBRUARY = (date(2027, 2, 1), date(2027, 2, 28))
ON_2_FEBRUARY = date(2027, 2, 2)


def days(*numbers: int) -> list[date]:
    """So many days after the first try."""
    return [date.fromordinal(FIRST_TRY.toordinal() + number) for number in numbers]


def test_soft_decline_is_tried_again_on_days_1_3_5_and_7_then_the_grace_ends_and_the_card_lapses(
    gateway: GatewayForTests,
) -> None:
    card = a_card(a_monthly_card(), "tok_soft", on=JOINED)
    nights(FIRST_TRY, date(2027, 2, 10))
    payment = payment_of(card)
    assert [event for event in story_of(payment) if event[1] == "requested"] == [
        (attempt, "requested", day) for attempt, day in enumerate(days(0, 1, 3, 5, 7), start=1)
    ]
    assert [event[1] for event in story_of(payment)] == ["requested", "declined"] * 5
    assert (payment.state, payment.decline, payment.code, payment.next_attempt_on) == (
        "declined", "soft", "insufficient_funds", None,
    )
    assert states(card, date(2027, 1, 31), date(2027, 2, 1), date(2027, 2, 10)) == ["active", "in_grace", "in_grace"]
    night(date(2027, 2, 11))
    card.refresh_from_db()
    assert (card.ended_on, card.lapsed_on, card.cancelled_on) == (date(2027, 2, 10), date(2027, 2, 11), None)
    assert states(card, date(2027, 2, 10), date(2027, 2, 11)) == ["in_grace", "lapsed"]
    payment.refresh_from_db()
    assert (payment.state, story_of(payment)[-1]) == ("abandoned", (5, "abandoned", date(2027, 2, 11)))
    assert told() == [f"grace:{card.pk}:2027-01-31", f"lapsed:{card.pk}"]
    nights(date(2027, 2, 12), date(2027, 2, 14))
    assert (len(gateway.charges()), gateway.paid()) == (5, [])
    assert len(told()) == 2


def test_soft_decline_that_succeeds_later_leaves_no_gap(gateway: GatewayForTests) -> None:
    card = a_card(a_monthly_card(), "tok_soft_3", on=JOINED)
    nights(FIRST_TRY, date(2027, 2, 10))
    assert paid_days(card) == [JANUARY, FEBRUARY]
    payment = payment_of(card)
    assert (payment.state, payment.attempt, payment.decline) == ("succeeded", 4, "")
    assert story_of(payment)[-2:] == [(4, "requested", days(5)[0]), (4, "succeeded", days(5)[0])]
    assert states(card, date(2027, 2, 1), date(2027, 2, 28)) == ["active", "active"]
    assert gateway.attempts_per_token().total() == 4
    assert gateway.paid_per_token().total() == 1


def test_hard_decline_is_never_tried_again(gateway: GatewayForTests) -> None:
    card = a_card(a_monthly_card(), "tok_hard", on=JOINED)
    nights(FIRST_TRY, date(2027, 2, 11))
    payment = payment_of(card)
    assert (payment.state, payment.decline, payment.attempt) == ("abandoned", "hard", 1)
    assert [event[1] for event in story_of(payment)] == ["requested", "declined", "abandoned"]
    assert states(card, date(2027, 2, 11)) == ["lapsed"]
    assert len(gateway.charges()) == 1


def test_hard_decline_is_paid_in_grace_by_another_method_and_no_day_is_lost(gateway: GatewayForTests) -> None:
    card = a_card(a_monthly_card(), "tok_hard", on=JOINED)
    nights(FIRST_TRY, ON_2_FEBRUARY)
    assert states(card, ON_2_FEBRUARY) == ["in_grace"]
    heard: list[object] = []

    def listen(subscription: Subscription, term: object, **_facts: object) -> None:
        heard.append((subscription, term))

    subscription_renewed.connect(listen)
    other = a_method(card.member)
    payment = pay_subscription(card, on=ON_2_FEBRUARY, at=at_night(ON_2_FEBRUARY), actor=None, method=other)
    subscription_renewed.disconnect(listen)
    card.refresh_from_db()
    assert (payment.state, payment.attempt, payment.method, card.payment_method) == ("succeeded", 2, other, other)
    assert heard == [(card, payment.term)]
    assert paid_days(card) == [JANUARY, FEBRUARY]
    nights(date(2027, 2, 3), date(2027, 2, 12))
    assert states(card, date(2027, 2, 12)) == ["active"]
    assert gateway.paid_per_token().total() == 1


def test_plan_without_days_of_trying_again_has_one_attempt(gateway: GatewayForTests) -> None:
    card = a_card(a_monthly_card(retry_days=[]), "tok_soft", on=JOINED)
    nights(FIRST_TRY, date(2027, 2, 10))
    assert (payment_of(card).next_attempt_on, len(gateway.charges())) == (None, 1)


def test_attempt_by_hand_leaves_the_plans_days_as_they_are(gateway: GatewayForTests) -> None:
    card = a_card(a_monthly_card(), "tok_soft", on=JOINED)
    night(FIRST_TRY)
    operator = an_operator()
    payment = retry_payment(
        payment_of(card), on=FIRST_TRY, at=at_night(FIRST_TRY), actor=operator, reason="the member asked"
    )
    assert (payment.attempt, payment.next_attempt_on) == (2, days(1)[0])
    event = payment.events.get(attempt=2, kind="requested")
    assert (event.actor, event.reason) == (operator, "the member asked")
    nights(days(1)[0], days(4)[0])
    assert payment_of(card).next_attempt_on == days(5)[0]
    assert payment_of(card).attempt == 4


def test_retry_that_comes_late_goes_on_with_the_next_day_to_come(gateway: GatewayForTests) -> None:
    card = a_card(a_monthly_card(), "tok_soft", on=JOINED)
    night(FIRST_TRY)
    run_job("retry_payments", on=days(4)[0])
    assert (payment_of(card).attempt, payment_of(card).next_attempt_on) == (2, days(5)[0])


def test_declined_payment_follows_the_method_that_the_member_chose_since(gateway: GatewayForTests) -> None:
    card = a_card(a_monthly_card(), "tok_soft", on=JOINED)
    night(FIRST_TRY)
    other = a_method(card.member)
    choose_payment_method(card, other, actor=None)
    night(days(1)[0])
    assert (payment_of(card).state, payment_of(card).method) == ("succeeded", other)


@pytest.mark.parametrize("is_removed", [True, False])
def test_declined_payment_is_not_tried_again_when_its_method_was_removed_or_put_away(
    gateway: GatewayForTests, is_removed: bool
) -> None:
    card = a_card(a_monthly_card(), "tok_soft", on=JOINED)
    night(FIRST_TRY)
    if is_removed:
        assert card.payment_method is not None
        remove_payment_method(card.payment_method, on=FIRST_TRY, actor=None)
    else:
        choose_payment_method(card, None, actor=None)
    nights(days(1)[0], date(2027, 2, 11))
    assert len(gateway.charges()) == 1
    assert states(card, date(2027, 2, 11)) == ["lapsed"]


def test_declined_payment_of_a_cancelled_card_is_put_away(gateway: GatewayForTests) -> None:
    card = a_card(a_monthly_card(), "tok_soft", on=JOINED)
    night(FIRST_TRY)
    cancelled = cancel_subscription(card, on=FIRST_TRY, reason="no money", actor=None)
    assert cancelled.ended_on == date(2027, 1, 31)
    nights(days(1)[0], days(3)[0])
    assert (payment_of(card).state, len(gateway.charges())) == ("abandoned", 1)
    assert told() == []


def test_payment_that_succeeded_or_was_put_away_cannot_be_tried_again(gateway: GatewayForTests) -> None:
    plan = a_monthly_card()
    paid, lapsed = a_card(plan, on=JOINED), a_card(plan, "tok_hard", on=JOINED)
    nights(FIRST_TRY, date(2027, 2, 11))
    later = {"on": date(2027, 2, 11), "at": at_night(date(2027, 2, 11)), "actor": None}
    with override("en"), pytest.raises(PaymentStateError, match="“succeeded”: only a declined one"):
        retry_payment(payment_of(paid), **later)
    with override("en"), pytest.raises(PaymentStateError, match="“abandoned”: only a declined one"):
        retry_payment(payment_of(lapsed), **later)
    assert len(gateway.charges()) == 2


def test_payment_beyond_the_grace_cannot_be_tried_again(gateway: GatewayForTests) -> None:
    card = a_card(a_monthly_card(), "tok_hard", on=JOINED)
    night(FIRST_TRY)
    late = date(2027, 2, 11)
    with override("en"), pytest.raises(PaymentStateError, match="beyond its days of grace"):
        retry_payment(payment_of(card), on=late, at=at_night(late), actor=None)
    assert payment_of(card).attempt == 1


def test_payment_cannot_be_charged_to_another_members_method(gateway: GatewayForTests) -> None:
    card = a_card(a_monthly_card(), "tok_hard", on=JOINED)
    night(FIRST_TRY)
    stranger = a_method(a_person())
    with override("en"), pytest.raises(PaymentMethodError, match="is no payment method of member"):
        retry_payment(
            payment_of(card), on=FIRST_TRY, at=at_night(FIRST_TRY), actor=None, method=stranger
        )
    assert len(gateway.charges()) == 1


def test_card_whose_payment_was_declined_is_tried_again_not_renewed_anew(gateway: GatewayForTests) -> None:
    card = a_card(a_monthly_card(), "tok_hard", on=JOINED)
    night(FIRST_TRY)
    with override("en"), pytest.raises(NotDueError, match="declined: try that one again"):
        renew_subscription(card, on=FIRST_TRY, at=at_night(FIRST_TRY), actor=None)
    assert Payment.objects.count() == 1
