"""An XLSX file as what it is: a ZIP archive of XML parts that point to each other. Knows nothing of Django.

Nothing here trusts the file. What the parts say they unpack to is added up before any is opened; a part with a DOCTYPE
is refused, so that no entity is ever declared; what is no UTF-8 or UTF-16 is refused, and so is a single tag that goes
on for megabytes, which expat would read again and again.
"""

import posixpath
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import IO, NamedTuple, NoReturn
from xml.parsers import expat

from operations.imports.limits import Limits, WorkbookError, too_large

BLOCK = 1 << 16
#: Bytes of one tag, comment or declaration.
MAX_TOKEN = 1 << 20
#: What reading a part of a damaged archive raises; ValueError where it is beyond all files, or its name is no text.
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError)
ENCODINGS = {None, "UTF-8", "UTF8", "UTF-16", "US-ASCII", "ASCII"}
#: Transitional and strict.
SPREADSHEETS = {
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main",
}
MAX_SHEET_NAME = 255

#: Handlers of a part's elements and texts.
Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]


class Handlers(NamedTuple):
    """What hears of a part; names come with the part's prefix."""

    start: Start
    end: End | None = None
    text: Text | None = None


class EnoughError(Exception):
    """A handler has heard what it wanted."""


class SheetPart(NamedTuple):
    """A sheet of cells, and where it is in the archive."""

    name: str
    part: str
    is_hidden: bool


class Package:
    """A workbook that was opened. WorkbookError for what is none, or is too large."""

    def __init__(self, file: IO[bytes], limits: Limits) -> None:
        self.limits = limits
        self._archive = _opened(file, limits)
        self._names = {_plain(name): name for name in self._archive.namelist()}
        #: Which part of the XML part that is read now was read.
        self.share = 0.0
        self.is_1904 = False
        self.sheets: list[SheetPart] = []
        self.strings_part = self.styles_part = ""
        self._find_parts()

    # --- parts

    def parse(self, part: str, root: str, handlers_of: Callable[[str], Handlers], *, most: int | None = None) -> bool:
        """Read an XML part to its end (then True), to `most` bytes, or to the EnoughError of a handler.

        `handlers_of` is asked for the handlers once the root's prefix ("x:" or "") is known.
        """
        parser = expat.ParserCreate()
        parser.buffer_text, parser.buffer_size = True, BLOCK
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.XmlDeclHandler = _check_encoding
        parser.StartElementHandler = _Root(parser, root, handlers_of)
        try:
            return self._feed(parser, part, most)
        except EnoughError:
            return False
        except expat.ExpatError as error:
            if error.code == expat.errors.codes[expat.errors.XML_ERROR_NO_MEMORY]:
                raise MemoryError from error
            raise _damaged(f"{part}: {error}") from error

    def blocks(self, part: str) -> Iterator[bytes]:
        """The bytes of a part, a block at a time."""
        if part not in self._names:
            raise _damaged(part)
        try:
            with self._archive.open(self._names[part]) as stream:
                while block := stream.read(BLOCK):
                    yield block
        except UNREADABLE as error:
            raise _damaged(f"{part}: {error}") from error

    def _feed(self, parser: "expat.XMLParserType", part: str, most: int | None) -> bool:
        if part not in self._names:
            raise _damaged(part)
        fed, size = 0, self._archive.getinfo(self._names[part]).file_size or 1
        for block in self.blocks(part):
            parser.Parse(block, False)
            fed += len(block)
            self.share = fed / size
            if fed - parser.CurrentByteIndex > MAX_TOKEN:
                raise _damaged(f"{part}: a tag of more than {MAX_TOKEN} bytes")
            if most is not None and fed >= most:
                return False
        parser.Parse(b"", True)
        return True

    # --- what there is

    def _find_parts(self) -> None:
        """The sheets in their order, the shared strings and the styles, as the relations name them."""
        workbook = next((target for kind, _key, target in self._relations("") if kind == "officeDocument"), "")
        if not workbook.endswith(".xml") or workbook not in self._names:
            raise WorkbookError("not_a_workbook")
        relations = self._relations(workbook)
        targets = {key: target for kind, key, target in relations if kind == "worksheet"}
        for kind, _key, target in relations:
            if kind == "sharedStrings" and target in self._names:
                self.strings_part = target
            elif kind == "styles" and target in self._names:
                self.styles_part = target
        self._read_workbook(workbook, targets)
        repeated = Counter(sheet.name for sheet in self.sheets)
        if not self.sheets or max(repeated.values()) > 1:
            raise _damaged(workbook)

    def _read_workbook(self, part: str, targets: dict[str, str]) -> None:
        def handlers_of(prefix: str) -> Handlers:
            def start(name: str, attributes: dict[str, str]) -> None:
                if name == f"{prefix}sheet":
                    self._add_sheet(attributes, targets)
                elif name == f"{prefix}workbookPr":
                    self.is_1904 = attributes.get("date1904") in ("1", "true")

            return Handlers(start)

        self.parse(part, "workbook", handlers_of)

    def _add_sheet(self, attributes: dict[str, str], targets: dict[str, str]) -> None:
        """A sheet, where it is one of cells: charts and macros are passed over."""
        key = next((value for name, value in attributes.items() if name.endswith(":id")), "")
        name = attributes.get("name", "")
        if key in targets:
            if not name or len(name) > MAX_SHEET_NAME:
                raise _damaged(targets[key])
            self.sheets.append(SheetPart(name, targets[key], attributes.get("state", "visible") != "visible"))

    def _relations(self, source: str) -> list[tuple[str, str, str]]:
        """Kind, key and target of what a part points to inside the archive."""
        folder, name = posixpath.split(source)
        part = posixpath.join(folder, "_rels", f"{name}.rels")
        found: list[tuple[str, str, str]] = []
        if part not in self._names:
            return found

        def handlers_of(prefix: str) -> Handlers:
            def start(name: str, attributes: dict[str, str]) -> None:
                if name == f"{prefix}Relationship" and attributes.get("TargetMode") != "External":
                    kind = attributes.get("Type", "").rpartition("/")[2]
                    target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", "")))
                    found.append((kind, attributes.get("Id", ""), _plain(target)))

            return Handlers(start)

        self.parse(part, "Relationships", handlers_of)
        return found


class _Root:
    """The first element of a part: it must be the one expected; then the real handlers take over."""

    def __init__(self, parser: "expat.XMLParserType", root: str, handlers_of: Callable[[str], Handlers]) -> None:
        self._parser, self._root, self._handlers_of = parser, root, handlers_of

    def __call__(self, name: str, attributes: dict[str, str]) -> None:
        prefix, colon, local = name.rpartition(":")
        space = attributes.get(f"xmlns:{prefix}" if colon else "xmlns", "")
        if local != self._root or (self._root != "Relationships" and space not in SPREADSHEETS):
            raise WorkbookError("not_a_workbook")
        handlers = self._handlers_of(prefix + colon)
        parser = self._parser
        parser.StartElementHandler = handlers.start
        parser.EndElementHandler = handlers.end
        parser.CharacterDataHandler = handlers.text


def _opened(file: IO[bytes], limits: Limits) -> zipfile.ZipFile:
    """The archive, once its directory was looked at."""
    try:
        archive = zipfile.ZipFile(file)
    except UNREADABLE as error:
        raise _damaged(str(error)) from error
    entries = archive.infolist()
    if len(entries) > limits.entries:
        raise too_large(len(entries), limits.entries, "entries")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > limits.unpacked:
        raise too_large(unpacked, limits.unpacked, "bytes")
    if any(entry.flag_bits & 1 for entry in entries):
        raise WorkbookError("encrypted_workbook")
    if len({_plain(entry.filename) for entry in entries}) < len(entries):
        raise _damaged("ZIP: a part that is there twice")
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
        raise _damaged("ZIP: packed in an unusual way")
    return archive


def _plain(name: str) -> str:
    """A part's name as it is compared."""
    return name.replace("\\", "/").lstrip("/").lower()


def _damaged(what: str) -> WorkbookError:
    return WorkbookError("bad_workbook", expected=what[:200])


def _refuse_doctype(*_declared: object) -> NoReturn:
    raise WorkbookError("workbook_entities")


def _check_encoding(_version: str, encoding: str | None, _standalone: int) -> None:
    if encoding is not None and encoding.upper() not in ENCODINGS:
        raise _damaged(f"XML: {encoding}")
