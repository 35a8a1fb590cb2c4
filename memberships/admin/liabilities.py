"""What programmes owe in points: by day, with the months in which it runs off, as tables and charts."""

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import RelatedDropdownFilter

from memberships.admin.pages import find_record, show_page
from memberships.models import PointsLiability
from memberships.services.liabilities import NEVER
from memberships.templatetags.figures import percent, plain
from operations.admin.base import ReadOnlyAdmin

#: Days that the chart over time shows, and months of the run-off that have a bar of their own.
DAYS_SHOWN = 90
MONTHS_SHOWN = 36
BAR, LINE = "var(--color-primary-600)", "var(--color-primary-500)"


@admin.register(PointsLiability)
class PointsLiabilityAdmin(ReadOnlyAdmin):
    """By business date, newest first."""

    list_display = ("on", "programme", "outstanding", "pending", "cost_column", "breakage_column", "amount")
    list_display_links = ("on", "programme")
    list_select_related = ("programme",)
    list_filter = (("programme", RelatedDropdownFilter),)

    @admin.display(description=gettext_lazy("cost of a point (CNY)"))
    def cost_column(self, liability: PointsLiability) -> str:
        return plain(liability.unit_cost)

    @admin.display(description=gettext_lazy("expected breakage"))
    def breakage_column(self, liability: PointsLiability) -> str:
        return percent(liability.expected_breakage)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A programme on a day: its run-off, and the days before."""
        records = PointsLiability.objects.select_related("programme")
        liability = find_record(self, request, object_id, records)
        days = list(records.filter(programme=liability.programme, on__lte=liability.on).order_by("-on")[:DAYS_SHOWN])
        months = run_off_by_month(liability)
        return show_page(
            self, request, "memberships/liability.html", liability, liability=liability, days=days, months=months,
            cost=plain(liability.unit_cost), breakage=percent(liability.expected_breakage),
            run_off_chart=chart([label for label, _points in months], [points for _label, points in months], BAR),
            days_chart=chart(
                [f"{day.on:%Y-%m-%d}" for day in reversed(days)], [float(day.amount) for day in reversed(days)], LINE
            ),
        )


def run_off_by_month(liability: PointsLiability) -> list[tuple[str, int]]:
    """(month, points), the first months each by itself, the later ones together; points that stay come last."""
    months = sorted(month for month in liability.run_off if month != NEVER)
    found = [(month, liability.run_off[month]) for month in months[:MONTHS_SHOWN]]
    if later := months[MONTHS_SHOWN:]:
        found.append((_("later"), sum(liability.run_off[month] for month in later)))
    if NEVER in liability.run_off:
        found.append((_("never"), liability.run_off[NEVER]))
    return found


def chart(labels: list[str], values: list[Any], colour: str) -> str:
    """One series, as Unfold's charts read it."""
    series = {"data": values, "backgroundColor": colour, "borderColor": colour, "displayYAxis": True}
    return json.dumps({"labels": labels, "datasets": [series]})
