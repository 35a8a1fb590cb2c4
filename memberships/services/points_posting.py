"""Posting: points whose return window is over become the member's. One wallet, or all of a range, by one statement.

A lot is posted on the day after its window, however late the night is; its key names it, and it is pending no more. So
a repeat or a run beside does nothing twice. What is left of the lot then is posted: returns took the rest before.
"""

from datetime import date, datetime
from typing import NamedTuple

from django.db import transaction

from memberships.models import Enrolment
from memberships.services import statements
from memberships.services.points_debts import settle_debts
from memberships.services.points_expiry import DueRange, expire_idle_locked, expire_locked, settled_through
from memberships.services.ranges import KeyRange
from operations.models import JobRun, User

#: The job of the night (memberships/jobs/points.py).
POST_PENDING_POINTS = "post_pending_points"


class Posted(NamedTuple):
    """What was posted: so many points of so many lots. Wallets count with lots of which nothing was left, too."""

    wallets: int
    lots: int
    points: int


@transaction.atomic
def post_enrolment(enrolment: Enrolment, *, on: date, at: datetime, actor: User | None) -> Posted:
    """Post the lots of a wallet whose return window is over before that day."""
    return post_range(KeyRange(enrolment.pk, enrolment.pk), on=on, at=at, actor=actor)


@transaction.atomic
def post_range(keys: KeyRange, *, on: date, at: datetime, actor: User | None) -> Posted:
    """Post the lots of a range of wallets. Locks those wallets in key order, before it reads lots."""
    ((wallets,),) = statements.rows("points/post_lock_wallets", on=on, **keys._asdict())
    return _post_locked(wallets, keys, on=on, at=at, actor=actor)


@transaction.atomic
def post_foreseen(approved: JobRun, keys: KeyRange, *, on: date, at: datetime, actor: User | None) -> Posted:
    """Post what a dry run foresaw in a range of wallets and no more. Wallets in which it changed are left out.

    The dry run's items say what became of them.
    """
    statements.run("points/lock_foreseen_wallets", approved=approved.pk, **keys._asdict())
    ((wallets,),) = statements.rows("points/post_compare", approved=approved.pk, on=on, **keys._asdict())
    return _post_locked(wallets, keys, on=on, at=at, actor=actor)


def _post_locked(wallets: str, keys: KeyRange, *, on: date, at: datetime, actor: User | None) -> Posted:
    """Post what is due in wallets that are locked; `wallets` is an array of their ids, as PostgreSQL writes it."""
    # What inactivity has ended is not revived by what is posted afterwards, nor does it take that along.
    expire_idle_locked(wallets, DueRange(keys.first, keys.last, [], idle_by=on), at=at, actor=actor)
    facts = {"at": at, "actor": actor.pk if actor else None}
    (found,) = statements.rows("points/post", wallets=wallets, on=on, **facts, **keys._asdict())
    posted, lots, points, indebted, over = found
    _expire_late(wallets, keys, over or [], on=on, at=at, actor=actor)
    if indebted:
        settle_debts(indebted, on=on)
    return Posted(posted, lots, points)


def _expire_late(
    wallets: str, keys: KeyRange, over: list[date], *, on: date, at: datetime, actor: User | None
) -> None:
    """What was posted so late that the night of its last day is settled is over at once: no night looks there again."""
    settled = settled_through(before=on) if over else None
    days = [day for day in over if settled is not None and day <= settled]
    if days:
        expire_locked(wallets, DueRange(keys.first, keys.last, days), at=at, actor=actor)


def foresee_posting(run: JobRun, keys: KeyRange, *, on: date) -> int:
    """Write an item of a dry run for each wallet of a range with points to be posted; how many."""
    return statements.run("points/post_foresee", run=run.pk, on=on, **keys._asdict())


def plan_posting(*, on: date, chunk_lots: int, approved: JobRun | None) -> list[tuple[int, int, int]]:
    """(first, last, wallets) of ranges of wallets in which about so many lots are to be posted.

    Wallets that an approved dry run foresaw are within, too.
    """
    return statements.rows(
        "points/post_plan", on=on, chunk_lots=chunk_lots, approved=approved.pk if approved else None
    )


def count_unposted(approved: JobRun, keys: KeyRange, *, on: date) -> int:
    """How many wallets of a range the execution of a dry run left: out, since they changed, or unseen, though due."""
    return int(statements.rows("points/post_count_left", approved=approved.pk, on=on, **keys._asdict())[0][0])
