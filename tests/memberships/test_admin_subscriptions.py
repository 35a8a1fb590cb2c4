"""Cancelling a card from its page: a reason, the right, and the service's rules."""

from datetime import timedelta

import pytest

from memberships.admin.display import today
from memberships.models import Subscription
from memberships.services.subscriptions import join
from tests.memberships.admin_pages import granted, signed_in
from tests.memberships.factories import a_person, an_annual_card, an_operator, last_event

pytestmark = pytest.mark.django_db


@pytest.fixture
def subscription() -> Subscription:
    return join(a_person(on=today()), an_annual_card(), on=today(), actor=None)


def page_of(subscription: Subscription, page: str) -> str:
    return f"/admin/memberships/subscription/{subscription.pk}/{page}/"


def test_a_card_is_cancelled_with_a_reason(subscription: Subscription) -> None:
    desk = signed_in(granted(an_operator(), "memberships.change_subscription"))
    assert desk.get(page_of(subscription, "cancel")).status_code == 200
    assert desk.post(page_of(subscription, "cancel"), {"reason": " "}).status_code == 422
    assert desk.post(page_of(subscription, "cancel"), {"reason": "moved abroad"}).status_code == 302
    subscription.refresh_from_db()
    assert subscription.cancelled_on == today() and subscription.ended_on > today()
    assert last_event(subscription).pgh_context["reason"] == "moved abroad"


def test_what_the_service_refuses_is_said_on_the_page(subscription: Subscription) -> None:
    Subscription.objects.filter(pk=subscription.pk).update(ended_on=today() - timedelta(days=1))
    desk = signed_in(granted(an_operator(), "memberships.change_subscription"))
    page = desk.post(page_of(subscription, "cancel"), {"reason": "late"})
    assert page.status_code == 422 and page.context["form"].non_field_errors()


def test_who_may_only_view_cannot_cancel(subscription: Subscription) -> None:
    desk = signed_in(granted(an_operator(), "memberships.view_subscription"))
    assert desk.get(page_of(subscription, "change")).status_code == 200
    assert desk.post(page_of(subscription, "cancel"), {"reason": "x"}).status_code == 403
