"""What is wrong with a programme file: where, and in whose words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import ngettext

from operations.errors import PlusdeskError

#: The way to a value in the file: keys, and numbers in lists, which count from 0.
Path = tuple[str | int, ...]


def path_in_words(path: Path) -> str:
    """As in `tiers[3].threshold`."""
    words = ""
    for step in path:
        words += f"[{step}]" if isinstance(step, int) else f".{printable(step)}" if words else printable(step)
    return words


def printable(text: str) -> str:
    """The beginning of a text, in one line, with what cannot be seen written out."""
    return "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in text[:60])


@dataclass(frozen=True)
class Fault:
    """A fault of a value; `line` counts from 1, 0 where the file has none for it."""

    path: Path
    words: str
    line: int = 0

    @property
    def place(self) -> str:
        """The path, in words."""
        return path_in_words(self.path)

    def located(self, lines: Mapping[Path, int]) -> "Fault":
        """With the line of its value, or of the nearest value around it."""
        for length in range(len(self.path), -1, -1):
            if self.path[:length] in lines:
                return replace(self, line=lines[self.path[:length]])
        return self

    def text(self, name: str = "") -> str:
        """As in `programmes/x.yaml:14: tiers[3].threshold: 100000 is below tiers[2]'s 200000`."""
        place = ":".join(filter(None, [name, str(self.line or "")]))
        return ": ".join(filter(None, [place, self.place, self.words]))

    def as_json(self) -> dict[str, Any]:
        return {"line": self.line, "path": self.place, "message": self.words}


#: Faults that are told at a time.
TOLD = 100


class ProgrammeFileError(PlusdeskError):
    """The file is refused whole. `faults` are in the order of their lines, the first TOLD; `name` is the file's."""

    def __init__(self, faults: Iterable[Fault], *, name: str = "") -> None:
        found = sorted(faults, key=lambda fault: fault.line)
        self.faults = found[:TOLD]
        if found[TOLD:]:
            more = ngettext(
                "%(count)s more fault from here on: mend the ones above first",
                "%(count)s more faults from here on: mend the ones above first", len(found[TOLD:]),
            )
            self.faults.append(Fault((), more % {"count": len(found[TOLD:])}, found[TOLD].line))
        self.name = name
        super().__init__("\n".join(fault.text(name) for fault in self.faults))
