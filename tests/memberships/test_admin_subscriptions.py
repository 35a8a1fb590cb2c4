"""The list of cards and the page of one: who holds it, how it stands, and what is to be done."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from memberships.admin import quick_filters, subscription_filters
from memberships.admin.display import today
from memberships.models import Payment, Subscription
from memberships.services.payment_methods import choose_payment_method
from memberships.services.renewals import renew_subscription
from memberships.services.subscriptions import cancel_subscription, join, request_subscription
from tests.gateway import GatewayForTests
from tests.memberships.admin_pages import a_superuser, granted, signed_in
from tests.memberships.desk_stories import (
    a_declined_card,
    a_due_card,
    a_plan,
    an_auditors_desk,
    an_operators_desk,
    card_page,
)
from tests.memberships.factories import (
    TODAY,
    a_card,
    a_firm,
    a_method,
    a_person,
    an_annual_card,
    an_operator,
    jd_plus_enterprise,
)
from tests.memberships.night_stories import at_night

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/admin/memberships/subscription/"


@pytest.fixture
def desk() -> Client:
    return signed_in(a_superuser())


def listed(desk: Client, choice: str, **filters: Any) -> list[int]:
    """The keys of the cards that a quick filter lists, in their order."""
    page = desk.get(LIST, {"show": choice, **filters})
    assert page.status_code == 200
    return [row.pk for row in page.context["cl"].result_list]


def counts(desk: Client) -> dict[str, str]:
    """The figures beside the quick filters."""
    (spec,) = [each for each in desk.get(LIST).context["cl"].filter_specs if hasattr(each, "links")]
    return {link.name: link.figure for link in spec.links() if link.name}


def test_cards_are_listed_with_their_owner(desk: Client) -> None:
    join(a_person(on=today()), an_annual_card(), on=today(), actor=None)
    firm = a_firm()
    join(firm, an_annual_card(jd_plus_enterprise()), on=TODAY, actor=None)
    page = desk.get(LIST).content.decode()
    assert firm.customer.legal_name in page and "5678" in page and "12345678" not in page


def test_a_firms_member_page_leads_to_the_firm(desk: Client) -> None:
    firm = a_firm()
    page = desk.get(f"/admin/memberships/member/{firm.pk}/change/").content.decode()
    assert f'/enterprisecustomer/{firm.pk}/change/">{firm.customer.legal_name}</a>' in page


# --- quick filters


def test_the_next_nights_cards_are_found_as_due_those_of_tomorrow_first(desk: Client, gateway: GatewayForTests) -> None:
    plan, tomorrow = a_plan(), today() + timedelta(days=1)
    ends_tomorrow = a_due_card(plan=plan, paid_until=tomorrow)
    ends_today = a_due_card(plan=plan)
    ends_after_tomorrow = a_due_card(plan=plan, paid_until=tomorrow + timedelta(days=1))
    a_due_card(plan=plan, paid_until=tomorrow + timedelta(days=2))
    without_method = a_due_card(plan=plan)
    choose_payment_method(without_method, None, actor=None)
    cancel_subscription(a_due_card(plan=plan), on=today(), reason="搬迁", actor=None)
    renewed = a_due_card(plan=plan)
    renew_subscription(renewed, on=today(), at=at_night(today()), actor=None)
    a_declined_card("tok_soft", plan=plan)
    assert listed(desk, "due") == [ends_after_tomorrow.pk, ends_tomorrow.pk, ends_today.pk]
    assert counts(desk)["due"] == "3"


def test_failed_payments_and_grace_are_told_apart(desk: Client, gateway: GatewayForTests) -> None:
    plan = a_plan()
    soft, _payment = a_declined_card("tok_soft", plan=plan)
    unpaid = a_due_card(plan=plan, paid_until=today() - timedelta(days=3))
    over = a_due_card(plan=plan, paid_until=today() - timedelta(days=15))
    failed_ahead = a_due_card("tok_hard", plan=plan)
    renew_subscription(failed_ahead, on=today(), at=at_night(today()), actor=None)
    assert listed(desk, "failed") == [failed_ahead.pk, soft.pk]
    assert listed(desk, "in_grace") == [unpaid.pk, soft.pk]
    assert over.pk not in listed(desk, "in_grace")
    assert counts(desk) == {"due": "1", "failed": "2", "in_grace": "2", "under_way": "0"}


def test_a_card_whose_gateway_does_not_answer_is_under_way(desk: Client, gateway: GatewayForTests) -> None:
    gateway.order_faults(is_down=True)
    card = a_due_card()
    payment = renew_subscription(card, on=today(), at=at_night(today()), actor=None)
    assert payment.state == Payment.State.UNKNOWN
    assert listed(desk, "under_way") == [card.pk] and listed(desk, "failed") == listed(desk, "due") == []
    page = desk.get(card_page(card)).content.decode()
    assert "The gateway has not answered yet; it is asked again from" in page and "/renew/" not in page


def test_quick_filters_keep_the_other_filters_and_pages_follow_their_order(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memberships.admin.subscriptions.SubscriptionAdmin.list_per_page", 2)
    plan = a_plan()
    cards = [a_due_card(plan=plan, paid_until=today() + timedelta(days=1 - number)) for number in range(3)]
    other = a_plan(programme=plan.programme, code="other")
    a_due_card(plan=other)
    first = desk.get(LIST, {"show": "due", "plan__id__exact": plan.pk})
    assert [row.pk for row in first.context["cl"].result_list] == [cards[0].pk, cards[1].pk]
    second = desk.get(LIST + first.context["cl"].next_url)
    assert [row.pk for row in second.context["cl"].result_list] == [cards[2].pk]
    (spec,) = [each for each in second.context["cl"].filter_specs if hasattr(each, "links")]
    failed = next(link.url for link in spec.links() if link.name == "failed")
    assert "plan__id__exact" in failed and "after" not in failed


def test_a_choice_that_nobody_offers_shows_all_cards(desk: Client) -> None:
    card = a_due_card()
    assert listed(desk, "nonsense") == [card.pk]


def test_counts_stop_where_they_would_cost(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick_filters, "MOST", 2)
    monkeypatch.setattr(subscription_filters, "FEW", 2)
    plan = a_plan()
    for _number in range(3):
        a_due_card(plan=plan)
    assert counts(desk)["due"] == "2+"
    Subscription.objects.update(paid_until=today() - timedelta(days=1))
    cache.clear()
    assert counts(desk)["in_grace"] == "2+"


def test_counts_are_asked_once_in_some_seconds(desk: Client, django_assert_num_queries: Any) -> None:
    plan = a_plan()
    a_due_card(plan=plan)
    assert counts(desk)["due"] == "1"
    a_due_card(plan=plan)
    assert counts(desk)["due"] == "1"
    assert len(listed(desk, "due")) == 2


# --- the page of a card


def test_a_page_says_how_the_card_stands_and_what_comes_next(desk: Client) -> None:
    card = a_due_card(paid_until=today() + timedelta(days=10))
    page = desk.get(card_page(card)).content.decode()
    due_on = today() + timedelta(days=9)
    assert f"Paid until {today() + timedelta(days=10):%Y-%m-%d}, the last day included." in page
    assert f"It is renewed by itself on {due_on:%Y-%m-%d}, with {card.payment_method}." in page
    choose_payment_method(card, None, actor=None)
    assert "It is not renewed by itself" in desk.get(card_page(card)).content.decode()


@pytest.mark.parametrize(
    ("days_ago", "words"),
    [(1, "benefits go on through"), (14, "benefits go on through"), (15, "not renewed, so it has lapsed")],
)
def test_grace_is_said_to_its_last_day(desk: Client, days_ago: int, words: str) -> None:
    card = a_due_card(paid_until=today() - timedelta(days=days_ago))
    assert words in desk.get(card_page(card)).content.decode()


def test_a_pending_and_a_cancelled_card_say_so(desk: Client) -> None:
    plan = a_plan()
    pending = request_subscription(a_person(on=today()), plan, on=today(), actor=None)
    assert "Nothing is paid yet" in desk.get(card_page(pending)).content.decode()
    cancelled = cancel_subscription(
        join(a_person(on=today()), plan, on=today(), actor=None), on=today(), reason="搬迁", actor=None
    )
    page = desk.get(card_page(cancelled)).content.decode()
    assert f"It is not renewed: it ends on {cancelled.ended_on:%Y-%m-%d}." in page


def test_each_attempt_and_answer_stands_on_the_page(desk: Client, gateway: GatewayForTests) -> None:
    card, payment = a_declined_card("tok_soft")
    page = desk.get(card_page(card)).content.decode()
    assert "not enough money on the account" in page and "insufficient_funds" in page
    assert f"It is tried again on {payment.next_attempt_on:%Y-%m-%d}." in page
    assert page.count(payment.reference) >= 1 and payment.method.token not in page
    row = desk.get(LIST, {"show": "failed"}).content.decode()
    assert f"attempt 1: not enough money on the account; again on {payment.next_attempt_on:%Y-%m-%d}" in row


def test_terms_show_what_was_paid_for_them(desk: Client, gateway: GatewayForTests) -> None:
    card = a_due_card()
    payment = renew_subscription(card, on=today(), at=at_night(today()), actor=None)
    page = desk.get(card_page(card)).content.decode()
    assert f'/payment/{payment.pk}/change/">99.00 CNY</a>' in page


def test_what_the_outside_world_was_told_stands_on_the_page(desk: Client, gateway: GatewayForTests) -> None:
    card = a_due_card()
    renew_subscription(card, on=today(), at=at_night(today()), actor=None)
    assert f"renewed:{card.pk}:" in desk.get(card_page(card)).content.decode()


def test_who_sees_no_payments_sees_the_card_all_the_same(gateway: GatewayForTests) -> None:
    card, payment = a_declined_card("tok_soft")
    desk = signed_in(granted(an_operator(), "memberships.view_subscription"))
    page = desk.get(card_page(card)).content.decode()
    assert "in grace" in page and "insufficient_funds" not in page and f"payment-{payment.pk}" not in page
    assert "insufficient" not in desk.get(LIST).content.decode()


@pytest.mark.parametrize("key", ["0", "999999999999999999999", "abc", "-1"])
@pytest.mark.parametrize("page", ["change", "renew", "cancel"])
def test_a_card_that_is_not_there_is_not_found(desk: Client, key: str, page: str) -> None:
    assert desk.get(f"{LIST}{key}/{page}/").status_code == 404


def test_buttons_are_those_that_the_state_and_the_rights_allow(gateway: GatewayForTests) -> None:
    plan = a_plan()
    pending = request_subscription(a_person(on=today()), plan, on=today(), actor=None)
    paid = a_card(plan, on=today())
    due = a_due_card(plan=plan)
    declined, _payment = a_declined_card("tok_hard", plan=plan)
    lapsed = a_due_card(plan=plan, paid_until=today() - timedelta(days=20))
    operator, auditor = an_operators_desk(), an_auditors_desk()

    def buttons(desk: Client, card: Subscription) -> set[str]:
        page = desk.get(card_page(card))
        assert page.status_code == 200
        urls = [button.url for button in page.context["buttons"]]
        urls += [button.url for story in page.context["stories"] for button in story.buttons]
        return {url.rstrip("/").rsplit("/", 1)[1] for url in urls}

    found = {name: buttons(operator, card) for name, card in (
        ("pending", pending), ("paid", paid), ("due", due), ("declined", declined), ("lapsed", lapsed),
    )}
    assert found == {
        "pending": {"pay", "cancel"}, "paid": {"cancel"}, "due": {"renew", "cancel"},
        "declined": {"retry", "cancel"}, "lapsed": {"reactivate"},
    }
    assert not any(buttons(auditor, card) for card in (pending, paid, due, declined, lapsed))


def test_a_removed_method_is_shown_as_removed(desk: Client) -> None:
    card = a_due_card(paid_until=today() + timedelta(days=10))
    other = a_method(card.member)
    choose_payment_method(card, other, actor=None)
    other.removed_on = TODAY
    other.save()
    page = desk.get(card_page(card)).content.decode()
    assert "(removed)" in page and "It is not renewed by itself" in page
