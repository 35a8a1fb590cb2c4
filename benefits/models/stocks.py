"""How many units of a benefit there are to give, where they are counted."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from benefits.models.benefits import Benefit
from operations.audit import track


# `taken` follows from the redemptions (books/stocks.py).
@track(owner="benefit", exclude=["taken"])
class BenefitStock(models.Model):
    """Units of a benefit; a benefit without such a row has as many as are asked for. Locked by who takes one."""

    benefit = models.OneToOneField(
        Benefit, models.PROTECT, primary_key=True, related_name="stock", verbose_name=_("benefit")
    )
    total = models.BigIntegerField(_("total"))
    taken = models.BigIntegerField(_("taken"), default=0, db_default=0)

    class Meta:
        verbose_name = _("stock")
        verbose_name_plural = _("stocks")
        constraints = [
            models.CheckConstraint(condition=Q(taken__gte=0, taken__lte=F("total")), name="benefitstock_not_oversold")
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.taken} / {self.total}"
