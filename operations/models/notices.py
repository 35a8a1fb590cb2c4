"""Notices: what a person is told, once for each event and channel."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from operations.audit import by_instant, keep_whole, track
from operations.models.outbox import KEY_PATTERN, OutboxMessage


class Notice(models.Model):
    """What is told of one event over one channel. Texts are made of the facts, which hold no personal data.

    How far it came is its message's state in the outbox.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", _("e-mail")
        WEBHOOK = "webhook", _("webhook")
        SMS = "sms", _("text message")

    # A registered kind (operations.registry.notices): whom it is for, when, and its template.
    kind = models.CharField(_("kind"), max_length=64)
    owner = models.BigIntegerField(_("member"))
    channel = models.CharField(_("channel"), max_length=16, choices=Channel)
    # Of the event: "points-expire:4711:2027-01-31".
    key = models.CharField(_("key"), max_length=100)
    facts = models.JSONField(_("facts"))
    message = models.OneToOneField(
        OutboxMessage, models.PROTECT, related_name="notice", verbose_name=_("outgoing message")
    )
    on = models.DateField(_("business date"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [
            models.UniqueConstraint(fields=["owner", "key", "channel"], name="notice_once"),
            models.CheckConstraint(condition=Q(key__regex=KEY_PATTERN), name="notice_key_plain"),
        ]
        indexes = [
            models.Index(fields=["kind", "id"], name="notice_by_kind"),
            by_instant("at", name="notice_by_instant"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return self.key


@track()
class NoticeRule(models.Model):
    """Over which channels a kind of notice is told, where somebody has said so; else it is as the kind says."""

    kind = models.CharField(_("kind"), max_length=64, unique=True)
    channels = ArrayField(
        models.CharField(max_length=16, choices=Notice.Channel), verbose_name=_("channels"), blank=True
    )
    # Told at once, whatever the hour.
    is_urgent = models.BooleanField(_("urgent"), default=False)
    # Told by text message to those, too, who refuse them; none: as the kind says.
    is_required = models.BooleanField(_("required"), null=True, blank=True)

    class Meta:
        verbose_name = _("channels of a notice")
        verbose_name_plural = _("channels of notices")
        constraints = [
            models.CheckConstraint(
                condition=Q(channels__contained_by=[channel.value for channel in Notice.Channel]),
                name="noticerule_channels",
            ),
        ]

    def __str__(self) -> str:
        return self.kind
