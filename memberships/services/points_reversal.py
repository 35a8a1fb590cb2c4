"""Taking back what was earned, giving back what was spent. An entry is reversed once, by an entry that names it."""

from datetime import date, datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from memberships.errors import NotReversibleError
from memberships.models import Enrolment, PointsEntry
from memberships.services import statements
from memberships.services.points import (
    book_entry,
    check_key,
    first_result,
    lock_wallet,
    spendable_points,
    take_from_lots,
)
from memberships.services.points_expiry import expire_enrolment, expired_through
from operations.models import User

Kind = PointsEntry.Kind


class Reversal(NamedTuple):
    """The entry that reverses, and how many points it could not take back: they were spent, and the rest is too few."""

    entry: PointsEntry
    missing: int


@transaction.atomic
def reverse_entry(
    entry: PointsEntry, *, key: str, on: date, at: datetime, actor: User | None, reason: str = ""
) -> Reversal:
    """Reverse an earn (within the balance) or a spend (as a whole). A repeat returns the first result.

    Raises ReservedKeyError, KeyConflictError, and NotReversibleError: for an entry of another kind, one that was
    reversed, or an earn of which nothing can be taken back.
    """
    check_key(key)
    wallet = lock_wallet(entry.enrolment_id)
    if first := first_result(wallet, key=key, kind=Kind.REVERSE, reverses_id=entry.pk):
        return Reversal(first, _missing(entry, first))
    _check_reversible(entry)
    # What is over goes first: nobody takes from it, and what comes back to it is another loss, of another day.
    over_on = max(on, expired_through() or on)
    expire_enrolment(wallet, on=over_on, at=at, actor=actor)
    reversal = PointsEntry(
        member_id=wallet.member_id, enrolment=wallet, key=key, kind=Kind.REVERSE, reverses=entry,
        debit=entry.credit, credit=entry.debit, on=on, at=at, actor=actor, reason=reason,
    )
    if entry.kind == Kind.EARN:
        _take_back(wallet, entry, reversal)
    else:
        _give_back(entry, reversal, over_on=over_on)
    return Reversal(reversal, _missing(entry, reversal))


def _check_reversible(entry: PointsEntry) -> None:
    if entry.kind == Kind.EXPIRE:
        raise NotReversibleError(_("Points that expired are not given back by a reversal."))
    if entry.kind == Kind.REVERSE:
        raise NotReversibleError(_("A reversal is not reversed: book anew what it took away."))
    if PointsEntry.objects.filter(reverses=entry).exists():
        raise NotReversibleError(_("This entry was reversed before."))


def _take_back(wallet: Enrolment, earned: PointsEntry, reversal: PointsEntry) -> None:
    """What remains of the earned lot, then from the other lots, as far as there is something to be spent."""
    owed, spendable = _owed(earned, by=None), spendable_points(wallet, on=reversal.on)
    taken = min(owed, spendable)
    if not taken:
        raise NotReversibleError(
            _("Nothing can be taken back: %(owed)s of these points did not expire, and %(spendable)s can be spent.")
            % {"owed": owed, "spendable": spendable}
        )
    reversal.points = -taken
    book_entry(reversal)
    take_from_lots(reversal, taken, first_lot=earned.lot_id)


def _give_back(spent: PointsEntry, reversal: PointsEntry, *, over_on: date) -> None:
    """All draws of a spend go back to their lots; what a lot gets back that is over expires at once.

    Nights do not look again at days that were settled: `over_on` is the newest of them, or the day itself.
    """
    reversal.points = -spent.points
    book_entry(reversal)
    statements.run("points/give_back_to_lots", reversed=spent.pk, reversal=reversal.pk)
    statements.run(
        "points/expire_given_back", reversal=reversal.pk, over_on=over_on, on=reversal.on, at=reversal.at,
        actor=reversal.actor_id,
    )


def _owed(earned: PointsEntry, *, by: PointsEntry | None) -> int:
    """The earned points that did not expire on their own until they were reversed (by an entry, or now)."""
    losses = PointsEntry.objects.filter(enrolment=earned.enrolment_id, kind=Kind.EXPIRE, lot=earned.lot_id)
    if by is not None:
        losses = losses.filter(pk__lt=by.pk)
    return earned.points + int(losses.aggregate(points=Sum("points", default=0))["points"])


def _missing(entry: PointsEntry, reversal: PointsEntry) -> int:
    """What the reversal of an earn could not take."""
    return _owed(entry, by=reversal) + reversal.points if entry.kind == Kind.EARN else 0
