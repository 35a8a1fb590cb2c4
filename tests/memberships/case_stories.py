"""What the stories of case notes share: a note, and a file that may be attached to it."""

import uuid
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from memberships.admin.display import today
from memberships.case_files import CaseFile
from memberships.models import CaseNote, CaseNoteKind, Member
from memberships.services.case_notes import write_note
from operations.models import User

PDF = b"%PDF-1.4\n%a letter of complaint\n"


def a_letter(name: str = "投诉信.pdf", content: bytes = PDF) -> CaseFile:
    return CaseFile(name, content, "application/pdf")


def an_upload(name: str = "投诉信.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def the_kind(code: str = "complaint") -> CaseNoteKind:
    return CaseNoteKind.objects.get(code=code)


def a_note(member: Member, actor: User, *, text: str = "来电投诉配送延误，已致歉。", **facts: Any) -> CaseNote:
    """A complaint, written today."""
    given = {"kind": the_kind(), "key": uuid.uuid4().hex, "on": today(), "at": timezone.now(), **facts}
    return write_note(member, text=text, actor=actor, **given)
