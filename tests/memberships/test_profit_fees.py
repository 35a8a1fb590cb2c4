"""Fees are earned by day, to the fen; what is not earned yet is deferred; a refund changes the month it is made in."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memberships.models import Plan, ProfitKept, ProfitRow, Programme
from memberships.profit_sources import Fees
from memberships.services.profit import BEGINNING, month_of
from memberships.services.ranges import KeyRange
from memberships.services.subscriptions import join
from tests.memberships.factories import a_person, an_annual_card
from tests.memberships.profit_stories import DAY, a_fee, line, reckon

JANUARY = date(2027, 1, 15)


@pytest.mark.django_db
def test_year_of_99_yuan_is_earned_by_day_and_comes_to_99_exactly() -> None:
    plan = an_annual_card()
    a_fee(plan, starts_on=JANUARY)
    reckon(until=date(2028, 2, 10))
    earned = line("fees_earned", plan.programme)
    # 17 of 365 days in January: 99 x 17 / 365 = 4.6109…; by the end of February 45: 12.2054…
    assert (earned["2027-01"], earned["2027-02"]) == ("4.61", "7.60")
    assert len(earned) == 13 and sum(map(Decimal, earned.values())) == Decimal("99.00")
    deferred = line("deferred_revenue", plan.programme)
    assert (deferred["2027-01"], deferred["2027-12"]) == ("94.39", "3.80")
    assert "2028-01" not in deferred


@pytest.mark.django_db
def test_nothing_is_earned_before_it_was_paid_and_a_refund_counts_in_its_month() -> None:
    plan = an_annual_card(price=Decimal("365.00"))
    # Paid ten days late; 100 of it were given back for a fault in April, and the card went on.
    a_fee(plan, starts_on=JANUARY, paid_on=date(2027, 2, 3), back=[(date(2027, 4, 10), "100", False)])
    # Ended on the 31st of March, the 76th day, with 200 given back: 165 are kept, and earned by then.
    a_fee(plan, starts_on=JANUARY, back=[(date(2027, 3, 31), "200", True)])
    reckon(until=date(2027, 4, 30))
    earned = line("fees_earned", plan.programme)
    assert earned["2027-01"] == "17.00"
    assert earned["2027-02"] == "73.00", "45 days of the one paid late, 28 of the other"
    assert earned["2027-03"] == "151.00", "31 of the first; of the other the 165 that were kept, less 45 earned"
    # By the end of April 106 days of 265 CNY: 76.96, of which 76 were earned at a higher price.
    assert earned["2027-04"] == "0.96"
    assert line("deferred_revenue", plan.programme)["2027-04"] == "188.04"


@pytest.mark.django_db
def test_cards_of_a_list_count_by_their_price_and_stand_apart() -> None:
    plan = an_annual_card(price=Decimal("365.00"))
    join(a_person(on=JANUARY), plan, on=JANUARY, actor=None)
    reckon(until=date(2027, 2, 28))
    assert line("fees_listed", plan.programme) == {"2027-01": "17.00", "2027-02": "28.00"}
    assert not line("fees_earned", plan.programme)


@pytest.mark.django_db
def test_night_reckons_the_open_month_and_what_was_recorded_late() -> None:
    plan = an_annual_card(price=Decimal("365.00"))
    a_fee(plan, starts_on=JANUARY)
    reckon(until=date(2027, 1, 20))
    assert line("fees_earned", plan.programme) == {"2027-01": "6.00"}
    reckon(until=date(2027, 2, 28))
    before = ProfitRow.objects.get(month=date(2027, 1, 1), line="fees_earned")
    reckon(until=date(2027, 3, 31))
    assert ProfitRow.objects.get(pk=before.pk).as_of == before.as_of, "a closed month is left alone"
    # A payment of January is recorded in April.
    a_fee(plan, starts_on=JANUARY, told_on=date(2027, 4, 1))
    reckon(until=date(2027, 4, 1))
    assert line("fees_earned", plan.programme)["2027-01"] == "34.00"
    assert ProfitRow.objects.get(pk=before.pk).as_of > before.as_of
    assert ProfitKept.objects.get(programme=plan.programme, source="fees").until == date(2027, 4, 1)


#: A price in fen, the first day, days until it was paid, and refunds: days after the first, fen, whether the card ends.
Story = tuple[int, date, int, list[tuple[int, int, bool]]]


@st.composite
def _stories(draw: st.DrawFn) -> Story:
    price = left = draw(st.integers(1, 40_000))
    starts_on = date(2027, 1, 1) + DAY * draw(st.integers(0, 800))
    paid_after = draw(st.integers(0, 40))
    days = sorted(draw(st.lists(st.integers(paid_after, 420), max_size=3, unique=True)))
    backs = []
    for place, day in enumerate(days):
        if amount := draw(st.integers(0, left)):
            left -= amount
            ends_card = place == len(days) - 1 and day < 360 and draw(st.booleans())
            backs.append((day, amount, ends_card))
    return price, starts_on, paid_after, backs


@pytest.mark.django_db
@settings(max_examples=25, deadline=None)
@given(story=_stories())
def test_fee_is_the_plain_sum_of_its_days_in_whatever_months_it_is_asked_for(story: Story) -> None:
    price, starts_on, paid_after, backs = story
    programme = Programme.objects.filter(code="jd-plus").first() or an_annual_card().programme
    plan = an_annual_card(programme, code=f"plan{Plan.objects.count()}", price=Decimal(price) / 100)
    payment = a_fee(
        plan, starts_on=starts_on, paid_on=starts_on + DAY * paid_after,
        back=[(starts_on + DAY * day, f"{Decimal(fen) / 100}", ends) for day, fen, ends in backs],
    )
    keys, last = KeyRange(payment.member_id, payment.member_id), starts_on + DAY * 430
    found = {
        each.month: each.amount
        for each in Fees().amounts(programme.pk, keys, first_day=BEGINNING, last_day=last)
        if each.line == "fees_earned"
    }
    expected = _by_month(story, payment.ends_on, last)
    assert {month: amount for month, amount in found.items() if amount} == expected
    assert sum(found.values()) == payment.amount - payment.refunded
    middle = month_of(starts_on + DAY * 100)
    later = Fees().amounts(programme.pk, keys, first_day=middle, last_day=last)
    assert {each.month: each.amount for each in later if each.line == "fees_earned" and each.amount} == {
        month: amount for month, amount in expected.items() if month >= middle
    }


def _by_month(story: Story, ends_on: date, last: date) -> dict[date, Decimal]:
    """The same, day by day."""
    months: dict[date, Decimal] = {}
    before = Decimal(0)
    for place in range((last - story[1]).days + 1):
        day = story[1] + DAY * place
        earned = _earned(story, ends_on, day)
        months[month_of(day)] = months.get(month_of(day), Decimal(0)) + earned - before
        before = earned
    return {month: amount for month, amount in months.items() if amount}


def _earned(story: Story, ends_on: date, day: date) -> Decimal:
    price, starts_on, paid_after, backs = story
    kept = price - sum(fen for place, fen, _ends in backs if starts_on + DAY * place <= day)
    ended = [starts_on + DAY * place for place, _fen, ends_card in backs if ends_card]
    if day < starts_on + DAY * paid_after:
        return Decimal(0)
    if day >= min([ends_on, *ended]):
        return Decimal(kept) / 100
    days = (ends_on - starts_on).days + 1
    return (Decimal(kept * ((day - starts_on).days + 1)) / days / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
