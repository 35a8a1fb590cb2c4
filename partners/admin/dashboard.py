"""What the first page shows of partners: which of them need a look, and what nobody works on."""

from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.admin.quick_filters import KEPT_SECONDS, MOST, Counted, count_up_to
from operations.admin.dashboard import DashboardPanel, Rolled, ToDo, WorkList, list_url, may_view
from operations.roles import OPERATOR
from partners.admin.health import MOST_PARTNERS, shown_health
from partners.models import DeadLetter, Partner


def health() -> list[dict[str, Any]]:
    """All partners as their overview shows them; kept for some seconds."""
    return shown_health(list(Partner.objects.order_by("pk")[:MOST_PARTNERS]))


class PartnersPanel(DashboardPanel):
    """Each partner in a line, those that need a look first."""

    name = "partners"
    title = gettext_lazy("Health of partners")
    template = "partners/dashboard.html"
    permission = "partners.view_partner"
    first_for = (OPERATOR,)

    def context(self, request: HttpRequest, rolled: Rolled, *, at: datetime) -> dict[str, Any]:
        shown = sorted(health(), key=lambda each: not each["needs_a_look"])
        return {"rows": shown[:8], "more": max(len(shown) - 8, 0),
                "overview_url": reverse("admin:partners_partner_health_overview")}


class PartnersToLookAt(WorkList):
    """Partners of whom something is not as it should be, and what nobody works on."""

    name = "partners"
    first_for = (OPERATOR,)

    def may_see(self, request: HttpRequest) -> bool:
        return may_view(request, Partner)

    def to_do(self, request: HttpRequest) -> list[ToDo]:
        count = sum(each["needs_a_look"] for each in health())
        overview = reverse("admin:partners_partner_health_overview")
        found = [ToDo(str(Partner._meta.verbose_name_plural), _("Need a look"), f"{count:,}", overview)]
        if may_view(request, DeadLetter):
            dead = cache.get_or_set(
                "dead-letters", lambda: tuple(count_up_to(DeadLetter.objects.values("pk"), MOST)), KEPT_SECONDS
            ) or (0,)
            of = str(DeadLetter._meta.verbose_name_plural)
            found.append(ToDo(of, _("To be replayed"), str(Counted(*dead)), list_url(DeadLetter)))
        return found


PANELS = (PartnersPanel,)
WORK_LISTS = (PartnersToLookAt,)
