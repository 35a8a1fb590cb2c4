"""Expiry of points: one wallet, or all wallets of a range, by the same statements.

A lot is over by its date; expiring it books what is a fact already, on that date, however late. It only inserts: an
entry for each lot, under the lot's own key, and the wallets' balances. So a repeat or a run beside does nothing twice.

Where points end by inactivity the day is the wallet's (`Enrolment.idle_on`), which every earn and spend puts off, and
all its posted lots end with it. Pending lots never expire: they have not been given yet (points_posting).
"""

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Case, F, Max, Min, QuerySet, Sum, When
from django.db.models.functions import Least

from memberships.models import Enrolment, PointsLot
from memberships.services import statements
from operations.models import JobRun, User

#: The job of the night (memberships/jobs/points.py).
EXPIRE_POINTS = "expire_points"
#: A lot whose earn was under way while the night of its last day was planned is committed later, and that night is
#: settled without it. No transaction takes days; the nights of a whole week make up for it all the same.
EXPIRY_LOOKBACK_DAYS = 7


class Expired(NamedTuple):
    """What was expired: so many points of so many lots of so many wallets."""

    wallets: int
    lots: int
    points: int

    def and_also(self, other: "Expired") -> "Expired":
        """Of other wallets, or of none."""
        return Expired(*map(sum, zip(self, other, strict=True)))


class DueRange(NamedTuple):
    """What is due in a range of wallets, both ends included: lots of these days, and all of wallets idle by a day."""

    first: int
    last: int
    days: list[date]
    idle_by: date | None = None


@transaction.atomic
def expire_enrolment(enrolment: Enrolment, *, on: date, at: datetime, actor: User | None) -> Expired:
    """Expire the lots of a wallet that are due by that day, all of them when it is idle by then.

    Nothing when there are none, or when it was done before. Pending lots do not expire.
    """
    lots = PointsLot.objects.filter(enrolment=enrolment, remaining__gt=0, expires_on__lte=on, pending_until=None)
    days = list(lots.order_by("expires_on").values_list("expires_on", flat=True).distinct())
    due = DueRange(enrolment.pk, enrolment.pk, [day for day in days if day], idle_by=on)
    return expire_range(due, at=at, actor=actor)


def expire_wallets(wallets: list[int], *, on: date, at: datetime, actor: User | None) -> None:
    """Expire what is due by a day in some wallets, wherever they are. The caller has locked them."""
    idle = Enrolment.objects.filter(pk__in=wallets, idle_on__lte=on).values_list("pk", flat=True)
    expire_idle(list(idle), on=on, at=at, actor=actor)
    statements.run("points/expire_wallets", wallets=wallets, on=on, at=at, actor=actor.pk if actor else None)


def expire_idle(wallets: list[int], *, on: date, at: datetime, actor: User | None) -> Expired:
    """Expire all of those wallets that are idle by a day, before something revives them. The caller has locked them."""
    if not wallets:
        return Expired(0, 0, 0)
    return expire_idle_locked(wallets, DueRange(min(wallets), max(wallets), [], idle_by=on), at=at, actor=actor)


@transaction.atomic
def expire_range(due: DueRange, *, at: datetime, actor: User | None) -> Expired:
    """Expire what is due in a range of wallets. Locks those wallets in key order, before it reads lots."""
    if not due.days and due.idle_by is None:
        return Expired(0, 0, 0)
    ((wallets,),) = statements.rows("points/lock_due_wallets", **due._asdict())
    idle = expire_idle_locked(wallets, due, at=at, actor=actor)
    return idle.and_also(expire_locked(wallets, due, at=at, actor=actor))


def expire_locked(wallets: str, due: DueRange, *, at: datetime, actor: User | None) -> Expired:
    """Expire the lots of the due days in locked wallets; `wallets` is an array of ids, as PostgreSQL writes it."""
    (figures,) = statements.rows(
        "points/expire", wallets=wallets, at=at, actor=actor.pk if actor else None, **due._asdict()
    )
    return Expired(*figures)


def expire_idle_locked(wallets: str | list[int], due: DueRange, *, at: datetime, actor: User | None) -> Expired:
    """Expire all of those locked wallets that are idle; `wallets` are ids, or their array as PostgreSQL writes it."""
    (figures,) = statements.rows(
        "points/idle_expire", wallets=wallets, at=at, actor=actor.pk if actor else None, **due._asdict()
    )
    return Expired(*figures)


@transaction.atomic
def expire_foreseen(approved: JobRun, due: DueRange, *, at: datetime, actor: User | None) -> Expired:
    """Expire what a dry run foresaw in a range of wallets and no more. Wallets in which it changed are left out.

    The dry run's items say what became of them. Idle wallets without points lose their day, foreseen or not.
    """
    found = {"approved": approved.pk, **due._asdict()}
    statements.run("points/lock_foreseen_wallets", **found)
    ((idle,),) = statements.rows("points/idle_compare", **found)
    ((dated,),) = statements.rows("points/compare_foreseen", **found)
    expired = expire_idle_locked(idle, due, at=at, actor=actor).and_also(expire_locked(dated, due, at=at, actor=actor))
    ((emptied,),) = statements.rows("points/idle_clear", **due._asdict())
    return expired.and_also(Expired(emptied, 0, 0))


def ending_lots(enrolment: Enrolment, *, by: date | None = None, on: date) -> QuerySet[Any]:
    """The lots with points that end after a day, `on`, and `by` another, each with its `ends_on`; the earliest first.

    Posted lots of a wallet that is idle by then end with it.
    """
    over_on = over_by(on)
    ends_on = Case(When(pending_until=None, then=Least("expires_on", "idle_on")), default=F("expires_on"))
    lots = PointsLot.objects.of_wallet(enrolment).filter(remaining__gt=0).annotate(ends_on=ends_on)
    ending = lots.filter(ends_on__gt=over_on) if by is None else lots.filter(ends_on__gt=over_on, ends_on__lte=by)
    return ending.order_by("ends_on", "pk")


def endings(enrolment: Enrolment, *, on: date, days: int) -> list[tuple[date, int]]:
    """What ends next: the first days after `on` on which posted points end, and how many."""
    posted = ending_lots(enrolment, on=on).filter(pending_until=None)
    by_day = posted.values_list("ends_on").annotate(points=Sum("remaining")).order_by("ends_on")
    return list(by_day[:days])


def foresee_expiry(run: JobRun, due: DueRange) -> int:
    """Write an item of a dry run for each wallet of a range in which something is due; how many."""
    idle = statements.run("points/idle_foresee", run=run.pk, **due._asdict())
    return idle + statements.run("points/foresee_expiry", run=run.pk, **due._asdict())


def plan_expiry(
    days: list[date], *, idle_by: date | None = None, settled: date | None, chunk_lots: int, approved: JobRun | None
) -> list[tuple[int, int, int]]:
    """(first, last, wallets) of ranges of wallets in which about so many lots are due on these days, or came late.

    Wallets that are idle by a day, or that an approved dry run foresaw, are within, too.
    """
    return statements.rows(
        "points/plan_expiry", days=days, idle_by=idle_by, chunk_lots=chunk_lots,
        approved=approved.pk if approved else None, settled=settled, since=_looked_back_from(settled),
    )


def late_days(first: int, last: int, *, settled: date | None) -> list[date]:
    """The days before the settled one, and it, on which a lot of a range of wallets is over and was not expired."""
    if settled is None:
        return []
    found = statements.rows(
        "points/late_days", first=first, last=last, settled=settled, since=_looked_back_from(settled)
    )
    return [day for (day,) in found]


def _looked_back_from(settled: date | None) -> date | None:
    return None if settled is None else settled - timedelta(days=EXPIRY_LOOKBACK_DAYS)


def count_left(approved: JobRun, due: DueRange) -> int:
    """How many wallets of a range the execution of a dry run left: out, since they changed, or unseen, though due."""
    return int(statements.rows("points/count_left_wallets", approved=approved.pk, **due._asdict())[0][0])


def due_days(*, on: date, after: date | None) -> list[date]:
    """The days on which points may expire by `on`: those after `after`, or from the first expiry there is."""
    lots = PointsLot.objects.filter(remaining__gt=0, expires_on__lte=on)
    if after is not None:
        lots = lots.filter(expires_on__gt=after)
    first = lots.aggregate(first=Min("expires_on"))["first"]
    return [] if first is None else [first + timedelta(days=number) for number in range((on - first).days + 1)]


def settled_through(*, before: date) -> date | None:
    """The newest night before that day which left nothing due that it saw.

    Later nights look at what expired by then only for what came late (EXPIRY_LOOKBACK_DAYS).
    """
    nights = JobRun.objects.filter(
        job=EXPIRE_POINTS, is_dry_run=False, state=JobRun.State.SUCCEEDED, failed=0, business_date__lt=before
    )
    found: date | None = nights.aggregate(last=Max("business_date"))["last"]
    return found


def over_by(on: date) -> date:
    """The day by which lots are over on a business date: it, or the newest night that was begun.

    Nights do not look again at days that were settled: what expires by then is, or is being, expired.
    """
    nights = JobRun.objects.filter(job=EXPIRE_POINTS, is_dry_run=False)
    begun: date | None = nights.aggregate(last=Max("business_date"))["last"]
    return max(on, begun or on)
