"""What is offered: programmes, their tiers, and the versions of their plans."""

from datetime import date
from decimal import Decimal
from typing import Self

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from operations.audit import keep_whole, track


class Audience(models.TextChoices):
    """Whom a programme is for, and what a member is."""

    PERSON = "person", _("person")
    ENTERPRISE = "enterprise", _("enterprise")


class Enrols(models.TextChoices):
    """What has an enrolment of its own in a programme."""

    MEMBER = "member", _("member")
    STORE = "store", _("store")


class Named(models.Model):
    """Something with a name in both languages of the house."""

    name = models.CharField(_("name (Chinese)"), max_length=100)
    name_en = models.CharField(_("name (English)"), max_length=100)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name if (get_language() or "zh").startswith("zh") else self.name_en


@track()
class Programme(Named):
    """A membership programme, such as JD PLUS or JD PLUS Enterprise."""

    code = models.SlugField(_("code"), max_length=64, unique=True)
    audience = models.CharField(_("audience"), max_length=16, choices=Audience)
    # A member has one enrolment, or one for each of their stores.
    enrols = models.CharField(
        _("one enrolment for each"), max_length=16, choices=Enrols, default=Enrols.MEMBER, db_default=Enrols.MEMBER
    )
    # The cohort gate: to this share of members the programme is open, chosen by a hash of their key.
    open_share = models.DecimalField(
        _("open to a share of members"), max_digits=5, decimal_places=4, default=Decimal(1), db_default=Decimal(1),
        validators=[MinValueValidator(0), MaxValueValidator(1)],
    )

    class Meta:
        verbose_name = _("programme")
        verbose_name_plural = _("programmes")
        constraints = [models.CheckConstraint(condition=Q(open_share__range=(0, 1)), name="programme_open_share")]


@track()
class TierGroup(Named):
    """A ladder of tiers within a programme, and how one climbs it and falls.

    Up at the next night's evaluation; down, where the ladder has it, at the end of the period for which a tier holds.
    """

    class Window(models.TextChoices):
        """Of which days the qualifying points count; the period for which a tier holds is as long."""

        CUMULATIVE = "cumulative", _("from the beginning")
        CALENDAR_YEAR = "calendar_year", _("calendar year")
        ROLLING_MONTHS = "rolling_months", _("the last months")
        ANNIVERSARY = "anniversary", _("year from the enrolment's day")

    class Downgrade(models.TextChoices):
        NONE = "none", _("none")
        ONE_STEP = "one_step", _("one step")
        TO_BALANCE = "to_balance", _("to what the points give")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="tier_groups", verbose_name=_("programme"))
    code = models.SlugField(_("code"), max_length=64)
    window = models.CharField(
        _("points count"), max_length=16, choices=Window, default=Window.CUMULATIVE, db_default=Window.CUMULATIVE
    )
    window_months = models.PositiveSmallIntegerField(_("window (months)"), null=True, blank=True)
    downgrade = models.CharField(
        _("downgrade"), max_length=16, choices=Downgrade, default=Downgrade.NONE, db_default=Downgrade.NONE
    )
    # So many days after the end of the period a tier that is lost is still held.
    grace_days = models.PositiveSmallIntegerField(_("grace (days)"), default=0, db_default=0)

    class Meta:
        verbose_name = _("tier group")
        verbose_name_plural = _("tier groups")
        constraints = [
            models.UniqueConstraint(fields=["programme", "code"], name="tiergroup_code"),
            models.CheckConstraint(
                condition=Q(window="rolling_months", window_months__gte=1)
                | (~Q(window="rolling_months") & Q(window_months=None)),
                name="tiergroup_window_months",
            ),
            models.CheckConstraint(
                condition=~Q(window="cumulative") | Q(downgrade="none"), name="tiergroup_cumulative_keeps"
            ),
        ]
        # Standings and changes name ladders without a key (models/tiers.py). Its tiers keep a row from being deleted.
        triggers = [pgtrigger.ReadOnly(name="frozen", fields=["id", "programme"]), keep_whole()]


@track()
class Tier(Named):
    """One rung of a ladder; `threshold` qualifying points are needed to stand on it."""

    group = models.ForeignKey(TierGroup, models.PROTECT, related_name="tiers", verbose_name=_("tier group"))
    code = models.SlugField(_("code"), max_length=64)
    rank = models.PositiveSmallIntegerField(_("rank"))
    threshold = models.BigIntegerField(_("threshold (points)"), default=0, validators=[MinValueValidator(0)])
    # Who has stood here does not fall below.
    is_floor = models.BooleanField(_("floor"), default=False, db_default=False)
    # Of the points that orders bring (not the qualifying ones).
    earn_multiplier = models.DecimalField(
        _("multiplier of points"), max_digits=6, decimal_places=3, default=Decimal(1), db_default=Decimal(1),
        validators=[MinValueValidator(0)],
    )
    # The plan (by its code) whose paid card puts a member here, whatever the points.
    plan_code = models.SlugField(_("given by plan"), max_length=64, blank=True, default="", db_default="")
    # Not offered any more; who stands here stays until an evaluation.
    retired_on = models.DateField(_("retired on"), null=True, blank=True)

    class Meta:
        verbose_name = _("tier")
        verbose_name_plural = _("tiers")
        ordering = ["group", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["group", "code"], name="tier_code"),
            # At the end of the transaction: a ladder is renumbered rung by rung.
            models.UniqueConstraint(fields=["group", "rank"], name="tier_rank", deferrable=models.Deferrable.DEFERRED),
            # What the key of a standing over tier and group refers to (migration 0012).
            models.UniqueConstraint(fields=["id", "group"], name="tier_of_group_key"),
            models.CheckConstraint(condition=Q(threshold__gte=0), name="tier_threshold_not_negative"),
        ]
        # Standings and changes name tiers without a key (models/tiers.py): a tier is retired, not deleted.
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="frozen", fields=["id", "group"]),
            keep_whole(),
        ]


class PlanQuerySet(models.QuerySet["Plan"]):
    """Plans by what can be done with them."""

    def on_sale(self, *, on: date) -> Self:
        """Versions that can be bought on that day; at most one per programme and code."""
        return self.filter(Q(on_sale_until=None) | Q(on_sale_until__gte=on), on_sale_from__lte=on)


#: A card is charged a month ahead of its end at most, so that what is due stands close together in an index.
LONGEST_LEAD_DAYS = 31


def usual_retry_days() -> list[int]:
    """Days after the first request on which a softly declined charge is tried again, unless the plan says otherwise."""
    return [1, 3, 5, 7]


@track()
class Plan(Named):
    """A version of something a member can buy. Once sold it never changes: a new version is made."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="plans", verbose_name=_("programme"))
    code = models.SlugField(_("code"), max_length=64)
    version = models.PositiveIntegerField(_("version"), default=1)
    price = models.DecimalField(_("price (CNY)"), max_digits=12, decimal_places=2)
    term_months = models.PositiveSmallIntegerField(_("term (months)"))
    grace_days = models.PositiveSmallIntegerField(_("grace (days)"), default=0)
    lead_days = models.PositiveSmallIntegerField(_("renewed ahead of the end (days)"), default=1, db_default=1)
    retry_days = ArrayField(
        models.PositiveSmallIntegerField(), verbose_name=_("charged again after (days)"), default=usual_retry_days,
        db_default=usual_retry_days(), blank=True,
    )
    credit_limit_cap = models.DecimalField(
        _("highest credit limit (CNY)"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    credit_term_days_cap = models.PositiveSmallIntegerField(_("longest credit term (days)"), null=True, blank=True)
    on_sale_from = models.DateField(_("on sale from"))
    on_sale_until = models.DateField(_("on sale until (last day)"), null=True, blank=True)
    # The day on which live cards of earlier versions move to the one on sale, for their next term; none: at renewal.
    moves_on = models.DateField(_("earlier cards move on"), null=True, blank=True)

    objects = PlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        constraints = [
            models.UniqueConstraint(fields=["programme", "code", "version"], name="plan_version"),
            models.CheckConstraint(condition=Q(price__gte=0), name="plan_price_not_negative"),
            models.CheckConstraint(condition=Q(term_months__gte=1), name="plan_term_not_empty"),
            models.CheckConstraint(condition=Q(lead_days__lte=LONGEST_LEAD_DAYS), name="plan_lead_days"),
            ExclusionConstraint(
                name="plan_one_version_on_sale",
                expressions=[
                    ("programme", RangeOperators.EQUAL),
                    ("code", RangeOperators.EQUAL),
                    (
                        Func(
                            F("on_sale_from"), F("on_sale_until"), models.Value("[]"),
                            function="daterange", output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="sold_plan_is_frozen",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                # When its sale ends, and earlier cards move to it, are the facts of a sold plan that are still open.
                condition=pgtrigger.AnyChange(exclude=["on_sale_until", "moves_on"]),
                func=(
                    # A sale under way holds a key lock on the plan (its foreign key): wait for it, then look.
                    "PERFORM 1 FROM memberships_plan WHERE id = OLD.id FOR UPDATE; "
                    "IF EXISTS (SELECT 1 FROM memberships_subscription WHERE plan_id = OLD.id) "
                    "OR EXISTS (SELECT 1 FROM memberships_term WHERE plan_id = OLD.id) THEN "
                    "RAISE EXCEPTION 'plan % is sold and cannot change: make a new version', OLD.code "
                    "USING ERRCODE = 'check_violation'; END IF; RETURN NEW;"
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{super().__str__()} v{self.version}" if self.version > 1 else super().__str__()
