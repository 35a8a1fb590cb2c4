"""How a programme gives credit, and what becomes of it: data of its programme file, as versions by days."""

from datetime import date
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from memberships.models import Programme
from operations.audit import keep_whole, track


class CreditPolicyQuerySet(models.QuerySet["CreditPolicy"]):
    """Policies by day."""

    def in_force(self, *, on: date) -> Self:
        """First and last day included."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=on), starts_on__lte=on)


@track(owner="programme")
class CreditPolicy(models.Model):
    """The section `credit` of a programme file (credit/policies.py has its schema). One holds on a day.

    `offers` by plan: highest limit, term rule, minimum standing. `blocking`: rules in their order. `dunning`: the days
    from which an overdue state holds. `late_fee`: its rule, or none. `lapse`: what a card's end does to a line.
    """

    programme = models.ForeignKey(
        Programme, models.PROTECT, related_name="credit_policies", verbose_name=_("programme")
    )
    offers = models.JSONField(_("offers"))
    blocking = models.JSONField(_("blocking rules"), default=list)
    dunning = models.JSONField(_("overdue states"), default=list)
    late_fee = models.JSONField(_("late fee"), null=True, blank=True)
    lapse = models.JSONField(_("when the card lapses"), default=dict)
    allocation = models.JSONField(_("order of allocation"), default=list)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until (last day)"), null=True, blank=True)

    objects = CreditPolicyQuerySet.as_manager()

    class Meta:
        verbose_name = _("credit policy")
        verbose_name_plural = _("credit policies")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="creditpolicy_window"
            ),
            ExclusionConstraint(
                name="creditpolicy_one_a_day",
                expressions=[
                    ("programme", RangeOperators.EQUAL),
                    (
                        Func(
                            F("starts_on"), F("ends_on"), models.Value("[]"),
                            function="daterange", output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]
        triggers = [keep_whole()]

    def __str__(self) -> str:
        return f"{self.programme_id} · {self.starts_on}"


@track()
class Holiday(models.Model):
    """A day that is not what its weekday says: a public holiday, or a weekend day that is worked (调休)."""

    on = models.DateField(_("day"), unique=True)
    is_workday = models.BooleanField(_("worked"), default=False)
    name = models.CharField(_("name"), max_length=100)

    class Meta:
        verbose_name = _("day of the holiday calendar")
        verbose_name_plural = _("holiday calendar")

    def __str__(self) -> str:
        return f"{self.on} {self.name}"
