"""Terms follow one another like beads: every day in exactly one of them, whatever the anchor."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from memberships.dates import BUSINESS_ZONE, add_months, business_date, term_bounds

TEN_YEARS = 120
anchors = st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 12, 31))
lengths = st.integers(min_value=1, max_value=24)


@pytest.mark.parametrize(
    ("months", "expected"),
    [
        (0, date(2027, 1, 31)),
        (1, date(2027, 2, 28)),
        (2, date(2027, 3, 31)),
        (3, date(2027, 4, 30)),
        (12, date(2028, 1, 31)),
        (13, date(2028, 2, 29)),
        (-1, date(2026, 12, 31)),
        (-2, date(2026, 11, 30)),
    ],
)
def test_month_ends_are_counted_from_the_anchor(months: int, expected: date) -> None:
    assert add_months(date(2027, 1, 31), months) == expected


def test_card_bought_on_a_leap_day_keeps_it() -> None:
    firsts = [term_bounds(date(2028, 2, 29), 12, number)[0] for number in range(1, 6)]
    assert firsts == [
        date(2028, 2, 29), date(2029, 2, 28), date(2030, 2, 28), date(2031, 2, 28), date(2032, 2, 29),
    ]


def test_annual_term_lasts_to_the_eve_of_its_anniversary() -> None:
    assert term_bounds(date(2027, 1, 15), 12, 1) == (date(2027, 1, 15), date(2028, 1, 14))
    assert term_bounds(date(2027, 1, 15), 12, 2) == (date(2028, 1, 15), date(2029, 1, 14))


def test_monthly_terms_from_the_31st() -> None:
    assert [term_bounds(date(2027, 1, 31), 1, number) for number in (1, 2, 3)] == [
        (date(2027, 1, 31), date(2027, 2, 27)),
        (date(2027, 2, 28), date(2027, 3, 30)),
        (date(2027, 3, 31), date(2027, 4, 29)),
    ]


@given(anchor=anchors, months=lengths)
@example(anchor=date(2028, 2, 29), months=12)
@example(anchor=date(2027, 1, 31), months=1)
@example(anchor=date(2027, 12, 31), months=2)
def test_ten_years_of_terms_have_every_day_exactly_once(anchor: date, months: int) -> None:
    terms = [term_bounds(anchor, months, number) for number in range(1, TEN_YEARS // months + 2)]
    days = [
        first + timedelta(days=offset) for first, last in terms for offset in range((last - first).days + 1)
    ]
    assert days == [anchor + timedelta(days=offset) for offset in range(len(days))]
    assert days[-1] >= add_months(anchor, TEN_YEARS) - timedelta(days=1)


@given(anchor=anchors, months=lengths)
@example(anchor=date(2028, 2, 29), months=12)
@example(anchor=date(2027, 1, 31), months=1)
def test_anchor_day_is_kept_whenever_the_month_has_it(anchor: date, months: int) -> None:
    for number in range(1, TEN_YEARS // months + 2):
        first, last = term_bounds(anchor, months, number)
        assert first.day == min(anchor.day, monthrange(first.year, first.month)[1])
        assert last >= first


@given(anchor=anchors, months=st.integers(min_value=-600, max_value=600))
def test_adding_months_lands_in_the_right_month(anchor: date, months: int) -> None:
    landed = add_months(anchor, months)
    assert (landed.year - anchor.year) * 12 + landed.month - anchor.month == months


@pytest.mark.parametrize(("months", "number"), [(12, 0), (12, -1), (0, 1), (-1, 1)])
def test_term_without_length_or_number_is_refused(months: int, number: int) -> None:
    with pytest.raises(ValueError, match="counted from 1"):
        term_bounds(date(2027, 1, 1), months, number)


@pytest.mark.parametrize(("anchor", "months"), [(date(9999, 12, 1), 1), (date(1, 1, 1), -1)])
def test_dates_outside_the_calendar_are_refused(anchor: date, months: int) -> None:
    with pytest.raises(OverflowError, match="outside the calendar"):
        add_months(anchor, months)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2027, 1, 14, 15, 59, 59, tzinfo=UTC), date(2027, 1, 14)),
        (datetime(2027, 1, 14, 16, 0, 0, tzinfo=UTC), date(2027, 1, 15)),
        (datetime(2027, 1, 15, 0, 0, tzinfo=BUSINESS_ZONE), date(2027, 1, 15)),
        (datetime(2027, 1, 14, 11, 0, tzinfo=timezone(timedelta(hours=-5))), date(2027, 1, 15)),
        (datetime(2028, 2, 28, 16, 0, tzinfo=UTC), date(2028, 2, 29)),
    ],
)
def test_day_begins_at_midnight_in_shanghai(at: datetime, expected: date) -> None:
    assert business_date(at) == expected


def test_day_began_an_hour_earlier_in_the_summers_before_1992() -> None:
    assert business_date(datetime(1990, 7, 1, 15, 0, tzinfo=UTC)) == date(1990, 7, 2)
    assert business_date(datetime(1990, 7, 1, 14, 59, 59, tzinfo=UTC)) == date(1990, 7, 1)
    assert business_date(datetime(1990, 12, 1, 15, 0, tzinfo=UTC)) == date(1990, 12, 1)
    assert business_date(datetime(1992, 7, 1, 15, 0, tzinfo=UTC)) == date(1992, 7, 1)


def test_instant_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        business_date(datetime(2027, 1, 15, 12, 0))  # noqa: DTZ001
