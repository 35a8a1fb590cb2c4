"""What partners have of a member when an account is closed: what they still provide blocks it."""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from operations.closing import ClosingPart
from partners.models import Fulfilment, Partner

State = Fulfilment.State


class PartnersPart(ClosingPart):
    """Fulfilments and status matches."""

    name = "partners"
    stays = (
        gettext_lazy("What partners provided, under the keys by which they know it; those name nobody."),
        gettext_lazy("Messages of partners, as they were signed: they are shown masked."),
    )

    def blocks(self, owner: int, *, on: date) -> list[str]:
        states = (State.REQUESTED, State.ACCEPTED, State.ACTIVE, State.SUSPENDED)
        providing = Fulfilment.objects.filter(member=owner, state__in=states).values("partner")
        partners = _(", ").join(map(str, Partner.objects.filter(pk__in=providing).order_by("pk")))
        words = _("Partners still provide something: %(partners)s. It ends with the right to it.")
        return [words % {"partners": partners}] if partners else []
