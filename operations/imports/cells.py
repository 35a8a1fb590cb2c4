"""What a cell of a workbook says: numbers by the format that they are shown in, everything else as it stands there.

Knows nothing of Django. A number is kept only where nothing can have been lost of it, since a spreadsheet keeps 15
digits and shows noughts for the others; what cannot be told for certain is a fault of its cell, never a guess.
"""

import re
from collections.abc import Callable
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

from openpyxl.styles.numbers import (  # type: ignore[import-untyped]
    BUILTIN_FORMATS,
    STRIP_RE,
    is_date_format,
    is_timedelta_format,
)
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel  # type: ignore[import-untyped]

from operations.imports.packages import Handlers, Package

#: What a number in a cell looks like.
NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[Ee][+-]?[0-9]+)?")
#: From here on a whole number has 15 digits.
TOO_LONG = 1e14
#: Numbers that are smaller are written with an exponent.
SMALLEST = 1e-15
#: Formats of Chinese, Japanese and Korean spreadsheets that have a number only: days, and times of a day.
EAST_ASIAN = {
    **dict.fromkeys((*range(27, 32), 36, *range(50, 55), 57, 58), "yyyy-mm-dd"),
    **dict.fromkeys((*range(32, 36), 55, 56), "hh:mm:ss"),
}
#: What no text may hold: PostgreSQL takes no NUL, nobody meant the others, and halves of characters are none.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
#: A character of a format that stands for itself, or for its width.
LITERAL = re.compile(r"[\\_*].")
#: In ISO's words a day, a time of day, or both.
_DAY, _TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}", r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
ISO = re.compile(f"{_DAY}(?:T{_TIME})?|{_TIME}")
#: A day with a midnight behind it.
MIDNIGHT = re.compile(r"(\d{4}-\d{2}-\d{2})T00:00(?::00(?:\.0+)?)?Z?")


class CellFault(NamedTuple):
    """What is wrong with a cell: the code of a fault, what was read, and what the fault says beside it."""

    code: str
    value: str
    expected: str = ""


#: A number as its format shows it.
Shown = Callable[[float], "str | CellFault"]


def is_number(text: str) -> bool:
    """Whether it is the number of something; Python refuses to read one of thousands of digits."""
    return text.isdecimal() and len(text) < 10


def show_number(number: float) -> "str | CellFault":
    """15 digits, without an exponent where that can be."""
    if not -TOO_LONG < number < TOO_LONG:
        return CellFault("spreadsheet_number", f"{number:.0f}" if TOO_LONG <= abs(number) < 1e16 else str(number))
    text = f"{number:.15g}"
    if "e" not in text:
        return "0" if text == "-0" else text
    return f"{Decimal(text):f}" if abs(number) >= SMALLEST else text.upper()


def read_number(text: str) -> "float | CellFault":
    """The number that stands in a cell; anything else than a number is a fault."""
    if NUMBER.fullmatch(text):
        return float(text)
    return CellFault("bad_cell", text)


def _show_percent(number: float) -> "str | CellFault":
    shown = show_number(number)
    if isinstance(shown, CellFault):
        return shown
    percent = f"{Decimal(shown) * 100:f}"
    return (percent.rstrip("0").rstrip(".") if "." in percent else percent) + "%"


def _show_padded(width: int) -> Shown:
    """Of a format of noughts only, such as 000000, by which a spreadsheet shows the noughts before a code."""

    def show(number: float) -> "str | CellFault":
        shown = show_number(number)
        return shown if isinstance(shown, CellFault) or not shown.isdigit() else shown.zfill(width)

    return show


def _show_day(format_code: str, *, is_1904: bool) -> Shown:
    """Days as 2027-01-15, with the time of day where there is one; times as 09:30:00."""
    epoch = MAC_EPOCH if is_1904 else WINDOWS_EPOCH
    is_duration = bool(is_timedelta_format(format_code))
    has_day = any(letter in STRIP_RE.sub("", format_code.split(";")[0]).lower() for letter in "dy")
    known: dict[float, str | CellFault] = {}

    def show(number: float) -> "str | CellFault":
        if number not in known:
            if len(known) > 100_000:
                known.clear()
            try:
                known[number] = _day(number, epoch, is_duration=is_duration, has_day=has_day)
            except (ValueError, OverflowError):
                known[number] = CellFault("bad_cell", str(number), format_code[:100])
        return known[number]

    return show


def _day(number: float, epoch: datetime, *, is_duration: bool, has_day: bool) -> str:
    """ValueError where the number is no day that a spreadsheet shows."""
    if number < 0 or (has_day and number < 1 and epoch is WINDOWS_EPOCH):
        raise ValueError
    found = from_excel(number, epoch, timedelta=is_duration)
    if isinstance(found, timedelta):
        minutes, seconds = divmod(round(found.total_seconds()), 60)
        return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    if isinstance(found, time):
        return f"{epoch:%Y-%m-%d} {_clock(found)}" if has_day else _clock(found)
    if found.time() == time() and (has_day or number >= 1):
        return f"{found:%Y-%m-%d}"
    return f"{found:%Y-%m-%d} {_clock(found.time())}"


def _clock(moment: time) -> str:
    """To the second, or as fine as it is."""
    return moment.isoformat("milliseconds" if moment.microsecond else "seconds")


def show_iso(text: str) -> "str | CellFault":
    """A cell that holds a day in ISO's own words: a midnight is no time of day."""
    if not ISO.fullmatch(text):
        return CellFault("bad_cell", text[:100])
    if found := MIDNIGHT.fullmatch(text):
        return found[1]
    return text.replace("T", " ", 1)


def shown_by(format_code: str | None, *, is_1904: bool) -> Shown | None:
    """How a format shows numbers; None as they are."""
    if not format_code or format_code in ("General", "@", "0"):
        return None
    if is_date_format(format_code):
        return _show_day(format_code, is_1904=is_1904)
    first = STRIP_RE.sub("", format_code.split(";")[0])
    if "%" in LITERAL.sub("", first):
        return _show_percent
    return _show_padded(len(first)) if re.fullmatch("00+", first) else None


def read_styles(package: Package) -> list[Shown | None]:
    """By the number of a cell's style, how it shows numbers."""
    codes: dict[str, str] = {}
    formats: list[str] = []

    def handlers_of(prefix: str) -> Handlers:
        listed = [False]

        def start(name: str, attributes: dict[str, str]) -> None:
            if name == f"{prefix}numFmt":
                codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
            elif name == f"{prefix}cellXfs":
                listed[0] = True
            elif name == f"{prefix}xf" and listed[0]:
                formats.append(attributes.get("numFmtId", "0"))

        def end(name: str) -> None:
            if name == f"{prefix}cellXfs":
                listed[0] = False

        return Handlers(start, end)

    if package.styles_part:
        package.parse(package.styles_part, "styleSheet", handlers_of)
    known = {key: shown_by(_code_of(key, codes), is_1904=package.is_1904) for key in set(formats)}
    return [known[key] for key in formats]


def _code_of(key: str, codes: dict[str, str]) -> str | None:
    """A format's code: the workbook's own, or one of those that every spreadsheet knows."""
    if key in codes or not is_number(key):
        return codes.get(key)
    return BUILTIN_FORMATS.get(int(key)) or EAST_ASIAN.get(int(key))
