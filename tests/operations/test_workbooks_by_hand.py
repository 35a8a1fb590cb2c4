"""Workbooks that no library writes, but some program does, or somebody who means harm: read as they are, or refused."""

import io
import zipfile

import pytest

from operations.imports.reader import read_blocks
from operations.imports.workbooks import LIMITS, open_sheet
from tests.operations.test_workbooks import read, refused
from tests.operations.workbook_stories import MAIN, OFFICE, PACKAGE, STRICT, by_hand, sheet_of

HEADER = '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="B1" t="inlineStr"><is><t>b</t></is></c></row>'
ROW = '<row r="2"><c r="A2"><v>1</v></c></row>'
DOCTYPE = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def row(cells: str) -> list[str]:
    """The cells of row 2, below a header of two columns; nothing is wrong with them."""
    rows, faults, _notes = read(by_hand(sheet_of(HEADER + f'<row r="2">{cells}</row>')), "S")
    assert faults == {}
    return rows[1][1]


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ('<c r="B2"><v>1.50</v></c>', ["", "1.5"]),
        ("<c><v>1</v></c><c><v>2</v></c>", ["1", "2"]),
        ('<c r="A2" t="inlineStr"><is><r><t>x </t></r><r><t xml:space="preserve"> y</t></r></is></c>', ["x  y", ""]),
        ('<c r="A2" t="inlineStr"><is><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh></is></c>', ["東京", ""]),
        ('<c r="A2" t="str"><f>B1</f><v></v></c><c r="B2" t="b"><v>0</v></c>', ["", "FALSE"]),
        ('<c r="A2" t="d"><v>2027-01-15T00:00:00</v></c><c r="B2" t="d"><v>2027-01-15T09:30:00</v></c>',
         ["2027-01-15", "2027-01-15 09:30:00"]),
        ('<c r="A2" t="d"><v>2027-01-15</v></c><c r="B2" t="d"><v>09:30:00.500</v></c>',
         ["2027-01-15", "09:30:00.500"]),
        ('<c r="A2" t="inlineStr"><is><t>&lt;&amp;&#x4E00;_x005F_x0041__xD83D__xDE00_</t></is></c>',
         ["<&一_x0041_😀", ""]),
    ],
)  # fmt: skip
def test_cells_are_read_as_the_standard_has_them(cells: str, found: list[str]) -> None:
    assert row(cells) == [*found, ""][:2]


@pytest.mark.parametrize("space", [MAIN, STRICT])
@pytest.mark.parametrize("prefix", ["", "x"])
def test_prefixes_and_the_strict_kind_are_taken(space: str, prefix: str) -> None:
    mark = f"{prefix}:" if prefix else ""
    rows = (HEADER + ROW).replace("</", f"</{mark}").replace("<", f"<{mark}").replace(f"<{mark}/{mark}", f"</{mark}")
    assert read(by_hand(sheet_of(rows, space=space, prefix=prefix)), "S")[0] == [(1, ["a", "b"]), (2, ["1", ""])]


def test_utf_16_is_read_and_its_merged_areas_are_found() -> None:
    text = '<?xml version="1.0" encoding="UTF-16"?>' + sheet_of(
        HEADER + ROW, after='<mergeCells><mergeCell ref="A2:B2"/></mergeCells>'
    )
    assert read(by_hand("", more={"xl/worksheets/sheet1.xml": text.encode("utf-16")}), "S")[1] == {"B2": "merged_cells"}


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ('<row r="3"/><row r="2"/>', "bad_workbook"), ('<row r="2"/><row r="2"/>', "bad_workbook"),
        ('<row r="2"><c r="B2"><v>1</v></c><c r="A2"><v>1</v></c></row>', "bad_workbook"),
        ('<row r="2"><c r="A3"><v>1</v></c></row>', "bad_workbook"), ('<row r="0"/>', "bad_workbook"),
        ('<row r="2"><c r="a2"><v>1</v></c></row>', "bad_workbook"),
        ('<row r="2"><c r="A2" t="s"><v>0</v></c></row>', "bad_workbook"),
        ('<row r="2"><c r="A2" t="s"><v>-1</v></c></row>', "bad_workbook"),
        ('<row r="2"><c r="A2" t="x"><v>0</v></c></row>', "bad_workbook"),
        ('<row r="99999999"><c r="A99999999"><v>1</v></c></row>', "workbook_too_large"),
        ('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', "too_many_columns"),
        (f'<row r="2"><c r="A2"><v>{"1" * 200_000}</v></c></row>', "cell_too_large"),
        ('<row r="2"><c r="A2"><v>1</v></c>', "bad_workbook"),
        (f'<row r="2"><c r="A2" t="{"x" * (4 << 20)}"/></row>', "bad_workbook"),
    ],
)
def test_what_contradicts_itself_is_refused_and_not_guessed(rows: str, code: str) -> None:
    assert refused(by_hand(sheet_of(HEADER + rows)), "S") == code


@pytest.mark.parametrize("value", ["nan", "inf", "1_000", "0x10", "１２", "1 2"])
def test_what_is_no_number_is_wrong_with_its_cell(value: str) -> None:
    rows = HEADER + f'<row r="2"><c r="A2"><v>{value}</v></c></row>'
    assert read(by_hand(sheet_of(rows)), "S")[1] == {"A2": "bad_cell"}


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "_rels/.rels"]
)
def test_a_doctype_is_refused_in_whatever_part(part: str) -> None:
    plain = by_hand(sheet_of(HEADER + ROW), strings=f'<sst xmlns="{MAIN}"/>')
    with zipfile.ZipFile(io.BytesIO(plain)) as archive:
        text = archive.read(part).decode()
    broken = by_hand(sheet_of(HEADER + ROW), strings=f'<sst xmlns="{MAIN}"/>', more={part: DOCTYPE + text})
    assert refused(broken, "S") == "workbook_entities"


def test_an_area_that_hides_from_the_first_look_is_refused() -> None:
    hidden = '<mergeCells><mergeCell ref="A2&#58;B2"/></mergeCells>'
    assert refused(by_hand(sheet_of(HEADER + ROW, after=hidden)), "S") == "bad_workbook"


def test_rows_hidden_by_default_are_named() -> None:
    sheet = sheet_of(HEADER + ROW + '<row r="3" hidden="0"><c r="A3"><v>1</v></c></row>').replace(
        "<sheetData>", '<sheetFormatPr zeroHeight="1"/><sheetData>'
    )
    assert read(by_hand(sheet), "S")[2][0]["ranges"] == [[1, 2]]


def test_a_shared_text_that_is_too_long_is_refused_where_it_stands() -> None:
    strings = f'<sst xmlns="{MAIN}"><si><t>x</t></si><si><t>{"y" * 131_073}</t></si></sst>'
    taken = HEADER + '<row r="2"><c r="B2" t="s"><v>0</v></c></row>'
    assert read(by_hand(sheet_of(taken), strings=strings), "S")[0][1] == (2, ["", "x"])
    assert refused(by_hand(sheet_of(taken.replace("<v>0<", "<v>1<")), strings=strings), "S") == "cell_too_large"


@pytest.mark.parametrize(
    ("kind", "value"), [("d", "Tom T Thumb"), ("d", "2027-01-15T"), ("b", "2"), ("b", "TRUE"), ("b", "nein")]
)
def test_what_is_no_day_or_boolean_is_wrong_with_its_cell(kind: str, value: str) -> None:
    cell = f'<row r="2"><c r="A2" t="{kind}"><v>{value}</v></c></row>'
    assert read(by_hand(sheet_of(HEADER + cell)), "S")[1] == {"A2": "bad_cell"}


@pytest.mark.parametrize("columns", ['min="0" max="1"', 'min="2" max="1"', f'min="1" max="{"9" * 5_000}"'])
def test_hidden_columns_that_are_none_are_not_named(columns: str) -> None:
    sheet = sheet_of(HEADER).replace("<sheetData>", f'<cols><col {columns} hidden="1"/></cols><sheetData>')
    assert read(by_hand(sheet), "S")[2] == []


def test_a_number_of_a_text_that_has_thousands_of_digits_is_said_to_be_wrong() -> None:
    cell = f'<row r="2"><c r="A2" t="s"><v>{"9" * 5_000}</v></c></row>'
    assert refused(by_hand(sheet_of(HEADER + cell)), "S") == "bad_workbook"
    assert row(f'<c s="{"9" * 5_000}"><v>5</v></c>') == ["5", ""]


def test_a_format_whose_number_has_thousands_of_digits_is_none() -> None:
    styles = f'<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="{"9" * 5_000}"/></cellXfs></styleSheet>'
    relation = (
        f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" Type="{OFFICE}/worksheet" '
        f'Target="worksheets/sheet1.xml"/><Relationship Id="s" Type="{OFFICE}/styles" Target="styles.xml"/>'
        "</Relationships>"
    )
    sheet = sheet_of(HEADER + '<row r="2"><c r="A2" s="0"><v>5</v></c></row>')
    data = by_hand(sheet, more={"xl/styles.xml": styles, "xl/_rels/workbook.xml.rels": relation})
    assert read(data, "S")[0][1] == (2, ["5", ""])


def test_cells_that_hold_nothing_are_no_more_at_a_time_than_others() -> None:
    """Formulas without a value have no character, and take a worker's memory all the same."""
    rows = HEADER + "".join(f'<row r="{line}">{"<c><f/></c>" * 1_024}</row>' for line in range(2, 202))
    far = HEADER + "".join(f'<row r="{line}"><c r="AMJ{line}"><v>1</v></c></row>' for line in range(2, 4_002))
    with open_sheet(io.BytesIO(by_hand(sheet_of(rows))), "S") as source:
        blocks = list(read_blocks(iter(source), source))
    assert max(sum(len(record.faults) for record in block) for block in blocks) < 100_000
    with open_sheet(io.BytesIO(by_hand(sheet_of(far))), "S") as source:
        blocks = list(read_blocks(iter(source), source))
    assert max(sum(len(record.cells) for record in block) for block in blocks) < 2_000_000
    assert sum(map(len, blocks)) == 4_001


@pytest.mark.parametrize(("name", "most"), [("memory", 120 << 20), ("seconds", 1)])
def test_a_process_that_reaches_its_limits_ends_and_says_so(
    monkeypatch: pytest.MonkeyPatch, name: str, most: int
) -> None:
    texts = "".join(f"<si><t>{number:>1000}</t></si>" for number in range(100_000))
    strings = f'<sst xmlns="{MAIN}">{texts if name == "memory" else texts.replace(" ", "<x/>" * 3)}</sst>'
    data = by_hand(sheet_of(HEADER + ROW), strings=strings)
    monkeypatch.setattr("operations.imports.workbooks.LIMITS", LIMITS._replace(**{name: most}))
    assert refused(data, "S") == "workbook_too_large"
