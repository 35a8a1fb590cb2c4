"""What a section of a programme file is: its schema, its checks, and its way into the tables and back.

Each floor registers its sections in `AppConfig.ready()`; they are applied in the order of registration.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils.functional import Promise

from memberships.models import Programme
from memberships.programme_files.faults import Fault
from operations.models import User

if TYPE_CHECKING:
    from memberships.programme_files.documents import Document

#: A piece of JSON Schema (2020-12). `default` is what is meant where a key is left out; `x-decimals` is ours.
Schema = Mapping[str, Any]


class Change(NamedTuple):
    """Something that a file would change: a sentence, and its figures by name."""

    words: str
    figures: Mapping[str, int] = {}

    def as_json(self) -> dict[str, Any]:
        return {"words": self.words, "figures": dict(self.figures)}


class ProgrammeSection:
    """A section by its name. It gets values as `schema` has them: numbers exact, dates as text, defaults filled in."""

    name: str
    label: str | Promise
    schema: Schema
    is_required = False
    #: What is meant where the section is left out.
    empty: Any = ()

    def check(self, document: "Document", section: Any) -> Iterable[Fault]:
        """What is wrong with it by itself and beside the other sections (`document.sections`), with paths."""
        return ()

    def hindrances(self, programme: Programme, section: Any, *, on: date) -> Iterable[Fault]:
        """Why the programme as it is cannot become what the section says from that day on, with paths."""
        return ()

    def clashes(self, programme: Programme | None, section: Any, *, on: date) -> Iterable[Fault]:
        """Why what other programmes share does not allow it, also of a programme that is not there yet, with paths."""
        return ()

    def changes(self, programme: Programme | None, section: Any, *, on: date) -> Iterable[Change]:
        """What would change from that day on; nothing if, and only if, `apply` would write nothing. No programme yet:
        all of it is new."""
        raise NotImplementedError

    def apply(self, programme: Programme, section: Any, *, on: date, actor: User | None) -> None:
        """Write it, in a transaction that holds the programme's row. Nothing that was used is deleted."""
        raise NotImplementedError

    def export(self, programme: Programme, *, on: date) -> Any:
        """The section as it is on that day: what `apply` would find nothing to do for."""
        raise NotImplementedError
