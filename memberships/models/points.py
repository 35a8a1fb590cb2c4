"""The points ledger.

An Enrolment is a member's wallet in a programme and the row to lock. Points come in lots, each with its own expiry;
every change is a PointsEntry with a debit and a credit account, and a LotDraw says how much of which lot an entry took
or gave back. Entries and draws only grow: a mistake is corrected by an entry that names what it reverses.

An award whose return window is open accrues: its lot is pending (`pending_until`), until it is posted to the wallet.
Qualifying points decide the tier; they are a second currency on the same entries and buy nothing.

What must hold, at all times (`manage.py audit_books` checks it):

    balance of an enrolment   = sum of the points of its entries on the account `liability` (all but accruals)
    pending of an enrolment   = its accruals, less what of them was reversed or posted
                              = sum of its pending lots' remaining
    remaining of a lot        = its points less its draws
    balance of an enrolment   = sum of its posted lots' remaining, plus its (negative) entries of the kind "expire",
                                less its debt
    debt of an enrolment      = what its negative entries could not draw from lots
    of a programme            issued = outstanding + spent + expired + reversed

A debt is paid from the next points that come: the entry that is owed draws them. So there is no debt beside points that
can be spent. Expired points come back as a new lot (`reinstate`), and so do points that a reversed spend gives back to
a lot that is over, where the programme renews them: they expire once more, and are reinstated. Qualifying points are
taken back on the day for which they counted: an award and its reversal stand in the same window of a tier.

Expiry only inserts: its entry names the lot and takes what remained; the lot itself stays as it was, since millions
expire in one night. A lot is spendable by its date, not by whether the job has run; a pending one is not.
"""

from datetime import date
from typing import Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import CharField, Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _

from memberships.models.adjustments import AdjustmentReason
from memberships.models.enrolments import Enrolment
from memberships.models.members import Member
from operations.audit import by_instant, keep_whole

#: An entry that expires a lot has the key "expire:<lot>", or "expire:<lot>:<entry>" for points that were given back
#: to it afterwards, by that entry. No other entry's key begins so.
EXPIRY_KEY = "expire:"
#: The entry that posts a pending lot to the wallet has the key "post:<lot>".
POSTING_KEY = "post:"
#: What a reversed award still lacks is taken when a spend gives points back: "claim:<reversal>:<that of the spend>".
CLAIM_KEY = "claim:"
#: Points given back to a lot that is over come back in a new one: "renew:<reversal of the spend>:<lot>".
RENEWAL_KEY = "renew:"
#: Qualifying points are taken back by an entry beside the reversal, where they counted for another day than that:
#: "qualifying:<reversal>".
QUALIFYING_KEY = "qualifying:"
#: What expired and is given again has the key "reinstate:<entry that expired it>".
REINSTATEMENT_KEY = "reinstate:"
#: Keys that nobody but the ledger itself gives.
OWN_KEYS = (EXPIRY_KEY, POSTING_KEY, CLAIM_KEY, RENEWAL_KEY, QUALIFYING_KEY, REINSTATEMENT_KEY)


class PointsLotQuerySet(models.QuerySet["PointsLot"]):
    """Lots by day."""

    def spendable(self, *, on: date) -> Self:
        """With points left that have not expired by that day, nor by an entry (the clock may have gone wrong)."""
        return self.unexpired().alias(idle_on=F("enrolment__idle_on")).in_time(on=on)

    def in_time(self, *, on: date) -> Self:
        """Posted, with points left that are not over by their own dates, nor by their wallet's, `idle_on`."""
        # Asked as "later than": "not by then" would be unknown of a wallet without a day.
        in_time = [Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__gt": on}) for name in ("expires_on", "idle_on")]
        return self.filter(*in_time, remaining__gt=0, pending_until=None)

    def unexpired(self) -> Self:
        """That no entry has expired, whatever their day."""
        key = Concat(Value(EXPIRY_KEY), Cast(OuterRef("pk"), CharField()))
        return self.filter(~Exists(PointsEntry.objects.filter(member=OuterRef("member"), key=key)))

    def of_wallet(self, enrolment: Enrolment) -> Self:
        """Of one wallet, that no entry has expired, with its `idle_on`.

        The wallet and its member's keys are read once, however many lots there are, not for each of a thousand.
        """
        wallet = Enrolment.objects.filter(pk=enrolment.pk)
        keys = PointsEntry.objects.filter(member=enrolment.member_id, key__startswith=EXPIRY_KEY).values("key")
        key = Concat(Value(EXPIRY_KEY), Cast("pk", CharField()))
        lots = self.filter(enrolment=enrolment).alias(expiry_key=key, idle_on=Subquery(wallet.values("idle_on")))
        return lots.exclude(expiry_key__in=keys)

    def pending(self) -> Self:
        """Whose return window is open, or which no night has posted yet."""
        return self.filter(pending_until__isnull=False)

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
    # The last day of the return window; none: posted to the wallet, or never pending.
    pending_until = models.DateField(_("pending until"), null=True, blank=True)
    # Qualifying points that come with the posting; a lot of qualifying points alone has no other points.
    qualifying = models.BigIntegerField(_("qualifying points"), default=0, db_default=0)

    objects = PointsLotQuerySet.as_manager()

    class Meta:
        verbose_name = _("lot")
        verbose_name_plural = _("lots")
        constraints = [
            models.CheckConstraint(
                condition=Q(points__gt=0) | Q(points=0, qualifying__gt=0), name="pointslot_holds_something"
            ),
            models.CheckConstraint(condition=Q(qualifying__gte=0), name="pointslot_qualifying_not_negative"),
            models.CheckConstraint(
                condition=Q(remaining__gte=0, remaining__lte=F("points")), name="pointslot_remaining_within"
            ),
            models.CheckConstraint(
                condition=Q(expires_on=None) | Q(expires_on__gt=F("earned_on")), name="pointslot_expires_after_earned"
            ),
            models.CheckConstraint(
                condition=Q(pending_until=None) | Q(expires_on=None) | Q(expires_on__gt=F("pending_until")),
                name="pointslot_expires_after_pending",
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
            # What a night posts.
            models.Index(
                fields=["pending_until", "enrolment"], name="pointslot_to_post",
                condition=Q(pending_until__isnull=False),
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
    """Accounts of the points ledger; the programme owes its members what stands on `liability`, their wallets."""

    ISSUED = "issued", _("issued")
    PENDING = "pending", _("pending awards")
    LIABILITY = "liability", _("member's wallet")
    REDEEMED = "redeemed", _("redeemed")
    BREAKAGE = "breakage", _("breakage")
    ADJUSTMENT = "adjustment", _("adjustment")


class PointsEntry(models.Model):
    """One change of a balance. Only grows; `points` is signed: what the member gains.

    An entry of qualifying points alone has no points, and moves no balance.
    """

    class Kind(models.TextChoices):
        EARN = "earn", _("earn")
        ACCRUE = "accrue", _("accrue")
        POST = "post", _("post")
        SPEND = "spend", _("spend")
        EXPIRE = "expire", _("expire")
        REVERSE = "reverse", _("reverse")
        ADJUST = "adjust", _("adjust")
        REINSTATE = "reinstate", _("reinstate")

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="+", db_index=False, db_constraint=False, verbose_name=_("member")
    )
    enrolment = models.ForeignKey(
        Enrolment, models.PROTECT, related_name="entries", db_index=False, db_constraint=False,
        verbose_name=_("points wallet"),
    )
    key = models.CharField(_("key"), max_length=64)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    points = models.BigIntegerField(_("points"))
    # What counts for the tier on that business date: of an award that was pending when it is posted.
    qualifying = models.BigIntegerField(_("qualifying points"), default=0, db_default=0)
    debit = models.CharField(_("debit"), max_length=16, choices=Account)
    credit = models.CharField(_("credit"), max_length=16, choices=Account)
    # The lot that was earned, posted or expired. Checked by a trigger, not by a foreign key, which would lock (that is,
    # write) each of a million lots of a night; lots are never deleted.
    lot = models.ForeignKey(
        PointsLot, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, db_constraint=False,
        verbose_name=_("lot"),
    )
    # An award may be reversed in parts (partial returns); never more of an entry than there was, by a trigger.
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
    # Of an adjustment: why.
    reason_code = models.ForeignKey(
        AdjustmentReason, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("reason code"),
    )
    # Of the reversal of an award: how many points it was to take back (what had expired is no loss any more), and how
    # many of them were not there. A claim that takes some later has them negative: their sum is what still lacks.
    asked = models.BigIntegerField(_("to be taken back (points)"), null=True, blank=True)
    missing = models.BigIntegerField(_("not there (points)"), default=0, db_default=0)

    class Meta:
        verbose_name = _("points entry")
        verbose_name_plural = _("points entries")
        permissions = [("adjust_points", _("Can adjust points"))]
        constraints = [
            models.UniqueConstraint(fields=["member", "key"], name="pointsentry_key"),
            # An accrual's qualifying points are its lot's, and a reversal may find nothing left to take.
            models.CheckConstraint(
                condition=~Q(points=0) | ~Q(qualifying=0) | Q(kind="accrue") | Q(asked__isnull=False),
                name="pointsentry_says_something",
            ),
            models.CheckConstraint(
                condition=Q(kind="earn", points__gt=0, lot__isnull=False, reverses=None)
                | Q(kind="accrue", points__gte=0, qualifying=0, lot__isnull=False, reverses=None)
                | Q(kind="post", points__gte=0, lot__isnull=False, reverses=None)
                | Q(kind="spend", points__lt=0, qualifying=0, lot=None, reverses=None)
                | Q(kind="expire", points__lt=0, qualifying=0, lot__isnull=False, reverses=None)
                | Q(kind="adjust", points__gt=0, lot__isnull=False, reverses=None)
                | Q(kind="adjust", points__lt=0, lot=None, reverses=None)
                # Qualifying points alone.
                | Q(kind__in=["earn", "adjust"], points=0, lot=None, reverses=None)
                | Q(kind="reinstate", points__gt=0, qualifying=0, lot__isnull=False, reverses__isnull=False)
                | Q(kind="reverse", lot=None, reverses__isnull=False),
                name="pointsentry_follows_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind="adjust", reason_code__isnull=False) | (~Q(kind="adjust") & Q(reason_code=None)),
                name="pointsentry_reason_of_adjustment",
            ),
            models.CheckConstraint(
                condition=Q(asked=None, missing=0) | Q(kind="reverse", points__lte=0, asked__gte=0),
                name="pointsentry_asked_of_reversal",
            ),
            models.CheckConstraint(
                condition=(
                    Q(points__gte=0, credit__in=["liability", "pending"])
                    | Q(points__lte=0, debit__in=["liability", "pending"])
                )
                & ~Q(debit=F("credit")),
                name="pointsentry_double_entry",
            ),
            models.CheckConstraint(
                condition=Q(kind="expire", key__startswith=EXPIRY_KEY)
                | (~Q(kind="expire") & ~Q(key__startswith=EXPIRY_KEY)),
                name="pointsentry_expiry_key",
            ),
            models.CheckConstraint(
                condition=Q(kind="post", key__startswith=POSTING_KEY)
                | (~Q(kind="post") & ~Q(key__startswith=POSTING_KEY)),
                name="pointsentry_posting_key",
            ),
        ]
        indexes = [
            models.Index(fields=["enrolment", "id"], name="pointsentry_of_enrolment"),
            models.Index(
                fields=["reverses"], name="pointsentry_reversals", condition=Q(reverses__isnull=False)
            ),
            # What a tier is decided by, wallet by wallet, without the entries themselves.
            models.Index(
                fields=["enrolment", "on"], include=["qualifying"], name="pointsentry_qualifying",
                condition=~Q(qualifying=0),
            ),
            by_instant("at", name="pointsentry_by_instant"),
        ]
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
            pgtrigger.Trigger(
                name="reverses_no_more_than_there_was", operation=pgtrigger.Insert, when=pgtrigger.After,
                level=pgtrigger.Statement,
                referencing=pgtrigger.Referencing(new="new_entries"),  # type: ignore[no-untyped-call]
                # memberships/sql/points/check_reversals.sql: entries that are taken back by more than they gave.
                declare=[("wrong", "bigint")],
                func=(
                    "IF EXISTS (SELECT 1 FROM new_entries WHERE reverses_id IS NOT NULL) THEN"
                    # Those who reverse the same entry take turns, and look at it afterwards.
                    " PERFORM 1 FROM memberships_pointsentry WHERE id IN (SELECT reverses_id FROM new_entries)"
                    " ORDER BY id FOR NO KEY UPDATE;"
                    " SELECT memberships_overdrawn_reversal(array_agg(DISTINCT reverses_id)) INTO wrong"
                    " FROM new_entries WHERE reverses_id IS NOT NULL;"
                    " IF wrong IS NOT NULL THEN RAISE EXCEPTION 'entry % cannot be reversed so', wrong"
                    " USING ERRCODE = 'check_violation'; END IF; END IF; RETURN NULL;"
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
    # A debt was paid: after this entry, the wallet's newest then, the lot had points for what `entry` still owed.
    paid_after = models.ForeignKey(
        PointsEntry, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("paid after"),
    )

    class Meta:
        verbose_name = _("draw")
        verbose_name_plural = _("draws")
        constraints = [
            models.UniqueConstraint(
                fields=["entry", "lot", "paid_after", "member"], name="lotdraw_only_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=~Q(points=0), name="lotdraw_not_empty"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return str(self.points)


class LotExtension(models.Model):
    """The day on which a lot ends was put off, by hand. Only grows."""

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="+", db_index=False, db_constraint=False, verbose_name=_("member")
    )
    lot = models.ForeignKey(PointsLot, models.PROTECT, related_name="extensions", verbose_name=_("lot"))
    key = models.CharField(_("key"), max_length=64)
    from_date = models.DateField(_("from"))
    to_date = models.DateField(_("to"), null=True, blank=True)
    on = models.DateField(_("business date"))
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("operator"),
    )
    reason = models.CharField(_("reason"), max_length=200)

    class Meta:
        verbose_name = _("extension of a lot")
        verbose_name_plural = _("extensions of lots")
        constraints = [
            models.UniqueConstraint(fields=["member", "lot", "key"], name="lotextension_key"),
            models.CheckConstraint(
                condition=Q(to_date=None) | Q(to_date__gt=F("from_date")), name="lotextension_puts_off"
            ),
        ]
        indexes = [by_instant("at", name="lotextension_by_instant")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.from_date} – {self.to_date or ''}"
