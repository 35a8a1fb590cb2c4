"""What members used: a row to lock for each member and benefit, and a fact for each use. Nothing in advance.

What must hold, at all times (`manage.py audit_books` checks it):

    uses of a Usage           = the quantities of its redemptions that were not returned
    taken of a stock          = the same over all members
    spent of a budget         = the sum of its entries
    points of a redemption    = what its points entry took; a returned one's came back by `return_entry`
"""

from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from benefits.models.benefits import Benefit, BenefitRule
from memberships.models import Enrolment, Funder, Member, PointsEntry
from operations.audit import keep_whole
from operations.paths import path


class Usage(models.Model):
    """The row to lock before a member's uses or choices of a benefit change; made when it is needed first."""

    member = models.ForeignKey(Member, models.PROTECT, related_name="usages", db_index=False, verbose_name=_("member"))
    benefit = models.ForeignKey(
        Benefit, models.PROTECT, related_name="usages", db_index=False, verbose_name=_("benefit")
    )
    uses = models.BigIntegerField(_("uses"), default=0, db_default=0)

    class Meta:
        verbose_name = _("usage")
        verbose_name_plural = _("usages")
        constraints = [
            models.UniqueConstraint(fields=["member", "benefit"], name="usage_once"),
            models.CheckConstraint(condition=Q(uses__gte=0), name="usage_not_negative"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="frozen", fields=["id", "member", "benefit"]),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return str(self.uses)


class Redemption(models.Model):
    """One use of a benefit, with what it took. It may be returned, once and whole; the rest never changes."""

    class State(models.TextChoices):
        DONE = "done", _("done")
        RETURNED = "returned", _("returned")

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="redemptions", db_index=False, verbose_name=_("member")
    )
    benefit = models.ForeignKey(
        Benefit, models.PROTECT, related_name="redemptions", db_index=False, verbose_name=_("benefit")
    )
    # The version of the rule that won, and the store's wallet where a programme has one for each store.
    rule = models.ForeignKey(BenefitRule, models.PROTECT, related_name="+", db_index=False, verbose_name=_("rule"))
    enrolment = models.ForeignKey(
        Enrolment, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("store")
    )
    key = models.CharField(_("key"), max_length=64)
    # Of the rule's line: blank where the rule is for all categories, whatever was asked for.
    category = models.CharField(_("category"), max_length=64, blank=True)
    # What was asked for, as it was said.
    asked_category = models.CharField(_("for the category"), max_length=64, blank=True)
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    # The quota's window on that day.
    window_from = models.DateField(_("window from"), null=True, blank=True)
    window_until = models.DateField(_("window until (not included)"), null=True, blank=True)
    # What it took and gave, for all of the quantity.
    points = models.BigIntegerField(_("points"), default=0)
    points_entry = models.ForeignKey(
        PointsEntry, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("points entry"),
    )
    price = models.DecimalField(_("price (CNY)"), max_digits=14, decimal_places=2, default=Decimal(0))
    face_value = models.DecimalField(_("face value (CNY)"), max_digits=14, decimal_places=2, null=True, blank=True)
    cost = models.DecimalField(_("cost (CNY)"), max_digits=14, decimal_places=4, null=True, blank=True)
    funder = models.CharField(_("borne by"), max_length=16, choices=Funder)
    order_number = models.CharField(_("order number"), max_length=48, blank=True)
    on = models.DateField(_("business date"))
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("operator"),
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.DONE, db_default=State.DONE)
    return_key = models.CharField(_("key of the return"), max_length=64, blank=True, default="", db_default="")
    return_entry = models.ForeignKey(
        PointsEntry, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("points given back"),
    )
    returned_on = models.DateField(_("returned on"), null=True, blank=True)
    returned_at = models.DateTimeField(_("returned at"), null=True, blank=True)
    returned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("returned by"),
    )
    return_reason = models.CharField(_("reason of the return"), max_length=200, blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("redemption")
        verbose_name_plural = _("redemptions")
        permissions = [
            ("redeem_benefit", _("Can redeem benefits for a member")),
            ("return_redemption", _("Can take redemptions back")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["member", "key"], name="redemption_key"),
            models.UniqueConstraint(
                fields=["member", "return_key"], name="redemption_return_key", condition=~Q(return_key="")
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="redemption_of_something"),
            models.CheckConstraint(
                condition=Q(points=0, points_entry=None) | Q(points__gt=0, points_entry__isnull=False),
                name="redemption_points_booked",
            ),
            models.CheckConstraint(
                condition=Q(state="done", returned_on=None, returned_at=None, return_key="", return_entry=None)
                | Q(state="returned", returned_on__isnull=False, returned_at__isnull=False, returned_on__gte=F("on"))
                & ~Q(return_key=""),
                name="redemption_returned_as_a_whole",
            ),
        ]
        indexes = [
            # What counts against a quota, without the rows themselves.
            models.Index(
                fields=["member", "benefit", "on"], include=["category", "quantity"], name="redemption_counted",
                condition=Q(state="done"),
            ),
            # A member's page, newest first.
            models.Index(fields=["member", "-id"], name="redemption_of_member"),
            # A benefit's uses by day, for reports and settlements.
            models.Index(fields=["benefit", "on", "id"], name="redemption_of_benefit"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="frozen",
                exclude=[
                    "state", "return_key", "return_entry", "returned_on", "returned_at", "returned_by",
                    "return_reason",
                ],
            ),
            path("state", [("done", "returned")]),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.benefit_id} · {self.on}"
