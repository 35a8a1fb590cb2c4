"""Notices: what a person is told, in their language, once for each event and channel."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from operations.audit import keep_whole
from operations.models.outbox import KEY_PATTERN
from operations.paths import path


class Notice(models.Model):
    """One text for one event over one channel, rendered when the event happened; sent by the outbox."""

    class Channel(models.TextChoices):
        EMAIL = "email", _("e-mail")
        WEBHOOK = "webhook", _("webhook")

    class State(models.TextChoices):
        QUEUED = "queued", _("to be sent")
        SENT = "sent", _("sent")
        # There is no address, or the person is not to be written to.
        SKIPPED = "skipped", _("left out")
        FAILED = "failed", _("failed")

    # A registered kind (operations.registry.notices): its templates, and what they are given.
    kind = models.CharField(_("kind"), max_length=64)
    owner = models.BigIntegerField(_("member"))
    channel = models.CharField(_("channel"), max_length=16, choices=Channel)
    key = models.CharField(_("key"), max_length=120)
    language = models.CharField(_("language"), max_length=16)
    # What the templates were given: figures and dates, no personal data. Texts are rendered from it when they are sent.
    facts = models.JSONField(_("facts"))
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.QUEUED)
    detail = models.CharField(_("detail"), max_length=200, blank=True)
    on = models.DateField(_("business date"))
    at = models.DateTimeField(_("at"))
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [
            models.UniqueConstraint(fields=["owner", "key", "channel"], name="notice_once"),
            models.CheckConstraint(condition=Q(key__regex=KEY_PATTERN), name="notice_key_plain"),
        ]
        indexes = [models.Index(fields=["kind", "id"], name="notice_by_kind")]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="frozen", fields=["kind", "owner", "channel", "key", "language", "facts", "on", "at"]
            ),
            path("state", [("queued", "sent"), ("queued", "failed"), ("queued", "skipped"), ("failed", "queued")]),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return self.key
