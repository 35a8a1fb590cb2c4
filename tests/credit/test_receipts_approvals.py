"""Money said to have come in, paid back or written off takes two people over a limit."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from credit.errors import AllocationError, KeyConflictError, ReceiptError, ReceiptStateError, TwoPeopleError
from credit.models import CreditEntry, Receipt
from credit.services.receipt_offers import (
    ENTER_RECEIPT,
    MOVE_RECEIPT,
    RECOVER,
    REFUND_RECEIPT,
    WRITE_OFF,
    offer_move,
    offer_receipt,
    offer_recovery,
    offer_refund,
    offer_write_off,
)
from credit.services.receipts import bounce_receipt, enter_receipt
from operations import roles
from operations.approvals import Outcome
from operations.errors import ApprovalError, NotPermittedError
from operations.models import Approval, Reveal, User
from operations.services.approvals import approve, requests_about
from tests.credit.credit_stories import DAY, TODAY, a_line, an_entry, an_invoice, fresh, morning
from tests.credit.receipt_stories import differences, incoming, name_of, outstanding, paid_by, received
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
    for action in (ENTER_RECEIPT, MOVE_RECEIPT, REFUND_RECEIPT, WRITE_OFF, RECOVER):
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


def test_a_payers_account_is_masked_on_the_request_and_shown_for_a_reason(controller: User, checker: User) -> None:
    asked = offer_receipt(incoming(900, payer_account="6222021001238888"), actor=controller, reason="补录", **WHEN)
    assert isinstance(asked, Approval)
    page, url = Client(), reverse("admin:operations_approval_change", args=[asked.pk])
    page.force_login(checker)
    shown = page.get(url).content.decode()
    assert "6222****8888" in shown and "6222021001238888" not in shown and "reveal" not in shown
    reveal_url = reverse("admin:operations_approval_reveal", args=[asked.pk])
    assert page.get(reveal_url).status_code == 403
    page.force_login(granted(checker, "credit.reveal_receipt"))
    assert reveal_url in page.get(url).content.decode()
    assert "6222021001238888" not in page.get(reveal_url).content.decode()
    assert "6222021001238888" in page.post(reveal_url, {"reason": "与银行回单核对"}).content.decode()
    looked = Reveal.objects.get()
    assert (looked.actor, looked.object_id, looked.reason) == (checker, asked.pk, "与银行回单核对")
    # What is executed is what was asked for, not what was shown.
    decided(asked, checker)
    assert Receipt.objects.get().payer_account == "6222021001238888"


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
    for signed in (
        {"actor": controller, "checker": controller, "approval": request}, {"checker": checker},
        {"checker": checker, "approval": request}, {"actor": controller, "checker": checker},
        {"actor": controller, "approval": request},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            CreditEntry.objects.create(
                member_id=line.member_id, line=line, key="x", kind="refund", debit="unapplied", credit="cash", amount=1,
                receipt=receipt, **signed, **WHEN,
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


def test_many_small_amounts_of_one_record_weigh_as_much_as_one(controller: User) -> None:
    line = a_line()
    receipt, invoice = paid_by(line, 500), an_invoice(line, 900)
    told: dict[str, Any] = {"actor": controller, "reason": "零头", **WHEN}
    for offer, record in ((offer_refund, receipt), (offer_write_off, invoice)):
        keys = [f"{offer.__name__}-{number}" for number in range(3)]
        first = offer(record, Decimal(60), key=keys[0], **told)
        assert isinstance(first, Outcome)
        again = offer(record, Decimal(60), key=keys[0], **told)
        assert isinstance(again, Outcome) and again.data == first.data, "a repeat adds nothing"
        with pytest.raises(KeyConflictError):
            offer(record, Decimal(600), key=keys[0], **told)
        assert isinstance(offer(record, Decimal(40), key=keys[1], **told), Outcome)
        request = offer(record, Decimal("0.01"), key=keys[2], **told)
        assert isinstance(request, Approval) and request.amount == Decimal("100.01")
    written_off = CreditEntry.objects.get(key="hand:offer_write_off-0")
    assert isinstance(offer_recovery(written_off, Decimal(59), key="d", **told), Outcome)
    assert fresh(invoice).written_off == 41
    larger = an_entry(line, "write_off", Decimal(300), invoice=invoice)
    assert isinstance(offer_recovery(larger, Decimal(60), key="e", **told), Outcome)
    request = offer_recovery(larger, Decimal(60), key="f", **told)
    assert isinstance(request, Approval) and request.amount == 120
    assert differences() == []


def test_what_is_paid_back_and_written_off_alone_weighs_by_the_day(controller: User, checker: User) -> None:
    line = a_line()
    told: dict[str, Any] = {"actor": controller, "reason": "零头", **WHEN}
    for offer, records in (
        (offer_refund, [paid_by(line, 60) for _ in range(3)]),
        (offer_write_off, [an_invoice(line, 60) for _ in range(3)]),
    ):
        keys = [f"{offer.__name__}-{record.pk}" for record in records]
        assert isinstance(offer(records[0], Decimal(60), key=keys[0], **told), Outcome)
        request = offer(records[1], Decimal(41), key=keys[1], **told)
        assert isinstance(request, Approval) and request.amount == 101
        assert decided(request, checker).state == "executed"
        assert isinstance(offer(records[0], Decimal(60), key=keys[0], **told), Outcome), "a repeat adds nothing"
        assert isinstance(offer(records[2], Decimal(40), key=keys[2], **told), Outcome), "two did the other one"
        tomorrow = {**told, "on": TODAY + DAY, "at": morning(TODAY + DAY)}
        assert isinstance(offer(records[2], Decimal(20), key=f"{keys[2]}-next", **tomorrow), Outcome)
    # Nobody says alone that money came and sends it away.
    done = offer_receipt(incoming(50, payer_name=name_of(a_line())), **told)
    assert isinstance(done, Outcome)
    own = Receipt.objects.get(pk=done.data["receipt"])
    request = offer_refund(own, Decimal(1), key="own", **tomorrow)
    assert isinstance(request, Approval) and request.amount is None
    assert decided(request, checker).state == "executed" and fresh(own).refunded == 1
    assert isinstance(offer_refund(own, Decimal(1), key="own", **tomorrow), Outcome)
    assert differences() == []


def test_receipts_that_one_person_enters_alone_weigh_by_the_day(controller: User, checker: User) -> None:
    told: dict[str, Any] = {"reason": "柜台收款", **WHEN}
    first = incoming(60)
    assert isinstance(offer_receipt(first, actor=controller, **told), Outcome)
    request = offer_receipt(incoming(50), actor=controller, **told)
    assert isinstance(request, Approval) and request.amount == 110
    assert decided(request, checker).state == "executed"
    assert isinstance(offer_receipt(first, actor=controller, **told), Outcome), "a repeat adds nothing"
    # What another approved, others entered and came in on another day is not theirs alone.
    assert isinstance(offer_receipt(incoming(40), actor=controller, **told), Outcome)
    assert isinstance(offer_receipt(incoming(1), actor=controller, **told), Approval)
    other = may_alone(granted(an_operator("xiaowang"), "credit.allocate_receipt"), ENTER_RECEIPT, 200)
    assert isinstance(offer_receipt(incoming(200), actor=other, **told), Outcome)
    tomorrow = {**told, "on": TODAY + DAY, "at": morning(TODAY + DAY)}
    assert isinstance(offer_receipt(incoming(100), actor=controller, **tomorrow), Outcome)


def test_a_large_payment_moves_from_firm_to_firm_by_two_people(controller: User, checker: User) -> None:
    mine, theirs = a_line(), a_line()
    invoice = an_invoice(theirs, 700)
    small = received(100)
    receipt = received(900, payer_account="6222021001238888")
    told: dict[str, Any] = {"actor": controller, "reason": "付款方来函", **WHEN}
    assert isinstance(offer_move(small, "matched", line=mine, **told), Outcome)
    wrong, right = (offer_move(receipt, "matched", line=line, **told) for line in (mine, theirs))
    assert isinstance(wrong, Approval) and wrong != right
    assert offer_move(receipt, "matched", line=mine, **told) == wrong
    assert "6222****8888" in str(wrong.texts) and "6222021001238888" not in str(wrong.texts)
    with pytest.raises(ApprovalError):
        decided(wrong, controller)
    assert decided(right, checker).state == "executed"
    entry = CreditEntry.objects.get(receipt=receipt, kind="allocate")
    assert (entry.actor, entry.checker, entry.approval) == (controller, checker, right)
    assert outstanding(invoice) == [0] and decided(wrong, checker).state == "refused"
    assert isinstance(offer_move(receipt, "matched", line=theirs, **told), Outcome), "it is theirs already"
    with pytest.raises(ReceiptStateError):
        offer_move(receipt, "set_aside", **told)
    away, back = (offer_move(receipt, state, **told) for state in ("unmatched", "bounced"))
    assert decided(away, checker).state == "executed" and outstanding(invoice) == [700]
    entry = CreditEntry.objects.get(receipt=receipt, kind="deallocate")
    assert (entry.actor, entry.checker, entry.approval) == (controller, checker, away)
    assert decided(back, checker).state == "refused"
    aside = offer_move(receipt, "set_aside", **told)
    assert decided(aside, checker).state == "executed" and fresh(receipt).state == "set_aside"
    with pytest.raises(TwoPeopleError):
        bounce_receipt(small, reason="退票", actor=controller, checker=checker, approval=None, **WHEN)
    assert isinstance(offer_move(small, "bounced", **told), Outcome) and differences() == []


def test_credit_controllers_have_limits_from_the_first() -> None:
    limits = roles.limits_of(roles.CREDIT_CONTROLLER)
    actions = (ENTER_RECEIPT, MOVE_RECEIPT, REFUND_RECEIPT, WRITE_OFF, RECOVER)
    assert [limits[name] for name in actions] == [50_000, 50_000, 5_000, 1_000, 1_000]
    assert {"credit.allocate_receipt", "credit.write_off_invoice"} <= roles.rights_of(roles.CREDIT_CONTROLLER)
    assert "credit.allocate_receipt" not in roles.rights_of(roles.OPERATOR)
