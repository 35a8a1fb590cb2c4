"""Adjustments by hand: points given or taken for a reason that is data. One, or many by a few statements.

What is given is a lot of its own; what is taken comes from the lots like a spend, and never more than there is.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import transaction

from memberships.errors import (
    AdjustmentReasonError,
    InsufficientPointsError,
    KeyConflictError,
    PointsAmountError,
    PointsExpiryError,
)
from memberships.models import AdjustmentReason, Enrolment, MemberMerge, PointsEntry
from memberships.services import statements
from memberships.services.merges import refuse_merged
from memberships.services.points_booking import check_key, key_of_another_wallet, lock_wallets
from memberships.services.points_debts import settle_debts
from memberships.services.points_expiry import expire_idle, over_by
from operations.approvals import Outcome
from operations.models import Approval, User
from operations.services.approvals import ask

#: The action of maker and checker (memberships/adjustment_approvals.py).
ADJUST_POINTS = "adjust_points"


class Adjustment(NamedTuple):
    """Points to be given (or taken, where negative), by the code of a reason, under a key of their own.

    `expires_on` is the first day without what is given; `qualifying` points may go either way, too, or alone.
    """

    enrolment_id: int
    points: int
    key: str
    reason_code: str
    expires_on: date | None = None
    qualifying: int = 0
    reason: str = ""


class Uncovered(NamedTuple):
    """A wallet from which more would be taken than there is."""

    enrolment_id: int
    asked: int
    spendable: int


def adjust_points(
    enrolment: Enrolment, points: int, *, reason_code: str, key: str, on: date, at: datetime, actor: User | None,
    qualifying: int = 0, expires_on: date | None = None, reason: str = "",
) -> PointsEntry:
    """Give or take points by hand (see Adjustment). Raises what `adjust_points_for_many` raises."""
    adjustment = Adjustment(enrolment.pk, points, key, reason_code, expires_on, qualifying, reason)
    adjust_points_for_many([adjustment], on=on, at=at, actor=actor)
    return PointsEntry.objects.get(member_id=enrolment.member_id, key=key)


@transaction.atomic
def adjust_points_for_many(
    adjustments: Sequence[Adjustment], *, on: date, at: datetime, actor: User | None
) -> int:
    """Adjust many wallets, all or none; how many were new. Locks the wallets in key order.

    Of one wallet what is given comes first, and pays its debts. Raises PointsAmountError, ReservedKeyError,
    AdjustmentReasonError, PointsExpiryError, KeyConflictError, InsufficientPointsError, MemberMergedError,
    Enrolment.DoesNotExist.
    """
    adjustments = list(dict.fromkeys(adjustments))
    _check(adjustments)
    locked = lock_wallets({adjustment.enrolment_id for adjustment in adjustments}, on=on)
    _refuse_merged(adjustments)
    listed = _listed(adjustments)
    bodies = {name: values for name, values in listed.items() if name != "reasons"}
    if conflicting := statements.rows("points/find_conflicting_adjustments", **bodies):
        raise KeyConflictError(conflicting[0][0])
    _refuse_over(adjustments, on=on)
    for uncovered in find_uncovered(adjustments, on=on):
        raise InsufficientPointsError(asked=uncovered.asked, spendable=uncovered.spendable, on=on)
    # What inactivity has ended is not revived by what is given afterwards.
    expire_idle(locked.idle, on=on, at=at, actor=actor)
    with key_of_another_wallet(adjustments[0].key if adjustments else ""):
        ((new,),) = statements.rows("points/adjust", on=on, at=at, actor=actor.pk if actor else None, **listed)
    settle_debts(listed["enrolments"], on=on)
    return int(new)


def find_uncovered(adjustments: Sequence[Adjustment], *, on: date) -> list[Uncovered]:
    """The wallets from which these would take more than can be spent there on a day. Reads only."""
    listed = _listed(adjustments)
    found = statements.rows(
        "points/find_uncovered_adjustments", on=on, **{name: listed[name] for name in ("enrolments", "points", "keys")}
    )
    return [Uncovered(*row) for row in found]


def offer_adjustment(
    enrolment: Enrolment, points: int, *, reason_code: str, key: str, on: date, at: datetime, actor: User, reason: str,
    qualifying: int = 0, expires_on: date | None = None,
) -> Outcome | Approval:
    """Adjust at once, where the operator's limit allows, or ask for a second person. For the desk.

    Raises what `adjust_points` and services/approvals.ask raise, and AdjustmentReasonError for a reason of the past.
    """
    return ask(ADJUST_POINTS, {
        "wallet": enrolment.pk, "points": points, "qualifying": qualifying, "reason_code": reason_code, "key": key,
        "expires_on": expires_on.isoformat() if expires_on else None, "asked_by": actor.pk, "asked_on": on.isoformat(),
    }, actor=actor, reason=reason, on=on, at=at)


def refuse_adjustment(adjustment: Adjustment, *, on: date) -> None:
    """Raises what stands against an adjustment at the desk on a day; MemberMergedError of a number that ended."""
    _refuse_merged([adjustment])
    _check([adjustment])
    _refuse_over([adjustment], on=on)
    if not AdjustmentReason.objects.filter(code=adjustment.reason_code, is_active=True).exists():
        raise AdjustmentReasonError(adjustment.reason_code)
    for uncovered in find_uncovered([adjustment], on=on):
        raise InsufficientPointsError(asked=uncovered.asked, spendable=uncovered.spendable, on=on)


def _check(adjustments: Sequence[Adjustment]) -> None:
    """Raises PointsAmountError, ReservedKeyError, AdjustmentReasonError."""
    for adjustment in adjustments:
        check_key(adjustment.key)
        if not adjustment.points and not adjustment.qualifying:
            raise PointsAmountError(0)
    codes = {adjustment.reason_code for adjustment in adjustments}
    unknown = codes - set(AdjustmentReason.objects.filter(code__in=codes).values_list("code", flat=True))
    if unknown:
        raise AdjustmentReasonError(min(unknown))


def _refuse_merged(adjustments: Sequence[Adjustment]) -> None:
    """What is given under a number that ended would be nobody's. Raises MemberMergedError."""
    wallets = [adjustment.enrolment_id for adjustment in adjustments]
    merged = MemberMerge.objects.in_force().filter(former__enrolments__in=wallets)
    if first := merged.select_related("former").order_by("pk").first():
        refuse_merged(first.former)


def _refuse_over(adjustments: Sequence[Adjustment], *, on: date) -> None:
    """Nothing is given that is over; what was booked in time may be repeated. Raises PointsExpiryError."""
    over_on = over_by(on)
    over = [one for one in adjustments if one.points > 0 and one.expires_on is not None and one.expires_on <= over_on]
    if not over:
        return
    asked = PointsEntry.objects.filter(
        enrolment_id__in={one.enrolment_id for one in over}, key__in={one.key for one in over}
    )
    booked = set(asked.values_list("enrolment_id", "key"))
    for one in over:
        if one.expires_on is not None and (one.enrolment_id, one.key) not in booked:
            raise PointsExpiryError(expires_on=one.expires_on, over_on=over_on)


def _listed(adjustments: Sequence[Adjustment]) -> dict[str, list[Any]]:
    """A list of values for each parameter of the statements."""
    names = ("enrolments", "points", "keys", "codes", "expires_on", "qualifying", "reasons")
    columns = zip(*adjustments, strict=True) if adjustments else ([] for _name in names)
    return {name: list(column) for name, column in zip(names, columns, strict=True)}
