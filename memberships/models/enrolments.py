"""A member's wallet in a programme: the row to lock before points, debts or tiers of it change."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from memberships.models.members import Member
from memberships.models.programmes import Programme
from operations.audit import keep_whole


class Enrolment(models.Model):
    """A member's wallet in a programme, one for each scope: a firm has one for each of its stores.

    `balance`, `pending` and `debt` (points) are what the ledger adds up to (models/points.py).
    """

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="enrolments", db_index=False, verbose_name=_("member")
    )
    programme = models.ForeignKey(
        Programme, models.PROTECT, related_name="enrolments", db_index=False, verbose_name=_("programme")
    )
    # The store, where a programme has one enrolment for each; empty for programmes with one for each member.
    scope = models.CharField(_("scope (store)"), max_length=64, blank=True, default="", db_default="")
    enrolled_on = models.DateField(_("enrolled on"))
    balance = models.BigIntegerField(_("balance (points)"), default=0)
    pending = models.BigIntegerField(_("pending (points)"), default=0, db_default=0)
    debt = models.BigIntegerField(_("owed (points)"), default=0, db_default=0)
    # Programmes whose points end by inactivity: the first day on which all of them are gone.
    idle_on = models.DateField(_("points end by inactivity on"), null=True, blank=True)
    # The wallet's newest entry when inactivity ended its points last: what was spent by then comes back too late.
    idled_after = models.BigIntegerField(_("newest entry when points ended by inactivity"), null=True, blank=True)
    # Of a wallet that was opened at the desk: by whom and why. All others came by an import or another system.
    enrolled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("enrolled by"),
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("points wallet")
        verbose_name_plural = _("points wallets")
        permissions = [
            ("extend_points", _("Can put off the day on which points end")),
            ("reinstate_points", _("Can give expired points again")),
            ("reverse_points", _("Can reverse points entries")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["member", "programme", "scope"], name="enrolment_once_a_scope"),
            # What the ledger's keys over wallet and member refer to (migration 0004).
            models.UniqueConstraint(fields=["id", "member"], name="enrolment_of_member_key"),
            # Points that were spent and then taken back are owed, where the programme says so; nothing else is below 0.
            models.CheckConstraint(
                condition=Q(debt__gte=0, balance__gte=-F("debt")), name="enrolment_balance_within_debt"
            ),
            models.CheckConstraint(condition=Q(pending__gte=0), name="enrolment_pending_not_negative"),
        ]
        indexes = [
            models.Index(fields=["idle_on", "id"], name="enrolment_idle", condition=Q(idle_on__isnull=False)),
            # Whether a programme has wallets, and where: a small one stands among the millions of the others.
            models.Index(fields=["programme", "id"], name="enrolment_of_programme"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="frozen", fields=["id", "member", "programme", "scope"]),
            keep_whole(),
        ]

    def __str__(self) -> str:
        number = Member(pk=self.member_id).number
        return f"{number} · {self.scope}" if self.scope else number
