"""The list of payments, the page of one, and its buttons: try again, give back."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from memberships.admin.day_filters import LONGEST_RANGE_DAYS
from memberships.admin.display import today
from memberships.models import Payment, Refund, Subscription
from memberships.services.renewals import renew_subscription
from tests.gateway import GatewayForTests
from tests.memberships.admin_pages import a_superuser, signed_in
from tests.memberships.desk_stories import (
    REFUND,
    a_declined_card,
    a_due_card,
    a_plan,
    an_auditors_desk,
    an_operators_desk,
    payment_page,
    press,
    told,
)
from tests.memberships.factories import a_method

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/admin/memberships/payment/"


@pytest.fixture
def desk() -> Client:
    return signed_in(a_superuser())


def a_paid_card(token: str = "tok_ok", **facts: Any) -> tuple[Subscription, Payment]:
    """A card whose renewal was paid today."""
    card = a_due_card(token, **facts)
    payment = renew_subscription(card, on=today(), at=timezone.now(), actor=None)
    assert payment.state == Payment.State.SUCCEEDED
    return card, payment


def listed(desk: Client, **query: Any) -> list[int]:
    page = desk.get(LIST, query)
    assert page.status_code == 200
    return [row.pk for row in page.context["cl"].result_list]


# --- the list


def test_payments_are_found_by_what_is_to_be_done(desk: Client, gateway: GatewayForTests) -> None:
    plan = a_plan()
    _card, soft = a_declined_card("tok_soft", plan=plan)
    _card, hard = a_declined_card("tok_hard", plan=plan)
    _card, paid = a_paid_card(plan=plan)
    gateway.order_faults(is_down=True)
    unanswered = renew_subscription(a_due_card(plan=plan), on=today(), at=timezone.now(), actor=None)
    assert listed(desk, show="retry") == [soft.pk]
    assert listed(desk, show="declined") == [hard.pk]
    assert listed(desk, show="unanswered") == [unanswered.pk]
    assert listed(desk, show="refund") == []
    assert set(listed(desk)) == {soft.pk, hard.pk, paid.pk, unanswered.pk}


def test_a_refund_that_nobody_answered_is_found(desk: Client, gateway: GatewayForTests) -> None:
    _card, paid = a_paid_card()
    gateway.order_faults(is_down=True)
    answer = press(desk, payment_page(paid, "refund"), amount="99.00", card="ends")
    assert "it is being asked what became of the refund" in told(answer)
    assert listed(desk, show="refund") == [paid.pk]
    page = desk.get(payment_page(paid)).content.decode()
    assert "/refund/" not in page


@pytest.mark.parametrize("term", ["{number}", "{key}", "{pk}-refund-1"])
def test_payments_are_found_by_member_number_and_by_what_the_gateway_knows(
    desk: Client, gateway: GatewayForTests, term: str
) -> None:
    plan = a_plan()
    card, payment = a_paid_card(plan=plan)
    a_paid_card(plan=plan)
    text = term.format(number=card.member.number, key=payment.attempt_key, pk=payment.pk)
    answer = desk.post(f"{LIST}find/", {"q": text}, follow=True)
    assert [row.pk for row in answer.context["cl"].result_list] == [payment.pk]


def test_payments_are_found_by_the_day_of_the_last_attempt(desk: Client, gateway: GatewayForTests) -> None:
    plan = a_plan()
    _card, earlier = a_declined_card("tok_soft", plan=plan)
    _card, paid = a_paid_card(plan=plan)
    day, before = f"{today()}", f"{today() - timedelta(days=2)}"
    assert listed(desk, requested_at_from=day, requested_at_to=day) == [paid.pk]
    assert listed(desk, requested_at_from=before, requested_at_to=before) == [earlier.pk]
    assert listed(desk, requested_at_from=before) == [paid.pk, earlier.pk]
    assert listed(desk, requested_at_to=before) == [earlier.pk]
    assert listed(desk, requested_at_from=before, show="retry") == [earlier.pk]
    assert len(listed(desk, requested_at_from="gestern", requested_at_to="2027-02-30")) == 2


def test_a_long_range_is_cut_and_that_is_said(desk: Client) -> None:
    answer = desk.get(LIST, {"requested_at_from": "2026-01-01", "requested_at_to": "2026-12-31"})
    assert f"A range of at most {LONGEST_RANGE_DAYS} days is shown: up to 2026-01-31." in answer.content.decode()
    assert desk.get(LIST, {"requested_at_from": "9999-12-31"}).status_code == 200
    assert desk.get(LIST, {"requested_at_to": "0001-01-01"}).status_code == 200


# --- the page


def test_a_page_shows_attempts_answers_and_keys(desk: Client, gateway: GatewayForTests) -> None:
    card, payment = a_declined_card("tok_soft_1_x")
    press(desk, payment_page(payment, "retry"), method=card.payment_method_id)
    payment.refresh_from_db()
    page = desk.get(payment_page(payment)).content.decode()
    assert payment.state == Payment.State.SUCCEEDED and payment.attempt_key == f"{payment.pk}-2"
    assert payment.attempt_key in page and payment.key in page and payment.reference in page
    assert "not enough money on the account" in page and "客户来电" in page and "root" in page
    assert payment.method.token not in page


@pytest.mark.parametrize("key", ["0", "999999999999999999999", "abc"])
@pytest.mark.parametrize("page", ["change", "retry", "refund"])
def test_a_payment_that_is_not_there_is_not_found(desk: Client, key: str, page: str) -> None:
    assert desk.get(f"{LIST}{key}/{page}/").status_code == 404


# --- trying again


def test_a_hard_decline_is_tried_again_with_another_method(gateway: GatewayForTests) -> None:
    card, payment = a_declined_card("tok_hard")
    other, desk = a_method(card.member), an_operators_desk()
    asked = desk.get(payment_page(payment, "retry")).content.decode()
    assert "99.00 CNY" in asked and "the payer has ended the agreement" in asked
    answer = press(desk, payment_page(payment, "retry"), method=other.pk)
    assert answer["location"].endswith(f"/subscription/{card.pk}/change/#payment-{payment.pk}")
    assert "99.00 CNY were paid" in told(answer)
    payment.refresh_from_db()
    assert (payment.state, payment.method, payment.attempt) == (Payment.State.SUCCEEDED, other, 2)
    card.refresh_from_db()
    assert card.payment_method == other


def test_a_retry_that_is_declined_again_says_so_and_a_second_click_does_not_try_a_third_time(
    gateway: GatewayForTests,
) -> None:
    card, payment = a_declined_card("tok_soft")
    desk = an_operators_desk()
    form = desk.get(payment_page(payment, "retry")).context["form"]
    sent = {"seen": form["seen"].value(), "reason": "客户来电", "method": card.payment_method_id}
    answer = desk.post(payment_page(payment, "retry"), sent)
    assert "Attempt 2 was declined: not enough money on the account." in told(answer)
    again = desk.post(payment_page(payment, "retry"), sent)
    assert "nothing more was done" in told(again)
    payment.refresh_from_db()
    assert payment.attempt == 2 and len(gateway.charges()) == 2


def test_another_members_method_is_no_choice(gateway: GatewayForTests) -> None:
    plan = a_plan()
    _card, payment = a_declined_card("tok_hard", plan=plan)
    strangers = a_due_card(plan=plan).payment_method_id
    answer = press(an_operators_desk(), payment_page(payment, "retry"), method=strangers)
    assert answer.status_code == 422 and len(gateway.charges()) == 1


def test_a_payment_that_succeeded_is_not_tried_again(gateway: GatewayForTests) -> None:
    _card, payment = a_paid_card()
    answer = an_operators_desk().get(payment_page(payment, "retry"))
    assert answer.status_code == 302 and "Only a declined payment" in told(answer)


# --- giving back


def test_a_whole_payment_is_given_back_and_the_card_ends(gateway: GatewayForTests) -> None:
    card, payment = a_paid_card()
    desk = an_operators_desk(REFUND)
    asked = desk.get(payment_page(payment, "refund"))
    assert str(asked.context["form"]["amount"].value()) == "99.00"
    answer = press(desk, payment_page(payment, "refund"), amount="99.00", card="ends")
    assert "99.00 CNY were given back; the card has ended." in told(answer)
    card.refresh_from_db()
    assert card.refunded_on == today() and card.ended_on == today()
    refund = Refund.objects.get()
    assert (refund.reason, refund.requested_by.username, refund.state) == ("客户来电", "xiaomei", "succeeded")
    page = desk.get(payment_page(payment)).content.decode()
    assert "ends with it" in page and "/refund/" not in page


def test_a_part_is_given_back_and_the_card_goes_on(gateway: GatewayForTests) -> None:
    card, payment = a_paid_card()
    desk = an_operators_desk(REFUND)
    answer = press(desk, payment_page(payment, "refund"), amount="9.90", card="goes_on")
    assert "9.90 CNY were given back; the card keeps its paid days." in told(answer)
    card.refresh_from_db()
    assert card.ended_on is None
    assert str(desk.get(payment_page(payment, "refund")).context["form"]["amount"].value()) == "89.10"


def test_a_refund_that_the_gateway_refuses_is_said_in_words(gateway: GatewayForTests) -> None:
    card, payment = a_paid_card("tok_norefund")
    answer = press(an_operators_desk(REFUND), payment_page(payment, "refund"), amount="99.00", card="ends")
    assert "The gateway declined the refund: the gateway refuses refunds of this payment." in told(answer)
    card.refresh_from_db()
    assert card.ended_on is None


@pytest.mark.parametrize(
    "fields",
    [
        {"amount": "99.01"}, {"amount": "0"}, {"amount": "-1"}, {"amount": "9.999"}, {"amount": "NaN"}, {"amount": ""},
        {"amount": "abc"}, {"card": ""}, {"card": "vanishes"}, {"reason": "  "},
    ],
)
def test_bad_input_gives_nothing_back(gateway: GatewayForTests, fields: dict[str, str]) -> None:
    _card, payment = a_paid_card()
    sent = {"amount": "99.00", "card": "ends", **fields}
    answer = press(an_operators_desk(REFUND), payment_page(payment, "refund"), **sent)
    assert answer.status_code == 422 and not Refund.objects.exists()


def test_a_refund_that_is_sent_twice_gives_back_once(gateway: GatewayForTests) -> None:
    _card, payment = a_paid_card()
    desk = an_operators_desk(REFUND)
    form = desk.get(payment_page(payment, "refund")).context["form"]
    sent = {"seen": form["seen"].value(), "reason": "客户来电", "amount": "10.00", "card": "goes_on"}
    desk.post(payment_page(payment, "refund"), sent)
    assert "nothing more was done" in told(desk.post(payment_page(payment, "refund"), sent))
    payment.refresh_from_db()
    assert str(payment.refunded) == "10.00" and Refund.objects.count() == 1


# --- rights


def test_refunds_have_a_right_of_their_own(gateway: GatewayForTests) -> None:
    _card, payment = a_paid_card()
    desk = an_operators_desk()
    assert "/refund/" not in desk.get(payment_page(payment)).content.decode()
    for answer in (desk.get(payment_page(payment, "refund")), desk.post(payment_page(payment, "refund"))):
        assert answer.status_code == 403


@pytest.mark.parametrize("action", ["retry", "refund"])
def test_the_auditor_looks_and_changes_nothing(gateway: GatewayForTests, action: str) -> None:
    _card, payment = a_declined_card("tok_soft")
    desk = an_auditors_desk()
    assert desk.get(payment_page(payment)).status_code == desk.get(LIST).status_code == 200
    assert desk.post(payment_page(payment, action), {"reason": "x"}).status_code == 403
