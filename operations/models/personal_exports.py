"""The log of lists that were taken away with the personal data in them."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from operations.audit import keep_whole
from operations.dates import business_date
from operations.models.list_exports import shown_model


class PersonalExport(models.Model):
    """Somebody took a list away as a file in which nothing is masked; says who, of what, how many and why."""

    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False, verbose_name=_("operator")
    )
    model = models.CharField(_("record type"), max_length=100)
    # The list's filters as they stood in the address; what names a person never stands there.
    asked = models.CharField(_("what was asked for"), max_length=2000, blank=True)
    rows = models.PositiveBigIntegerField(_("rows"))
    reason = models.CharField(_("reason"), max_length=200)
    exported_at = models.DateTimeField(_("exported at"))

    class Meta:
        verbose_name = _("export of personal data")
        verbose_name_plural = _("exports of personal data")
        permissions = [("export_personal", _("Can export lists with the personal data in them"))]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="personalexport_has_reason")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.shown_model} {business_date(self.exported_at):%Y-%m-%d}"

    @property
    def shown_model(self) -> str:
        """The kind of record in words; its name when there is none of that kind any more."""
        return shown_model(self.model)
