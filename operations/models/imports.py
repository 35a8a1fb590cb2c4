"""An uploaded file on its way into the business tables: the batch, what it did line by line, its staging rows."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from operations.audit import track
from operations.models.jobs import JobRun

#: Where uploaded lists are kept, below MEDIA_ROOT, which nothing serves.
FOLDER = "imports"


def upload_path(batch: "ImportBatch", _name: str) -> str:
    """Where the file is kept: a name of ours, since the operator's may hold path parts."""
    return f"{FOLDER}/{uuid.uuid4().hex}"


class Verdict(models.TextChoices):
    """What the check says of a row."""

    NEW = "new", _("new")
    CHANGED = "changed", _("changed")
    UNCHANGED = "unchanged", _("unchanged")
    INVALID = "invalid", _("invalid")
    DUPLICATE = "duplicate", _("duplicate")


COUNTERS = ["rows_read", "new", "changed", "unchanged", "invalid", "duplicate", "applied", "left_out", "undone"]


@track(exclude=COUNTERS)
class ImportBatch(models.Model):
    """One file: uploaded, checked, confirmed, applied, perhaps undone."""

    class State(models.TextChoices):
        CHOOSING = "choosing", _("sheet to be chosen")
        CHECKING = "checking", _("being checked")
        CHECKED = "checked", _("checked, to be confirmed")
        REFUSED = "refused", _("refused")
        APPLYING = "applying", _("being applied")
        APPLIED = "applied", _("applied")
        PARTLY_APPLIED = "partly_applied", _("partly applied")
        UNDOING = "undoing", _("being undone")
        UNDONE = "undone", _("undone")
        PARTLY_UNDONE = "partly_undone", _("partly undone")
        DISCARDED = "discarded", _("discarded")

    importer = models.CharField(_("kind of import"), max_length=64)
    file = models.FileField(_("file"), upload_to=upload_path)
    file_erased_at = models.DateTimeField(_("file erased at"), null=True, blank=True)
    file_name = models.CharField(_("file name"), max_length=255)
    file_sha256 = models.CharField(_("SHA-256 of the file"), max_length=64)
    file_size = models.BigIntegerField(_("file size"))
    encoding = models.CharField(_("encoding"), max_length=16, blank=True)
    # Of a workbook: the sheet that is read, the names of those there are (with whether each is hidden and holds
    # anything), and what an operator should know of what was read: [{"code": …, …}, …].
    sheet = models.CharField(_("sheet"), max_length=255, blank=True, db_default="")
    sheets = models.JSONField(_("sheets"), default=list, blank=True, db_default=models.Value([], models.JSONField()))
    notes = models.JSONField(_("notes"), default=list, blank=True, db_default=models.Value([], models.JSONField()))
    language = models.CharField(_("language"), max_length=16, default="zh-hans")
    columns = ArrayField(models.CharField(max_length=64), verbose_name=_("columns"), default=list, blank=True)
    headers = ArrayField(models.CharField(max_length=200), verbose_name=_("headers"), default=list, blank=True)
    skips_invalid = models.BooleanField(_("apply the valid rows, hand back the rest"), default=False)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.CHECKING)
    faults = models.JSONField(_("why the file was refused"), default=list, blank=True)
    preview_key = models.UUIDField(_("preview"), null=True, blank=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("uploaded by")
    )
    uploaded_at = models.DateTimeField(_("uploaded at"))
    checked_at = models.DateTimeField(_("checked at"), null=True, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    check_run = models.ForeignKey(
        JobRun, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("check")
    )
    apply_run = models.ForeignKey(
        JobRun, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("application")
    )
    undo_run = models.ForeignKey(
        JobRun, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("undoing")
    )
    rows_read = models.BigIntegerField(_("rows read"), default=0)
    new = models.BigIntegerField(_("new"), default=0)
    changed = models.BigIntegerField(_("changed"), default=0)
    unchanged = models.BigIntegerField(_("unchanged"), default=0)
    invalid = models.BigIntegerField(_("invalid"), default=0)
    duplicate = models.BigIntegerField(_("duplicate"), default=0)
    applied = models.BigIntegerField(_("applied"), default=0)
    left_out = models.BigIntegerField(_("left out"), default=0)
    undone = models.BigIntegerField(_("undone"), default=0)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        indexes = [models.Index(fields=["importer", "-uploaded_at"], name="importbatch_recent")]

    def __str__(self) -> str:
        return self.file_name


class ImportRow(models.Model):
    """What a batch will do or did with one line of its file; kept after the staging rows are gone.

    Written at the check for changed lines (so that a preview outlives a crash of PostgreSQL), at the
    application for new lines, those left out, and invalid ones.
    """

    class Outcome(models.TextChoices):
        PREVIEWED = "previewed", _("previewed")
        APPLIED = "applied", _("applied")
        LEFT_OUT = "left_out", _("left out: changed since the preview")
        INVALID = "invalid", _("invalid")
        UNDONE = "undone", _("undone")
        KEPT = "kept", _("not undone: something depends on it")

    # No key in the database: a million rows would each lock the one batch, which is never deleted.
    batch = models.ForeignKey(
        ImportBatch, models.PROTECT, related_name="rows", db_constraint=False, db_index=False, verbose_name=_("import")
    )
    line = models.BigIntegerField(_("line"))
    verdict = models.CharField(_("verdict"), max_length=16, choices=Verdict)
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome)
    object_id = models.BigIntegerField(_("record"), null=True, blank=True)
    label = models.CharField(_("name in the file"), max_length=255, blank=True)
    # [[field, before, after], …], personal values masked.
    changes = models.JSONField(_("changes"), null=True, blank=True)
    # {field: value}, whole: what undo puts back. May hold personal data, and is emptied when it is erased.
    before = models.JSONField(_("values before"), null=True, blank=True)
    faults = models.JSONField(_("faults"), null=True, blank=True)

    class Meta:
        verbose_name = _("imported row")
        verbose_name_plural = _("imported rows")
        constraints = [models.UniqueConstraint(fields=["batch", "line"], name="importrow_line")]
        indexes = [
            # What is kept of a record to be put back, and erased with it.
            models.Index(fields=["object_id"], name="importrow_before", condition=models.Q(before__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.line}"


class StagedRow(models.Model):
    """Base of an importer's staging table: one row a line of the file, typed, beside what the check found.

    The table is partitioned by batch; each partition is UNLOGGED, so it is quick to fill, needs no clean-up
    beyond DROP, and is empty after a crash of PostgreSQL (the check then runs again from the stored file).
    A migration of the importer's app creates the parent, with the columns of the model.
    """

    batch_id = models.BigIntegerField()
    line = models.BigIntegerField(primary_key=True)
    verdict = models.CharField(max_length=16, choices=Verdict)
    object_id = models.BigIntegerField(null=True)
    faults = models.JSONField(null=True)

    class Meta:
        abstract = True
        managed = False
