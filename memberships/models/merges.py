"""Merges: two records of one person or firm, of which one ends and becomes another number of the one that stays.

Payments, points, redemptions and invoices are facts and keep their member: they are read under both numbers. What was
current moved; the journal (MergeMove) says what, so that a merge can be undone exactly.
"""

from datetime import date, timedelta
from typing import Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from memberships.models.members import Member
from operations.audit import by_instant, keep_whole
from operations.models.sealed import SealedTextField

#: So many days after the day of a merge it can still be undone, the last one included.
REVERSIBLE_DAYS = 30


class MemberMergeQuerySet(models.QuerySet["MemberMerge"]):
    """Merges by state."""

    def in_force(self) -> Self:
        """That were not undone."""
        return self.filter(undone_at=None)


class MemberMerge(models.Model):
    """Who asked, who approved, why; and the same of its undoing. A row is for ever."""

    class State(models.TextChoices):
        DONE = "done", _("merged")
        UNDONE = "undone", _("merge undone")

    former = models.ForeignKey(
        Member, models.PROTECT, related_name="ended_by", db_index=False, verbose_name=_("number that ended")
    )
    survivor = models.ForeignKey(
        Member, models.PROTECT, related_name="merges", db_index=False, verbose_name=_("number that stays")
    )
    on = models.DateField(_("business date"))
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False, verbose_name=_("asked for by")
    )
    checker = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("approved by"),
    )
    reason = models.CharField(_("reason"), max_length=200)
    undone_on = models.DateField(_("undone on"), null=True, blank=True)
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("undoing asked for by"),
    )
    undone_checker = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("undoing approved by"),
    )
    undone_reason = models.CharField(_("why it was undone"), max_length=200, blank=True, default="", db_default="")

    objects = MemberMergeQuerySet.as_manager()

    class Meta:
        verbose_name = _("merge of members")
        verbose_name_plural = _("merges of members")
        permissions = [("merge_member", _("Can ask for two records to be merged, and for that to be undone"))]
        constraints = [
            models.UniqueConstraint(fields=["former"], condition=Q(undone_at=None), name="membermerge_one_in_force"),
            models.CheckConstraint(condition=~Q(former=F("survivor")), name="membermerge_of_two"),
            models.CheckConstraint(condition=~Q(reason=""), name="membermerge_has_reason"),
            models.CheckConstraint(
                condition=Q(undone_at=None, undone_on=None, undone_by=None, undone_checker=None, undone_reason="")
                | Q(undone_at__isnull=False, undone_on__gte=F("on"), undone_by__isnull=False) & ~Q(undone_reason=""),
                name="membermerge_undone_as_a_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["survivor"], name="membermerge_of_survivor"),
            by_instant("at", name="membermerge_by_instant"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="frozen",
                exclude=["undone_on", "undone_at", "undone_by", "undone_checker", "undone_reason"],
            ),
            pgtrigger.Protect(
                name="undone_once", operation=pgtrigger.Update, condition=pgtrigger.Q(old__undone_at__isnull=False)
            ),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{Member(pk=self.former_id).number} → {Member(pk=self.survivor_id).number}"

    @property
    def state(self) -> "MemberMerge.State":
        """As its facts say."""
        return self.State.DONE if self.undone_at is None else self.State.UNDONE

    @property
    def last_day(self) -> date:
        """The last business date on which it can be undone."""
        return self.on + timedelta(days=REVERSIBLE_DAYS)


class MergeMove(models.Model):
    """A row that a merge changed: which columns, and (sealed, since some are personal) their values before and after.

    Only grows. The values are forgotten when the merge was undone, when it cannot be undone any more, and when the
    account is closed.
    """

    merge = models.ForeignKey(MemberMerge, models.PROTECT, related_name="moves", verbose_name=_("merge of members"))
    table = models.CharField(_("record"), max_length=64)
    row = models.BigIntegerField(_("key"))
    columns = models.CharField(_("fields"), max_length=200)
    #: Put back only where nobody else has changed it since; of others a change refuses the undoing.
    is_loose = models.BooleanField(_("put back where unchanged"), default=False)
    values = SealedTextField(_("values before and after"), null=True)

    class Meta:
        verbose_name = _("what a merge moved")
        verbose_name_plural = _("what merges moved")
        default_permissions = ()
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="frozen", exclude=["values"]),
            pgtrigger.Protect(
                name="only_forgotten", operation=pgtrigger.Update, condition=pgtrigger.Q(new__values__isnull=False)
            ),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.row}"
