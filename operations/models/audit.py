"""The base of every event table, and the logs of personal data revealed and of the trail taken away."""

import pghistory.models
import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from operations.audit import by_instant, keep_whole
from operations.dates import business_date


class AuditEvent(pghistory.models.Event):
    """One state of one row. Ids are 64 bits wide: a night writes millions."""

    pgh_id = models.BigAutoField(primary_key=True)

    class Meta:
        abstract = True


class Reveal(models.Model):
    """Somebody looked at personal data that is masked otherwise; says who, whose, which field and why."""

    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("operator"))
    model = models.CharField(_("record type"), max_length=100)
    object_id = models.BigIntegerField(_("record"))
    field = models.CharField(_("field"), max_length=64)
    reason = models.CharField(_("reason"), max_length=200)
    revealed_at = models.DateTimeField(_("revealed at"))

    class Meta:
        verbose_name = _("reveal of personal data")
        verbose_name_plural = _("reveals of personal data")
        indexes = [
            models.Index(fields=["model", "object_id"], name="reveal_object"),
            by_instant("revealed_at", name="reveal_by_instant"),
        ]
        constraints = [models.CheckConstraint(condition=~models.Q(reason=""), name="reveal_has_reason")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.object_id} {self.field}"


class TrailExport(models.Model):
    """Somebody took a part of the audit trail away as a file: who, what was asked for, and why."""

    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False, verbose_name=_("operator")
    )
    # The search as it stood in the address, by the names of its fields.
    asked = models.JSONField(_("what was asked for"))
    kind = models.CharField(_("kind of file"), max_length=8)
    reason = models.CharField(_("reason"), max_length=200)
    exported_at = models.DateTimeField(_("exported at"))

    class Meta:
        verbose_name = _("export of the audit trail")
        verbose_name_plural = _("exports of the audit trail")
        permissions = [
            ("search_trail", _("Can search the audit trail")),
            ("export_trail", _("Can export what is found in the audit trail")),
        ]
        constraints = [models.CheckConstraint(condition=~models.Q(reason=""), name="trailexport_has_reason")]
        indexes = [by_instant("exported_at", name="trailexport_by_instant")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{business_date(self.exported_at):%Y-%m-%d} {self.kind}"
