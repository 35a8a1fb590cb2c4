"""The points ledger against itself: wallets, lots, entries (the docstring of models/points.py says what must hold)."""

from django.utils.translation import gettext_lazy as _

from memberships.books.tables import TableCheck
from memberships.models import Enrolment, PointsEntry, PointsLot, Programme
from memberships.models.points import Account
from memberships.services.points_expiry import settled_through
from operations.services.books import DAY, Period


class Wallets(TableCheck):
    """Balances, what is pending and what is owed, against entries, lots and draws."""

    name = "wallets"
    label = _("points wallets")
    model = Enrolment
    faults = {
        "balance_of_entries": _("the balance is not the sum of the entries"),
        "balance_of_lots": _("the balance is not what remains of the lots, less what expired and what is owed"),
        "pending_of_entries": _("what is pending is not the sum of the entries"),
        "pending_of_lots": _("what is pending is not what remains of the pending lots"),
        "debt_of_draws": _("what is owed is not what entries took and no lot gave"),
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
        "earn_of_lot": _("the entry's points are not those of its lot"),
        "accounts_of_kind": _("debit and credit are not those of such an entry"),
        "reversal_of_entry": _("the entry does not reverse what it names"),
        "missing_of_reversals": _("of the award more was asked for, or claimed, than there was"),
    }
    values = dict(Account.choices) | dict(PointsEntry.Kind.choices)


class Issues(TableCheck):
    """Of each programme: what was issued is outstanding, spent, expired or taken back."""

    name = "issues"
    label = _("points of programmes")
    model = Programme
    page = Programme
    #: All of them at once: one pass over the entries.
    step = 1_000_000
    faults = {
        "issued_of_programme": _("what was issued is not what is outstanding, spent, expired and taken back"),
    }
