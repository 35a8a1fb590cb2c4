"""Taking back what was earned, in parts, and giving back what was spent, as a whole, by entries that name it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from memberships.errors import AwardExpiredError, AwardKeptError, KeyConflictError, NotReversibleError
from memberships.models import Enrolment, LotDraw, PointsEntry, PointsLot, PointsPolicy
from memberships.models.points import QUALIFYING_KEY, Account
from memberships.services import statements
from memberships.services.points import spendable_points
from memberships.services.points_booking import (
    book_entry,
    check_key,
    first_result,
    key_of_another_wallet,
    lock_wallet,
)
from memberships.services.points_debts import pay_from_gift
from memberships.services.points_expiry import expire_enrolment, expire_wallets, over_by
from memberships.services.points_transfers import pass_on
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


class Taking(NamedTuple):
    """A part of an award (by its entry's key in the database) that is to be taken back, under a key of its own."""

    award: int
    key: str
    points: int
    qualifying: int


class Taken(NamedTuple):
    """What became of a Taking: `finding` is one of those below; without an entry nothing was booked.

    `points` is what the entry booked (0 or less), `qualifying` how many of those points were taken. Of what the policy
    leaves to the member, all is missing that had not expired.
    """

    finding: str
    entry: int | None
    points: int
    qualifying: int
    missing: int


#: The policy leaves posted points to the member.
KEPT = "kept"


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
    if entry.kind in (Kind.EARN, Kind.ACCRUE):
        part = _part(left_of_award(entry), points, qualifying)
        return _take_back(entry, part, key=key, on=on, at=at, actor=actor, reason=reason)
    if entry.kind != Kind.SPEND:
        raise _wrong_kind()
    _check_whole_spend(entry, points, qualifying)
    reversal = PointsEntry(
        member_id=wallet.member_id, enrolment=wallet, key=key, kind=Kind.REVERSE, reverses=entry,
        debit=entry.credit, credit=entry.debit, on=on, at=at, actor=actor, reason=reason,
    )
    _give_back(wallet, entry, reversal)
    pass_on(wallet, key=f"{reversal.pk}", on=on, at=at, actor=actor)
    return Reversal(reversal, 0, 0)


def foresee_reversal(entry: PointsEntry, *, on: date) -> Prospect:
    """What `reverse_entry` of all that is left would do on a day. Reads only. Raises NotReversibleError as it does."""
    if entry.kind == Kind.SPEND:
        _check_whole_spend(entry, None, None)
        lost = _lost_if_given_back(entry, over_on=over_by(on))
        return Prospect(-entry.points, -entry.points - lost, lost)
    if entry.kind not in (Kind.EARN, Kind.ACCRUE):
        raise _wrong_kind()
    wallet = entry.enrolment
    lot = PointsLot.objects.get(pk=entry.lot_id) if entry.lot_id else None
    part = _part(_left_of(entry, lot), None, None)
    if lot is not None and lot.pending_until is not None:
        return Prospect(part.points, part.points, 0)
    policy = _policy(wallet)
    if policy is not None and policy.reversal == Policy.PENDING_ONLY:
        raise _kept()
    over_on = over_by(on)
    owed = min(part.points, _not_expired(entry, over_on=over_on))
    if not owed and not part.qualifying:
        raise _gone()
    may_owe = policy is not None and policy.reversal == Policy.MAY_GO_NEGATIVE
    moved = owed if may_owe else min(owed, spendable_points(wallet, on=over_on))
    return Prospect(part.points, moved, owed - moved)


def _wrong_kind() -> NotReversibleError:
    return NotReversibleError(_("Only awards and spends are reversed; correct another entry by an adjustment."))


def _kept() -> NotReversibleError:
    return AwardKeptError(_("The return window of this award is over: its points are the member's."))


def _gone() -> NotReversibleError:
    return AwardExpiredError(_("Nothing can be taken back: these points have expired."))


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


def take_back(
    takings: Sequence[Taking], *, on: date, at: datetime, actor: User | None, reason: str = ""
) -> list[Taken]:
    """Take parts of awards back, one of a wallet, by a few statements; what became of each, in their order.

    The wallets are locked, and no more is asked for than is left of each award. What is over in the wallets of posted
    awards goes first: nobody takes from it, and it is no loss any more.
    """
    awards = [taking.award for taking in takings]
    over_on = over_by(on)
    posted = PointsEntry.objects.filter(pk__in=awards).exclude(lot__pending_until__isnull=False)
    expire_wallets(list(posted.values_list("enrolment_id", flat=True)), on=over_on, at=at, actor=actor)
    with key_of_another_wallet(takings[0].key if takings else ""):
        booked = statements.rows(
            "points/take_back", awards=awards, keys=[taking.key for taking in takings],
            points=[taking.points for taking in takings], qualifying=[taking.qualifying for taking in takings],
            lost=_lost(awards, over_on=over_on), on=on, at=at, actor=actor.pk if actor else None, reason=reason,
        )
    return [Taken(*row) for row in booked]


def _take_back(
    award: PointsEntry, part: Part, *, key: str, on: date, at: datetime, actor: User | None, reason: str
) -> Reversal:
    """All or nothing of one award. Raises AwardKeptError, AwardExpiredError."""
    taking = Taking(award.pk, key, part.points, part.qualifying)
    (taken,) = take_back([taking], on=on, at=at, actor=actor, reason=reason)
    if taken.entry is None:
        raise _kept() if taken.finding == KEPT else _gone()
    return Reversal(PointsEntry.objects.get(pk=taken.entry), taken.missing, taken.qualifying)


def _qualifying_taken(reversal: PointsEntry) -> int:
    """How many qualifying points the reversal of a posted award took back, of whatever day."""
    if reversal.debit != Account.LIABILITY:
        return 0
    beside = PointsEntry.objects.filter(member=reversal.member_id, key=f"{QUALIFYING_KEY}{reversal.pk}")
    return -reversal.qualifying - int(beside.aggregate(points=Sum("qualifying", default=0))["points"])


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


def not_expired_at(award: PointsEntry, moment: datetime) -> int:
    """What could be asked back of an award at the moment of a return, before which all that was over was booked."""
    return _not_expired(award, over_on=date.min, until=moment)


def _not_expired(award: PointsEntry, *, over_on: date, until: datetime | None = None) -> int:
    """The points of an award that by a day are neither over for good nor were taken back, or are still lacking.

    `until`: as it was by what had been booked at that moment.
    """
    (lost,) = _lost([award.pk], over_on=over_on, until=until)
    booked = Q() if until is None else Q(at__lte=until)
    reversals = PointsEntry.objects.filter(booked, reverses=award).aggregate(
        points=Sum("points", default=0), missing=Sum("missing", default=0)
    )
    # What was given again may expire although as many points were taken, from other lots.
    return max(0, int(award.points - lost + reversals["points"] - reversals["missing"]))


def _lost(awards: list[int], *, over_on: date, until: datetime | None = None) -> list[int]:
    """How many points of each of some awards are over for good by a day; or were at a moment."""
    found = statements.rows("points/lost_for_good", awards=awards, over_on=over_on, until=until)
    return [lost for (lost,) in found]


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
    over_on = over_by(reversal.on)
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


def _lost_if_given_back(spent: PointsEntry, *, over_on: date) -> int:
    """The points of a spend whose lots are over by a day, as expire_given_back.sql judges; none if they are renewed."""
    wallet = spent.enrolment
    policy = _policy(wallet)
    if policy is not None and policy.late_return == PointsPolicy.LateReturn.RENEW:
        return 0
    draws = LotDraw.objects.filter(entry=spent)
    is_idle = wallet.idle_on is not None and wallet.idle_on <= over_on
    if not is_idle and (wallet.idled_after is None or spent.pk > wallet.idled_after):
        lots = PointsLot.objects.filter(Q(expires_on=None) | Q(expires_on__gt=over_on), enrolment=wallet)
        draws = draws.exclude(lot__in=lots.unexpired())
    return int(draws.aggregate(points=Sum("points", default=0))["points"])


def _policy(wallet: Enrolment) -> PointsPolicy | None:
    """None: within the balance, and what comes back too late is lost."""
    return PointsPolicy.objects.filter(programme=wallet.programme_id).first()
