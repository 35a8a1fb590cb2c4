"""What this floor adds to a programme's profit and loss: what partners are owed, in the place of what uses had cost."""

from datetime import date, datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from memberships.profit import ProfitLine, ProfitSource, Side
from operations import registry
from partners.services import statements


def _settlements(programme_id: int) -> str:
    return reverse("admin:partners_settlement_changelist")


class Settlements(ProfitSource):
    name = "settlements"
    label = _("settlements")
    statement = "profit/settlements"
    changes = "profit/settlements_changes"
    sql = statements
    is_by_member = False
    lines = (
        ProfitLine(
            "settlements", _("Partner settlements"), Side.COST,
            _("Closed settlements, in the month that they are about, whenever they were closed. Adjustments of a"
              " partner of several programmes are shared by what is owed for each."),
            _settlements,
        ),
        ProfitLine(
            "prepaid_used", _("Drawn from what partners were prepaid"), Side.COST,
            _("Units that closed settlements drew from what was paid in advance, at their cost."), _settlements,
        ),
    )


class SettledUses(ProfitSource):
    """Beside each closed settlement, the cost of uses that it takes the place of."""

    name = "settled_uses"
    label = _("uses that are settled")
    statement = "profit/settled_uses"
    changes = "profit/settlements_changes"
    sql = statements
    settles_after = timedelta(days=31)
    lines = (
        ProfitLine(
            "settled_uses", _("Benefits that are settled with partners"), Side.COST,
            _("The cost of uses in months for which the partner's settlement is closed, taken off again: the settlement"
              " counts instead."),
            _settlements,
        ),
    )

    def changed_on(self, programme_id: int, *, since: datetime, before: date) -> date | None:
        """Also where the uses changed."""
        uses = registry.profit_sources.get("benefits").changed_on(programme_id, since=since, before=before)
        settled = super().changed_on(programme_id, since=since, before=before)
        return min(filter(None, (uses, settled)), default=None)


PROFIT_SOURCES = (Settlements, SettledUses)
