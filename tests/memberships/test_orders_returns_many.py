"""Returns of many wallets recorded together take back what they take one by one."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from memberships.models import Enrolment, LotDraw, Order, PointsEntry, PointsLot, PointsPolicy, Programme
from memberships.services.orders import Return, record_returns
from tests.memberships.factories import TODAY, a_person, jd_plus
from tests.memberships.order_stories import a_policy, a_rule, give_back, order
from tests.memberships.points_stories import a_wallet, assert_books_balance, earn, morning, reverse, spend

pytestmark = pytest.mark.django_db
LATER = TODAY + timedelta(days=20)
LOST_ON = TODAY + timedelta(days=10)


class _UndoneError(Exception):
    """Takes back what was written."""


def snapshot() -> list[Any]:
    """All that returns write, without keys of the database."""
    first = {lot: place for place, lot in enumerate(PointsLot.objects.order_by("pk").values_list("pk", flat=True))}
    entries = PointsEntry.objects.order_by("enrolment", "pk")
    drawn = LotDraw.objects.order_by("entry__enrolment", "entry", "lot")
    return [
        list(Enrolment.objects.order_by("pk").values_list("balance", "pending", "debt", "idle_on")),
        list(PointsLot.objects.order_by("pk").values_list("remaining", "pending_until", "qualifying")),
        list(entries.values_list("kind", "points", "qualifying", "on", "asked", "missing", "debit", "reverses__key")),
        [(first[lot], points) for lot, points in drawn.values_list("lot", "points")],
        list(Order.objects.order_by("number").values_list("number", "points", "qualifying", "ordered_on", "returns")),
    ]


def told(story: Callable[[], Any]) -> tuple[Any, list[Any]]:
    """What a story returned, and what it left, before it was taken back."""
    found: list[Any] = []
    try:
        with transaction.atomic():
            found += [story(), snapshot()]
            assert_books_balance()
            raise _UndoneError
    except _UndoneError:
        return found[0], found[1]


def shoppers(programme: Programme) -> dict[str, Order]:
    """Wallets in which all kinds of things became of an order's points, and the orders."""
    bought = {}
    for name in ("kept", "spent", "others", "expired", "by-hand", "nothing"):
        wallet = a_wallet(a_person(), programme)
        bought[name] = order(wallet, name, "0.50" if name == "nothing" else "100.90")
        if name == "spent":
            spend(wallet, 70)
        if name == "others":
            earn(wallet, 500, expires_on=LOST_ON)
            earn(wallet, 20)
            spend(wallet, 560)
        if name == "expired":
            PointsLot.objects.filter(enrolment=wallet).update(expires_on=LOST_ON)
        if name == "by-hand":
            reverse(award_of(bought[name]), points=50)
    return bought


def award_of(bought: Order) -> PointsEntry:
    return PointsEntry.objects.get(member=bought.member_id, key=f"order:{bought.number}")


def waiting_orders(bought: dict[str, Order]) -> list[Order]:
    """Another order of each, whose return window is open; of one of them a part was taken back by hand."""
    PointsPolicy.objects.update(pending_days=7)
    made = [order(one.enrolment, f"{name}-2", "40.00", ordered_on=LATER, on=LATER) for name, one in bought.items()]
    reverse(award_of(made[0]), points=30, qualifying=10, on=LATER)
    return made


@pytest.mark.parametrize("reversal", ["pending_only", "within_balance", "may_go_negative"])
def test_returns_of_many_wallets_take_back_what_they_take_one_by_one(reversal: str) -> None:
    programme = a_rule(jd_plus()).programme
    policy = a_policy(programme)
    bought = shoppers(programme)
    waiting = waiting_orders(bought)
    PointsPolicy.objects.filter(pk=policy.pk).update(reversal=reversal)
    rounds = [
        [Return(one.pk, f"R{number}-{one.number}", amount, LATER) for one in orders]
        for number, (orders, amount) in enumerate([
            (list(bought.values()), Decimal("0.30")), (waiting, Decimal("33.33")),
            ([one for one in bought.values() if one.amount > 1], Decimal("50.55")), (waiting, Decimal("6.67")),
            ([one for one in bought.values() if one.amount > 1], Decimal("50.05")),
        ])
    ]

    def together() -> list[Any]:
        at = morning(LATER)
        made = [record_returns(returns, on=LATER, at=at, actor=None) for returns in rounds]
        return [one[1:] for found in made for one in found]

    def one_by_one() -> list[Any]:
        found = [
            give_back(Order.objects.get(pk=one.bought), one.number, str(one.amount), ordered_on=LATER, on=LATER)
            for returns in rounds for one in returns
        ]
        return [one[1:] for one in found]

    assert told(together) == told(one_by_one)
