"""Where members stand on a ladder of tiers, and every change of it with its reason and evidence."""

from datetime import date
from typing import Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from memberships.models.enrolments import Enrolment
from memberships.models.members import Member
from memberships.models.programmes import Tier, TierGroup
from operations.audit import by_instant, keep_whole


class Cause(models.TextChoices):
    """What puts a member on a tier."""

    POINTS = "points", _("qualifying points")
    PLAN = "plan", _("paid plan")
    MATCH = "match", _("status match")
    HAND = "hand", _("set by hand")


def _of_its_own(name: str, operation: pgtrigger.Operation, *, joined: str, is_strange: str) -> pgtrigger.Trigger:
    """What foreign keys would check of the rows of a statement, at once: they name their own wallet and ladder's tiers.

    Keys would look, and lock, row by row: a quarter of what a night writes. What is named here is never deleted, nor
    given to another member or ladder (triggers of wallets and tiers see to it), so there is nothing to lock.
    """
    return pgtrigger.Trigger(
        name=name, operation=operation, when=pgtrigger.After, level=pgtrigger.Statement,
        referencing=pgtrigger.Referencing(new="new_rows"),  # type: ignore[no-untyped-call]
        func=(
            f"IF EXISTS (SELECT 1 FROM new_rows r {joined} WHERE {is_strange}) THEN"  # nosec B608
            " RAISE EXCEPTION '% names a wallet of another member or a tier of another ladder', TG_TABLE_NAME"
            " USING ERRCODE = 'foreign_key_violation'; END IF; RETURN NULL;"
        ),
    )


_WALLET = "LEFT JOIN memberships_enrolment w ON w.id = r.enrolment_id AND w.member_id = r.member_id"
_TIER = "LEFT JOIN memberships_tier t ON t.id = r.tier_id AND t.group_id = r.group_id"
_TO_TIER = "LEFT JOIN memberships_tier t ON t.id = r.to_tier_id AND t.group_id = r.group_id"
_FROM_TIER = "LEFT JOIN memberships_tier f ON f.id = r.from_tier_id AND f.group_id = r.group_id"


class TierStandingQuerySet(models.QuerySet["TierStanding"]):
    """Standings by day."""

    def held(self, *, on: date) -> Self:
        """That no evaluation lowers on that day."""
        return self.filter(held_until__gte=on)


class TierStanding(models.Model):
    """The tier of an enrolment in a tier group: one row each, the newest TierChange says why."""

    # The database sees to it that the wallet is the member's, and the tier one of the ladder: by triggers, see below.
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="+", db_index=False, db_constraint=False, verbose_name=_("member")
    )
    enrolment = models.ForeignKey(
        Enrolment, models.PROTECT, related_name="standings", db_index=False, db_constraint=False,
        verbose_name=_("points wallet"),
    )
    group = models.ForeignKey(
        TierGroup, models.PROTECT, related_name="+", db_index=False, db_constraint=False, verbose_name=_("tier group")
    )
    tier = models.ForeignKey(
        Tier, models.PROTECT, related_name="standings", db_index=False, db_constraint=False, verbose_name=_("tier")
    )
    cause = models.CharField(_("cause"), max_length=8, choices=Cause)
    since = models.DateField(_("since"))
    # The last day on which the tier cannot be lost: the end of its period, or the day a hand set it until.
    held_until = models.DateField(_("held until"), null=True, blank=True)
    # Below its threshold since the end of a period, and in the days of grace.
    below_since = models.DateField(_("below the threshold since"), null=True, blank=True)

    objects = TierStandingQuerySet.as_manager()

    class Meta:
        verbose_name = _("tier of a member")
        verbose_name_plural = _("tiers of members")
        constraints = [
            models.UniqueConstraint(fields=["member", "enrolment", "group"], name="tierstanding_once"),
            models.CheckConstraint(
                condition=Q(held_until=None) | Q(held_until__gte=F("since")), name="tierstanding_held_from_since"
            ),
        ]
        indexes = [
            models.Index(fields=["group", "enrolment"], name="tierstanding_of_group"),
            models.Index(fields=["tier", "id"], name="tierstanding_on_tier"),
            # Those that end on a day, for who is told ahead of it.
            models.Index(
                fields=["held_until", "enrolment"], name="tierstanding_ends", condition=Q(held_until__isnull=False)
            ),
        ]
        triggers = [
            _of_its_own(
                "begins_on_its_own", pgtrigger.Insert, joined=f"{_WALLET} {_TIER}",
                is_strange="w.id IS NULL OR t.id IS NULL",
            ),
            # Wallet, member and ladder never change.
            _of_its_own("moves_on_its_own", pgtrigger.Update, joined=_TIER, is_strange="t.id IS NULL"),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="frozen", fields=["id", "member", "enrolment", "group"]),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return str(self.tier)


class TierChange(models.Model):
    """One step on the ladder. Only grows."""

    class Kind(models.TextChoices):
        FIRST = "first", _("first tier")
        UP = "up", _("up")
        DOWN = "down", _("down")
        # The same tier, held for another period.
        KEPT = "kept", _("kept")

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="+", db_index=False, db_constraint=False, verbose_name=_("member")
    )
    enrolment = models.ForeignKey(
        Enrolment, models.PROTECT, related_name="tier_changes", db_index=False, db_constraint=False,
        verbose_name=_("points wallet"),
    )
    group = models.ForeignKey(
        TierGroup, models.PROTECT, related_name="+", db_index=False, db_constraint=False, verbose_name=_("tier group")
    )
    key = models.CharField(_("key"), max_length=64)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    cause = models.CharField(_("cause"), max_length=8, choices=Cause)
    from_tier = models.ForeignKey(
        Tier, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, db_constraint=False,
        verbose_name=_("from"),
    )
    to_tier = models.ForeignKey(
        Tier, models.PROTECT, related_name="+", db_index=False, db_constraint=False, verbose_name=_("to")
    )
    # What it rests on: the window's first and last day, the points in it, the threshold, the revision, the plan.
    evidence = models.JSONField(_("evidence"), default=dict)
    held_until = models.DateField(_("held until"), null=True, blank=True)
    on = models.DateField(_("business date"))
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("operator"),
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("change of tier")
        verbose_name_plural = _("changes of tier")
        constraints = [
            models.UniqueConstraint(fields=["member", "enrolment", "group", "key"], name="tierchange_key"),
            models.CheckConstraint(
                condition=Q(kind="first", from_tier=None) | (~Q(kind="first") & Q(from_tier__isnull=False)),
                name="tierchange_from",
            ),
            models.CheckConstraint(
                condition=(Q(kind="kept") & Q(from_tier=F("to_tier"))) | (~Q(kind="kept") & ~Q(from_tier=F("to_tier")))
                | Q(from_tier=None),
                name="tierchange_of_its_kind",
            ),
            models.CheckConstraint(condition=~Q(cause="hand") | ~Q(reason=""), name="tierchange_by_hand_with_reason"),
        ]
        indexes = [
            models.Index(fields=["enrolment", "-id"], name="tierchange_of_enrolment"),
            models.Index(fields=["group", "on", "id"], name="tierchange_of_day"),
            by_instant("at", name="tierchange_by_instant"),
        ]
        triggers = [
            _of_its_own(
                "of_its_own", pgtrigger.Insert, joined=f"{_WALLET} {_TO_TIER} {_FROM_TIER}",
                is_strange="w.id IS NULL OR t.id IS NULL OR (r.from_tier_id IS NOT NULL AND f.id IS NULL)",
            ),
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.on}"
