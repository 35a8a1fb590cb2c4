"""What falls into a month after its settlement was closed: proposed, and added to a later draft as adjustments.

A use that is told late, a confirmation that names an earlier day, a use that is taken back. Only of months settled by
our own records: where the partner bills, what was late stands in a statement of its own, and is decided there.
"""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from operations.models import User
from partners.models import Partner, Settlement, SettlementAdjustment
from partners.services.settlements import CENT, adjust_settlement
from partners.services.statements import rows

#: So many months back it is looked.
MONTHS = 12


class LateEntry(NamedTuple):
    """Units of an offer in a closed month: as they were settled, or added since, and as they are known by now."""

    month: date
    offer: int
    sku: str
    unit_cost: Decimal
    before: int
    now: int

    @property
    def amount(self) -> Decimal:
        """Negative where units were taken back."""
        return (self.unit_cost * (self.now - self.before)).quantize(CENT, ROUND_HALF_UP)

    @property
    def key(self) -> str:
        """Of its adjustment: sql/settlements/late.sql reads from it what was added before."""
        return f"late:{self.month:%Y-%m}:{self.offer}:{self.before}-{self.now}"

    @property
    def words(self) -> str:
        return _("late for %(month)s: %(units)s of “%(sku)s”") % {
            "month": f"{self.month:%Y-%m}", "units": f"{self.now - self.before:+d}", "sku": self.sku,
        }


def late_entries(settlement: Settlement) -> list[LateEntry]:
    """What came late for the months before this one's that are closed, and was not added to any settlement."""
    found = rows("settlements/late", partner=settlement.partner_id, month=settlement.month, months=MONTHS)
    return [entry for entry in (LateEntry(*row) for row in found) if entry.amount]


@transaction.atomic
def add_late_entries(
    settlement: Settlement, *, reason: str, on: date, at: datetime, actor: User | None
) -> list[SettlementAdjustment]:
    """Add them to a draft, an adjustment each; again, or in another draft, adds only what came since.

    Locks the partner, so that two drafts do not take the same. Raises SettlementStateError.
    """
    Partner.objects.select_for_update(no_key=True).get(pk=settlement.partner_id)
    return [
        adjust_settlement(
            settlement, entry.amount, key=entry.key, reason=f"{entry.words} · {reason}"[:200], on=on, at=at, actor=actor
        )
        for entry in late_entries(settlement)
    ]
