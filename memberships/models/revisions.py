"""Revisions of a programme: the file that describes it, and how it came into effect."""

from datetime import date
from typing import Any, Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from memberships.models.programmes import Programme
from operations.audit import track
from operations.models import Approval
from operations.paths import path


class ProgrammeRevisionQuerySet(models.QuerySet["ProgrammeRevision"]):
    """Revisions by what is to be done with them."""

    def to_apply(self, *, on: date) -> Self:
        """Approved, and their day has come; in the order of their effect, on one day in that of their approval."""
        due = self.filter(state=ProgrammeRevision.State.APPROVED, effective_on__lte=on)
        # Of two for one day the later one was submitted after the other's approval: else it was refused.
        return due.order_by("effective_on", "approval", "number")

    def without_files(self) -> Self:
        """For lists: a file may have a megabyte."""
        return self.defer("source", "document")


@track(owner="programme", fields=["state", "effective_on"])
class ProgrammeRevision(models.Model):
    """A version of a programme file. The newest one in effect is what the programme's tables say."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SUBMITTED = "submitted", _("waiting for approval")
        APPROVED = "approved", _("approved")
        IN_EFFECT = "in_effect", _("in effect")
        SUPERSEDED = "superseded", _("superseded")
        REJECTED = "rejected", _("rejected")

    # By its code: the first revision makes the programme.
    code = models.SlugField(_("code"), max_length=64)
    programme = models.ForeignKey(
        Programme, models.PROTECT, null=True, blank=True, related_name="revisions", verbose_name=_("programme")
    )
    number = models.PositiveIntegerField(_("revision"))
    # The file as it was given, comments and all, and what it says.
    source = models.TextField(_("file"))
    document = models.JSONField(_("content"))
    document_hash = models.CharField(_("hash of the content"), max_length=64)
    # The hash of what it was compared with: of the revision that was to be in effect before it. Blank: none was.
    base_hash = models.CharField(_("hash of what it was compared with"), max_length=64, blank=True, default="")
    # What it changes, in words of each language and numbers, as it was when it was submitted: see `told`.
    changes = models.JSONField(_("changes"), default=list)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.DRAFT)
    effective_on = models.DateField(_("effective on"))
    # The revision whose content this one takes up again.
    rolled_back_to = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("rolled back to"),
    )
    approval = models.ForeignKey(
        Approval, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("approval")
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("made by"),
    )
    made_at = models.DateTimeField(_("made at"))
    applied_at = models.DateTimeField(_("applied at"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    # Why it did not take effect on its day, though it was approved.
    left_out = models.CharField(_("did not take effect"), max_length=500, blank=True, default="")

    objects = ProgrammeRevisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("programme revision")
        verbose_name_plural = _("programme revisions")
        permissions = [("submit_programmerevision", _("Can submit programme files"))]
        constraints = [
            models.UniqueConstraint(fields=["code", "number"], name="programmerevision_number"),
            models.UniqueConstraint(
                fields=["code"], name="programmerevision_one_in_effect", condition=Q(state="in_effect")
            ),
            models.CheckConstraint(
                condition=Q(state__in=["in_effect", "superseded"], programme__isnull=False, applied_at__isnull=False)
                | Q(state__in=["draft", "submitted", "approved", "rejected"], applied_at=None),
                name="programmerevision_applied",
            ),
            models.CheckConstraint(
                condition=Q(left_out="") | Q(state="rejected"), name="programmerevision_left_out"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            # A draft can be edited; what was submitted is what is approved.
            pgtrigger.Trigger(
                name="submitted_is_frozen", operation=pgtrigger.Update, when=pgtrigger.Before,
                condition=pgtrigger.Condition(
                    "OLD.state <> 'draft' AND (OLD.code, OLD.number, OLD.document_hash, OLD.base_hash, OLD.source,"
                    " OLD.document, OLD.rolled_back_to_id) IS DISTINCT FROM (NEW.code, NEW.number, NEW.document_hash,"
                    " NEW.base_hash, NEW.source, NEW.document, NEW.rolled_back_to_id)"
                ),
                func=(
                    "RAISE EXCEPTION 'revision % is submitted and cannot change: make a new one', OLD.id"
                    " USING ERRCODE = 'check_violation';"
                ),
            ),
            path(
                "state", [
                    ("draft", "submitted"), ("draft", "rejected"), ("submitted", "approved"), ("submitted", "rejected"),
                    ("submitted", "draft"), ("approved", "in_effect"), ("approved", "rejected"),
                    ("rejected", "draft"), ("in_effect", "superseded"),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} r{self.number}"

    def told(self) -> list[dict[str, Any]]:
        """Its changes: {"words", "figures"} each, the words in the language of the moment.

        Older revisions have them in the language of their maker only.
        """
        return [{**change, "words": _in_language(change["words"])} for change in self.changes]


def _in_language(words: str | dict[str, str]) -> str:
    if isinstance(words, str):
        return words
    return words.get(get_language() or "") or words[settings.LANGUAGE_CODE]
