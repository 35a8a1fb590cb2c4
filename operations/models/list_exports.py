"""Lists that are taken away as files: who, of what, why; and the file, where a job makes it."""

import uuid

import pgtrigger
from django.apps import apps
from django.conf import settings
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from operations.audit import keep_whole
from operations.dates import business_date
from operations.models.jobs import JobRun


def export_path(export: "ListExport", _name: str) -> str:
    """Where a file is kept until it is erased."""
    return f"exports/{uuid.uuid4().hex}"


class ListExport(models.Model):
    """A list as its filters left it, as a file: handed over at once, or made by a job and fetched while it is kept."""

    class Kind(models.TextChoices):
        XLSX = "xlsx", "XLSX"
        CSV = "csv", "CSV"

    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False, verbose_name=_("operator")
    )
    model = models.CharField(_("record type"), max_length=100)
    # The list's search, filters and order as they stood in the address; what names a person never stands there.
    asked = models.CharField(_("what was asked for"), max_length=2000, blank=True)
    kind = models.CharField(_("kind of file"), max_length=8)
    language = models.CharField(_("language"), max_length=16)
    is_masked = models.BooleanField(_("masked"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    requested_at = models.DateTimeField(_("requested at"))
    # Of a file that a job makes, from here on.
    run = models.ForeignKey(
        JobRun, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("job run")
    )
    rows = models.PositiveBigIntegerField(_("rows"), null=True, blank=True)
    file = models.FileField(_("file"), upload_to=export_path, max_length=100, blank=True)
    made_at = models.DateTimeField(_("made at"), null=True, blank=True)
    erase_at = models.DateTimeField(_("kept until"), null=True, blank=True)
    fetched_at = models.DateTimeField(_("fetched at"), null=True, blank=True)

    class Meta:
        verbose_name = _("export of a list")
        verbose_name_plural = _("exports of lists")
        permissions = [("export_list", _("Can export lists"))]
        indexes = [
            models.Index(fields=["actor", "-id"], name="listexport_of_actor"),
            models.Index(fields=["erase_at"], name="listexport_kept", condition=~models.Q(file="")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(is_masked=True) | ~models.Q(reason=""), name="listexport_whole_has_reason"
            ),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Delete), keep_whole()]

    def __str__(self) -> str:
        return f"{self.shown_model} {business_date(self.requested_at):%Y-%m-%d}"

    @property
    def shown_model(self) -> str:
        """The kind of record in words; its name when there is none of that kind any more."""
        return shown_model(self.model)


def shown_model(name: str) -> str:
    """A kind of record ("memberships.member") in words; its name when there is none of that kind any more."""
    try:
        return capfirst(str(apps.get_model(name)._meta.verbose_name_plural))
    except (LookupError, ValueError):
        return name
