"""Money said to have come in, paid back or written off takes two people over a limit."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from credit.errors import AllocationError, ReceiptError, TwoPeopleError
from credit.models import CreditEntry, Receipt
from credit.services.receipt_offers import (
    ENTER_RECEIPT,
    RECOVER,
    REFUND_RECEIPT,
    WRITE_OFF,
    offer_receipt,
    offer_recovery,
    offer_refund,
    offer_write_off,
)
from credit.services.receipts import enter_receipt
from operations import roles
from operations.errors import ApprovalError, NotPermittedError
from operations.models import Approval, User
from operations.services.approvals import approve, requests_about
from tests.credit.credit_stories import TODAY, a_line, an_invoice, fresh, morning
from tests.credit.receipt_stories import differences, incoming, name_of, outstanding, paid_by
from tests.memberships.admin_pages import granted, may_alone
from tests.memberships.factories import an_operator

pytestmark = pytest.mark.django_db
WHEN: dict[str, Any] = {"on": TODAY, "at": morning(TODAY)}


@pytest.fixture
def controller() -> User:
    user = granted(
        an_operator(), "credit.allocate_receipt", "credit.write_off_invoice", "operations.decide_approval",
        "credit.view_invoice", "credit.view_receipt",
    )
    for action in (ENTER_RECEIPT, REFUND_RECEIPT, WRITE_OFF, RECOVER):
        may_alone(user, action, 100)
    return user


@pytest.fixture
def checker() -> User:
    return granted(
        an_operator("laowang"), "operations.decide_approval", "credit.view_invoice", "credit.view_receipt"
    )


def decided(request: object, by: User) -> Approval:
    assert isinstance(request, Approval), request
    return approve(request, checker=by, decision="已核对", **WHEN)


def test_manual_receipt_over_the_limit_is_entered_by_two(controller: User, checker: User) -> None:
    line = a_line()
    invoice = an_invoice(line, 5_000)
    offer_receipt(incoming(100, payer_name=name_of(line)), actor=controller, reason="柜台收款", **WHEN)
    assert outstanding(invoice) == [4_900]
    told = incoming("100.01", payer_name=name_of(line))
    request = offer_receipt(told, actor=controller, reason="柜台收款", **WHEN)
    assert not Receipt.objects.filter(key=told.key).exists()
    assert offer_receipt(told, actor=controller, reason="柜台收款", **WHEN) == request
    with pytest.raises(NotPermittedError):
        decided(request, an_operator("stranger"))
    with pytest.raises(ApprovalError):
        decided(request, controller)
    done = decided(request, checker)
    assert done.state == "executed", done.outcome
    receipt = Receipt.objects.get(key=told.key)
    assert (receipt.actor, receipt.checker, receipt.approval) == (controller, checker, done)
    entry = CreditEntry.objects.get(receipt=receipt, kind="allocate")
    assert (entry.actor, entry.checker, entry.approval) == (controller, checker, done)
    with pytest.raises(ReceiptError):
        offer_receipt(told._replace(amount=Decimal(-5), key="other"), actor=controller, reason="柜台收款", **WHEN)
    assert differences() == []


def test_maker_is_not_the_checker_in_the_service_nor_in_the_database(controller: User, checker: User) -> None:
    line = a_line()
    request = offer_receipt(incoming(1_000), actor=controller, reason="柜台收款", **WHEN)
    assert isinstance(request, Approval)
    for maker, other, approval in (
        (controller, controller, request), (None, checker, request), (checker, controller, request),
        (controller, None, request), (controller, checker, None),
    ):
        with pytest.raises(TwoPeopleError):
            enter_receipt(incoming(7), actor=maker, checker=other, approval=approval, **WHEN)
    facts = {"key": "behind", "payer_name": "某某", "amount": 1, "state": "unmatched", "received_on": TODAY, **WHEN}
    for people in ({"actor": controller, "checker": controller, "approval": request}, {"checker": checker}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Receipt.objects.create(**{**facts, **people})
    receipt = paid_by(line, 10)
    with pytest.raises(IntegrityError), transaction.atomic():
        CreditEntry.objects.create(
            member_id=line.member_id, line=line, key="x", kind="refund", debit="unapplied", credit="cash", amount=1,
            receipt=receipt, actor=controller, checker=controller, **WHEN,
        )


def test_refund_write_off_and_recovery_over_the_limit_take_two(controller: User, checker: User) -> None:
    line = a_line()
    receipt, invoice = paid_by(line, 500), an_invoice(line, 900)
    told: dict[str, Any] = {"actor": controller, **WHEN}
    offer_refund(receipt, Decimal(100), key="r1", reason="多付", **told)
    request = offer_refund(receipt, Decimal(300), key="r2", reason="多付", **told)
    assert requests_about(receipt) == [request]
    assert decided(request, checker).state == "executed"
    assert (fresh(receipt).refunded, fresh(receipt).unapplied) == (400, 100)
    with pytest.raises(AllocationError):
        offer_refund(receipt, Decimal(101), key="r3", reason="多付", **told)

    stale = offer_write_off(invoice, Decimal(800), key="w0", reason="清算", **told)
    offer_write_off(invoice, Decimal(50), key="w1", reason="零头", **told)
    refused = decided(stale, checker)  # the invoice is not what it was
    assert (refused.state, outstanding(invoice)) == ("refused", [850])
    request = offer_write_off(invoice, Decimal(850), key="w2", reason="清算", **told)
    assert requests_about(invoice) == [request]
    assert decided(request, checker).state == "executed"
    entry = CreditEntry.objects.get(key="hand:w2")
    assert (entry.actor, entry.checker, outstanding(invoice)) == (controller, checker, [0])
    request = offer_recovery(entry, Decimal(700), key="v1", reason="偿付", **told)
    assert decided(request, checker).state == "executed"
    assert outstanding(invoice) == [700]
    assert differences() == []


def test_credit_controllers_have_limits_from_the_first() -> None:
    limits = roles.limits_of(roles.CREDIT_CONTROLLER)
    assert {limits[name] for name in (ENTER_RECEIPT, REFUND_RECEIPT, WRITE_OFF, RECOVER)} == {50_000, 5_000, 1_000}
    assert {"credit.allocate_receipt", "credit.write_off_invoice"} <= roles.rights_of(roles.CREDIT_CONTROLLER)
    assert "credit.allocate_receipt" not in roles.rights_of(roles.OPERATOR)
