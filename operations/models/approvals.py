"""What takes two people: a request by its maker, with all that it will do, and the decision of another.

The payload is what is executed, and its hash is what the checker saw: an approval does that, once, or nothing.
"""

from datetime import datetime
from typing import Any, Self

import pgtrigger
from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import F, Q
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from operations import registry
from operations.audit import keep_whole, track
from operations.paths import path


class ApprovalQuerySet(models.QuerySet["Approval"]):
    """Requests by what is to be done about them."""

    def waiting(self) -> Self:
        """Neither decided nor over."""
        return self.filter(state=Approval.State.WAITING)

    def overdue(self, *, at: datetime) -> Self:
        """Waiting, though nobody may approve them any more."""
        return self.waiting().filter(expires_at__lte=at)


@track(fields=["state", "checker", "decision"])
class Approval(models.Model):
    """A request to do something that is over somebody's limit."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        EXECUTED = "executed", _("approved and done")
        REJECTED = "rejected", _("rejected")
        WITHDRAWN = "withdrawn", _("withdrawn")
        EXPIRED = "expired", _("expired")
        # Approved, but what it is about had changed since: nothing was done.
        REFUSED = "refused", _("refused: changed meanwhile")

    action = models.CharField(_("action"), max_length=64)
    payload = models.JSONField(_("content"))
    # SHA-256 over action and payload, as services/approvals.py writes them.
    payload_hash = models.CharField(_("hash of the content"), max_length=64)
    # What it would do, in the maker's words and figures: [[label, value], ...].
    summary = models.CharField(_("what it would do"), max_length=500)
    figures = models.JSONField(_("figures"), default=list)
    # The same in each language of the house, since maker and checker may read another: {"en": [summary, figures]}.
    texts = models.JSONField(_("texts by language"), default=dict, db_default={})
    # The amount that was compared with the maker's limit, in the action's unit.
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=2, null=True, blank=True)
    # The record concerned, where there is one, and its state as the maker saw it.
    subject_type = models.ForeignKey(
        ContentType, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("kind of record"),
    )
    subject_id = models.BigIntegerField(_("record"), null=True, blank=True)
    seen = models.CharField(_("state of the record"), max_length=64, blank=True)
    # Of requests with the same key one waits at most: a repeat returns it.
    key = models.CharField(_("key"), max_length=128)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.WAITING)
    maker = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False, verbose_name=_("requested by")
    )
    reason = models.CharField(_("reason"), max_length=200)
    requested_on = models.DateField(_("business date"))
    requested_at = models.DateTimeField(_("requested at"))
    expires_at = models.DateTimeField(_("expires at"))
    checker = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("decided by"),
    )
    decision = models.CharField(_("reason of the decision"), max_length=200, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    # What came of it, in words, and for programs.
    outcome = models.CharField(_("outcome"), max_length=500, blank=True)
    result = models.JSONField(_("result"), null=True, blank=True)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        permissions = [("decide_approval", _("Can approve and reject requests"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(checker=None) | ~Q(checker=F("maker")), name="approval_maker_is_not_checker"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["executed", "rejected", "refused"], checker__isnull=False)
                | Q(state__in=["waiting", "withdrawn", "expired"], checker=None),
                name="approval_decided_by_checker",
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", decided_at=None) | (~Q(state="waiting") & Q(decided_at__isnull=False)),
                name="approval_decided_at",
            ),
            models.CheckConstraint(
                condition=Q(subject_type=None, subject_id=None)
                | Q(subject_type__isnull=False, subject_id__isnull=False),
                name="approval_whole_subject",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="approval_with_reason"),
            models.UniqueConstraint(fields=["key"], name="approval_waiting_once", condition=Q(state="waiting")),
        ]
        indexes = [
            models.Index(fields=["expires_at"], name="approval_waiting", condition=Q(state="waiting")),
            models.Index(
                fields=["subject_type", "subject_id", "-id"], name="approval_of_subject",
                condition=Q(subject_id__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="frozen",
                fields=[
                    "action", "payload", "payload_hash", "summary", "figures", "texts", "amount", "subject_type",
                    "subject_id", "seen", "key", "maker", "reason", "requested_on", "requested_at",
                ],
            ),
            path(
                "state", [
                    ("waiting", "executed"), ("waiting", "rejected"), ("waiting", "withdrawn"), ("waiting", "expired"),
                    ("waiting", "refused"),
                ],
            ),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return self.shown_summary

    @property
    def shown_summary(self) -> str:
        """What it would do, in the reader's language; in the maker's where it was not said in that one."""
        return str(self._text[0])

    @property
    def shown_figures(self) -> list[list[str]]:
        """Its figures, likewise."""
        return list(self._text[1])

    @property
    def _text(self) -> list[Any]:
        return list(self.texts.get(get_language(), [self.summary, self.figures]))


@track()
class ApprovalLimit(models.Model):
    """Up to what amount the members of a group do something alone; without a row what the action lets anybody do.

    Of a user's groups the highest limit counts, superusers are counted with the administrators. No amount: without
    limit.
    """

    action = models.CharField(_("action"), max_length=64)
    group = models.ForeignKey(Group, models.CASCADE, related_name="+", verbose_name=_("group"))
    amount = models.DecimalField(_("up to"), max_digits=20, decimal_places=2, null=True, blank=True)

    class Meta:
        verbose_name = _("limit of approval")
        verbose_name_plural = _("limits of approval")
        constraints = [
            models.UniqueConstraint(fields=["action", "group"], name="approvallimit_once"),
            models.CheckConstraint(condition=Q(amount=None) | Q(amount__gte=0), name="approvallimit_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.action_label} · {self.group}"

    @property
    def action_label(self) -> Any:
        """The action in words; its name when it is no longer registered."""
        action = registry.approval_actions.find(self.action)
        return capfirst(str(action.label)) if action else self.action
