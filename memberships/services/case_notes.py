"""Case notes: writing, correcting, pinning and following up; opening an attachment leaves a trace.

Each locks the member first, so that a note is written before an account is erased, or not at all.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from memberships.case_files import CaseFile
from memberships.models import CaseAttachment, CaseNote, CaseNoteKind, Member
from memberships.services.closures import refuse_closed
from memberships.services.members import lock_member
from operations.audit import because
from operations.errors import PlusdeskError
from operations.models import Reveal, User
from operations.proofs import demand_proof
from operations.services.reveals import ReasonMissingError


class CaseNoteError(PlusdeskError):
    """The note's state does not allow what was asked."""

    http_status = 409


def write_note(
    member: Member, *, kind: CaseNoteKind, text: str, files: Sequence[CaseFile] = (), is_pinned: bool = False,
    follow_up_on: date | None = None, key: str, on: date, at: datetime, actor: User,
) -> CaseNote:
    """Write a note down; a repeat under its key finds the first.

    Raises CaseNoteError where nothing is to be written, AccountClosedError.
    """
    note = CaseNote(
        member=member, kind=kind, text=text.strip(), is_pinned=is_pinned, follow_up_on=follow_up_on, key=key,
        written_at=at, written_by=actor,
    )
    with because(actor=actor):
        return _write(note, files, on=on)


def correct_note(
    note: CaseNote, *, kind: CaseNoteKind, text: str, files: Sequence[CaseFile] = (), is_pinned: bool = False,
    follow_up_on: date | None = None, key: str, reason: str, on: date, at: datetime, actor: User,
) -> CaseNote:
    """Write what replaces a note, which stays to be read: it is pinned and followed up no more.

    Raises ReasonMissingError, CaseNoteError when it is corrected already or erased.
    """
    if not reason.strip():
        raise ReasonMissingError
    correction = CaseNote(
        member_id=note.member_id, kind=kind, text=text.strip(), corrects=note, is_pinned=is_pinned,
        follow_up_on=follow_up_on, key=key, written_at=at, written_by=actor,
    )
    with transaction.atomic(), because(reason, actor=actor):
        lock_member(note.member_id)
        known = CaseNote.objects.filter(corrects=note).first()
        if known is not None and known.key == key:
            return known
        old = _open(note)
        written = _write(correction, files, on=on)
        old.is_pinned, old.followed_up_at = False, at if old.is_to_follow_up else old.followed_up_at
        old.save(update_fields=["is_pinned", "followed_up_at"])
    return written


def pin_note(note: CaseNote, *, is_pinned: bool, reason: str, actor: User) -> CaseNote:
    """Keep a note on top of the others, or no longer. CaseNoteError."""
    with transaction.atomic(), because(reason, actor=actor):
        lock_member(note.member_id)
        note = _open(note)
        note.is_pinned = is_pinned
        note.save(update_fields=["is_pinned"])
    return note


def follow_up_note(
    note: CaseNote, *, next_on: date | None, reason: str, on: date, at: datetime, actor: User
) -> CaseNote:
    """Somebody looked again: it is done, or `next_on` is the next day for it. CaseNoteError."""
    with transaction.atomic(), because(reason, actor=actor):
        lock_member(note.member_id)
        note = _open(note)
        if next_on is not None:
            _refuse_past(next_on, on=on)
            note.follow_up_on, note.followed_up_at = next_on, None
        elif note.is_to_follow_up:
            note.followed_up_at = at
        else:
            raise CaseNoteError(_("There is nothing to follow up."))
        note.save(update_fields=["follow_up_on", "followed_up_at"])
    return note


def open_attachment(attachment: CaseAttachment, *, actor: User, at: datetime) -> IO[bytes]:
    """The attachment's bytes; who opened it stands in the log of reveals, which is committed first. CaseNoteError."""
    demand_proof(at=at)
    if attachment.erased_at is not None:
        raise CaseNoteError(_("The attachment was erased."))
    Reveal.objects.create(
        actor=actor, model=attachment._meta.label_lower, object_id=attachment.pk, field="file",
        reason=_("Attachment of case note %(note)s opened") % {"note": attachment.note}, revealed_at=at,
    )
    return default_storage.open(str(attachment.file.name))


def _open(note: CaseNote) -> CaseNote:
    """The note, read afresh. CaseNoteError when it was corrected or erased."""
    note = CaseNote.objects.select_for_update(no_key=True).get(pk=note.pk)
    if note.erased_at is not None:
        raise CaseNoteError(_("The note was erased."))
    if CaseNote.objects.filter(corrects=note).exists():
        raise CaseNoteError(_("The note was corrected: look at its correction."))
    return note


def _refuse_past(day: date, *, on: date) -> None:
    if day < on:
        raise CaseNoteError(_("A day to follow up is today or later."))


@transaction.atomic
def _write(note: CaseNote, files: Sequence[CaseFile], *, on: date) -> CaseNote:
    """Insert a note and its files. Of a transaction that is rolled back no file stays; the sweep takes what a crash
    leaves."""
    member = lock_member(note.member_id)
    known = CaseNote.objects.filter(member=member, key=note.key).first()
    if known is not None:
        return known
    refuse_closed(member)
    if not note.text:
        raise CaseNoteError(_("A note says something."))
    if note.follow_up_on is not None:
        _refuse_past(note.follow_up_on, on=on)
    note.save(force_insert=True)
    kept: list[str] = []
    try:
        for file in files:
            attachment = CaseAttachment(
                note=note, name=file.name, content_type=file.content_type, size=len(file.content), sha256=file.sha256
            )
            attachment.file.save("file", ContentFile(file.content), save=False)
            kept.append(str(attachment.file.name))
            attachment.save(force_insert=True)
    except BaseException:
        for name in kept:
            default_storage.delete(name)
        raise
    return note
