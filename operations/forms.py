"""What operators fill in on the pages of imports and job runs."""

from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from operations import registry
from operations.imports.faults import Fault
from operations.imports.importer import Importer
from operations.imports.kinds import is_plain_name, shown_name
from operations.services.nights import startable_jobs

INPUT = {"class": "desk-input"}


def permitted_importers(user: AbstractUser | AnonymousUser) -> list[Importer]:
    """The kinds of import the user may upload."""
    return [importer for importer in registry.importers if user.has_perm(importer.permission)]


class UploadForm(forms.Form):
    """A file and what is to be done with its invalid rows."""

    WHOLE_OR_NOTHING = "refuse"
    VALID_ROWS = "skip"

    importer = forms.ChoiceField(label=gettext_lazy("Kind of import"), widget=forms.Select(attrs=INPUT))
    file = forms.FileField(
        label=gettext_lazy("File"), max_length=255,
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xlsm,.csv,.txt"}),
    )
    invalid_rows = forms.ChoiceField(
        label=gettext_lazy("If rows are invalid"),
        choices=[
            (WHOLE_OR_NOTHING, gettext_lazy("Refuse the whole file, so that it is mended first")),
            (VALID_ROWS, gettext_lazy("Apply the valid rows and hand back the others in an error file")),
        ],
        initial=WHOLE_OR_NOTHING,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, importers: list[Importer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: forms.ChoiceField = self.fields["importer"]  # type: ignore[assignment]
        field.choices = [(importer.name, importer.label) for importer in importers]

    def clean_file(self) -> "UploadedFile[Any]":
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if not is_plain_name(file.name or ""):
            raise ValidationError(Fault(0, "", shown_name(file.name or ""), "bad_file_name").message)
        limit = settings.IMPORT_FILE_MAX_BYTES
        if file.size is not None and file.size > limit:
            raise ValidationError(
                _("The file has %(size)s; %(limit)s are accepted at most.")
                % {"size": filesizeformat(file.size), "limit": filesizeformat(limit)}
            )
        return file

    @property
    def skips_invalid(self) -> bool:
        return bool(self.cleaned_data["invalid_rows"] == self.VALID_ROWS)


class ConfirmForm(forms.Form):
    """Hidden marks of what the operator saw: a confirmation holds for that and nothing else."""

    preview_key = forms.UUIDField(widget=forms.HiddenInput)
    file_sha256 = forms.CharField(max_length=64, widget=forms.HiddenInput)
    #: For the second person, where it takes one.
    reason = forms.CharField(max_length=200, required=False, widget=forms.HiddenInput)


class StartRunForm(forms.Form):
    """A job, the date whose work it is to do, and whether to do it or only to say what would be done."""

    DRY, REAL = "dry", "real"

    job = forms.ChoiceField(label=gettext_lazy("Job"), widget=forms.Select(attrs=INPUT))
    business_date = forms.DateField(
        label=gettext_lazy("Business date"),
        help_text=gettext_lazy("The day in Shanghai whose work is done; not later than today. A dry run may look at "
                               "the coming night, too."),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={**INPUT, "type": "date"}),
        input_formats=["%Y-%m-%d"],
    )
    mode = forms.ChoiceField(
        label=gettext_lazy("Kind of run"),
        choices=[
            (DRY, gettext_lazy("Dry run: say who and how much, and do nothing")),
            (REAL, gettext_lazy("Real run: do it")),
        ],
        initial=DRY,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        job: forms.ChoiceField = self.fields["job"]  # type: ignore[assignment]
        job.choices = [(each.name, each.label) for each in startable_jobs()]
        self.fields["business_date"].initial = today

    @property
    def is_dry_run(self) -> bool:
        return bool(self.cleaned_data["mode"] == self.DRY)
