"""What partners tell us: each message once, as it came, and what was made of it."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from memberships.models import Member
from operations.audit import keep_whole
from operations.paths import path
from partners.models.fulfilments import Fulfilment
from partners.models.partners import Partner


class InboundEvent(models.Model):
    """A message whose signature was right. Its id is unique for ever; a repeat gets the first one's answer."""

    class State(models.TextChoices):
        DONE = "done", _("done")
        # Nothing was left to do: something newer had come before.
        OLD = "old", _("old news")
        # What it speaks of is not there (yet).
        DEAD = "dead", _("dead letter")

    partner = models.ForeignKey(
        Partner, models.PROTECT, related_name="events", db_index=False, verbose_name=_("partner")
    )
    event_id = models.CharField(_("id"), max_length=128)
    type = models.CharField(_("type"), max_length=64)
    # The raw body, and the headers that prove it.
    body = models.BinaryField(_("body"))
    headers = models.JSONField(_("headers"), default=dict)
    occurred_at = models.DateTimeField(_("happened at"), null=True, blank=True)
    received_at = models.DateTimeField(_("received at"))
    state = models.CharField(_("state"), max_length=8, choices=State)
    # What the partner was answered.
    answer = models.JSONField(_("answer"), default=dict)
    error = models.CharField(_("error"), max_length=200, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=1)
    member = models.ForeignKey(
        Member, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("member")
    )
    fulfilment = models.ForeignKey(
        Fulfilment, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("fulfilment"),
    )

    class Meta:
        verbose_name = _("event from a partner")
        verbose_name_plural = _("events from partners")
        permissions = [("replay_inboundevent", _("Can replay events from partners"))]
        constraints = [models.UniqueConstraint(fields=["partner", "event_id"], name="inboundevent_once")]
        indexes = [
            models.Index(fields=["partner", "id"], name="inboundevent_dead", condition=Q(state="dead")),
            models.Index(
                fields=["fulfilment", "id"], name="inboundevent_of_fulfilment", condition=Q(fulfilment__isnull=False)
            ),
            models.Index(fields=["partner", "-id"], name="inboundevent_of_partner"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="frozen",
                fields=["id", "partner", "event_id", "type", "body", "headers", "occurred_at", "received_at"],
            ),
            path("state", [("dead", "done"), ("dead", "old")]),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return self.event_id


class RefusedCalls(models.Model):
    """How many calls were refused on a day, and why; of all who name no partner of ours under one code (NOBODY)."""

    code = models.CharField(_("partner's code"), max_length=64)
    reason = models.CharField(_("reason"), max_length=32)
    day = models.DateField(_("business date"))
    count = models.BigIntegerField(_("count"), default=0)

    class Meta:
        verbose_name = _("refused calls")
        verbose_name_plural = _("refused calls")
        constraints = [models.UniqueConstraint(fields=["code", "reason", "day"], name="refusedcalls_once")]

    def __str__(self) -> str:
        return f"{self.code} · {self.reason} · {self.count}"
