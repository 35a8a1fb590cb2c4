"""Files that were made to break an import, each with the fault that refuses it."""

import gzip
import io
import socket
import struct
import zipfile
from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

from tests.corpus.archives import Part, archive, frame, ole, overlapping, part, repeated, workbook
from tests.customer_files import HEADERS, a_row, csv_file
from tests.operations.workbook_stories import MAIN, OFFICE, PACKAGE, of_firms, sheet_of

LIST, LINE = csv_file([a_row(1)]), ",".join(a_row(2).values())
HEADER = ",".join(HEADERS)
GOOD = of_firms(a_row(1))
FORMAT = '<xf numFmtId="14"/>'
ROW_OF_ONE_TEXT = "<row>" + "<c t='s'><v>0</v></c>" * 1_000 + "</row>"
CELL = '<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row>'
SHARED = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
SHEET = "xl/worksheets/sheet1.xml"
MERGES = "".join(f'<mergeCell ref="A{n}:B{n}"/>' for n in range(1, 100_003))
RELATIONS = f'<Relationships xmlns="{PACKAGE}/relationships">%s</Relationships>'
MIB, GIB = 1 << 20, 1 << 30


class Hostile(NamedTuple):
    """A file under a name, and the code of the fault that refuses it. Its bytes are made when they are asked for."""

    what: str
    name: str
    content: Callable[[], bytes]
    code: str


def xlsx(what: str, content: Callable[[], bytes], code: str, name: str = "firms.xlsx") -> Hostile:
    return Hostile(what, name, content, code)


def text(what: str, content: Callable[[], bytes], code: str, name: str = "firms.csv") -> Hostile:
    return Hostile(what, name, content, code)


def around(tag: str, letter: bytes, size: int, *, rows: str) -> bytes:
    """A workbook whose one text of `size` bytes is in a shared string ("sst") or in its cell ("is")."""
    if tag == "sst":
        return workbook(rows, repeated(letter, size, before=f'<sst xmlns="{MAIN}"><si><t>', after="</t></si></sst>"))
    head, tail = sheet_of('<row r="1"><c r="A1" t="inlineStr"><is><t>|</t></is></c></row>').split("|")
    return workbook(repeated(letter, size, before=head, after=tail))


def _declaring(doctype: str, body: str = "&e;") -> bytes:
    return workbook(part(f'<?xml version="1.0"?><!DOCTYPE w {doctype}>{sheet_of(CELL.replace("x<", f"{body}<"))}'))


def _styled(count: int) -> bytes:
    """A workbook of so many formats of cells."""
    relations = "".join(
        f'<Relationship Id="{key}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for key, kind, target in (("r1", "worksheet", "worksheets/sheet1.xml"), ("s", "styles", "styles.xml"))
    )
    formats = part(f'<styleSheet xmlns="{MAIN}"><cellXfs>{FORMAT * count}</cellXfs></styleSheet>')
    return workbook(CELL, **{"xl/styles.xml": formats, "xl/_rels/workbook.xml.rels": part(RELATIONS % relations)})


def _laughs() -> str:
    lines = [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 30)]
    return f'[<!ENTITY e0 "ha">{"".join(lines)}<!ENTITY e "&e29;">]'


@cache
def listener() -> socket.socket:
    """Where somebody would call who follows what a file says. Nobody does."""
    return socket.create_server(("127.0.0.1", 0))


def _address() -> str:
    return f"http://127.0.0.1:{listener().getsockname()[1]}/e.dtd"


def _related(relation: str) -> bytes:
    """A workbook whose sheet is where the relation says."""
    return workbook(CELL, **{"xl/_rels/workbook.xml.rels": part(RELATIONS % relation)})


def _elsewhere(offset: int) -> bytes:
    """A workbook whose directory says that its last part begins there, as 64-bit archives say it."""
    data = bytearray(workbook(CELL))
    entry, end = data.rindex(b"PK\1\2"), data.rindex(b"PK\5\6")
    # 42: the offset, which then stands in an extra field of 12 bytes, whose length stands at 30.
    struct.pack_into("<H10xL", data, entry + 30, 12, 0xFFFFFFFF)
    struct.pack_into("<L", data, end + 12, end - struct.unpack_from("<L", data, end + 16)[0] + 12)
    return bytes(data[:end] + struct.pack("<2HQ", 1, 8, offset) + data[end:])


def _misnamed() -> bytes:
    """A workbook whose sheet stands under a name that is no UTF-8, though it says so."""
    data = bytearray(archive(frame() | {SHEET: part(sheet_of(CELL))._replace(flags=0x800)}))
    data[data.index(SHEET.encode())] = 0xB3
    return bytes(data)


def _before_the_file() -> bytes:
    """A workbook whose directory says that it is longer than the file: all parts begin before it."""
    data = bytearray(workbook(CELL))
    place = data.rindex(b"PK\5\6") + 16
    struct.pack_into("<L", data, place, struct.unpack_from("<L", data, place)[0] + 0xFFFF)
    return bytes(data)


def _good_and(parts: dict[str, Part], *, mode: int = 0) -> bytes:
    """A good workbook with more parts; the last of all has this mode of Unix."""
    with zipfile.ZipFile(io.BytesIO(GOOD)) as good:
        data = bytearray(archive({name: part(good.read(name)) for name in good.namelist()} | parts))
    struct.pack_into("<L", data, data.rindex(b"PK\1\2") + 38, mode << 16)
    return bytes(data)


def _first(share: float) -> bytes:
    return GOOD[: int(len(GOOD) * share)]


def _flipped() -> bytes:
    data = bytearray(workbook("".join(CELL.replace('"1"', f'"{n}"').replace("A1", f"A{n}") for n in range(1, 99))))
    data[data.index(SHEET.encode()) + len(SHEET) + 40] ^= 0xFF
    return bytes(data)


BOMBS = [
    xlsx("a sheet that unpacks to 5 GB", lambda: workbook(repeated(b" ", 5 * GIB)), "workbook_too_large"),
    xlsx(
        "a sheet of 5 GB that says it has a thousand bytes", lambda: workbook(repeated(b" ", 5 * GIB, said=1_000)),
        "bad_workbook",
    ),
    xlsx(
        "more parts than a workbook has", lambda: archive(frame() | {f"{n}.xml": part("") for n in range(10_000)}),
        "workbook_too_large",
    ),
    xlsx(
        "the same gigabyte under fifty names",
        lambda: overlapping((f"{n}.xml" for n in range(50)), repeated(b" ", GIB)), "workbook_too_large",
    ),
    xlsx(
        "archives in an archive", lambda: archive({f"{n}.zip": part(workbook(CELL)) for n in range(16)}),
        "not_a_workbook",
    ),
    xlsx("a cell of 500 MB", lambda: around("is", b"x", 500 * MIB, rows=""), "cell_too_large"),
    xlsx("a shared text of 500 MB", lambda: around("sst", b"x", 500 * MIB, rows=SHARED), "cell_too_large"),
    xlsx("a cell of 10 MB", lambda: around("is", b"x", 10 * MIB, rows=""), "cell_too_large"),
    xlsx(
        "a row of a thousand cells that share a text of 100,000 characters",
        lambda: around("sst", b"x", 100_000, rows=ROW_OF_ONE_TEXT), "row_too_large",
    ),
    xlsx("a million formats, and a list that is none", lambda: _styled(1_000_000), "no_header"),
    xlsx("a tag of 100 MB", lambda: workbook(repeated(b"x", 100 * MIB, before="<worksheet x='")), "bad_workbook"),
]
SHEETS = [
    xlsx(
        "one cell, at XFD1048576",
        lambda: workbook('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'), "too_many_columns",
    ),
    xlsx("a million columns", lambda: workbook(f'<row>{"<c><v>1</v></c>" * 1_000_000}</row>'), "too_many_columns"),
    xlsx("a row beyond all rows", lambda: workbook('<row r="1048577"><c><v>1</v></c></row>'), "workbook_too_large"),
    xlsx("a text that is not there", lambda: workbook(SHARED, f'<sst xmlns="{MAIN}"/>'), "bad_workbook"),
    xlsx("no sheet at all", lambda: archive(frame(0)), "bad_workbook"),
    xlsx("a sheet that is not there", lambda: archive(frame()), "bad_workbook"),
    xlsx("a sheet that is no XML", lambda: workbook(part(b"\xff\xfe\x00\x01" * 99)), "bad_workbook"),
    xlsx(
        "a sheet in an encoding that hides it", lambda: workbook(part('<?xml version="1.0" encoding="UTF-7"?><x/>')),
        "bad_workbook",
    ),
    xlsx("elements in elements, a million deep", lambda: workbook("<row>" + "<x>" * 1_000_000), "bad_workbook"),
    xlsx(
        "a sheet in another house",
        lambda: _related(
            f'<Relationship Id="r1" Type="{OFFICE}/worksheet" TargetMode="External" Target="{_address()}"/>'
        ), "bad_workbook",
    ),
    xlsx(
        "a sheet in the folder of passwords",
        lambda: _related(f'<Relationship Id="r1" Type="{OFFICE}/worksheet" Target="../../../../etc/passwd"/>'),
        "bad_workbook",
    ),
    xlsx(
        "all cells are one merged area",
        lambda: workbook(part(sheet_of(CELL, after='<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'))),
        "merged_cells",
    ),
    xlsx(
        "more merged areas than are read",
        lambda: workbook(part(sheet_of(CELL, after=MERGES))), "workbook_too_large",
    ),
]
ENTITIES = [
    xlsx(
        "a file of ours as an entity", lambda: _declaring('[<!ENTITY e SYSTEM "file:///etc/passwd">]'),
        "workbook_entities",
    ),
    xlsx(
        "an address of ours as an entity", lambda: _declaring(f'[<!ENTITY e SYSTEM "{_address()}">]'),
        "workbook_entities",
    ),
    xlsx(
        "declarations from an address of ours", lambda: _declaring(f'SYSTEM "{_address()}"', "x"), "workbook_entities"
    ),
    xlsx(
        "an entity of parameters", lambda: _declaring(f'[<!ENTITY % e SYSTEM "{_address()}"> %e;]', "x"),
        "workbook_entities",
    ),
    xlsx("a billion laughs", lambda: _declaring(_laughs()), "workbook_entities"),
    xlsx(
        "an entity of a megabyte, ten thousand times",
        lambda: _declaring(f'[<!ENTITY e "{"x" * MIB}">]', "&e;" * 10_000), "workbook_entities",
    ),
]
OTHERS = [
    xlsx("a CSV that is named .xlsx", lambda: LIST, "named_otherwise"),
    text("a workbook that is named .csv", lambda: GOOD, "named_otherwise"),
    xlsx("a page of the web that is named .xls", lambda: b"<html><table><tr><td>x", "named_otherwise", "firms.xls"),
    xlsx("an encrypted workbook", lambda: ole("EncryptionInfo", "EncryptedPackage"), "encrypted_workbook"),
    xlsx(
        "an archive with a password",
        lambda: archive(frame() | {SHEET: part(sheet_of(CELL))._replace(flags=1)}), "encrypted_workbook",
    ),
    xlsx("a workbook of before 2007", lambda: ole("Workbook"), "old_workbook", "firms.xls"),
    xlsx("a workbook of before 2007 that is named .xlsx", lambda: ole("Workbook"), "old_workbook"),
    xlsx(
        "an OpenDocument sheet",
        lambda: archive({"mimetype": part("application/vnd.oasis.opendocument.spreadsheet"), "content.xml": part("")}),
        "not_a_workbook", "firms.ods",
    ),
    xlsx(
        "a letter",
        lambda: archive({
            "_rels/.rels": part(RELATIONS % f'<Relationship Id="r" Type="{OFFICE}/officeDocument" Target="w.xml"/>'),
            "w.xml": part('<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"/>'),
        }), "not_a_workbook",
    ),
    *(
        xlsx(f"{quarters} of 4 quarters of a workbook", partial(_first, quarters / 4), "bad_workbook")
        for quarters in (1, 2, 3)
    ),
    xlsx("a workbook that lacks its last byte", lambda: GOOD[:-1], "bad_workbook"),
    xlsx("nothing but the first bytes", lambda: b"PK\3\4", "bad_workbook"),
    xlsx("a byte that was turned round", _flipped, "bad_workbook"),
    xlsx("a part beyond all files", lambda: _elsewhere((1 << 64) - 1), "bad_workbook"),
    xlsx("a part beyond the file", lambda: _elsewhere(1 << 40), "bad_workbook"),
    xlsx("a part whose name is no text", _misnamed, "bad_workbook"),
    xlsx("parts before the file", _before_the_file, "bad_workbook"),
    xlsx(
        "a part that is packed as nobody packs",
        lambda: archive(frame() | {SHEET: part(sheet_of(CELL))._replace(method=14)}), "bad_workbook",
    ),
    xlsx(
        "a part that is there twice",
        lambda: archive([*frame().items(), (SHEET, part(sheet_of(CELL))), (SHEET, part(sheet_of("")))]), "bad_workbook",
    ),
]
TEXTS = [
    text("nothing", lambda: b"", "empty_file"),
    text("a cell of 10 MB", lambda: LIST + b"x" * (10 * MIB), "no_line_breaks"),
    text("a cell of 10 MB in lines", lambda: LIST + b'"' + b"x\n" * (5 * MIB) + b'"', "unclosed_quote"),
    text("a cell of 3 MB in one line", lambda: LIST + b"x" * (3 * MIB) + b"\n", "cell_too_large"),
    text("a header of a million columns", lambda: b"abc," * 1_000_000 + b"\n", "too_many_columns"),
    text("a row of a million columns", lambda: LIST + b"," * 1_000_000 + b"\n", "too_many_columns"),
    text("a record of ten million lines", lambda: LIST + b'"\n",' * 3_000_000, "row_too_large"),
    text(
        "a record of a thousand cells of 100,000 characters",
        lambda: LIST + (b'"' + b"x" * 99_999 + b'\n",') * 1_000 + b"\n", "row_too_large",
    ),
    text("a quote that is not closed", lambda: LIST + b'"' + LINE.encode() + b"\n" * 9, "unclosed_quote"),
    text("three million quotes", lambda: LIST + b'"' * 3_000_001 + b"\n", "cell_too_large"),
    text("a NUL in a name", lambda: LIST + LINE.replace("杭州", "杭\0州").encode() + b"\r\n", "nul_bytes"),
    text("UTF-16", lambda: LIST.decode("utf-8-sig").encode("utf-16"), "utf16"),
    text("UTF-16 that does not say so", lambda: LIST.decode("utf-8-sig").encode("utf-16-le"), "utf16"),
    text("UTF-32", lambda: LIST.decode("utf-8-sig").encode("utf-32"), "utf16"),
    text("two encodings in one file", lambda: LIST + LINE.encode("gb18030") + b"\xff\xff\r\n", "unknown_encoding"),
    text("bytes of no encoding", lambda: bytes(range(128, 256)) * 99, "unknown_encoding"),
    text("a packed file", lambda: gzip.compress(LIST), "nul_bytes", "firms.csv"),
    text("a picture", lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "nul_bytes"),
    text("a page of the web", lambda: b"<!DOCTYPE html>\n<html>\n<body>\n", "no_header"),
    text("two columns of one name", lambda: f"{HEADER},{HEADERS[0]}\n".encode(), "header_twice"),
]
#: Odd, and read all the same: nothing is unpacked to disk, no macro is run, and a text is a text.
HARMLESS = [
    xlsx("folders among the parts", lambda: _good_and({"xl/": part(""), "xl/worksheets/": part("")}), ""),
    xlsx("parts with names that lead elsewhere", lambda: _good_and({"../../x": part("x"), "C:\\x": part("x")}), ""),
    xlsx("a part that says it is a link", lambda: _good_and({}, mode=0o120777), ""),
    xlsx("macros", lambda: _good_and({"xl/vbaProject.bin": part(b"\xd0\xcf\x11\xe0")}), "", "firms.xlsm"),
    text("a formula as a name", lambda: csv_file([a_row(1, 企业名称="=cmd|' /C calc'!A0")]), ""),
    text("a script as a name", lambda: csv_file([a_row(1, 企业名称="<script>alert(1)</script>")]), ""),
]
CORPUS = [*BOMBS, *SHEETS, *ENTITIES, *OTHERS, *TEXTS]
#: Those that would take most of a machine that is not careful.
WORST = [
    *BOMBS, *SHEETS[:2], *ENTITIES[-2:], *TEXTS[1:8],
    text("a cell of 500 MB", lambda: LIST + b"x" * (500 * MIB), "no_line_breaks"),
]
