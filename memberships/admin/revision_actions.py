"""What can be done to a revision of a programme; services decide, this asks first."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.admin.actions import Asked, ConfirmForm, RecordAction, Told, who_and_when
from memberships.models import ProgrammeRevision
from memberships.services import revisions

State = ProgrammeRevision.State
PERMISSION = "memberships.submit_programmerevision"


class RevisionAction(RecordAction[ProgrammeRevision]):
    """Of a revision in a state; a confirmation of another state does nothing."""

    permission = PERMISSION
    note: Any = ""

    def seen(self, record: ProgrammeRevision) -> str:
        return f"{record.state} {record.document_hash} {record.approval_id} {record.effective_on}"

    def asked(self, record: ProgrammeRevision, data: Any, *, seen: str, on: date) -> Asked:
        facts = (
            (_("Revision"), str(record)),
            (_("Effective on"), date_format(record.effective_on, "SHORT_DATE_FORMAT")),
            (_("Changes"), str(len(record.changes))),
        )
        return Asked(ConfirmForm(data, seen=seen), facts, self.note)

    def page_of(self, record: ProgrammeRevision) -> str:
        return revision_url(record)


class Submit(RevisionAction):
    name = "submit"
    label = gettext_lazy("Submit")
    variant = "primary"
    note = gettext_lazy("Another person has to approve it. Until then nothing changes.")

    def is_offered(self, record: ProgrammeRevision, *, on: date) -> bool:
        return record.state == State.DRAFT

    def do(self, record: ProgrammeRevision, form: Any, *, on: date, request: HttpRequest) -> Told:
        revisions.submit_revision(record, on=on, **who_and_when(request, form))
        return Told(messages.SUCCESS, _("It waits for the approval of another person."))


class TakeUpAgain(RevisionAction):
    name = "take_up_again"
    label = gettext_lazy("Take up again")
    note = gettext_lazy("It becomes a draft again, which can be edited and submitted anew.")

    def is_offered(self, record: ProgrammeRevision, *, on: date) -> bool:
        return revisions.is_turned_down(record)

    def do(self, record: ProgrammeRevision, form: Any, *, on: date, request: HttpRequest) -> Told:
        revisions.take_up_again(record, actor=who_and_when(request, form)["actor"])
        return Told(messages.SUCCESS, _("It is a draft again."))


class Discard(RevisionAction):
    name = "discard"
    label = gettext_lazy("Discard")
    note = gettext_lazy("It will not take effect.")

    def is_offered(self, record: ProgrammeRevision, *, on: date) -> bool:
        return record.state in (State.DRAFT, State.APPROVED) or revisions.is_turned_down(record)

    def do(self, record: ProgrammeRevision, form: Any, *, on: date, request: HttpRequest) -> Told:
        told = who_and_when(request, form)
        revisions.discard_revision(record, reason=told["reason"], actor=told["actor"])
        return Told(messages.SUCCESS, _("It is put away."))


class RollBack(RevisionAction):
    name = "roll_back"
    label = gettext_lazy("Roll back to it")
    note = gettext_lazy("A new draft takes up its content again. It takes effect once another person has approved it.")

    def is_offered(self, record: ProgrammeRevision, *, on: date) -> bool:
        return record.state == State.SUPERSEDED

    def do(self, record: ProgrammeRevision, form: Any, *, on: date, request: HttpRequest) -> Told:
        told = who_and_when(request, form)
        draft = revisions.roll_back(record, effective_on=on, on=on, at=told["at"], actor=told["actor"])
        return Told(messages.SUCCESS, _("This draft takes up %(revision)s again.") % {"revision": record},
                    revision_url(draft))


ACTIONS = (Submit(), TakeUpAgain(), Discard(), RollBack())


def revision_url(revision: ProgrammeRevision) -> str:
    return reverse("admin:memberships_programmerevision_change", args=[revision.pk])
