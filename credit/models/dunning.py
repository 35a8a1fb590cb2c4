"""What an overdue line goes through, what stops it for a while, and what a firm says of its balance."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from credit.models.draws import Invoice
from credit.models.lines import CreditLine, Decided, OverdueState, two_people
from memberships.models import Member
from operations.audit import by_instant, keep_whole, track
from operations.paths import path


class OverdueChange(models.Model):
    """A line's overdue state became another, on a day, for so much. Only grows."""

    member = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False, verbose_name=_("member"))
    line = models.ForeignKey(
        CreditLine, models.PROTECT, related_name="overdue_changes", db_index=False, verbose_name=_("credit line")
    )
    old = models.CharField(_("from state"), max_length=16, choices=OverdueState)
    new = models.CharField(_("to state"), max_length=16, choices=OverdueState)
    overdue_amount = models.DecimalField(_("overdue (CNY)"), max_digits=16, decimal_places=2)
    overdue_since = models.DateField(_("overdue since"), null=True, blank=True)
    on = models.DateField(_("business date"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("change of the overdue state")
        verbose_name_plural = _("changes of overdue states")
        constraints = [
            models.CheckConstraint(condition=~Q(old=F("new")), name="overduechange_changes_something"),
        ]
        indexes = [
            models.Index(fields=["line", "-id"], name="overduechange_of_line"),
            # Of a night: whom it tells (sql/notices/overdue.sql).
            models.Index(fields=["on", "id"], name="overduechange_by_day"),
            by_instant("at", name="overduechange_by_instant"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.get_old_display()} → {self.get_new_display()}"


@track(owner="member")
class OverduePause(Decided):
    """Days that do not count as overdue, of a line or of one of its invoices: a dispute, an agreement. First and last
    day included; it may begin in the past."""

    line = models.ForeignKey(
        CreditLine, models.PROTECT, related_name="pauses", db_index=False, verbose_name=_("credit line")
    )
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False, verbose_name=_("member"))
    invoice = models.ForeignKey(
        Invoice, models.PROTECT, null=True, blank=True, related_name="pauses", db_index=False,
        verbose_name=_("invoice"),
    )
    key = models.CharField(_("key"), max_length=64)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until (last day)"))

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        permissions = [("pause_overdue", _("Can pause overdue states"))]
        constraints = [
            models.UniqueConstraint(fields=["member", "key"], name="overduepause_key"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on") - 1), name="overduepause_days"),
            models.CheckConstraint(condition=~Q(reason=""), name="overduepause_with_reason"),
            two_people("overduepause_two_people"),
        ]
        indexes = [models.Index(fields=["line", "ends_on"], name="overduepause_of_line")]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="frozen", exclude=["ends_on"]),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.starts_on} – {self.ends_on}"


@track(owner="member")
class BalanceConfirmation(models.Model):
    """A firm is asked whether it owes what the books say, as of a day (对账函)."""

    class State(models.TextChoices):
        ASKED = "asked", _("asked")
        CONFIRMED = "confirmed", _("confirmed")
        DISPUTED = "disputed", _("disputed")

    line = models.ForeignKey(
        CreditLine, models.PROTECT, related_name="confirmations", db_index=False, verbose_name=_("credit line")
    )
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False, verbose_name=_("member"))
    as_of = models.DateField(_("as of"))
    # As the books had them on that day.
    open_amount = models.DecimalField(_("open (CNY)"), max_digits=16, decimal_places=2)
    unapplied_amount = models.DecimalField(_("unapplied credit (CNY)"), max_digits=16, decimal_places=2)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.ASKED, db_default=State.ASKED)
    asked_on = models.DateField(_("asked on"))
    answered_on = models.DateField(_("answered on"), null=True, blank=True)
    # What the firm's own books say, where they differ.
    stated_amount = models.DecimalField(_("stated by the firm (CNY)"), max_digits=16, decimal_places=2, null=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("operator"),
    )

    class Meta:
        verbose_name = _("confirmation of balance")
        verbose_name_plural = _("confirmations of balance")
        permissions = [("confirm_balance", _("Can ask for confirmations of balance and note the answers"))]
        constraints = [
            models.UniqueConstraint(fields=["line", "as_of"], name="balanceconfirmation_once"),
            models.CheckConstraint(
                condition=Q(state="asked", answered_on=None)
                | (~Q(state="asked") & Q(answered_on__isnull=False, answered_on__gte=F("asked_on"))),
                name="balanceconfirmation_answered_on",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="frozen", fields=["id", "line", "member", "as_of", "open_amount", "unapplied_amount", "asked_on"]
            ),
            path("state", [("asked", "confirmed"), ("asked", "disputed"), ("disputed", "confirmed")]),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.as_of} · {self.open_amount:,.2f}"
