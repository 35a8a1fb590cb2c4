"""Money set aside for benefits, and every draw on it. The budget is the row to lock."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from memberships.models import Programme
from memberships.models.programmes import Named
from operations.audit import keep_whole, track


# What was spent follows from the entries, which are a ledger.
@track(owner="programme", exclude=["spent"])
class Budget(Named):
    """So much in CNY for uses within its days; `spent` is what its entries add up to (books/budgets.py)."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="budgets", verbose_name=_("programme"))
    code = models.SlugField(_("code"), max_length=64)
    amount = models.DecimalField(_("amount (CNY)"), max_digits=16, decimal_places=4)
    spent = models.DecimalField(_("spent (CNY)"), max_digits=16, decimal_places=4, default=0, db_default=0)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until (last day)"), null=True, blank=True)

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        constraints = [
            models.UniqueConstraint(fields=["programme", "code"], name="budget_code"),
            models.CheckConstraint(condition=Q(spent__gte=0, spent__lte=F("amount")), name="budget_not_overdrawn"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="budget_window_of_days"
            ),
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]


class BudgetEntry(models.Model):
    """One draw on a budget (positive), or what came back of one (negative). Only grows."""

    class Kind(models.TextChoices):
        DRAW = "draw", _("draw")
        RETURN = "return", _("return")

    budget = models.ForeignKey(
        Budget, models.PROTECT, related_name="entries", db_index=False, verbose_name=_("budget")
    )
    # "redemption:<id>", or "return:<id>".
    key = models.CharField(_("key"), max_length=64)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    amount = models.DecimalField(_("amount (CNY)"), max_digits=14, decimal_places=4)
    on = models.DateField(_("business date"))
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("operator"),
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("budget entry")
        verbose_name_plural = _("budget entries")
        constraints = [
            models.UniqueConstraint(fields=["budget", "key"], name="budgetentry_key"),
            models.CheckConstraint(
                condition=Q(kind="draw", amount__gte=0) | Q(kind="return", amount__lte=0), name="budgetentry_sign"
            ),
        ]
        # A budget's page, newest first.
        indexes = [models.Index(fields=["budget", "-id"], name="budgetentry_of_budget")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount}"
