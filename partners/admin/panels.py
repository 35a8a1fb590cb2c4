"""What partners do for a member: a section of the member's page."""

from typing import Any

from django.http import HttpRequest

from operations.admin.panels import MemberPanel
from partners.admin.display import FULFILMENT_COLOURS
from partners.models import Fulfilment
from partners.services.reasons import reason_in_words

#: Rows at the most; a member with more is looked for in the list.
ROWS = 20


class FulfilmentPanel(MemberPanel):
    """The newest fulfilments of a member."""

    name = "fulfilments"
    permission = "partners.view_fulfilment"
    template = "partners/member_panel.html"

    def context(self, request: HttpRequest, member_id: int) -> dict[str, Any]:
        newest = Fulfilment.objects.filter(member=member_id).order_by("-pk")
        found: list[Any] = list(newest.select_related("partner", "offer__benefit")[:ROWS])
        for fulfilment in found:
            fulfilment.colour = FULFILMENT_COLOURS[Fulfilment.State(fulfilment.state)]
            fulfilment.reason = reason_in_words(fulfilment.error)
        return {"fulfilments": found}
