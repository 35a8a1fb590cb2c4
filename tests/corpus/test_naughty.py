"""Every naughty string in every column of every import: kept as it is, or refused by row, column and value."""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from django.core.files import File
from django.urls import reverse
from django.utils.html import escape
from xlsxwriter import Workbook  # type: ignore[import-untyped]

from memberships.importers import EnterpriseCustomerResource
from memberships.models import EnterpriseCustomer, Plan
from operations import registry
from operations.imports.cells import CONTROL
from operations.imports.exports import CLEAR_MARKS, guard_formula, unguarded
from operations.imports.fields import ImportField
from operations.imports.importer import Importer
from operations.imports.widgets import CellError, ChoiceWidget, Folding
from operations.models import ImportBatch
from operations.services.import_previews import row_faults
from operations.services.imports import upload_file
from operations.tasks import work_through
from tests.cells import trimmed
from tests.corpus.naughty import INJECTIONS, NAUGHTY
from tests.customer_files import a_bad_row, a_row
from tests.customer_imports import AT, TODAY, applied, error_file, file_of
from tests.customer_imports import checked as checked_list
from tests.memberships.admin_pages import a_superuser
from tests.memberships.factories import an_annual_card, jd_plus_enterprise
from tests.operations.test_import_pages import seen, signed_in, uploaded

pytestmark = pytest.mark.django_db
Table = list[list[str]]
REMARKS = next(field for field in EnterpriseCustomerResource().get_import_fields() if field.staged == "remarks")


@pytest.fixture(autouse=True)
def card() -> Plan:
    return an_annual_card(jd_plus_enterprise(), code="classic", name="经典卡", name_en="Classic card")


def table_of(fields: list[ImportField]) -> Table:
    """A header, and a row for each string and column, with nothing but blanks and a word beside it."""
    width = len(fields)
    rows = [["x" if other != place else text for other in range(width)] for place in range(width) for text in NAUGHTY]
    return [[field.headers[0] for field in fields], *rows]


def as_csv(table: Table) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(table)
    return out.getvalue().encode("utf-8-sig")


def as_workbook(table: Table) -> bytes:
    out = io.BytesIO()
    book = Workbook(out)
    sheet = book.add_worksheet()
    for line, row in enumerate(table):
        for place, cell in enumerate(row):
            sheet.write_string(line, place, cell)
    book.close()
    return out.getvalue()


def checked(importer: Importer, content: bytes, name: str) -> ImportBatch:
    file = File(io.BytesIO(content), name=name)
    batch = upload_file(importer.name, file, file_name=name, skips_invalid=True, actor=None, at=AT)
    work_through(batch.check_run_id or 0)
    batch.refresh_from_db()
    assert batch.state == ImportBatch.State.CHECKED, batch.faults
    return batch


def meant(field: ImportField, cell: str) -> Any:
    """What a column makes of a cell: all that is ever done to a text is here. CellError where it takes no such text.

    What an export put before a formula is taken off; white space around a text is none of it; names and codes have
    usual letters for full-width ones; "-" clears; amounts, days, choices are what their rule for one cell says.
    """
    text = trimmed(unguarded(cell), field.widget.folding)
    if text is None or text in CLEAR_MARKS:
        return None
    if field.widget.folding is not Folding.NFKC:
        return field.widget.clean(text)
    return str(field.widget.clean(text))


@pytest.mark.parametrize("name", sorted(each.name for each in registry.importers))
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_every_string_in_every_column_is_kept_or_named(name: str, kind: str) -> None:
    importer = registry.importers.get(name)
    fields = importer.fields(on=TODAY)
    table = table_of(fields)
    batch = checked(importer, as_csv(table) if kind == "csv" else as_workbook(table), f"list.{kind}")
    rows = {row.line: row for row in importer.staged.objects.filter(batch_id=batch.pk)}
    refused = {(fault.line, fault.field): fault for fault in row_faults(batch)}
    kept = 0
    for (field, text), line in zip(product(fields, NAUGHTY), lines_of(table, kind), strict=True):
        fault = refused.get((line, field.staged))
        if fault is not None:
            assert fault.column == field.headers[0] and fault.code and fault.message
            assert kind == "xlsx" or importer.is_secret or field.is_personal or fault.value == text
        elif not importer.is_secret:
            assert kind == "csv" or not CONTROL.search(text)
            assert_kept(field, text, getattr(rows[line], field.staged))
            kept += 1
    assert kept or importer.is_secret


def lines_of(table: Table, kind: str) -> Iterator[int]:
    """By which number each row below the header goes; breaks of lines in quotes count as lines of a text."""
    line = 2
    for row in table[1:]:
        yield line
        breaks = "".join(row).replace("\r\n", "\n").replace("\r", "\n").count("\n")
        line += 1 if kind == "xlsx" else 1 + breaks


def assert_kept(field: ImportField, text: str, staged: Any) -> None:
    """What was staged is what the column's own rule says of the text."""
    try:
        expected = meant(field, text)
    except CellError as error:
        pytest.fail(f"{field.staged} took {text!r}, which breaks {error.code}")
    if isinstance(staged, int | Decimal) and expected is not None and not isinstance(field.widget, ChoiceWidget):
        assert Decimal(staged) == Decimal(expected), (field.staged, text)
    else:
        assert (staged if staged is None else str(staged)) == expected, (field.staged, text)


# --- what was taken, at the desk


def test_what_was_taken_is_stored_and_shown_as_it_is() -> None:
    """Of firms: in their names, contacts, places and remarks, on their pages, in the list and in the preview."""
    taken = [text for text in NAUGHTY if meant(REMARKS, text)]
    rows = [
        a_row(number, 企业名称=f"京{text}", 联系人=f"韩{text}", 城市=f"杭{text}"[:50], 备注=text)
        for number, text in enumerate(taken, start=1)
    ]
    batch = applied(file_of(*rows))
    assert batch.applied == len(rows)
    firms = list(EnterpriseCustomer.objects.order_by("pk"))
    for firm, text in zip(firms, taken, strict=True):
        assert firm.remarks == meant(REMARKS, text)
        assert firm.legal_name == trimmed(f"京{text}", Folding.WIDTH)
    desk = signed_in(a_superuser())
    for firm in firms:
        if set(firm.remarks) & set("<>&\"'{%$`"):
            page = desk.get(reverse("admin:memberships_enterprisecustomer_change", args=[firm.pk])).content.decode()
            assert_escaped(page, firm.legal_name)
            assert escape(firm.remarks) in page
    page = desk.get(reverse("admin:memberships_enterprisecustomer_changelist")).content.decode()
    for firm in firms[-50:]:
        assert_escaped(page, firm.legal_name)


def test_a_preview_shows_every_string_as_it_is() -> None:
    desk = signed_in(a_superuser())
    batch = uploaded(desk, [a_row(number, 企业名称=f"京{text}") for number, text in enumerate(INJECTIONS, start=1)])
    page = seen(desk, batch, rows="new") + seen(desk, batch, rows="new", after=51)
    for text in INJECTIONS[:90]:
        assert " ".join(escape(trimmed(f"京{text}", Folding.WIDTH)).split()) in page
    assert "<script>alert" not in page and "<img src=x" not in page and "京49" not in page
    bad = uploaded(desk, [a_row(number, 手机号=text) for number, text in enumerate(INJECTIONS, start=1)])
    page = seen(desk, bad, rows="invalid")
    assert "<script>alert" not in page and "<img src=x" not in page


def test_the_error_file_hands_every_string_back_and_runs_none() -> None:
    """Beside a telephone that is none: as it was read, but for the mark before what a spreadsheet would run."""
    rows = [{**a_bad_row(number), "备注": text} for number, text in enumerate(NAUGHTY, start=1)]
    batch = checked_list(file_of(*rows))
    handed = list(csv.DictReader(io.StringIO(error_file(batch).decode("utf-8-sig"), newline="")))
    assert len(handed) == len(NAUGHTY)
    for row, text in zip(handed, NAUGHTY, strict=True):
        assert row["备注"] in (text, guard_formula(text))
        assert guard_formula(row["备注"]) == row["备注"]


def assert_escaped(page: str, text: str) -> None:
    """It stands there as a text, and nothing of it became a part of the page, or of the template."""
    assert escape(text) in page
    assert "<script>alert" not in page and "<img src=x" not in page and "<svg/onload" not in page
    assert "京49" not in page
