"""Things that hold from a day on and are never rewritten once they were used: the next version instead.

Plans and earn rules are such: a file says what is to hold, the tables have every version with its days. From the day a
file takes effect, the newest version is what the file says; the one before ended on the day before.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Generic, TypeVar

from django.db.models import Model

from memberships.programme_files.facts import differing

_M = TypeVar("_M", bound=Model)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Entry:
    """What a file says of a thing. `start`: not before that day; `end`: the last day, both included."""

    code: str
    start: date | None
    end: date | None
    #: What a version says, by field.
    facts: dict[str, Any]
    #: What may still change of a version that was used.
    open_facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Step(Generic[_M]):
    """What is to be written for an entry: a record's new values (None: a new version), ends of others."""

    record: _M | None
    values: dict[str, Any]
    ends: tuple[tuple[_M, date], ...] = ()


@dataclass(frozen=True)
class Ending(Generic[_M]):
    """What becomes of a version that the file leaves out: its last day, or none, if it never began."""

    record: _M
    end: date | None


@dataclass(frozen=True)
class Versions(Generic[_M]):
    """How versions of a model are told apart: the fields of their days, and which were used."""

    start: str
    end: str
    is_used: Callable[[_M], bool]

    def step(self, versions: Sequence[_M], entry: Entry, *, on: date) -> Step[_M] | None:
        """What makes the newest of `versions` (in their order) what the entry says from `on`; None: it is so."""
        if not versions:
            return Step(None, self._values(entry, entry.start or min(on, entry.end or on)))
        latest = versions[-1]
        start = max(on, entry.start or on)
        if self._begins(latest) >= start and self.is_used(latest) and differing(_now(latest, entry), entry.facts):
            start = self._begins(latest) + DAY
        if entry.end is not None and entry.end < start:
            return self._end(latest, max(entry.end, on - DAY), on=on)
        if self.is_over(latest, on=on):
            return Step(None, self._values(entry, start))
        if not differing(_now(latest, entry), entry.facts):
            return self._adjust(versions, entry, on=on)
        if self._begins(latest) >= start:
            return self._rewrite(versions, entry, start)
        ends = ((latest, start - DAY),) if self._ends(latest) is None or self._ends(latest) >= start else ()
        return Step(None, self._values(entry, start), ends)

    def endings(self, versions: Iterable[_M], *, on: date) -> Iterable[Ending[_M]]:
        """What ends the versions of a thing that the file leaves out, with the day before `on`."""
        for each in versions:
            if self.is_over(each, on=on):
                continue
            if self._begins(each) >= on and not self.is_used(each):
                yield Ending(each, None)
            elif self._ends(each) != (end := max(on - DAY, self._begins(each))):
                yield Ending(each, end)

    def is_over(self, record: _M, *, on: date) -> bool:
        """Whether the version's last day was before `on`."""
        end = self._ends(record)
        return end is not None and end < on

    def has_begun(self, record: _M, *, on: date) -> bool:
        return bool(self._begins(record) <= on)

    def _adjust(self, versions: Sequence[_M], entry: Entry, *, on: date) -> Step[_M] | None:
        """The version says it already; its days may be others."""
        latest = versions[-1]
        start = self._begins(latest)
        if start > on and entry.start is not None:
            start = self._after_previous(versions, max(entry.start, on))
        end = entry.end if entry.end is None else max(entry.end, start)
        wanted = {self.start: start, self.end: end, **entry.open_facts}
        values = {name: wanted[name] for name in differing(_now(latest, wanted), wanted)}
        return Step(latest, values, self._moved_end(versions, start)) if values else None

    def _rewrite(self, versions: Sequence[_M], entry: Entry, start: date) -> Step[_M]:
        """The version has not begun by then: it becomes what the file says."""
        start = self._after_previous(versions, start)
        end = entry.end if entry.end is None else max(entry.end, start)
        values = {**self._values(entry, start), self.end: end}
        return Step(versions[-1], values, self._moved_end(versions, start))

    def _after_previous(self, versions: Sequence[_M], start: date) -> date:
        return start if len(versions) == 1 else max(start, self._begins(versions[-2]) + DAY)

    def _moved_end(self, versions: Sequence[_M], start: date) -> tuple[tuple[_M, date], ...]:
        """The version before goes on until the last one begins, if it did so before."""
        if len(versions) == 1 or start == self._begins(versions[-1]):
            return ()
        previous = versions[-2]
        touches = self._ends(previous) == self._begins(versions[-1]) - DAY or self._ends(previous) >= start
        return ((previous, start - DAY),) if touches else ()

    def _end(self, latest: _M, end: date, *, on: date) -> Step[_M] | None:
        end = max(end, self._begins(latest))
        return None if self.is_over(latest, on=on) or self._ends(latest) == end else Step(latest, {self.end: end})

    def _values(self, entry: Entry, start: date) -> dict[str, Any]:
        return {self.start: start, self.end: entry.end, **entry.facts, **entry.open_facts}

    def _begins(self, record: _M) -> Any:
        return getattr(record, self.start)

    def _ends(self, record: _M) -> Any:
        return getattr(record, self.end)

    def write(self, step: Step[_M], new: _M) -> None:
        """Write a step: what shrinks first, since versions never overlap. `new` is the next version, not yet saved."""
        shrinking = [(each, end) for each, end in step.ends if self._ends(each) is None or end < self._ends(each)]
        for each, end in shrinking:
            self._save(each, {self.end: end})
        self._save(step.record or new, step.values)
        for each, end in step.ends:
            if (each, end) not in shrinking:
                self._save(each, {self.end: end})

    def write_ending(self, ending: Ending[_M]) -> None:
        """Write an ending; what never began goes (the audit trail keeps it)."""
        if ending.end is None:
            ending.record.delete()
        else:
            self._save(ending.record, {self.end: ending.end})

    def _save(self, record: _M, values: dict[str, Any]) -> None:
        for name, value in values.items():
            setattr(record, name, value)
        record.save(update_fields=None if record.pk is None else list(values))


def _now(record: Model, wanted: Any) -> dict[str, Any]:
    """What a record says where something is wanted."""
    names = wanted.facts if isinstance(wanted, Entry) else wanted
    return {name: getattr(record, name) for name in names}
