"""What the first page shows of memberships: active members, the night's renewals, points that are owed and end."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.admin.display import signed
from memberships.models import EnterpriseCustomer, Member, Payment, PointsLiability, Programme, Subscription
from memberships.rollups import COMPARED_DAYS, ENDING_DAYS
from operations.admin.counts import count_rows
from operations.admin.dashboard import DashboardPanel, Figure, Rolled, chart, list_url, may_view, table
from operations.roles import AUDITOR, OPERATOR, PROGRAMME_MANAGER
from operations.services.rollups import Figures, over_days

#: What is counted of renewals.
COUNTED = ("asked", "succeeded", "declined", "open", "due")
#: Days of the chart of active members.
DAYS_SHOWN = 90
LINE, BARS = "var(--color-primary-500)", (
    "var(--color-red-600)", "var(--color-orange-500)", "var(--color-yellow-500)"
)


class MembersPanel(DashboardPanel):
    """How many members there are, how many hold a card, and how that changed."""

    name = "members"
    title = gettext_lazy("Members")
    permission = "memberships.view_subscription"
    first_for = (OPERATOR, PROGRAMME_MANAGER)
    rolled = ("cards",)

    def context(self, request: HttpRequest, rolled: Rolled, *, at: datetime) -> dict[str, Any]:
        found, cards = rolled["cards"], list_url(Subscription)
        total = found.get("")
        held = [Figure(_("Members with an active card"), *_changed(total, f"{cards}?status=active"))] if total else []
        sizes = [
            Figure(str(model._meta.verbose_name_plural), str(count_rows(model._default_manager.all())), list_url(model))
            for model in (Member, EnterpriseCustomer, Subscription) if may_view(request, model)
        ]
        days = over_days("cards", through=total.on, days=DAYS_SHOWN) if total else []
        return {
            "figures": [*held, *sizes],
            **table(
                (_("Active cards"), _("Change in %(days)s days") % {"days": COMPARED_DAYS},
                 _("Past the last paid day"), _("Not paid yet")),
                [(programme, page, _card_cells(programme, each)) for programme, page, each in by_programme(found)
                 if any(each.figures.values())],
            ),
            "line_chart": chart(
                [f"{day.on:%m-%d}" for day in days],
                [(_("Members with an active card"), [day.count("active") for day in days], LINE)],
            ) if len(days) > 1 else "",
        }


def _changed(total: Figures, url: str) -> tuple[str, str, str]:
    change = total.count("active") - total.count("active_before")
    note = _("%(change)s in %(days)s days") % {"change": signed(change) if change else "±0", "days": COMPARED_DAYS}
    return number_format(total.count("active")), url, note


def _card_cells(programme: Model, each: Figures) -> list[tuple[str, str]]:
    """Figures of a programme's cards, and where they lead."""
    cards = list_url(Subscription, f"?programme={programme.pk}")
    change, day_before = each.count("active") - each.count("active_before"), each.on - timedelta(days=1)
    return [
        (number_format(each.count("active")), f"{cards}&status=active"), (signed(change) if change else "0", ""),
        (number_format(each.count("unpaid")), f"{cards}&paid_until_to={day_before}"),
        (number_format(each.count("pending")), ""),
    ]


class RenewalsPanel(DashboardPanel):
    """What the last night charged, what became of it, and what the next one will."""

    name = "renewals"
    title = gettext_lazy("Renewals")
    permission = "memberships.view_payment"
    first_for = (OPERATOR, PROGRAMME_MANAGER)
    rolled = ("renewals",)

    def context(self, request: HttpRequest, rolled: Rolled, *, at: datetime) -> dict[str, Any]:
        found = rolled["renewals"]
        if not found:
            return {"figures": []}
        on = next(iter(found.values())).on
        total = {name: sum(each.count(name) for each in found.values()) for name in COUNTED}
        paid, due = (sum(each.amount(name) for each in found.values()) for name in ("amount", "due_amount"))
        night = list_url(Payment, f"?requested_at_from={on}&requested_at_to={on}&renewal=")
        next_night = list_url(Subscription, "?show=due") if may_view(request, Subscription) else ""
        return {
            "figures": [
                Figure(_("Charged tonight"), number_format(total["asked"]), f"{night}charged", f"{on:%Y-%m-%d}"),
                Figure(_("Done"), number_format(total["succeeded"]), f"{night}succeeded", f"{paid:,.2f} CNY"),
                Figure(_("Failed"), number_format(total["declined"]), f"{night}declined", is_bad=bool(
                    total["declined"])),
                Figure(_("No answer yet"), number_format(total["open"]), f"{night}unanswered"),
                Figure(_("Due in the next night"), number_format(total["due"]), next_night, f"{due:,.2f} CNY"),
            ],
            **table(
                (_("Charged"), _("Done"), _("Failed"), _("No answer yet"), _("Due next")),
                [(programme, page, _renewal_cells(programme, each, next_night))
                 for programme, page, each in by_programme(found)],
            ),
        }


def _renewal_cells(programme: Model, each: Figures, next_night: str) -> list[tuple[str, str]]:
    """Figures of a programme's renewals; those that are due lead to their cards."""
    *night, due = (number_format(each.count(name)) for name in COUNTED)
    return [*((figure, "") for figure in night), (due, next_night and f"{next_night}&programme={programme.pk}")]


class PointsPanel(DashboardPanel):
    """What programmes owe in points, and what of it ends soon."""

    name = "points"
    title = gettext_lazy("Points")
    permission = "memberships.view_pointsliability"
    first_for = (PROGRAMME_MANAGER, AUDITOR)
    rolled = ("points",)

    def context(self, request: HttpRequest, rolled: Rolled, *, at: datetime) -> dict[str, Any]:
        found = rolled["points"]
        if not found:
            return {"figures": []}
        days = list_url(PointsLiability)
        owed = sum(each.amount("amount") for each in found.values())
        points = sum(each.count("outstanding") for each in found.values())
        ends = [sum(each.count(f"within_{days}") for each in found.values()) for days in ENDING_DAYS]
        labels = [_("within %(days)s days") % {"days": days} for days in ENDING_DAYS]
        return {
            "figures": [
                Figure(_("Liability (CNY)"), f"{owed:,.2f}", days, _("%(points)s points") % {
                    "points": number_format(points)}),
                *(Figure(_("End %(when)s") % {"when": label}, number_format(end), days, _("points"))
                  for label, end in zip(labels, ends, strict=True)),
            ],
            **table((_("Liability (CNY)"), _("Points"), *labels), [
                (programme, page, _points_cells(each)) for programme, page, each in by_programme(found)
                if each.count("outstanding") or each.count("pending")
            ]),
            "bar_chart": chart(labels, [(_("points"), ends, list(BARS))]) if any(ends) else "",
        }


def _points_cells(each: Figures) -> list[tuple[str, str]]:
    """Figures of a programme's points; what is owed leads to the run-off by month."""
    owed = (f"{each.amount('amount'):,.2f}", number_format(each.count("outstanding")))
    ends = (number_format(each.count(f"within_{days}")) for days in ENDING_DAYS)
    return [*((figure, _liability_url(each)) for figure in owed), *((figure, "") for figure in ends)]


def _liability_url(each: Figures) -> str:
    key = each.figures.get("liability")
    return reverse("admin:memberships_pointsliability_change", args=[key]) if key else ""


def by_programme(found: dict[str, Figures]) -> Iterable[tuple[Model, str, Figures]]:
    """Each programme that was measured, its page, its figures; of one query."""
    keys = [int(scope) for scope in found if scope]
    for programme in Programme.objects.filter(pk__in=keys).order_by("pk"):
        page = reverse("admin:memberships_programme_change", args=[programme.pk])
        yield programme, page, found[str(programme.pk)]


PANELS = (MembersPanel, RenewalsPanel, PointsPanel)
