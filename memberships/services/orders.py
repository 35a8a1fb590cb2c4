"""Orders and their returns, as facts, and the points that follow from them (earn_rules.py says how many).

An order's award has the key "order:<number>" in the ledger; so has what a return takes back. Every number is there
once, over all members: a repeat with the same body returns the first result, another body is a KeyConflictError.
Points are earned on the business date, and pending until the return window, which runs from the order's day, is over.

A return takes back its share of what the order brought when it was recorded, whatever became of the rule since: of the
award as much is left as of the amount, rounded up to whole points, in the member's favour. So the returns of an order
take back all of its award together, and never more; and caps and minimums are not reckoned a second time.

A member who is closed orders nothing more, but returns what was bought before, here as in a file.

The wallet is locked first. What comes back is taken as the programme's policy says (points_reversal.py); what a return
could not take is in its result, and on its page.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any, NamedTuple

import psycopg
from django.db import IntegrityError, transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from memberships.errors import KeyConflictError, MemberClosedError, OrderError
from memberships.models import Enrolment, Order, PointsEntry
from memberships.models.points import Account
from memberships.services import statements
from memberships.services.points import Grant, earn_points_for_many
from memberships.services.points_booking import Locked, lock_wallet
from memberships.services.points_debts import settle_debts
from memberships.services.points_expiry import expire_idle, over_by
from memberships.services.points_reversal import Taken, Taking, left_of_award, not_expired_at, take_back
from operations.models import User

#: As many characters as the column and the ledger's key hold.
NUMBER_LENGTH = 48


class Returned(NamedTuple):
    """A recorded return, and the points (spendable, qualifying) that it should have taken back and could not.

    Points that expired are no loss any more, and what the wallet owes from then on is not missing.
    """

    order: Order
    missing: int
    missing_qualifying: int


#: What is to be booked for a list of orders, a list of values for each of AWARDS: what sql/points/earn.sql takes.
Awards = dict[str, list[Any]]
AWARDS = ("enrolments", "points", "keys", "expires_on", "qualifying", "pending_until")


class Award(NamedTuple):
    """Points that an order brought, or a part of them."""

    points: int
    qualifying: int


class Return(NamedTuple):
    """Something of an order (by its key in the database) that came back."""

    bought: int
    number: str
    amount: Decimal
    ordered_on: date


class RecordedReturn(NamedTuple):
    """A return that was recorded (by its key), and what it could not take back, as in Returned."""

    order: int
    missing: int
    missing_qualifying: int


#: Of a return that takes nothing back.
NOTHING = Taken("", None, 0, 0, 0)


def order_key(number: str) -> str:
    """The key of an order's or a return's entry in the points ledger."""
    return f"order:{number}"


@transaction.atomic
def record_order(
    enrolment: Enrolment, *, number: str, category: str, amount: Decimal, ordered_on: date, on: date, at: datetime,
    actor: User | None,
) -> Order:
    """Record what was bought, and book what it earns. `amount` in yuan, two decimals.

    Raises KeyConflictError, MemberClosedError (what was recorded before may be repeated), and OrderError for a blank
    number, an amount below 0 or a day to come.
    """
    _check(number, amount, ordered_on=ordered_on, on=on)
    wallet = lock_wallet(enrolment.pk)
    asked = (wallet.pk, None, category, amount, ordered_on)
    if first := _first(number, asked):
        return first
    closed_on = wallet.member.closed_on
    if closed_on is not None and closed_on <= on:
        raise MemberClosedError(wallet.member, on=on)
    listed = record_orders(
        [wallet.pk], numbers=[number], categories=[category], amounts=[amount], days=[ordered_on], on=on, at=at
    )
    earn_points_for_many(grants_of(listed), on=on, at=at, actor=actor)
    # Another wallet may have claimed the number in this moment.
    recorded = _first(number, asked)
    assert recorded is not None
    return recorded


def record_orders(
    enrolments: Sequence[int], *, numbers: Sequence[str], categories: Sequence[str], amounts: Sequence[Decimal],
    days: Sequence[date], on: date, at: datetime,
) -> Awards:
    """Record many orders whose wallets are locked; what is to be booked for them. Numbers known before are left out."""
    (found,) = statements.rows(
        "orders/record", enrolments=list(enrolments), numbers=list(numbers), categories=list(categories),
        amounts=list(amounts), days=list(days), on=on, at=at, earned_on=over_by(on),
    )
    return {name: values or [] for name, values in zip(AWARDS, found, strict=True)}


def book_awards(awards: Awards, locked: Locked, *, on: date, at: datetime, actor: User | None) -> None:
    """Book what many orders earn: `earn_points_for_many` for lists out of the database, without a look at each.

    The wallets are locked. Raises KeyConflictError.
    """
    if conflicting := statements.rows("points/find_conflicting_grants", **awards):
        raise KeyConflictError(conflicting[0][0])
    expire_idle(locked.idle, on=on, at=at, actor=actor)
    statements.rows("points/earn", on=on, at=at, actor=actor.pk if actor else None, reason="", **awards)
    if locked.indebted:
        settle_debts(locked.indebted, on=on)


def grants_of(awards: Awards) -> list[Grant]:
    """Awards, one by one."""
    rows = zip(*(awards[name] for name in AWARDS), strict=True)
    return [Grant(*row) for row in rows]


@transaction.atomic
def record_return(
    bought: Order, *, number: str, amount: Decimal, ordered_on: date, on: date, at: datetime, actor: User | None
) -> Returned:
    """Record that (part of) an order came back, and take back what it brought too much, also of a closed member.

    Of an award that was reversed by hand no more is taken than is left; the rest is not missing.
    Raises KeyConflictError, and OrderError when `bought` is a return itself, or more would come back than was bought.
    """
    _check(number, amount, ordered_on=ordered_on, on=on)
    wallet = lock_wallet(bought.enrolment_id)
    if first := _first(number, (wallet.pk, bought.pk, bought.category, amount, ordered_on)):
        return recorded_return(first)
    _refuse_return(bought, amount, ordered_on=ordered_on)
    with _number_of_another(number):
        (made,) = record_returns([Return(bought.pk, number, amount, ordered_on)], on=on, at=at, actor=actor)
    return Returned(Order.objects.get(pk=made.order), made.missing, made.missing_qualifying)


def record_returns(
    returns: Sequence[Return], *, on: date, at: datetime, actor: User | None
) -> list[RecordedReturn]:
    """Record many returns, one of a wallet at most, and take back what they bring back; in their order.

    The wallets are locked, the numbers are new, and no more comes back of any order than was bought.
    """
    bought, amounts = [one.bought for one in returns], [one.amount for one in returns]
    asked = [
        Taking(award, order_key(one.number), points, qualifying)
        for one, (award, points, qualifying) in zip(
            returns, statements.rows("orders/awards_of_returns", bought=bought, amounts=amounts), strict=True
        )
    ]
    wanted = [taking for taking in asked if taking.points or taking.qualifying]
    taken = take_back(wanted, on=on, at=at, actor=actor) if wanted else []
    by_key = {taking.key: found for taking, found in zip(wanted, taken, strict=True)}
    # What the policy leaves to the member, and what has expired, is not taken: the return is a fact all the same.
    booked = [by_key.get(taking.key, NOTHING) for taking in asked]
    made = statements.rows(
        "orders/record_returns", bought=bought, amounts=amounts, numbers=[one.number for one in returns],
        days=[one.ordered_on for one in returns], points=[found.points for found in booked],
        qualifying=[-found.qualifying for found in booked], at=at,
    )
    return [
        RecordedReturn(order, found.missing, taking.qualifying - found.qualifying)
        for (order,), taking, found in zip(made, asked, booked, strict=True)
    ]


def award_of(bought: Order, kept: Decimal) -> Award:
    """What of an order's award is left when so many yuan of it are kept: its share, rounded up to whole points."""
    if not bought.amount:
        return Award(0, 0)
    share = Fraction(kept) / Fraction(bought.amount)
    return Award(ceil(bought.points * share), ceil(bought.qualifying * share))


def recorded_return(order: Order) -> Returned:
    """A return as it was recorded, and what it could not take back then."""
    bought = order.returns
    assert bought is not None
    earlier = bought.returned.filter(pk__lt=order.pk).aggregate(amount=Sum("amount", default=Decimal(0)))["amount"]
    entry = PointsEntry.objects.filter(member_id=order.member_id, key=order_key(order.number)).first()
    if entry and entry.debit == Account.PENDING:
        return Returned(order, 0, 0)
    # Without an entry of its own, the moment says what had been reversed by then.
    award = _award_entry(bought)
    too_much = _too_much(
        bought, award, kept=bought.amount - earlier - order.amount, back=order.amount,
        after=Q(pk__lt=entry.pk) if entry else Q(at__lte=order.recorded_at),
    )
    missing = entry.missing if entry else 0
    if entry is None and award is not None:
        missing = min(too_much.points, not_expired_at(award, order.recorded_at))
    return Returned(order, missing, too_much.qualifying + order.qualifying)


def _award_entry(bought: Order) -> PointsEntry | None:
    """What an order brought; None: nothing."""
    return PointsEntry.objects.filter(member_id=bought.member_id, key=order_key(bought.number)).first()


def _too_much(
    bought: Order, award: PointsEntry | None, *, kept: Decimal, back: Decimal, after: Q | None = None
) -> Award:
    """What an order brought for so many yuan that come back, as far as it is left after some reversals (all)."""
    if award is None:
        return Award(0, 0)
    brought, brings, left = award_of(bought, kept + back), award_of(bought, kept), left_of_award(award, after=after)
    return Award(
        min(brought.points - brings.points, left.points), min(brought.qualifying - brings.qualifying, left.qualifying)
    )


def _refuse_return(bought: Order, amount: Decimal, *, ordered_on: date) -> None:
    """Raises OrderError when so much of an order cannot come back, or not on that day."""
    if bought.returns_id is not None:
        raise OrderError(_("“%(number)s” is a return: name the order it returns.") % {"number": bought.number})
    if ordered_on < bought.ordered_on:
        raise OrderError(
            _("Order “%(number)s” is of %(day)s: nothing of it came back before.")
            % {"number": bought.number, "day": bought.ordered_on}
        )
    back = bought.returned.aggregate(amount=Sum("amount", default=Decimal(0)))["amount"]
    left = Decimal(bought.amount - back)
    if amount > left:
        raise OrderError(
            _("Of order “%(number)s” %(left)s CNY did not come back yet: %(amount)s is more.")
            % {"number": bought.number, "left": left, "amount": amount}
        )


def _check(number: str, amount: Decimal, *, ordered_on: date, on: date) -> None:
    """Raises OrderError."""
    if not number.strip() or len(number) > NUMBER_LENGTH:
        raise OrderError(
            _("“%(number)s” is no order number: it takes 1 to %(most)s characters.")
            % {"number": number, "most": NUMBER_LENGTH}
        )
    if amount < 0 or amount != round(amount, 2):
        raise OrderError(
            _("%(amount)s is no amount of an order: not below 0, two decimals at most.") % {"amount": amount}
        )
    if ordered_on > on:
        raise OrderError(_("%(day)s is yet to come.") % {"day": ordered_on})


@contextmanager
def _number_of_another(number: str) -> Iterator[None]:
    """Somebody with another wallet may take a return's number in this moment. Raises KeyConflictError."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        cause = error.__cause__
        if isinstance(cause, psycopg.Error) and cause.diag.constraint_name == "order_number":
            raise KeyConflictError(number) from error
        raise


def _first(number: str, asked: tuple[int, int | None, str, Decimal, date]) -> Order | None:
    """What was recorded under the number before. Raises KeyConflictError."""
    first = Order.objects.filter(number=number).first()
    if first is None:
        return None
    if (first.enrolment_id, first.returns_id, first.category, first.amount, first.ordered_on) != asked:
        raise KeyConflictError(number)
    return first
