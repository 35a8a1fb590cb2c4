"""A member's bond to a programme, and the paid spans of it.

Status follows from the facts (DESIGN section 5): no column says "active", a term that covers the day does.
"""

from datetime import date
from typing import Self

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from memberships.models.members import Member
from memberships.models.programmes import Plan, Programme
from operations.audit import track


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    """Subscriptions by the state that follows from their facts on a day."""

    def live(self) -> Self:
        """Not ended: pending, active, in grace; a member has one per programme at most."""
        return self.filter(ended_on=None)

    def current(self, *, on: date) -> Self:
        """Live, or ended with the last paid day still to come: what a member holds on that day."""
        return self.filter(Q(ended_on=None) | Q(ended_on__gte=on))

    def pending(self) -> Self:
        """Asked for, never paid."""
        return self.live().filter(started_on=None)

    def active(self, *, on: date) -> Self:
        """Covered by a term on that day, cancelled for its end or not."""
        covered = Term.objects.filter(
            member=OuterRef("member"), subscription=OuterRef("pk"), starts_on__lte=on, ends_on__gte=on
        )
        return self.filter(Exists(covered))


@track(owner="member")
class Subscription(models.Model):
    """From the request for a card to its end."""

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        ACTIVE = "active", _("active")
        EXPIRED = "expired", _("expired")
        CANCELLED = "cancelled", _("cancelled")

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="subscriptions", db_index=False, verbose_name=_("member")
    )
    # The database holds plan and programme by one key over both (migration 0002), which says more than two would.
    programme = models.ForeignKey(
        Programme, models.PROTECT, related_name="+", db_index=False, db_constraint=False, verbose_name=_("programme")
    )
    plan = models.ForeignKey(
        Plan, models.PROTECT, related_name="subscriptions", db_constraint=False, verbose_name=_("plan")
    )
    requested_on = models.DateField(_("requested on"))
    started_on = models.DateField(_("started on"), null=True, blank=True)
    cancelled_on = models.DateField(_("cancelled on"), null=True, blank=True)
    ended_on = models.DateField(_("ended on"), null=True, blank=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        constraints = [
            models.UniqueConstraint(
                fields=["member", "programme"], condition=Q(ended_on=None), name="subscription_one_live"
            ),
            models.CheckConstraint(
                condition=Q(started_on=None) | Q(started_on__gte=F("requested_on")),
                name="subscription_started_after_requested",
            ),
            # A cancelled subscription has an end, so that it does not hold the member's place in the programme.
            models.CheckConstraint(
                condition=Q(cancelled_on=None) | Q(cancelled_on__lte=F("ended_on"), ended_on__isnull=False),
                name="subscription_ended_after_cancelled",
            ),
        ]
        indexes = [models.Index(fields=["member", "-requested_on"], name="subscription_of_member")]

    def __str__(self) -> str:
        return f"{self.plan} · {Member(pk=self.member_id).number}"


class TermQuerySet(models.QuerySet["Term"]):
    """Terms by day."""

    def covering(self, *, on: date) -> Self:
        """Terms whose first to last day include that day."""
        return self.filter(starts_on__lte=on, ends_on__gte=on)


@track(owner="member")
class Term(models.Model):
    """A paid span of a subscription, first and last day included. Terms follow one another without a gap."""

    member = models.ForeignKey(Member, models.PROTECT, related_name="terms", db_index=False, verbose_name=_("member"))
    # The database holds subscription, member and programme by one key over the three (migration 0002).
    subscription = models.ForeignKey(
        Subscription, models.PROTECT, related_name="terms", db_index=False, db_constraint=False,
        verbose_name=_("subscription"),
    )
    programme = models.ForeignKey(
        Programme, models.PROTECT, related_name="+", db_index=False, verbose_name=_("programme")
    )
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+", db_index=False, verbose_name=_("plan"))
    number = models.PositiveIntegerField(_("number"))
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))

    objects = TermQuerySet.as_manager()

    class Meta:
        verbose_name = _("term")
        verbose_name_plural = _("terms")
        ordering = ["subscription", "number"]
        constraints = [
            models.UniqueConstraint(fields=["member", "subscription", "number"], name="term_number"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="term_not_empty"),
            models.CheckConstraint(condition=Q(number__gte=1), name="term_number_from_one"),
            ExclusionConstraint(
                name="term_no_overlap",
                expressions=[
                    ("member", RangeOperators.EQUAL),
                    # Not the subscription: a cancelled card's paid days and its successor's must not overlap either.
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
        indexes = [models.Index(fields=["ends_on", "member"], name="term_by_end")]
        triggers = [
            pgtrigger.Trigger(
                name="no_gap",
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.After,
                timing=pgtrigger.Deferred,
                declare=[("broken", "bigint")],
                func=(
                    # Looks at the whole chain, so that insert, update and delete share one rule; a term that is
                    # moved leaves one chain for another.
                    "SELECT t.subscription_id INTO broken FROM ("
                    " SELECT subscription_id, number, starts_on,"
                    " lag(ends_on) OVER w AS previous_end, row_number() OVER w AS place"
                    " FROM memberships_term WHERE member_id IN (NEW.member_id, OLD.member_id)"
                    " AND subscription_id IN (NEW.subscription_id, OLD.subscription_id)"
                    " WINDOW w AS (PARTITION BY subscription_id ORDER BY number)) t"
                    " WHERE t.number <> t.place OR t.starts_on <> t.previous_end + 1 LIMIT 1;"
                    " IF FOUND THEN RAISE EXCEPTION 'terms of subscription % leave a gap', broken"
                    " USING ERRCODE = 'check_violation'; END IF; RETURN NULL;"
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.starts_on} – {self.ends_on}"
