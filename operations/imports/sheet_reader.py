"""The rows of one sheet, as expat comes upon them. Knows nothing of Django.

A row keeps the number that the operator sees beside it, whatever rows are blank or missing before it. A cell that
cannot be told for certain is handed on as a fault of its place. What belongs to the sheet rather than to a row
(formulas, hidden rows and columns) is counted for the notes.
"""

from collections.abc import Callable
from typing import Any

from operations.imports.cells import CONTROL, CellFault, Shown, is_number, read_number, show_iso, show_number
from operations.imports.limits import Limits, WorkbookError, too_large
from operations.imports.merges import Merges, letters_of, places_of_letters
from operations.imports.packages import EnoughError, Handlers
from operations.imports.strings import SharedStrings, unescaped

#: Line, cells, and what is wrong with some of them by their place.
Emit = Callable[[int, list[str], dict[int, CellFault]], None]
PLACES = places_of_letters()
BOOLEANS = {"1": "TRUE", "true": "TRUE", "0": "FALSE", "false": "FALSE"}
#: Of hidden rows and columns, as many as are named.
MOST_RANGES = 50


class SheetReader:
    """Hears of a sheet's elements and hands on its rows. The first that holds anything is the header."""

    def __init__(
        self, emit: Emit, strings: SharedStrings, styles: list[Shown | None], merges: Merges, limits: Limits
    ) -> None:
        self._emit, self._strings, self._styles, self._merges, self._limits = emit, strings, styles, merges, limits
        self.width = 0
        self.formulas, self.first_formula = 0, ""
        self.hidden_rows: list[list[int]] = []
        self.hidden_row_count = 0
        self.hidden_columns: list[tuple[int, int]] = []
        self._rows_are_hidden = self._is_hidden = False
        self._line, self._line_text, self._cells = 0, "", list[str]()
        self._faults: dict[int, CellFault] = {}
        self._ref = self._type = ""
        self._style: str | None = None
        self._value: str | None = None
        self._parts: list[str] = []
        self._length = 0
        self._is_text = self._is_phonetic = self._has_formula = self._in_data = False

    def handlers_of(self, prefix: str) -> Handlers:
        """The handlers, once the names are known."""
        names = ("c", "v", "t", "f", "row", "rPh", "sheetData")
        self._c, self._v, self._t, self._f, self._row, self._phonetic, self._data = (prefix + name for name in names)
        self._col, self._format = f"{prefix}col", f"{prefix}sheetFormatPr"
        self._merge = f"{prefix}mergeCell"
        return Handlers(self.start, self.end, self.text)

    # --- elements

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == self._c:
            get = attributes.get
            self._ref, self._type, self._style = get("r", ""), get("t", "n"), get("s")
            self._value, self._has_formula = None, False
        elif name == self._v or name == self._t:
            self._parts, self._length = [], 0
            self._is_text = self._in_data and not self._is_phonetic
        elif name == self._row:
            self._begin_row(attributes)
        elif name == self._f:
            self._has_formula = True
        else:
            self._start_other(name, attributes)

    def _start_other(self, name: str, attributes: dict[str, str]) -> None:
        if name == self._phonetic:
            self._is_phonetic = True
        elif name == self._data:
            self._in_data = True
        elif name == self._merge:
            self._merges.confirm(attributes.get("ref", ""))
        elif name == self._col and _is_true(attributes.get("hidden")):
            first, last = attributes.get("min", ""), attributes.get("max", "")
            if is_number(first) and is_number(last) and 0 < int(first) <= int(last):
                self.hidden_columns.append((int(first) - 1, int(last)))
        elif name == self._format:
            self._rows_are_hidden = _is_true(attributes.get("zeroHeight"))

    def end(self, name: str) -> None:
        if name == self._v or name == self._t:
            if self._is_text:
                self._is_text = False
                text = "".join(self._parts)
                self._value = text if self._value is None else self._value + text
        elif name == self._c:
            self._end_cell()
        elif name == self._row:
            self._end_row()
        elif name == self._phonetic:
            self._is_phonetic = False
        elif name == self._data:
            self._in_data = False

    def text(self, data: str) -> None:
        if self._is_text:
            self._parts.append(data)
            self._length += len(data)
            if self._length + len(self._value or "") > self._limits.cell:
                raise self._cell_too_large()

    # --- rows

    def _begin_row(self, attributes: dict[str, str]) -> None:
        text = attributes.get("r")
        line = self._line + 1 if text is None else int(text) if is_number(text) else 0
        if line <= self._line:
            raise WorkbookError("bad_workbook", expected=f"row {text or line} after row {self._line}"[:200])
        if line > self._limits.rows:
            raise too_large(line, self._limits.rows, "rows")
        self._line, self._line_text, self._cells, self._faults = line, str(line), [], {}
        hidden = attributes.get("hidden")
        self._is_hidden = self._rows_are_hidden if hidden is None else _is_true(hidden)

    def _end_row(self) -> None:
        cells, faults = self._cells, self._faults
        if self._merges.areas:
            self._cover(cells, faults)
        if not faults and not any(map(str.strip, cells)):
            return
        if not self.width:
            if not faults:
                _cut(cells, 1)
            self.width = len(cells)
        elif len(cells) < self.width:
            cells += [""] * (self.width - len(cells))
        elif len(cells) > self.width:
            _cut(cells, self.width)
        if self._is_hidden:
            self._note_hidden()
        self._emit(self._line, cells, faults)

    def _cover(self, cells: list[str], faults: dict[int, CellFault]) -> None:
        """Cells under a merged area are faults, not blanks: of the header the first of each area."""
        for area in self._merges.at(self._line):
            covered = area.covered(self._line)
            covered = range(covered.start, min(covered.stop, self.width)) if self.width else covered[:1]
            for place in covered:
                cells += [""] * (place + 1 - len(cells))
                cells[place] = ""
                faults[place] = CellFault("merged_cells", "", area.name)

    def _note_hidden(self) -> None:
        self.hidden_row_count += 1
        if self.hidden_rows and self.hidden_rows[-1][1] == self._line - 1:
            self.hidden_rows[-1][1] = self._line
        elif len(self.hidden_rows) <= MOST_RANGES:
            self.hidden_rows.append([self._line, self._line])

    # --- cells

    def _end_cell(self) -> None:
        if self._has_formula:
            self.formulas += 1
            self.first_formula = self.first_formula or self._ref
        found = self._read_cell()
        if found == "" and not isinstance(found, CellFault):
            return
        cells = self._cells
        place = self._place(len(cells))
        if place >= self._limits.columns:
            if not isinstance(found, CellFault) and not found.strip():
                return
            raise WorkbookError(
                "too_many_columns", line=self._line, value=letters_of(place), expected=str(self._limits.columns)
            )
        if place > len(cells):
            cells += [""] * (place - len(cells))
        if isinstance(found, CellFault):
            self._faults[place] = found
            found = found.value
        cells.append(found)

    def _place(self, next_place: int) -> int:
        """The cell's column, counted from nought. A row's cells stand in their order, in their row."""
        if not self._ref:
            return next_place
        letters = self._ref.rstrip("0123456789")
        place = PLACES.get(letters, -1)
        if place < next_place or self._ref[len(letters) :] != self._line_text:
            raise WorkbookError("bad_workbook", expected=f"cell {self._ref} in row {self._line}"[:200])
        return place

    def _read_cell(self) -> str | CellFault:
        """The cell's text."""
        value, kind = self._value, self._type
        if value is None or (not value and kind != "str"):
            return CellFault("no_stored_value", "") if self._has_formula else ""
        if kind == "s":
            return self._shared(value)
        if kind in ("inlineStr", "str"):
            return _checked(unescaped(value))
        if kind == "n":
            return self._number(value)
        if kind == "b":
            return BOOLEANS.get(value) or CellFault("bad_cell", value[:100])
        if kind == "e":
            return CellFault("error_value", value[:20])
        if kind == "d":
            return show_iso(value)
        raise WorkbookError("bad_workbook", expected=f"cell {self._ref}: {kind}"[:200])

    def _number(self, value: str) -> str | CellFault:
        style = self._style
        shown = self._styles[int(style)] if style and is_number(style) and int(style) < len(self._styles) else None
        if shown is None and value.isdecimal() and value.isascii() and len(value) < 15 and value[0] != "0":
            return value
        number = read_number(value.strip())
        if isinstance(number, CellFault):
            return number._replace(value=number.value[:100])
        return (shown or show_number)(number)

    def _shared(self, value: str) -> str | CellFault:
        number = int(value) if is_number(value) else -1
        if not 0 <= number < len(self._strings):
            if not self._strings.is_whole:
                return "…"
            raise WorkbookError("bad_workbook", expected=f"cell {self._ref}: text {value}"[:200])
        if number in self._strings.too_long:
            raise self._cell_too_large()
        return _checked(unescaped(self._strings[number]))

    def _cell_too_large(self) -> WorkbookError:
        return WorkbookError(
            "cell_too_large", line=self._line, column=self._ref.rstrip("0123456789"), value=self._ref,
            expected=str(self._limits.cell),
        )

    # --- notes

    def notes(self) -> list[dict[str, Any]]:
        """What an operator should know of the sheet, as codes and values."""
        notes: list[dict[str, Any]] = []
        if self.formulas:
            notes.append({"code": "formulas", "count": self.formulas, "first": self.first_formula})
        if self.hidden_row_count:
            notes.append({
                "code": "hidden_rows", "count": self.hidden_row_count, "ranges": self.hidden_rows[:MOST_RANGES],
                "has_more": len(self.hidden_rows) > MOST_RANGES,
            })
        hidden = [(first, min(last, self.width) - 1) for first, last in self.hidden_columns if first < self.width]
        if hidden:
            notes.append({
                "code": "hidden_columns", "count": sum(last - first + 1 for first, last in hidden),
                "ranges": [[letters_of(first), letters_of(last)] for first, last in hidden[:MOST_RANGES]],
                "has_more": len(hidden) > MOST_RANGES,
            })
        return notes


class Glimpse:
    """The first rows of a sheet that hold anything."""

    def __init__(self, rows: int, columns: int, letters: int) -> None:
        self._most, self._columns, self._letters = rows, columns, letters
        self.rows: list[list[str]] = []

    def __call__(self, _line: int, cells: list[str], _faults: dict[int, CellFault]) -> None:
        self.rows.append([cell[: self._letters] for cell in cells[: self._columns]])
        if len(self.rows) >= self._most:
            raise EnoughError


def _checked(text: str) -> str | CellFault:
    """The text, where it can be kept as it is."""
    if CONTROL.search(text):
        return CellFault("control_character", CONTROL.sub(_pictured, text))
    return text


def _pictured(found: Any) -> str:
    """A control character as the sign that stands for it."""
    code = ord(found[0])
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"


def _cut(cells: list[str], width: int) -> None:
    """Take blank cells off behind the header's."""
    while len(cells) > width and not cells[-1].strip():
        cells.pop()


def _is_true(text: str | None) -> bool:
    return text in ("1", "true")
