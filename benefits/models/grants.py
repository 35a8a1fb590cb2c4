"""What a member holds of a benefit: a coupon, a gift, a partner's subscription as long as the right to it lasts."""

from datetime import date
from typing import Self

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from benefits.models.benefits import Benefit, BenefitRule
from benefits.models.redemptions import Redemption
from memberships.models import Member, Subscription
from operations.audit import keep_whole
from operations.paths import path


class GrantQuerySet(models.QuerySet["Grant"]):
    """Grants by what they are good for."""

    def held(self, *, on: date) -> Self:
        """Valid on that day, in grace or not."""
        return self.filter(Q(valid_until=None) | Q(valid_until__gte=on), valid_from__lte=on, state__in=LIVE)


class Grant(models.Model):
    """Something held, from the day it was given to its end.

    Of an automatic rule: it begins, rests in grace and ends with the right, by whatever finds that first (a signal,
    the night); a right that comes back is another grant. Partners hang what they fulfil on it (partners/models).
    """

    class State(models.TextChoices):
        LIVE = "live", _("live")
        # The card is in grace: partners may suspend.
        IN_GRACE = "in_grace", _("in grace")
        USED = "used", _("used")
        ENDED = "ended", _("ended")

    member = models.ForeignKey(Member, models.PROTECT, related_name="grants", db_index=False, verbose_name=_("member"))
    benefit = models.ForeignKey(
        Benefit, models.PROTECT, related_name="grants", db_index=False, verbose_name=_("benefit")
    )
    # By which rule; none: a gift of a partner's programme, or by hand.
    rule = models.ForeignKey(
        BenefitRule, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("rule")
    )
    redemption = models.OneToOneField(
        Redemption, models.PROTECT, null=True, blank=True, related_name="grant", verbose_name=_("redemption")
    )
    # The card whose right it follows, where it follows one.
    subscription = models.ForeignKey(
        Subscription, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("card")
    )
    # "redeem:<key>", "gift:<key>"; of what follows a right "right:<benefit>:<rule code>:<source>-<id>:<how manieth>".
    key = models.CharField(_("key"), max_length=128)
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.LIVE, db_default=State.LIVE)
    valid_from = models.DateField(_("valid from"))
    # The last day; of what follows a right: none until it ends.
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    used_on = models.DateField(_("used on"), null=True, blank=True)
    order_number = models.CharField(_("used for order"), max_length=48, blank=True, default="", db_default="")
    ended_on = models.DateField(_("ended on"), null=True, blank=True)
    end_reason = models.CharField(_("why it ended"), max_length=200, blank=True, default="", db_default="")
    # The first day without the right that it follows: what comes after is another grant. Of what was used or ended
    # before its right, too.
    right_ended_on = models.DateField(_("right ended on"), null=True, blank=True)
    given_on = models.DateField(_("given on"))
    given_at = models.DateTimeField(_("given at"))

    objects = GrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        constraints = [
            models.UniqueConstraint(fields=["member", "key"], name="grant_key"),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from") - 1), name="grant_window_of_days"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["live", "in_grace"], used_on=None, ended_on=None)
                | Q(state="used", used_on__isnull=False, ended_on=None)
                | Q(state="ended", used_on=None, ended_on__isnull=False),
                name="grant_of_its_state",
            ),
        ]
        indexes = [
            models.Index(fields=["member", "-id"], name="grant_of_member"),
            # What follows a right, or did, range by range of members.
            models.Index(
                fields=["member", "id"], name="grant_following", condition=Q(redemption=None, rule__isnull=False)
            ),
            # What runs out by its day.
            models.Index(
                fields=["valid_until", "member"], name="grant_running_out",
                condition=Q(state__in=["live", "in_grace"], valid_until__isnull=False),
            ),
            models.Index(fields=["benefit", "id"], name="grant_of_benefit"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="frozen",
                exclude=[
                    "state", "valid_until", "used_on", "order_number", "ended_on", "end_reason", "right_ended_on",
                ],
            ),
            path(
                "state", [
                    ("live", "in_grace"), ("in_grace", "live"), ("live", "used"), ("in_grace", "used"),
                    ("live", "ended"), ("in_grace", "ended"), ("used", "live"),
                ],
            ),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.benefit_id} · {self.valid_from}"


LIVE = (Grant.State.LIVE, Grant.State.IN_GRACE)
