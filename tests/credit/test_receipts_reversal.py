"""Money that leaves again: bounced, unmatched, paid back; and what is written off."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from credit.errors import AllocationError, KeyConflictError, LineExistsError, ReasonMissingError, ReceiptStateError
from credit.models import CreditEntry, CreditLine
from credit.services.receipts import bounce_receipt, match_receipt, refund_receipt, set_receipt_aside, unmatch_receipt
from credit.services.write_offs import recover, write_off
from tests.credit.credit_stories import DAY, TODAY, a_line, an_invoice, fresh, morning
from tests.credit.receipt_stories import allocations, differences, outstanding, paid_by, received

pytestmark = pytest.mark.django_db
AT = {"on": TODAY, "at": morning(TODAY), "actor": None}


def test_bounced_receipt_reopens_exactly_what_it_had_paid() -> None:
    line = a_line()
    one, two, three = (
        an_invoice(line, amount, due_on=TODAY + days * DAY) for amount, days in ((100, 1), (70, 2), (50, 3))
    )
    first = paid_by(line, 130)
    later = paid_by(line, 90)
    kept = {two.number: 40, three.number: 50}
    assert (allocations(first), allocations(later)) == ({one.number: 100, two.number: 30}, kept)
    bounced = bounce_receipt(first, reason="支票退票", **AT)
    assert (bounced.state, bounced.allocated, bounced.unapplied, bounced.ended_on) == ("bounced", 0, 0, TODAY)
    assert outstanding(one, two, three) == [100, 30, 0]
    assert (allocations(first), allocations(later)) == ({}, kept)
    line = fresh(line)
    assert (line.open_amount, line.unapplied_amount) == (Decimal(130), 0)
    assert bounce_receipt(bounced, reason="支票退票", **AT) == bounced
    assert CreditEntry.objects.filter(receipt=first, kind="bounce").count() == 1
    # What was nobody's bounces too; what was set aside does not.
    assert bounce_receipt(received(5), reason="退票", **AT).state == "bounced"
    with pytest.raises(ReceiptStateError):
        bounce_receipt(set_receipt_aside(received(5), on=TODAY, reason="利息"), reason="退票", **AT)
    assert differences() == []


def test_closed_line_owes_again_when_its_last_payment_bounces() -> None:
    line = a_line()
    invoice = an_invoice(line, 100)
    receipt = paid_by(line, 100)
    CreditLine.objects.filter(pk=line.pk).update(state="closed", closed_on=TODAY)
    bounce_receipt(receipt, reason="退票", **AT)
    line = fresh(line)
    assert (line.state, line.lapsed_on, line.closed_on, line.open_amount) == ("lapsed", TODAY, None, 100)
    again = paid_by(line, 100)
    assert outstanding(invoice) == [0]
    CreditLine.objects.filter(pk=line.pk).update(state="closed", closed_on=TODAY)
    other = a_line(card=line.subscription)
    with pytest.raises(LineExistsError):
        bounce_receipt(again, reason="退票", **AT)
    assert (fresh(again).state, fresh(other).state) == ("matched", "active")
    assert differences() == []


def test_receipt_of_another_firm_is_matched_anew() -> None:
    wrong, right = a_line(), a_line()
    there, here = an_invoice(wrong, 100), an_invoice(right, 60)
    receipt = paid_by(wrong, 60)
    assert outstanding(there) == [40]
    nobody = unmatch_receipt(receipt, reason="付款方填错", **AT)
    assert (nobody.state, nobody.line, nobody.rule, nobody.allocated) == ("unmatched", None, "", 0)
    assert unmatch_receipt(nobody, reason="付款方填错", **AT) == nobody
    assert outstanding(there) == [100]
    assert (match_receipt(nobody, right, **AT).line, outstanding(here)) == (right, [0])
    # And back and forth: every time is booked anew.
    unmatch_receipt(nobody, reason="还是原来的", **AT)
    assert allocations(match_receipt(nobody, wrong, **AT)) == {there.number: 60}
    assert (outstanding(there, here), fresh(right).unapplied_amount) == ([40, 60], 0)
    assert differences() == []


def test_unapplied_credit_is_paid_back_once_and_then_stays_the_firm_s() -> None:
    line = a_line()
    an_invoice(line, 100)
    receipt = paid_by(line, 150)
    entry = refund_receipt(receipt, Decimal(30), key="r1", reason="多付退回", **AT)
    assert refund_receipt(receipt, Decimal(30), key="r1", reason="多付退回", **AT) == entry
    with pytest.raises(KeyConflictError):
        refund_receipt(receipt, Decimal(31), key="r1", reason="多付退回", **AT)
    for amount in ("20.01", "0", "-1", "0.001"):
        with pytest.raises(AllocationError):
            refund_receipt(receipt, Decimal(amount), key="r2", reason="多付退回", **AT)
    with pytest.raises(ReasonMissingError):
        refund_receipt(receipt, Decimal(1), key="r2", reason=" ", **AT)
    receipt = fresh(receipt)
    assert (receipt.refunded, receipt.unapplied, fresh(line).unapplied_amount) == (30, 20, 20)
    for undo in (bounce_receipt, unmatch_receipt):
        with pytest.raises(ReceiptStateError):
            undo(receipt, reason="退票", **AT)
    with pytest.raises(AllocationError):
        refund_receipt(received(5), Decimal(1), key="r3", reason="无主", **AT)
    assert differences() == []


def test_write_off_and_what_comes_back_of_it() -> None:
    line = a_line()
    invoice = an_invoice(line, 100)
    paid_by(line, 30)
    entry = write_off(invoice, Decimal(50), key="w1", reason="破产清算", **AT)
    assert write_off(invoice, Decimal(50), key="w1", reason="破产清算", **AT) == entry
    with pytest.raises(AllocationError):
        write_off(invoice, Decimal("20.01"), key="w2", reason="破产清算", **AT)
    assert (fresh(invoice).written_off, outstanding(invoice), fresh(line).open_amount) == (50, [20], 20)
    back = recover(entry, Decimal(45), key="v1", reason="管理人偿付", **{**AT, "on": TODAY + DAY})
    assert (back.reverses, outstanding(invoice)) == (entry, [65])
    with pytest.raises(AllocationError):
        recover(entry, Decimal("5.01"), key="v2", reason="管理人偿付", **AT)
    with pytest.raises(AllocationError):
        recover(back, Decimal(1), key="v3", reason="不是核销", **AT)
    assert paid_by(line, 65, on=TODAY + timedelta(days=2)).unapplied == 0
    # The database itself keeps an invoice from being paid, or written off, beyond what it is of.
    with pytest.raises(IntegrityError), transaction.atomic():
        CreditEntry.objects.create(
            member_id=line.member_id, line=line, key="x", kind="write_off", debit="written_off", credit="receivable",
            amount=1, invoice=invoice, on=TODAY, at=morning(TODAY),
        )
    assert differences() == []
