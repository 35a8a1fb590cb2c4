"""Money comes in: whose it is, and which invoices it pays."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from credit.errors import AllocationError, KeyConflictError, ReceiptError, ReceiptStateError, ReservedKeyError
from credit.models import CreditEntry, Receipt
from credit.services.allocations import allocate, apply_unapplied, deallocate, move_allocation
from credit.services.receipts import (
    enter_receipt,
    match_receipt,
    set_receipt_aside,
    take_receipt_up,
)
from tests.credit.credit_stories import DAY, TODAY, a_line, an_invoice, fresh, morning
from tests.credit.receipt_stories import (
    allocations,
    differences,
    incoming,
    name_of,
    outstanding,
    paid_by,
    received,
    the_order,
)
from tests.memberships.factories import an_operator

pytestmark = pytest.mark.django_db
AT: dict[str, Any] = {"on": TODAY, "at": morning(TODAY), "actor": None}


def test_reference_names_the_invoice_and_with_it_the_firm() -> None:
    line = a_line()
    old, new = an_invoice(line, 1_000, number="INV-2027-0001"), an_invoice(line, 600, number="INV/2027/2")
    receipt = received("600", reference="货款 INV/2027/2，谢谢")
    assert (receipt.state, receipt.rule, receipt.line, receipt.member_id) == (
        "matched", "reference", line, line.member_id
    )
    assert allocations(receipt) == {"INV/2027/2": Decimal(600)}
    assert outstanding(old, new) == [1_000, 0]
    line = fresh(line)
    assert (line.open_amount, line.unapplied_amount) == (1_000, 0)
    # Small letters, several numbers, no blanks between.
    both = received("1200", reference="付inv-2027-0001、INV/2027/2尾款")
    assert (allocations(both), both.unapplied) == ({"INV-2027-0001": Decimal(1_000)}, Decimal(200))
    assert differences() == []


def test_exact_amount_goes_before_the_oldest_due_and_parts_to_the_oldest_due() -> None:
    line = a_line()
    oldest = an_invoice(line, 500, due_on=TODAY + 5 * DAY)
    middle = an_invoice(line, 300, due_on=TODAY + 10 * DAY)
    newest = an_invoice(line, 300, due_on=TODAY + 20 * DAY)
    assert allocations(paid_by(line, 300)) == {middle.number: 300}
    assert allocations(paid_by(line, "499.99")) == {oldest.number: Decimal("499.99")}
    over = paid_by(line, 1_000)
    assert allocations(over) == {oldest.number: Decimal("0.01"), newest.number: 300}
    assert (over.unapplied, fresh(line).unapplied_amount) == (Decimal("699.99"), Decimal("699.99"))
    assert differences() == []


def test_order_of_allocation_is_the_policy_s() -> None:
    line = a_line()
    the_order("oldest_due")
    oldest, exact = an_invoice(line, 500, due_on=TODAY + DAY), an_invoice(line, 300, due_on=TODAY + 2 * DAY)
    assert allocations(paid_by(line, 300, reference=exact.number)) == {oldest.number: 300}
    the_order("reference", "exact_amount")
    assert allocations(paid_by(line, 7)) == {}
    # The named one is paid, and what is left is exactly another.
    assert allocations(paid_by(line, 500, reference=exact.number)) == {exact.number: 300, oldest.number: 200}
    the_order("exact_amount", "reference")
    third, fourth = an_invoice(line, 80), an_invoice(line, 90)
    assert allocations(paid_by(line, 80, reference=fourth.number)) == {third.number: 80}
    assert differences() == []


def test_owner_is_known_by_account_or_by_the_only_firm_of_that_name_and_never_guessed() -> None:
    line, other = a_line(), a_line()
    first = paid_by(line, 10, payer_account="6222-01")
    assert (first.rule, first.line) == ("name", line)
    # Of the same day an account says nothing yet; from the next day on it does, whatever name stands beside it.
    assert received(10, payer_account="6222-01").state == "unmatched"
    known = received(10, payer_account="6222-01", on=TODAY + DAY)
    assert (known.rule, known.line) == ("account", line)
    paid_by(other, 10, payer_account="6222-01", on=TODAY + DAY)  # the account is asked before the name
    assert fresh(other).unapplied_amount == 0
    match_receipt(
        received(10, payer_account="6222-02", on=TODAY), other, on=TODAY, at=morning(TODAY), actor=None
    )
    match_receipt(received(10, payer_account="6222-02"), line, **AT)
    # It pays for two by now, so that its name is not asked either.
    assert paid_by(line, 10, payer_account="6222-02", on=TODAY + 2 * DAY).state == "unmatched"
    named = an_invoice(line, 5), an_invoice(other, 5)
    two = paid_by(line, 10, reference=f"{named[0].number} {named[1].number}")
    assert (two.state, two.line, two.unapplied) == ("unmatched", None, 0)
    assert differences() == []


def test_payment_of_a_stranger_waits_until_somebody_says_whose_it_is() -> None:
    xiaomei, line = an_operator(), a_line()
    invoice, receipt = an_invoice(line, 100), received(80)
    assert list(Receipt.objects.unmatched()) == [receipt]
    done = match_receipt(receipt, line, on=TODAY, at=morning(TODAY), actor=xiaomei)
    assert (done.state, done.rule, allocations(done)) == ("matched", "hand", {invoice.number: 80})
    assert match_receipt(done, line, **AT) == done
    with pytest.raises(ReceiptStateError):
        match_receipt(done, a_line(), **AT)
    entries = CreditEntry.objects.filter(receipt=receipt)
    assert [entry.actor for entry in entries] == [xiaomei, xiaomei]
    interest = received(3)
    with pytest.raises(ReceiptError):
        set_receipt_aside(interest, reason=" ", **AT)
    aside = set_receipt_aside(interest, reason="银行利息", on=TODAY, at=morning(TODAY), actor=xiaomei)
    assert (aside.state, aside.ended_on, aside.note) == ("set_aside", TODAY, "银行利息")
    with pytest.raises(ReceiptStateError):
        match_receipt(aside, line, **AT)
    assert take_receipt_up(aside, reason="是货款", **AT).state == "unmatched"
    assert [(step.state, step.actor, step.reason) for step in aside.steps.order_by("pk")] == [
        ("set_aside", xiaomei, "银行利息"), ("unmatched", None, "是货款"),
    ]
    with pytest.raises(ReceiptStateError):
        set_receipt_aside(done, reason="错误", **AT)
    assert differences() == []


def test_bank_number_is_booked_once() -> None:
    line = a_line()
    invoice, told = an_invoice(line, 100), incoming(60, payer_name=name_of(line), key="CMB-1")
    first = enter_receipt(told, **AT)
    assert enter_receipt(told._replace(key=" ＣＭＢ-1 "), **AT) == first
    assert outstanding(invoice) == [40]
    with pytest.raises(KeyConflictError):
        enter_receipt(told._replace(amount=Decimal(61)), **AT)
    for wrong in (
        {"amount": Decimal(0)}, {"amount": Decimal("-1")}, {"amount": Decimal("0.001")}, {"amount": Decimal("NaN")},
        {"received_on": TODAY + DAY}, {"payer_name": " "}, {"reference": "长" * 201},
    ):
        with pytest.raises(ReceiptError):
            enter_receipt(told._replace(key="CMB-2", **wrong), **AT)
    with pytest.raises(ReservedKeyError):
        enter_receipt(told._replace(key=" "), **AT)


def test_unapplied_credit_pays_the_next_invoices_when_asked() -> None:
    line = a_line()
    first, second = paid_by(line, 100), paid_by(line, 50)
    invoice, later = an_invoice(line, 120), an_invoice(line, 10, due_on=TODAY + 31 * DAY)
    assert outstanding(invoice, later) == [120, 10]
    assert apply_unapplied(line, **AT) == 3
    assert allocations(first) == {invoice.number: 100}
    assert allocations(second) == {invoice.number: 20, later.number: 10}
    assert (fresh(second).unapplied, fresh(line).unapplied_amount) == (20, 20)
    assert apply_unapplied(line, **AT) == 0
    assert differences() == []


def test_allocation_is_taken_back_and_moved() -> None:
    line = a_line()
    one, two = an_invoice(line, 100), an_invoice(line, 70)
    receipt = paid_by(line, 120, reference=one.number)
    assert allocations(receipt) == {one.number: 100, two.number: 20}
    paid = CreditEntry.objects.get(receipt=receipt, invoice=one, kind="allocate")
    # A key of 64 characters, as long as any.
    moved = move_allocation(paid, two, key="move-1".ljust(64, "x"), reason="付的是第二张", **AT)
    assert moved == move_allocation(paid, two, key="move-1".ljust(64, "x"), reason="付的是第二张", **AT)
    assert (moved.amount, allocations(receipt)) == (50, {one.number: 50, two.number: 70})
    back = deallocate(paid, amount=Decimal(30), key="back-1", reason="争议", **AT)
    assert deallocate(paid, amount=Decimal(30), key="back-1", reason="争议", **AT) == back
    with pytest.raises(KeyConflictError):
        deallocate(paid, amount=Decimal(31), key="back-1", reason="争议", **AT)
    with pytest.raises(AllocationError):
        deallocate(paid, amount=Decimal("20.01"), key="back-2", reason="争议", **AT)
    with pytest.raises(AllocationError):
        move_allocation(paid, one, key="move-2", reason="同一张", **AT)
    with pytest.raises(AllocationError):
        deallocate(back, key="back-3", reason="不是分配", **AT)
    again = allocate(receipt, one, key="pay-1", **AT)
    assert (again.amount, outstanding(one, two), fresh(receipt).unapplied) == (30, [50, 0], 0)
    with pytest.raises(AllocationError):
        allocate(receipt, one, amount=Decimal(1), key="pay-2", **AT)
    with pytest.raises(AllocationError):
        allocate(paid_by(line, 10, reference="x"), an_invoice(a_line(), 10), key="pay-3", **AT)
    with pytest.raises(ReservedKeyError):
        allocate(receipt, one, key="k" * 65, **AT)
    assert differences() == []


def test_entry_names_a_line_of_its_member_and_what_is_of_that_line() -> None:
    line, other = a_line(), a_line()
    mine, theirs = an_invoice(line, 100), an_invoice(other, 100)
    receipt = paid_by(line, 10)
    facts: dict[str, Any] = {
        "line": line, "member_id": line.member_id, "key": "behind", "kind": "allocate", "debit": "unapplied",
        "credit": "receivable", "amount": 1, "receipt": receipt, "invoice_id": mine.pk, "on": TODAY,
        "at": morning(TODAY),
    }
    for wrong in (
        {"member_id": other.member_id}, {"invoice_id": theirs.pk}, {"receipt": paid_by(other, 5)}, {"invoice_id": 0},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            CreditEntry.objects.create(**{**facts, **wrong})
