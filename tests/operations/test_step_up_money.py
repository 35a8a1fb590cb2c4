"""What moves money or points at the desk asks for a proof by itself, also what no limit makes a request of."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from credit.models import CreditEntry, Invoice
from credit.services.allocations import allocate, deallocate
from memberships.admin.display import today
from memberships.models import Payment
from memberships.services.first_terms import pay_first_term, reactivate_subscription
from memberships.services.payments import retry_payment
from memberships.services.renewals import pay_subscription, renew_subscription
from operations.models import SecondFactor
from operations.proofs import ProofNeeded, proved_at
from tests.benefits.redemption_stories import a_benefit, a_member, a_rule, take_back, use, uses
from tests.credit.credit_stories import a_line, a_receipt, an_invoice
from tests.credit.draw_stories import captured, entered, held, when
from tests.gateway import GatewayForTests
from tests.memberships.admin_pages import granted
from tests.memberships.desk_stories import CHANGE, VIEWS, a_declined_card, a_due_card, a_plan, card_page, press
from tests.memberships.factories import TODAY, a_method, an_operator
from tests.operations.sign_in_stories import ENROL, PASSWORD, a_browser, a_person, code_of, type_password
from tests.operations.test_second_factor import enrolment_key

LATER = timedelta(minutes=11)


@pytest.fixture
def long_ago(settings: Any) -> Iterator[None]:
    """Who asks sits at a desk, and proved who they are a day before anything of the stories."""
    settings.STEP_UP_MINUTES = 10
    token = proved_at.set(timezone.now() - timedelta(days=1_000))
    yield
    proved_at.reset(token)


def refused(*calls: Callable[[], object]) -> None:
    for number, call in enumerate(calls):
        with pytest.raises(ProofNeeded):
            call()
            pytest.fail(f"call {number} asked for no proof")


@pytest.mark.django_db(transaction=True)
def test_no_gateway_is_asked_for_money_without_a_proof(gateway: GatewayForTests, settings: Any) -> None:
    plan = a_plan()
    due, (declined, payment) = a_due_card(plan=plan), a_declined_card("tok_soft", plan=plan)
    now: dict[str, Any] = {"on": today(), "at": timezone.now(), "actor": an_operator()}
    known, tried = Payment.objects.count(), len(gateway.charges())
    settings.STEP_UP_MINUTES = 10
    token = proved_at.set(timezone.now() - LATER)
    try:
        refused(
            lambda: renew_subscription(due, **now), lambda: pay_subscription(due, **now),
            lambda: pay_subscription(declined, method=a_method(declined.member), **now),
            lambda: pay_first_term(due, **now), lambda: retry_payment(payment, **now),
            lambda: reactivate_subscription(declined, method=a_method(declined.member), **now),
        )
    finally:
        proved_at.reset(token)
    assert (Payment.objects.count(), len(gateway.charges())) == (known, tried)
    assert renew_subscription(due, **now).state == Payment.State.SUCCEEDED


@pytest.mark.django_db(transaction=True)
def test_a_renewal_at_the_desk_goes_on_after_the_password(gateway: GatewayForTests, settings: Any) -> None:
    settings.STEP_UP_MINUTES = 10
    xiaomei, card = granted(a_person(), *VIEWS, CHANGE), a_due_card()
    browser = a_browser()
    type_password(browser, xiaomei.username)
    with time_machine.travel(timezone.now() + LATER, tick=False):
        url = card_page(card, "renew")
        page = press(browser, url, method=card.payment_method_id)
        assert page.status_code == 403 and "Your password" in page.content.decode()
        assert not Payment.objects.filter(subscription=card, purpose="renewal").exists()
        again = press(browser, url, method=card.payment_method_id, proof_asked_again=PASSWORD)
        assert again.status_code == 302
    assert Payment.objects.get(subscription=card, purpose="renewal").state == Payment.State.SUCCEEDED


@pytest.mark.django_db
def test_uses_of_benefits_draws_and_allocations_are_asked_for_too(request: pytest.FixtureRequest) -> None:
    member, benefit, line = a_member(), a_benefit(), a_line()
    a_rule(benefit)
    used, order, invoice, receipt = use(member, benefit), held(line), an_invoice(line), a_receipt(line)
    paid = allocate(receipt, invoice, amount=Decimal(400), key="paid", **when(TODAY))
    entries, invoices = CreditEntry.objects.count(), Invoice.objects.count()
    request.getfixturevalue("long_ago")
    refused(
        lambda: use(member, benefit), lambda: take_back(used),
        lambda: held(line), lambda: captured(order), lambda: entered(line),
        lambda: allocate(receipt, invoice, key="more", **when(TODAY)),
        lambda: deallocate(paid, key="back", reason="争议", **when(TODAY)),
    )
    assert (uses(member, benefit), CreditEntry.objects.count(), Invoice.objects.count()) == (1, entries, invoices)


@pytest.mark.django_db
def test_a_desk_left_open_takes_no_strangers_phone(settings: Any) -> None:
    """With it the stranger could prove everything else from then on."""
    settings.STEP_UP_MINUTES = 10
    user, browser = a_person(), a_browser()
    type_password(browser, user.username)
    with time_machine.travel(timezone.now() + LATER, tick=False):
        key = enrolment_key(browser.get(ENROL).content.decode())
        sent = {"code": code_of(key, at=timezone.now())}
        asked = browser.post(ENROL, sent)
        assert asked.status_code == 403 and "Your password" in asked.content.decode()
        assert not SecondFactor.objects.exists()
        assert browser.post(ENROL, {**sent, "proof_asked_again": PASSWORD}).status_code == 200
    assert SecondFactor.objects.get().user == user
