"""The points ledger.

An Enrolment is a member's wallet in a programme and the row to lock. Points come in lots, each with its own expiry;
every change is a PointsEntry with a debit and a credit account, and a LotDraw says how much of which lot an entry took
or gave back. Entries and draws only grow: a mistake is corrected by an entry that names what it reverses.

What must hold, at all times (`manage.py audit_books` checks it):

    balance of an enrolment   = sum of its entries' points
    remaining of a lot        = its points less its draws
    balance of an enrolment   = sum of its lots' remaining, plus its (negative) entries of the kind "expire"

Expiry only inserts: its entry names the lot and takes what remained; the lot itself stays as it was, since millions
expire in one night. A lot is spendable by its date, not by whether the job has run.
"""

from datetime import date
from typing import Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import CharField, Exists, F, OuterRef, Q, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _

from memberships.models.members import Member
from memberships.models.programmes import Programme
from operations.audit import keep_whole

#: An entry that expires a lot has the key "expire:<lot>", or "expire:<lot>:<entry>" for points that were given back
#: to it afterwards, by that entry. No other entry's key begins so.
EXPIRY_KEY = "expire:"


class Enrolment(models.Model):
    """A member's wallet in a programme. `balance` is what the ledger adds up to."""

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="enrolments", db_index=False, verbose_name=_("member")
    )
    programme = models.ForeignKey(
        Programme, models.PROTECT, related_name="enrolments", db_index=False, verbose_name=_("programme")
    )
    enrolled_on = models.DateField(_("enrolled on"))
    balance = models.BigIntegerField(_("balance (points)"), default=0)

    class Meta:
        verbose_name = _("points wallet")
        verbose_name_plural = _("points wallets")
        constraints = [
            models.UniqueConstraint(fields=["member", "programme"], name="enrolment_once"),
            # What the ledger's keys over wallet and member refer to (migration 0004).
            models.UniqueConstraint(fields=["id", "member"], name="enrolment_of_member_key"),
            models.CheckConstraint(condition=Q(balance__gte=0), name="enrolment_balance_not_negative"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="frozen", fields=["id", "member", "programme"]),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return Member(pk=self.member_id).number


class PointsLotQuerySet(models.QuerySet["PointsLot"]):
    """Lots by day."""

    def spendable(self, *, on: date) -> Self:
        """With points left that have not expired by that day, nor by an entry (the clock may have gone wrong)."""
        key = Concat(Value(EXPIRY_KEY), Cast(OuterRef("pk"), CharField()))
        gone = PointsEntry.objects.filter(member=OuterRef("member"), key=key)
        return self.filter(Q(expires_on=None) | Q(expires_on__gt=on), ~Exists(gone), remaining__gt=0)

    def expiring(self, *, first: date, last: date) -> Self:
        """With points left that expire from the first to the last of these days."""
        return self.filter(expires_on__range=(first, last), remaining__gt=0)


class PointsLot(models.Model):
    """Points that were earned together and expire together.

    `expires_on` is the first day on which they are gone; none: they never expire.
    """

    # The database holds enrolment and member by one key over both (migration 0004).
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="+", db_index=False, db_constraint=False, verbose_name=_("member")
    )
    enrolment = models.ForeignKey(
        Enrolment, models.PROTECT, related_name="lots", db_index=False, db_constraint=False,
        verbose_name=_("points wallet"),
    )
    points = models.BigIntegerField(_("points"))
    remaining = models.BigIntegerField(_("not spent (points)"))
    earned_on = models.DateField(_("earned on"))
    expires_on = models.DateField(_("expires on"), null=True, blank=True)

    objects = PointsLotQuerySet.as_manager()

    class Meta:
        verbose_name = _("lot")
        verbose_name_plural = _("lots")
        constraints = [
            models.CheckConstraint(condition=Q(points__gt=0), name="pointslot_not_empty"),
            models.CheckConstraint(
                condition=Q(remaining__gte=0, remaining__lte=F("points")), name="pointslot_remaining_within"
            ),
            models.CheckConstraint(
                condition=Q(expires_on=None) | Q(expires_on__gt=F("earned_on")), name="pointslot_expires_after_earned"
            ),
        ]
        indexes = [
            # Earliest expiry first: what a spend draws.
            models.Index(fields=["enrolment", "expires_on"], name="pointslot_to_spend", condition=Q(remaining__gt=0)),
            # What a night expires, in slices of enrolments.
            models.Index(
                fields=["expires_on", "enrolment"], name="pointslot_to_expire",
                condition=Q(remaining__gt=0, expires_on__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="frozen", fields=["id", "member", "enrolment", "points", "earned_on"]),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.remaining} / {self.points}"


class Account(models.TextChoices):
    """Accounts of the points ledger; the programme owes its members what stands on `liability`."""

    ISSUED = "issued", _("issued")
    LIABILITY = "liability", _("liability")
    REDEEMED = "redeemed", _("redeemed")
    BREAKAGE = "breakage", _("breakage")


class PointsEntry(models.Model):
    """One change of a balance. Only grows; `points` is signed: what the balance gains."""

    class Kind(models.TextChoices):
        EARN = "earn", _("earn")
        SPEND = "spend", _("spend")
        EXPIRE = "expire", _("expire")
        REVERSE = "reverse", _("reverse")

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="+", db_index=False, db_constraint=False, verbose_name=_("member")
    )
    enrolment = models.ForeignKey(
        Enrolment, models.PROTECT, related_name="entries", db_index=False, db_constraint=False,
        verbose_name=_("points wallet"),
    )
    key = models.CharField(_("key"), max_length=64)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    points = models.BigIntegerField(_("points"))
    debit = models.CharField(_("debit"), max_length=16, choices=Account)
    credit = models.CharField(_("credit"), max_length=16, choices=Account)
    # The lot that was earned or expired. Checked by a trigger, not by a foreign key, which would lock (that is,
    # write) each of a million lots of a night; lots are never deleted.
    lot = models.ForeignKey(
        PointsLot, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, db_constraint=False,
        verbose_name=_("lot"),
    )
    # One reversal an entry, by a constraint: few entries are reversals, and a unique field would index all the others.
    reverses = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="reversals", db_index=False,
        verbose_name=_("reverses"),
    )
    on = models.DateField(_("business date"))
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("operator"),
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("points entry")
        verbose_name_plural = _("points entries")
        constraints = [
            models.UniqueConstraint(fields=["member", "key"], name="pointsentry_key"),
            models.UniqueConstraint(
                fields=["reverses"], name="pointsentry_reversed_once", condition=Q(reverses__isnull=False)
            ),
            models.CheckConstraint(condition=~Q(points=0), name="pointsentry_not_empty"),
            models.CheckConstraint(
                condition=Q(kind="earn", points__gt=0, lot__isnull=False, reverses=None)
                | Q(kind="spend", points__lt=0, lot=None, reverses=None)
                | Q(kind="expire", points__lt=0, lot__isnull=False, reverses=None)
                | Q(kind="reverse", reverses__isnull=False),
                name="pointsentry_of_its_kind",
            ),
            models.CheckConstraint(
                condition=(Q(points__gt=0, credit="liability") | Q(points__lt=0, debit="liability"))
                & ~Q(debit=F("credit")),
                name="pointsentry_double_entry",
            ),
            models.CheckConstraint(
                condition=Q(kind="expire", key__startswith=EXPIRY_KEY)
                | (~Q(kind="expire") & ~Q(key__startswith=EXPIRY_KEY)),
                name="pointsentry_expiry_key",
            ),
        ]
        indexes = [models.Index(fields=["enrolment", "id"], name="pointsentry_of_enrolment")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="names_its_own_lot", operation=pgtrigger.Insert, when=pgtrigger.After, level=pgtrigger.Statement,
                referencing=pgtrigger.Referencing(new="new_entries"),  # type: ignore[no-untyped-call]
                func=(
                    "IF EXISTS (SELECT 1 FROM new_entries e LEFT JOIN memberships_pointslot l"
                    " ON l.id = e.lot_id AND l.enrolment_id = e.enrolment_id AND l.member_id = e.member_id"
                    " WHERE e.lot_id IS NOT NULL AND l.id IS NULL) THEN"
                    " RAISE EXCEPTION 'an entry names a lot of another wallet'"
                    " USING ERRCODE = 'foreign_key_violation'; END IF; RETURN NULL;"
                ),
            ),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.points}"


class LotDraw(models.Model):
    """How much of a lot an entry took (positive) or gave back (negative). Only grows."""

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="+", db_index=False, db_constraint=False, verbose_name=_("member")
    )
    entry = models.ForeignKey(
        PointsEntry, models.PROTECT, related_name="draws", db_index=False, verbose_name=_("points entry")
    )
    lot = models.ForeignKey(PointsLot, models.PROTECT, related_name="draws", verbose_name=_("lot"))
    points = models.BigIntegerField(_("points"))

    class Meta:
        verbose_name = _("draw")
        verbose_name_plural = _("draws")
        constraints = [
            models.UniqueConstraint(fields=["entry", "lot"], name="lotdraw_once"),
            models.CheckConstraint(condition=~Q(points=0), name="lotdraw_not_empty"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return str(self.points)
