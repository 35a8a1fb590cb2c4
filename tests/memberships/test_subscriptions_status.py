"""States follow from facts: the same rule for one subscription and for a list of them."""

from datetime import date

import pytest

from memberships.models import Subscription
from memberships.services.subscriptions import (
    cancel_subscription,
    join,
    request_subscription,
    status_of,
    with_status,
)
from tests.memberships.factories import TODAY, a_person, an_annual_card, renew

pytestmark = pytest.mark.django_db

Status = Subscription.Status


def test_card_is_active_from_its_first_to_its_last_day() -> None:
    subscription = join(a_person(), an_annual_card(), on=TODAY, actor=None)
    states = [
        status_of(subscription, on=day)
        for day in (date(2027, 1, 14), TODAY, date(2028, 1, 14), date(2028, 1, 15))
    ]
    assert states == [Status.PENDING, Status.ACTIVE, Status.ACTIVE, Status.LAPSED]


def test_renewed_card_is_active_across_its_anniversary() -> None:
    subscription = join(a_person(), an_annual_card(), on=TODAY, actor=None)
    renew(subscription)
    days = [date(2028, 1, 14), date(2028, 1, 15), date(2029, 1, 15)]
    states = [status_of(subscription, on=day) for day in days]
    assert states == [Status.ACTIVE, Status.ACTIVE, Status.LAPSED]


def test_list_shows_every_state_and_the_last_paid_day_in_one_query(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    card = an_annual_card()
    in_june = date(2027, 6, 1)
    pending = request_subscription(a_person(), card, on=in_june, actor=None)
    active = join(a_person(), card, on=TODAY, actor=None)
    expired = join(a_person(), card, on=date(2025, 3, 1), actor=None)
    leaving = join(a_person(), card, on=TODAY, actor=None)
    cancel_subscription(leaving, on=in_june, reason="moved abroad", actor=None)
    withdrawn = request_subscription(a_person(), card, on=TODAY, actor=None)
    cancel_subscription(withdrawn, on=in_june, reason="thought better of it", actor=None)

    with django_assert_num_queries(1):
        cards = list(with_status(Subscription.objects.all(), on=in_june))
    assert {card.pk: (card.status, card.paid_until) for card in cards} == {
        pending.pk: (Status.PENDING, None),
        active.pk: (Status.ACTIVE, date(2028, 1, 14)),
        expired.pk: (Status.LAPSED, date(2026, 2, 28)),
        leaving.pk: (Status.ACTIVE, date(2028, 1, 14)),
        withdrawn.pk: (Status.CANCELLED, None),
    }
    found = with_status(Subscription.objects.all(), on=in_june).filter(status=Status.ACTIVE)
    assert set(found) == {active, leaving} == set(Subscription.objects.active(on=in_june))
