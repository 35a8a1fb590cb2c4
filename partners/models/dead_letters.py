"""What nobody works on until somebody replays it.

Fulfilments and status matches that were given up, and events that could not be handled.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from memberships.models import Member
from partners.models.events import InboundEvent
from partners.models.fulfilments import Fulfilment
from partners.models.partners import Partner
from partners.models.status_matches import StatusMatch


class DeadLetter(models.Model):
    """A row of the view partners_deadletter (sql/dead_letters/view.sql), one list of all; never written to."""

    class Kind(models.TextChoices):
        FULFILMENT = "fulfilment", _("fulfilment")
        EVENT = "event", _("event from a partner")
        MATCH = "match", _("status match")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    partner = models.ForeignKey(Partner, models.DO_NOTHING, related_name="+", verbose_name=_("partner"))
    member = models.ForeignKey(Member, models.DO_NOTHING, null=True, related_name="+", verbose_name=_("member"))
    fulfilment = models.ForeignKey(
        Fulfilment, models.DO_NOTHING, null=True, related_name="+", verbose_name=_("fulfilment")
    )
    event = models.ForeignKey(
        InboundEvent, models.DO_NOTHING, null=True, related_name="+", verbose_name=_("event from a partner")
    )
    match = models.ForeignKey(
        StatusMatch, models.DO_NOTHING, null=True, related_name="+", verbose_name=_("status match")
    )
    #: What it is: our number of the fulfilment or of the match, or the type of the event.
    subject = models.CharField(_("subject"), max_length=64)
    reason = models.CharField(_("reason"), max_length=200)
    since = models.DateTimeField(_("since"))

    class Meta:
        managed = False
        db_table = "partners_deadletter"
        verbose_name = _("dead letter")
        verbose_name_plural = _("dead letters")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.subject
