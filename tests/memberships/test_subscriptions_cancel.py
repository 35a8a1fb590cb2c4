"""Cancelling keeps what was paid."""

from datetime import date
from typing import Any

import pytest
from django.utils.translation import override

from memberships.errors import SubscriptionStateError
from memberships.models import Subscription
from memberships.services.subscriptions import cancel_subscription, join, request_subscription, status_of
from memberships.signals import subscription_cancelled
from tests.memberships.factories import TODAY, a_person, an_annual_card, an_operator, last_event, renew

pytestmark = pytest.mark.django_db

IN_JUNE = date(2027, 6, 1)
LAST_PAID_DAY = date(2028, 1, 14)
Status = Subscription.Status


def test_cancelled_card_keeps_access_to_the_end_of_its_term() -> None:
    subscription = join(a_person(), an_annual_card(), on=TODAY, actor=None)
    subscription = cancel_subscription(subscription, on=IN_JUNE, reason="moved abroad", actor=None)
    assert (subscription.cancelled_on, subscription.ended_on) == (IN_JUNE, LAST_PAID_DAY)
    assert status_of(subscription, on=IN_JUNE) == Status.ACTIVE
    assert status_of(subscription, on=LAST_PAID_DAY) == Status.ACTIVE
    assert status_of(subscription, on=date(2028, 1, 15)) == Status.CANCELLED


def test_card_paid_for_years_ahead_keeps_access_to_the_last_of_them() -> None:
    subscription = join(a_person(), an_annual_card(), on=TODAY, actor=None)
    renew(subscription, times=2)
    subscription = cancel_subscription(subscription, on=IN_JUNE, reason="moved abroad", actor=None)
    assert subscription.ended_on == date(2030, 1, 14)


def test_card_can_be_cancelled_on_its_last_paid_day() -> None:
    subscription = join(a_person(), an_annual_card(), on=TODAY, actor=None)
    subscription = cancel_subscription(subscription, on=LAST_PAID_DAY, reason="enough", actor=None)
    assert subscription.ended_on == LAST_PAID_DAY
    assert status_of(subscription, on=LAST_PAID_DAY) == Status.ACTIVE


def test_requested_card_that_was_never_paid_ends_at_once() -> None:
    member, card = a_person(), an_annual_card()
    subscription = request_subscription(member, card, on=TODAY, actor=None)
    subscription = cancel_subscription(subscription, on=IN_JUNE, reason="thought better of it", actor=None)
    assert (subscription.cancelled_on, subscription.ended_on) == (IN_JUNE, IN_JUNE)
    assert status_of(subscription, on=date(2027, 5, 31)) == Status.PENDING
    assert status_of(subscription, on=IN_JUNE) == Status.CANCELLED
    assert request_subscription(member, card, on=IN_JUNE, actor=None).pk != subscription.pk


def test_cancelling_again_returns_the_first_result() -> None:
    subscription = join(a_person(), an_annual_card(), on=TODAY, actor=None)
    heard: list[dict[str, Any]] = []

    def listen(**facts: Any) -> None:
        heard.append(facts)

    subscription_cancelled.connect(listen)
    try:
        first = cancel_subscription(subscription, on=IN_JUNE, reason="moved abroad", actor=None)
        again = cancel_subscription(subscription, on=date(2028, 5, 5), reason="pressed twice", actor=None)
    finally:
        subscription_cancelled.disconnect(listen)
    assert (again.pk, again.cancelled_on, again.ended_on) == (first.pk, IN_JUNE, LAST_PAID_DAY)
    assert [(fact["subscription"], fact["on"], fact["actor"]) for fact in heard] == [(first, IN_JUNE, None)]


def test_expired_card_cannot_be_cancelled() -> None:
    subscription = join(a_person(), an_annual_card(), on=TODAY, actor=None)
    with override("en"), pytest.raises(SubscriptionStateError) as error:
        cancel_subscription(subscription, on=date(2028, 1, 15), reason="late", actor=None)
    assert str(error.value) == (
        f"“Annual card” of member {subscription.member.number} ended on 2028-01-14"
        " and cannot be cancelled on 2028-01-15."
    )
    subscription.refresh_from_db()
    assert (subscription.cancelled_on, subscription.ended_on) == (None, None)


def test_card_that_was_ended_cannot_be_cancelled() -> None:
    member, card = a_person(), an_annual_card()
    expired = join(member, card, on=TODAY, actor=None)
    join(member, card, on=date(2028, 3, 1), actor=None)
    with pytest.raises(SubscriptionStateError):
        cancel_subscription(expired, on=date(2028, 3, 1), reason="late", actor=None)


def test_card_cannot_be_cancelled_before_it_was_requested() -> None:
    subscription = join(a_person(), an_annual_card(), on=IN_JUNE, actor=None)
    with override("en"), pytest.raises(SubscriptionStateError, match="on 2027-06-01, after 2027-01-15"):
        cancel_subscription(subscription, on=TODAY, reason="a slip", actor=None)


def test_audit_trail_says_who_cancelled_and_why() -> None:
    operator = an_operator()
    subscription = join(a_person(), an_annual_card(), on=TODAY, actor=None)
    cancel_subscription(subscription, on=IN_JUNE, reason="moved abroad", actor=operator)
    event = last_event(subscription)
    assert event.pgh_label == "update"
    assert event.pgh_context["user"] == operator.pk
    assert event.pgh_context["reason"] == "moved abroad"
    assert event.pgh_diff == {"cancelled_on": [None, "2027-06-01"], "ended_on": [None, "2028-01-14"]}
