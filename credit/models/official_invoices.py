"""The official invoice (发票) for an invoice: what became of it, step by step."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from credit.models.draws import Invoice
from memberships.models import Member
from operations.audit import by_instant, keep_whole


class OfficialInvoiceStep(models.Model):
    """It came to a state: requested, not wanted after all, issued with its number and day, voided. Only grows.

    The invoice keeps the last step's state, number and day (services/official_invoices.py).
    """

    member = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False, verbose_name=_("member"))
    invoice = models.ForeignKey(
        Invoice, models.PROTECT, related_name="official_steps", db_index=False, verbose_name=_("invoice")
    )
    state = models.CharField(_("official invoice"), max_length=16, choices=Invoice.Official)
    number = models.CharField(_("number of the official invoice"), max_length=32, blank=True)
    issued_on = models.DateField(_("official invoice of"), null=True, blank=True)
    reason = models.CharField(_("note"), max_length=200, blank=True)
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("operator"),
    )

    class Meta:
        verbose_name = _("step of an official invoice")
        verbose_name_plural = _("steps of official invoices")
        indexes = [
            models.Index(fields=["invoice", "id"], name="officialinvoicestep_of_invoice"),
            by_instant("at", name="officialinvoicestep_by_instant"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.number}".strip()
