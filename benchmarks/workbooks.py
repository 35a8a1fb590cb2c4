"""The list of firms as workbooks: as programs write them that hold no sheet in memory, and as Excel does."""

import zipfile
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import IO
from xml.sax.saxutils import escape

from xlsxwriter import Workbook  # type: ignore[import-untyped]

from benchmarks.firms import HEADERS, Firm, make_firms
from operations.imports.merges import letters_of

SHEET = "名单"
_XML = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" '
    'ContentType="application/xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" '
    f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="{SHEET}" sheetId="1" '
    'r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" '
    f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="{_OFFICE}/sharedStrings" '
    'Target="sharedStrings.xml"/></Relationships>',
}  # fmt: skip


def write_inline(path: Path, first: int, rows: int) -> None:
    """By XlsxWriter in constant memory: each text stands in its cell."""
    book = Workbook(path, {"constant_memory": True, "use_zip64": True})
    sheet = book.add_worksheet(SHEET)
    for line, row in enumerate(_table(first, rows)):
        for place, cell in enumerate(row):
            sheet.write_string(line, place, cell)
    book.close()


def write_shared(path: Path, first: int, rows: int) -> None:
    """As Excel does: the texts stand in one part, each once, and the cells have their numbers.

    Written by hand, since the libraries would hold all of it in memory; a text that only one row has is not looked up.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in _PARTS.items():
            archive.writestr(name, _XML + text.encode())
        texts = path.with_suffix(".texts")
        with texts.open("wb") as shared, archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            _write_sheet(sheet, shared, _table(first, rows))
        archive.write(texts, "xl/sharedStrings.xml")
        texts.unlink()


def _write_sheet(sheet: IO[bytes], shared: IO[bytes], table: Iterable[Iterable[str]]) -> None:
    known: dict[str, int] = {}
    numbers = count()
    letters = [letters_of(place) for place in range(len(HEADERS))]
    shared.write(_XML + f'<sst xmlns="{_MAIN}">'.encode())
    sheet.write(_XML + f'<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
    for line, row in enumerate(table, 1):
        cells = []
        for letter, cell in zip(letters, row, strict=True):
            number = known.get(cell)
            if number is None:
                number = next(numbers)
                shared.write(f"<si><t>{escape(cell)}</t></si>".encode())
                if len(known) < 10_000:
                    known[cell] = number
            cells.append(f'<c r="{letter}{line}" t="s"><v>{number}</v></c>')
        sheet.write(f'<row r="{line}">{"".join(cells)}</row>'.encode())
    sheet.write(b"</sheetData></worksheet>")
    shared.write(b"</sst>")


def _table(first: int, rows: int) -> Iterable[Iterable[str]]:
    yield HEADERS
    yield from map(Firm.__iter__, make_firms(first, rows))
