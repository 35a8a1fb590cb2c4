"""What the outside world is to be told: written in the transaction that made it true, sent by the sweeper."""

from datetime import datetime, timedelta
from typing import Self

import pghistory
import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from operations.audit import track
from operations.paths import path

#: What a header can carry: a message's key is the id that its receiver knows it by.
KEY_PATTERN = "^[!-~]+$"
#: No attempt is put off further: pauses and leases are at most that long.
FARTHEST = timedelta(hours=1)


class OutboxMessageQuerySet(models.QuerySet["OutboxMessage"]):
    """Messages by what has to be done about them."""

    def to_send(self, *, at: datetime) -> Self:
        """Not sent, and due for a (further) attempt; or put off so far that a clock was ahead that did it."""
        is_due = Q(next_attempt_at__lte=at) | Q(next_attempt_at__gt=at + FARTHEST)
        return self.filter(is_due, state=OutboxMessage.State.QUEUED)


class SentAgain(pghistory.UpdateEvent):
    """By hand, from the end of the road back to the queue. All the rest of a message's life is in the message."""

    condition = pgtrigger.Q(old__state__in=["parked", "unheard"], new__state="queued")
    # Row by row, so that millions of other updates do not pay for it.
    level = pgtrigger.Row


@track(events=[SentAgain], fields=["state", "error", "next_attempt_at"])
class OutboxMessage(models.Model):
    """One message. Its key is unique for ever, so that an event is told once, whoever repeats what made it."""

    class State(models.TextChoices):
        QUEUED = "queued", _("to be sent")
        # Out of the queue until `next_attempt_at`: quiet hours (operations/quiet_hours.py).
        WAITING = "waiting", _("waits for the end of quiet hours")
        SENT = "sent", _("sent")
        UNHEARD = "unheard", _("nobody listens")
        PARKED = "parked", _("parked: attempts used up")

    topic = models.CharField(_("topic"), max_length=64)
    key = models.CharField(_("key"), max_length=128)
    owner = models.BigIntegerField(_("member"), null=True, blank=True)
    payload = models.JSONField(_("content"))
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.CharField(_("error"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created at"))
    next_attempt_at = models.DateTimeField(_("next attempt at"))
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)

    objects = OutboxMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("outgoing message")
        verbose_name_plural = _("outgoing messages")
        permissions = [("resend_outboxmessage", _("Can send parked messages again"))]
        constraints = [
            models.UniqueConstraint(fields=["key"], name="outboxmessage_key"),
            models.CheckConstraint(condition=Q(key__regex=KEY_PATTERN), name="outboxmessage_key_plain"),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at", "id"], name="outboxmessage_to_send", condition=Q(state="queued")),
            models.Index(fields=["next_attempt_at", "id"], name="outboxmessage_waiting", condition=Q(state="waiting")),
            models.Index(fields=["owner", "id"], name="outboxmessage_of_owner", condition=Q(owner__isnull=False)),
            # What the desk looks for. The queue is short, and nearly all messages are sent: neither needs an index.
            models.Index(
                fields=["state", "id"], name="outboxmessage_over", condition=Q(state__in=["parked", "unheard"])
            ),
            models.Index(fields=["topic", "id"], name="outboxmessage_by_topic"),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="frozen", fields=["topic", "key", "owner", "payload", "created_at"]),
            path(
                "state", [
                    ("queued", "sent"), ("queued", "unheard"), ("queued", "parked"), ("parked", "queued"),
                    ("unheard", "queued"), ("queued", "waiting"), ("waiting", "queued"), ("waiting", "sent"),
                ],
            ),
        ]

    def __str__(self) -> str:
        return self.key
