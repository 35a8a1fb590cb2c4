"""What differs is decided line by line or many at once; a corrected statement takes the first one's place."""

import io
from datetime import date
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import Error, transaction
from django.utils.translation import override
from openpyxl import Workbook  # type: ignore[import-untyped]

from operations.errors import FileRefusedError
from operations.imports import workbooks
from operations.models import User
from partners.errors import StatementFileError, StatementMonthError, StatementStateError
from partners.models import Partner, PartnerStatement, StatementLine
from partners.services.partner_statements import import_statement, open_lines, reopen_lines, resolve_lines
from tests.memberships.factories import an_operator
from tests.partners.statement_stories import AT, CLOSING, HEADER, MONTH, bring, iqiyi_with, line_of, verdicts

pytestmark = pytest.mark.django_db
Resolution = StatementLine.Resolution


@pytest.fixture(autouse=True)
def _in_english() -> Any:
    with override("en"):
        yield


@pytest.fixture
def operator() -> User:
    return an_operator()


def differing(operator: User) -> tuple[PartnerStatement, list[int]]:
    """A statement of three lines of which two differ in their amount."""
    partner, _offer, (first, second, third) = iqiyi_with(3)
    lines = [first, line_of(second, amount="99.00"), line_of(third, amount="97.00")]
    statement = bring(partner, lines, actor=operator).statement
    return statement, list(statement.lines.order_by("pk").values_list("pk", flat=True))


def test_differences_are_decided_with_a_note_by_whom_and_when(operator: User) -> None:
    statement, keys = differing(operator)
    facts = {"note": "与爱奇艺核对", "at": AT, "actor": operator}
    assert resolve_lines(statement, keys[:1], Resolution.ACCEPT_THEIRS, **facts) == 1
    line = statement.lines.get(pk=keys[0])
    assert (line.resolution, line.note, line.resolved_by, line.resolved_at) == (
        "accept_theirs", "与爱奇艺核对", operator, AT,
    )  # fmt: skip
    assert open_lines(statement) == 1
    assert resolve_lines(statement, None, Resolution.WRITE_OFF, verdict="amount_differs", **facts) == 1
    assert open_lines(statement) == 0


def test_decision_of_a_colleague_is_not_written_over(operator: User) -> None:
    statement, keys = differing(operator)
    facts = {"note": "核对", "at": AT, "actor": operator}
    resolve_lines(statement, keys[:1], Resolution.ACCEPT_OURS, **facts)
    assert resolve_lines(statement, keys, Resolution.ACCEPT_THEIRS, **facts) == 1, "the other one"
    assert statement.lines.get(pk=keys[0]).resolution == "accept_ours"
    assert reopen_lines(statement, keys[:1], **facts) == 1
    assert resolve_lines(statement, keys[:1], Resolution.ACCEPT_THEIRS, **facts) == 1


def test_line_of_an_unknown_product_is_not_accepted(operator: User) -> None:
    partner, _offer, fulfilments = iqiyi_with(1)
    statement = bring(partner, [*fulfilments, line_of("X1", sku="no-such")]).statement
    with pytest.raises(StatementStateError):
        resolve_lines(statement, None, Resolution.ACCEPT_THEIRS, note="?", at=AT, actor=operator)
    assert resolve_lines(statement, None, Resolution.WRITE_OFF, note="?", at=AT, actor=operator) == 1


def test_same_file_twice_is_one_statement(operator: User) -> None:
    partner, _offer, fulfilments = iqiyi_with(2)
    first, again = bring(partner, fulfilments), bring(partner, fulfilments)
    assert (first.is_new, again.is_new) == (True, False)
    assert again.statement == first.statement


def test_corrected_statement_withdraws_the_first_and_keeps_what_was_decided_in_it(operator: User) -> None:
    statement, keys = differing(operator)
    resolve_lines(statement, keys, Resolution.DISPUTE, note="核对", at=AT, actor=operator)
    (line,) = statement.lines.filter(pk=keys[0])
    corrected = bring(statement.partner, [line_of(line.fulfilment.key)]).statement  # type: ignore[union-attr]
    statement.refresh_from_db()
    assert (statement.state, corrected.state, corrected.number) == ("withdrawn", "matched", 2)
    assert statement.lines.filter(resolution="dispute").count() == 2
    with pytest.raises(StatementStateError):
        resolve_lines(statement, keys, Resolution.WRITE_OFF, note="?", at=AT, actor=operator)


def test_broken_row_is_named_and_nothing_is_written() -> None:
    partner, _offer, (first, second) = iqiyi_with(2)
    with pytest.raises(StatementFileError) as refused:
        bring(partner, [first, line_of(second, amount="-98.00"), line_of("X", currency="USD")])
    assert [(fault.line, fault.column, fault.value) for fault in refused.value.faults] == [
        (3, "amount", "-98.00"), (4, "currency", "USD"),
    ]  # fmt: skip
    assert not PartnerStatement.objects.exists()


@pytest.mark.parametrize(("line", "column", "value"), [
    (line_of("F1", amount="1,234.00"), "", "9"),
    (line_of("F1", amount="98.00001"), "amount", "98.00001"),
    (line_of("F1", amount="NaN"), "amount", "NaN"),
    (line_of(""), "order", ""),
    (line_of("1.10105E+17"), "order", "1.10105E+17"),
    (line_of("F1", state="gone"), "state", "gone"),
    (line_of("F1", started_on="2027-02-30"), "started_on", "2027-02-30"),
    (line_of("F1", started_on="2027-02-01"), "started_on", "2027-02-01"),
    (line_of("F" * 65), "order", "F" * 65),
])  # fmt: skip
def test_what_cannot_be_meant_is_refused(line: str, column: str, value: str) -> None:
    partner, _offer, fulfilments = iqiyi_with(1)
    with pytest.raises(StatementFileError) as refused:
        bring(partner, [*fulfilments, line])
    fault = refused.value.faults[0]
    assert (fault.line, fault.column, fault.value) == (3, column, value)


def test_line_of_another_month_by_its_column_is_refused() -> None:
    partner, _offer, (first,) = iqiyi_with(1)
    header = "order,amount,month"
    assert bring(partner, [f"{first.key},98,2027-01"], header=header).statement.counts["matched"] == 1
    with pytest.raises(StatementFileError, match="2026-12"):
        bring(partner, [f"{first.key},98.00,2026-12"], header=header)


def test_partners_own_headers_and_words_are_read_by_its_mapping() -> None:
    partner, _offer, (first, second) = iqiyi_with(2)
    header, lines = "履约单号,备注,应付,履约状态", [f"{first.key},x,98,开通成功", f"{second.key},y,98.0,已撤销"]
    with pytest.raises(StatementFileError, match="备注"):
        bring(partner, lines, header=header, encoding="gb18030")
    partner.statement_mapping = {
        "columns": {"备注": "", "应付": "amount", "履约状态": "state"}, "states": {"开通成功": "active"}
    }  # fmt: skip
    partner.save()
    statement = bring(partner, lines, header=header, encoding="gb18030").statement
    assert verdicts(statement) == [(3, second.key, "state_differs")]


def test_header_that_is_missing_or_twice_refuses_the_file() -> None:
    partner, _offer, _fulfilments = iqiyi_with(1)
    for header in ("order,state", "order,amount,amount", "order,amount,金额"):
        with pytest.raises(StatementFileError):
            bring(partner, ["F1,98,98"], header=header)


def test_what_is_no_text_is_refused() -> None:
    partner, _offer, _fulfilments = iqiyi_with(1)
    for data in (b"", b"\xff\xfe\x00o", HEADER.encode() + b"\n\0"):
        with pytest.raises(FileRefusedError):
            import_statement(partner, ContentFile(data, name="x.csv"), month=MONTH, on=CLOSING, at=AT, actor=None)
    with pytest.raises(StatementMonthError):
        bring(partner, [], month=date(2027, 3, 1))


def test_lines_and_statements_cannot_be_changed_past_the_services() -> None:
    partner, _offer, (first,) = iqiyi_with(1)
    statement = bring(partner, [line_of(first, amount="97")]).statement
    for forbidden in (
        lambda: statement.lines.update(amount=1),
        lambda: statement.lines.all().delete(),
        lambda: PartnerStatement.objects.update(counts={}),
        lambda: PartnerStatement.objects.all().delete(),
    ):
        with pytest.raises(Error), transaction.atomic():
            forbidden()


def a_workbook(*rows: list[object]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def bring_bytes(partner: Partner, data: bytes) -> PartnerStatement:
    file = ContentFile(data, name="一月.xlsx")
    return import_statement(partner, file, month=MONTH, on=CLOSING, at=AT, actor=None).statement


def test_workbook_is_read_like_a_csv_file() -> None:
    partner, _offer, (first, second) = iqiyi_with(2)
    statement = bring_bytes(partner, a_workbook(
        ["订单号", "金额", "状态", "开始日期"], [first.key, 98.0, "生效", date(2027, 1, 15)], [],
        [second.key, 97.5, None, None],
    ))  # fmt: skip
    assert verdicts(statement) == [(4, second.key, "amount_differs")]
    with pytest.raises(StatementFileError, match="e\\+17"):
        bring_bytes(partner, a_workbook(["order", "amount"], [1.10105e17, 98]))


def test_workbook_that_would_exhaust_us_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    partner, _offer, _fulfilments = iqiyi_with(1)
    data = a_workbook(["order", "amount"], *(["x" * 100, 1] for _ in range(100)))
    for broken in (b"PK\x03\x04 no workbook", data[: len(data) // 2]):
        with pytest.raises(FileRefusedError):
            bring_bytes(partner, broken)
    monkeypatch.setattr(workbooks, "LIMITS", workbooks.LIMITS._replace(unpacked=1000))
    with pytest.raises(FileRefusedError, match="1000"):
        bring_bytes(partner, data)
