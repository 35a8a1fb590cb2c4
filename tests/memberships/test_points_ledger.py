"""Whatever happens to a wallet in whatever order of days, its books balance, and it does what a plain list does."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from memberships.models import Enrolment, Member, PointsEntry, Programme
from memberships.models.programmes import Audience
from memberships.services.points import spendable_points
from operations.errors import PlusdeskError
from tests.memberships.factories import TODAY, jd_plus
from tests.memberships.points_model import Ledger, Refused
from tests.memberships.points_stories import (
    assert_books_balance,
    balance,
    earn,
    entries,
    expire,
    lots_left,
    reverse,
    spend,
)

pytestmark = pytest.mark.django_db

days = st.integers(0, 12).map(lambda number: TODAY + timedelta(days=number))
changes = st.one_of(
    st.tuples(st.just("earn"), days, st.integers(1, 30), st.one_of(st.none(), st.integers(1, 8))),
    st.tuples(st.just("spend"), days, st.integers(1, 40)),
    st.tuples(st.just("expire"), days),
    st.tuples(st.just("reverse"), days, st.integers(0, 30)),
)


def day(number: int) -> Any:
    return TODAY + timedelta(days=number)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=st.lists(changes, max_size=25))
# Given back to a lot that was spent as a whole and is over; then again, once it is booked.
@example(story=[
    ("earn", day(0), 10, 2), ("spend", day(0), 4), ("spend", day(0), 6), ("expire", day(3)), ("reverse", day(3), 1),
    ("expire", day(3)), ("reverse", day(4), 2), ("expire", day(9)),
])
# The night ran a day too early, then the clock was put right.
@example(story=[
    ("earn", day(0), 10, 2), ("spend", day(0), 4), ("expire", day(2)), ("spend", day(1), 1), ("reverse", day(1), 1),
    ("reverse", day(1), 0), ("earn", day(1), 5, None), ("reverse", day(1), 0),
])
def test_wallet_does_what_a_plain_list_does(story: list[tuple[Any, ...]]) -> None:
    wallet, ledger = a_wallet_of_its_own(), Ledger()
    for change in story:
        assert happens(wallet, change) == happens_in_the_list(ledger, change), change
        assert balance(wallet) == ledger.balance
        assert lots_left(wallet) == [lot.remaining for lot in ledger.lots]
        assert entries(wallet) == [(entry.kind, entry.points, entry.on) for entry in ledger.entries]
        assert spendable_points(wallet, on=change[1]) == ledger.spendable(change[1])
    assert_books_balance(wallet)


def a_wallet_of_its_own() -> Enrolment:
    """Each story has another member: the examples share the test's transaction."""
    programme = Programme.objects.filter(code="jd-plus").first() or jd_plus()
    member = Member.objects.create(kind=Audience.PERSON, joined_on=TODAY)
    return Enrolment.objects.create(member=member, programme=programme, enrolled_on=TODAY)


def happens(wallet: Enrolment, change: tuple[Any, ...]) -> bool:
    """Whether the ledger did it."""
    kind, on, *facts = change
    try:
        if kind == "earn":
            points, lifetime = facts
            earn(wallet, points, on=on, expires_on=on + timedelta(days=lifetime) if lifetime else None)
        elif kind == "spend":
            spend(wallet, facts[0], on=on)
        elif kind == "expire":
            expire(wallet, on=on)
        else:
            booked = PointsEntry.objects.filter(enrolment=wallet).order_by("pk")
            if not booked:
                return False
            reverse(booked[facts[0] % len(booked)], on=on)
    except PlusdeskError:
        return False
    return True


def happens_in_the_list(ledger: Ledger, change: tuple[Any, ...]) -> bool:
    kind, on, *facts = change
    try:
        if kind == "earn":
            points, lifetime = facts
            ledger.earn(points, on, on + timedelta(days=lifetime) if lifetime else None)
        elif kind == "spend":
            ledger.spend(facts[0], on)
        elif kind == "expire":
            ledger.expire(on)
        elif not ledger.entries:
            return False
        else:
            ledger.reverse(facts[0] % len(ledger.entries), on)
    except Refused:
        return False
    return True
