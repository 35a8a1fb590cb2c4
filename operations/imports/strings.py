"""The texts that the cells of a workbook share, millions of them in little more memory than their bytes."""

import re
from array import array

from operations.imports.packages import EnoughError, Handlers, Package

#: How XML is made to hold what it cannot: _x000D_ is a carriage return, _x005F_ an underscore that begins none.
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def unescaped(text: str) -> str:
    """The text that a cell shows; halves of characters beyond U+FFFF are put together, where both are there."""
    if "_x" not in text:
        return text
    plain = ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    try:
        return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError:
        return plain


class SharedStrings:
    """One buffer with all texts in UTF-8, and where each ends."""

    def __init__(self, longest: int) -> None:
        self._buffer, self._ends, self._longest = bytearray(), array("Q", [0]), longest
        #: The numbers of those that are longer than any cell may be; nothing is kept of them.
        self.too_long: set[int] = set()
        #: Whether all are here; a glimpse reads the first only.
        self.is_whole = True

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, number: int) -> str:
        """The text as XML has it. `number` is not below nought."""
        return self._buffer[self._ends[number] : self._ends[number + 1]].decode()

    def add(self, parts: list[str]) -> None:
        """One more text, of its runs."""
        text = parts[0] if len(parts) == 1 else "".join(parts)
        if len(text) > self._longest:
            self.too_long.add(len(self))
        else:
            self._buffer += text.encode()
        self._ends.append(len(self._buffer))


class _StringsReader:
    """Hears of the elements of the part: si holds t, or runs r of t; the phonetic ones in rPh are no part of a text."""

    def __init__(self, strings: SharedStrings, prefix: str, longest: int, count: int | None) -> None:
        self._strings, self._longest, self._count = strings, longest, count
        self._si, self._t, self._phonetic = f"{prefix}si", f"{prefix}t", f"{prefix}rPh"
        self._parts: list[str] = []
        self._length = 0
        self._is_text = self._is_phonetic = False

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        if name == self._t:
            self._is_text = not self._is_phonetic
        elif name == self._si:
            self._parts, self._length = [], 0
        elif name == self._phonetic:
            self._is_phonetic = True

    def end(self, name: str) -> None:
        if name == self._t:
            self._is_text = False
        elif name == self._si:
            self._strings.add(self._parts)
            if self._count is not None and len(self._strings) >= self._count:
                raise EnoughError
        elif name == self._phonetic:
            self._is_phonetic = False

    def text(self, data: str) -> None:
        # What is too long is noted as such, and not collected.
        if self._is_text and self._length <= self._longest:
            self._parts.append(data)
            self._length += len(data)


def read_strings(package: Package, *, count: int | None = None, most: int | None = None) -> SharedStrings:
    """The shared strings of a workbook: all, or the first `count`, as far as `most` bytes go."""
    longest = package.limits.cell
    strings = SharedStrings(longest)

    def handlers_of(prefix: str) -> Handlers:
        reader = _StringsReader(strings, prefix, longest, count)
        return Handlers(reader.start, reader.end, reader.text)

    if package.strings_part:
        strings.is_whole = package.parse(package.strings_part, "sst", handlers_of, most=most)
    return strings
