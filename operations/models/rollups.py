"""Figures that pages show and nobody adds up while a page is opened: kept by jobs, with the instant they were true."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Rollup(models.Model):
    """What a registered roll-up measured under a business date (operations/rollups.py); the day's last measure."""

    name = models.CharField(_("name"), max_length=64)
    # Blank: of everything. Else the key of a record that the roll-up knows, such as a programme's.
    scope = models.CharField(_("scope"), max_length=64, blank=True)
    on = models.DateField(_("business date"))
    # Whole numbers, and amounts as text ("12.50"), by name.
    figures = models.JSONField(_("figures"), default=dict)
    as_of = models.DateTimeField(_("as of"))

    class Meta:
        verbose_name = _("roll-up")
        verbose_name_plural = _("roll-ups")
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(fields=["name", "scope", "on"], name="rollup_once_a_day")]

    def __str__(self) -> str:
        return f"{self.name} {self.scope} {self.on}"
