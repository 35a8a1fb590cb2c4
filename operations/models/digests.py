"""Digests of the audit trail: a sum over what came to each of its tables in a day, and a chain of the days."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from operations.audit import keep_whole


def _only_grows() -> list[pgtrigger.Trigger]:
    return [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete), keep_whole()]


class AuditDigestPart(models.Model):
    """A range of keys of one table, both ends included: how many rows stand in it, and their SHA-256.

    The ranges of a table follow each other without gaps: a row that turns up later in one of them does not belong.
    The columns are those that the table had; columns that came later are not summed up.
    """

    on = models.DateField(_("business date"))
    table_name = models.CharField(_("table"), max_length=64)
    columns = ArrayField(models.CharField(max_length=64), verbose_name=_("columns"))
    first_key = models.BigIntegerField(_("first key"))
    last_key = models.BigIntegerField(_("last key"))
    rows = models.BigIntegerField(_("rows"))
    sha256 = models.CharField(_("digest"), max_length=64)

    class Meta:
        verbose_name = _("part of a digest")
        verbose_name_plural = _("parts of digests")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["table_name", "first_key"], name="auditdigestpart_once"),
            models.CheckConstraint(
                condition=models.Q(first_key__lte=models.F("last_key"), rows__gte=0), name="auditdigestpart_range"
            ),
        ]
        indexes = [models.Index(fields=["on", "table_name", "first_key"], name="auditdigestpart_of_day")]
        triggers = _only_grows()

    def __str__(self) -> str:
        return f"{self.on} {self.table_name} {self.first_key}-{self.last_key}"


class AuditDigest(models.Model):
    """A business date that is closed: the SHA-256 over its parts and over the digest before (services/digests.py)."""

    on = models.DateField(_("business date"), unique=True)
    rows = models.BigIntegerField(_("rows"))
    sha256 = models.CharField(_("digest"), max_length=64)
    # Blank of the first one.
    previous_sha256 = models.CharField(_("digest of the day before"), max_length=64, blank=True)
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("digest of the audit trail")
        verbose_name_plural = _("digests of the audit trail")
        triggers = _only_grows()

    def __str__(self) -> str:
        return f"{self.on}"
