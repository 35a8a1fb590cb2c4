"""How a programme's benefits go together in a price, and what they said on a day: data of its programme file.

Both are versions by days, so that the price of an order can be told again for the day on which it was placed. Of
several versions of one day the last one holds for all of it.
"""

from datetime import date
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from benefits.models.benefits import Benefit
from memberships.models import Funder, Programme
from operations.audit import track


def _days() -> Func:
    """The days of a version, both included."""
    return Func(
        F("starts_on"), F("ends_on"), models.Value("[]"), function="daterange", output_field=DateRangeField()
    )


class PricingPolicyQuerySet(models.QuerySet["PricingPolicy"]):
    """Policies by day."""

    def in_force(self, *, on: date) -> Self:
        """First and last day included."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=on), starts_on__lte=on)


@track(owner="programme")
class PricingPolicy(models.Model):
    """The steps of a price in their order, and how is rounded (benefits/pricing/policy.py). One holds on a day."""

    class Mode(models.TextChoices):
        HALF_UP = "half_up", _("to the nearest, halves up")
        HALF_DOWN = "half_down", _("to the nearest, halves down")
        HALF_EVEN = "half_even", _("to the nearest, halves to the even")
        DOWN = "down", _("rounded down")
        UP = "up", _("rounded up")

    class Unit(models.TextChoices):
        FEN = "fen", _("fen")
        JIAO = "jiao", _("jiao")
        YUAN = "yuan", _("yuan")

    class Per(models.TextChoices):
        LINE = "line", _("each line")
        ORDER = "order", _("the order")

    programme = models.ForeignKey(
        Programme, models.PROTECT, related_name="pricing_policies", verbose_name=_("programme")
    )
    # As the programme file has them, without what defaults say.
    steps = models.JSONField(_("steps"))
    rounding = models.CharField(_("rounding"), max_length=16, choices=Mode, default=Mode.HALF_UP)
    rounding_unit = models.CharField(_("rounded to"), max_length=8, choices=Unit, default=Unit.FEN)
    rounding_per = models.CharField(_("rounded is"), max_length=8, choices=Per, default=Per.LINE)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until (last day)"), null=True, blank=True)

    objects = PricingPolicyQuerySet.as_manager()

    class Meta:
        verbose_name = _("pricing policy")
        verbose_name_plural = _("pricing policies")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="pricingpolicy_window"
            ),
            models.CheckConstraint(
                condition=Q(
                    rounding__in=["half_up", "half_down", "half_even", "down", "up"],
                    rounding_unit__in=["fen", "jiao", "yuan"], rounding_per__in=["line", "order"],
                ),
                name="pricingpolicy_rounding",
            ),
            ExclusionConstraint(
                name="pricingpolicy_one_a_day",
                expressions=[("programme", RangeOperators.EQUAL), (_days(), RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.programme_id} · {self.starts_on}"


@track(owner="benefit")
class BenefitTerms(models.Model):
    """What a benefit's terms were from a day on, how its rules combined, what a use was worth and cost, and whom.

    The benefit has what they are now.
    """

    benefit = models.ForeignKey(Benefit, models.PROTECT, related_name="terms_versions", verbose_name=_("benefit"))
    terms = models.JSONField(_("terms"), default=dict, blank=True)
    # Blank: it was not kept, and is what it is now.
    combine = models.CharField(
        _("several rules"), max_length=8, choices=Benefit.Combine, blank=True, default=""
    )
    # Of one use, in CNY, as on the benefit. None: not known.
    face_value = models.DecimalField(_("face value (CNY)"), max_digits=12, decimal_places=2, null=True, blank=True)
    unit_cost = models.DecimalField(_("cost (CNY)"), max_digits=12, decimal_places=4, null=True, blank=True)
    # Blank: it was not kept, and is what it is now.
    funder = models.CharField(
        _("borne by"), max_length=16, choices=Funder, blank=True, default="", db_default=""
    )
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until (last day)"), null=True, blank=True)

    class Meta:
        verbose_name = _("version of terms")
        verbose_name_plural = _("versions of terms")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="benefitterms_window"
            ),
            ExclusionConstraint(
                name="benefitterms_one_a_day",
                expressions=[("benefit", RangeOperators.EQUAL), (_days(), RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.benefit_id} · {self.starts_on}"
