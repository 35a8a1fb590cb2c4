"""The points ledger against itself: wallets, lots, entries (the docstring of models/points.py says what must hold)."""

from django.utils.translation import gettext_lazy as _

from memberships.books.tables import TableCheck
from memberships.models import Enrolment, PointsEntry, PointsLot
from memberships.models.points import Account
from memberships.services.points_expiry import settled_through
from operations.services.books import DAY, Period


class Wallets(TableCheck):
    """Balances against entries and lots."""

    name = "wallets"
    label = _("points wallets")
    model = Enrolment
    faults = {
        "balance_of_entries": _("the balance is not the sum of the entries"),
        "balance_of_lots": _("the balance is not what remains of the lots, less what expired"),
        "expired_of_lot": _("what expired of a lot is not what remained of it"),
    }


class Lots(TableCheck):
    """Lots against draws, and against the nights that should have expired them."""

    name = "lots"
    label = _("lots")
    model = PointsLot
    step = 50_000
    faults = {
        "remaining_of_draws": _("what remains is not the lot's points less its draws"),
        "lot_not_expired": _("the lot should have been expired by a night that succeeded"),
    }

    def parameters(self, period: Period) -> dict[str, object]:
        return {"settled": settled_through(before=period.on + DAY)}


class Entries(TableCheck):
    """Entries against draws, lots and what they reverse."""

    name = "entries"
    label = _("points entries")
    model = PointsEntry
    step = 50_000
    faults = {
        "entry_of_draws": _("the entry's points are not what it drew from the lots, or gave back"),
        "earn_of_lot": _("the entry's points are not those of the lot that was earned"),
        "accounts_of_kind": _("debit and credit are not those of such an entry"),
        "reversal_of_entry": _("the entry does not reverse what it names"),
    }
    values = dict(Account.choices) | dict(PointsEntry.Kind.choices)
