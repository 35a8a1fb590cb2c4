"""A programme file as a whole: read, checked, compared with the tables, written into them, and taken from them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from hashlib import sha256
from json import dumps
from typing import Any

from django.db import transaction

from memberships.models import Programme
from memberships.programme_files.faults import Fault, Path, ProgrammeFileError
from memberships.programme_files.programme import new_programme
from memberships.programme_files.reading import read_yaml
from memberships.programme_files.schema import bare, filled, schema_faults
from memberships.programme_files.sections import Change, ProgrammeSection
from operations import registry
from operations.models import User


@dataclass(frozen=True)
class Document:
    """What a programme file says: its sections by name, each with its defaults filled in."""

    sections: Mapping[str, Any]
    #: Where it was read from.
    name: str = ""
    source: str = ""
    lines: Mapping[Path, int] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """The programme's code."""
        return str(self.sections["programme"]["code"])

    @cached_property
    def content(self) -> dict[str, Any]:
        """The document as JSON, as it is kept: without what defaults say, and without empty sections."""
        return {
            each.name: bare(self.sections[each.name], each.schema)
            for each in _sections() if self.sections[each.name] not in (None, [], ())
        }

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the content: the same for files that mean the same."""
        return sha256(dumps(self.content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def located(self, faults: Iterable[Fault]) -> list[Fault]:
        """Faults with their lines."""
        return [fault.located(self.lines) for fault in faults]


def _sections() -> list[ProgrammeSection]:
    return list(registry.programme_sections)


def read_document(source: str, *, name: str = "") -> Document:
    """A file's text as a document. ProgrammeFileError with every fault there is in it, each with its line."""
    try:
        reading = read_yaml(source)
    except ProgrammeFileError as error:
        raise ProgrammeFileError(error.faults, name=name) from None
    faults = schema_faults(reading.value)
    if faults:
        raise ProgrammeFileError([fault.located(reading.lines) for fault in faults], name=name)
    document = Document(_filled(reading.value), name, source, reading.lines)
    faults = [fault for each in _sections() for fault in each.check(document, document.sections[each.name])]
    if faults:
        raise ProgrammeFileError(document.located(faults), name=name)
    return document


def kept_document(content: Mapping[str, Any]) -> Document:
    """The document of a content that was kept (`Document.content`)."""
    return Document(_filled(content))


def _filled(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        each.name: filled(value[each.name], each.schema) if each.name in value else each.empty for each in _sections()
    }


def find_programme(document: Document) -> Programme | None:
    """The programme that the document describes; None when there is none of that code yet."""
    return Programme.objects.filter(code=document.code).first()


def check_against_tables(document: Document, *, on: date) -> None:
    """ProgrammeFileError where the programme as it is cannot become what the document says."""
    programme = find_programme(document)
    faults = [
        fault for each in _sections() for fault in each.clashes(programme, document.sections[each.name], on=on)
    ]
    if programme is not None:
        faults += [
            fault for each in _sections() for fault in each.hindrances(programme, document.sections[each.name], on=on)
        ]
    if faults:
        raise ProgrammeFileError(document.located(faults), name=document.name)


def changes_of(document: Document, *, on: date) -> list[Change]:
    """What would change from that day on, section by section; nothing when all of it is so already."""
    programme = find_programme(document)
    return [
        change for each in _sections() for change in each.changes(programme, document.sections[each.name], on=on)
    ]


@transaction.atomic
def apply_document(document: Document, *, on: date, actor: User | None) -> Programme:
    """Make the tables say what the document says, from that day on. Locks the programme's row,
    though not for those who only refer to it: an enrolment does not wait for somebody who looks at a draft.

    ProgrammeFileError, and nothing is changed, where they cannot.
    """
    Programme.objects.select_for_update(no_key=True).filter(code=document.code).first()
    check_against_tables(document, on=on)
    programme = find_programme(document) or new_programme(document.sections["programme"])
    for each in _sections():
        each.apply(programme, document.sections[each.name], on=on, actor=actor)
    return programme


def export_programme(programme: Programme, *, on: date) -> Document:
    """What the tables say of a programme on a day."""
    return Document({each.name: each.export(programme, on=on) for each in _sections()})


