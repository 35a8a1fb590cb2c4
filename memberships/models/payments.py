"""Money that a gateway is asked for, and everything it answered.

A Payment is one thing owed: the next term of one card. It is asked for in attempts, each under its own idempotency
key (`attempt_key`), the same key however often that attempt is sent. The path of a payment:

    requested -> succeeded | declined | unknown      the gateway's answer to an attempt
    unknown   -> succeeded | declined | requested    asked again; requested: the gateway never got it
    declined  -> requested                           the next attempt (after a soft decline, or by hand)
    declined  -> abandoned                           the card lapsed, was cancelled or paid otherwise

PaymentEvents are the ledger of it and only grow. A Refund gives back a part of a succeeded payment.
"""

from datetime import date
from typing import Self

import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from memberships.models.members import Member
from memberships.models.payment_methods import PaymentMethod
from memberships.models.programmes import Plan, Programme
from memberships.models.subscriptions import Subscription, Term
from operations.audit import keep_whole
from operations.paths import path


class PaymentQuerySet(models.QuerySet["Payment"]):
    """Payments by what has to be done about them."""

    def open(self) -> Self:
        """The gateway may have taken the money, or may still take it: nobody knows yet."""
        return self.filter(state__in=[Payment.State.REQUESTED, Payment.State.UNKNOWN])

    def to_retry(self, *, on: date) -> Self:
        """Softly declined, and to be tried again by that day."""
        return self.filter(state=Payment.State.DECLINED, next_attempt_on__lte=on)


class Payment(models.Model):
    """The price of one term of one card. Dates are business dates, the amount is CNY."""

    class State(models.TextChoices):
        REQUESTED = "requested", _("requested")
        SUCCEEDED = "succeeded", _("succeeded")
        DECLINED = "declined", _("declined")
        UNKNOWN = "unknown", _("unknown")
        ABANDONED = "abandoned", _("abandoned")

    class Purpose(models.TextChoices):
        START = "start", _("first term")
        RENEWAL = "renewal", _("renewal")

    class Decline(models.TextChoices):
        """Soft: may work later (no funds, limits). Hard: will not (agreement ended, card lost)."""

        SOFT = "soft", _("soft")
        HARD = "hard", _("hard")

    # The database holds subscription, member and programme by one key over the three, plan and programme by
    # another (migration 0004).
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="payments", db_index=False, db_constraint=False, verbose_name=_("member")
    )
    subscription = models.ForeignKey(
        Subscription, models.PROTECT, related_name="payments", db_index=False, db_constraint=False,
        verbose_name=_("subscription"),
    )
    programme = models.ForeignKey(
        Programme, models.PROTECT, related_name="+", db_index=False, db_constraint=False, verbose_name=_("programme")
    )
    plan = models.ForeignKey(
        Plan, models.PROTECT, related_name="+", db_index=False, db_constraint=False, verbose_name=_("plan")
    )
    method = models.ForeignKey(
        PaymentMethod, models.PROTECT, related_name="+", db_index=False, verbose_name=_("payment method")
    )
    key = models.CharField(_("key"), max_length=64)
    purpose = models.CharField(_("purpose"), max_length=16, choices=Purpose)
    amount = models.DecimalField(_("amount (CNY)"), max_digits=12, decimal_places=2)
    # The term that it pays for.
    term_number = models.PositiveIntegerField(_("term"))
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    term = models.OneToOneField(
        Term, models.PROTECT, null=True, blank=True, related_name="payment", db_constraint=False, verbose_name=_("term")
    )
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.REQUESTED)
    decline = models.CharField(_("decline"), max_length=8, choices=Decline, blank=True)
    code = models.CharField(_("gateway's code"), max_length=64, blank=True)
    reference = models.CharField(_("gateway's reference"), max_length=64, blank=True)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=1)
    requested_on = models.DateField(_("requested on"))
    requested_at = models.DateTimeField(_("last attempt at"))
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    next_attempt_on = models.DateField(_("next attempt on"), null=True, blank=True)
    next_ask_at = models.DateTimeField(_("asked again at"), null=True, blank=True)
    refunded = models.DecimalField(_("refunded (CNY)"), max_digits=12, decimal_places=2, default=0)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        permissions = [("refund_payment", _("Can refund payments"))]
        constraints = [
            models.UniqueConstraint(fields=["member", "key"], name="payment_key"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="payment_amount_not_negative"),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=F("amount")), name="payment_refunded_within_amount"
            ),
            models.CheckConstraint(condition=Q(state="succeeded") | Q(refunded=0), name="payment_refunded_when_paid"),
            models.CheckConstraint(
                condition=Q(state__in=["declined", "abandoned"]) | Q(decline=""), name="payment_decline_said"
            ),
            models.CheckConstraint(
                condition=~Q(state="declined") | ~Q(decline=""), name="payment_declined_soft_or_hard"
            ),
            models.CheckConstraint(
                condition=Q(next_attempt_on=None) | Q(state="declined", decline="soft"),
                name="payment_only_soft_is_retried",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["requested", "unknown"], next_ask_at__isnull=False)
                | (~Q(state__in=["requested", "unknown"]) & Q(next_ask_at=None)),
                name="payment_open_is_asked_about",
            ),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="payment_term_not_empty"),
        ]
        indexes = [
            models.Index(
                fields=["next_ask_at", "id"], name="payment_open", condition=Q(state__in=["requested", "unknown"])
            ),
            models.Index(
                fields=["next_attempt_on", "id"], name="payment_to_retry", condition=Q(next_attempt_on__isnull=False)
            ),
            models.Index(
                fields=["subscription"], name="payment_unpaid",
                condition=Q(state__in=["requested", "unknown", "declined"]),
            ),
            models.Index(fields=["subscription"], name="payment_declined", condition=Q(state="declined")),
            models.Index(
                fields=["id"], name="payment_given_up", condition=Q(state="declined", next_attempt_on=None)
            ),
            BrinIndex(fields=["requested_at"], name="payment_by_day"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="frozen",
                fields=[
                    "member", "subscription", "programme", "plan", "key", "purpose", "amount", "term_number",
                    "starts_on", "ends_on", "requested_on",
                ],
            ),
            path(
                "state", [
                    ("requested", "succeeded"), ("requested", "declined"), ("requested", "unknown"),
                    ("unknown", "succeeded"), ("unknown", "declined"), ("unknown", "requested"),
                    ("declined", "requested"), ("declined", "abandoned"),
                ],
            ),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.amount:,.2f} · {self.get_state_display()}"

    @property
    def attempt_key(self) -> str:
        """What the gateway knows this attempt by, however often it is sent."""
        return f"{self.pk}-{self.attempt}"


class PaymentEvent(models.Model):
    """What was asked of the gateway and what it answered, in the order it happened. Only grows."""

    class Kind(models.TextChoices):
        REQUESTED = "requested", _("requested")
        SUCCEEDED = "succeeded", _("succeeded")
        DECLINED = "declined", _("declined")
        UNKNOWN = "unknown", _("no answer")
        ABSENT = "absent", _("the gateway never got it")
        ABANDONED = "abandoned", _("abandoned")
        # The gateway took the money of an attempt that the payment is not, or no longer, waiting for.
        CONTRADICTED = "contradicted", _("paid all the same")
        REFUND_REQUESTED = "refund_requested", _("refund requested")
        REFUNDED = "refunded", _("refunded")
        REFUND_DECLINED = "refund_declined", _("refund declined")
        REFUND_UNKNOWN = "refund_unknown", _("refund: no answer")

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="+", db_index=False, db_constraint=False, verbose_name=_("member")
    )
    payment = models.ForeignKey(
        Payment, models.PROTECT, related_name="events", db_index=False, verbose_name=_("payment")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    attempt = models.PositiveSmallIntegerField(_("attempt"))
    amount = models.DecimalField(_("amount (CNY)"), max_digits=12, decimal_places=2, null=True, blank=True)
    code = models.CharField(_("gateway's code"), max_length=64, blank=True)
    reference = models.CharField(_("gateway's reference"), max_length=64, blank=True)
    message = models.CharField(_("message"), max_length=200, blank=True)
    on = models.DateField(_("business date"))
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("operator"),
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("payment event")
        verbose_name_plural = _("payment events")
        constraints = [
            # An attempt is made once and answered once; asking may go on.
            models.UniqueConstraint(
                fields=["member", "payment", "attempt", "kind"], name="paymentevent_once",
                condition=Q(kind__in=["requested", "succeeded", "declined", "abandoned"]),
            ),
            models.UniqueConstraint(
                fields=["member", "payment"], name="paymentevent_paid_once", condition=Q(kind="succeeded")
            ),
        ]
        indexes = [
            models.Index(fields=["payment", "id"], name="paymentevent_of_payment"),
            BrinIndex(fields=["at"], name="paymentevent_by_day"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.attempt}: {self.get_kind_display()}"


class Refund(models.Model):
    """Money given back. Its path is an attempt's: an open one is asked about, never sent under a new key."""

    class State(models.TextChoices):
        REQUESTED = "requested", _("requested")
        SUCCEEDED = "succeeded", _("succeeded")
        DECLINED = "declined", _("declined")
        UNKNOWN = "unknown", _("unknown")

    member = models.ForeignKey(Member, models.PROTECT, related_name="refunds", verbose_name=_("member"))
    payment = models.ForeignKey(
        Payment, models.PROTECT, related_name="refunds", db_index=False, verbose_name=_("payment")
    )
    number = models.PositiveSmallIntegerField(_("number"))
    amount = models.DecimalField(_("amount (CNY)"), max_digits=12, decimal_places=2)
    # The card ends with the refund; else it keeps its paid days.
    ends_card = models.BooleanField(_("ends the card"), default=True)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.REQUESTED)
    code = models.CharField(_("gateway's code"), max_length=64, blank=True)
    reference = models.CharField(_("gateway's reference"), max_length=64, blank=True)
    reason = models.CharField(_("reason"), max_length=200)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("requested by"),
    )
    requested_on = models.DateField(_("requested on"))
    requested_at = models.DateTimeField(_("requested at"))
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    next_ask_at = models.DateTimeField(_("asked again at"), null=True, blank=True)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = [
            models.UniqueConstraint(fields=["payment", "number"], name="refund_number"),
            models.UniqueConstraint(
                fields=["payment"], name="refund_one_open", condition=Q(state__in=["requested", "unknown"])
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount_positive"),
            models.CheckConstraint(condition=~Q(reason=""), name="refund_has_reason"),
        ]
        indexes = [
            models.Index(
                fields=["next_ask_at"], name="refund_open", condition=Q(state__in=["requested", "unknown"])
            )
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="frozen",
                fields=["member", "payment", "number", "amount", "ends_card", "reason", "requested_by", "requested_on"],
            ),
            path(
                "state", [
                    ("requested", "succeeded"), ("requested", "declined"), ("requested", "unknown"),
                    ("unknown", "succeeded"), ("unknown", "declined"), ("unknown", "requested"),
                ],
            ),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.amount:,.2f} · {self.get_state_display()}"

    @property
    def refund_key(self) -> str:
        """What the gateway knows this refund by, however often it is sent."""
        return f"{self.payment_id}-refund-{self.number}"
