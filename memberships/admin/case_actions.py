"""What can be done to a case note besides correcting it: pin it, follow it up."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.admin.actions import Asked, ConfirmForm, Fact, RecordAction, Told, who_and_when
from memberships.admin.points_actions import DayWidget
from memberships.models import CaseNote
from memberships.services.case_notes import follow_up_note, pin_note
from operations.admin.reasons import record_url

WRITE = "memberships.write_casenote"


class NoteAction(RecordAction[CaseNote]):
    """An action on a note that stands: neither corrected nor erased."""

    permission = WRITE

    def is_offered(self, record: CaseNote, *, on: date) -> bool:
        return record.erased_at is None and not hasattr(record, "correction")

    def seen(self, record: CaseNote) -> str:
        return f"{record.is_pinned}:{record.follow_up_on}:{record.followed_up_at}"

    def page_of(self, record: CaseNote) -> str:
        return record_url(record)

    def facts(self, record: CaseNote) -> tuple[Fact, ...]:
        """What the note is about."""
        return ((_("Member"), record.member.number), (_("Kind"), record.kind), (_("Written by"), record.written_by))

    def asked(self, record: CaseNote, data: Any, *, seen: str, on: date) -> Asked:
        if not self.is_offered(record, on=on):
            return Asked(refusal=_("This cannot be done to the note as it stands."))
        return Asked(ConfirmForm(data, seen=seen), facts=self.facts(record))


class Pin(NoteAction):
    """Keep it on top of the others."""

    name = "pin"
    label = gettext_lazy("Pin")
    is_to_be = True

    def is_offered(self, record: CaseNote, *, on: date) -> bool:
        return super().is_offered(record, on=on) and record.is_pinned != self.is_to_be

    def do(self, record: CaseNote, form: Any, *, on: date, request: HttpRequest) -> Told:
        given = who_and_when(request, form)
        pin_note(record, is_pinned=self.is_to_be, reason=given["reason"], actor=given["actor"])
        words = _("The note stands on top now.") if self.is_to_be else _("The note does not stand on top any more.")
        return Told(messages.SUCCESS, words)


class Unpin(Pin):
    """No longer on top of the others."""

    name = "unpin"
    label = gettext_lazy("Unpin")
    is_to_be = False


class FollowUpForm(ConfirmForm):
    """What was seen, and perhaps the next day."""

    first_fields = ("next_on",)
    next_on = forms.DateField(
        label=gettext_lazy("Next day"), required=False, widget=DayWidget(),
        help_text=gettext_lazy("Blank: it is done, and leaves the work list."),
    )


class FollowUp(NoteAction):
    """Somebody has looked again."""

    name = "follow-up"
    label = gettext_lazy("Follow up")
    variant = "primary"

    def asked(self, record: CaseNote, data: Any, *, seen: str, on: date) -> Asked:
        if not self.is_offered(record, on=on):
            return Asked(refusal=_("This cannot be done to the note as it stands."))
        day = record.follow_up_on if record.is_to_follow_up else None
        return Asked(
            FollowUpForm(data, seen=seen), facts=(*self.facts(record), (_("Follow up on"), day or "–")),
            note=_("The reason says what came of it. What it is about belongs into a note of its own."),
        )

    def do(self, record: CaseNote, form: Any, *, on: date, request: HttpRequest) -> Told:
        next_on = form.cleaned_data["next_on"]
        follow_up_note(record, next_on=next_on, on=on, **who_and_when(request, form))
        words = _("It stands in the work list from %(day)s on.") % {"day": next_on} if next_on else _("It is done.")
        return Told(messages.SUCCESS, words)


ACTIONS: tuple[RecordAction[CaseNote], ...] = (FollowUp(), Pin(), Unpin())
