"""Cancelling a card from its page: a reason, the right, and the service's rules."""

from datetime import timedelta

import pytest

from memberships.admin.display import today
from memberships.models import Subscription
from memberships.services.subscriptions import join
from tests.memberships.admin_pages import a_superuser, granted, signed_in
from tests.memberships.factories import (
    TODAY,
    a_firm,
    a_person,
    an_annual_card,
    an_operator,
    jd_plus_enterprise,
    last_event,
)

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


def test_cards_are_listed_with_their_owner(subscription: Subscription) -> None:
    firm = a_firm()
    join(firm, an_annual_card(jd_plus_enterprise()), on=TODAY, actor=None)
    page = signed_in(a_superuser()).get("/admin/memberships/subscription/").content.decode()
    assert firm.customer.legal_name in page and "5678" in page and "12345678" not in page


def test_a_firms_member_page_leads_to_the_firm() -> None:
    firm = a_firm()
    page = signed_in(a_superuser()).get(f"/admin/memberships/member/{firm.pk}/change/").content.decode()
    assert f'/enterprisecustomer/{firm.pk}/change/">{firm.customer.legal_name}</a>' in page


def test_what_the_service_refuses_is_said_on_the_page(subscription: Subscription) -> None:
    Subscription.objects.filter(pk=subscription.pk).update(ended_on=today() - timedelta(days=1))
    desk = signed_in(granted(an_operator(), "memberships.change_subscription"))
    page = desk.post(page_of(subscription, "cancel"), {"reason": "late"})
    assert page.status_code == 422 and page.context["form"].non_field_errors()


def test_who_may_only_view_cannot_cancel(subscription: Subscription) -> None:
    desk = signed_in(granted(an_operator(), "memberships.view_subscription"))
    assert desk.get(page_of(subscription, "change")).status_code == 200
    assert desk.post(page_of(subscription, "cancel"), {"reason": "x"}).status_code == 403
