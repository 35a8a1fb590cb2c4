"""Days of grace and their end: told once, ended once, never while money may be on its way."""

from datetime import date
from typing import Any

import pytest
from django.utils.translation import override

from memberships.errors import AlreadySubscribedError, PaymentUnderWayError, SubscriptionStateError
from memberships.models import Payment, Subscription
from memberships.services.lapses import end_cards, enter_grace, lapse_subscription
from memberships.services.ranges import EVERYTHING
from memberships.services.renewals import request_renewals
from memberships.services.subscriptions import cancel_subscription, join, request_subscription
from memberships.signals import subscription_lapsed
from operations.models import OutboxMessage
from tests.memberships.factories import a_card, a_monthly_card, a_person, an_operator, last_event
from tests.memberships.night_stories import at_night, paid_days, run_job, states, told

pytestmark = pytest.mark.django_db(transaction=True)

JOINED = date(2027, 1, 1)
LAST_DAY = date(2027, 1, 31)
FIRST_OF_GRACE = date(2027, 2, 1)
LAST_OF_GRACE = date(2027, 2, 10)
AFTER = date(2027, 2, 11)


@pytest.fixture
def card() -> Subscription:
    """Paid for January, and nobody is charged for February."""
    return join(a_person(on=JOINED), a_monthly_card(), on=JOINED, actor=None)


def ending(on: date, *, scope: str = "") -> int:
    """How many things the night did about cards."""
    return run_job("enter_grace_and_lapse", on=on, scope=scope).done


def test_card_nobody_pays_for_enters_its_grace_and_lapses_after_the_last_day_of_it(card: Subscription) -> None:
    assert [ending(day) for day in (LAST_DAY, FIRST_OF_GRACE, LAST_OF_GRACE, AFTER)] == [0, 1, 0, 1]
    card.refresh_from_db()
    assert (card.ended_on, card.lapsed_on) == (LAST_OF_GRACE, AFTER)
    days = [LAST_DAY, FIRST_OF_GRACE, LAST_OF_GRACE, AFTER]
    assert states(card, *days) == ["active", "in_grace", "in_grace", "lapsed"]
    assert told() == [f"grace:{card.pk}:2027-01-31", f"lapsed:{card.pk}"]
    message = OutboxMessage.objects.get(topic="subscription.lapsed")
    assert message.payload == {
        "member": card.member_id, "subscription": card.pk, "paid_until": "2027-01-31", "ended_on": "2027-02-10",
    }
    assert last_event(card).pgh_context["job"] == "enter_grace_and_lapse"


def test_member_in_grace_keeps_benefits_until_the_last_day(card: Subscription) -> None:
    assert card in Subscription.objects.in_grace(on=LAST_OF_GRACE)
    assert card not in Subscription.objects.in_grace(on=AFTER)


def test_night_that_comes_late_lapses_with_the_day_it_would_have(card: Subscription) -> None:
    ending(date(2027, 3, 15))
    card.refresh_from_db()
    assert (card.ended_on, card.lapsed_on) == (LAST_OF_GRACE, date(2027, 3, 15))
    assert told() == [f"lapsed:{card.pk}"]


def test_nights_that_run_again_tell_nothing_twice(card: Subscription) -> None:
    for day in (FIRST_OF_GRACE, AFTER):
        assert [ending(day), ending(day, scope="again@1"), ending(day, scope="again@2")] == [1, 0, 0]
    assert len(told()) == 2


def test_card_without_days_of_grace_lapses_on_the_day_after_its_last(card: Subscription) -> None:
    bare = join(a_person(on=JOINED), a_monthly_card(card.programme, code="bare", grace_days=0), on=JOINED, actor=None)
    ending(FIRST_OF_GRACE)
    bare.refresh_from_db()
    assert (bare.ended_on, bare.lapsed_on) == (LAST_DAY, FIRST_OF_GRACE)
    assert states(bare, LAST_DAY, FIRST_OF_GRACE) == ["active", "lapsed"]


def test_card_that_is_being_paid_for_does_not_lapse(card: Subscription) -> None:
    due = a_card(card.plan, on=JOINED)
    request_renewals(EVERYTHING, on=LAST_DAY, at=at_night(LAST_DAY), actor=None)
    ending(AFTER)
    due.refresh_from_db()
    card.refresh_from_db()
    assert (due.ended_on, card.ended_on) == (None, LAST_OF_GRACE)
    with override("en"), pytest.raises(PaymentUnderWayError, match=r"15\.00 CNY.*2027-01-31, is under way"):
        lapse_subscription(due, on=AFTER, at=at_night(AFTER), actor=None)


def test_single_card_lapses_by_hand_and_others_hear_of_it(card: Subscription) -> None:
    heard: list[Any] = []

    def listen(**facts: Any) -> None:
        heard.append((facts["subscription"], facts["on"], facts["actor"]))

    operator = an_operator()
    subscription_lapsed.connect(listen)
    try:
        first = lapse_subscription(card, on=AFTER, at=at_night(AFTER), actor=operator, reason="asked by phone")
        again = lapse_subscription(card, on=date(2027, 3, 1), at=at_night(AFTER), actor=operator)
    finally:
        subscription_lapsed.disconnect(listen)
    assert (first.ended_on, first.lapsed_on) == (again.ended_on, again.lapsed_on) == (LAST_OF_GRACE, AFTER)
    assert heard == [(card, AFTER, operator)]
    event = last_event(card)
    assert (event.pgh_context["user"], event.pgh_context["reason"]) == (operator.pk, "asked by phone")


def test_single_card_enters_its_grace_by_hand_once(card: Subscription) -> None:
    for _time in range(2):
        enter_grace(card, on=FIRST_OF_GRACE, at=at_night(FIRST_OF_GRACE), actor=None)
    assert told() == [f"grace:{card.pk}:2027-01-31"]


@pytest.mark.parametrize(
    ("service", "on", "words"),
    [
        (enter_grace, LAST_DAY, "not in its days of grace on 2027-01-31"),
        (enter_grace, AFTER, "not in its days of grace on 2027-02-11"),
        (lapse_subscription, LAST_DAY, "days of grace are not over on 2027-01-31"),
        (lapse_subscription, LAST_OF_GRACE, "days of grace are not over on 2027-02-10"),
    ],
)
def test_card_in_another_state_is_refused_with_words(card: Subscription, service: Any, on: date, words: str) -> None:
    with override("en"), pytest.raises(SubscriptionStateError, match=words):
        service(card, on=on, at=at_night(on), actor=None)
    card.refresh_from_db()
    assert (card.ended_on, told()) == (None, [])


def test_pending_and_cancelled_cards_do_not_lapse(card: Subscription) -> None:
    pending = request_subscription(a_person(on=JOINED), card.plan, on=JOINED, actor=None)
    cancelled = cancel_subscription(card, on=JOINED, reason="a slip", actor=None)
    assert end_cards(EVERYTHING, on=date(2027, 6, 1), at=at_night(AFTER), actor=None) == {}
    for subscription in (pending, cancelled):
        subscription.refresh_from_db()
        assert subscription.lapsed_on is None


def test_card_cancelled_in_its_grace_ends_that_day(card: Subscription) -> None:
    on = date(2027, 2, 3)
    cancelled = cancel_subscription(card, on=on, reason="enough", actor=None)
    assert (cancelled.cancelled_on, cancelled.ended_on) == (on, on)
    assert states(card, FIRST_OF_GRACE, date(2027, 2, 4)) == ["cancelled", "cancelled"]
    assert ending(AFTER) == 0


def test_card_beyond_its_grace_cannot_be_cancelled(card: Subscription) -> None:
    with override("en"), pytest.raises(SubscriptionStateError, match="ended on 2027-01-31 and cannot be cancelled"):
        cancel_subscription(card, on=AFTER, reason="late", actor=None)


def test_card_that_is_being_paid_for_cannot_be_cancelled() -> None:
    card = a_card(a_monthly_card(), on=JOINED)
    request_renewals(EVERYTHING, on=LAST_DAY, at=at_night(LAST_DAY), actor=None)
    with override("en"), pytest.raises(PaymentUnderWayError, match="wait for the gateway's answer"):
        cancel_subscription(card, on=LAST_DAY, reason="enough", actor=None)
    card.refresh_from_db()
    assert card.cancelled_on is None


@pytest.mark.parametrize("buy", [join, request_subscription])
def test_member_in_grace_pays_for_the_card_there_is_and_gets_no_other(card: Subscription, buy: Any) -> None:
    with pytest.raises(AlreadySubscribedError):
        buy(card.member, card.plan, on=LAST_OF_GRACE, actor=None)


@pytest.mark.parametrize("buy", [join, request_subscription])
def test_member_beyond_the_grace_gets_another_card_though_no_night_came(card: Subscription, buy: Any) -> None:
    second = buy(card.member, card.plan, on=AFTER, actor=None)
    card.refresh_from_db()
    assert (card.ended_on, card.lapsed_on) == (LAST_OF_GRACE, AFTER)
    assert second.pk != card.pk


def test_member_whose_card_may_have_been_paid_for_gets_no_other() -> None:
    card = a_card(a_monthly_card(), on=JOINED)
    request_renewals(EVERYTHING, on=LAST_DAY, at=at_night(LAST_DAY), actor=None)
    with pytest.raises(PaymentUnderWayError):
        join(card.member, card.plan, on=AFTER, actor=None)
    card.refresh_from_db()
    assert (card.ended_on, len(paid_days(card))) == (None, 1)
    assert Payment.objects.get().state == "requested"
