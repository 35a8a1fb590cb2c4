"""What every change of the points ledger does: lock the wallet, look for its key, write the entry."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import NamedTuple

import psycopg
from django.db import IntegrityError, transaction
from django.db.models import F

from memberships.errors import KeyConflictError, PointsAmountError, ReservedKeyError
from memberships.models import Enrolment, PointsEntry
from memberships.models.points import OWN_KEYS, Account


class Locked(NamedTuple):
    """Of wallets that were locked: those that owe points, and those whose points inactivity has ended by a day."""

    indebted: list[int]
    idle: list[int]


def lock_wallet(pk: int) -> Enrolment:
    """Lock a wallet and read it afresh. Only inside a transaction. Raises Enrolment.DoesNotExist."""
    return Enrolment.objects.select_for_update(no_key=True).get(pk=pk)


def lock_wallets(pks: Iterable[int], *, on: date) -> Locked:
    """Lock wallets in key order. Raises Enrolment.DoesNotExist when one is not there."""
    wanted = sorted(pks)
    locked = Enrolment.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
    wallets = list(locked.values_list("pk", "debt", "idle_on"))
    if len(wallets) < len(wanted):
        raise Enrolment.DoesNotExist
    return Locked(
        indebted=[pk for pk, debt, _idle_on in wallets if debt],
        idle=[pk for pk, _debt, idle_on in wallets if idle_on is not None and idle_on <= on],
    )


def first_result(
    wallet: Enrolment, *, key: str, kind: str, points: int | None = None, reverses_id: int | None = None
) -> PointsEntry | None:
    """What was booked under the key before; `points` None: whatever came of it. Raises KeyConflictError."""
    first = PointsEntry.objects.filter(member_id=wallet.member_id, key=key).first()
    if first is None:
        return None
    asked = (wallet.pk, kind, first.points if points is None else points, reverses_id)
    if (first.enrolment_id, first.kind, first.points, first.reverses_id) != asked:
        raise KeyConflictError(key)
    return first


def book_entry(entry: PointsEntry) -> PointsEntry:
    """Write an entry and move the balance by it, or what is pending; the wallet is locked. Raises KeyConflictError."""
    with key_of_another_wallet(entry.key):
        entry.save(force_insert=True)
    moved = "balance" if Account.LIABILITY in (entry.debit, entry.credit) else "pending"
    Enrolment.objects.filter(pk=entry.enrolment_id).update(**{moved: F(moved) + entry.points})
    return entry


def check_points(points: int) -> None:
    """Raises PointsAmountError."""
    if points < 1:
        raise PointsAmountError(points)


def check_key(key: str) -> None:
    """Raises ReservedKeyError."""
    if not key or len(key) > 64 or key.startswith(OWN_KEYS):
        raise ReservedKeyError(key)


@contextmanager
def key_of_another_wallet(key: str) -> Iterator[None]:
    """The member's other wallet, which is not locked, took the key (of several, perhaps another) in this moment."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        cause = error.__cause__
        if isinstance(cause, psycopg.Error) and cause.diag.constraint_name == "pointsentry_key":
            raise KeyConflictError(key) from error
        raise
