"""What a partner is to do for a member, step by step.

A Fulfilment follows a Grant (a trigger on grants makes it and says what is wanted; partners/sql/fulfilments). It gets
from its state to what is wanted by Commands, one at a time, each with a key of its own which is the partner's
idempotency key: intent is committed before the call, a time-out is unknown and asked about, never sent anew.
"""

from datetime import datetime
from typing import Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from benefits.models import Grant
from memberships.models import Member
from operations.audit import by_instant, keep_whole
from operations.paths import path
from partners.models.partners import Offer, Partner

#: In the order of a fulfilment's life; nothing becomes "requested" again.
FULFILMENT_STATES = ("requested", "accepted", "active", "suspended", "revoked", "failed")


class FulfilmentQuerySet(models.QuerySet["Fulfilment"]):
    """Fulfilments by what is left to do."""

    def behind(self) -> Self:
        """Whose state is not what is wanted, and which are not dead."""
        return self.filter(dead_at=None).exclude(wanted=F("state"))

    def dead(self) -> Self:
        """That nobody works on any more, until somebody replays them."""
        return self.filter(dead_at__isnull=False)


class Fulfilment(models.Model):
    """A grant's way through a partner."""

    class State(models.TextChoices):
        REQUESTED = "requested", _("requested")
        ACCEPTED = "accepted", _("accepted")
        ACTIVE = "active", _("active")
        SUSPENDED = "suspended", _("suspended")
        REVOKED = "revoked", _("revoked")
        FAILED = "failed", _("failed")

    class Wanted(models.TextChoices):
        ACTIVE = "active", _("active")
        SUSPENDED = "suspended", _("suspended")
        REVOKED = "revoked", _("revoked")

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="fulfilments", db_index=False, verbose_name=_("member")
    )
    grant = models.OneToOneField(Grant, models.PROTECT, related_name="fulfilment", verbose_name=_("grant"))
    offer = models.ForeignKey(
        Offer, models.PROTECT, related_name="fulfilments", db_index=False, verbose_name=_("offer")
    )
    partner = models.ForeignKey(
        Partner, models.PROTECT, related_name="fulfilments", db_index=False, verbose_name=_("partner")
    )
    # What the partner knows it by, and statements name: unique for ever ("f<id>-<random>" is not guessable).
    key = models.CharField(_("our number"), max_length=64)
    wanted = models.CharField(_("wanted"), max_length=16, choices=Wanted, default=Wanted.ACTIVE)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.REQUESTED)
    # The partner's own number, and its count of the changes it told of: a smaller one is old news.
    reference = models.CharField(_("partner's number"), max_length=128, blank=True)
    sequence = models.BigIntegerField(_("partner's count"), default=0)
    requested_on = models.DateField(_("requested on"))
    requested_at = models.DateTimeField(_("requested at"))
    activated_on = models.DateField(_("active since"), null=True, blank=True)
    revoked_on = models.DateField(_("revoked on"), null=True, blank=True)
    # In the dead letters since, and why.
    dead_at = models.DateTimeField(_("given up at"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=200, blank=True)

    objects = FulfilmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("fulfilment")
        verbose_name_plural = _("fulfilments")
        permissions = [("replay_fulfilment", _("Can replay dead letters"))]
        constraints = [
            models.UniqueConstraint(fields=["key"], name="fulfilment_key"),
        ]
        indexes = [
            models.Index(
                fields=["partner", "id"], name="fulfilment_behind",
                condition=Q(dead_at=None) & ~Q(wanted=F("state")),
            ),
            models.Index(fields=["partner", "id"], name="fulfilment_dead", condition=Q(dead_at__isnull=False)),
            models.Index(fields=["member", "-id"], name="fulfilment_of_member"),
            # What the desk's list is narrowed by.
            models.Index(fields=["partner", "state", "id"], name="fulfilment_by_state"),
            models.Index(fields=["reference"], name="fulfilment_by_reference", condition=~Q(reference="")),
            models.Index(fields=["offer", "activated_on"], name="fulfilment_by_offer"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="frozen",
                fields=["id", "member", "grant", "partner", "key", "requested_on", "requested_at"],
            ),
            # Who still waits for a code follows the offer that took the place of the one asked for.
            pgtrigger.Protect(
                name="offer_stays", operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.offer_id IS DISTINCT FROM NEW.offer_id "
                    "AND (OLD.activated_on IS NOT NULL OR OLD.state <> 'requested')"
                ),
            ),
            # A partner may tell of any state, whatever we knew before: its own count decides, not the order of words.
            path("state", [(old, new) for old in FULFILMENT_STATES for new in FULFILMENT_STATES[1:] if old != new]),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return self.key


class CommandQuerySet(models.QuerySet["Command"]):
    """Commands by what has to be done about them."""

    def open(self) -> Self:
        """Not answered for good."""
        return self.filter(state__in=Command.OPEN)

    def due(self, *, at: datetime) -> Self:
        """To be sent, or asked about, by that instant."""
        return self.open().filter(next_attempt_at__lte=at)

    def waiting_for_hands(self) -> Self:
        """The operators' work list."""
        return self.open().filter(mode=Offer.Mode.MANUAL)


class Command(models.Model):
    """One thing that a partner is told to do. Of a fulfilment one is open at a time."""

    class Kind(models.TextChoices):
        PROVISION = "provision", _("provision")
        SUSPEND = "suspend", _("suspend")
        RESUME = "resume", _("resume")
        REVOKE = "revoke", _("revoke")

    class State(models.TextChoices):
        QUEUED = "queued", _("to be sent")
        # Sent, or in a file: not answered yet, or the partner said that it will tell.
        SENT = "sent", _("sent")
        UNKNOWN = "unknown", _("unknown")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    OPEN = ("queued", "sent", "unknown")

    member = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False, verbose_name=_("member"))
    fulfilment = models.ForeignKey(
        Fulfilment, models.PROTECT, related_name="commands", db_index=False, verbose_name=_("fulfilment")
    )
    # The fulfilment's, and its offer's: what is open is looked up by them, every few seconds.
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="+", db_index=False, verbose_name=_("partner"))
    mode = models.CharField(_("fulfilled by"), max_length=16, choices=Offer.Mode)
    number = models.PositiveIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt at"))
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    # How long the answer took.
    latency_ms = models.PositiveIntegerField(_("latency (ms)"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=200, blank=True)
    # By hand: who did it.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("operator"),
    )
    note = models.CharField(_("note"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created at"))

    objects = CommandQuerySet.as_manager()

    class Meta:
        verbose_name = _("command to a partner")
        verbose_name_plural = _("commands to partners")
        permissions = [("work_command", _("Can do what partners are told by hand"))]
        constraints = [
            models.UniqueConstraint(fields=["fulfilment", "number"], name="command_number"),
            models.UniqueConstraint(
                fields=["fulfilment"], name="command_one_open", condition=Q(state__in=["queued", "sent", "unknown"])
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"], name="command_due",
                condition=Q(state__in=["queued", "sent", "unknown"]),
            ),
            models.Index(
                fields=["partner", "next_attempt_at", "id"], name="command_due_at_api",
                condition=Q(state__in=["queued", "sent", "unknown"], mode="api"),
            ),
            models.Index(
                fields=["partner", "id"], name="command_by_hand",
                condition=Q(state__in=["queued", "sent", "unknown"], mode="manual"),
            ),
            # Of the last day, for a partner's health.
            models.Index(
                fields=["partner", "answered_at"], name="command_answered", condition=Q(answered_at__isnull=False)
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="frozen",
                fields=["id", "member", "fulfilment", "partner", "mode", "number", "kind", "created_at"],
            ),
            path(
                "state", [
                    ("queued", "sent"), ("queued", "unknown"), ("queued", "done"), ("queued", "failed"),
                    ("sent", "unknown"), ("sent", "done"), ("sent", "failed"), ("sent", "queued"),
                    ("unknown", "sent"), ("unknown", "queued"), ("unknown", "done"), ("unknown", "failed"),
                ],
            ),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"


class FulfilmentEvent(models.Model):
    """What happened to a fulfilment. Only grows."""

    class Kind(models.TextChoices):
        WANTED = "wanted", _("wanted")
        SENT = "sent", _("sent")
        ANSWERED = "answered", _("answered")
        UNKNOWN = "unknown", _("no answer")
        TOLD = "told", _("told by the partner")
        GIVEN_UP = "given_up", _("given up")
        REPLAYED = "replayed", _("replayed")

    member = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False, verbose_name=_("member"))
    fulfilment = models.ForeignKey(
        Fulfilment, models.PROTECT, related_name="events", db_index=False, verbose_name=_("fulfilment")
    )
    command = models.ForeignKey(
        Command, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("command")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    # What the fulfilment's state, or what was wanted of it, became; blank: nothing did.
    state = models.CharField(_("state"), max_length=16, blank=True)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0)
    detail = models.CharField(_("detail"), max_length=200, blank=True)
    on = models.DateField(_("business date"))
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("operator"),
    )

    class Meta:
        verbose_name = _("event of a fulfilment")
        verbose_name_plural = _("events of fulfilments")
        indexes = [
            models.Index(fields=["fulfilment", "id"], name="fulfilmentevent_of"),
            by_instant("at", name="fulfilmentevent_by_instant"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.state}".strip()
