"""What a wallet owes: points that a reversal was to take back, and that were not there.

By policy they are a debt, which the next points pay, whatever brings them; or they are missing, and are claimed only
when a spend of before gives points back. So it makes no difference which of the two is reversed first.
"""

from datetime import date

from django.db.models import F

from memberships.models import Enrolment, PointsEntry
from memberships.models.points import CLAIM_KEY
from memberships.services import statements
from memberships.services.points_booking import book_entry

Kind = PointsEntry.Kind


def settle_debts(wallets: list[int] | str, *, on: date) -> int:
    """Pay what is owed in wallets with the points that can be spent there; how many points were paid.

    For whatever brings points, after it did; wallets without a debt are passed over. They are locked. `wallets` may be
    an array as PostgreSQL writes it.
    """
    ((paid,),) = statements.rows("points/settle_debts", wallets=wallets, on=on)
    return int(paid)


def pay_from_gift(wallet: Enrolment, spent: PointsEntry, reversal: PointsEntry) -> None:
    """Debts and claims take first from what a spend's reversal has given back to its lots; the wallet is locked."""
    left = _pay_debts(wallet, reversal, reversal.points)
    for lacking, points in _claims(wallet, since=spent).items():
        taken = min(points, left)
        if taken:
            _claim(lacking, taken, reversal)
            left -= taken


def _pay_debts(wallet: Enrolment, reversal: PointsEntry, left: int) -> int:
    """What is left of the gift."""
    if not wallet.debt:
        return left
    for owing, points in statements.rows("points/find_owed", enrolment=wallet.pk):
        taken = min(points, left)
        if taken:
            _take_from_gift(owing, taken, reversal, first_lot=None)
            Enrolment.objects.filter(pk=wallet.pk).update(debt=F("debt") - taken)
            left -= taken
    return left


def _claims(wallet: Enrolment, *, since: PointsEntry) -> dict[PointsEntry, int]:
    """Reversals of awards, since a spend, that still lack points, oldest first, and how many."""
    booked = PointsEntry.objects.filter(enrolment=wallet, pk__gt=since.pk, kind=Kind.REVERSE).exclude(missing=0)
    lacking: dict[int, PointsEntry] = {}
    points: dict[int, int] = {}
    for entry in booked.order_by("pk").select_related("reverses"):
        if entry.key.startswith(CLAIM_KEY):
            claimed = int(entry.key.split(":")[1])
            # A claim may be younger than the spend, and what it claims older.
            if claimed in points:
                points[claimed] += entry.missing
        else:
            lacking[entry.pk], points[entry.pk] = entry, entry.missing
    return {lacking[pk]: points[pk] for pk in lacking if points[pk]}


def _claim(lacking: PointsEntry, points: int, reversal: PointsEntry) -> None:
    """Take what a reversal of an award lacks, by another entry that reverses the award."""
    award = lacking.reverses
    assert award is not None
    claim = book_entry(PointsEntry(
        member_id=lacking.member_id, enrolment_id=lacking.enrolment_id, key=f"{CLAIM_KEY}{lacking.pk}:{reversal.pk}",
        kind=Kind.REVERSE, points=-points, reverses=award, debit=lacking.debit, credit=lacking.credit, asked=0,
        missing=-points, on=reversal.on, at=reversal.at, actor_id=reversal.actor_id, reason=reversal.reason,
    ))
    _take_from_gift(claim.pk, points, reversal, first_lot=award.lot_id)


def _take_from_gift(entry: int, points: int, reversal: PointsEntry, *, first_lot: int | None) -> None:
    statements.run(
        "points/take_from_gift", entry=entry, points=points, reversal=reversal.pk, first_lot=first_lot
    )
