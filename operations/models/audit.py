"""The base of every event table, and the log of revealed personal data."""

import pghistory.models
import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from operations.audit import keep_whole


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
        indexes = [models.Index(fields=["model", "object_id"], name="reveal_object")]
        constraints = [models.CheckConstraint(condition=~models.Q(reason=""), name="reveal_has_reason")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.object_id} {self.field}"
