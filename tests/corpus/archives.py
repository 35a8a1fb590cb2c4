"""ZIP archives and OLE files that no library would write: they unpack to gigabytes, lie about it, or end too early."""

import struct
import zlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tests.operations.workbook_stories import OFFICE, PACKAGE, sheet_of

#: What is repeated to make a part of gigabytes, packed once.
UNIT = 16 << 20
_ZIP64 = 0xFFFFFFFF


class Part(NamedTuple):
    """A part as it stands in the archive: its bytes, and what the archive says of it."""

    packed: bytes
    #: Bytes that it says it unpacks to.
    size: int
    crc: int = 0
    method: int = zlib.DEFLATED
    flags: int = 0


def part(text: str | bytes) -> Part:
    """An honest one."""
    data = text.encode() if isinstance(text, str) else text
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return Part(packer.compress(data) + packer.flush(), len(data), zlib.crc32(data))


def repeated(letter: bytes, size: int, *, before: str = "", after: str = "", said: int | None = None) -> Part:
    """`size` bytes of a letter between two texts, packed to a thousandth; `said` is what the archive says of the size.

    After a full flush the packer knows nothing of what came before, so that a packed block may stand there many times.
    Where `said` is a lie, so is the sum of check.
    """
    unit = min(UNIT, size)
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    head = packer.compress(before.encode()) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(letter * unit) + packer.flush(zlib.Z_FULL_FLUSH)
    tail = packer.compress(after.encode()) + packer.flush()
    packed, whole = head + block * (size // unit) + tail, size // unit * unit + len((before + after).encode())
    if said is not None:
        return Part(packed, said)
    crc = zlib.crc32(before.encode())
    for _unit in range(size // unit):
        crc = zlib.crc32(letter * unit, crc)
    return Part(packed, whole, zlib.crc32(after.encode(), crc))


def archive(parts: Mapping[str, Part] | Iterable[tuple[str, Part]]) -> bytes:
    """The parts one behind the other, and their directory; a name may stand there twice."""
    body, directory, count = bytearray(), bytearray(), 0
    for name, each in parts.items() if isinstance(parts, Mapping) else parts:
        directory += _entry(name, each, len(body))
        body += _local(name, each)
        count += 1
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, min(count, 0xFFFF), min(count, 0xFFFF), len(directory), len(body), 0)
    return bytes(body + directory + end)


def overlapping(names: Iterable[str], each: Part) -> bytes:
    """An archive whose directory names the same bytes again and again, as if each were a part of its own."""
    entries = [_entry(name, each, 0) for name in names]
    body, directory = _local("a", each), b"".join(entries)
    return body + directory + struct.pack(
        "<4s4H2LH", b"PK\5\6", 0, 0, len(entries), len(entries), len(directory), len(body), 0
    )


def _local(name: str, each: Part) -> bytes:
    head = struct.pack(
        "<4s5H3L2H", b"PK\3\4", 45, each.flags, each.method, 0, 0x5A21, each.crc, len(each.packed),
        min(each.size, _ZIP64), len(name.encode()), 0,
    )
    return head + name.encode() + each.packed


def _entry(name: str, each: Part, offset: int) -> bytes:
    large = struct.pack("<2HQ", 1, 8, each.size) if each.size >= _ZIP64 else b""
    head = struct.pack(
        "<4s6H3L5H2L", b"PK\1\2", 45, 45, each.flags, each.method, 0, 0x5A21, each.crc, len(each.packed),
        min(each.size, _ZIP64), len(name.encode()), len(large), 0, 0, 0, 0, offset,
    )
    return head + name.encode() + large


# --- workbooks


def frame(sheets: int = 1) -> dict[str, Part]:
    """The parts of a workbook around its sheets and shared texts."""
    listed = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="r{n}"/>' for n in range(1, sheets + 1))
    relations = "".join(
        f'<Relationship Id="r{n}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, sheets + 1)
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return {
        "[Content_Types].xml": part(f'<Types xmlns="{PACKAGE}/content-types"/>'),
        "_rels/.rels": part(
            f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" Type="{OFFICE}/officeDocument"'
            ' Target="xl/workbook.xml"/></Relationships>'
        ),
        "xl/workbook.xml": part(
            f'<workbook xmlns="{main}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": part(
            f'<Relationships xmlns="{PACKAGE}/relationships">{relations}<Relationship Id="t"'
            f' Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
        ),
    }


def workbook(sheet: str | Part, strings: str | Part | None = None, **more: Part) -> bytes:
    """A workbook of one sheet: its rows as XML, or a whole part."""
    parts = frame() | {"xl/worksheets/sheet1.xml": part(sheet_of(sheet)) if isinstance(sheet, str) else sheet}
    if strings is not None:
        parts["xl/sharedStrings.xml"] = part(strings) if isinstance(strings, str) else strings
    return archive(parts | more)


# --- files of before


def ole(*streams: str) -> bytes:
    """An OLE file with streams of these names, as XLS and encrypted workbooks are: header, table, directory."""
    free, end, table = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    header = struct.pack(
        "<8s16s5H6s9L", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, b"", 0, 1, 1, 0, 4096, end, 0,
        end, 0,
    ) + struct.pack("<109L", 0, *[free] * 108)
    sectors = struct.pack("<128L", table, end, *[free] * 126)
    entries = b"".join(_ole_entry(name, kind) for name, kind in (("Root Entry", 5), *((name, 2) for name in streams)))
    return header + sectors + entries.ljust(512, b"\0")


def _ole_entry(name: str, kind: int) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    return struct.pack("<64sH2B3L16sL2QLQ", text, len(text), kind, 1, *[0xFFFFFFFF] * 3, b"", 0, 0, 0, 0xFFFFFFFE, 0)
