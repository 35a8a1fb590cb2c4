"""What a programme file is compared with: the programme as it will be on the file's day.

A file says all of its programme. So what counts is not what the tables say today, but what the approved revisions that
take effect by then will have made of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from memberships.errors import RevisionStateError
from memberships.models import ProgrammeRevision
from memberships.programme_files.documents import (
    Document,
    apply_document,
    changes_of,
    check_against_tables,
    kept_document,
)
from memberships.programme_files.faults import ProgrammeFileError
from memberships.programme_files.sections import Change

State = ProgrammeRevision.State


def foresee_changes(document: Document, *, on: date) -> list[Change]:
    """What a file would change from that day on, after the approved ones that take effect by then.

    Raises ProgrammeFileError where the programme cannot become what it says, RevisionStateError where one of those
    before it cannot take effect.
    """
    with as_it_will_be(document.code, on=on):
        check_against_tables(document, on=on)
        return changes_of(document, on=on)


def foretell_changes(document: Document, *, on: date) -> list[dict[str, Any]]:
    """The same for `ProgrammeRevision.changes`: who approves it may read another language than who made it."""
    told: dict[str, list[Change]] = {}
    with as_it_will_be(document.code, on=on):
        check_against_tables(document, on=on)
        for language, _name in settings.LANGUAGES:
            with override(language):
                told[language] = changes_of(document, on=on)
    return [
        {"words": {language: change.words for language, change in zip(told, each, strict=True)},
         "figures": dict(each[0].figures)}
        for each in zip(*told.values(), strict=True)
    ]


@contextmanager
def on_trial() -> Iterator[None]:
    """Within, what is written stands; then the tables are as before."""
    with transaction.atomic():
        before = transaction.savepoint()
        try:
            yield
        finally:
            transaction.savepoint_rollback(before)


@contextmanager
def as_it_will_be(code: str, *, on: date, until: int | None = None) -> Iterator[None]:
    """Within, the tables are what the approved revisions that wait will have made of them by that day; then as before.

    `until`: the key of the revision before which. Written and rolled back, since only the tables know what becomes of a
    file. Locks the programme's row if any waits.
    """
    waiting = coming(code, by=on, until=until)
    if not waiting:
        yield
        return
    with on_trial():
        for revision in waiting:
            _apply(revision)
        yield


def _apply(revision: ProgrammeRevision) -> None:
    try:
        apply_document(kept_document(revision.document), on=revision.effective_on, actor=None)
    except ProgrammeFileError as error:
        raise RevisionStateError(
            _("%(revision)s, which is approved for %(day)s, cannot take effect any more; discard it first. %(why)s") % {
                "revision": revision, "day": date_format(revision.effective_on, "SHORT_DATE_FORMAT"), "why": error,
            }
        ) from error


def coming(code: str, *, by: date, until: int | None = None) -> list[ProgrammeRevision]:
    """The approved revisions that will take effect by a day, in their order; `until`: before the one of that key.

    One that was compared with something else than what comes before it will be left out on its day: it is none of them.
    """
    found, base = [], hash_in_effect(code)
    for revision in ProgrammeRevision.objects.filter(code=code).to_apply(on=by):
        if revision.pk == until:
            break
        if revision.base_hash == base:
            found.append(revision)
            base = revision.document_hash
    return found


def hash_in_effect(code: str) -> str:
    """The hash of the content that is in effect; blank where there is none."""
    found = ProgrammeRevision.objects.filter(code=code, state=State.IN_EFFECT).values_list("document_hash", flat=True)
    return found.first() or ""


def base_hash(code: str, *, on: date, until: int | None = None) -> str:
    """The hash of what will be in effect before a file of that day, as far as it is approved; blank: nothing.

    `until`: the key of the file's revision, which may be approved itself.
    """
    waiting = coming(code, by=on, until=until)
    return waiting[-1].document_hash if waiting else hash_in_effect(code)


def overtaken(code: str, *, on: date) -> list[ProgrammeRevision]:
    """The approved revisions of days after that: none was compared with a file of it, none would take effect then."""
    approved = ProgrammeRevision.objects.without_files().filter(code=code, state=State.APPROVED)
    return list(approved.filter(effective_on__gt=on).order_by("effective_on", "number"))


def in_words(revision: ProgrammeRevision) -> str:
    """As in "club r2, which is to take effect on 2027-01-22"."""
    day = date_format(revision.effective_on, "SHORT_DATE_FORMAT")
    return _("%(revision)s, which is to take effect on %(day)s") % {"revision": revision, "day": day}


def neighbours(code: str, *, on: date) -> list[tuple[str, str]]:
    """What other approved files that still wait have to do with a file of that day, by label."""
    before, later = coming(code, by=on), overtaken(code, on=on)
    found = []
    if before:
        found.append((_("Compared with"), in_words(before[-1])))
    if later:
        found.append((_("Will not take effect then"), ", ".join(map(in_words, later))))
    return found
