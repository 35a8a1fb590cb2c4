"""Points that go over to another wallet whole, lot by lot with their days, when two records become one; and back."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from memberships.models import Enrolment, MemberMerge, PointsEntry, PointsLot
from memberships.models.adjustments import RECORDS_MERGED
from memberships.services import statements
from memberships.services.points_booking import lock_wallets
from memberships.services.points_debts import settle_debts
from memberships.services.points_expiry import expire_idle, over_by
from operations.models import User


def transfer_points(
    wallets: Mapping[int, int], *, key: str, on: date, at: datetime, actor: User | None, reason: str
) -> int:
    """Move all that can be spent in some wallets into others (by wallet, the other one); how many lots.

    Locks all of them in key order. What is over by that day stays, and is expired where it is.
    """
    locked = lock_wallets({*wallets, *wallets.values()}, on=on)
    expire_idle(locked.idle, on=on, at=at, actor=actor)
    lots = PointsLot.objects.filter(enrolment__in=wallets).spendable(on=over_by(on)).order_by("pk")
    moving = [(lot, wallets[wallet]) for lot, wallet in lots.values_list("pk", "enrolment_id")]
    moved = _transfer(moving, key=key, on=on, at=at, actor=actor, reason=reason)
    settle_debts(sorted({*wallets.values()}), on=on)
    return moved


def count_elsewhere(
    wallets: Mapping[int, int], *, key: str, at: datetime, actor: User | None, reason: str
) -> None:
    """Let the qualifying points of some wallets count in others, too, each on its day. The wallets are locked."""
    statements.run(
        "merges/count_qualifying", sources=list(wallets), targets=list(wallets.values()), key=key,
        code=RECORDS_MERGED, at=at, actor=actor.pk if actor else None, reason=reason,
    )


def pass_on(
    wallet: Enrolment, *, key: str, on: date, at: datetime, actor: User | None
) -> None:
    """What came back to a number that was merged since goes on to the one that stays; undoing takes it back, too.

    `key` says by what it came back. The wallet is locked.
    """
    merge = MemberMerge.objects.in_force().filter(former=wallet.member_id).select_related("survivor").first()
    if merge is None:
        return
    target = pairs_of(merge.former_id, merge.survivor_id).get(wallet.pk)
    if target is not None:
        transfer_points(
            {wallet.pk: target}, key=f"merge:{merge.pk}:in:{key}", on=on, at=at, actor=actor, reason=str(merge)
        )
        pass_on(Enrolment.objects.get(pk=target), key=key, on=on, at=at, actor=actor)


def transferred_lots(member_id: int, *, key: str) -> list[PointsLot]:
    """The lots that a transfer under that key made in the wallets of a member."""
    came = PointsEntry.objects.filter(member=member_id, key__startswith=f"{key}:in:").order_by("pk")
    return list(PointsLot.objects.filter(pk__in=came.values("lot")).order_by("pk"))


def lots_of_transfer(member_id: int, *, key: str) -> list[PointsLot]:
    """The same, and the lots in which their points came back from a further merge that was undone."""
    came_back: dict[int, int] = {}
    for merge in MemberMerge.objects.filter(former=member_id, undone_at__isnull=False):
        there = _lots_by_origin(merge.survivor_id, f"merge:{merge.pk}:in:")
        here = _lots_by_origin(member_id, f"merge:{merge.pk}:back:in:")
        came_back |= {origin: here[lot] for origin, lot in there.items() if lot in here}
    found = [lot.pk for lot in transferred_lots(member_id, key=key)]
    for lot in found:
        if lot in came_back:
            found.append(came_back[lot])
    return list(PointsLot.objects.filter(pk__in=found).order_by("pk"))


def _lots_by_origin(member_id: int, prefix: str) -> dict[int, int]:
    """The lots that entries of such keys made, by the lot that each key ends with: the one they were moved from."""
    entries = PointsEntry.objects.filter(member=member_id, key__startswith=prefix, lot__isnull=False)
    return {int(key.rpartition(":")[2]): lot for key, lot in entries.values_list("key", "lot")}


def transfer_back(
    member_id: int, wallets: Mapping[int, int], *, key: str, on: date, at: datetime, actor: User | None, reason: str
) -> int:
    """Move the lots that came to a member back, into other wallets (by wallet); how many.

    What is over by that day stays: it would have ended in the other wallet, too.
    """
    lock_wallets({*wallets, *wallets.values()}, on=on)
    came = [lot.pk for lot in lots_of_transfer(member_id, key=key)]
    lots = PointsLot.objects.filter(pk__in=came).spendable(on=over_by(on)).order_by("pk")
    moving = [(lot, wallets[wallet]) for lot, wallet in lots.values_list("pk", "enrolment_id")]
    statements.run(
        "merges/uncount_qualifying", member=member_id, key=key, at=at, actor=actor.pk if actor else None, reason=reason
    )
    return _transfer(moving, key=f"{key}:back", on=on, at=at, actor=actor, reason=reason)


def pairs_of(former: int, survivor: int) -> dict[int, int]:
    """By wallet of one member, the wallet of the other in the same programme and store, where there is one."""
    theirs = {
        (programme, scope): pk for pk, programme, scope in Enrolment.objects.filter(member=survivor).values_list(
            "pk", "programme_id", "scope"
        )
    }
    ours = Enrolment.objects.filter(member=former).order_by("pk").values_list("pk", "programme_id", "scope")
    return {pk: theirs[programme, scope] for pk, programme, scope in ours if (programme, scope) in theirs}


def _transfer(
    lots: Sequence[tuple[int, int]], *, key: str, on: date, at: datetime, actor: User | None, reason: str
) -> int:
    """Of (lot, wallet), whole; how many were moved."""
    if not lots:
        return 0
    ((moved,),) = statements.rows(
        "merges/transfer_points", lots=[lot for lot, _wallet in lots], targets=[wallet for _lot, wallet in lots],
        key=key, code=RECORDS_MERGED, reason=reason, on=on, at=at, actor=actor.pk if actor else None,
    )
    return int(moved)
