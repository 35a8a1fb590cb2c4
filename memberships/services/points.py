"""Points: earning, spending, and what a wallet shows. (Reversal: points_reversal; expiry: points_expiry.)

Every service locks the wallet before it reads a lot, so that two of them take turns. Every effect has a key, unique
for the member and for ever: a repeat with the same body returns the first result, another body is a KeyConflictError.
The body is what is booked (wallet, kind, points, the expiry of what is earned, the entry that is reversed), not when,
by whom and why. Some keys are the ledger's own (models/points.py, OWN_KEYS).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import F, Sum

from memberships.errors import InsufficientPointsError, KeyConflictError, PointsExpiryError
from memberships.models import Enrolment, PointsEntry, PointsLot
from memberships.models.points import Account
from memberships.services import statements
from memberships.services.enrolments import enrol_member as enrol_member
from memberships.services.points_booking import book_entry as book_entry
from memberships.services.points_booking import check_key, check_points, key_of_another_wallet, lock_wallets
from memberships.services.points_booking import lock_wallet as lock_wallet
from memberships.services.points_debts import settle_debts
from memberships.services.points_expiry import expire_idle, over_by
from operations.models import User

Kind = PointsEntry.Kind


class Grant(NamedTuple):
    """Points to be earned by a wallet, under a key of their own; `expires_on` is the first day without them.

    With `pending_until` they accrue, and are posted after that day; `qualifying` points count for the tier then, too.
    There may be qualifying points alone.
    """

    enrolment_id: int
    points: int
    key: str
    expires_on: date | None = None
    qualifying: int = 0
    pending_until: date | None = None


#: The fields of Grant, as the statements' parameters are called.
COLUMNS = ("enrolments", "points", "keys", "expires_on", "qualifying", "pending_until")


@dataclass(frozen=True)
class WalletFigures:
    """What a wallet shows on a day: the books' balance, what can be spent, and what goes next, and when."""

    balance: int
    spendable: int
    next_expiry_on: date | None
    next_expiry_points: int


def earn_points(
    enrolment: Enrolment, points: int, *, key: str, expires_on: date | None, on: date, at: datetime,
    actor: User | None, reason: str = "", qualifying: int = 0, pending_until: date | None = None,
) -> PointsEntry:
    """Give a wallet a lot of points (see Grant). Raises what `earn_points_for_many` raises."""
    grant = Grant(enrolment.pk, points, key, expires_on, qualifying, pending_until)
    earn_points_for_many([grant], on=on, at=at, actor=actor, reason=reason)
    return PointsEntry.objects.get(member_id=enrolment.member_id, key=key)


@transaction.atomic
def earn_points_for_many(
    grants: Sequence[Grant], *, on: date, at: datetime, actor: User | None, reason: str = ""
) -> int:
    """Give many wallets their lots, all or none; how many were new. Locks the wallets in key order.

    Raises PointsAmountError, ReservedKeyError, PointsExpiryError, KeyConflictError, Enrolment.DoesNotExist.
    """
    grants = _distinct(grants)
    for grant in grants:
        _check_grant(grant)
    locked = lock_wallets({grant.enrolment_id for grant in grants}, on=on)
    columns = zip(*grants, strict=True) if grants else ([] for _name in COLUMNS)
    listed = {name: list(column) for name, column in zip(COLUMNS, columns, strict=True)}
    _refuse_conflicts(listed)
    _refuse_over(grants, on=on)
    # What inactivity has ended is not revived by what is earned afterwards.
    expire_idle(locked.idle, on=on, at=at, actor=actor)
    with key_of_another_wallet(grants[0].key if grants else ""):
        booked = statements.rows(
            "points/earn", on=on, at=at, actor=actor.pk if actor else None, reason=reason, **listed
        )
    if locked.indebted:
        settle_debts(locked.indebted, on=on)
    new = int(booked[0][0])
    if new < len(grants):
        # Not all of them need be repeats: the member's other wallet may have taken a key since we looked.
        _refuse_conflicts(listed)
    return new


def _refuse_conflicts(listed: dict[str, list[Any]]) -> None:
    """Raises KeyConflictError when a key of the grants was used for something else."""
    conflicting = statements.rows("points/find_conflicting_grants", **listed)
    if conflicting:
        raise KeyConflictError(conflicting[0][0])


def spend_points(
    enrolment: Enrolment, points: int, *, key: str, on: date, at: datetime, actor: User | None, reason: str = ""
) -> PointsEntry:
    """Take points from a wallet, the earliest expiry first; draws name the lots. One statement.

    Points that are over by that day cannot be spent, whether or not a night has expired them, nor pending ones.
    Raises PointsAmountError, ReservedKeyError, KeyConflictError, InsufficientPointsError, Enrolment.DoesNotExist.
    """
    check_points(points)
    check_key(key)
    ((outcome, entry_id, spendable),) = statements.rows(
        "points/spend", wallet=enrolment.pk, points=points, key=key, on=on, at=at,
        actor=actor.pk if actor else None, reason=reason,
    )
    if outcome == "spent":
        return _as_booked(PointsEntry(
            id=entry_id, member_id=enrolment.member_id, enrolment=enrolment, key=key, kind=Kind.SPEND, points=-points,
            debit=Account.LIABILITY, credit=Account.REDEEMED, on=on, at=at, actor=actor, reason=reason,
        ))
    if outcome == "repeated":
        return PointsEntry.objects.get(pk=entry_id)
    if outcome == "lacking":
        raise InsufficientPointsError(asked=points, spendable=spendable, on=on)
    if outcome == "absent":
        raise Enrolment.DoesNotExist
    raise KeyConflictError(key)


def _as_booked(entry: PointsEntry) -> PointsEntry:
    """The entry as if it had been read, without reading it."""
    entry._state.adding, entry._state.db = False, connection.alias
    return entry


def wallet_figures(enrolment: Enrolment, *, on: date) -> WalletFigures:
    """What the wallet shows on a day. Two queries."""
    by_day = (
        PointsLot.objects.of_wallet(enrolment).in_time(on=on)
        .values_list("expires_on").annotate(points=Sum("remaining")).order_by(F("expires_on").asc(nulls_last=True))
    )
    days = list(by_day)
    first_on, first_points = days[0] if days and days[0][0] else (None, 0)
    return WalletFigures(
        balance=Enrolment.objects.values_list("balance", flat=True).get(pk=enrolment.pk),
        spendable=sum(points for _day, points in days),
        next_expiry_on=first_on, next_expiry_points=first_points,
    )


def spendable_points(enrolment: Enrolment, *, on: date) -> int:
    """How many points can be spent on a day."""
    lots = PointsLot.objects.of_wallet(enrolment).in_time(on=on)
    return int(lots.aggregate(points=Sum("remaining", default=0))["points"])


def _check_grant(grant: Grant) -> None:
    """Raises PointsAmountError, ReservedKeyError."""
    check_key(grant.key)
    if grant.points or not grant.qualifying:
        check_points(grant.points)
    if grant.qualifying:
        check_points(grant.qualifying)


def _refuse_over(grants: Sequence[Grant], *, on: date) -> None:
    """Nothing is earned that is over, or would be before it is posted. The wallets are locked.

    What was booked in time may be over by now: its repeat is none of this. Raises PointsExpiryError.
    """
    over_on = over_by(on)
    over = [
        grant for grant in grants
        if grant.expires_on is not None and grant.expires_on <= max(over_on, grant.pending_until or on)
    ]
    if not over:
        return
    asked = PointsEntry.objects.filter(
        enrolment_id__in={grant.enrolment_id for grant in over}, key__in={grant.key for grant in over}
    )
    booked = set(asked.values_list("enrolment_id", "key"))
    for grant in over:
        if grant.expires_on is not None and (grant.enrolment_id, grant.key) not in booked:
            raise PointsExpiryError(expires_on=grant.expires_on, over_on=max(over_on, grant.pending_until or on))


def _distinct(grants: Sequence[Grant]) -> list[Grant]:
    """The grants in their order, each once. Raises KeyConflictError when one key has two bodies."""
    by_key: dict[tuple[int, str], Grant] = {}
    for grant in grants:
        if by_key.setdefault((grant.enrolment_id, grant.key), grant) != grant:
            raise KeyConflictError(grant.key)
    return list(by_key.values())
