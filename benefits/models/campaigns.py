"""Campaigns: what a brand does for the members of a programme, with a budget that stops it at its cap.

The budget says for how much and on which days; benefits that draw on it are the campaign's. It is reserved from what
the brand committed (`Budget.part_of`), so that no campaign can spend what another one was promised.
"""

from datetime import date
from decimal import Decimal
from typing import Self

import pgtrigger
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Min, Q
from django.utils.translation import gettext_lazy as _

from benefits.models.brands import Brand
from benefits.models.budgets import Budget
from memberships.models import Programme
from memberships.models.programmes import Named
from operations.audit import keep_whole, track


class SubPlan(models.TextChoices):
    """The parts of the JDP plan."""

    C2M = "c2m", _("made for members (C2M)")
    ALLIANCE = "alliance", _("95% brand alliance")
    NEW_PRODUCTS = "new_products", _("new products")
    A_PLAN = "a_plan", _("A plan")
    GRAVITY = "gravity", _("gravity plan")
    PLUS_DAY = "plus_day", _("PLUS DAY")


class CampaignState(models.TextChoices):
    """What a campaign is on a day; it follows from its days, its budget and whether it was stopped."""

    PLANNED = "planned", _("planned")
    RUNNING = "running", _("running")
    STOPPED = "stopped", _("stopped by hand")
    AT_CAP = "at_cap", _("stopped at its cap")
    OVER = "over", _("over")


class CampaignQuerySet(models.QuerySet["Campaign"]):
    """Campaigns with what their states follow from."""

    def with_budget(self) -> Self:
        """With the budget, the brand, and the cost of the cheapest use (`least_cost`, None: of no benefit)."""
        least = Min("budget__benefits__unit_cost", filter=Q(budget__benefits__retired_on=None))
        return self.select_related("budget", "brand", "programme").annotate(least_cost=least)


@track(owner="programme")
class Campaign(Named):
    """Of one brand in one programme; its days are its budget's."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="campaigns", verbose_name=_("programme"))
    code = models.SlugField(_("code"), max_length=64)
    brand = models.ForeignKey(Brand, models.PROTECT, related_name="campaigns", verbose_name=_("brand"))
    sub_plan = models.CharField(_("sub-plan"), max_length=16, choices=SubPlan)
    budget = models.OneToOneField(Budget, models.PROTECT, related_name="campaign", verbose_name=_("budget"))
    # Whom it is for: members of a segment; a share of members, by the same cohorts as a programme's gate.
    segment = models.SlugField(_("segment"), max_length=64, blank=True, default="", db_default="")
    open_share = models.DecimalField(
        _("open to a share of members"), max_digits=5, decimal_places=4, default=Decimal(1), db_default=Decimal(1),
        validators=[MinValueValidator(0), MaxValueValidator(1)],
    )
    # What its result is compared with: days before it.
    baseline_from = models.DateField(_("baseline from"), null=True, blank=True)
    baseline_until = models.DateField(_("baseline until (last day)"), null=True, blank=True)
    # Stopped by hand: nothing is drawn until it goes on.
    stopped_at = models.DateTimeField(_("stopped at"), null=True, blank=True)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        permissions = [("stop_campaign", _("Can stop campaigns and let them go on"))]
        constraints = [
            models.UniqueConstraint(fields=["programme", "code"], name="campaign_code"),
            models.CheckConstraint(condition=Q(sub_plan__in=SubPlan.values), name="campaign_sub_plan"),
            models.CheckConstraint(condition=Q(open_share__range=(0, 1)), name="campaign_open_share"),
            models.CheckConstraint(
                condition=Q(baseline_from=None, baseline_until=None)
                | Q(baseline_from__isnull=False, baseline_until__gte=F("baseline_from")),
                name="campaign_baseline_of_days",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="frozen", fields=["id", "programme", "code", "brand", "budget"]),
        ]

    def state(self, *, on: date) -> CampaignState:
        """Of one that `with_budget` read: at its cap when nothing is left for another use."""
        budget = self.budget
        least: Decimal = getattr(self, "least_cost", None) or Decimal(0)
        if budget.ends_on is not None and budget.ends_on < on:
            return CampaignState.OVER
        if budget.left < least or budget.left == 0:
            return CampaignState.AT_CAP
        if self.stopped_at is not None:
            return CampaignState.STOPPED
        return CampaignState.PLANNED if budget.starts_on > on else CampaignState.RUNNING


class CampaignFigure(models.Model):
    """What a group of customers spent with the brand on a day, as the shop reports it. A later report replaces it."""

    class Group(models.TextChoices):
        MEMBERS = "members", _("members")
        OTHERS = "others", _("ordinary users")

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="figures", db_index=False, verbose_name=_("campaign")
    )
    on = models.DateField(_("business date"))
    group = models.CharField(_("customers"), max_length=8, choices=Group)
    buyers = models.BigIntegerField(_("buyers"))
    orders = models.BigIntegerField(_("orders"))
    amount = models.DecimalField(_("spent by customers (CNY)"), max_digits=18, decimal_places=2)

    class Meta:
        verbose_name = _("daily figure of a campaign")
        verbose_name_plural = _("daily figures of campaigns")
        permissions = [("import_campaignfigure", _("Can import daily figures of campaigns"))]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "on", "group"], name="campaignfigure_once"),
            models.CheckConstraint(
                condition=Q(buyers__gte=0, orders__gte=F("buyers"), amount__gte=0), name="campaignfigure_makes_sense"
            ),
            models.CheckConstraint(condition=Q(group__in=["members", "others"]), name="campaignfigure_group"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete), keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.get_group_display()}"
