"""What members hold: gifts, coupons, and what follows a right by itself.

What follows a right begins with it, rests while the card is in grace, and ends with it (sql/grants/grant_changes.sql):
`follow_rights` does so for a member on the spot, `follow_range` for the members of a range of ids by the same
statements. Both lock the members in key order first. Coupons and gifts run out after their last day, by the night;
they cannot be used after it, whether or not that night has come.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import psycopg
from django.db import DataError, IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.functional import Promise

from benefits.errors import (
    BenefitKeyError,
    BenefitRetiredError,
    CouponQuantityError,
    GrantStateError,
    GrantUsedElsewhereError,
    GrantWaitsForCodeError,
    GrantWindowError,
    OrderNumberNeededError,
    OutOfStockError,
    RedemptionQuantityError,
)
from benefits.models import Benefit, BenefitRule, Grant
from benefits.models.benefits import Kind
from benefits.models.grants import LIVE
from benefits.services import statements
from benefits.signals import benefit_granted, grant_changed
from memberships.errors import MemberClosedError
from memberships.models import Member
from memberships.services.members import lock_member
from memberships.services.merges import records_of
from memberships.services.ranges import KeyRange, SizedRange, mark_items
from operations.errors import KeyConflictError
from operations.models import JobRun, User
from operations.services.outbox import nudge_on_commit, put_message

State = Grant.State
#: Given for a use, or as a gift: it follows no right.
GIVEN = Q(redemption__isnull=False) | Q(rule=None)
#: A member, the grant, and what was done: give, rest, resume, end, close.
Change = tuple[int, int, str]
KEY_LENGTH = 64
#: The constraints that partners' triggers name: nothing is left to give; what is to be used waits for its code.
STOCK_EXHAUSTED, WITHOUT_CODE = "stock_exhausted", "grant_without_code"


def usable_by(member: Member) -> QuerySet[Grant]:
    """The member's, and what is held by its own worth under numbers that were merged into it: coupons, gifts. What
    followed a right there ended with the number."""
    others = records_of(member.pk)[1:]
    return Grant.objects.filter(Q(member=member) | GIVEN & Q(member__in=others))


# --- what follows a right ----------------------------------------------------------------------------------


@transaction.atomic
def follow_rights(member: Member, *, on: date, at: datetime, actor: User | None) -> list[Grant]:
    """Give and end what follows the member's rights on that day; a repeat changes nothing. What was changed."""
    if not BenefitRule.objects.filter(is_automatic=True).exists():
        return []
    kinds = {grant: kind for _member, grant, kind in follow_range(KeyRange(member.pk, member.pk), on=on, at=at)}
    grants = list(Grant.objects.filter(pk__in=kinds).select_related("benefit", "member").order_by("pk"))
    for grant in grants:
        if kinds[grant.pk] == "give":
            benefit_granted.send(Grant, grant=grant, on=on, actor=actor)
        elif kinds[grant.pk] != "close":
            grant_changed.send(Grant, grant=grant, on=on, actor=actor)
    return grants


@transaction.atomic
def follow_range(
    keys: KeyRange, *, on: date, at: datetime, approved: JobRun | None = None
) -> list[Change]:
    """The same for the members of a range: (member, grant, what was done) of each change.

    Of an approved dry run, only members that it lists and for whom it would do the same. What a partner has nothing
    left of is given all the same, and waits for its code there.
    """
    locked = [pk for (pk,) in statements.rows("grants/lock_members", on=on, **keys._asdict())]
    done: list[Change] = []
    if locked:
        # Only as far as there is something to do.
        done = [
            (member, grant, kind) for member, grant, kind in statements.rows(
                "grants/apply_changes", first=locked[0], last=locked[-1], members=locked, on=on, at=at,
                approved=approved and approved.pk,
            )
        ]
        nudge_on_commit()
    mark_items(approved, keys, done={member for member, _grant, _kind in done})
    return done


def foresee_following(run: JobRun, keys: KeyRange) -> int:
    """Write a RunItem for each member of a range for whom something would be given or ended; how many."""
    return statements.run("grants/foresee_changes", run=run.pk, on=run.business_date, **keys._asdict())


def following_ranges(*, size: int) -> list[SizedRange]:
    """All members, in ranges of `size` ids; none where nothing is given by itself."""
    [(first, last)] = statements.rows("grants/edges") or [(None, None)]
    if first is None:
        return []
    starts = range(first, last + 1, size)
    return [SizedRange(start, min(start + size - 1, last), min(size, last - start + 1)) for start in starts]


# --- what runs out -----------------------------------------------------------------------------------------


def expiring_ranges(*, on: date, size: int) -> list[SizedRange]:
    """Ranges of members with about `size` grants each that ran out before a day."""
    return [SizedRange(*found) for found in statements.rows("grants/expiring_ranges", on=on, size=size)]


@transaction.atomic
def expire_range(keys: KeyRange, *, on: date, at: datetime, approved: JobRun | None = None) -> Counter[int]:
    """End what ran out before a day; by member, how many. Of an approved dry run, only what it saw so."""
    found = statements.rows("grants/expire", on=on, at=at, approved=approved and approved.pk, **keys._asdict())
    if found:
        nudge_on_commit()
    done = Counter(member for member, _grant in found)
    mark_items(approved, keys, done=done)
    return done


def foresee_expiry(run: JobRun, keys: KeyRange) -> int:
    """Write a RunItem for each member of a range some of whose grants ran out; how many."""
    return statements.run("grants/foresee_expiry", run=run.pk, on=run.business_date, **keys._asdict())


# --- single ones -------------------------------------------------------------------------------------------


@transaction.atomic
def give(
    member: Member, benefit: Benefit, *, key: str, on: date, at: datetime, actor: User | None, quantity: int = 1,
    valid_until: date | None = None,
) -> Grant:
    """Give a member something by no rule: a gift. It holds for the benefit's days, or until `valid_until`.

    A repeat under the same key returns the first one. Locks the member. Several coupons are so many gifts, each with a
    key of its own, since each is for one order; so are several of a partner's codes.
    Raises MemberClosedError, BenefitRetiredError, GrantWindowError, RedemptionQuantityError, CouponQuantityError,
    OutOfStockError, KeyConflictError, BenefitKeyError.
    """
    _check_key(key)
    _check_quantity(benefit, quantity)
    lock_member(member.pk)
    own_key = f"gift:{key}"
    first = Grant.objects.filter(member=member, key=own_key).first()
    if first is not None:
        if (first.benefit_id, first.quantity) != (benefit.pk, quantity):
            raise KeyConflictError(key)
        return first
    valid_until = _last_day(member, benefit, on=on, asked=valid_until)
    with _stock_of(benefit, asked=quantity):
        grant = Grant.objects.create(
            member=member, benefit=benefit, key=own_key, quantity=quantity, valid_from=on, valid_until=valid_until,
            given_on=on, given_at=at,
        )
    _tell(grant, "grant.started", on=on, at=at)
    benefit_granted.send(Grant, grant=grant, on=on, actor=actor)
    return grant


def _check_quantity(benefit: Benefit, quantity: int) -> None:
    """Raises RedemptionQuantityError, CouponQuantityError."""
    if quantity < 1:
        raise RedemptionQuantityError(quantity)
    if quantity > 1 and benefit.kind == Kind.COUPON:
        raise CouponQuantityError(benefit, quantity)


def _last_day(member: Member, benefit: Benefit, *, on: date, asked: date | None) -> date | None:
    """Of what is given by hand on that day; None: no end.

    Raises MemberClosedError, BenefitRetiredError, GrantWindowError.
    """
    if not Member.objects.open(on=on).filter(pk=member.pk).exists():
        raise MemberClosedError(member, on=on)
    if benefit.retired_on is not None and benefit.retired_on <= on:
        raise BenefitRetiredError(benefit)
    last = asked
    if last is None and benefit.valid_days is not None:
        last = on + timedelta(days=benefit.valid_days - 1)
    if last is not None and last < on:
        raise GrantWindowError(first=on, last=last)
    return last


@transaction.atomic
def use_grant(grant: Grant, *, order_number: str, on: date, at: datetime, actor: User | None) -> Grant:
    """Use up what the member holds (a coupon) for an order; a repeat for the same order changes nothing.

    Raises OrderNumberNeededError, GrantStateError when it was used otherwise, has ended, or is not valid on that day,
    and GrantWaitsForCodeError when a partner's code for it is still to come.
    """
    if not order_number.strip():
        raise OrderNumberNeededError
    grant = _locked(grant)
    if grant.state == State.USED and grant.order_number == order_number:
        return grant
    is_its_time = grant.valid_from <= on and (grant.valid_until is None or on <= grant.valid_until)
    if grant.state not in LIVE or not is_its_time:
        raise GrantStateError(grant, on=on)
    grant.state, grant.used_on, grant.order_number = State.USED, on, order_number
    try:
        with transaction.atomic():
            grant.save(update_fields=["state", "used_on", "order_number"])
    except IntegrityError as error:
        if _constraint_of(error) == WITHOUT_CODE:
            raise GrantWaitsForCodeError(grant) from error
        raise
    _tell_change(grant, on=on, at=at, actor=actor)
    return grant


@transaction.atomic
def give_back_grant(grant: Grant, *, order_number: str, on: date, at: datetime, actor: User | None) -> Grant:
    """The order for which it was used came back: the member holds it again, as long as it would have held.

    What ran out meanwhile, or whose right is over, ends at once. What is not used (a repeat) stays as it is.
    Raises GrantUsedElsewhereError when it was used for another order.
    """
    grant = _locked(grant)
    if grant.state != State.USED:
        return grant
    if grant.order_number != order_number:
        raise GrantUsedElsewhereError(grant, order_number)
    grant.state, grant.used_on, grant.order_number = State.LIVE, None, ""
    grant.save(update_fields=["state", "used_on", "order_number"])
    has_run_out = grant.valid_until is not None and grant.valid_until < on
    if has_run_out or grant.right_ended_on is not None:
        _end(grant, on=on, reason="")
    _tell_change(grant, on=on, at=at, actor=actor)
    return grant


@transaction.atomic
def end_grant(grant: Grant, *, reason: str | Promise, on: date, at: datetime, actor: User | None) -> Grant:
    """Take back what the member holds; a repeat changes nothing. What follows a right is not given again by it.

    Raises GrantStateError when it was used.
    """
    grant = _locked(grant)
    if grant.state == State.ENDED:
        return grant
    if grant.state not in LIVE:
        raise GrantStateError(grant, on=on)
    _end(grant, on=on, reason=str(reason))
    _tell_change(grant, on=on, at=at, actor=actor)
    return grant


def _end(grant: Grant, *, on: date, reason: str) -> None:
    last = on - timedelta(days=1)
    grant.state, grant.ended_on, grant.end_reason = State.ENDED, on, reason[:200]
    grant.valid_until = max(
        grant.valid_from - timedelta(days=1), last if grant.valid_until is None else min(last, grant.valid_until)
    )
    grant.save(update_fields=["state", "ended_on", "end_reason", "valid_until"])


def _locked(grant: Grant) -> Grant:
    """The grant, locked and read afresh."""
    grants = Grant.objects.select_related("benefit", "member").select_for_update(no_key=True, of=["self"])
    return grants.get(pk=grant.pk)


def _tell_change(grant: Grant, *, on: date, at: datetime, actor: User | None) -> None:
    _tell(grant, "grant.ended" if grant.state == State.ENDED else "grant.changed", on=on, at=at)
    grant_changed.send(Grant, grant=grant, on=on, actor=actor)


def _tell(grant: Grant, topic: str, *, on: date, at: datetime) -> None:
    """The message that sql/grants/apply_changes.sql writes for many."""
    payload = {
        "grant": grant.pk, "member": grant.member_id, "benefit": grant.benefit.code, "state": grant.state,
        "valid_from": grant.valid_from.isoformat(),
        "valid_until": grant.valid_until.isoformat() if grant.valid_until else None, "on": on.isoformat(),
    }
    instant = round(at.timestamp() * 1_000_000)
    put_message(topic, f"grant:{grant.pk}:{grant.state}:{instant}", payload, owner=grant.member_id, at=at)


def _check_key(key: str) -> None:
    """Raises BenefitKeyError."""
    if not 1 <= len(key) <= KEY_LENGTH or not all("!" <= sign <= "~" for sign in key):
        raise BenefitKeyError(key)


@contextmanager
def _stock_of(benefit: Benefit, *, asked: int) -> Iterator[None]:
    """A partner that has nothing left to give, or gives one at a time, says so by a trigger.

    Raises OutOfStockError, RedemptionQuantityError.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if _constraint_of(error) == STOCK_EXHAUSTED:
            raise OutOfStockError(benefit, asked=asked) from error
        raise
    except DataError as error:
        if isinstance(error.__cause__, psycopg.errors.NumericValueOutOfRange):
            raise RedemptionQuantityError(asked) from error
        raise


def _constraint_of(error: IntegrityError) -> str | None:
    """The name of the constraint that was broken."""
    cause = error.__cause__
    return cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None
