"""What the night measures of benefits: how many members hold each, and what they had of it (page of dilution)."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from benefits.services import statements
from benefits.services.value_runs import programmes_with_benefits
from memberships.services.ranges import member_ranges
from operations.rollups import Measured, RollUp

#: What was delivered is of so many days before the date.
DELIVERED_DAYS = 30
#: As many ids of members in a statement.
MEMBERS = 200_000
DAY = timedelta(days=1)


class Reach(RollUp):
    """By programme: its members, and by benefit those who hold it, used it, and what it saved them and cost.

    Figures of a benefit are named by its key: "12.holders", "12.users", "12.units", "12.saved", "12.cost".
    """

    name = "reach"
    label = _("reach of benefits")
    after = ("follow_rights", "expire_grants", "evaluate_tiers")

    def measure(self, *, on: date, at: datetime) -> Measured:
        found: dict[str, dict[str, Any]] = defaultdict(lambda: defaultdict(int))
        programmes = [programme.pk for programme in programmes_with_benefits()]
        for keys in (each.keys._asdict() for each in member_ranges(size=MEMBERS)):
            for programme, benefit, members in statements.rows("rollups/holders", on=on, **keys):
                found[str(programme)]["members" if benefit is None else f"{benefit}.holders"] += members
            for programme in programmes:
                for benefit, *figures in statements.rows(
                    "rollups/delivered", programme=programme, first_day=on - DELIVERED_DAYS * DAY, last_day=on - DAY,
                    **keys,
                ):
                    for name, figure in zip(("users", "units", "saved", "cost"), figures, strict=True):
                        found[str(programme)][f"{benefit}.{name}"] += figure
        return {key: dict(figures) for key, figures in found.items()}


ROLL_UPS = (Reach,)
