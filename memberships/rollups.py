"""What the first page shows of memberships, measured by night, and what changes by day every few minutes."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from memberships.models import PointsLiability
from memberships.services import statements
from memberships.services.liabilities import MEASURE_LIABILITY
from operations.dates import day_begins
from operations.rollups import Measured, RollUp

DAY = timedelta(days=1)
#: A card's figures are compared with those so many days before.
COMPARED_DAYS = 30
#: Points that end within so many days are shown.
ENDING_DAYS = (30, 60, 90)


class Cards(RollUp):
    """By programme: cards that are paid for the day, were so 30 days before, are past it, are not paid yet.

    The scope "" counts members who hold any, each once.
    """

    name = "cards"
    label = _("active cards")
    after = ("enter_grace_and_lapse",)

    def measure(self, *, on: date, at: datetime) -> Measured:
        days = {"on": on, "before": on - COMPARED_DAYS * DAY}
        found = by_programme(("active", "active_before", "unpaid", "pending"), statements.rows("rollups/cards", **days))
        [(held, held_before)] = statements.rows("rollups/holders", **days)
        return {"": {"active": held, "active_before": held_before}, **found}


class Renewals(RollUp):
    """By programme: what was charged on the date, by what became of it, and what the next night is going to charge."""

    name = "renewals"
    label = _("renewals of the night")
    after = ("renew_subscriptions", "retry_payments")
    every = timedelta(minutes=5)

    def measure(self, *, on: date, at: datetime) -> Measured:
        since = day_begins(on)
        asked = by_programme(
            ("asked", "succeeded", "declined", "open", "amount"),
            statements.rows("rollups/renewals", since=since, until=since + DAY),
        )
        due = by_programme(("due", "due_amount"), statements.rows("rollups/due", on=on + DAY))
        return {"": {}, **{key: {**asked.get(key, {}), **due.get(key, {})} for key in sorted({*asked, *due})}}


class Points(RollUp):
    """By programme: what it owes, as the night measured it, and what of it ends soon."""

    name = "points"
    label = _("points that end soon")
    after = (MEASURE_LIABILITY,)

    def measure(self, *, on: date, at: datetime) -> Measured:
        ending = by_programme(
            tuple(f"within_{days}" for days in ENDING_DAYS), statements.rows("rollups/expiring", on=on)
        )
        owed = {
            str(each.programme_id): {
                "outstanding": each.outstanding, "pending": each.pending, "amount": each.amount, "liability": each.pk,
            }
            for each in PointsLiability.objects.filter(on=on)
        }
        return {"": {}, **{key: {**owed.get(key, {}), **ending.get(key, {})} for key in sorted({*owed, *ending})}}


class Crowding(RollUp):
    """By programme: how many wallets stand on each tier, by the tier's key."""

    name = "crowding"
    label = _("wallets by tier")
    after = ("evaluate_tiers",)

    def measure(self, *, on: date, at: datetime) -> Measured:
        found: dict[str, dict[str, int]] = {}
        for programme, tier, wallets in statements.rows("rollups/crowding"):
            found.setdefault(str(programme), {})[str(tier)] = wallets
        return found


def by_programme(names: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> dict[str, dict[str, Any]]:
    """Rows that begin with a programme's key, as figures by these names."""
    return {str(programme): dict(zip(names, figures, strict=True)) for programme, *figures in rows}


ROLL_UPS = (Cards, Renewals, Points, Crowding)
