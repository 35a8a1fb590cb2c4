"""Money set aside for benefits, and every draw on it. The budget is the row to lock.

What a brand commits to a programme is a budget, too: nothing is drawn on it; the budgets of its campaigns are reserved
from it (`part_of`). What must hold, at all times (`manage.py audit_books` checks it):

    spent             = draws + returns
    reserved          = reserves + releases = the amounts of its parts
    amount (a brand's) = commitments + adjustments
"""

from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from benefits.models.brands import Brand
from memberships.models import Programme
from memberships.models.programmes import Named
from operations.audit import by_instant, keep_whole, track


# What was spent and reserved follows from the entries, which are a ledger.
@track(owner="programme", exclude=["spent", "reserved"])
class Budget(Named):
    """So much in CNY for uses within its days; `spent` is what its entries add up to (books/redemptions.py)."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="budgets", verbose_name=_("programme"))
    code = models.SlugField(_("code"), max_length=64)
    amount = models.DecimalField(_("amount (CNY)"), max_digits=16, decimal_places=4)
    spent = models.DecimalField(_("spent (CNY)"), max_digits=16, decimal_places=4, default=0, db_default=0)
    # Of a brand's: what its campaigns were promised.
    reserved = models.DecimalField(
        _("reserved (CNY)"), max_digits=16, decimal_places=4, default=0, db_default=0
    )
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until (last day)"), null=True, blank=True)
    # A brand's commitment, or a campaign's part of one; neither: the programme's own.
    brand = models.ForeignKey(
        Brand, models.PROTECT, null=True, blank=True, related_name="commitments", verbose_name=_("committed by")
    )
    part_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="parts", verbose_name=_("part of")
    )

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        constraints = [
            models.UniqueConstraint(fields=["programme", "code"], name="budget_code"),
            models.CheckConstraint(
                condition=Q(spent__gte=0, reserved__gte=0, amount__gte=F("spent") + F("reserved")),
                name="budget_not_overdrawn",
            ),
            models.UniqueConstraint(fields=["programme", "brand"], name="budget_one_commitment"),
            models.CheckConstraint(condition=Q(brand=None) | Q(part_of=None, spent=0), name="budget_of_brand_or_part"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="budget_window_of_days"
            ),
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]

    @property
    def left(self) -> Decimal:
        """What can still be drawn, or reserved, in CNY."""
        return self.amount - self.spent - self.reserved


class BudgetEntry(models.Model):
    """One draw on a budget (positive), or what came back of one (negative); of a brand's, what was committed,
    adjusted, reserved for a campaign (positive) and released by one (negative). Only grows."""

    class Kind(models.TextChoices):
        COMMIT = "commit", _("commitment")
        ADJUST = "adjust", _("adjustment")
        RESERVE = "reserve", _("reserved for a campaign")
        RELEASE = "release", _("released by a campaign")
        DRAW = "draw", _("draw")
        RETURN = "return", _("return")

    budget = models.ForeignKey(
        Budget, models.PROTECT, related_name="entries", db_index=False, verbose_name=_("budget")
    )
    # "redemption:<id>", "return:<id>", "saving:<id>" (models/savings.py); of a brand's the kind and a number.
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
                condition=Q(kind="draw", amount__gte=0) | Q(kind="return", amount__lte=0)
                | Q(kind__in=["commit", "reserve"], amount__gt=0) | Q(kind="release", amount__lt=0)
                | Q(kind="adjust") & ~Q(amount=0),
                name="budgetentry_sign",
            ),
        ]
        # A budget's page, newest first.
        indexes = [
            models.Index(fields=["budget", "-id"], name="budgetentry_of_budget"),
            # What was spent day by day, without the rows themselves.
            models.Index(fields=["budget", "on"], include=["amount", "kind"], name="budgetentry_by_day"),
            by_instant("at", name="budgetentry_by_instant"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount:,.2f}"
