"""What a programme earned and cost, by month: kept by a job, compared with the facts by the audit of the books."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from memberships.models.programmes import Programme
from operations.models import JobRun


class Funder(models.TextChoices):
    """Who bears the cost of something."""

    PLATFORM = "platform", _("platform")
    PARTNER = "partner", _("partner")
    BRAND = "brand", _("brand")


class ProfitRow(models.Model):
    """What a line of a programme's profit and loss comes to in a month, of a funder, in CNY.

    The open month's go up to ProfitKept.until. A line that came to nothing has no row.
    """

    programme = models.ForeignKey(
        Programme, models.PROTECT, related_name="profit_rows", db_index=False, verbose_name=_("programme")
    )
    month = models.DateField(_("month"))
    source = models.CharField(_("source"), max_length=32)
    line = models.CharField(pgettext_lazy("profit and loss", "line"), max_length=32)
    funder = models.CharField(_("funder"), max_length=16, choices=Funder)
    amount = models.DecimalField(_("amount (CNY)"), max_digits=18, decimal_places=2)
    # Things of which nobody said what they cost: they count as 0.
    unknown = models.BigIntegerField(_("of unknown amount"), default=0, db_default=0)
    as_of = models.DateTimeField(_("as of"))

    class Meta:
        verbose_name = _("line of profit and loss")
        verbose_name_plural = _("profit and loss")
        permissions = [("export_profitrow", _("Can export profit and loss"))]
        constraints = [
            models.UniqueConstraint(fields=["programme", "month", "line", "funder"], name="profitrow_once"),
            models.CheckConstraint(condition=Q(month__day=1), name="profitrow_month"),
        ]

    def __str__(self) -> str:
        return f"{self.line} {self.month:%Y-%m}"


class ProfitKept(models.Model):
    """How far the rows of a programme's source are kept: all facts of days up to `until`, as they were at `as_of`."""

    programme = models.ForeignKey(
        Programme, models.PROTECT, related_name="profit_kept", db_index=False, verbose_name=_("programme")
    )
    source = models.CharField(_("source"), max_length=32)
    until = models.DateField(_("until"))
    as_of = models.DateTimeField(_("as of"))

    class Meta:
        verbose_name = _("state of profit and loss")
        verbose_name_plural = _("states of profit and loss")
        constraints = [models.UniqueConstraint(fields=["programme", "source"], name="profitkept_once")]

    def __str__(self) -> str:
        return f"{self.source} {self.until}"


class ProfitSum(models.Model):
    """What the chunks of a run have added up so far, not rounded; it becomes rows when the run has ended."""

    run = models.ForeignKey(JobRun, models.CASCADE, related_name="+", db_index=False, verbose_name=_("job run"))
    programme = models.ForeignKey(
        Programme, models.CASCADE, related_name="+", db_index=False, verbose_name=_("programme")
    )
    month = models.DateField(_("month"))
    source = models.CharField(_("source"), max_length=32)
    line = models.CharField(pgettext_lazy("profit and loss", "line"), max_length=32)
    funder = models.CharField(_("funder"), max_length=16, choices=Funder)
    amount = models.DecimalField(_("amount (CNY)"), max_digits=24, decimal_places=8)
    unknown = models.BigIntegerField(_("of unknown amount"))

    class Meta:
        verbose_name = _("partial sum of profit and loss")
        verbose_name_plural = _("partial sums of profit and loss")
        constraints = [
            models.UniqueConstraint(fields=["run", "programme", "month", "line", "funder"], name="profitsum_once")
        ]

    def __str__(self) -> str:
        return f"{self.line} {self.month:%Y-%m}"
