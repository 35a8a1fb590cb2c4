"""The database counts terms as memberships/dates.py does."""

from datetime import date, timedelta

import pytest
from django.db import connection
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from memberships.dates import add_months, term_bounds

pytestmark = pytest.mark.django_db
anchors = st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 12, 31))
lengths = st.integers(min_value=1, max_value=24)
several = hypothesis_settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def ends_on(anchor: date, starts_on: date, months: int) -> date:
    with connection.cursor() as cursor:
        cursor.execute("SELECT memberships_term_ends_on(%s, %s, %s)", [anchor, starts_on, months])
        day: date = cursor.fetchone()[0]
        return day


@several
@given(anchor=anchors, months=lengths, number=st.integers(min_value=1, max_value=60))
@example(anchor=date(2028, 1, 31), months=1, number=2)
@example(anchor=date(2028, 2, 29), months=12, number=5)
def test_terms_of_one_length_end_where_dates_py_says(anchor: date, months: int, number: int) -> None:
    starts_on, last_day = term_bounds(anchor, months, number)
    assert ends_on(anchor, starts_on, months) == last_day


@several
@given(anchor=anchors, lengths=st.lists(lengths, min_size=1, max_size=8))
def test_terms_of_changing_lengths_follow_one_another_on_the_anchors_day(anchor: date, lengths: list[int]) -> None:
    starts_on, passed = anchor, 0
    for months in lengths:
        passed += months
        last_day = ends_on(anchor, starts_on, months)
        assert last_day == add_months(anchor, passed) - timedelta(days=1)
        starts_on = last_day + timedelta(days=1)


@several
@given(anchor=anchors, later=st.integers(min_value=0, max_value=4_000), months=lengths)
def test_term_that_begins_on_any_day_is_never_empty(anchor: date, later: int, months: int) -> None:
    starts_on = anchor + timedelta(days=later)
    assert ends_on(anchor, starts_on, months) >= starts_on
