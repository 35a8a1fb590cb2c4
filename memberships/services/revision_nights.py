"""The approved revisions whose day has come: what the night would do with each, and does, of all or of a dry run."""

from collections.abc import Iterable
from datetime import date, datetime
from hashlib import sha256
from typing import NamedTuple

from memberships.errors import RevisionBaseError
from memberships.models import ProgrammeRevision
from memberships.programme_files.documents import apply_document, kept_document
from memberships.programme_files.faults import ProgrammeFileError
from memberships.services.revision_bases import hash_in_effect, on_trial
from memberships.services.revisions import leave_out, take_effect
from operations.models import JobRun, RunItem, User

#: What becomes of a revision: it takes effect, it is left out with a note, or its programme cannot become so.
APPLY, LEAVE_OUT, REFUSE = "apply", "leave_out", "refuse"


class Effect(NamedTuple):
    """What the night would do with a revision, and a fingerprint of what that rests on."""

    revision: ProgrammeRevision
    kind: str
    seen: int

    def item(self, run: JobRun) -> RunItem:
        """As an item of a dry run; its amount is the number of changes."""
        changes = len(self.revision.changes)
        return RunItem(run=run, key=self.revision.pk, kind=self.kind, amount=changes, seen=self.seen)


class Outcome(NamedTuple):
    """The revisions that took effect, and those that did not."""

    applied: int
    left: int


def due(code: str, *, on: date) -> list[ProgrammeRevision]:
    """A programme's approved revisions whose day has come, in the order of their effect."""
    return list(ProgrammeRevision.objects.filter(code=code).to_apply(on=on).select_related("made_by"))


def foresee_effects(code: str, *, on: date) -> list[Effect]:
    """What the night would do with a programme's revisions, one after the other. Written and rolled back."""
    found, base = [], hash_in_effect(code)
    with on_trial():
        for revision in due(code, on=on):
            kind = _effect(revision, base, on=on)
            found.append(Effect(revision, kind, _seen(kind, base, revision)))
            # One that cannot take effect leaves the programme as those before it made it: what rests on it has another
            # base then, and is left out as well.
            if kind == APPLY:
                base = revision.document_hash
    return found


def _effect(revision: ProgrammeRevision, base: str, *, on: date) -> str:
    if revision.base_hash != base:
        return LEAVE_OUT
    try:
        apply_document(kept_document(revision.document), on=on, actor=None)
    except ProgrammeFileError:
        return REFUSE
    return APPLY


def _seen(kind: str, base: str, revision: ProgrammeRevision) -> int:
    facts = "|".join([kind, base, revision.base_hash, revision.document_hash])
    return int.from_bytes(sha256(facts.encode()).digest()[:8], "big", signed=True)


def foresee_night(run: JobRun, code: str) -> int:
    """Write an item of a dry run for each revision of a programme that the night would look at; how many."""
    items = [effect.item(run) for effect in foresee_effects(code, on=run.business_date)]
    return len(RunItem.objects.bulk_create(items, ignore_conflicts=True))


def apply_due(code: str, *, on: date, at: datetime, actor: User | None) -> Outcome:
    """Bring a programme's revisions into effect, one after the other.

    Those with another base, and those that the programme cannot become, are left out with a note; the others are kept.
    """
    revisions = due(code, on=on)
    applied = _apply(revisions, on=on, at=at, actor=actor)
    return Outcome(len(applied), len(revisions) - len(applied))


def apply_foreseen(approved: JobRun, code: str, *, on: date, at: datetime, actor: User | None) -> Outcome:
    """The same of an approved dry run: what it lists and finds as it saw it, in its order, up to the first that is not.

    Those after that one rest on it: they wait, too. The items say what became of them: done is what took effect.
    """
    keys = list(ProgrammeRevision.objects.filter(code=code).values_list("pk", flat=True))
    items = RunItem.objects.filter(run=approved, key__in=keys)
    seen = dict(items.values_list("key", "seen"))
    wanted: list[ProgrammeRevision] = []
    for effect in foresee_effects(code, on=on):
        if seen.get(effect.revision.pk) != effect.seen:
            break
        wanted.append(effect.revision)
    applied = _apply(wanted, on=on, at=at, actor=actor)
    items.filter(key__in=applied).update(outcome=RunItem.Outcome.DONE)
    left = items.filter(outcome=RunItem.Outcome.FORESEEN).update(outcome=RunItem.Outcome.LEFT_OUT)
    return Outcome(len(applied), left)


def _apply(revisions: Iterable[ProgrammeRevision], *, on: date, at: datetime, actor: User | None) -> list[int]:
    """The keys of those that took effect."""
    return [each.pk for each in revisions if _take_effect(each, on=on, at=at, actor=actor or each.made_by)]


def _take_effect(revision: ProgrammeRevision, *, on: date, at: datetime, actor: User | None) -> bool:
    """Whether it did; if not, nothing of it is written but why."""
    try:
        # In a savepoint of its own.
        take_effect(revision, on=on, at=at, actor=actor)
    except (RevisionBaseError, ProgrammeFileError) as error:
        leave_out(revision, why=str(error), actor=actor)
        return False
    return True
