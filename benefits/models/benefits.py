"""What a membership brings: benefits, and the rules that say who has how much of one in which window."""

from datetime import date
from decimal import Decimal
from typing import Self

import pgtrigger
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from benefits.models.budgets import Budget
from memberships.models import Funder, Programme, Tier
from memberships.models.programmes import Named
from operations.audit import track


class Kind(models.TextChoices):
    """What a benefit is. `Benefit.terms` holds what its kind needs (benefits/kinds.py)."""

    MEMBER_PRICE = "member_price", _("member price")
    STACKING_DISCOUNT = "stacking_discount", _("stacking discount")
    INSTANT_REDUCTION = "instant_reduction", _("instant reduction")
    FREE_SHIPPING = "free_shipping", _("free shipping")
    COUPON = "coupon", _("coupon")
    SERVICE = "service", _("service")
    BUY_ONE_GET_ONE = "buy_one_get_one", _("buy one, get one")
    POINTS_EXCHANGE = "points_exchange", _("points exchange")
    PARTNER_SUBSCRIPTION = "partner_subscription", _("partner subscription")
    AFTER_SALES = "after_sales", _("after-sales right")
    SUPPORT_LINE = "support_line", _("support line")
    PAYMENT_TERM = "payment_term", _("payment term")
    GIFT = "gift", _("gift")


#: Using one of these leaves the member with something to hold: a Grant.
HELD_KINDS = (Kind.COUPON, Kind.GIFT, Kind.PARTNER_SUBSCRIPTION, Kind.POINTS_EXCHANGE)


class Window(models.TextChoices):
    """For how long a quota, or a choice, is one."""

    DAY = "day", _("day")
    # From Monday on (GB/T 7408, ISO 8601).
    WEEK = "week", _("week")
    MONTH = "month", pgettext_lazy("window of a quota", "month")
    YEAR = "year", _("year")
    TERM = "term", _("term of the card")
    EVER = "ever", _("ever")


class Basis(models.TextChoices):
    """When a window begins: with the calendar's, or on the day the member's right began (Asia/Shanghai)."""

    CALENDAR = "calendar", _("calendar")
    ANNIVERSARY = "anniversary", _("from the day the right began")


@track()
class Benefit(Named):
    """Something a programme gives to those whom a rule entitles to it."""

    class Combine(models.TextChoices):
        """What several rules that entitle a member to the same benefit on a day come to (sql/rights/rights.sql)."""

        BEST = "best", _("the best of them")
        SUM = "sum", _("all of them together")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="benefits", verbose_name=_("programme"))
    code = models.SlugField(_("code"), max_length=64)
    kind = models.CharField(_("kind"), max_length=32, choices=Kind)
    combine = models.CharField(_("several rules"), max_length=8, choices=Combine, default=Combine.BEST)
    funder = models.CharField(_("borne by"), max_length=16, choices=Funder, default=Funder.PLATFORM)
    # Of one use, in CNY: what a member would pay elsewhere, and what it costs the funder. None: not known. Of what is
    # given by itself for as long as a right lasts: of each month begun (sql/values/lines.sql).
    face_value = models.DecimalField(_("face value (CNY)"), max_digits=12, decimal_places=2, null=True, blank=True)
    unit_cost = models.DecimalField(_("cost (CNY)"), max_digits=12, decimal_places=4, null=True, blank=True)
    budget = models.ForeignKey(
        Budget, models.PROTECT, null=True, blank=True, related_name="benefits", verbose_name=_("budget")
    )
    # Of what is held (a coupon, a gift): for so many days from the day it was given, that day included; none: no end.
    valid_days = models.PositiveSmallIntegerField(_("valid for (days)"), null=True, blank=True)
    terms = models.JSONField(_("terms"), default=dict, blank=True)
    # The first day on which nobody is entitled to it any more.
    retired_on = models.DateField(_("retired on"), null=True, blank=True)

    class Meta:
        verbose_name = _("benefit")
        verbose_name_plural = _("benefits")
        constraints = [
            models.UniqueConstraint(fields=["programme", "code"], name="benefit_code"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="benefit_kind"),
            models.CheckConstraint(
                condition=(Q(face_value=None) | Q(face_value__gte=0)) & (Q(unit_cost=None) | Q(unit_cost__gte=0)),
                name="benefit_not_negative",
            ),
            # A budget is drawn on by what each use costs.
            models.CheckConstraint(
                condition=Q(budget=None) | Q(unit_cost__isnull=False), name="benefit_of_budget_has_cost"
            ),
            models.CheckConstraint(condition=Q(valid_days=None) | Q(valid_days__gte=1), name="benefit_valid_days"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="frozen", fields=["id", "programme", "code", "kind"]),
        ]


class BenefitRuleQuerySet(models.QuerySet["BenefitRule"]):
    """Rules by day."""

    def in_force(self, *, on: date) -> Self:
        """First and last day included."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=on), starts_on__lte=on)


@track(owner="benefit")
class BenefitRule(models.Model):
    """Who has how much of a benefit: those with a plan's card, those on a tier, or all who are enrolled.

    A version of the rule `code`: what was used under it stays as it was; it ends, and the next one begins.
    """

    benefit = models.ForeignKey(Benefit, models.PROTECT, related_name="rules", verbose_name=_("benefit"))
    code = models.SlugField(_("code"), max_length=64)
    # One of the two, or neither: all who are enrolled in the programme.
    plan_code = models.SlugField(_("plan"), max_length=64, blank=True, default="")
    tier = models.ForeignKey(Tier, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("tier"))
    and_above = models.BooleanField(_("higher tiers, too"), default=False)
    # Narrower still, where not blank: members of a segment; of a region, or uses there; uses for a category of goods.
    segment = models.SlugField(_("segment"), max_length=64, blank=True, default="")
    region = models.CharField(_("region"), max_length=64, blank=True, default="")
    category = models.CharField(_("category"), max_length=64, blank=True, default="")
    # None: as often as one likes.
    quota = models.PositiveIntegerField(_("quota"), null=True, blank=True)
    window = models.CharField(_("window"), max_length=8, choices=Window, default=Window.EVER)
    basis = models.CharField(_("window begins"), max_length=12, choices=Basis, default=Basis.CALENDAR)
    # Of one use.
    points_price = models.BigIntegerField(_("price (points)"), default=0, validators=[MinValueValidator(0)])
    member_price = models.DecimalField(_("price (CNY)"), max_digits=12, decimal_places=2, default=Decimal(0))
    # It counts for those who chose the benefit, in this group.
    choice_group = models.ForeignKey(
        "ChoiceGroup", models.PROTECT, null=True, blank=True, related_name="rules", verbose_name=_("choice group")
    )
    # Given by itself when the right begins, and ended with it, without being asked for.
    is_automatic = models.BooleanField(_("given by itself"), default=False)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until (last day)"), null=True, blank=True)

    objects = BenefitRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("benefit rule")
        verbose_name_plural = _("benefit rules")
        constraints = [
            models.UniqueConstraint(fields=["benefit", "code", "starts_on"], name="benefitrule_once"),
            models.CheckConstraint(condition=Q(plan_code="") | Q(tier=None), name="benefitrule_one_source"),
            models.CheckConstraint(
                condition=Q(and_above=False) | Q(tier__isnull=False), name="benefitrule_above_a_tier"
            ),
            models.CheckConstraint(
                condition=Q(points_price__gte=0, member_price__gte=0), name="benefitrule_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="benefitrule_window_of_days"
            ),
            models.CheckConstraint(condition=~Q(window="term") | ~Q(plan_code=""), name="benefitrule_term_of_a_card"),
            # What comes by itself is not paid for, nor for a category of goods.
            models.CheckConstraint(
                condition=Q(is_automatic=False) | Q(points_price=0, member_price=0, category=""),
                name="benefitrule_automatic_is_free",
            ),
        ]

    def __str__(self) -> str:
        return self.code
