"""The buttons of a card: asked first, done once, said in words; and what the service refuses."""

from datetime import timedelta

import pytest

from memberships.admin.display import today
from memberships.models import Payment, Subscription
from memberships.services.payment_methods import remove_payment_method
from memberships.services.subscriptions import join, request_subscription
from tests.gateway import GatewayForTests
from tests.memberships.desk_stories import (
    VIEWS,
    a_due_card,
    a_plan,
    an_auditors_desk,
    an_operators_desk,
    card_page,
    press,
    told,
)
from tests.memberships.factories import a_method, a_person, last_event

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_due_card_is_renewed_by_hand_with_a_reason(gateway: GatewayForTests) -> None:
    card, desk = a_due_card(), an_operators_desk()
    asked = desk.get(card_page(card, "renew")).content.decode()
    assert "99.00 CNY" in asked and f"{today() + timedelta(days=1):%Y-%m-%d}" in asked
    answer = press(desk, card_page(card, "renew"), method=card.payment_method_id)
    assert answer.status_code == 302 and "99.00 CNY were paid" in told(answer)
    payment = Payment.objects.get(subscription=card)
    assert payment.state == Payment.State.SUCCEEDED and payment.term is not None
    event = payment.events.earliest("pk")
    assert (event.reason, event.actor.username) == ("客户来电", "xiaomei")
    assert len(gateway.paid()) == 1


def test_without_a_reason_nothing_is_charged(gateway: GatewayForTests) -> None:
    card, desk = a_due_card(), an_operators_desk()
    assert press(desk, card_page(card, "renew"), method=card.payment_method_id, reason=" ").status_code == 422
    assert press(desk, card_page(card, "renew"), method="").status_code == 422
    assert press(desk, card_page(card, "renew"), method=a_method(a_person()).pk).status_code == 422
    assert not Payment.objects.exists() and not gateway.charges()


def test_a_second_click_charges_nothing(gateway: GatewayForTests) -> None:
    card, desk = a_due_card(), an_operators_desk()
    form = desk.get(card_page(card, "renew")).context["form"]
    sent = {"seen": form["seen"].value(), "reason": "客户来电", "method": card.payment_method_id}
    desk.post(card_page(card, "renew"), sent)
    answer = desk.post(card_page(card, "renew"), sent)
    assert answer.status_code == 302 and len(gateway.paid()) == 1
    assert desk.post(card_page(card, "renew"), {**sent, "seen": ""}).status_code == 302
    assert len(gateway.paid()) == 1 and card.terms.count() == 2


def test_a_page_that_is_out_of_date_does_nothing(gateway: GatewayForTests) -> None:
    card, desk = a_due_card(), an_operators_desk()
    answer = desk.post(card_page(card, "cancel"), {"seen": "what it was yesterday", "reason": "客户来电"})
    assert answer.status_code == 302 and "nothing more was done" in told(answer)
    card.refresh_from_db()
    assert card.cancelled_on is None


def test_a_card_is_renewed_by_another_method_from_then_on(gateway: GatewayForTests) -> None:
    card, desk = a_due_card("tok_hard"), an_operators_desk()
    other = a_method(card.member)
    press(desk, card_page(card, "renew"), method=other.pk)
    card.refresh_from_db()
    assert card.payment_method == other and Payment.objects.get().method == other
    assert Payment.objects.get().state == Payment.State.SUCCEEDED


def test_a_card_in_grace_without_a_method_is_paid_by_a_new_one(gateway: GatewayForTests) -> None:
    card, desk = a_due_card(paid_until=today() - timedelta(days=5)), an_operators_desk()
    assert card.payment_method is not None
    remove_payment_method(card.payment_method, on=today(), actor=None)
    refused = desk.get(card_page(card, "renew"))
    assert refused.status_code == 302 and "no payment method that could be charged" in told(refused)
    other = a_method(card.member)
    assert "99.00 CNY" in desk.get(card_page(card, "renew")).content.decode()
    press(desk, card_page(card, "renew"), method=other.pk)
    assert [str(term.starts_on) for term in card.terms.filter(number=2)] == [f"{today() - timedelta(days=4)}"]


def test_a_decline_is_said_with_the_gateways_code_in_words(gateway: GatewayForTests) -> None:
    card, desk = a_due_card("tok_hard"), an_operators_desk()
    answer = press(desk, card_page(card, "renew"), method=card.payment_method_id)
    assert "declined for good: the payer has ended the agreement" in told(answer)


def test_a_gateway_that_does_not_answer_is_said_to_be_asked(gateway: GatewayForTests) -> None:
    card, desk = a_due_card(), an_operators_desk()
    gateway.order_faults(is_down=True)
    answer = press(desk, card_page(card, "renew"), method=card.payment_method_id)
    assert "has not answered yet; it is being asked" in told(answer)
    refused = desk.get(card_page(card, "renew"))
    assert refused.status_code == 302 and "Nothing is to be charged" in told(refused)


def test_a_card_that_is_not_due_is_not_charged(gateway: GatewayForTests) -> None:
    card, desk = a_due_card(paid_until=today() + timedelta(days=40)), an_operators_desk()
    answer = desk.get(card_page(card, "renew"))
    assert answer.status_code == 302 and "Nothing is to be charged" in told(answer)
    assert not Payment.objects.exists()


def test_a_pending_card_is_paid_and_begins_today(gateway: GatewayForTests) -> None:
    member, desk = a_person(on=today()), an_operators_desk()
    card = request_subscription(member, a_plan(), on=today(), actor=None)
    method = a_method(member, on=today())
    assert "99.00 CNY" in desk.get(card_page(card, "pay")).content.decode()
    answer = press(desk, card_page(card, "pay"), method=method.pk)
    assert "99.00 CNY were paid" in told(answer)
    card.refresh_from_db()
    assert card.started_on == today() and card.payment_method == method


def test_a_plan_that_is_not_sold_any_more_is_not_paid_for(gateway: GatewayForTests) -> None:
    member, desk = a_person(on=today()), an_operators_desk()
    plan = a_plan()
    card = request_subscription(member, plan, on=today(), actor=None)
    plan.on_sale_until = today() - timedelta(days=1)
    plan.save()
    a_method(member, on=today())
    answer = desk.get(card_page(card, "pay"))
    assert answer.status_code == 302 and "not on sale" in told(answer)


def test_a_lapsed_card_is_taken_up_again_as_a_new_one(gateway: GatewayForTests) -> None:
    card, desk = a_due_card(paid_until=today() - timedelta(days=20)), an_operators_desk()
    answer = press(desk, card_page(card, "reactivate"), method=card.payment_method_id)
    new = Subscription.objects.get(previous=card)
    assert answer["location"] == card_page(new) and new.started_on == today()
    assert f"/subscription/{card.pk}/change/" in desk.get(card_page(new)).content.decode()
    again = desk.post(card_page(card, "reactivate"), {"seen": "", "reason": "x", "method": card.payment_method_id})
    assert again.status_code == 302 and len(gateway.paid()) == 1


def test_a_card_is_cancelled_with_a_reason() -> None:
    card = join(a_person(on=today()), a_plan(), on=today(), actor=None)
    desk = an_operators_desk()
    assert press(desk, card_page(card, "cancel"), reason=" ").status_code == 422
    answer = press(desk, card_page(card, "cancel"), reason="moved abroad")
    card.refresh_from_db()
    assert card.cancelled_on == today() and card.ended_on and card.ended_on > today()
    assert last_event(card).pgh_context["reason"] == "moved abroad" and f"{card.ended_on}" in told(answer)


def test_what_the_service_refuses_is_said_on_the_page() -> None:
    card = join(a_person(on=today()), a_plan(), on=today(), actor=None)
    Subscription.objects.filter(pk=card.pk).update(ended_on=today() - timedelta(days=1))
    page = press(an_operators_desk(), card_page(card, "cancel"), reason="late")
    assert page.status_code == 422 and page.context["form"].non_field_errors()


@pytest.mark.parametrize("action", ["renew", "pay", "cancel", "reactivate"])
def test_who_may_only_view_is_refused(action: str) -> None:
    card = a_due_card()
    desk = an_auditors_desk()
    assert "memberships.view_subscription" in VIEWS and desk.get(card_page(card)).status_code == 200
    for answer in (desk.get(card_page(card, action)), desk.post(card_page(card, action), {"reason": "x"})):
        assert answer.status_code == 403
