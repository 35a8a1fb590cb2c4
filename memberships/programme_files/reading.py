"""YAML as programme files may use it: plain values with their lines, and nothing that surprises.

Numbers are exact (Decimal), dates stay text as in JSON. Anchors, aliases, tags, repeated keys and tabs are faults: a
file says what it says in one place, and cannot unfold to more than its own size.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NoReturn

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from ruamel.yaml import YAML
from ruamel.yaml import events as yaml_events
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from memberships.programme_files.faults import Fault, Path, ProgrammeFileError

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 12
#: Values that a file holds at the most, keys not counted: a second's reading, and many times the largest programme.
MAX_VALUES = 10_000
#: Longer ones are no figures of a programme; they stay text, which the schema then refuses.
WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
FRACTION = re.compile(r"[-+]?[0-9]{1,18}\.[0-9]{1,18}")
TAB = re.compile(r"^ *\t+ *[^\s]", re.MULTILINE)
#: Escapes can write what PostgreSQL cannot store.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
WORDS = {"true": True, "True": True, "false": False, "False": False, "null": None, "~": None, "": None}


@dataclass
class Reading:
    """What a file says, and in which line: of a key its own, of an entry of a list its first."""

    value: Any
    lines: dict[Path, int] = field(default_factory=dict)


def file_text(content: bytes, *, name: str = "") -> str:
    """The text of a file, UTF-8 with or without a mark at its beginning. ProgrammeFileError where it is none."""
    try:
        if len(content) > MAX_BYTES:
            _refuse(0, _("The file is larger than 1 MB."))
        return _decoded(content)
    except ProgrammeFileError as error:
        raise ProgrammeFileError(error.faults, name=name) from None


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _refuse(content.count(b"\n", 0, error.start) + 1, _("The file is not in UTF-8."))


def read_yaml(source: str) -> Reading:
    """The values of a YAML text. ProgrammeFileError with the first fault of its form."""
    source = source.lstrip("\ufeff")
    _check_text(source)
    try:
        return _Reader(YAML(typ="safe", pure=True).parse(source)).read()
    except ReaderError as error:
        _refuse(source.count("\n", 0, error.position) + 1, _("There is a character that cannot be read."))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        _refuse(
            mark.line + 1 if mark else 0,
            _("This cannot be read as YAML: look at the indentation, colons and quotation marks here or above."),
        )
    except YAMLError:
        _refuse(0, _("This is no YAML file."))


def _check_text(source: str) -> None:
    if len(source.encode(errors="surrogatepass")) > MAX_BYTES:
        _refuse(0, _("The file is larger than 1 MB."))
    tab = TAB.search(source)
    if tab:
        _refuse(source.count("\n", 0, tab.start()) + 1, _("There is a tab: lines are indented by spaces."))


def _refuse(line: int, words: str, path: Path = ()) -> NoReturn:
    raise ProgrammeFileError([Fault(path, words, line)])


class _Reader:
    """Builds values from the parser's events."""

    def __init__(self, events: Iterator[Any]) -> None:
        self.events = events
        self.reading = Reading(None)
        self.values = 0

    def read(self) -> Reading:
        for event in self.events:
            if isinstance(event, yaml_events.DocumentStartEvent):
                if self.reading.lines:
                    _refuse(event.start_mark.line + 1, _("A file holds one document: there is a second one here."))
                self.reading.value = self._value(next(self.events), ())
        if self.reading.value is None:
            _refuse(0, _("The file is empty."))
        return self.reading

    def _value(self, event: Any, path: Path) -> Any:
        line = event.start_mark.line + 1
        self._check(event, path, line)
        self.values += 1
        if self.values > MAX_VALUES:
            _refuse(line, _("The file holds more than %(most)s values.") % {"most": number_format(MAX_VALUES)}, path)
        self.reading.lines.setdefault(path, line)
        if isinstance(event, yaml_events.SequenceStartEvent):
            return list(self._entries(path))
        if isinstance(event, yaml_events.MappingStartEvent):
            return self._mapping(path)
        if not event.value.isprintable() and UNSTORABLE.search(event.value):
            _refuse(line, _("There is a character that cannot be read."), path)
        return event.value if event.style else plain_value(event.value)

    def _check(self, event: Any, path: Path, line: int) -> None:
        if isinstance(event, yaml_events.AliasEvent) or event.anchor is not None:
            _refuse(line, _("Anchors and aliases (& and *) are not used in programme files."), path)
        if getattr(event, "tag", None) not in (None, "!"):
            _refuse(line, _("Tags (!) are not used in programme files."), path)
        if len(path) > MAX_DEPTH:
            _refuse(line, _("The file is nested too deeply."), path)

    def _entries(self, path: Path) -> Iterator[Any]:
        number = 0
        while not isinstance(event := next(self.events), yaml_events.SequenceEndEvent):
            yield self._value(event, (*path, number))
            number += 1

    def _mapping(self, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml_events.MappingEndEvent):
            line = event.start_mark.line + 1
            if not isinstance(event, yaml_events.ScalarEvent) or not event.value:
                _refuse(line, _("A key is a plain word."), path)
            key = event.value
            self._check(event, (*path, key), line)
            if key in values:
                first = self.reading.lines[(*path, key)]
                _refuse(line, _("The key stands here for the second time; the first is in line %(line)s.")
                        % {"line": first}, (*path, key))
            self.reading.lines[(*path, key)] = line
            values[key] = self._value(next(self.events), (*path, key))
        return values


def plain_value(text: str) -> Any:
    """The value of a scalar without quotation marks."""
    if text in WORDS:
        return WORDS[text]
    if WHOLE.fullmatch(text):
        return int(text)
    return Decimal(text) if FRACTION.fullmatch(text) else text
