"""The daily file to a partner, and what its result file said of each line."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from operations.audit import keep_whole
from operations.paths import path
from partners.models.fulfilments import Command
from partners.models.partners import Partner


class DailyFile(models.Model):
    """A file of commands: made once of a day, the same bytes whenever it is sent."""

    class State(models.TextChoices):
        MADE = "made", _("made")
        SENT = "sent", _("sent")
        ACKNOWLEDGED = "acknowledged", _("acknowledged")

    partner = models.ForeignKey(
        Partner, models.PROTECT, related_name="files", db_index=False, verbose_name=_("partner")
    )
    business_date = models.DateField(_("business date"))
    name = models.CharField(_("name"), max_length=100)
    content = models.BinaryField(_("content"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    count = models.PositiveIntegerField(_("lines"))
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.MADE)
    made_at = models.DateTimeField(_("made at"))
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True, blank=True)
    result = models.BinaryField(_("result file"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=200, blank=True)
    # Of what is under way: how often the partner was spoken to, and when it is next.
    attempts = models.PositiveIntegerField(_("attempts"), default=0, db_default=0)
    next_attempt_at = models.DateTimeField(_("next attempt at"), null=True, blank=True)
    # What the result file said (connectors/daily_file.py: Result.tally).
    tally = models.JSONField(_("result in figures"), default=dict, db_default={}, blank=True)

    class Meta:
        verbose_name = _("daily file")
        verbose_name_plural = _("daily files")
        constraints = [
            models.UniqueConstraint(fields=["partner", "business_date"], name="dailyfile_once_a_day"),
            models.UniqueConstraint(fields=["partner", "name"], name="dailyfile_name"),
        ]
        indexes = [
            models.Index(
                fields=["partner", "id"], name="dailyfile_open", condition=~Q(state="acknowledged")
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="frozen",
                fields=["id", "partner", "business_date", "name", "content", "sha256", "count", "made_at"],
            ),
            path("state", [("made", "sent"), ("sent", "acknowledged"), ("made", "acknowledged")]),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return self.name


class DailyFileLine(models.Model):
    """A command's place in a file."""

    file = models.ForeignKey(DailyFile, models.PROTECT, related_name="lines", db_index=False, verbose_name=_("file"))
    line = models.PositiveIntegerField(_("line"))
    command = models.OneToOneField(Command, models.PROTECT, related_name="file_line", verbose_name=_("command"))

    class Meta:
        verbose_name = _("line of a daily file")
        verbose_name_plural = _("lines of daily files")
        constraints = [models.UniqueConstraint(fields=["file", "line"], name="dailyfileline_once")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return str(self.line)
