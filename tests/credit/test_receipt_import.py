"""A bank's statement: each payment is booked once, named where it is broken, and pays as one entered by hand would."""

import io
import random
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from openpyxl import Workbook  # type: ignore[import-untyped]

from credit.errors import KeyConflictError
from credit.models import CreditEntry, CreditLine, Invoice, Receipt
from credit.services.receipt_offers import offer_receipt
from credit.services.receipts import Incoming, enter_receipt
from operations.approval_actions import ConfirmImport
from operations.approvals import Outcome
from operations.dates import business_date
from operations.errors import ImportStateError
from operations.models import Approval, User
from operations.services.approvals import approve, ask
from operations.services.imports import undo_import, upload_file
from tests.credit.credit_stories import (
    DAY,
    TODAY,
    a_card_with_credit,
    a_firm,
    a_line,
    an_approver,
    an_invoice,
    fresh,
    morning,
)
from tests.credit.receipt_stories import differences, incoming, name_of, outstanding, received
from tests.customer_files import Row, csv_file
from tests.memberships.admin_pages import granted, may_alone
from tests.memberships.factories import an_operator
from tests.memberships.order_import_stories import (
    AT,
    applied,
    checked,
    confirmed,
    counts,
    faults,
    found,
    outcomes,
    worked,
)

pytestmark = pytest.mark.django_db
KIND = "receipts"
HEADERS = ["到账日", "付款户名", "付款账号", "金额", "附言", "流水号"]


def row(number: str, amount: str, payer: str = "上海不知名商行", **cells: str) -> Row:
    told = {
        "到账日": "2027-01-15", "付款户名": payer, "付款账号": "", "金额": amount, "附言": "", "流水号": number,
    }
    return {**told, **cells}


def file_of(*rows: Row) -> bytes:
    return csv_file(rows, headers=HEADERS)


@pytest.fixture
def xiaomei() -> User:
    return may_alone(granted(an_operator(), "credit.allocate_receipt"), "enter_receipt", 100_000)


def test_statement_is_booked_matched_and_allocated(xiaomei: User) -> None:
    line, other = a_line(), a_line()
    invoice, theirs = an_invoice(line, 300), an_invoice(other, 50)
    content = file_of(
        row("B1", "¥1,000.00", 附言=f"货款{invoice.number}"), row("B2", "20", name_of(other), 付款账号="6222001"),
        row("B3", "7.77"), row("B4", "30", name_of(other)),
    )
    preview = checked(content, by=xiaomei, kind=KIND)
    assert counts(preview) == {"new": 4}
    batch = worked(confirmed(preview))
    assert (batch.applied, batch.left_out, outcomes(batch)) == (4, 0, dict.fromkeys(range(2, 6), "applied"))
    receipts = {receipt.key: receipt for receipt in Receipt.objects.filter(batch=batch)}
    assert {key: (receipt.state, receipt.rule) for key, receipt in receipts.items()} == {
        "B1": ("matched", "reference"), "B2": ("matched", "name"), "B3": ("unmatched", ""), "B4": ("matched", "name"),
    }
    assert (outstanding(invoice, theirs), fresh(line).unapplied_amount) == ([0, 0], 700)
    assert receipts["B1"].actor == xiaomei
    # The same file, and a later one with one new row: nothing is booked twice.
    assert counts(checked(content, by=xiaomei, kind=KIND)) == {"unchanged": 4}
    later = applied(file_of(row("B4", "30", name_of(other)), row("B5", "1")), by=xiaomei, kind=KIND)
    assert (later.unchanged, later.applied, Receipt.objects.count()) == (1, 1, 5)
    with pytest.raises(ImportStateError):
        undo_import(batch, actor=xiaomei, at=AT)
    assert differences() == []


def test_files_below_the_limit_weigh_together_and_with_what_was_entered_by_hand(xiaomei: User) -> None:
    def confirm(number: str, amount: str) -> Any:
        batch = checked(file_of(row(number, amount)), by=xiaomei, kind=KIND)
        payload = ConfirmImport.payload_of(batch, preview_key=batch.preview_key, file_sha256=batch.file_sha256)
        return batch, ask(ConfirmImport.name, payload, actor=xiaomei, reason="流水", on=business_date(AT), at=AT)

    today: dict[str, Any] = {"on": business_date(AT), "at": AT, "actor": xiaomei, "reason": "柜台收款"}
    first, done = confirm("F1", "40000")
    assert isinstance(done, Outcome)
    # It is not applied yet, and counts.
    assert isinstance(offer_receipt(incoming("60000.01"), **today), Approval)
    worked(first)
    assert isinstance(offer_receipt(incoming(30_000), **today), Outcome)
    _second, request = confirm("F2", "30000.01")
    assert isinstance(request, Approval) and "100,000.01 CNY" in str(request.texts["en"])
    approve(request, checker=an_approver(), decision="已核对", on=business_date(AT), at=AT)
    # What another approved is not theirs alone.
    assert isinstance(confirm("F3", "30000")[1], Outcome)
    assert isinstance(confirm("F4", "0.01")[1], Approval)


def test_broken_rows_are_named(xiaomei: User) -> None:
    received("5", key="B9")
    received("5", key="D1", payer_name="北京某某 Trading")
    received("5", key="D2", payer_name="北京某某 Trading")
    batch = checked(file_of(
        row("B1", "-5.00"), row("B2", "0.00"), row("B3", "五元"), row("1.10105E+17", "5"), row("", "5"),
        row("B5", "5", 到账日="2027-02-30"), row("B6", "5", 到账日="2027-01-16"), row("B7", "5", ""), row("B9", "6"),
        row("B8", "5"), row("B8", "5"), row("C1", "5"), row("C1", "6"), row("C2", "5", 付款账号="6.222E+18"),
        row("D1", "5", "北京 某某trading"), row("D2", "5"),
    ), by=xiaomei, kind=KIND)
    assert found(batch) == [
        (2, "金额", "-5.00", "not_received"), (3, "金额", "0.00", "not_received"), (4, "金额", "五元", "bad_amount"),
        (5, "流水号", "1.10105E+17", "spreadsheet_number"), (6, "流水号", "", "required"),
        (7, "到账日", "2027-02-30", "bad_date"), (8, "到账日", "2027-01-16", "future_date"),
        (9, "付款户名", "", "required"), (10, "流水号", "B9", "receipt_known_otherwise"),
        (13, "流水号", "C1", "conflicting_rows"), (14, "流水号", "C1", "conflicting_rows"),
        (15, "付款账号", "6.222E+18", "spreadsheet_number"),
        (17, "付款户名", "上海不知名商行", "receipt_of_another_payer"),
    ]
    assert counts(batch) == {"new": 1, "unchanged": 1, "invalid": 13, "duplicate": 1}
    assert "D2, 北京某某 Trading" in str(faults(batch)[-1].message)
    with pytest.raises(KeyConflictError):
        received("5", key="D2", payer_name="别人")


def test_bank_number_that_somebody_books_meanwhile_is_left_out(xiaomei: User) -> None:
    line = a_line()
    invoice = an_invoice(line, 100)
    preview = checked(file_of(row("B1", "10", name_of(line)), row("B2", "10", name_of(line))), by=xiaomei, kind=KIND)
    received("10", key="B1", payer_name=name_of(line))
    batch = worked(confirmed(preview))
    assert (batch.applied, batch.left_out, outstanding(invoice)) == (1, 1, [80])
    assert differences() == []


def test_statement_over_the_limit_of_its_operator_takes_two(xiaomei: User) -> None:
    line = a_line()
    invoice = an_invoice(line, 300)
    batch = checked(file_of(row("B1", "100000", name_of(line)), row("B2", "0.01")), by=xiaomei, kind=KIND)
    payload = {
        "batch": batch.pk, "preview_key": str(batch.preview_key), "file_sha256": batch.file_sha256,
    }
    request = ask(ConfirmImport.name, payload, actor=xiaomei, reason="日终对账", on=TODAY, at=AT)
    assert isinstance(request, Approval)
    assert not Receipt.objects.exists()
    laowang = an_approver()
    done = approve(request, checker=laowang, decision="同意", on=TODAY, at=AT)
    worked(batch)
    assert (done.state, outstanding(invoice)) == ("executed", [0])
    # Who approved the file stands on all that it wrote.
    written = [*Receipt.objects.all(), *CreditEntry.objects.filter(receipt__isnull=False)]
    assert [(one.actor, one.checker, one.approval) for one in written] == [(xiaomei, laowang, done)] * 4
    assert differences() == []


def test_workbook_is_read_as_its_one_sheet(xiaomei: User) -> None:
    line = a_line()
    book, out = Workbook(), io.BytesIO()
    book.active.append(HEADERS)
    book.active.append([TODAY, name_of(line), "6222020200112233445", 12.5, "货款", "B1"])
    book.active.append([TODAY, "某某", 6222020200112233445.0, -3, "", "B2"])
    book.save(out)
    batch = checked(out.getvalue(), by=xiaomei, kind=KIND, skips_invalid=True, name="b.xlsx")
    assert found(batch) == [
        (3, "付款账号", "6.222020200112233e+18", "spreadsheet_number"), (3, "金额", "-3", "not_received"),
    ]
    worked(confirmed(batch))
    receipt = Receipt.objects.get()
    assert (receipt.amount, receipt.line, receipt.payer_account) == (Decimal("12.50"), line, "6222020200112233445")
    broken = upload_file(
        KIND, ContentFile(out.getvalue()[:300]), file_name="b.xlsx", skips_invalid=False, actor=xiaomei, at=AT
    )
    assert (broken.state, broken.faults[0]["code"]) == ("refused", "bad_workbook")


def a_world(firms: int, dice: random.Random) -> list[CreditLine]:
    """Firms, each with some open invoices of amounts that are often the same."""
    lines = [a_line(card=a_card_with_credit(member=a_firm())) for _number in range(firms)]
    for line in lines:
        for _invoice in range(dice.randint(0, 4)):
            an_invoice(line, dice.choice([100, 100, 250, 40]), due_on=TODAY + dice.randint(1, 9) * DAY)
    return lines


def some_payments(world: str, lines: list[CreditLine], dice: random.Random) -> list[Incoming]:
    """By name, by numbers of one firm's invoices or of two firms', by accounts, of strangers."""
    numbers = {line.pk: list(line.invoices.order_by("pk").values_list("number", flat=True)) for line in lines}
    payments = []
    for number in range(25):
        line = dice.choice(lines)
        named = dice.sample(numbers[line.pk], k=min(len(numbers[line.pk]), dice.randint(0, 2)))
        if dice.random() < 0.1:
            named += numbers[dice.choice(lines).pk][:1]
        payer = dice.choice([name_of(line), name_of(line), "无名氏"])
        payments.append(Incoming(
            key=f"W{world}-{number}", payer_name=payer, amount=Decimal(dice.choice([100, 250, 40, 65, 140, 333])),
            received_on=TODAY, payer_account=dice.choice(["", f"acc-{world}-{line.pk}"]), reference="，".join(named),
        ))
    return payments


def what_came_of_it(lines: list[CreditLine]) -> list[Any]:
    """Everything the ledger has of these lines and what rests on it, without keys that follow from who came first."""
    entries = CreditEntry.objects.filter(line__in=lines, receipt__isnull=False)
    place = {line.pk: number for number, line in enumerate(lines)}
    invoices = list(Invoice.objects.filter(line__in=lines).order_by("pk"))
    order = {invoice.pk: number for number, invoice in enumerate(invoices)}
    moved = sorted(
        (place[entry.line_id], entry.receipt.key.partition("-")[2] if entry.receipt else "", entry.kind,
         order.get(entry.invoice_id or 0, -1), entry.amount)
        for entry in entries.select_related("receipt")
    )
    return [moved, [(one.paid, one.outstanding) for one in invoices], [
        (line.open_amount, line.unapplied_amount)
        for line in CreditLine.objects.filter(pk__in=place).order_by("pk")
    ]]


@pytest.mark.parametrize("seed", range(6))
def test_file_comes_to_what_its_rows_come_to_one_by_one(xiaomei: User, settings: Any, seed: int) -> None:
    settings.IMPORT_CHUNK_ROWS = 4
    results = []
    for world in ("one by one", "at once"):
        dice = random.Random(seed)
        lines = a_world(5, dice)
        # On an earlier day some accounts were taught.
        for place, line in enumerate(lines[:3]):
            received(
                1, key=f"{world}-taught {place}", payer_name=name_of(line), on=TODAY - DAY, received_on=TODAY - DAY,
                payer_account=f"acc-{world}-{line.pk}",
            )
        payments = some_payments(world, lines, dice)
        if world == "one by one":
            for payment in payments:
                enter_receipt(payment, on=TODAY, at=morning(TODAY), actor=None)
        else:
            batch = applied(file_of(*(
                row(one.key, str(one.amount), one.payer_name, 付款账号=one.payer_account, 附言=one.reference)
                for one in payments
            )), by=xiaomei, kind=KIND)
            assert (batch.applied, batch.left_out) == (25, 0)
        results.append(what_came_of_it(lines))
    assert results[0] == results[1]
    assert differences() == []
