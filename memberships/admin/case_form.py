"""The form of a case note: its kind and text, files, whether it is pinned, and the day to look again."""

import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from memberships.admin.points_actions import DayWidget
from memberships.case_files import ACCEPTED, MOST_FILES, AttachmentRefusedError, CaseFile, checked_files
from memberships.models import CaseNote, CaseNoteKind
from operations.admin.reasons import REASON_LENGTH

TEXT_LENGTH = 4000


class ManyFiles(forms.FileInput):
    """Several files at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Files that notes carry, checked by their bytes."""

    def clean(self, data: Any, initial: Any = None) -> list[CaseFile]:  # type: ignore[override]
        files: list[UploadedFile[Any]] = [super(FilesField, self).clean(each) for each in data or ()]
        limit = settings.CASE_FILE_MAX_BYTES
        # One byte more than allowed is enough to refuse it.
        read = [(file.name or "", file.read(limit + 1)) for file in files[: MOST_FILES + 1]]
        try:
            return checked_files(read, most_bytes=limit)
        except AttachmentRefusedError as error:
            raise forms.ValidationError(str(error), code="refused") from None


class CaseNoteForm(forms.Form):
    """`key` is made once for each form shown, so that a second click writes no second note."""

    kind = forms.ModelChoiceField(
        CaseNoteKind.objects.none(), label=_("Kind"), empty_label=None, widget=UnfoldAdminSelectWidget()
    )
    text = forms.CharField(
        label=_("The note's text"), max_length=TEXT_LENGTH, widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
        help_text=_("It cannot be changed later, only corrected."),
    )
    attachments = FilesField(
        label=_("Attachments"), required=False, max_length=255,
        widget=ManyFiles(attrs={"accept": ACCEPTED, "class": "desk-input"}),
    )
    follow_up_on = forms.DateField(
        label=_("Follow up on"), required=False, widget=DayWidget(),
        help_text=_("From that day on it stands in the work list, until somebody has looked."),
    )
    is_pinned = forms.BooleanField(
        label=_("Keep on top of the other notes"), required=False, widget=UnfoldBooleanWidget()
    )
    key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, data: Any, files: Any, *, corrects: CaseNote | None = None) -> None:
        initial: dict[str, Any] = {"key": uuid.uuid4().hex}
        if corrects is not None:
            initial |= {
                "kind": corrects.kind_id, "text": corrects.text, "is_pinned": corrects.is_pinned,
                "follow_up_on": corrects.follow_up_on if corrects.is_to_follow_up else None,
            }
        super().__init__(data, files, initial=initial)
        self.fields["attachments"].help_text = gettext(
            "PDF, PNG, JPEG or plain text; at most %(most)s files, of %(size)s each."
        ) % {"most": MOST_FILES, "size": filesizeformat(settings.CASE_FILE_MAX_BYTES)}
        kinds: forms.ModelChoiceField[CaseNoteKind] = self.fields["kind"]  # type: ignore[assignment]
        kinds.queryset = CaseNoteKind.objects.filter(is_active=True).order_by("pk")
        if corrects is not None:
            self.fields["reason"] = forms.CharField(
                label=_("Why it is corrected"), max_length=REASON_LENGTH, widget=UnfoldAdminTextInputWidget(),
                help_text=_("Kept in the audit trail. Name no personal data here."),
            )

    def facts(self) -> dict[str, Any]:
        """What the services take."""
        return {"files" if name == "attachments" else name: value for name, value in self.cleaned_data.items()}
