"""Jobs that have something to do every few seconds, outside their runs."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from redis.exceptions import ConnectionError as UnreachableError

from operations.tasks import tick_jobs
from tests.operations.job_stories import CountSheep, registered, together

pytestmark = pytest.mark.django_db


class CountFlock(CountSheep):
    """Looks at the flock every minute."""

    every: timedelta | None = timedelta(minutes=1)

    def __init__(self, name: str = "count_flock", *, fails: bool = False) -> None:
        super().__init__(name=name)
        self.ticked: list[datetime] = []
        self.fails = fails

    def tick(self, *, at: datetime) -> None:
        self.ticked.append(at)
        if self.fails:
            raise ValueError("the flock has run away")


@pytest.fixture
def flock() -> Iterator[CountFlock]:
    job = CountFlock()
    with registered(job):
        yield job


def test_a_job_ticks_once_in_its_interval_however_often_beat_asks(flock: CountFlock) -> None:
    for _beat in range(3):
        tick_jobs()
    assert len(flock.ticked) == 1


def test_when_the_interval_has_passed_it_ticks_again(flock: CountFlock) -> None:
    tick_jobs()
    cache.delete(f"tick:{flock.name}")
    tick_jobs()
    assert len(flock.ticked) == 2


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_tick_once(flock: CountFlock) -> None:
    together(*[tick_jobs] * 4)
    assert len(flock.ticked) == 1


def test_a_tick_that_fails_keeps_no_other_from_its_own(flock: CountFlock) -> None:
    wolves, lambs = CountFlock("wolves", fails=True), CountFlock("lambs")
    with registered(wolves, lambs):
        tick_jobs()
    assert (len(wolves.ticked), len(lambs.ticked)) == (1, 1)


def test_without_the_cache_jobs_tick_with_every_beat(flock: CountFlock, monkeypatch: pytest.MonkeyPatch) -> None:
    def be_gone(*args: Any, **options: Any) -> bool:
        raise UnreachableError

    monkeypatch.setattr(cache, "add", be_gone)
    tick_jobs()
    tick_jobs()
    assert len(flock.ticked) == 2


def test_a_job_without_an_interval_does_not_tick() -> None:
    job = CountFlock()
    job.every = None
    with registered(job):
        tick_jobs()
    assert job.ticked == []
