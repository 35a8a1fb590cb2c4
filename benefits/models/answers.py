"""What callers were answered under their keys."""

import pgtrigger
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from memberships.models import Member
from operations.audit import by_instant, keep_whole


class KeptAnswer(models.Model):
    """The answer to a call that was made under a key: a repeat is told the same, whatever happened since. Only grows.

    Of calls whose effects can be undone by others, or whose answer says more than the rows that they leave behind:
    choices, exchanges, and the coupons of an order. A redemption is its own answer, and has a key itself.
    """

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="+", db_index=False, verbose_name=_("member")
    )
    key = models.CharField(_("key"), max_length=64)
    # SHA-256 of which call it was and of its body.
    asked = models.CharField(_("what was asked"), max_length=64)
    answer = models.JSONField(_("answer"), encoder=DjangoJSONEncoder)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("kept answer")
        verbose_name_plural = _("kept answers")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["member", "key"], name="keptanswer_key")]
        indexes = [by_instant("at", name="keptanswer_by_instant")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return self.key
