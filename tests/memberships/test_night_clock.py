"""Our clock jumps, back by two hours and ahead by twenty-five: one run for each date, one charge for each term."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache

from memberships.dates import BUSINESS_ZONE
from operations import tasks
from operations.models import JobRun
from operations.services.jobs import begin_run, start_run, take_chunk
from operations.services.nights import nightly_jobs
from tests.gateway import GatewayForTests
from tests.memberships.factories import a_card, a_monthly_card
from tests.memberships.night_proofs import without_broker
from tests.memberships.night_stories import paid_days, payment_of, states, story_of

pytestmark = pytest.mark.django_db(transaction=True)

JOINED = date(2028, 1, 31)
TERMS = [
    (date(2028, 1, 31), date(2028, 2, 28)), (date(2028, 2, 29), date(2028, 3, 30)),
]
#: On which the card's second term is asked for.
EVE = date(2028, 2, 27)
DAY, BACK, AHEAD = timedelta(days=1), -timedelta(hours=2), timedelta(hours=25)


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    without_broker(monkeypatch)


class World:
    """The true time, which is the gateway's, and our clock beside it."""

    def __init__(self, gateway: GatewayForTests) -> None:
        self.gateway = gateway
        self.now = datetime(2028, 1, 31, tzinfo=BUSINESS_ZONE)

    def come_to(self, day: date, hour: int = 1) -> None:
        """That hour of that day, in truth."""
        self.now = datetime(day.year, day.month, day.day, hour, tzinfo=BUSINESS_ZONE)
        self.gateway.set_clock(self.now)

    @contextmanager
    def clock_off_by(self, jump: timedelta) -> Iterator[datetime]:
        with time_machine.travel(self.now + jump, tick=True):
            yield self.now + jump

    def beat(self, jump: timedelta = timedelta()) -> None:
        """Beat ticks and workers work, by our clock, until there is nothing to do."""
        with self.clock_off_by(jump):
            cache.clear()
            tasks.tick_jobs()
            while True:
                tasks.start_nights()
                runs = list(JobRun.objects.unfinished().values_list("pk", flat=True))
                if not runs:
                    return
                for run in runs:
                    tasks.work_on_run(run)


@pytest.fixture
def world(gateway: GatewayForTests) -> World:
    return World(gateway)


def dates_of_runs() -> dict[str, list[date]]:
    """By job, the dates it ran for, a date as often as it did."""
    return {
        job.name: list(
            JobRun.objects.filter(job=job.name).order_by("business_date").values_list("business_date", flat=True)
        )
        for job in nightly_jobs()
    }


def days(first: date, last: date) -> list[date]:
    return [first + number * DAY for number in range((last - first).days + 1)]


def test_clock_that_jumps_every_day_makes_no_run_twice_leaves_no_date_out_and_charges_each_term_once(
    world: World,
) -> None:
    card = a_card(a_monthly_card(), on=JOINED)
    first, last = date(2028, 2, 26), date(2028, 3, 1)
    for day in days(first, last):
        for hour in (1, 13):
            world.come_to(day, hour)
            for jump in (timedelta(), BACK, AHEAD, timedelta()):
                world.beat(jump)
    assert paid_days(card) == TERMS
    assert world.gateway.attempts_per_token().total() == world.gateway.paid_per_token().total() == 1
    assert story_of(payment_of(card))[-1][:2] == (1, "succeeded")
    # By the clock that is ahead, the night of the day after the last has begun.
    assert dates_of_runs() == {job.name: days(first, last + DAY) for job in nightly_jobs()}
    assert set(JobRun.objects.values_list("state", flat=True)) == {JobRun.State.SUCCEEDED}


def test_night_that_came_a_day_early_is_not_repeated_when_its_day_has_come(world: World) -> None:
    card = a_card(a_monthly_card(), on=JOINED)
    world.come_to(EVE - DAY)
    world.beat(AHEAD)
    assert paid_days(card) == TERMS, "by our clock it was the eve"
    for day in (EVE - DAY, EVE, EVE + DAY):
        world.come_to(day, 2)
        world.beat()
        world.beat(BACK)
    assert paid_days(card) == TERMS
    assert world.gateway.attempts_per_token().total() == 1
    assert dates_of_runs()["renew_subscriptions"] == [EVE, EVE + DAY]


def test_answer_that_was_lost_while_the_clock_was_ahead_is_asked_for_once_the_clock_is_right(world: World) -> None:
    card = a_card(a_monthly_card(), on=JOINED)
    world.come_to(EVE - DAY)
    world.gateway.order_faults(orders={"reset_after": 1})
    world.beat(AHEAD)
    world.gateway.clear_faults()
    assert payment_of(card).state == "unknown"
    for day in days(EVE - DAY, EVE + 2 * DAY):
        world.come_to(day, 3)
        world.beat()
    assert paid_days(card) == TERMS
    assert states(card, *days(EVE, EVE + 3 * DAY)) == ["active"] * 4
    assert world.gateway.attempts_per_token().total() == world.gateway.paid_per_token().total() == 1


def test_chunk_whose_worker_died_while_the_clock_was_ahead_is_taken_up_when_it_is_back(world: World) -> None:
    card = a_card(a_monthly_card(), on=JOINED)
    world.come_to(EVE)
    with world.clock_off_by(AHEAD) as ahead:
        run = start_run("renew_subscriptions", business_date=EVE, actor=None, at=ahead)
        begin_run(run.pk, at=ahead)
        assert take_chunk(run, at=ahead) is not None
    with world.clock_off_by(BACK) as back:
        assert list(JobRun.objects.silent(at=back, patience=timedelta(seconds=20))) == [run]
        tasks.work_on_run(run.pk)
    assert JobRun.objects.get(pk=run.pk).state == JobRun.State.SUCCEEDED
    assert paid_days(card) == TERMS
    assert world.gateway.paid_per_token().total() == 1
