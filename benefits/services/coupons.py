"""Coupons of an order: all of them are used, or none; when the order comes back, so do they.

Both lock the member, then the grants in the order of ids. Coupons of records that were merged into the member's are the
member's, too: they stay under their number, and are named by their keys as before. What was used for an order is what
its repeats go by: the same coupons again change nothing, others are refused until the first ones are given back.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime

from django.db import transaction

from benefits.errors import CouponsOfOrderError, OrderNumberNeededError
from benefits.models import Grant
from benefits.models.benefits import Kind
from benefits.models.grants import LIVE
from benefits.pricing.errors import CouponNotHeldError
from benefits.services.grants import give_back_grant, usable_by, use_grant
from memberships.models import Member
from memberships.services.members import lock_member
from operations.models import User


@transaction.atomic
def use_coupons(
    member: Member, keys: Collection[str], *, order_number: str, on: date, at: datetime, actor: User | None
) -> list[Grant]:
    """Use up coupons, named by the keys of their grants, for an order; they, in the order of ids.

    Raises OrderNumberNeededError, CouponNotHeldError (no coupon of the member's), CouponsOfOrderError, GrantStateError
    (one was used for another order, has ended, or is not valid on that day), GrantWaitsForCodeError.
    """
    used = _locked_of_order(member, order_number)
    if used and {grant.key for grant in used} != set(keys):
        raise CouponsOfOrderError(order_number, used=[grant.key for grant in used])
    coupons = usable_by(member).filter(key__in=set(keys), benefit__kind=Kind.COUPON).order_by("pk")
    found = _one_a_key(coupons.select_for_update(no_key=True, of=["self"]), member, order_number)
    if missing := set(keys) - {grant.key for grant in found}:
        raise CouponNotHeldError(min(missing))
    return [use_grant(grant, order_number=order_number, on=on, at=at, actor=actor) for grant in found]


def _one_a_key(coupons: Iterable[Grant], member: Member, order_number: str) -> list[Grant]:
    """In the order of ids. Of two under one key: what was used for the order, what is held, the member's own."""
    named: dict[str, Grant] = {}
    for coupon in sorted(coupons, key=lambda coupon: (
        coupon.order_number != order_number, coupon.state not in LIVE, coupon.member_id != member.pk, coupon.pk
    )):
        named.setdefault(coupon.key, coupon)
    return sorted(named.values(), key=lambda coupon: coupon.pk)


@transaction.atomic
def give_back_coupons(
    member: Member, *, order_number: str, on: date, at: datetime, actor: User | None
) -> list[Grant]:
    """The order came back: the member holds its coupons again, as long as they would have held. None: a repeat.

    Raises OrderNumberNeededError.
    """
    used = _locked_of_order(member, order_number)
    return [give_back_grant(grant, order_number=order_number, on=on, at=at, actor=actor) for grant in used]


def _locked_of_order(member: Member, order_number: str) -> list[Grant]:
    """The coupons that were used for the order; the member is locked, and they are. Raises OrderNumberNeededError."""
    if not order_number.strip():
        raise OrderNumberNeededError
    lock_member(member.pk)
    used = usable_by(member).filter(
        state=Grant.State.USED, order_number=order_number, benefit__kind=Kind.COUPON
    )
    return list(used.select_for_update(no_key=True, of=["self"]).order_by("pk"))
