"""A member's bond to a programme, and the paid spans of it.

Status follows from the facts (DESIGN section 5): no column says "active", a paid day does. `paid_until` is the last
day of the last term, kept by the terms' own triggers: what is due, in grace or over is found by one small index.
"""

from datetime import date, timedelta
from typing import Self

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import DateField, ExpressionWrapper, F, Func, Q
from django.utils.translation import gettext_lazy as _

from memberships.models.members import Member
from memberships.models.payment_methods import PaymentMethod
from memberships.models.programmes import LONGEST_LEAD_DAYS, Plan, Programme
from operations.audit import track

#: Days of a subscription as SQL: PostgreSQL adds whole numbers to dates.
GRACE_UNTIL = ExpressionWrapper(F("paid_until") + F("plan__grace_days"), output_field=DateField())
DUE_ON = ExpressionWrapper(F("paid_until") - F("plan__lead_days"), output_field=DateField())


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
        """Paid for that day, cancelled for its end or not: terms leave no gap between first and last day."""
        return self.filter(started_on__lte=on, paid_until__gte=on).exclude(ended_on__lt=on)

    def unpaid(self, *, on: date) -> Self:
        """Live with the last paid day gone by: in grace, or to be lapsed."""
        return self.live().filter(paid_until__lt=on)

    def in_grace(self, *, on: date) -> Self:
        """Live, not paid for that day, within the plan's days of grace (the last one included)."""
        return self.unpaid(on=on).alias(grace_until=GRACE_UNTIL).filter(grace_until__gte=on)

    def due(self, *, on: date) -> Self:
        """Live, and to be charged for the next term by that day: the plan's lead days before the last paid one."""
        latest = on + timedelta(days=LONGEST_LEAD_DAYS)
        return self.live().filter(paid_until__lte=latest).alias(due_on=DUE_ON).filter(due_on__lte=on)


# paid_until follows from the terms, which are in the trail themselves.
@track(owner="member", exclude=["paid_until"])
class Subscription(models.Model):
    """From the request for a card to its end."""

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        ACTIVE = "active", _("active")
        IN_GRACE = "in_grace", _("in grace")
        LAPSED = "lapsed", _("lapsed")
        CANCELLED = "cancelled", _("cancelled")
        REFUNDED = "refunded", _("refunded")

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
    # Charged for the next term; none: the card is not renewed by itself.
    payment_method = models.ForeignKey(
        PaymentMethod, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("payment method"),
    )
    # The lapsed card that this one takes up again.
    previous = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("previous card")
    )
    requested_on = models.DateField(_("requested on"))
    started_on = models.DateField(_("started on"), null=True, blank=True)
    paid_until = models.DateField(_("paid until"), null=True, blank=True)
    cancelled_on = models.DateField(_("cancelled on"), null=True, blank=True)
    # The last time that a cancellation was taken back; why is in the trail.
    resumed_on = models.DateField(_("renewal resumed on"), null=True, blank=True)
    lapsed_on = models.DateField(_("lapsed on"), null=True, blank=True)
    refunded_on = models.DateField(_("refunded on"), null=True, blank=True)
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
            models.CheckConstraint(
                condition=Q(lapsed_on=None) | Q(cancelled_on=None, ended_on__isnull=False, ended_on__lt=F("lapsed_on")),
                name="subscription_ended_before_lapsed",
            ),
            models.CheckConstraint(
                condition=Q(refunded_on=None) | Q(ended_on__isnull=False), name="subscription_ended_by_refund"
            ),
        ]
        indexes = [
            models.Index(fields=["member", "-requested_on"], name="subscription_of_member"),
            # What is due, in grace or over: small, whatever the size of the table's past.
            models.Index(
                fields=["paid_until", "id"], name="subscription_by_end",
                condition=Q(ended_on=None, paid_until__isnull=False),
            ),
            # Who is told of it.
            models.Index(
                fields=["resumed_on"], name="subscription_by_resumption", condition=Q(resumed_on__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan} · {Member(pk=self.member_id).number}"


def _chain(name: str, operation: pgtrigger.Operation, touched: str) -> pgtrigger.Trigger:
    """After a statement on terms: no chain it touched has a gap, and each card is paid until its last term's end.

    Locks the cards whose last day moves; who writes terms holds their members (services.members.lock_member).
    """
    new = "new_terms" if "new_terms" in touched else None
    return pgtrigger.Trigger(
        name=f"chain_after_{name}", operation=operation, when=pgtrigger.After, level=pgtrigger.Statement,
        referencing=pgtrigger.Referencing(old="old_terms", new=new),  # type: ignore[no-untyped-call]
        declare=[("broken", "bigint")],
        func=(
            "SELECT t.subscription_id INTO broken FROM ("  # nosec B608
            " SELECT subscription_id, number, starts_on,"
            " lag(ends_on) OVER w AS previous_end, row_number() OVER w AS place"
            " FROM memberships_term"
            f" WHERE (member_id, subscription_id) IN (SELECT member_id, subscription_id FROM ({touched}) AS touched)"
            " WINDOW w AS (PARTITION BY subscription_id ORDER BY number)) t"
            " WHERE t.number <> t.place OR t.starts_on <> t.previous_end + 1 LIMIT 1;"
            " IF FOUND THEN RAISE EXCEPTION 'terms of subscription % leave a gap', broken"
            " USING ERRCODE = 'check_violation'; END IF;"
            " UPDATE memberships_subscription s SET paid_until = chain.last_day FROM ("
            " SELECT touched.subscription_id, ("
            " SELECT max(ends_on) FROM memberships_term t"
            " WHERE t.member_id = touched.member_id AND t.subscription_id = touched.subscription_id) AS last_day"
            f" FROM ({touched}) AS touched GROUP BY touched.subscription_id, touched.member_id) chain"
            " WHERE s.id = chain.subscription_id AND s.paid_until IS DISTINCT FROM chain.last_day;"
            " RETURN NULL;"
        ),
    )


def _chain_after_insert() -> pgtrigger.Trigger:
    """The same for new terms, which come by the hundred thousand: it is enough to look at each one's neighbour.

    A term is the first, or begins on the day after the one before it: so the chains that were whole stay whole.
    """
    return pgtrigger.Trigger(
        name="chain_after_insert", operation=pgtrigger.Insert, when=pgtrigger.After, level=pgtrigger.Statement,
        referencing=pgtrigger.Referencing(new="new_terms"),  # type: ignore[no-untyped-call]
        declare=[("broken", "bigint")],
        func=(
            "SELECT n.subscription_id INTO broken FROM new_terms n LEFT JOIN memberships_term before"
            " ON before.member_id = n.member_id AND before.subscription_id = n.subscription_id"
            " AND before.number = n.number - 1"
            " WHERE n.number > 1 AND before.ends_on IS DISTINCT FROM n.starts_on - 1 LIMIT 1;"
            " IF FOUND THEN RAISE EXCEPTION 'terms of subscription % leave a gap', broken"
            " USING ERRCODE = 'check_violation'; END IF;"
            " UPDATE memberships_subscription s SET paid_until = added.last_day FROM ("
            " SELECT subscription_id, max(ends_on) AS last_day FROM new_terms GROUP BY subscription_id) added"
            " WHERE s.id = added.subscription_id;"
            " RETURN NULL;"
        ),
    )


@track(owner="member")
class Term(models.Model):
    """A paid span of a subscription, first and last day included. Terms follow one another without a gap."""

    # The database holds subscription, member and programme by one key over the three, plan and programme by another
    # (migration 0002).
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="terms", db_index=False, db_constraint=False, verbose_name=_("member")
    )
    subscription = models.ForeignKey(
        Subscription, models.PROTECT, related_name="terms", db_index=False, db_constraint=False,
        verbose_name=_("subscription"),
    )
    programme = models.ForeignKey(
        Programme, models.PROTECT, related_name="+", db_index=False, db_constraint=False, verbose_name=_("programme")
    )
    plan = models.ForeignKey(
        Plan, models.PROTECT, related_name="+", db_index=False, db_constraint=False, verbose_name=_("plan")
    )
    number = models.PositiveIntegerField(_("number"))
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))


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
            _chain_after_insert(),
            _chain("update", pgtrigger.Update, "SELECT * FROM new_terms UNION ALL SELECT * FROM old_terms"),
            _chain("delete", pgtrigger.Delete, "SELECT * FROM old_terms"),
        ]

    def __str__(self) -> str:
        return f"{self.starts_on} – {self.ends_on}"
