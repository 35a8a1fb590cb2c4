"""Uses of benefits: one redeemed, one taken back.

Both lock the member's Usage row of the benefit first, then the wallet, then what all members share: stock, budget
(sql/redemptions/redeem_benefit.sql). Every effect has a key, unique for the member and for ever: a repeat with the same
body (benefit, quantity, category, store, order) returns the first result, another body is a KeyConflictError.

A use goes by one rule: the first of which as much is left, in the order in which they are used (sql/rights/rights.sql).
A quantity that no single rule can serve is refused with what one can still serve; it is never split, since prices in
points and CNY differ by rule, and a redemption names the one that it went by. What a rule gives by itself is not
redeemed; coupons are redeemed one at a time, since each is for one order.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import psycopg
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from benefits.errors import (
    BenefitKeyError,
    BenefitRetiredError,
    BudgetExceededError,
    CampaignStoppedError,
    CouponQuantityError,
    GivenByItselfError,
    NotChosenError,
    NotEntitledError,
    NotTargetedError,
    OutOfStockError,
    QuotaUsedUpError,
    RedemptionQuantityError,
    RedemptionReturnError,
    StoreNeededError,
)
from benefits.models import Benefit, BenefitRule, Budget, Campaign, Grant, Redemption, Usage
from benefits.models.benefits import HELD_KINDS
from benefits.models.grants import LIVE
from benefits.services import statements
from benefits.services.grants import end_grant
from benefits.services.rights import Right, first_again, rights_of
from memberships.errors import InsufficientPointsError, KeyConflictError, MemberClosedError
from memberships.models import Enrolment, Member, PointsEntry
from memberships.services.points import lock_wallet
from memberships.services.points_reversal import reverse_entry
from operations.errors import PlusdeskError
from operations.models import User
from operations.proofs import demand_proof

DAY = timedelta(days=1)
#: What the column holds.
MOST = 2**31 - 1
#: The points of a redemption are spent under "redemption:<id>", and come back under this and its id.
RETURN_KEY = "redemption-returned:"
_KEY = re.compile(r"[!-~]{1,64}\Z")
_HELD = [kind.value for kind in HELD_KINDS]


class _Answer(NamedTuple):
    """What benefits_redeem says, in the order of sql/redemptions/redeem.sql."""

    outcome: str
    id: int | None
    rule_id: int
    enrolment_id: int | None
    category: str
    window_kind: str
    window_from: date | None
    window_until: date | None
    points: int
    points_entry_id: int | None
    price: Any
    face_value: Any
    cost: Any
    funder: str
    grant_id: int | None
    quota: int
    used: int
    remaining: int
    spendable: int


#: Of an answer, what a redemption's columns hold.
_COPIED = (
    "id", "rule_id", "enrolment_id", "category", "window_from", "window_until", "points", "points_entry_id", "price",
    "face_value", "cost", "funder",
)


def redeem(
    member: Member, benefit: Benefit, *, key: str, on: date, at: datetime, actor: User | None, quantity: int = 1,
    category: str = "", region: str | None = None, enrolment: Enrolment | None = None, order_number: str = "",
    reason: str = "",
) -> Redemption:
    """Use a benefit for a member: entitled, quota, points, stock, budget; then all of it is booked. One statement.

    `category`: of the goods it is used for; `region`: where, None: the member's own; `enrolment`: the store, where the
    programme has a wallet for each. Of a kind that is held (HELD_KINDS) the member gets a Grant.
    Raises BenefitKeyError, RedemptionQuantityError, KeyConflictError, BenefitRetiredError, MemberClosedError,
    CouponQuantityError, NotEntitledError, StoreNeededError, NotChosenError, GivenByItselfError, QuotaUsedUpError,
    InsufficientPointsError, OutOfStockError, BudgetExceededError, CampaignStoppedError, NotTargetedError.
    """
    demand_proof(at=at)
    check_key(key)
    if not 1 <= quantity <= MOST:
        raise RedemptionQuantityError(quantity)
    asked = Redemption(
        member_id=member.pk, benefit_id=benefit.pk, key=key, asked_category=category, quantity=quantity,
        order_number=order_number, on=on, at=at, actor=actor, reason=reason,
    )
    answer = _ask(asked, region=region, store=enrolment)
    if answer.outcome == "redeemed":
        for field in _COPIED:
            setattr(asked, field, getattr(answer, field))
        # As if it had been read, without reading it.
        asked._state.adding, asked._state.db = False, connection.alias
        return asked
    if answer.outcome == "repeated":
        return Redemption.objects.get(member=member, key=key)
    raise _refusal(asked, answer, region=region, store=enrolment)


def _ask(asked: Redemption, *, region: str | None, store: Enrolment | None) -> _Answer:
    """Have it done by the database, which answers what came of it."""
    ((*found,),) = statements.rows(
        "redemptions/redeem", member=asked.member_id, benefit=asked.benefit_id, key=asked.key,
        quantity=asked.quantity, category=asked.asked_category, region=region, store=store and store.pk,
        order_number=asked.order_number, on=asked.on, at=asked.at, actor=asked.actor_id, reason=asked.reason,
        held_kinds=_HELD,
    )
    return _Answer(*found)


def check_key(key: str) -> None:
    """Raises BenefitKeyError."""
    if not _KEY.match(key):
        raise BenefitKeyError(key)


def _refusal(
    asked: Redemption, answer: _Answer, *, region: str | None, store: Enrolment | None
) -> PlusdeskError:
    """Why nothing was done, in words and figures."""
    member, benefit, on = asked.member, Benefit.objects.get(pk=asked.benefit_id), asked.on
    match answer.outcome:
        case "conflicting":
            return KeyConflictError(asked.key)
        case "retired":
            return BenefitRetiredError(benefit)
        case "several_stores":
            return StoreNeededError(member, benefit)
        case "not_chosen":
            return NotChosenError(member, benefit, until=answer.window_until and answer.window_until - DAY)
        case "given":
            return GivenByItselfError(member, benefit)
        case "one_at_a_time":
            return CouponQuantityError(benefit, asked.quantity)
        case "used_up":
            return _used_up(asked, benefit, answer, again=_first_again(asked, region=region, store=store))
        case "lacking":
            return InsufficientPointsError(asked=answer.points, spendable=answer.spendable, on=on)
        case "out_of_stock":
            return OutOfStockError(benefit, asked=asked.quantity)
        case "over_budget":
            return BudgetExceededError(Budget.objects.get(benefits=benefit), on=on, asked=answer.cost)
        case "stopped":
            return CampaignStoppedError(Campaign.objects.get(budget__benefits=benefit))
        case "not_targeted":
            return NotTargetedError(Campaign.objects.get(budget__benefits=benefit), member, on=on)
        case "too_many":
            return RedemptionQuantityError(asked.quantity)
    if not Member.objects.open(on=on).filter(pk=member.pk).exists():
        return MemberClosedError(member, on=on)
    return NotEntitledError(member, benefit, on=on, category=asked.asked_category)


def _used_up(asked: Redemption, benefit: Benefit, answer: _Answer, *, again: Right | None) -> QuotaUsedUpError:
    """With the day of the next use, by the rule that can first be used again."""
    return QuotaUsedUpError(
        benefit, quota=answer.quota, used=answer.used, left=answer.remaining, asked=asked.quantity,
        window=BenefitRule.objects.get(pk=again.rule_id).window if again else answer.window_kind,
        resets_on=again and again.resets_on,
    )


def _first_again(asked: Redemption, *, region: str | None, store: Enrolment | None) -> Right | None:
    """The rule that can first be used again, for as much as was asked for where one's quota is as much."""
    rights = [
        right for right in rights_of(
            asked.member_id, on=asked.on, benefit_id=asked.benefit_id, category=asked.asked_category, region=region
        )
        if store is None or (right.store_id or right.wallet_id or store.pk) == store.pk
    ]
    return first_again(rights, asked=asked.quantity) or first_again(rights)


@transaction.atomic
def return_redemption(
    redemption: Redemption, *, key: str, on: date, at: datetime, actor: User | None, reason: str
) -> Redemption:
    """Take a use back, once and whole: quota, points, stock and budget come back, what is held of it ends.

    Points come back by the ledger's rules, also for lots that are over by now (points_reversal.reverse_entry); where a
    correction gave them back before, that was it. What was used cannot come back, nor what ran out in the member's
    hands, nor a partner's code that the member was told (a floor above refuses the return with a check_violation of
    the constraint "grant_claimed"). What ended early can: there is nothing left to end.
    A repeat under the same key returns the first result. Raises BenefitKeyError, KeyConflictError,
    RedemptionReturnError.
    """
    demand_proof(at=at)
    check_key(key)
    usages = Usage.objects.select_for_update(no_key=True)
    usages.get(member=redemption.member_id, benefit=redemption.benefit_id)
    found = Redemption.objects.select_related("points_entry").get(pk=redemption.pk)
    if found.return_key == key:
        return found
    held = Grant.objects.select_for_update(no_key=True).filter(redemption=found).first()
    _check_returnable(found, held, key=key, on=on)
    entry = _give_points_back(found, on=on, at=at, actor=actor, reason=reason)
    with _refused_by_a_floor_above(key):
        if held is not None and held.state in LIVE:
            end_grant(held, reason=reason, on=on, at=at, actor=actor)
        statements.rows(
            "redemptions/return", redemption=found.pk, key=key, entry=entry, on=on, at=at,
            actor=actor.pk if actor else None, reason=reason,
        )
    found.refresh_from_db()
    return found


def _check_returnable(found: Redemption, held: Grant | None, *, key: str, on: date) -> None:
    """The Usage row is locked, and what is held of the redemption. Raises as return_redemption does."""
    if found.state == Redemption.State.RETURNED:
        raise RedemptionReturnError(_("This use was taken back on %(day)s.") % {"day": found.returned_on})
    if Redemption.objects.filter(member=found.member_id, return_key=key).exists():
        raise KeyConflictError(key)
    if on < found.on:
        raise RedemptionReturnError(_("It was used on %(day)s: it cannot come back before.") % {"day": found.on})
    if held is None:
        return
    if held.state == Grant.State.USED:
        raise RedemptionReturnError(
            _("What was given for it was used on %(day)s: it cannot come back.") % {"day": held.used_on}
        )
    if held.valid_until is None:
        return
    # What somebody ended before its time has a reason.
    has_run_out = held.valid_until < on if held.state in LIVE else not held.end_reason
    if has_run_out:
        raise RedemptionReturnError(
            _("What was given for it ran out on %(day)s: it cannot come back.") % {"day": held.valid_until}
        )


def _give_points_back(
    found: Redemption, *, on: date, at: datetime, actor: User | None, reason: str
) -> int | None:
    """The entry by which the points came back, now or by a correction before; None where there were none."""
    if found.points_entry is None:
        return None
    lock_wallet(found.points_entry.enrolment_id)
    earlier = PointsEntry.objects.filter(reverses=found.points_entry).first()
    if earlier is not None:
        return earlier.pk
    returned = f"{RETURN_KEY}{found.pk}"
    return reverse_entry(found.points_entry, key=returned, on=on, at=at, actor=actor, reason=reason).entry.pk


@contextmanager
def _refused_by_a_floor_above(key: str) -> Iterator[None]:
    """What the database refuses, in words. Raises RedemptionReturnError, KeyConflictError."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        cause = error.__cause__
        refused = cause.diag.constraint_name if isinstance(cause, psycopg.Error) else ""
        if refused == "grant_claimed":
            raise RedemptionReturnError(
                _("The member was given the partner's code for it: it cannot come back.")
            ) from error
        # Taken in this moment by the return of another benefit, whose row is not locked.
        if refused == "redemption_return_key":
            raise KeyConflictError(key) from error
        raise
