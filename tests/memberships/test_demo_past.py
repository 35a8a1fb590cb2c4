"""The demo's past: payments that the gateway knows, points, and nights that the real jobs have run."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from memberships import demo
from memberships.admin.display import today
from memberships.admin.quick_filters import count_choice
from memberships.admin.subscription_filters import StandingFilter
from memberships.demo.sizes import FULL, DemoSize
from memberships.models import (
    Payment,
    PaymentEvent,
    PaymentMethod,
    Refund,
    Subscription,
)
from memberships.services.subscriptions import with_status
from operations.models import JobRun, OutboxMessage
from operations.services.books import audit_books, period_until
from operations.services.nights import nightly_jobs
from tests.gateway import GatewayForTests

LONG_AGO = date(2015, 1, 1)
#: As many nights as the whole demo, and enough people that every story is among them.
SIZE = DemoSize(700, 150, FULL.nights)


def loaded_demo(on: date) -> demo.Loaded:
    return demo.load_demo(on=on, size=SIZE)


def differences() -> list[Any]:
    """What the audit of all books finds, of all times."""
    found: list[Any] = []
    period = period_until(today(), at=timezone.now(), since=LONG_AGO)
    audit_books(period, tell=found.append, report=lambda audited, total: None)
    return found


@pytest.fixture
def _cleared(gateway: GatewayForTests) -> Iterator[None]:
    yield
    gateway.set_clock(None)


@pytest.mark.usefixtures("new_tables")
@pytest.mark.django_db(transaction=True)
def test_the_past_is_true_and_the_last_nights_are_real(gateway: GatewayForTests, _cleared: None) -> None:
    # Also where the test goes on after midnight.
    on = today()
    loaded = loaded_demo(on)
    assert loaded.payments > 1_000 and loaded.nights == FULL.nights
    # The gateway's own list, our payments, terms, wallets, lots: everything adds up.
    assert differences() == []

    days = [on - timedelta(days=number) for number in range(1, FULL.nights + 1)]
    runs = Counter(JobRun.objects.values_list("job", "state"))
    assert runs == {(job.name, "succeeded"): FULL.nights for job in nightly_jobs()}
    assert set(JobRun.objects.values_list("business_date", flat=True)) == set(days)
    assert all(run.started_at.date() <= run.business_date for run in JobRun.objects.all())
    assert not OutboxMessage.objects.filter(state=OutboxMessage.State.QUEUED).exists()

    states = Counter(with_status(Subscription.objects.all(), on=on).values_list("status", flat=True))
    assert set(states) == set(Subscription.Status.values)
    declined = Payment.objects.filter(state=Payment.State.DECLINED)
    assert set(declined.values_list("decline", flat=True)) == {"soft", "hard"}
    assert len(set(declined.values_list("attempt", flat=True))) > 2
    assert Payment.objects.filter(state=Payment.State.ABANDONED).exists()
    by_hand = PaymentEvent.objects.filter(actor__username="operator")
    assert set(by_hand.values_list("kind", flat=True)) >= {"requested", "refund_requested", "refunded"}
    assert {refund.ends_card for refund in Refund.objects.all()} == {True, False}
    for choice in StandingFilter.offered[:3]:
        assert count_choice(Subscription, choice, on=on).number > 3, choice.name

    assert PaymentMethod.objects.count() > 400
    live = Subscription.objects.live().exclude(started_on=None)
    assert 0 < live.filter(payment_method=None).count() < live.count() / 4

    before = Payment.objects.count(), len(gateway.charges())
    assert loaded_demo(on) == demo.Loaded()
    assert (Payment.objects.count(), len(gateway.charges())) == before
