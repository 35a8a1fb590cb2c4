"""The quick filters' lists and counts are read by small indexes, whatever the size of the tables."""

from typing import Any

import pytest
from django.db.models import QuerySet

from memberships.admin.display import today
from memberships.admin.payment_filters import StateFilter
from memberships.admin.subscription_filters import StandingFilter
from memberships.models import Payment, Subscription
from memberships.services.subscriptions import with_status
from tests.memberships.admin_pages import indexes_read
from tests.memberships.factories import an_annual_card

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("new_tables")]
LOOKED_UP = {
    "memberships_subscription_pkey", "memberships_payment_pkey", "memberships_member_pkey",
    "memberships_paymentmethod_pkey", "memberships_plan_pkey", "plan_of_programme", "subscription_of_member_key",
    "payment_key",
}


def page_of(rows: QuerySet[Any], order: str) -> QuerySet[Any]:
    """As operations.admin.paging reads a page's keys."""
    return rows.order_by(*{order: None, ("-pk" if order.startswith("-") else "pk"): None}).values("pk")[:51]


def drivers(query: QuerySet[Any]) -> set[str]:
    """The indexes that a query walks, without those in which it looks single rows up."""
    return indexes_read(query) - LOOKED_UP


@pytest.mark.parametrize(
    ("name", "indexes"),
    [
        ("due", {"subscription_by_end", "refund_one_open"}),
        ("failed", {"payment_declined"}),
        ("in_grace", {"subscription_by_end"}),
        ("under_way", {"payment_unpaid"}),
    ],
)
def test_cards_to_be_looked_after_are_read_by_their_index(name: str, indexes: set[str]) -> None:
    (choice,) = [choice for choice in StandingFilter.offered if choice.name == name]
    an_annual_card(an_annual_card(grace_days=7).programme, code="short", lead_days=3)
    listed = choice.rows(with_status(Subscription.objects.all(), on=today()), today())
    assert drivers(page_of(listed, choice.order)) <= indexes
    counted = choice.rows(Subscription.objects.all(), today()).order_by().values("pk")[:10_001]
    assert drivers(counted) <= indexes


@pytest.mark.parametrize(
    ("name", "indexes"),
    [
        ("retry", {"payment_to_retry"}),
        ("declined", {"payment_given_up"}),
        ("unanswered", {"payment_open"}),
        ("refund", {"refund_one_open", "refund_open", "sort"}),
    ],
)
def test_payments_to_be_looked_after_are_read_by_their_index(name: str, indexes: set[str]) -> None:
    (choice,) = [choice for choice in StateFilter.offered if choice.name == name]
    rows = choice.rows(Payment.objects.all(), today())
    assert drivers(page_of(rows, choice.order)) <= indexes
    assert drivers(rows.order_by().values("pk")[:10_001]) <= indexes
