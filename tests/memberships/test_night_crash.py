"""A night in a storm: the gateway fails a third of its calls, workers are killed, the broker forgets and goes.

NIGHT_STORM=full has a thousand cards and twenty kills of whole workers, has the broker away for a minute, and waits for
as long as it takes. Without it there are fewer, most kills take the process in the worker that does the work, and what
waits for its time need not wait.
"""

import os
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from django.utils import timezone

from memberships.models import Payment
from operations.dates import business_date
from tests.gateway import GatewayForTests
from tests.memberships.crash_stories import kill_children, kill_group, wait_until
from tests.memberships.night_proofs import (
    HARD,
    OK,
    SOFT,
    Broker,
    a_beat,
    answered,
    assert_books_are_clean,
    assert_charged_once_each,
    assert_each_term_is_told_once,
    due_cards,
    is_settled,
    let_time_pass,
)

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]
StartWorker = Callable[..., "subprocess.Popen[bytes]"]
#: Three in ten calls go wrong, in all the ways there are.
FAULTS = {
    "timeout_before": 0.02, "timeout_after": 0.06, "error_before": 0.03, "error_after": 0.05, "reset_before": 0.03,
    "reset_after": 0.05, "unavailable": 0.03, "forged": 0.03,
}


@dataclass(frozen=True)
class Storm:
    """How hard it blows: cards, kills, which take the whole worker, how long no broker is there, what is cut short."""

    cards: int
    kills: int
    whole_worker_every: int
    broker_away_s: float
    is_cut_short: bool


STORM = Storm(1_000, 20, 1, 60, False) if os.environ.get("NIGHT_STORM") == "full" else Storm(400, 8, 3, 2, True)
#: From the last fault to the end of all work; and between two kills, until an answer is written down.
PATIENCE_S, PROGRESS_S = 15 * 60, 3 * 60


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path / "broker")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def environment(broker: Broker, gateway: GatewayForTests) -> dict[str, str]:
    """Of the worker and of beat: their own broker, little patience, small chunks, a listener."""
    return {
        "REDIS_URL": broker.url, "SANDBOX_GATEWAY_TIMEOUT": "0.5", "CHARGE_CHUNK_CARDS": "40",
        "JOB_SILENCE_SECONDS": "1", "NIGHT_BEGINS_AT": "00:00", "EVENTS_URL": gateway.events_url,
        "EVENTS_SECRET": gateway.events_secret, "LOG_LEVEL": "CRITICAL",
    }


class Worker:
    """One worker process that somebody starts again whenever it is gone."""

    def __init__(self, start: StartWorker, environment: dict[str, str]) -> None:
        self._start = lambda: start("-c", "1", "--without-gossip", "--without-mingle", **environment)
        self.process = self._start()
        self.kills = 0

    def kill(self) -> None:
        """With kill -9: the whole worker, or the process in it that does the work."""
        self.kills += 1
        if self.kills % STORM.whole_worker_every == 0:
            kill_group(self.process)
            self.process = self._start()
        else:
            wait_until(lambda: bool(psutil.Process(self.process.pid).children()))
            kill_children(self.process)


def test_night_in_a_storm_charges_every_card_once(
    gateway: GatewayForTests, broker: Broker, environment: dict[str, str], server_environment: dict[str, str],
    start_worker: StartWorker, tmp_path: Path,
) -> None:
    today = business_date(timezone.now())
    due_cards([OK] * 8 + [SOFT, HARD], on=today, count=STORM.cards)
    gateway.order_faults(latency_ms=300, seed=7, orders=FAULTS, queries=FAULTS)
    dice = random.Random(20)
    with a_beat(tmp_path, {**server_environment, **environment}):
        worker = Worker(start_worker, environment)
        while worker.kills < STORM.kills:
            seen = answered()
            wait_until(lambda seen=seen: answered() > seen, seconds=PROGRESS_S, pause=0.02)
            time.sleep(dice.uniform(0, 0.5))
            is_over = Payment.objects.count() == STORM.cards and not Payment.objects.open().exists()
            assert not is_over, "the night was over too soon"
            worker.kill()
            if worker.kills == STORM.kills // 2:
                broker.flush()
                broker.stop()
                time.sleep(STORM.broker_away_s)
                broker.start()
        gateway.clear_faults()
        if STORM.is_cut_short:
            let_time_pass()
        wait_until(is_settled, seconds=PATIENCE_S, pause=0.2)
    assert_charged_once_each(gateway)
    assert_each_term_is_told_once(gateway)
    assert_books_are_clean()
