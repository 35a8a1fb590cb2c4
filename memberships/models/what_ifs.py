"""What-ifs: what somebody's rules would make of all members' tiers, counted in the background and kept."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from memberships.models.programmes import Programme
from memberships.models.revisions import ProgrammeRevision
from operations.models import JobRun


class WhatIf(models.Model):
    """A question and its answer; asked again, it is another one. A read model: services/what_ifs.py says what is in it.

    It is about a revision, or about rules that somebody typed for one ladder.
    """

    programme = models.ForeignKey(
        Programme, models.PROTECT, related_name="what_ifs", db_index=False, verbose_name=_("programme")
    )
    revision = models.ForeignKey(
        ProgrammeRevision, models.PROTECT, null=True, blank=True, related_name="what_ifs",
        verbose_name=_("programme revision"),
    )
    # Of the revision's content, or of the rules that were typed.
    content_hash = models.CharField(_("hash of the content"), max_length=64)
    # Of what the revision was compared with (ProgrammeRevision.base_hash). Blank: of nothing.
    base_hash = models.CharField(_("hash of what it was compared with"), max_length=64, blank=True, default="")
    on = models.DateField(_("evaluated on"))
    # The ladders as they would be, and what was counted of each so far, by its code.
    ladders = models.JSONField(_("ladders"))
    counts = models.JSONField(_("counts"), default=dict)
    run = models.ForeignKey(
        JobRun, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("job run")
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("asked by"),
    )
    asked_at = models.DateTimeField(_("asked at"))
    # When all wallets had been looked at.
    counted_at = models.DateTimeField(_("counted at"), null=True, blank=True)

    class Meta:
        verbose_name = _("what-if")
        verbose_name_plural = _("what-ifs")
        indexes = [models.Index(fields=["content_hash", "on"], name="whatif_typed", condition=models.Q(revision=None))]

    def __str__(self) -> str:
        return f"{self.revision or self.programme.code} {self.on}"
