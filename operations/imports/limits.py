"""How much of a file is read at most. Knows nothing of Django: the process that reads workbooks has these, too."""

from typing import NamedTuple

#: Characters in a cell; above it, csv gives up. A quote that is never closed swallows the file up to here.
MAX_CELL = 131_072
#: Columns of a list. No importer has a tenth of it, and a line of a million commas is no list.
MAX_COLUMNS = 1_024
#: Characters of a whole record: twenty of them are held in memory at once, and as many cells as there are columns could
#: each be as large as a cell may be.
MAX_RECORD = 1 << 20


class Limits(NamedTuple):
    """What a workbook may take; the process that reads it can exhaust nothing but itself."""

    #: Bytes that all parts say they unpack to. A part is never read beyond what it says.
    unpacked: int = 4 << 30
    entries: int = 10_000
    #: As many as Excel has.
    rows: int = 1_048_576
    columns: int = MAX_COLUMNS
    cell: int = MAX_CELL
    record: int = MAX_RECORD
    #: Of a whole sheet, as many as the largest text file may have: a shared text takes a few bytes wherever it stands.
    characters: int = 1 << 30
    merges: int = 100_000
    #: Of address space, in bytes, and of processor time.
    memory: int = 512 << 20
    seconds: int = 900


class WorkbookError(Exception):
    """The workbook is refused: the code of a fault, and what it says."""

    def __init__(self, code: str, *, line: int = 1, column: str = "", value: str = "", expected: str = "") -> None:
        super().__init__(code)
        self.code, self.line, self.column, self.value, self.expected = code, line, column, value, expected

    def as_json(self) -> dict[str, str | int]:
        """For the process that asked."""
        return {
            "code": self.code, "line": self.line, "column": self.column, "value": self.value,
            "expected": self.expected,
        }


def too_large(found: object, most: object, unit: str) -> WorkbookError:
    """It is larger than is read; `unit` is one of the keys of `faults.UNITS`."""
    return WorkbookError("workbook_too_large", value=str(found), expected=f"{most} {unit}")
