"""What is done to many fulfilments at once."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from operations.bulk import BulkAction, Foreseen
from operations.models import User
from partners.models import Fulfilment
from partners.services.fulfilments import replay
from partners.services.reasons import reason_in_words


class ReplayFulfilments(BulkAction):
    """Fulfilments that were given up are taken up again: the partner is asked anew."""

    name = "replay_fulfilments"
    label = gettext_lazy("Try again")
    model = Fulfilment
    permission = "partners.replay_fulfilment"
    note = gettext_lazy("Each gets a command with a number that the partner has not seen.")

    def records(self, keys: Collection[int]) -> Sequence[Fulfilment]:
        found = Fulfilment.objects.filter(pk__in=keys).select_related("partner", "offer__benefit", "member")
        dead = set(Fulfilment.objects.dead().filter(pk__in=keys).values_list("pk", flat=True))
        records = list(found)
        for record in records:
            record.is_dead = record.pk in dead  # type: ignore[attr-defined]
        return records

    def title(self, record: Fulfilment) -> str:
        return f"{record.key} · {record.partner} · {record.offer.benefit}"

    def foresee(self, record: Fulfilment, *, on: date) -> Foreseen:
        if not record.is_dead:  # type: ignore[attr-defined]
            words = _("It is “%(state)s”: only what was given up is tried again.")
            return Foreseen(words % {"state": record.get_state_display()}, is_possible=False)
        if record.state == Fulfilment.State.REVOKED:
            return Foreseen(_("The partner ended it for good: nothing revives it."), is_possible=False)
        return Foreseen(_("The partner is asked anew. It was given up: %(why)s")
                        % {"why": reason_in_words(record.error) or "–"})

    def seen(self, record: Fulfilment) -> str:
        return f"{record.state} {record.wanted} {record.error}"

    def do(
        self, record: Fulfilment, *, on: date, at: datetime, actor: User, checker: User | None, reason: str
    ) -> str:
        taken = replay([record.pk], on=on, at=at, actor=actor, reason=reason)
        return _("queued") if taken else _("Somebody else took it up meanwhile.")


ACTIONS = (ReplayFulfilments,)
