"""Workbooks of firms on their way through the engine, and hand-written ones that no library would write."""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.files import File
from django.utils.translation import override
from xlsxwriter import Workbook  # type: ignore[import-untyped]

from operations.models import ImportBatch, User
from operations.services.imports import upload_file
from operations.tasks import work_through
from tests.customer_files import HEADERS, Row
from tests.customer_imports import AT

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def a_workbook(*sheets: tuple[str, Sequence[Sequence[Any]]], hidden: Iterable[str] = ()) -> bytes:
    """A workbook by XlsxWriter, of named sheets with their rows."""
    out = io.BytesIO()
    book = Workbook(out, {"strings_to_numbers": False, "strings_to_formulas": False})
    for name, rows in sheets:
        sheet = book.add_worksheet(name)
        for line, row in enumerate(rows):
            sheet.write_row(line, 0, row)
        if name in hidden:
            sheet.hide()
    book.close()
    return out.getvalue()


def rows_of(*rows: Row) -> list[list[str]]:
    """A header and rows, as a sheet has them."""
    headers = list(rows[0]) if rows else HEADERS
    return [headers, *([row.get(name, "") for name in headers] for row in rows)]


def of_firms(*rows: Row) -> bytes:
    """A workbook with one sheet of firms."""
    return a_workbook(("名单", rows_of(*rows)))


def uploaded(
    content: bytes, *, name: str = "firms.xlsx", language: str = "en", skips_invalid: bool = False,
    actor: User | None = None, sheet: str = "",
) -> ImportBatch:
    """The batch of an uploaded file, checked as far as nobody is asked."""
    with override(language):
        batch = upload_file(
            "enterprise-customers", File(io.BytesIO(content), name=name), file_name=name, skips_invalid=skips_invalid,
            actor=actor, at=AT, sheet=sheet,
        )
    return checked(batch)


def checked(batch: ImportBatch) -> ImportBatch:
    """The batch once its check has ended, where one was begun."""
    if batch.check_run_id:
        work_through(batch.check_run_id)
        batch.refresh_from_db()
    return batch


def by_hand(sheet: str, *, strings: str | None = None, more: Mapping[str, str | bytes] | None = None) -> bytes:
    """A workbook of hand-written parts, its one sheet named "S"; `more` adds parts, or stands in for some."""
    strings_relation = f'<Relationship Id="r2" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="S" sheetId="1" '
        'r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{OFFICE}/worksheet" Target="/xl/worksheets/sheet1.xml"/>{strings_relation}</Relationships>',
        "xl/worksheets/sheet1.xml": sheet,
        **({"xl/sharedStrings.xml": strings} if strings is not None else {}),
        **(more or {}),
    }  # fmt: skip
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


def sheet_of(rows: str, *, space: str = MAIN, prefix: str = "", before: str = "", after: str = "") -> str:
    """The XML of a sheet with these rows."""
    mark, colon = (f":{prefix}", f"{prefix}:") if prefix else ("", "")
    return (
        f'{before}<{colon}worksheet xmlns{mark}="{space}"><{colon}sheetData>{rows}</{colon}sheetData>{after}'
        f"</{colon}worksheet>"
    )
