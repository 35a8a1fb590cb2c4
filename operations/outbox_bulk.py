"""Sending many messages again at once."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from operations.bulk import BulkAction, Foreseen
from operations.models import OutboxMessage, User
from operations.services.outbox import send_again

OVER = (OutboxMessage.State.PARKED, OutboxMessage.State.UNHEARD)


class SendAgain(BulkAction):
    """Parked and unheard messages, which their receivers know by their keys."""

    name = "send_messages_again"
    label = gettext_lazy("Send again")
    model = OutboxMessage
    permission = "operations.resend_outboxmessage"
    note = gettext_lazy("The receiver knows the message by its key: one that has arrived is not heard twice.")

    def records(self, keys: Collection[int]) -> Sequence[OutboxMessage]:
        return list(OutboxMessage.objects.filter(pk__in=keys))

    def title(self, record: OutboxMessage) -> str:
        return record.key

    def foresee(self, record: OutboxMessage, *, on: date) -> Foreseen:
        if record.state in OVER:
            return Foreseen(_("It is sent again. Last answer: %(error)s") % {"error": record.error or "–"})
        words = _("The message is “%(state)s”: only parked and unheard ones are sent again.")
        return Foreseen(words % {"state": record.get_state_display()}, is_possible=False)

    def seen(self, record: OutboxMessage) -> str:
        return f"{record.state} {record.attempts}"

    def do(
        self, record: OutboxMessage, *, on: date, at: datetime, actor: User, checker: User | None, reason: str
    ) -> str:
        queued = send_again(OutboxMessage.objects.filter(pk=record.pk), reason=reason, at=at, actor=actor)
        return _("queued") if queued else _("Somebody else sent it again meanwhile.")
