"""Those who fulfil benefits: how they are reached, by which keys, on which terms, and what they fulfil."""

from datetime import date, datetime
from decimal import Decimal
from typing import Self

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from benefits.models import Benefit
from memberships.models.programmes import Named
from operations.audit import track
from operations.models.sealed import SealedTextField


@track()
class Partner(Named):
    """A company that fulfils benefits, and how its systems are spoken to."""

    code = models.SlugField(_("code"), max_length=64, unique=True)
    contract_from = models.DateField(_("contract from"))
    contract_until = models.DateField(_("contract until (last day)"), null=True, blank=True)
    # Where its API listens; blank: it has none, or (outside production) the sandbox's.
    api_url = models.URLField(_("API address"), max_length=200, blank=True)
    timeout_seconds = models.DecimalField(
        _("waits for an answer (seconds)"), max_digits=5, decimal_places=1, default=Decimal(10),
        validators=[MinValueValidator(Decimal("0.1"))],
    )
    in_flight = models.PositiveSmallIntegerField(_("calls at a time"), default=8, validators=[MinValueValidator(1)])
    per_second = models.DecimalField(
        _("calls a second (0: no limit)"), max_digits=7, decimal_places=1, default=Decimal(0),
        validators=[MinValueValidator(0)],
    )
    # The circuit breaker: after so many failures in a row nothing is sent for so many seconds.
    breaker_failures = models.PositiveSmallIntegerField(
        _("breaker: failures in a row"), default=5, validators=[MinValueValidator(1)]
    )
    breaker_seconds = models.PositiveIntegerField(_("breaker: pause (seconds)"), default=30)
    # How its statements are read: {"columns": {its header: ours}, "states": {its word: ours}}; importers/statements.py.
    statement_mapping = models.JSONField(
        _("reading of its statements"), default=dict, db_default={}, blank=True
    )

    class Meta:
        verbose_name = _("partner")
        verbose_name_plural = _("partners")
        constraints = [
            models.CheckConstraint(
                condition=Q(contract_until=None) | Q(contract_until__gte=F("contract_from")), name="partner_contract"
            ),
            models.CheckConstraint(
                condition=Q(timeout_seconds__gt=0, in_flight__gte=1, per_second__gte=0, breaker_failures__gte=1),
                name="partner_limits",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="frozen", fields=["id", "code"]),
        ]


@track(owner="partner", masked={"name": "name", "mobile": "mobile", "email": "email"})
class PartnerContact(models.Model):
    """Whom to call there. Personal data: masked on screen and in the trail."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="contacts", verbose_name=_("partner"))
    role = models.CharField(_("role"), max_length=64, blank=True)
    name = models.CharField(_("name"), max_length=100)
    mobile = models.CharField(_("mobile"), max_length=32, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)

    class Meta:
        verbose_name = _("contact of a partner")
        verbose_name_plural = _("contacts of partners")
        permissions = [("reveal_partnercontact", _("Can see partners' contacts in full"))]

    def __str__(self) -> str:
        return self.role or str(_("contact"))


class PartnerKeyQuerySet(models.QuerySet["PartnerKey"]):
    """Keys by what they can be used for."""

    def valid(self, *, at: datetime) -> Self:
        """Neither revoked nor over at that instant, newest first: the first one signs, all verify."""
        return self.filter(
            Q(ends_at=None) | Q(ends_at__gt=at), revoked_at=None, starts_at__lte=at
        ).order_by("-starts_at", "-pk")


@track(owner="partner", exclude=["secret"])
class PartnerKey(models.Model):
    """A secret shared with a partner (Standard Webhooks, `whsec_…`): two at most of a direction are valid at a time."""

    class Direction(models.TextChoices):
        OURS = "ours", _("our calls, signed by us")
        THEIRS = "theirs", _("their events and answers, signed by them")

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="keys", verbose_name=_("partner"))
    direction = models.CharField(_("direction"), max_length=8, choices=Direction)
    # One of two places of a direction, so that the database holds the rule.
    slot = models.PositiveSmallIntegerField(_("place"))
    secret = SealedTextField(_("secret"))
    # To be told apart by people: the first characters of a hash of the secret.
    fingerprint = models.CharField(_("fingerprint"), max_length=16)
    starts_at = models.DateTimeField(_("valid from"))
    ends_at = models.DateTimeField(_("valid until"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    objects = PartnerKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("key of a partner")
        verbose_name_plural = _("keys of partners")
        permissions = [("rotate_partnerkey", _("Can make and revoke partners' keys"))]
        constraints = [
            models.CheckConstraint(condition=Q(slot__in=[1, 2]), name="partnerkey_slot"),
            models.UniqueConstraint(
                fields=["partner", "direction", "slot"], condition=Q(revoked_at=None), name="partnerkey_two_at_a_time"
            ),
            models.UniqueConstraint(
                fields=["partner", "direction", "fingerprint"], name="partnerkey_never_again"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            # `secret` is sealed anew when the house's own keys are rotated.
            pgtrigger.ReadOnly(name="frozen", exclude=["secret", "ends_at", "revoked_at"]),
        ]

    def __str__(self) -> str:
        return self.fingerprint


class OfferQuerySet(models.QuerySet["Offer"]):
    """Offers by day."""

    def in_force(self, *, on: date) -> Self:
        """First and last day included."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=on), starts_on__lte=on)


@track(owner="partner")
class Offer(models.Model):
    """What a partner fulfils of a benefit, how, and for how much. On a day a benefit has one at most."""

    class Mode(models.TextChoices):
        API = "api", _("signed API")
        VOUCHERS = "vouchers", _("voucher codes")
        DAILY_FILE = "daily_file", _("daily file")
        MANUAL = "manual", _("by hand")
        # The partner itself counts the uses and tells of them (benefit.used); there is nothing to order.
        REPORTED = "reported", _("reported by the partner")

    class Settled(models.TextChoices):
        PREPAID = "prepaid", _("prepaid")
        POSTPAID = "postpaid", _("postpaid")

    class Billed(models.TextChoices):
        """What a unit of the cost is."""

        FULFILMENT = "fulfilment", _("each fulfilment, once")
        MONTH = "month", _("each month begun, while active")
        USE = "use", _("each use")

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="offers", verbose_name=_("partner"))
    benefit = models.ForeignKey(Benefit, models.PROTECT, related_name="offers", verbose_name=_("benefit"))
    sku = models.CharField(_("partner's product number"), max_length=64)
    mode = models.CharField(_("fulfilled by"), max_length=16, choices=Mode)
    unit_cost = models.DecimalField(
        _("unit cost (CNY)"), max_digits=12, decimal_places=4, validators=[MinValueValidator(0)]
    )
    settled = models.CharField(
        pgettext_lazy("of an offer", "paid"), max_length=16, choices=Settled, default=Settled.POSTPAID
    )
    billed = models.CharField(_("unit"), max_length=16, choices=Billed, default=Billed.FULFILMENT)
    # Whether it rests while the card is in grace.
    suspends_in_grace = models.BooleanField(_("suspended in grace"), default=False)
    # Of a pool of codes: to be warned at that many left.
    low_stock = models.PositiveIntegerField(_("warn at (codes)"), default=0)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until (last day)"), null=True, blank=True)

    objects = OfferQuerySet.as_manager()

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        constraints = [
            models.CheckConstraint(condition=Q(unit_cost__gte=0), name="offer_cost_not_negative"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="offer_window_of_days"
            ),
            ExclusionConstraint(
                name="offer_one_a_day",
                expressions=[
                    ("benefit", RangeOperators.EQUAL),
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
        # One that nothing names may go: it was to begin, and was taken back before it did. Keys hold the others.
        triggers = [pgtrigger.ReadOnly(name="frozen", fields=["id", "partner", "benefit", "mode"])]

    def __str__(self) -> str:
        return self.sku


class Breaker(models.Model):
    """The circuit breaker of a partner, seen by all workers alike."""

    class State(models.TextChoices):
        CLOSED = "closed", _("closed")
        OPEN = "open", _("open")
        HALF_OPEN = "half_open", _("half open")

    partner = models.OneToOneField(
        Partner, models.PROTECT, primary_key=True, related_name="breaker", verbose_name=_("partner")
    )
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.CLOSED)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    opened_at = models.DateTimeField(_("opened at"), null=True, blank=True)

    class Meta:
        verbose_name = _("circuit breaker")
        verbose_name_plural = _("circuit breakers")

    def __str__(self) -> str:
        return self.get_state_display()
