"""Lockout: failures are counted by name and by network address, and too many lock the one or the other for a while.

Names have few tries (LOCKOUT_FAILURES), addresses many (LOCKOUT_ADDRESS_FAILURES): an office may share one. Passwords
typed at the first page count by their own (NAME), codes and passwords of who is past it by theirs (PROOF).
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from operations.audit import attach_context, because
from operations.crypto import keyed_hash
from operations.errors import PlusdeskError
from operations.models import SignInLock, User
from operations.statements import ours

Kind = SignInLock.Kind
#: Failures are forgotten after this, whoever they were of.
KEPT = timedelta(days=1)


class NotLockedError(PlusdeskError):
    """There is nothing to unlock."""

    http_status = 409

    def __init__(self) -> None:
        super().__init__(_("Nothing is locked there any more."))


class Counted(NamedTuple):
    """A name or an address that failures are counted of."""

    kind: Kind
    key: bytes
    limit: int
    address: str | None = None


def locked_until(username: str, address: str | None, *, at: datetime, kind: Kind = Kind.NAME) -> datetime | None:
    """Until when the name or the address is locked; None: it is not."""
    keys = [counted.key for counted in _counted(username, address, kind)]
    held = SignInLock.objects.holding(at=at).filter(key__in=keys)
    return held.order_by("-locked_until").values_list("locked_until", flat=True).first()


def note_failure(username: str, address: str | None, *, at: datetime, kind: Kind = Kind.NAME) -> datetime | None:
    """Count a failure of the name and from the address; until when that locks either of them, or None."""
    user = User.objects.filter(username=username).values_list("pk", flat=True).first()
    minutes = timedelta(minutes=settings.LOCKOUT_MINUTES)
    with transaction.atomic(), because(_("too many failed sign-ins")):
        attach_context()
        SignInLock.objects.filter(failed_at__lt=at - KEPT).exclude(locked_until__gt=at).delete()
        locked = [
            ours.rows(
                "sign_in/note_failure", kind=counted.kind.value, key=counted.key, address=counted.address,
                user=None if counted.address else user, at=at, since=at - minutes, until=at + minutes,
                limit=counted.limit,
            )[0][0]
            for counted in _counted(username, address, kind)
        ]
    return max(filter(None, locked), default=None)


def forget_failures(user: User, *, kind: Kind = Kind.NAME) -> None:
    """Who got it right begins anew. The failures from their address stay: others may sit there."""
    SignInLock.objects.filter(user=user, kind=kind).delete()


def unlock(locks: Q, *, reason: str, actor: User, at: datetime) -> int:
    """Let those in again at once; how many. NotLockedError where none of them is locked (any more)."""
    with transaction.atomic(), because(reason, actor=actor):
        held = SignInLock.objects.holding(at=at).filter(locks).order_by("pk").select_for_update()
        keys = list(held.values_list("pk", flat=True))
        if not keys:
            raise NotLockedError
        return SignInLock.objects.filter(pk__in=keys).update(locked_until=None, failures=0)


def _counted(username: str, address: str | None, kind: Kind) -> list[Counted]:
    """What a try is counted of, in the order of their keys."""
    found = [Counted(kind, _key(kind, username), settings.LOCKOUT_FAILURES)]
    if address:
        key = _key(Kind.ADDRESS, address)
        found.append(Counted(Kind.ADDRESS, key, settings.LOCKOUT_ADDRESS_FAILURES, address))
    return sorted(found, key=lambda counted: counted.key)


def _key(kind: Kind, text: str) -> bytes:
    return keyed_hash(f"{kind.value} {text}", purpose="sign-in")
