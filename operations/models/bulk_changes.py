"""One action over many records of a list: what was chosen, what was said, and what came of each."""

from typing import Any

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.utils.translation import gettext_lazy as _

from operations import registry
from operations.audit import keep_whole
from operations.dates import business_date
from operations.models.approvals import Approval
from operations.models.jobs import JobRun


class BulkChange(models.Model):
    """A choice of records that is looked at first, then done once, however often its form is sent."""

    class State(models.TextChoices):
        DRAFT = "draft", _("to be confirmed")
        WAITING = "waiting", _("waits for approval")
        RUNNING = "running", _("being done")
        DONE = "done", _("done")

    action = models.CharField(_("action"), max_length=64)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.DRAFT)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False, verbose_name=_("operator")
    )
    # What was said once for all records; none where nothing is asked.
    given = models.JSONField(_("said for all"), default=dict, db_default=Value({}, models.JSONField()), blank=True)
    made_at = models.DateTimeField(_("chosen at"))
    language = models.CharField(_("language"), max_length=16)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    checker = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("approved by"),
    )
    approval = models.ForeignKey(
        Approval, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("approval")
    )
    run = models.ForeignKey(
        JobRun, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("job run")
    )

    class Meta:
        verbose_name = _("bulk action")
        verbose_name_plural = _("bulk actions")
        constraints = [
            models.CheckConstraint(condition=Q(state="draft") | ~Q(reason=""), name="bulkchange_has_reason"),
        ]
        indexes = [models.Index(fields=["made_by", "-id"], name="bulkchange_of_maker")]
        triggers = [keep_whole()]

    def __str__(self) -> str:
        return f"{self.shown_action} {business_date(self.made_at):%Y-%m-%d}"

    @property
    def shown_action(self) -> Any:
        """The action in words; its name when there is none of that kind any more."""
        found = registry.bulk_actions.find(self.action)
        return found.label if found else self.action


class BulkRow(models.Model):
    """One record of a bulk action, as it was when it was chosen, and what came of it."""

    class Outcome(models.TextChoices):
        CHOSEN = "chosen", _("not done yet")
        DONE = "done", _("done")
        REFUSED = "refused", _("not done")
        LEFT_OUT = "left_out", _("left out: changed since the preview")

    change = models.ForeignKey(
        BulkChange, models.CASCADE, related_name="rows", db_index=False, verbose_name=_("bulk action")
    )
    place = models.PositiveIntegerField(_("place"))
    key = models.BigIntegerField(_("record"))
    seen = models.CharField(_("state of the record"), max_length=200)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2, null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome, default=Outcome.CHOSEN)
    words = models.CharField(_("what came of it"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("row of a bulk action")
        verbose_name_plural = _("rows of bulk actions")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["change", "place"], name="bulkrow_place"),
            models.UniqueConstraint(fields=["change", "key"], name="bulkrow_key"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="done_once", operation=pgtrigger.Update, condition=~pgtrigger.Q(old__outcome="chosen")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.change_id}:{self.place}"
