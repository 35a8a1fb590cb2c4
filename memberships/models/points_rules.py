"""How a programme's points are earned, wait, end and are taken back: data of its programme file, section `points`."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from memberships.models.programmes import Programme
from operations.audit import track


@track(owner="programme")
class PointsPolicy(models.Model):
    """One for each programme with points. A lot keeps the dates it was given: what changes here is for later lots."""

    class Expiry(models.TextChoices):
        NEVER = "never", _("never")
        # On a day of the year, `expiry_years` years after the year of the earning (0: the next such day).
        FIXED_DATE = "fixed_date", _("on a fixed day of the year")
        # So many months after the earning, at the end of that month.
        MONTHS = "months", _("months later, at the month's end")
        # So many months after the last earn or spend, at the end of that month.
        INACTIVITY = "inactivity", _("after months of inactivity")

    class Reversal(models.TextChoices):
        """What is taken back when an award is: of points that are pending, that are there, or all."""

        PENDING_ONLY = "pending_only", _("only what is pending")
        WITHIN_BALANCE = "within_balance", _("as far as the balance goes")
        MAY_GO_NEGATIVE = "may_go_negative", _("all, the rest is owed")

    class LateReturn(models.TextChoices):
        """What becomes of points that a reversed spend gives back after their day."""

        EXPIRE = "expire", _("they expire at once")
        RENEW = "renew", _("they are renewed for some days")

    programme = models.OneToOneField(
        Programme, models.PROTECT, related_name="points_policy", verbose_name=_("programme")
    )
    # Of the programme's points, as an expense: what one costs when it is spent, and the share that never will be.
    unit_cost = models.DecimalField(
        _("cost of a point (CNY)"), max_digits=12, decimal_places=6, default=Decimal(0),
        validators=[MinValueValidator(0)],
    )
    expected_breakage = models.DecimalField(
        _("expected breakage (share)"), max_digits=5, decimal_places=4, default=Decimal(0),
        validators=[MinValueValidator(0), MaxValueValidator(1)],
    )
    pending_days = models.PositiveSmallIntegerField(_("pending (days)"), default=0)
    expiry = models.CharField(_("expiry"), max_length=16, choices=Expiry, default=Expiry.NEVER)
    expiry_months = models.PositiveSmallIntegerField(_("expiry (months)"), null=True, blank=True)
    expiry_month = models.PositiveSmallIntegerField(_("fixed day: month"), null=True, blank=True)
    expiry_day = models.PositiveSmallIntegerField(_("fixed day: day"), null=True, blank=True)
    expiry_years = models.PositiveSmallIntegerField(_("fixed day: years later"), null=True, blank=True)
    reversal = models.CharField(_("reversal of an award"), max_length=16, choices=Reversal, default="within_balance")
    late_return = models.CharField(
        _("points given back late"), max_length=16, choices=LateReturn, default=LateReturn.EXPIRE
    )
    late_return_days = models.PositiveSmallIntegerField(_("renewed for (days)"), default=0)
    # Expired points may be given again within so many days; 0: never.
    reinstate_days = models.PositiveSmallIntegerField(_("given again within (days)"), default=0)

    class Meta:
        verbose_name = _("points policy")
        verbose_name_plural = _("points policies")
        constraints = [
            models.CheckConstraint(
                condition=Q(expiry="never", expiry_months=None, expiry_month=None)
                | Q(expiry__in=["months", "inactivity"], expiry_months__gte=1, expiry_month=None)
                | Q(
                    expiry="fixed_date", expiry_months=None, expiry_month__range=(1, 12), expiry_day__range=(1, 31),
                    expiry_years__gte=0,
                ),
                name="pointspolicy_expiry_of_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(unit_cost__gte=0, expected_breakage__range=(0, 1)), name="pointspolicy_shares"
            ),
            models.CheckConstraint(
                condition=Q(late_return="expire", late_return_days=0) | Q(late_return="renew", late_return_days__gte=1),
                name="pointspolicy_late_return",
            ),
        ]

    def __str__(self) -> str:
        return str(self.programme)


class InForce(models.Model):
    """Something that holds from a day on, for orders of a category, or of all that have no rule of their own."""

    code = models.SlugField(_("code"), max_length=64)
    category = models.CharField(_("category"), max_length=64, blank=True)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until (last day)"), null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.code


@track(owner="programme")
class EarnRule(InForce):
    """Points for each yuan of an order: the rule of its category on its day, else the one without a category."""

    class Rounding(models.TextChoices):
        DOWN = "down", _("rounded down")
        HALF_UP = "half_up", _("to the nearest, halves up")
        UP = "up", _("rounded up")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="earn_rules", verbose_name=_("programme"))
    points_per_yuan = models.DecimalField(_("points per yuan"), max_digits=10, decimal_places=4)
    qualifying_per_yuan = models.DecimalField(_("qualifying points per yuan"), max_digits=10, decimal_places=4)
    minimum_spend = models.DecimalField(_("from an amount of (CNY)"), max_digits=12, decimal_places=2, default=0)
    cap_per_order = models.BigIntegerField(_("at most for an order"), null=True, blank=True)
    cap_per_day = models.BigIntegerField(_("at most for a day"), null=True, blank=True)
    rounding = models.CharField(_("rounding"), max_length=8, choices=Rounding, default=Rounding.DOWN)

    class Meta:
        verbose_name = _("earn rule")
        verbose_name_plural = _("earn rules")
        constraints = [
            models.UniqueConstraint(fields=["programme", "code", "starts_on"], name="earnrule_once"),
            models.CheckConstraint(
                condition=Q(points_per_yuan__gte=0, qualifying_per_yuan__gte=0, minimum_spend__gte=0),
                name="earnrule_not_negative",
            ),
            models.CheckConstraint(condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="earnrule_window"),
        ]


@track(owner="programme")
class EarnPromotion(InForce):
    """Orders of a window bring more points (not qualifying ones): of several the highest multiplier counts."""

    programme = models.ForeignKey(
        Programme, models.PROTECT, related_name="earn_promotions", verbose_name=_("programme")
    )
    multiplier = models.DecimalField(_("multiplier"), max_digits=6, decimal_places=3)

    class Meta:
        verbose_name = _("points promotion")
        verbose_name_plural = _("points promotions")
        constraints = [
            models.UniqueConstraint(fields=["programme", "code", "starts_on"], name="earnpromotion_once"),
            models.CheckConstraint(condition=Q(multiplier__gte=1), name="earnpromotion_multiplier"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="earnpromotion_window"
            ),
        ]
