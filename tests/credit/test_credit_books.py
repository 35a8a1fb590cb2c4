"""The books of credit, tampered with: the audit finds each difference and says where it is."""

import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from credit.line_approvals import ChangeLine
from credit.models import (
    Authorisation,
    CreditEntry,
    CreditLine,
    CreditNote,
    Invoice,
    LineVersion,
    Receipt,
    TemporaryIncrease,
)
from credit.services.receipts import bounce_receipt, refund_receipt, unmatch_receipt
from credit.services.write_offs import recover, write_off
from operations import registry
from operations.models import Approval
from operations.services.approvals import approve, ask
from tests.credit.credit_stories import (
    DAY,
    TODAY,
    a_controller,
    a_line,
    an_approver,
    an_entry,
    an_invoice,
    fresh,
    morning,
)
from tests.credit.receipt_stories import CHECKS, differences, faults, paid_by, received
from tests.memberships.books_stories import behind_the_back

pytestmark = pytest.mark.django_db
AT: dict[str, Any] = {"on": TODAY, "at": morning(TODAY), "actor": None}


class House:
    """A line with something of every kind: one authorisation held and one captured, invoices paid, credited, written
    off; receipts that paid, were refunded, bounced, unmatched, and one of a stranger; and another firm's line."""

    def __init__(self) -> None:
        self.line, self.other = a_line(), a_line()
        self.held, self.captured = self._authorised(300, 0), self._authorised(200, 200)
        self.invoice = an_invoice(self.line, 200, authorisation=self.captured)
        self.credited, self.lost = an_invoice(self.line, 90), an_invoice(self.line, 70)
        self.note = CreditNote.objects.create(
            member_id=self.line.member_id, invoice=self.credited, key="n1", number="N1", amount=40, reason="退货",
            on=TODAY, at=morning(TODAY),
        )
        an_entry(self.line, "credit_note", Decimal(40), invoice=self.credited, credit_note=self.note)
        self.receipt = paid_by(self.line, 200, reference=self.invoice.number)
        self.over = paid_by(self.line, 75, reference=self.credited.number)
        self.lost_entry = write_off(self.lost, Decimal(30), key="w1", reason="清算", **AT)
        recover(self.lost_entry, Decimal(10), key="v1", reason="偿付", **AT)
        bounce_receipt(paid_by(self.line, 11), reason="退票", **AT)
        unmatch_receipt(paid_by(self.other, 12), reason="付错", **AT)
        self.refunded = paid_by(self.other, 20)
        refund_receipt(self.refunded, Decimal(5), key="r2", reason="多付", **AT)
        self.claimed = paid_by(self.other, 30)
        refund_receipt(self.claimed, Decimal(8), key="r3", reason="多付", **AT)
        bounce_receipt(self.claimed, reason="退票", **AT)
        self.claim = Invoice.objects.get(kind="claim")
        self.stranger = received(13)

    def _authorised(self, amount: int, captured: int) -> Authorisation:
        made = Authorisation.objects.create(
            member_id=self.line.member_id, line=self.line, key=f"a{amount}", amount=amount, on=TODAY,
            at=morning(TODAY), expires_on=TODAY + 7 * DAY,
        )
        an_entry(self.line, "authorise", Decimal(amount), authorisation=made)
        if captured:
            an_entry(self.line, "release", Decimal(captured), authorisation=made)
            Authorisation.objects.filter(pk=made.pk).update(captured=captured, state="captured", ended_on=TODAY)
        return fresh(made)

    def entry(self, **facts: Any) -> CreditEntry:
        return CreditEntry.objects.filter(**facts).order_by("pk")[0]


@pytest.fixture
def house() -> House:
    return House()


def names() -> set[str]:
    return {fault for fault, _key in faults()}


def keys(fault: str) -> set[str]:
    return {key for found, key in faults() if found == fault}


def test_books_with_something_of_every_kind_are_in_order(house: House) -> None:
    assert differences() == []
    assert set(CHECKS) <= {check.name for check in registry.book_checks}
    kinds = set(CreditEntry.objects.values_list("kind", flat=True))
    assert kinds == {*CreditEntry.Kind.values} - {"late_fee"}


def test_sums_of_a_line_that_somebody_changed(house: House) -> None:
    line = str(house.line.pk)
    for column, found in (
        ("open_amount", {"open_of_entries", "open_of_invoices", "open_of_customer", "receivable_of_programme"}),
        ("unapplied_amount", {"unapplied_of_entries", "unapplied_of_receipts", "unapplied_of_customer"}),
        ("authorised_amount", {
            "authorised_of_entries", "authorised_of_authorisations", "authorised_of_customer",
            "authorised_of_programme",
        }),
    ):
        behind_the_back(f"UPDATE credit_creditline SET {column} = {column} + 1 WHERE id = %s", house.line.pk)
        assert names() == found
        (told,) = [one for one in differences() if one.fault == f"{column.removesuffix('_amount')}_of_entries"]
        assert (told.key, told.owner) == (line, house.line.member_id)
        assert Decimal(told.found) - Decimal(told.expected) == 1
        behind_the_back(f"UPDATE credit_creditline SET {column} = {column} - 1 WHERE id = %s", house.line.pk)
    assert differences() == []


@pytest.mark.parametrize(("model", "record", "change", "found"), [
    (Invoice, "invoice", "paid = paid - 1", {"paid_of_entries", "open_of_invoices", "open_of_customer"}),
    (Invoice, "lost", "written_off = 0", {"written_off_of_entries", "open_of_invoices", "open_of_customer"}),
    (Invoice, "credited", "credited = 39, paid = paid + 1", {
        "credited_of_entries", "credited_of_notes", "paid_of_entries",
    }),
    (Invoice, "invoice", "amount = 201, paid = paid + 1", {
        "invoice_of_entry", "paid_of_entries", "captured_of_invoices",
    }),
    (CreditNote, "note", "amount = 41", {"credited_of_notes"}),
    (Receipt, "receipt", "allocated = allocated - 1", {
        "allocated_of_entries", "unapplied_of_receipts", "unapplied_of_customer",
    }),
    (Receipt, "refunded", "refunded = 6", {
        "refunded_of_entries", "unapplied_of_receipts", "unapplied_of_customer", "cash_of_programme",
    }),
    (Receipt, "refunded", "amount = 21, refunded = refunded + 1", {"receipt_of_entries", "refunded_of_entries"}),
    (Invoice, "claim", "amount = 9, paid = paid + 1", {"invoice_of_entry", "paid_of_entries"}),
    (Authorisation, "held", "amount = 301", {
        "held_of_entries", "authorised_of_authorisations", "authorised_of_customer",
    }),
    (Authorisation, "captured", "captured = 150", {"captured_of_invoices"}),
    (CreditEntry, "lost_entry", "amount = amount - 25", {
        "written_off_of_entries", "open_of_entries", "entry_over_reversed", "receivable_of_programme",
    }),
])
def test_fact_that_somebody_changed(
    house: House, model: Any, record: str, change: str, found: set[str]
) -> None:
    pk = getattr(house, record).pk
    behind_the_back(f"UPDATE {model._meta.db_table} SET {change} WHERE id = %s", pk)
    assert names() == found


def test_receipt_that_somebody_gave_away(house: House) -> None:
    behind_the_back(
        "UPDATE credit_receipt SET state = 'matched', line_id = %s, member_id = %s WHERE id = %s",
        house.line.pk, house.line.member_id, house.stranger.pk,
    )
    assert names() == {"receipt_of_entries", "unapplied_of_receipts", "unapplied_of_customer", "cash_of_programme"}


def test_entry_that_somebody_lost(house: House) -> None:
    paid = house.entry(receipt=house.receipt, kind="allocate")
    behind_the_back("DELETE FROM credit_creditentry WHERE id = %s", paid.pk)
    assert names() == {
        "paid_of_entries", "allocated_of_entries", "open_of_entries", "unapplied_of_entries",
        "receivable_of_programme",
    }
    came = house.entry(receipt=house.refunded, kind="receipt")
    behind_the_back("DELETE FROM credit_creditentry WHERE id = %s", came.pk)
    assert {"receipt_of_entries", "cash_of_programme"} <= names()


def test_claim_of_a_receipt_that_did_not_bounce(house: House) -> None:
    claim = Invoice.objects.create(
        member_id=house.other.member_id, line=house.other, kind="claim", key="c", number="C", amount=5,
        invoiced_on=TODAY, due_on=TODAY, terms={"steps": []}, at=morning(TODAY),
    )
    an_entry(house.other, "reclaim", Decimal(5), invoice=claim, receipt=house.refunded)
    assert faults() == {("receipt_of_entries", str(house.refunded.pk))}


def test_entry_of_somebody_else_or_of_other_accounts(house: House) -> None:
    paid = house.entry(receipt=house.receipt, kind="allocate")
    behind_the_back("UPDATE credit_creditentry SET member_id = %s WHERE id = %s", house.other.member_id, paid.pk)
    assert keys("entry_of_line") == {str(paid.pk)}
    behind_the_back("UPDATE credit_creditentry SET member_id = %s WHERE id = %s", house.line.member_id, paid.pk)
    behind_the_back("UPDATE credit_invoice SET line_id = %s WHERE id = %s", house.other.pk, house.lost.pk)
    assert str(house.lost_entry.pk) in keys("entry_of_line")
    behind_the_back("UPDATE credit_invoice SET line_id = %s WHERE id = %s", house.line.pk, house.lost.pk)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE credit_creditentry DROP CONSTRAINT creditentry_double_entry")
    behind_the_back("UPDATE credit_creditentry SET credit = 'fees' WHERE id = %s", paid.pk)
    (told,) = [one for one in differences() if one.fault == "credit_accounts"]
    assert (told.key, told.expected, told.found) == (str(paid.pk), "unapplied receivable", "unapplied fees")


def test_reversal_of_something_else(house: House) -> None:
    back = house.entry(kind="recover")
    paid = house.entry(receipt=house.receipt, kind="allocate")
    behind_the_back("UPDATE credit_creditentry SET reverses_id = %s WHERE id = %s", paid.pk, back.pk)
    assert faults() == {("entry_of_reversal", str(back.pk))}


def test_invoice_in_the_name_of_another_customer(house: House) -> None:
    behind_the_back("UPDATE credit_invoice SET member_id = %s WHERE id = %s", house.other.member_id, house.lost.pk)
    assert keys("open_of_customer") == {str(house.line.member_id), str(house.other.member_id)}
    assert CreditLine.objects.count() == 2


def test_what_takes_two_and_was_signed_otherwise() -> None:
    """By the wrong person, by a request that was never carried out, or by nobody at all."""
    xiaoxin, laowang, third = a_controller(), an_approver(), an_approver("xiaoli")
    line = a_line(50_000, actor=xiaoxin)
    payload = ChangeLine.payload_of(line, limit=Decimal(900_000), terms=None, starts_on=TODAY)
    request = ask(ChangeLine.name, payload, actor=xiaoxin, reason="提额", on=TODAY, at=morning(TODAY))
    assert isinstance(request, Approval)
    done = approve(request, checker=laowang, decision="同意", on=TODAY, at=morning(TODAY))
    version = LineVersion.objects.get(approval=done)
    assert (done.state, version.checker, differences()) == ("executed", laowang, [])
    key = f"{version.pk} version"
    for column in ("checker_id", "maker_id"):
        behind_the_back(f"UPDATE credit_lineversion SET {column} = %s WHERE id = %s", third.pk, version.pk)
        assert faults() == {("signed_of_line", key)}
        behind_the_back(
            "UPDATE credit_lineversion SET maker_id = %s, checker_id = %s WHERE id = %s", xiaoxin.pk, laowang.pk,
            version.pk,
        )
    behind_the_back("UPDATE operations_approval SET state = 'refused' WHERE id = %s", done.pk)
    (found,) = differences()
    assert (found.fault, found.key, found.owner) == ("signed_of_line", key, line.member_id)
    assert (found.expected, found.found) == (
        f"refused {xiaoxin.pk} {laowang.pk}", f"executed {xiaoxin.pk} {laowang.pk}"
    )
    behind_the_back("UPDATE operations_approval SET state = 'executed' WHERE id = %s", done.pk)
    # Nor does the request of another change, or of another amount, sign this one.
    other = a_line(50_000, actor=xiaoxin)
    for name, value in (("line", other.pk), ("limit", "900001"), ("starts_on", str(TODAY + DAY))):
        behind_the_back(
            "UPDATE operations_approval SET payload = payload || jsonb_build_object(%s::text, %s) WHERE id = %s",
            name, value, done.pk,
        )
        assert faults() == {("approved_of_record", key)}, name
        behind_the_back("UPDATE operations_approval SET payload = %s WHERE id = %s", json.dumps(payload), done.pk)
    invoice = an_invoice(line, 900)
    written = an_entry(
        line, "write_off", Decimal(900), invoice=invoice, actor=xiaoxin, checker=laowang, approval=done
    )
    assert faults() == {("approved_of_record", f"{written.pk} entry")}
    behind_the_back("UPDATE credit_creditentry SET checker_id = NULL, approval_id = NULL WHERE id = %s", written.pk)
    # More than any card gives, by increases that each fit.
    for amount in (800_000, 600_000):
        increase = TemporaryIncrease.objects.create(
            line=line, member_id=line.member_id, key=f"x{amount}", amount=amount, starts_on=TODAY,
            ends_on=TODAY + DAY, reason="x", at=morning(TODAY),
        )
    assert ("increase_over_cap", f"{increase.pk} increase") in faults()
    behind_the_back("UPDATE credit_temporaryincrease SET ends_on = starts_on - 1")
    assert differences() == []
    # More than any card gives, written past every service, is signed by nobody.
    raw = LineVersion.objects.create(
        line=line, member_id=line.member_id, number=9, limit=10_000_000, terms=version.terms, starts_on=TODAY,
        reason="x", at=morning(TODAY),
    )
    assert faults() == {("version_over_cap", str(raw.pk))}
