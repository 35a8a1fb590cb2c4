"""Taking back what was earned, in parts, and giving back what was spent, as a whole, by entries that name it."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, Q, Sum
from django.utils.translation import gettext as _

from memberships.errors import AwardExpiredError, AwardKeptError, KeyConflictError, NotReversibleError
from memberships.models import Enrolment, PointsEntry, PointsLot, PointsPolicy
from memberships.models.points import POSTING_KEY, QUALIFYING_KEY, Account
from memberships.services import statements
from memberships.services.points import spendable_points
from memberships.services.points_booking import (
    book_entry,
    check_key,
    draw,
    first_result,
    lock_wallet,
    take_from_lots,
)
from memberships.services.points_debts import pay_from_gift
from memberships.services.points_expiry import expire_enrolment, expired_through
from operations.models import User

Kind = PointsEntry.Kind
Policy = PointsPolicy.Reversal


class Reversal(NamedTuple):
    """The entry that reverses, and how many points it could not take back: they were spent, and the rest is too few.

    What a wallet owes from then on is not missing. `qualifying`: how many of those points it took back, of whatever
    day.
    """

    entry: PointsEntry
    missing: int
    qualifying: int


class Prospect(NamedTuple):
    """What is left to be reversed of an entry, what of it would be taken or given back, and what is not there."""

    left: int
    moved: int
    missing: int


class Part(NamedTuple):
    """Points of an award, and the qualifying points that go with them."""

    points: int
    qualifying: int


@transaction.atomic
def reverse_entry(
    entry: PointsEntry, *, key: str, on: date, at: datetime, actor: User | None, reason: str = "",
    points: int | None = None, qualifying: int | None = None,
) -> Reversal:
    """Reverse an award, or a part of it, by the programme's policy; or a spend, as a whole. A repeat returns the first.

    `points` None: all of the award that was not reversed yet; `qualifying` None: as many as go with the points. Points
    of the award that expired are no loss any more: they are not taken a second time. Qualifying points are taken back
    on the day for which they counted (that of the award, or of its posting), that is, in the window in which they were
    earned: what comes back next year takes nothing of next year's tier.
    Raises ReservedKeyError, KeyConflictError, and NotReversibleError: for an entry of another kind, one that was
    reversed, more than is left of an award, or an award of which nothing may be taken back.
    """
    check_key(key)
    wallet = lock_wallet(entry.enrolment_id)
    if first := _first(wallet, entry, key, points, qualifying):
        return Reversal(first, first.missing, _qualifying_taken(first))
    reversal = PointsEntry(
        member_id=wallet.member_id, enrolment=wallet, key=key, kind=Kind.REVERSE, reverses=entry,
        debit=entry.credit, credit=entry.debit, on=on, at=at, actor=actor, reason=reason,
    )
    if entry.kind == Kind.SPEND:
        _check_whole_spend(entry, points, qualifying)
        _give_back(wallet, entry, reversal)
    elif entry.kind in (Kind.EARN, Kind.ACCRUE):
        _take_back(wallet, entry, reversal, points, qualifying)
    else:
        raise _wrong_kind()
    return Reversal(reversal, reversal.missing, _qualifying_taken(reversal))


def foresee_reversal(entry: PointsEntry, *, on: date) -> Prospect:
    """What `reverse_entry` of all that is left would do on a day. Reads only. Raises NotReversibleError as it does."""
    if entry.kind == Kind.SPEND:
        _check_whole_spend(entry, None, None)
        return Prospect(-entry.points, -entry.points, 0)
    if entry.kind not in (Kind.EARN, Kind.ACCRUE):
        raise _wrong_kind()
    wallet = entry.enrolment
    lot = PointsLot.objects.get(pk=entry.lot_id) if entry.lot_id else None
    part = _part(_left_of(entry, lot), None, None)
    if lot is not None and lot.pending_until is not None:
        return Prospect(part.points, part.points, 0)
    policy = _policy(wallet)
    _refuse_closed_window(policy)
    over_on = max(on, expired_through() or on)
    owed = min(part.points, _not_expired(entry, lot, over_on=over_on))
    _refuse_nothing(owed, part)
    may_owe = policy is not None and policy.reversal == Policy.MAY_GO_NEGATIVE
    moved = owed if may_owe else min(owed, spendable_points(wallet, on=over_on))
    return Prospect(part.points, moved, owed - moved)


def _wrong_kind() -> NotReversibleError:
    return NotReversibleError(_("Only awards and spends are reversed; correct another entry by an adjustment."))


def _refuse_closed_window(policy: PointsPolicy | None) -> None:
    if policy is not None and policy.reversal == Policy.PENDING_ONLY:
        raise AwardKeptError(_("The return window of this award is over: its points are the member's."))


def _refuse_nothing(owed: int, part: Part) -> None:
    if not owed and not part.qualifying:
        raise AwardExpiredError(_("Nothing can be taken back: these points have expired."))


def _first(
    wallet: Enrolment, entry: PointsEntry, key: str, points: int | None, qualifying: int | None
) -> PointsEntry | None:
    """What came of the key before. Raises KeyConflictError, also where another part was asked for."""
    first = first_result(wallet, key=key, kind=Kind.REVERSE, reverses_id=entry.pk)
    if first is None:
        return None
    is_other_part = points is not None and first.asked is not None and points != first.asked
    # What was pending had no qualifying points of its own to take.
    counted = first.debit != Account.PENDING
    if is_other_part or (qualifying is not None and counted and qualifying != _qualifying_taken(first)):
        raise KeyConflictError(key)
    return first


def _take_back(
    wallet: Enrolment, award: PointsEntry, reversal: PointsEntry, points: int | None, qualifying: int | None
) -> None:
    lot = PointsLot.objects.get(pk=award.lot_id) if award.lot_id else None
    part = _part(_left_of(award, lot), points, qualifying)
    reversal.asked = part.points
    if lot is not None and lot.pending_until is not None:
        _take_pending(wallet, lot, reversal, part)
        return
    policy = _policy(wallet)
    _refuse_closed_window(policy)
    # What is over goes first: nobody takes from it, and it is no loss any more.
    over_on = max(reversal.on, expired_through() or reversal.on)
    expire_enrolment(wallet, on=over_on, at=reversal.at, actor=reversal.actor)
    reversal.debit, reversal.credit = Account.LIABILITY, Account.ISSUED
    owed = min(part.points, _not_expired(award, lot, over_on=over_on))
    _refuse_nothing(owed, part)
    may_owe = policy is not None and policy.reversal == Policy.MAY_GO_NEGATIVE
    counted_on = _counted_on(award)
    reversal.qualifying = -part.qualifying if counted_on == reversal.on else 0
    _take_posted(wallet, reversal, owed, first_lot=award.lot_id, may_owe=may_owe)
    if part.qualifying and counted_on != reversal.on:
        _take_qualifying(reversal, part.qualifying, on=counted_on)


def _counted_on(award: PointsEntry) -> date:
    """The day for which the qualifying points of a posted award count."""
    if award.kind == Kind.ACCRUE:
        posting = PointsEntry.objects.filter(member=award.member_id, key=f"{POSTING_KEY}{award.lot_id}").first()
        return award.on if posting is None else posting.on
    return award.on


def _take_qualifying(reversal: PointsEntry, qualifying: int, *, on: date) -> None:
    """Take qualifying points back on the day for which they counted: another than the reversal's."""
    book_entry(PointsEntry(
        member_id=reversal.member_id, enrolment_id=reversal.enrolment_id, key=f"{QUALIFYING_KEY}{reversal.pk}",
        kind=Kind.REVERSE, points=0, qualifying=-qualifying, reverses=reversal.reverses, debit=reversal.debit,
        credit=reversal.credit, asked=0, on=on, at=reversal.at, actor=reversal.actor, reason=reversal.reason,
    ))


def _qualifying_taken(reversal: PointsEntry) -> int:
    """How many qualifying points a reversal took back, of whatever day."""
    if reversal.debit != Account.LIABILITY:
        return 0
    beside = PointsEntry.objects.filter(member=reversal.member_id, key=f"{QUALIFYING_KEY}{reversal.pk}")
    return -reversal.qualifying - int(beside.aggregate(points=Sum("qualifying", default=0))["points"])


def _take_pending(wallet: Enrolment, lot: PointsLot, reversal: PointsEntry, part: Part) -> None:
    """Points that nobody has yet: the lot is less, and so is what will come with its posting."""
    reversal.points = -part.points
    reversal.debit, reversal.credit = Account.PENDING, Account.ISSUED
    book_entry(reversal)
    if part.points:
        draw(reversal, lot, part.points)
    left = PointsLot.objects.filter(pk=lot.pk)
    if lot.remaining == part.points and lot.qualifying == part.qualifying:
        # Nothing waits any more.
        left.update(pending_until=None)
    else:
        left.update(qualifying=F("qualifying") - part.qualifying)


def _take_posted(
    wallet: Enrolment, reversal: PointsEntry, owed: int, *, first_lot: int | None, may_owe: bool
) -> None:
    """From the award's own lot, then from the others, as far as there is something to be spent; the rest by policy."""
    there = min(owed, spendable_points(wallet, on=reversal.on))
    reversal.points = -owed if may_owe else -there
    reversal.missing = 0 if may_owe else owed - there
    if may_owe and owed > there:
        Enrolment.objects.filter(pk=wallet.pk).update(debt=F("debt") + owed - there)
    book_entry(reversal)
    if there:
        take_from_lots(reversal, there, first_lot=first_lot)


def _part(left: Part, points: int | None, qualifying: int | None) -> Part:
    """What is asked for of what is left of an award. Raises NotReversibleError."""
    if left == (0, 0):
        raise NotReversibleError(_("This entry was reversed before."))
    asked = left.points if points is None else points
    if qualifying is None:
        qualifying = left.qualifying * asked // left.points if left.points else left.qualifying
    if not (0 <= asked <= left.points and 0 <= qualifying <= left.qualifying) or asked == qualifying == 0:
        raise NotReversibleError(
            _("%(asked)s points and %(qualifying)s qualifying ones cannot be taken back: "
              "of this award %(left)s and %(left_qualifying)s are left.")
            % {"asked": asked, "qualifying": qualifying, "left": left.points, "left_qualifying": left.qualifying}
        )
    return Part(asked, qualifying)


def left_of_award(award: PointsEntry, *, after: Q | None = None) -> Part:
    """What no reversal has asked for yet of an award; `after`: no reversal of those, whatever others came since."""
    lot = PointsLot.objects.get(pk=award.lot_id) if award.lot_id else None
    return _left_of(award, lot, after)


def _left_of(award: PointsEntry, lot: PointsLot | None, after: Q | None = None) -> Part:
    """Qualifying points of an accrual are its lot's, then its posting's."""
    booked = PointsEntry.objects.filter(after or Q(), reverses=award).aggregate(
        asked=Sum("asked", default=0), qualifying=Sum("qualifying", default=0)
    )
    if lot is not None and lot.pending_until is not None:
        given = lot.qualifying
    elif award.kind == Kind.ACCRUE:
        posted = PointsEntry.objects.filter(enrolment=award.enrolment_id, kind=Kind.POST, lot=lot)
        given = posted.aggregate(qualifying=Sum("qualifying", default=0))["qualifying"]
    else:
        given = award.qualifying
    return Part(award.points - booked["asked"], given + booked["qualifying"])


def _not_expired(award: PointsEntry, lot: PointsLot | None, *, over_on: date) -> int:
    """The points of an award that by a day are neither over for good nor were taken back, or are still lacking."""
    if lot is None:
        return 0
    ((lost,),) = statements.rows(
        "points/lost_for_good", enrolment=award.enrolment_id, lot=lot.pk, over_on=over_on
    )
    reversals = PointsEntry.objects.filter(reverses=award).aggregate(
        points=Sum("points", default=0), missing=Sum("missing", default=0)
    )
    # What was given again may expire although as many points were taken, from other lots.
    return max(0, int(award.points - lost + reversals["points"] - reversals["missing"]))


def _check_whole_spend(spent: PointsEntry, points: int | None, qualifying: int | None) -> None:
    if PointsEntry.objects.filter(reverses=spent).exists():
        raise NotReversibleError(_("This entry was reversed before."))
    if points not in (None, -spent.points) or qualifying:
        raise NotReversibleError(_("A spend is given back as a whole."))


def _give_back(wallet: Enrolment, spent: PointsEntry, reversal: PointsEntry) -> None:
    """All draws of a spend go back to their lots; what is owed takes from it; what a lot gets that is over is lost.

    Unless the programme renews it: then it expires, too, and is given again in a new lot for some days.
    Nights do not look again at days that were settled: lots are over by the newest of them, or the day itself.
    """
    over_on = max(reversal.on, expired_through() or reversal.on)
    # What is over goes first: what comes back to it is another loss, of another day.
    expire_enrolment(wallet, on=over_on, at=reversal.at, actor=reversal.actor)
    reversal.points = -spent.points
    book_entry(reversal)
    statements.run("points/give_back_to_lots", reversed=spent.pk, reversal=reversal.pk, on=reversal.on)
    pay_from_gift(wallet, spent, reversal)
    told = {"reversal": reversal.pk, "on": reversal.on, "at": reversal.at, "actor": reversal.actor_id}
    lost = [pk for (pk,) in statements.rows("points/expire_given_back", over_on=over_on, **told)]
    policy = _policy(wallet)
    if lost and policy is not None and policy.late_return == PointsPolicy.LateReturn.RENEW:
        statements.run(
            "points/renew_given_back", expiries=lost, reason=reversal.reason,
            expires_on=over_on + timedelta(days=policy.late_return_days), **told,
        )


def _policy(wallet: Enrolment) -> PointsPolicy | None:
    """None: within the balance, and what comes back too late is lost."""
    return PointsPolicy.objects.filter(programme=wallet.programme_id).first()
