"""What a programme owes its members in points, by day: written by the night, read by pages."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from memberships.models.programmes import Programme


class PointsLiability(models.Model):
    """A programme's points as the night of a business date left them, and their value.

    amount = outstanding x unit cost x (1 - expected breakage), in CNY, rounded half up to the fen.
    """

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="liabilities", verbose_name=_("programme"))
    on = models.DateField(_("business date"))
    outstanding = models.BigIntegerField(_("outstanding (points)"))
    pending = models.BigIntegerField(_("pending (points)"))
    unit_cost = models.DecimalField(_("cost of a point (CNY)"), max_digits=12, decimal_places=6)
    expected_breakage = models.DecimalField(_("expected breakage (share)"), max_digits=5, decimal_places=4)
    amount = models.DecimalField(_("liability (CNY)"), max_digits=16, decimal_places=2)
    # Outstanding points by the month in which they expire: {"2027-01": 1200, "never": 300}.
    run_off = models.JSONField(_("run-off by month"), default=dict)
    measured_at = models.DateTimeField(_("measured at"))

    class Meta:
        verbose_name = _("points liability")
        verbose_name_plural = _("points liabilities")
        constraints = [models.UniqueConstraint(fields=["programme", "on"], name="pointsliability_once")]

    def __str__(self) -> str:
        return f"{self.programme} {self.on}"
