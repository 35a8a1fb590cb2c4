"""A refund over the operator's limit: asked for on the payment's page, approved by another, given back once."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from memberships.admin.display import today
from memberships.models import Payment, Refund, Subscription
from memberships.services.renewals import renew_subscription
from operations.models import Approval, User
from tests.gateway import GatewayForTests
from tests.memberships.admin_pages import granted, signed_in
from tests.memberships.desk_stories import (
    REFUND,
    VIEWS,
    a_due_card,
    a_plan,
    an_operators_desk,
    card_page,
    payment_page,
    press,
    told,
)
from tests.memberships.factories import an_operator

pytestmark = pytest.mark.django_db(transaction=True)
SEES = "operations.view_approval"


@pytest.fixture
def story(gateway: GatewayForTests) -> tuple[Client, Client, Payment]:
    """Xiaomei, who may refund 500 CNY alone; Laowang, who approves; and a payment of 999 CNY."""
    _card, payment = a_paid_card()
    xiaomei = an_operators_desk(REFUND, SEES)
    laowang = signed_in(granted(an_operator("laowang"), *VIEWS, SEES, "operations.decide_approval"))
    return xiaomei, laowang, payment


def a_paid_card() -> tuple[Subscription, Payment]:
    """Paid 999 CNY for its next year."""
    card = a_due_card(plan=a_plan(price="999.00"))
    payment = renew_subscription(card, on=today(), at=timezone.now(), actor=None)
    assert payment.state == Payment.State.SUCCEEDED
    return card, payment


def ask(desk: Client, payment: Payment, *, amount: str = "999.00", card: str = "ends") -> Approval:
    answer = press(desk, payment_page(payment, "refund"), amount=amount, card=card)
    assert "This takes a second person." in told(answer)
    return Approval.objects.latest("pk")


def page(approval: Approval, name: str = "change") -> str:
    return f"/admin/operations/approval/{approval.pk}/{name}/"


def decide(desk: Client, approval: Approval, action: str, reason: str = "核实无误") -> Any:
    return desk.post(page(approval, action), {"reason": reason})


def refunded(payment: Payment) -> str:
    payment.refresh_from_db()
    return str(payment.refunded)


def test_over_the_limit_nothing_is_given_back_until_another_approves(story: Any) -> None:
    xiaomei, laowang, payment = story
    approval = ask(xiaomei, payment)
    assert refunded(payment) == "0.00" and not Refund.objects.exists()
    shown = laowang.get(page(approval)).content.decode()
    assert "Give back 999.00 CNY" in shown and "客户来电" in shown and approval.payload_hash in shown
    answer = decide(laowang, approval, "approve")
    assert "Approved and done" in told(answer)
    refund = Refund.objects.get()
    assert (refunded(payment), refund.state, refund.requested_by.username) == ("999.00", "succeeded", "xiaomei")
    payment.subscription.refresh_from_db()
    assert payment.subscription.refunded_on == today()


def test_up_to_the_limit_the_operator_refunds_alone(story: Any) -> None:
    xiaomei, _laowang, payment = story
    press(xiaomei, payment_page(payment, "refund"), amount="500.00", card="goes_on")
    assert refunded(payment) == "500.00" and not Approval.objects.exists()


def test_many_small_refunds_of_a_payment_weigh_as_much_as_one(story: Any) -> None:
    xiaomei, laowang, payment = story
    for amount in ("300.00", "200.00"):
        press(xiaomei, payment_page(payment, "refund"), amount=amount, card="goes_on")
    assert refunded(payment) == "500.00" and not Approval.objects.exists()
    approval = ask(xiaomei, payment, amount="0.01", card="goes_on")
    assert approval.amount == Decimal("500.01") and refunded(payment) == "500.00"
    decide(laowang, approval, "approve")
    assert refunded(payment) == "500.01"


def test_the_request_stands_on_the_payment_and_on_its_card(story: Any) -> None:
    xiaomei, laowang, payment = story
    approval = ask(xiaomei, payment)
    for desk, words in ((xiaomei, "Look at the request"), (laowang, "Look at it and decide")):
        for url in (payment_page(payment), card_page(payment.subscription)):
            shown = desk.get(url).content.decode()
            assert approval.summary in shown and words in shown and page(approval) in shown


def test_the_operator_does_not_approve_what_she_asked_for(story: Any) -> None:
    xiaomei, _laowang, payment = story
    granted(User.objects.get(username="xiaomei"), "operations.decide_approval")
    approval = ask(xiaomei, payment)
    assert "/approve/" not in xiaomei.get(page(approval)).content.decode()
    assert "takes another person" in told(decide(xiaomei, approval, "approve"))
    assert refunded(payment) == "0.00"


def test_a_payment_that_was_refunded_meanwhile_refuses_the_request(story: Any) -> None:
    xiaomei, laowang, payment = story
    approval = ask(xiaomei, payment)
    press(xiaomei, payment_page(payment, "refund"), amount="1.00", card="goes_on")
    assert "has changed since" in told(decide(laowang, approval, "approve"))
    approval.refresh_from_db()
    assert (approval.state, refunded(payment), Refund.objects.count()) == ("refused", "1.00", 1)


def test_a_rejected_request_gives_nothing_back(story: Any) -> None:
    xiaomei, laowang, payment = story
    approval = ask(xiaomei, payment)
    assert decide(laowang, approval, "reject", reason=" ").status_code == 422
    assert "rejected" in told(decide(laowang, approval, "reject"))
    assert refunded(payment) == "0.00"
    assert "核实无误" in xiaomei.get(page(approval)).content.decode()


def test_the_operator_withdraws_and_asks_anew(story: Any) -> None:
    xiaomei, laowang, payment = story
    approval = ask(xiaomei, payment)
    assert decide(laowang, approval, "withdraw").status_code == 403
    assert "withdrawn" in told(decide(xiaomei, approval, "withdraw", reason=""))
    assert ask(xiaomei, payment, amount="600.00", card="goes_on").pk != approval.pk


def test_asking_twice_is_one_request(story: Any) -> None:
    xiaomei, _laowang, payment = story
    assert ask(xiaomei, payment).pk == ask(xiaomei, payment).pk


def test_more_than_is_left_is_not_even_asked_for(story: Any) -> None:
    xiaomei, _laowang, payment = story
    answer = press(xiaomei, payment_page(payment, "refund"), amount="999.01", card="ends")
    assert answer.status_code == 422 and not Approval.objects.exists()


def test_an_expired_request_is_not_approved(story: Any) -> None:
    xiaomei, laowang, payment = story
    approval = ask(xiaomei, payment)
    Approval.objects.filter(pk=approval.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "Nobody decided in time" in laowang.get(page(approval)).content.decode()
    assert "expired" in told(decide(laowang, approval, "approve"))
    assert refunded(payment) == "0.00"
