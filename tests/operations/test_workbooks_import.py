"""A workbook on its way through the engine: its sheet is chosen, it is checked, applied, its wrong rows handed back."""

import io
import json
import signal
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils.translation import override
from openpyxl import Workbook, load_workbook  # type: ignore[import-untyped]

from memberships.models import EnterpriseCustomer, Plan
from operations.errors import FileRefusedError, ImportStateError
from operations.imports import workbooks
from operations.models import ImportBatch, ImportRow
from operations.services.import_notes import notes_in_words
from operations.services.imports import choose_sheet, discard_import, glimpses
from tests.customer_files import HEADERS, a_bad_row, a_row, csv_file
from tests.customer_imports import AT, codes, counts, error_file, faults
from tests.memberships.factories import an_annual_card, an_operator, jd_plus_enterprise
from tests.memberships.import_stories import confirmed, worked
from tests.operations.workbook_stories import a_workbook, by_hand, checked, of_firms, rows_of, sheet_of, uploaded

pytestmark = pytest.mark.django_db
State = ImportBatch.State
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


@pytest.fixture(autouse=True)
def classic() -> Plan:
    return an_annual_card(jd_plus_enterprise(), code="classic", name="经典卡", name_en="Classic card")


def with_cell(place: str, value: Any, number_format: str = "General", **cells: str) -> bytes:
    """A workbook of one firm, by openpyxl, with something else in a cell."""
    book, out = Workbook(), io.BytesIO()
    for row in rows_of(a_row(1, **cells)):
        book.active.append(row)
    book.active[place] = value
    book.active[place].number_format = number_format
    book.save(out)
    return out.getvalue()


# --- sheets


def test_a_workbook_is_imported_like_a_csv_file() -> None:
    batch = uploaded(of_firms(a_row(1), a_row(2)))
    assert (batch.state, counts(batch), batch.encoding, batch.sheet) == ("checked", {"new": 2}, "xlsx", "名单")
    assert worked(confirmed(batch)).applied == 2
    assert counts(uploaded(csv_file([a_row(1), a_row(2)]), name="firms.csv")) == {"unchanged": 2}


def test_the_one_sheet_with_anything_in_it_is_taken_without_asking() -> None:
    batch = uploaded(a_workbook(("空", []), ("名单", rows_of(a_row(1))), ("Sheet3", [[""], ["  "]]), hidden=["名单"]))
    assert (batch.state, batch.sheet) == ("checked", "名单")
    with override("en"):
        assert notes_in_words(batch) == ["Read was the sheet “名单”, which is hidden."]


def test_several_sheets_wait_for_a_choice() -> None:
    content = a_workbook(("旧", rows_of(a_row(1))), ("新", rows_of(a_row(2), a_row(3))), ("空", []), hidden=["新"])
    batch = uploaded(content)
    assert (batch.state, batch.check_run, batch.sheet) == ("choosing", None, "")
    assert [(sheet.name, sheet.is_hidden, len(sheet.rows)) for sheet in glimpses(batch)] == [
        ("旧", False, 2), ("新", True, 3), ("空", False, 0),
    ]
    with pytest.raises(FileRefusedError, match="旧, 新, 空"):
        choose_sheet(batch, "新 ", actor=None, at=AT)
    batch = checked(choose_sheet(batch, "新", actor=None, at=AT))
    assert (batch.state, counts(batch), batch.sheet) == ("checked", {"new": 2}, "新")
    with pytest.raises(ImportStateError):
        choose_sheet(batch, "旧", actor=None, at=AT)


def test_a_choice_that_nobody_makes_is_discarded() -> None:
    batch = uploaded(a_workbook(("一", rows_of(a_row(1))), ("二", rows_of(a_row(2)))))
    assert discard_import(batch, actor=None, at=AT).state == State.DISCARDED


def test_a_sheet_named_at_once_is_not_asked_for() -> None:
    content = a_workbook(("一", rows_of(a_row(1))), ("二", rows_of(a_row(2))))
    assert uploaded(content, sheet="二").state == State.CHECKED
    assert codes(uploaded(content, sheet="三")) == [(1, "no_such_sheet")]
    assert codes(uploaded(csv_file([a_row(1)]), name="firms.csv", sheet="一")) == [(1, "no_such_sheet")]


# --- rows and cells


def test_faults_name_the_rows_that_the_operator_sees() -> None:
    rows: list[list[str]] = [[], *rows_of(a_row(1)), [], [], [*a_row(2, 手机号="1").values()]]
    batch = uploaded(a_workbook(("名单", rows)))
    assert (counts(batch), codes(batch)) == ({"new": 1, "invalid": 1}, [(6, "bad_mobile")])


@pytest.mark.parametrize(
    ("place", "value", "number_format", "code"),
    [
        ("A2", 123456789012345678, "0", "spreadsheet_number"), ("F2", 1e15, "General", "spreadsheet_number"),
        ("A2", "=1+1", "General", "no_stored_value"), ("A2", "#N/A", "General", "error_value"),
        ("A2", "_x0001_", "@", "control_character"), ("A2", -5, "yyyy-mm-dd", "bad_cell"),
    ],
)
def test_a_cell_that_cannot_be_told_for_certain_is_a_fault_of_its_row(
    place: str, value: Any, number_format: str, code: str
) -> None:
    batch = uploaded(with_cell(place, value, number_format))
    (fault,) = faults(batch)
    assert (fault.line, fault.column, fault.code) == (2, HEADERS[ord(place[0]) - 65], code)
    assert counts(batch) == {"invalid": 1}
    for language in ("en", "zh-hans"):
        with override(language):
            assert fault.message


def test_a_ragged_row_is_one_and_blank_cells_behind_the_header_are_none() -> None:
    header, row = rows_of(a_row(1))
    batch = uploaded(a_workbook(("名单", [[*header, ""], [*row, "x"], [*a_row(2).values(), " "]])))
    assert (codes(batch), counts(batch)) == ([(2, "ragged_row")], {"new": 1, "invalid": 1})


def test_a_merged_header_refuses_the_file_and_names_the_area() -> None:
    book, out = Workbook(), io.BytesIO()
    for row in rows_of(a_row(1)):
        book.active.append(row)
    book.active.merge_cells("B1:C1")
    book.save(out)
    (fault,) = faults(uploaded(out.getvalue()))
    assert (fault.code, fault.column, fault.expected) == ("merged_cells", "C", "B1:C1")


def test_notes_are_kept_and_said_in_the_readers_language() -> None:
    book, out = Workbook(), io.BytesIO()
    for row in rows_of(*map(a_row, range(1, 9))):
        book.active.append(row)
    for line in (3, 4, 9):
        book.active.row_dimensions[line].hidden = True
    book.save(out)
    batch = uploaded(out.getvalue())
    assert counts(batch) == {"new": 8}
    with override("en"):
        assert notes_in_words(batch) == ["Read was the sheet “Sheet”.", "3 hidden rows were read, too: 3-4, 9."]
    with override("zh-hans"):
        assert notes_in_words(batch)[1] == "也读取了 3 个隐藏行：3-4, 9。"


# --- files that are refused


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (csv_file([a_row(1)]), "firms.xlsx", "named_otherwise"), (of_firms(a_row(1)), "firms.csv", "named_otherwise"),
        (of_firms(a_row(1)), "firms.xls", "named_otherwise"), (b"<html>", "bank.xls", "named_otherwise"),
        (OLE, "firms.xls", "old_workbook"), (OLE, "firms.xlsx", "old_workbook"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "firms.xlsx", "encrypted_workbook"),
        (of_firms(a_row(1))[:-100], "firms.xlsx", "bad_workbook"), (b"PK\x03\x04", "firms.xlsx", "bad_workbook"),
        (by_hand("", more={"_rels/.rels": "<Relationships/>"}), "firms.ods", "not_a_workbook"),
        (of_firms(a_row(1)), "a/b.xlsx", "bad_file_name"), (of_firms(a_row(1)), "..\\b.xlsx", "bad_file_name"),
        (of_firms(a_row(1)), "b\x00.xlsx", "bad_file_name"), (csv_file([a_row(1)]), "b\x1b[31m.csv", "bad_file_name"),
        (csv_file([a_row(1)]), "名" * 300 + ".csv", "bad_file_name"),
        (csv_file([a_row(1)]) + b"," * 1_000_000 + b"\n", "firms.csv", "too_many_columns"),
        (b"", "firms.xlsx", "empty_file"), (a_workbook(("空", [])), "firms.xlsx", "empty_file"),
        (by_hand(sheet_of('<row r="1"><c r="XFD1"><v>1</v></c></row>')), "firms.xlsx", "too_many_columns"),
    ],
)
def test_what_is_no_list_is_refused_by_its_cause(content: bytes, name: str, code: str) -> None:
    batch = uploaded(content, name=name)
    assert batch.state == State.REFUSED
    assert [fault.code for fault in faults(batch)] == [code]
    assert not EnterpriseCustomer.objects.exists()
    for language in ("en", "zh-hans"):
        with override(language):
            assert faults(batch)[0].message


def test_a_file_that_was_exchanged_in_the_storage_is_not_read() -> None:
    batch = uploaded(of_firms(a_row(1)))
    Path(batch.file.path).write_bytes(of_firms(a_row(2)))
    batch = choosing_again(batch)
    assert codes(batch) == [(1, "file_altered")]


def choosing_again(batch: ImportBatch) -> ImportBatch:
    """The batch, its sheet chosen anew."""
    ImportBatch.objects.filter(pk=batch.pk).update(state=State.CHOOSING)
    return checked(choose_sheet(batch, batch.sheet, actor=None, at=AT + timedelta(minutes=1)))


@pytest.mark.parametrize(
    ("sign", "code"),
    [(signal.SIGKILL, "check_stopped"), (signal.SIGXCPU, "workbook_too_large"), (signal.SIGSEGV, "bad_workbook")],
)
def test_a_reader_that_is_killed_leaves_a_reason_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, sign: signal.Signals, code: str
) -> None:
    batch = uploaded(a_workbook(("一", rows_of(*map(a_row, range(1, 4000)))), ("二", rows_of(a_row(2)))))
    began = subprocess.Popen

    def killed(*args: Any, **options: Any) -> "subprocess.Popen[bytes]":
        process = began(*args, **options)
        process.send_signal(sign)
        return process

    monkeypatch.setattr(workbooks.subprocess, "Popen", killed)
    batch = checked(choose_sheet(batch, "一", actor=None, at=AT))
    assert [fault.code for fault in faults(batch)] == [code]
    assert (batch.state, ImportRow.objects.count()) == (State.REFUSED, 0)


# --- what is handed back


def test_the_error_file_is_a_workbook_that_can_come_again() -> None:
    row = a_row(2, 企业名称="=1+1", 联系人="@张")
    batch = uploaded(of_firms(a_row(1), {**row, "手机号": "1"}, a_bad_row(3)))
    sheet = load_workbook(io.BytesIO(error_file(batch))).active
    assert sheet is not None and sheet.title == "名单"
    header, first, second = sheet.iter_rows()
    assert [cell.value for cell in header] == [*HEADERS, "错误原因"]
    found = [cell for cell in (*first, *second) if cell.value is not None]
    assert {(cell.data_type, cell.number_format) for cell in found} == {("s", "@")}
    assert [cell.value for cell in first][:4] == ["=1+1", row["统一社会信用代码"], "@张", "1"]
    first[3].value, second[3].value = "13900000002", "13900000003"
    mended = io.BytesIO()
    sheet.parent.save(mended)
    again = uploaded(mended.getvalue())
    assert (faults(again), counts(again)) == ([], {"new": 2})


def test_an_error_file_that_nobody_mended_is_wrong_again() -> None:
    for place, value in (("A2", 123456789012345678), ("F2", "#N/A"), ("F2", "_x0001_")):
        batch = uploaded(with_cell(place, value))
        assert [fault.code for fault in faults(uploaded(error_file(batch)))] == ["error_value"]


# --- the command


def command(path: Path, *options: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    with pytest.raises(SystemExit) as ended:
        call_command("import_file", "enterprise-customers", str(path), "--json", *options)
    return int(ended.value.code or 0), json.loads(capsys.readouterr().out)


def test_the_command_names_the_sheets_it_is_to_choose_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "firms.xlsx"
    path.write_bytes(a_workbook(("一", rows_of(a_row(1))), ("二", rows_of(a_row(2)))))
    code, said = command(path, capsys=capsys)
    assert (code, [error["code"] for error in said["errors"]]) == (2, ["several_sheets"])
    assert "一" in said["errors"][0]["message"] and "二" in said["errors"][0]["message"]
    code, said = command(path, "--sheet", "二", "--apply", capsys=capsys)
    assert (code, said["applied"], len(said["notes"])) == (0, 1, 1)
    code, said = command(path, "--sheet", "三", capsys=capsys)
    assert (code, said["errors"][0]["code"]) == (2, "no_such_sheet")
    assert EnterpriseCustomer.objects.count() == 1


def test_the_command_refuses_names_with_control_characters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "fi\nrms.csv"
    path.write_bytes(csv_file([a_row(1)]))
    code, said = command(path, "--apply", capsys=capsys)
    assert (code, said["errors"][0]["code"], said["errors"][0]["value"]) == (2, "bad_file_name", "fi\ufffdrms.csv")
    assert an_operator() and not EnterpriseCustomer.objects.exists()
