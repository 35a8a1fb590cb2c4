"""A list of invoices draws on its lines as if each were entered by hand; what does not fit is named and left out."""

import random
from decimal import Decimal

import pytest

from credit.errors import DrawRefusedError
from credit.models import CreditLine, Invoice
from credit.services.line_changes import change_line, suspend_line
from memberships.models import EnterpriseCustomer
from operations.errors import ImportStateError
from operations.models import User
from operations.services.imports import undo_import
from tests.credit.credit_stories import DAY, MONTHLY_61, TODAY, a_firm, a_line, an_invoice, fresh
from tests.credit.draw_stories import entered, figures, held, the_rules, when
from tests.credit.receipt_stories import differences
from tests.customer_files import Row, csv_file
from tests.memberships.admin_pages import granted
from tests.memberships.factories import an_operator
from tests.memberships.order_import_stories import AT, checked, confirmed, counts, found, outcomes, worked

pytestmark = pytest.mark.django_db
KIND = "invoices"
HEADERS = ["客户", "账单号", "订单号", "金额", "账单日期"]


def row(line: CreditLine | str, number: str, amount: str | Decimal, day: str = "2027-01-15", order: str = "") -> Row:
    customer = line if isinstance(line, str) else line.member.number
    return {"客户": customer, "账单号": number, "订单号": order, "金额": str(amount), "账单日期": day}


def file_of(*rows: Row) -> bytes:
    return csv_file(rows, headers=HEADERS)


@pytest.fixture
def xiaomei() -> User:
    return granted(an_operator(), "credit.invoice_credit")


def test_list_draws_on_its_lines_by_their_terms(xiaomei: User) -> None:
    line, other = a_line(1_000, MONTHLY_61, on=TODAY - 5 * DAY), a_line(1_000)
    code = EnterpriseCustomer.objects.get(pk=line.member_id).credit_code
    content = file_of(
        row(code, "INV-A1", "¥600.00", "2027-01-12", "JD-1"), row(other, "INV-A2", "50"), row(line, "INV-A3", "400.00"),
    )
    preview = checked(content, by=xiaomei, kind=KIND)
    assert counts(preview) == {"new": 3}
    batch = worked(confirmed(preview))
    assert (batch.applied, batch.left_out, outcomes(batch)) == (3, 0, dict.fromkeys(range(2, 5), "applied"))
    first = Invoice.objects.get(number="INV-A1")
    by_hand = entered(a_line(1_000, MONTHLY_61, on=TODAY - 5 * DAY), 1, invoiced_on=TODAY - 3 * DAY)
    assert (first.due_on, first.terms, first.actor) == (by_hand.due_on, by_hand.terms, xiaomei)
    assert (first.order_number, first.line, first.batch) == ("JD-1", line, batch)
    assert figures(line) == [1_000, 0, 0] and figures(other) == [50, 0, 950]
    # The same list again changes nothing; a number that says something else is named.
    again = file_of(row(code, "INV-A1", "600", "2027-01-12", "JD-1"), row(other, "INV-A3", "400"))
    preview = checked(again, by=xiaomei, kind=KIND)
    assert counts(preview) == {"unchanged": 1, "invalid": 1}
    assert found(preview) == [(3, "账单号", "INV-A3", "invoice_known_otherwise")]
    with pytest.raises(ImportStateError):
        undo_import(batch, actor=xiaomei, at=AT)
    assert differences() == []


def test_what_does_not_fit_or_is_stopped_is_named_and_the_rest_is_entered(xiaomei: User) -> None:
    line, stopped, late = a_line(1_000), a_line(1_000), a_line(1_000)
    the_rules(overdue_days="10", used_share="90", order_amount="800.00")
    held(line, 200)
    suspend_line(stopped, on=TODAY, actor=None, reason="核查")
    an_invoice(late, 5, on=TODAY, due_on=TODAY)
    content = file_of(
        row(line, "B1", "500"), row(stopped, "B2", "1"), row(line, "B3", "200.01"), row(line, "B4", "200"),
        row(line, "B5", "0.01"), row(line, "B6", "800.01"), row(a_firm().number, "B7", "1"), row("99", "B8", "1"),
        row(line, "B9", "0"), row(line, "C1", "1", "2027-01-16"), row(line, "C2", "1", "2027-01-14"),
        row(line, "C3", "1"), row(line, "C3", "2"), row("00000009993", "C4", "1"), row(line, "", "1"),
        row(line, "LF202702-1", "1"),
    )
    preview = checked(content, by=xiaomei, kind=KIND, skips_invalid=True)
    assert [(row[0], row[3]) for row in found(preview)] == [
        (3, "line_stopped"), (4, "over_limit"), (6, "over_limit"), (7, "over_order_amount"), (8, "no_credit_line"),
        (9, "bad_customer"), (10, "nothing_invoiced"), (11, "future_date"), (12, "before_line"),
        (13, "conflicting_rows"), (14, "conflicting_rows"), (15, "unknown_customer"), (16, "required"),
        (17, "our_number"),
    ]
    assert found(preview)[-1] == (17, "账单号", "LF202702-1", "our_number")
    batch = worked(confirmed(preview))
    assert outcomes(batch)[2] == outcomes(batch)[5] == "applied"
    assert figures(line) == [700, 200, 100] and figures(late)[0] == 5


def test_what_changed_since_the_preview_is_left_out(xiaomei: User) -> None:
    line, other = a_line(1_000), a_line(1_000)
    preview = checked(
        file_of(row(line, "D1", "400"), row(other, "D2", "10"), row(line, "D3", "300"), row(line, "D4", "100")),
        by=xiaomei, kind=KIND,
    )
    assert counts(preview) == {"new": 4}
    change_line(line, limit=Decimal(500), starts_on=TODAY, reason="降额", **when(TODAY))
    suspend_line(other, on=TODAY, actor=None, reason="核查")
    batch = worked(confirmed(preview))
    assert (batch.applied, batch.left_out) == (2, 2)
    assert outcomes(batch) == {2: "applied", 3: "left_out", 4: "left_out", 5: "applied"}
    assert figures(line) == [500, 0, 0] and fresh(other).open_amount == 0 and differences() == []


def test_list_comes_to_what_its_rows_come_to_one_by_one(xiaomei: User, settings: object) -> None:
    settings.IMPORT_CHUNK_ROWS = 7  # type: ignore[attr-defined]
    chance = random.Random(6)
    imported, by_hand = [a_line(1_000) for _ in range(4)], [a_line(1_000) for _ in range(4)]
    the_rules(used_share="95", order_amount="700")
    rows = [(chance.randrange(4), Decimal(chance.randrange(1, 80_000)) / 100) for _ in range(40)]
    preview = checked(
        file_of(*(row(imported[place], f"E{number}", amount) for number, (place, amount) in enumerate(rows))),
        by=xiaomei, kind=KIND, skips_invalid=True,
    )
    batch = worked(confirmed(preview))
    fits = set()
    for number, (place, amount) in enumerate(rows):
        try:
            entered(by_hand[place], amount, number=f"F{number}")
            fits.add(f"E{number}")
        except DrawRefusedError:
            continue
    assert set(Invoice.objects.filter(batch=batch).values_list("number", flat=True)) == fits and 4 < len(fits) < 40
    assert [figures(line) for line in imported] == [figures(line) for line in by_hand]
