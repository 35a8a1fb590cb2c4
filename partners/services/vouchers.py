"""Voucher codes: found, voided, over, given to those who wait for one, and told of when they run low.

That a code is claimed in the transaction of the grant it is given for, and voided with it, triggers see to
(sql/vouchers). Without a code nothing is redeemed; what follows a right is given, and waits for its code. A code is
personal money: it is sealed at rest, found by its keyed hash, and shown in full only by
`operations.services.reveals.reveal`.
"""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, NamedTuple

import polars as pl
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from memberships.services.ranges import KeyRange, SizedRange, mark_items
from operations.audit import because
from operations.crypto import keyed_hash
from operations.imports.checking import normalised
from operations.models import JobRun, User
from operations.services.outbox import nudge_on_commit
from operations.services.reveals import ReasonMissingError, reveal
from partners.errors import VoucherStateError
from partners.models import Offer, VoucherCode
from partners.services import statements

State = VoucherCode.State
#: What the hashes of codes are made for.
PURPOSE = "voucher code"
#: As many may be voided at a time.
MOST_VOIDED = 10_000
#: As many who wait are served in a transaction.
MOST_SERVED = 10_000


class Pool(NamedTuple):
    """The codes of an offer in figures, and how many members wait for one.

    `next_expiry`: the day after which the next available ones are over.
    """

    available: int
    claimed: int
    void: int
    expired: int
    waiting: int
    next_expiry: date | None


def hash_of(code: str) -> bytes:
    """By what a code is found, as it was read when it was imported: width and blanks around it do not matter."""
    [text] = normalised(pl.Series([code], dtype=pl.String))
    return keyed_hash(text or "", purpose=PURPOSE)


def is_code(code: str) -> Q:
    """The condition of being just that code, one a partner at most; found by the index of a partner's codes."""
    partners = Offer.objects.filter(mode=Offer.Mode.VOUCHERS).order_by().values_list("partner", flat=True).distinct()
    return Q(partner__in=list(partners), code_hash=hash_of(code))


def find_codes(code: str) -> list[VoucherCode]:
    """The codes that are just that one, one a partner at most."""
    return list(VoucherCode.objects.filter(is_code(code)).select_related("offer", "partner"))


def pool_of(offer: int) -> Pool:
    """Of an offer's codes, counted."""
    [row] = statements.rows("vouchers/pool", offer=offer)
    return Pool(*row)


@transaction.atomic
def void_codes(
    codes: Collection[int], *, reason: str, on: date, at: datetime, actor: User
) -> list[int]:
    """Void codes that are available or were given, for good; those that were void before are left alone.

    Whose code was given loses the fulfilment; the grant stays, to be ended or taken back by who decides about it.
    Returns the ids of the codes. Locks their fulfilments, then the codes, each in the order of their ids.
    Raises ReasonMissingError; VoucherStateError where one is over.
    """
    reason = reason.strip()
    if not reason:
        raise ReasonMissingError
    found: list[int] = []
    left = VoucherCode.objects.filter(pk__in=codes, state__in=[State.AVAILABLE, State.CLAIMED])
    with because(reason, actor=actor):
        while keys := sorted(left.values_list("pk", flat=True)):
            found += _void(keys, reason=reason[:200], on=on, at=at, actor=actor.pk)
    if VoucherCode.objects.filter(pk__in=codes, state=State.EXPIRED).exists():
        raise VoucherStateError(_("A code that is over cannot be voided: nobody is given it."))
    return sorted(found)


def _void(codes: list[int], **facts: Any) -> list[int]:
    """All of these codes, or none where one was claimed or voided while it was waited for: the caller looks again.

    Then no lock is kept, since that one's fulfilment, to be locked before it, is known only by now. A code is claimed
    once and voided once, so this comes to an end.
    """
    with transaction.atomic():
        voided = [code for (code,) in statements.rows("vouchers/void", codes=codes, **facts)]
        if len(voided) == len(codes):
            return voided
        transaction.set_rollback(True)
    return []


# --- by night ----------------------------------------------------------------------------------------------


def expiring_ranges(*, on: date, size: int) -> list[SizedRange]:
    """Ranges of ids with `size` available codes each whose last day is over on that day."""
    return [SizedRange(*found) for found in statements.rows("vouchers/expiring_ranges", on=on, size=size)]


def foresee_expiry(run: JobRun, keys: KeyRange) -> int:
    """Write a RunItem for each code of a range that is over; how many."""
    return statements.run("vouchers/foresee_expiry", run=run.pk, on=run.business_date, **keys._asdict())


@transaction.atomic
def expire_range(keys: KeyRange, *, on: date, approved: JobRun | None = None) -> int:
    """Mark the available codes of a range whose last day is over; how many. What is being claimed is left alone."""
    found = statements.rows("vouchers/expire", on=on, approved=approved and approved.pk, **keys._asdict())
    mark_items(approved, keys, done=[code for (code,) in found])
    return len(found)


@transaction.atomic
def warn_of_low_stock(*, on: date, at: datetime) -> list[int]:
    """Say once of each offer whose codes have come down to where it warns; the offers.

    What was filled up since may be warned of again. One who looks at the same time waits, and finds it told.
    """
    warned = [offer for (offer,) in statements.rows("vouchers/warn", on=on, at=at)]
    if warned:
        nudge_on_commit()
    return warned


# --- those who wait ----------------------------------------------------------------------------------------


def serve_waiting(*, on: date, at: datetime) -> int:
    """Give codes to those who wait for one, as far as there are any, the first first; how many had one.

    By fulfilment: who was given the benefit first, and of one night who has the lower member number. Who waits for an
    offer that is over follows the one that took its place at the same partner (sql/vouchers/follow.sql). A redemption
    in the same moment may be quicker. May run at any time, also twice at once: what another serves is passed over.
    """
    moved = MOST_SERVED
    while moved == MOST_SERVED:
        moved = len(statements.rows("vouchers/follow", most=MOST_SERVED, on=on, at=at))
    served = 0
    for (offer,) in statements.rows("vouchers/waiting"):
        found = MOST_SERVED
        while found == MOST_SERVED:
            # A statement of its own, and so a transaction.
            found = len(statements.rows("vouchers/serve", offer=offer, most=MOST_SERVED, on=on, at=at))
            served += found
    return served


# --- seen in full ------------------------------------------------------------------------------------------


def reveal_code(code: VoucherCode, *, reason: str, actor: User, at: datetime) -> str:
    """The code in full, once it is noted who looked at it and why; ReasonMissingError."""
    reveal(code, ["code"], reason=reason, actor=actor, at=at)
    text: str = code.code.reveal()
    return text
