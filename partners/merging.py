"""What partners have of two records that become one: what follows a right ends with the number, and they are told."""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from operations.merging import Conflict, MergePart
from partners.models import Fulfilment, Partner

State = Fulfilment.State
PROVIDING = (State.REQUESTED, State.ACCEPTED, State.ACTIVE, State.SUSPENDED)


class PartnersMergePart(MergePart):
    """Fulfilments and status matches."""

    name = "partners"
    stays = (
        gettext_lazy("What partners provided, under the keys by which they know it. Events of partners that name the "
                     "number that ended are taken as the other's."),
    )

    def conflicts(self, former: int, survivor: int, *, on: date) -> list[Conflict]:
        follows = Fulfilment.objects.filter(grant__redemption=None, grant__rule__isnull=False)
        providing = follows.filter(member=former, state__in=PROVIDING).values("partner")
        partners = _(", ").join(map(str, Partner.objects.filter(pk__in=providing).order_by("pk")))
        words = _("%(partners)s still provide something under the number that would end. With it the right ends, and "
                  "they are told; the record that stays has what its own rights give.")
        return [Conflict(words % {"partners": partners}, is_bar=False)] if partners else []
