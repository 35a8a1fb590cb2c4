"""Uses that partners reported, by the partner's own number."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from benefits.models import Redemption
from operations.audit import keep_whole
from partners.models.partners import Partner


class ReportedUsage(models.Model):
    """Whose use a partner's number is, for ever: made in the transaction that books the use. Only grows."""

    partner = models.ForeignKey(
        Partner, models.PROTECT, related_name="+", db_index=False, verbose_name=_("partner")
    )
    usage = models.CharField(_("partner's number"), max_length=128)
    redemption = models.OneToOneField(
        Redemption, models.PROTECT, related_name="reported_usage", verbose_name=_("redemption")
    )

    class Meta:
        verbose_name = _("reported use")
        verbose_name_plural = _("reported uses")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["partner", "usage"], name="reportedusage_once")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return self.usage
