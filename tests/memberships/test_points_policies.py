"""When points end: never, on a fixed day of the year, months later, or after months of inactivity."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memberships.models import PointsPolicy, Programme
from memberships.services.points_policies import expiry_of, idle_on, pending_until
from tests.memberships.factories import jd_plus

Expiry = PointsPolicy.Expiry
START = date(2026, 1, 1)
TEN_YEARS = 3653


def months(count: int, **facts: Any) -> PointsPolicy:
    return PointsPolicy(expiry=Expiry.MONTHS, expiry_months=count, **facts)


def fixed(month: int, day: int, years: int = 0, **facts: Any) -> PointsPolicy:
    return PointsPolicy(
        expiry=Expiry.FIXED_DATE, expiry_month=month, expiry_day=day, expiry_years=years, **facts
    )


def inactivity(count: int, **facts: Any) -> PointsPolicy:
    return PointsPolicy(expiry=Expiry.INACTIVITY, expiry_months=count, **facts)


def test_points_that_never_end_have_no_day() -> None:
    assert expiry_of(PointsPolicy(), START) is None
    assert idle_on(PointsPolicy(), START) is None


def test_months_end_with_the_month() -> None:
    assert expiry_of(months(12), date(2027, 1, 15)) == date(2028, 2, 1)
    assert expiry_of(months(12), date(2027, 1, 31)) == date(2028, 2, 1)
    assert expiry_of(months(1), date(2027, 1, 31)) == date(2027, 3, 1)
    assert expiry_of(months(11), date(2027, 1, 1)) == date(2028, 1, 1)


def test_points_end_on_the_next_fixed_day() -> None:
    assert expiry_of(fixed(7, 1), date(2027, 6, 30)) == date(2027, 7, 1)
    assert expiry_of(fixed(7, 1), date(2027, 7, 1)) == date(2028, 7, 1)
    assert expiry_of(fixed(1, 1), date(2027, 12, 31)) == date(2028, 1, 1)


def test_points_end_on_the_fixed_day_of_a_later_year() -> None:
    assert expiry_of(fixed(1, 1, years=2), date(2027, 3, 8)) == date(2029, 1, 1)
    assert expiry_of(fixed(12, 31, years=1), date(2027, 12, 31)) == date(2028, 12, 31)


def test_fixed_leap_day_is_the_28th_in_other_years() -> None:
    assert expiry_of(fixed(2, 29), date(2027, 1, 15)) == date(2027, 2, 28)
    assert expiry_of(fixed(2, 29), date(2027, 2, 28)) == date(2028, 2, 29)
    assert expiry_of(fixed(4, 31), date(2027, 1, 15)) == date(2027, 4, 30)


def test_points_are_not_over_before_their_return_window_is() -> None:
    assert expiry_of(fixed(7, 1, pending_days=15), date(2027, 6, 20)) == date(2028, 7, 1)
    assert expiry_of(fixed(7, 1, pending_days=15), date(2027, 6, 15)) == date(2027, 7, 1)
    assert expiry_of(months(1, pending_days=90), date(2027, 1, 15)) == date(2027, 6, 1)


def test_return_window_ends_so_many_days_later() -> None:
    assert pending_until(months(12, pending_days=7), date(2027, 1, 15)) == date(2027, 1, 22)
    assert pending_until(months(12), date(2027, 1, 15)) is None


def test_idle_wallet_ends_months_after_its_last_activity_with_the_month() -> None:
    assert expiry_of(inactivity(6), date(2027, 1, 15)) is None
    assert idle_on(inactivity(6), date(2027, 1, 15)) == date(2027, 8, 1)
    assert idle_on(months(6), date(2027, 1, 15)) is None


policies = st.one_of(
    st.builds(PointsPolicy, pending_days=st.integers(0, 120)),
    st.builds(months, st.integers(1, 60), pending_days=st.integers(0, 120)),
    st.builds(inactivity, st.integers(1, 60), pending_days=st.integers(0, 120)),
    st.builds(
        fixed, st.integers(1, 12), st.integers(1, 31), st.integers(0, 5), pending_days=st.integers(0, 400)
    ),
)


@pytest.fixture
def programme(db: None) -> Programme:
    return jd_plus()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(policy=policies, days=st.integers(0, TEN_YEARS))
def test_rule_in_sql_is_the_rule_in_python(programme: Programme, policy: PointsPolicy, days: int) -> None:
    day = START + timedelta(days=days)
    policy.pk, policy.programme = None, programme
    asked = (
        "SELECT memberships_points_expire_on(%(programme)s, %(day)s),"
        " memberships_points_pending_until(%(programme)s, %(day)s), memberships_idle_on(%(programme)s, %(day)s)"
    )
    with transaction.atomic(), connection.cursor() as cursor:
        policy.save(force_insert=True)
        cursor.execute(asked, {"programme": programme.pk, "day": day})
        told = cursor.fetchone()
        transaction.set_rollback(True)
    ends = expiry_of(policy, day)
    assert told == (ends, pending_until(policy, day), idle_on(policy, day))
    assert ends is None or ends > day + timedelta(days=policy.pending_days)


def test_programme_without_a_policy_has_points_that_stay(programme: Programme) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT memberships_points_expire_on(%(p)s, %(on)s), memberships_idle_on(%(p)s, %(on)s)",
            {"p": programme.pk, "on": START},
        )
        assert cursor.fetchone() == (None, None)
