"""Merged areas of a sheet, which stand behind its rows and must be known before them. Knows nothing of Django."""

import re
from collections.abc import Iterable
from itertools import product
from string import ascii_uppercase
from typing import NamedTuple

from operations.imports.limits import Limits, WorkbookError, too_large

AREA = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6}):([A-Z]{1,3})([1-9][0-9]{0,6})")
#: As it stands in the bytes of a sheet, whatever the prefix of its names.
ELEMENT = re.compile(rb"""<(?:[A-Za-z_][\w.-]*:)?mergeCell\s[^<>]*?\bref\s*=\s*["']([^"']{1,30})["']""")
#: More than any such element has bytes.
OVERLAP = 512


def places_of_letters() -> dict[str, int]:
    """By a column's letters its place, counted from nought: A to XFD."""
    letters = ["".join(letters) for length in (1, 2, 3) for letters in product(ascii_uppercase, repeat=length)]
    return {name: place for place, name in enumerate(letters[:16384])}


def letters_of(place: int) -> str:
    """A column's letters."""
    letters = ""
    while place >= 0:
        place, digit = divmod(place, 26)
        letters, place = ascii_uppercase[digit] + letters, place - 1
    return letters


class Merge(NamedTuple):
    """A merged area: its rows as they are numbered, its columns counted from nought; all included."""

    top: int
    bottom: int
    left: int
    right: int
    name: str

    def covered(self, line: int) -> range:
        """The places of a row that the area covers: all but the one that holds its value."""
        return range(self.left + (line == self.top), self.right + 1)


class Merges:
    """The areas of a sheet, asked for line by line, from the top down. None: nobody looked for any."""

    def __init__(self, names: Iterable[str] | None = None) -> None:
        self._names = None if names is None else set(names)
        self.areas = sorted(_area(name) for name in self._names or () if ":" in name)
        self._next, self._active = 0, list[Merge]()

    def at(self, line: int) -> list[Merge]:
        """The areas that reach into a line."""
        while self._next < len(self.areas) and self.areas[self._next].top <= line:
            self._active.append(self.areas[self._next])
            self._next += 1
        if self._active:
            self._active = [area for area in self._active if area.bottom >= line]
        return self._active

    def confirm(self, name: str) -> None:
        """WorkbookError for an area that was not found beforehand: its cells were taken for blank ones."""
        if self._names is not None and name not in self._names:
            raise WorkbookError("bad_workbook", expected=f"mergeCell {name}"[:200])


def find_merges(blocks: Iterable[bytes], limits: Limits) -> Merges:
    """The merged areas of a sheet, by a pass over its bytes, which costs a fraction of reading it."""
    names: set[str] = set()
    rest, is_wide = b"", None
    for block in blocks:
        if is_wide is None:
            is_wide = b"\0" in block[:4]
        # UTF-16: the names of elements and areas are ASCII, every other byte of it nought.
        text = rest + (block.replace(b"\0", b"") if is_wide else block)
        if b"mergeCell" in text:
            names.update(found.decode("ascii", "replace") for found in ELEMENT.findall(text))
        if len(names) > limits.merges:
            raise too_large(len(names), limits.merges, "merges")
        rest = text[-OVERLAP:]
    return Merges(names)


def _area(name: str) -> Merge:
    found = AREA.fullmatch(name)
    places = _PLACES
    if not found or found[1] not in places or found[3] not in places:
        raise WorkbookError("bad_workbook", expected=f"mergeCell {name}"[:200])
    top, bottom = sorted((int(found[2]), int(found[4])))
    left, right = sorted((places[found[1]], places[found[3]]))
    return Merge(top, bottom, left, right, name)


_PLACES = places_of_letters()
