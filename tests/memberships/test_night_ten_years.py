"""Ten years of nights, one after the other: no gap, no overlap, nothing twice.

Each night every job about cards and points says what it would do; where that is anything, it runs, against a gateway
that fails a fifth of its orders. The other jobs have their night once a year. After three years, in which nothing was
ever due in the middle of a month, those nights are passed over. With NIGHT_YEARS=full the runs of all jobs are made by
beat's own service, also those of the 3,653 nights with nothing to do (an hour).
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from memberships.dates import add_months, term_bounds
from memberships.models import Enrolment, Payment, PointsEntry, Subscription
from memberships.services.first_terms import reactivate_subscription
from memberships.services.payment_methods import choose_payment_method
from memberships.services.subscriptions import cancel_subscription
from operations import registry
from operations.models import JobRun
from operations.services.jobs import start_run
from operations.services.nights import nightly_jobs, start_missing_runs
from tests.gateway import GatewayForTests
from tests.memberships.books_stories import differences
from tests.memberships.factories import a_card, a_method, a_monthly_card, an_annual_card, jd_plus, renew
from tests.memberships.night_proofs import without_broker
from tests.memberships.night_stories import ask_again, at_night, paid_days, states, worked
from tests.memberships.points_stories import a_wallet, balance, earn, spend

pytestmark = pytest.mark.django_db(transaction=True)

FIRST, LAST = date(2027, 1, 31), date(2037, 1, 30)
DAY = timedelta(days=1)
#: The gateway is well again for the last weeks, so that nothing is left open.
WELL_FROM = date(2037, 1, 10)
FAULTS = {"error_after": 0.06, "reset_after": 0.05, "reset_before": 0.05, "unavailable": 0.04}
#: The jobs of cards and points. The others find their work every night, or look for what this story has none of.
EVERY_NIGHT = {
    "resolve_unknown_payments", "renew_subscriptions", "retry_payments", "enter_grace_and_lapse", "post_pending_points",
    "expire_points",
}
#: All cards of the story end with a month, or begin with it, and have no grace that reaches into the middle of one.
MIDDLE, PASSED_OVER_FROM = range(14, 26), date(2030, 2, 1)
IS_FULL = os.environ.get("NIGHT_YEARS") == "full"


class Cards:
    """Who has a card, and what they do on which day."""

    def __init__(self) -> None:
        programme = jd_plus()
        monthly, quarterly, annual = (
            a_monthly_card(programme),
            a_monthly_card(programme, code="quarterly", term_months=3, price="40.00"),
            an_annual_card(programme, grace_days=10),
        )
        self.monthly = a_card(monthly, on=FIRST)
        self.quarterly = a_card(quarterly, on=date(2026, 11, 30))
        self.annual = a_card(annual, on=date(2024, 2, 29))
        renew(self.annual, times=2)
        self.leaver, self.broke, self.gone = (a_card(monthly, on=FIRST) for _name in range(3))
        self.calendar: dict[date, Callable[[date], Any]] = {
            date(2028, 5, 3): lambda day: pays_by(self.broke, "tok_soft"),
            date(2028, 8, 1): self.take_up_again,
            date(2029, 2, 1): lambda day: pays_by(self.quarterly, "tok_soft_2"),
            date(2030, 3, 10): lambda day: cancel_subscription(self.leaver, on=day, reason="moved", actor=None),
            date(2031, 1, 5): lambda day: pays_by(self.gone, "tok_hard"),
            date(2032, 1, 5): lambda day: pays_by(self.annual, "tok_soft_4"),
            date(2034, 6, 7): lambda day: pays_by(self.monthly, "tok_soft_3"),
        }

    def take_up_again(self, day: date) -> None:
        """Whoever was broke has money again."""
        reactivate_subscription(self.broke, method=a_method(self.broke.member), on=day, at=at_night(day), actor=None)

    @property
    def taken_up(self) -> Subscription:
        return Subscription.objects.get(previous=self.broke)


def pays_by(card: Subscription, token: str) -> None:
    """From now on the card is renewed by another agreement."""
    choose_payment_method(card, a_method(card.member, token), actor=None)


class Purse:
    """A wallet that gets and gives every month, and what must be in it: the earliest lot is spent first."""

    def __init__(self) -> None:
        self.wallet: Enrolment = a_wallet()
        self.lots: list[list[Any]] = []
        self.expired = 0

    def live_through(self, day: date) -> None:
        """Points are earned on the 5th, to the end of the month a year on, and spent on the 20th."""
        over = sum(points for expires_on, points in self.lots if expires_on <= day)
        self.expired += over
        self.lots = [lot for lot in self.lots if lot[0] > day]
        if day.day == 5:
            expires_on = add_months(day.replace(day=1), 13)
            earn(self.wallet, 100 + day.month, expires_on=expires_on, on=day, key=f"order:{day}")
            self.lots.append([expires_on, 100 + day.month])
        if day.day == 20 and sum(points for _day, points in self.lots) >= 60:
            spend(self.wallet, 60, on=day, key=f"gift:{day}")
            self.take(60)

    def take(self, points: int) -> None:
        for lot in self.lots:
            taken = min(points, lot[1])
            lot[1] -= taken
            points -= taken


def a_night(day: date, gateway: GatewayForTests) -> None:
    """The jobs of a night, in their order; then, by day, beat asks about what was left open."""
    for run in made_by_beat(day) if IS_FULL else made_where_needed(day):
        if not run.is_finished:
            gateway.set_clock(at_night(day))
            worked(run)
    if Payment.objects.open().exists():
        ask_again(day)


def made_by_beat(day: date) -> Iterator[JobRun]:
    """The runs of all nightly jobs, each when its turn has come."""
    while runs := start_missing_runs(at_night(day)):
        yield from runs


def made_where_needed(day: date) -> Iterator[JobRun]:
    """Runs of the jobs of every night that find something to do; of the others all, at the year's end."""
    is_years_end = day == LAST or (day.month, day.day) == (12, 31)
    in_the_middle = day.day in MIDDLE
    if in_the_middle and day >= PASSED_OVER_FROM:
        return
    for job in nightly_jobs():
        if job.name in EVERY_NIGHT:
            night = JobRun(job=job.name, business_date=day, requested_at=at_night(day))
            is_needed = any(job.plan(night))
            assert not (in_the_middle and is_needed), f"{job.name} finds something on {day}"
        else:
            is_needed = is_years_end
        if is_needed:
            yield start_run(job.name, business_date=day, actor=None, at=at_night(day))


def days() -> Iterator[date]:
    for number in range((LAST - FIRST).days + 1):
        yield FIRST + number * DAY


def terms_through(card: Subscription, months: int, day: date) -> list[tuple[date, date]]:
    """The days that a card has when it was paid for without a gap until that day, at least."""
    assert card.started_on is not None
    found = [term_bounds(card.started_on, months, 1)]
    while found[-1][1] < day:
        found.append(term_bounds(card.started_on, months, len(found) + 1))
    return found


def assert_nothing_was_paid_twice(gateway: GatewayForTests) -> None:
    """Each term that was paid for has one payment, each such payment one charge at the gateway, and the other way."""
    paid = Payment.objects.filter(state="succeeded")
    spans = Counter(paid.values_list("member", "starts_on"))
    assert set(spans.values()) == {1}
    assert paid.filter(term=None).count() == 0
    charged = Counter(charge["key"].partition("-")[0] for charge in gateway.paid())
    assert charged == {str(payment): 1 for payment in paid.values_list("pk", flat=True)}


def test_ten_years_of_nights_leave_no_gap_no_overlap_and_do_nothing_twice(
    gateway: GatewayForTests, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_broker(monkeypatch)
    cards, purse = Cards(), Purse()
    gateway.order_faults(seed=10, orders=FAULTS)
    for day in days():
        if day == WELL_FROM:
            gateway.clear_faults()
        a_night(day, gateway)
        purse.live_through(day)
        if day in cards.calendar:
            cards.calendar[day](day)
    # Whatever ends on the day after the last night was renewed in it.
    ahead = LAST + 2 * DAY
    assert paid_days(cards.monthly) == terms_through(cards.monthly, 1, ahead)
    assert paid_days(cards.quarterly) == terms_through(cards.quarterly, 3, ahead)
    assert paid_days(cards.annual) == terms_through(cards.annual, 12, ahead)
    assert paid_days(cards.taken_up) == terms_through(cards.taken_up, 1, ahead)
    assert paid_days(cards.leaver)[-1] == (date(2030, 2, 28), date(2030, 3, 30))
    assert [paid_days(card)[-1][1] for card in (cards.broke, cards.gone)] == [date(2028, 5, 30), date(2031, 1, 30)]
    ended = [states(card, LAST)[0] for card in (cards.leaver, cards.broke, cards.gone)]
    assert ended == ["cancelled", "lapsed", "lapsed"]
    assert_nothing_was_paid_twice(gateway)
    assert balance(purse.wallet) == sum(points for _day, points in purse.lots)
    expired = PointsEntry.objects.filter(enrolment=purse.wallet, kind="expire")
    assert -sum(expired.values_list("points", flat=True)) == purse.expired
    assert differences(*(check.name for check in registry.book_checks), on=LAST, since=FIRST) == []
    if IS_FULL:
        runs = Counter(JobRun.objects.values_list("job", flat=True))
        assert runs == {job.name: len(list(days())) for job in nightly_jobs()}
