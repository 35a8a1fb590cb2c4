"""Money that leaves again: bounced, unmatched, paid back; and what is written off."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from credit.errors import (
    AllocationError,
    CreditNoteError,
    KeyConflictError,
    OfficialInvoiceError,
    ReasonMissingError,
    ReceiptStateError,
)
from credit.models import CreditEntry, CreditLine, Invoice
from credit.services.credit_statements import statement_of
from credit.services.decisions import line_of
from credit.services.invoices import credit_invoice
from credit.services.lapses import follow_lines_of
from credit.services.line_changes import change_line, close_line, keep_line, raise_for_a_time
from credit.services.lines import limit_on
from credit.services.official_invoices import request_official
from credit.services.receipts import bounce_receipt, match_receipt, refund_receipt, set_receipt_aside, unmatch_receipt
from credit.services.write_offs import recover, write_off
from credit.terms.words import steps_in_words
from tests.credit.credit_stories import DAY, TODAY, a_line, an_invoice, fresh, morning
from tests.credit.draw_stories import stopped
from tests.credit.receipt_stories import allocations, differences, outstanding, paid_by, received

pytestmark = pytest.mark.django_db
AT = {"on": TODAY, "at": morning(TODAY), "actor": None}


@pytest.fixture(autouse=True)
def _in_english() -> None:
    """The words that these stories quote."""
    translation.activate("en")


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
        bounce_receipt(set_receipt_aside(received(5), reason="利息", **AT), reason="退票", **AT)
    assert differences() == []


def closed(line: CreditLine) -> CreditLine:
    """The firm has paid, and wants no credit any more."""
    close_line(line, reason="客户要求", **AT)
    assert fresh(line).state == "closed"
    return fresh(line)


def test_closed_line_owes_again_when_its_last_payment_bounces_and_has_no_limit_left() -> None:
    line = a_line(20_000)
    raise_for_a_time(
        line, amount=Decimal(5_000), starts_on=TODAY, ends_on=TODAY + 30 * DAY, key="i", reason="旺季", **AT
    )
    change_line(line, limit=Decimal(30_000), starts_on=TODAY + 10 * DAY, reason="下月提额", **AT)
    invoice = an_invoice(line, 100)
    receipt = paid_by(line, 100)
    closed(line)
    bounce_receipt(receipt, reason="退票", **AT)
    line = fresh(line)
    assert (line.state, line.lapsed_on, line.closed_on, line.open_amount) == ("lapsed", TODAY, None, 100)
    # It was asked to be closed, so that the card, which is held, does not take it up; and whoever keeps it gets a line
    # without a limit: what it was is decided anew.
    follow_lines_of(line.member_id, line.programme_id, **AT)
    assert fresh(line).state == "lapsed"
    keep_line(line, on=TODAY, actor=None, reason="客户反悔")
    follow_lines_of(line.member_id, line.programme_id, **AT)
    assert [limit_on(line, on=TODAY + days * DAY) for days in (0, 10, 30)] == [0, 0, 0]
    assert (fresh(line).state, stopped(line)[0][0]) == ("active", "limit")
    assert "without a decision" in line.versions.latest("number").reason
    count = line.versions.count()
    again = paid_by(line, 100)
    assert outstanding(invoice) == [0]
    closed(line)
    bounce_receipt(again, reason="退票", **AT)
    assert (fresh(line).state, line.versions.count()) == ("lapsed", count)
    assert differences() == []


def test_closed_line_owes_again_beside_the_firm_s_newer_one() -> None:
    old = a_line(20_000)
    invoice, lost = an_invoice(old, 100), an_invoice(old, 40, due_on=TODAY + DAY)
    receipt = paid_by(old, 100, reference=invoice.number, payer_account="6222001")
    entry = write_off(lost, Decimal(40), key="w1", reason="破产清算", **AT)
    closed(old)
    new = a_line(1_000, card=old.subscription)
    recover(entry, Decimal(40), key="v1", reason="管理人偿付", **AT)
    assert (fresh(old).state, fresh(new).state, outstanding(lost)) == ("lapsed", "active", [40])
    # The old one stays lapsed although its card is held; what names no invoice of it means the new one.
    follow_lines_of(old.member_id, old.programme_id, **AT)
    assert (fresh(old).state, line_of(old.subscription)) == ("lapsed", new)
    assert paid_by(new, 5, payer_account="6222001", on=TODAY + DAY).line == new
    assert paid_by(old, 40, reference=lost.number).line == old
    follow_lines_of(old.member_id, old.programme_id, **{**AT, "on": TODAY + 31 * DAY})
    assert (fresh(old).state, outstanding(lost)) == ("closed", [0])
    # It was somebody else's, or bounces: each reopens what it paid.
    stranger = unmatch_receipt(receipt, reason="付款方填错", **{**AT, "on": TODAY + 31 * DAY})
    assert (stranger.state, fresh(old).state, outstanding(invoice)) == ("unmatched", "lapsed", [100])
    assert (match_receipt(stranger, old, **AT).state, outstanding(invoice)) == ("matched", [0])
    assert bounce_receipt(stranger, reason="退票", **AT).state == "bounced"
    assert (outstanding(invoice), fresh(new).state, fresh(new).open_amount) == ([100], "active", 0)
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
    with pytest.raises(ReceiptStateError, match=r"30\.00"):
        unmatch_receipt(receipt, reason="付款方填错", **AT)
    with pytest.raises(AllocationError):
        refund_receipt(received(5), Decimal(1), key="r3", reason="无主", **AT)
    assert differences() == []


def test_bounced_receipt_of_which_some_was_paid_back_is_claimed_from_the_firm() -> None:
    line = a_line(1_000)
    invoice = an_invoice(line, 1_000)
    receipt = paid_by(line, 1_400)
    for number, amount in enumerate((300, 50)):
        refund_receipt(receipt, Decimal(amount), key=f"r{number}", reason="多付退回", **AT)
    # Somebody's invoice has the number of the claim, of a time at which that was not refused.
    an_invoice(a_line(), 1, number=f"RC202701-{receipt.pk}")
    closed(line)
    bounced = bounce_receipt(receipt, reason="退票", **AT)
    assert (bounced.state, bounced.allocated, bounced.refunded, bounced.unapplied) == ("bounced", 0, 0, 0)
    claim = Invoice.objects.get(kind="claim")
    assert (claim.number, claim.amount, claim.due_on) == (f"RC202701-{receipt.pk}-2", 350, TODAY)
    assert "whatever the terms" in " ".join(steps_in_words(claim.terms["steps"]))
    # It is owed though there is no limit any more, and ages and stands in the statement as what bounced.
    line = fresh(line)
    assert (line.state, line.open_amount, line.unapplied_amount, outstanding(invoice)) == ("lapsed", 1_350, 0, [1_000])
    statement = statement_of(line, TODAY, on=TODAY)
    assert (statement.closing, statement.aged.total) == (1_350, 1_350)
    assert [(move.kind, move.amount) for move in statement.movements][-3:] == [
        ("refund", 50), ("reclaim", 350), ("bounce", 1_050),
    ]
    assert (statement.movements[-2].number, statement.movements[-2].due_on) == (claim.number, TODAY)
    assert bounce_receipt(bounced, reason="退票", **AT) == bounced
    assert CreditEntry.objects.filter(kind="reclaim").count() == 1
    # It was no sale: nothing of it is credited, and it has no official invoice.
    with pytest.raises(CreditNoteError):
        credit_invoice(claim, Decimal(1), key="n1", reason="错误", **AT)
    with pytest.raises(OfficialInvoiceError):
        request_official(claim, at=AT["at"], actor=None)
    # Paid like any invoice, by its number; and it can be written off.
    assert allocations(paid_by(line, 200, reference=claim.number)) == {claim.number: 200}
    write_off(claim, Decimal(150), key="w1", reason="追不回", **AT)
    assert (outstanding(claim), fresh(line).open_amount) == ([0], 1_000)
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
