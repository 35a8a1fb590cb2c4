"""What the pages of programme files show: the editor with its preview, a revision, two of them beside each other."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminDateWidget

from memberships.admin import revision_actions
from memberships.admin.actions import offered
from memberships.admin.what_ifs import ASKED_OF, of_revision
from memberships.models import ProgrammeRevision
from memberships.programme_files.comparing import compare
from memberships.programme_files.documents import (
    Document,
    kept_document,
    read_document,
)
from memberships.programme_files.faults import Fault, ProgrammeFileError
from memberships.programme_files.reading import MAX_BYTES, file_text
from memberships.programme_files.sections import Change
from memberships.services.revision_bases import foresee_changes, neighbours
from memberships.services.revisions import is_turned_down
from operations.admin.approval_pages import STATE_COLOURS as APPROVAL_COLOURS
from operations.admin.approval_pages import approval_url
from operations.errors import PlusdeskError
from operations.models import Approval

State = ProgrammeRevision.State
STATE_COLOURS = {
    State.DRAFT: "info",
    State.SUBMITTED: "warning",
    State.APPROVED: "success",
    State.IN_EFFECT: "success",
    State.SUPERSEDED: "",
    State.REJECTED: "",
}
LEFT_OUT_COLOUR = "danger"
COLOURS = {*STATE_COLOURS.values(), *APPROVAL_COLOURS.values(), LEFT_OUT_COLOUR}
#: Of a programme's other revisions, those that can be chosen to compare with.
OTHERS_SHOWN = 50


class FileForm(forms.Form):
    """A programme file, typed or uploaded, and from when it is to hold."""

    source = forms.CharField(
        label=gettext_lazy("File"), required=False, strip=False, max_length=MAX_BYTES,
        widget=forms.Textarea(
            attrs={"class": "desk-input desk-code", "rows": 28, "spellcheck": "false", "wrap": "off"}
        ),
    )
    file = forms.FileField(
        label=gettext_lazy("Or a file from this computer"), required=False,
        widget=forms.FileInput(attrs={"accept": ".yaml,.yml", "class": "desk-input"}),
    )
    effective_on = forms.DateField(
        label=gettext_lazy("Takes effect on"), widget=UnfoldAdminDateWidget,
        help_text=gettext_lazy("At once if that is the day of the approval; else in the night of its day."),
    )
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=200,
        widget=forms.TextInput(attrs={"class": "desk-input"}),
    )

    def clean_file(self) -> str:
        """The uploaded file's text; blank without one."""
        file: UploadedFile[Any] | None = self.cleaned_data["file"]
        if file is None:
            return ""
        try:
            return file_text(file.read(MAX_BYTES + 1))
        except ProgrammeFileError as error:
            raise ValidationError([_in_line(fault) for fault in error.faults]) from error

    def text(self) -> str:
        """What is meant: an uploaded file goes before what was typed. Lines end as in files."""
        text: str = self.cleaned_data["file"] or self.cleaned_data["source"]
        return text.replace("\r\n", "\n")


def _in_line(fault: Fault) -> str:
    """A fault where there is no text yet to show beside it."""
    return _("Line %(line)s: %(fault)s") % {"line": fault.line, "fault": fault.words} if fault.line else fault.words


@dataclass(frozen=True)
class Preview:
    """What a file's text comes to: its faults, or else its document and what that would change."""

    document: Document | None
    faults: Iterable[Fault] = ()
    changes: Iterable[Change] = ()
    #: What other approved files that wait have to do with it, by label.
    neighbours: Iterable[tuple[str, str]] = ()

    @property
    def words(self) -> list[str]:
        """The changes, in words."""
        return [change.words for change in self.changes]


def preview(text: str, *, on: date) -> Preview:
    """Read a file's text and say what is wrong with it, or what it would change from that day on."""
    try:
        document = read_document(text)
        changes = foresee_changes(document, on=on)
    except ProgrammeFileError as error:
        return Preview(None, faults=error.faults)
    except PlusdeskError as error:
        return Preview(None, faults=[Fault((), str(error))])
    return Preview(document, changes=changes, neighbours=neighbours(document.code, on=on))


def state_in_words(revision: ProgrammeRevision) -> tuple[str, str]:
    """The colour and words of a revision's state; of one that was turned down, what became of it or its request."""
    if revision.left_out:
        return LEFT_OUT_COLOUR, _("did not take effect")
    if revision.approval is not None and is_turned_down(revision):
        return APPROVAL_COLOURS.get(Approval.State(revision.approval.state), ""), revision.approval.get_state_display()
    return STATE_COLOURS[State(revision.state)], revision.get_state_display()


def revision_page(request: HttpRequest, revision: ProgrammeRevision, *, on: date, at: datetime) -> dict[str, Any]:
    """Everything the page of a revision shows."""
    colour, words = state_in_words(revision)
    seen = _seen(revision, on=on)
    known = ProgrammeRevision.objects.without_files().filter(code=revision.code)
    others = known.exclude(pk=revision.pk).order_by("-number")
    return {
        "revision": revision, "state": words, "state_colour": colour,
        "changes": seen.words, "faults": seen.faults, "neighbours": seen.neighbours,
        "approval_url": approval_url(revision.approval) if revision.approval else "",
        "buttons": offered(request, revision_actions.ACTIONS, revision, on=on),
        "may_edit": revision.state == State.DRAFT and request.user.has_perm(revision_actions.PERMISSION),
        "others": list(others[:OTHERS_SHOWN]), "what_if": of_revision(request, revision, on=on, at=at),
        "may_ask": request.user.has_perm(revision_actions.PERMISSION) and revision.state in ASKED_OF,
    }


def _seen(revision: ProgrammeRevision, *, on: date) -> Preview:
    """What it changes: of a draft as of now, and why it cannot take effect any more, if so; of another as it was told
    to the approver."""
    told = [Change(change["words"]) for change in revision.told()]
    if revision.state != State.DRAFT:
        return Preview(None, changes=told)
    seen = preview(revision.source, on=max(on, revision.effective_on))
    return replace(seen, changes=told) if seen.document is None else seen


def comparison(old: ProgrammeRevision, new: ProgrammeRevision) -> dict[str, Any]:
    """What the second of two revisions says otherwise."""
    return {
        "old": old, "new": new,
        "differences": compare(kept_document(old.document), kept_document(new.document)),
    }
