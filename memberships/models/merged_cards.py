"""Cards that went with a merge: the card of the number that ended, and the one that goes on in its place."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from memberships.models.merges import MemberMerge
from memberships.models.subscriptions import Subscription
from operations.audit import keep_whole


class MergedCard(models.Model):
    """One card in the place of another, with the same terms.

    Payments name the card that they were for and never another, so the card of the number that ended keeps its terms
    and is over; what was paid for them is told of it, and not of their likes on the card that goes on.
    """

    merge = models.ForeignKey(MemberMerge, models.PROTECT, related_name="cards", verbose_name=_("merge of members"))
    former = models.ForeignKey(Subscription, models.PROTECT, related_name="+", verbose_name=_("card that ended"))
    card = models.OneToOneField(
        Subscription, models.PROTECT, related_name="merged_card", verbose_name=_("card that goes on")
    )
    # So many of its terms, the first ones, are those of the card that ended.
    terms = models.PositiveIntegerField(_("terms taken over"))

    class Meta:
        verbose_name = _("card that went with a merge")
        verbose_name_plural = _("cards that went with merges")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["merge", "former"], name="mergedcard_once")]
        triggers = [
            pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update | pgtrigger.Delete), keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.former_id} → {self.card_id}"
