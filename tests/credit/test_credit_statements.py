"""Statements of account for a month: as data, on paper and as a spreadsheet, in both languages; confirmations."""

import io
from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation
from openpyxl import load_workbook  # type: ignore[import-untyped]
from pypdf import PdfReader

from credit.documents.confirmations import confirmation_pdf, name_of
from credit.documents.statements import statement_pdf, statement_xlsx
from credit.errors import ConfirmationStateError, StatementMonthError
from credit.models import BalanceConfirmation, CreditLine
from credit.services.ageing import Bucket
from credit.services.balance_confirmations import ask_for_confirmation, confirm_balance, dispute_balance
from credit.services.credit_statements import CreditStatement, balance_on, statement_of
from memberships.models import EnterpriseCustomer
from tests.credit.credit_stories import (
    a_card_with_credit,
    a_firm,
    a_key,
    a_line,
    a_receipt,
    an_entry,
    an_invoice,
    fresh,
    morning,
    paid,
)
from tests.memberships.factories import an_operator

JANUARY, FEBRUARY, MARCH = date(2027, 1, 20), date(2027, 2, 10), date(2027, 3, 5)
#: Nothing of it may run, be markup, or break a page; the last two letters are not in the font's plane.
HOSTILE = '=1+1 <b>&amp;"\x07北京😀𠮷'


def a_month_of_everything() -> CreditLine:
    """A firm that bought in January and February, returned, paid too much, and whose bank took something back."""
    line = a_line(card=a_card_with_credit(member=a_firm(legal_name="北京恒远商贸有限公司<b>")), limit=200_000)
    paid(an_invoice(line, 1_000, on=JANUARY, due_on=date(2027, 3, 10), order_number="SO-1"), on=JANUARY, amount=250)
    second = an_invoice(line, 5_000, on=FEBRUARY, due_on=FEBRUARY)
    note = second.credit_notes.create(
        member_id=line.member_id, key=a_key("C"), number="CN-1", amount=Decimal(800), reason="退货",
        on=FEBRUARY, at=morning(FEBRUARY),
    )
    an_entry(line, "credit_note", Decimal(800), on=FEBRUARY, invoice=second, credit_note=note)
    a_receipt(line, 300, on=FEBRUARY, reference=HOSTILE)
    bounced = a_receipt(line, 40, on=FEBRUARY)
    an_entry(line, "bounce", Decimal(40), on=FEBRUARY, receipt=bounced)
    an_entry(line, "write_off", Decimal(10), on=FEBRUARY, invoice=second)
    paid(fresh(second), on=MARCH)
    return line


def words_of(pdf: bytes) -> str:
    reader = PdfReader(io.BytesIO(pdf))
    return "\n".join(page.extract_text() for page in reader.pages).replace(" ", "")


@pytest.mark.django_db
def test_statement_leads_from_the_opening_balance_to_the_closing_one() -> None:
    line = a_month_of_everything()
    statement = statement_of(line, FEBRUARY, on=MARCH)
    assert (statement.first, statement.last) == (date(2027, 2, 1), date(2027, 2, 28))
    assert (statement.opening, statement.closing) == (750, 750 + 5_000 - 800 - 300 - 40 + 40 - 10)
    assert [(move.kind, move.amount) for move in statement.movements] == [
        ("invoice", 5_000), ("credit_note", -800), ("receipt", -300), ("receipt", -40), ("bounce", 40),
        ("write_off", -10),
    ]
    assert statement.movements[-1].balance == statement.closing == statement.aged.total - statement.unapplied
    assert statement.aged.buckets == (750, 4_190, 0, 0, 0) and statement.unapplied == 300
    assert (statement.limit, statement.terms) == (200_000, {"kind": "net_days", "days": 30})
    # One month ends where the next begins; one that is not over, today.
    march = statement_of(line, MARCH, on=MARCH)
    assert (march.opening, march.last) == (statement.closing, MARCH)
    assert march.closing == balance_on(line, on=MARCH) == 750 - 300
    line.refresh_from_db()
    assert march.closing == line.open_amount - line.unapplied_amount
    assert statement_of(line, date(2026, 12, 3), on=MARCH).movements == []
    with pytest.raises(StatementMonthError):
        statement_of(line, date(2027, 4, 1), on=MARCH)


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "title"), [("zh-hans", "对账单"), ("en", "Statementofaccount")])
def test_paper_and_spreadsheet_say_the_same_in_the_readers_language(language: str, title: str) -> None:
    statement = statement_of(a_month_of_everything(), FEBRUARY, on=MARCH)
    with translation.override(language):
        paper, book = statement_pdf(statement), load_workbook(io.BytesIO(statement_xlsx(statement)))
        assert paper == statement_pdf(statement), "the same bytes for the same facts"
        words, headings = words_of(paper), {str(Bucket.CURRENT.label), str(Bucket.OVER_90.label)}
    rows = [[cell.value for cell in row] for row in book.active.iter_rows()]
    texts = [cell for row in rows for cell in row if isinstance(cell, str)]
    assert title in words and title in texts[0].replace(" ", "")
    for shown in ("北京恒远商贸有限公司<b>", "4,640.00", "4,190.00", "CN-1", "-300.00", "退货"):
        assert shown in words
    assert headings <= set(texts) and all(heading.replace(" ", "") in words for heading in headings)
    assert [statement.last, None, None, None] == [
        rows[-1][0].date(), rows[-1][2], rows[-1][3], rows[-1][4],
    ] and rows[-1][6] == 4_640
    assert not [cell for row in book.active.iter_rows() for cell in row if cell.data_type == "f"]
    assert any(text.startswith("=1+1") for text in texts)


@pytest.mark.django_db
def test_a_statement_of_many_pages_numbers_them_and_repeats_its_header() -> None:
    line = a_line()
    for _invoice in range(60):
        an_invoice(line, 10)
    statement: CreditStatement = statement_of(line, date(2027, 1, 1), on=FEBRUARY)
    with translation.override("en"):
        pages = [page.extract_text() for page in PdfReader(io.BytesIO(statement_pdf(statement))).pages]
    assert len(pages) > 1
    assert all("Balance" in page and f"Page {number}" in page for number, page in enumerate(pages, start=1))


@pytest.mark.django_db
def test_firm_is_asked_for_its_balance_disputes_it_and_confirms_it_in_the_end() -> None:
    line, actor = a_month_of_everything(), an_operator()
    february = date(2027, 2, 28)
    asked = ask_for_confirmation(line, as_of=february, on=MARCH, actor=actor)
    assert (asked.open_amount, asked.unapplied_amount, asked.state) == (4_940, 300, "asked")
    assert ask_for_confirmation(line, as_of=february, on=MARCH, actor=actor) == asked
    for language, words in {"zh-hans": "对账函", "en": "Confirmationofbalance"}.items():
        with translation.override(language):
            letter = words_of(confirmation_pdf(asked))
        assert words in letter and "4,640.00" in letter and "2027-02-28" in letter
    assert line.member.number in name_of(asked)
    for stated, note in ((Decimal(4_640), "没有差异"), (Decimal(4_000), " ")):
        with pytest.raises(ConfirmationStateError):
            dispute_balance(asked, stated_amount=stated, on=MARCH, actor=actor, note=note)
    with pytest.raises(ConfirmationStateError):
        confirm_balance(asked, on=FEBRUARY, actor=actor)
    for _repeat in range(2):
        disputed = dispute_balance(asked, stated_amount=Decimal(4_000), on=MARCH, actor=actor, note="发票未收到")
        assert (disputed.state, disputed.stated_amount, disputed.answered_on) == ("disputed", 4_000, MARCH)
    with pytest.raises(ConfirmationStateError):
        dispute_balance(asked, stated_amount=Decimal(1), on=MARCH, actor=actor, note="又不同")
    assert confirm_balance(asked, on=MARCH, actor=actor).state == "confirmed"
    assert confirm_balance(asked, on=MARCH, actor=actor).note == "发票未收到"
    for day in (date(2020, 1, 1), date(2027, 4, 1)):
        with pytest.raises(ConfirmationStateError):
            ask_for_confirmation(line, as_of=day, on=MARCH, actor=actor)
    with pytest.raises(IntegrityError), transaction.atomic():
        BalanceConfirmation.objects.filter(pk=asked.pk).update(state="asked", answered_on=None)
    assert EnterpriseCustomer.objects.get(member=line.member_id).legal_name in letter
