"""Fulfilments in a storm: partners fail three calls in ten, tell thrice and in any order, one is down for a while, and
workers are killed. At the end the states here are those there, nothing was done twice, and every dead letter has its
reason.

The faults last to the end. NIGHT_STORM=full has a thousand fulfilments and twenty kills; without it there are fewer,
and what waits need not wait.
"""

import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from benefits.models import Grant
from operations.dates import business_date
from operations.models import OutboxMessage
from partners.models import Command, Fulfilment, FulfilmentEvent, InboundEvent, Offer, Partner
from partners.services.fulfilments import nudge
from tests.memberships.crash_stories import kill_group, wait_until
from tests.memberships.factories import a_person
from tests.memberships.night_proofs import a_beat
from tests.partner import PartnersForTests
from tests.partners.fulfilment_stories import a_partner, an_offer, states

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]
StartWorker = Callable[..., "subprocess.Popen[bytes]"]


@dataclass(frozen=True)
class Storm:
    """How hard it blows: fulfilments, kills, how long one partner is away, whether waiting is cut short."""

    fulfilments: int
    kills: int
    away_s: float
    is_cut_short: bool


STORM = Storm(1_000, 20, 20, False) if os.environ.get("NIGHT_STORM") == "full" else Storm(100, 2, 1, True)
#: Three in ten calls go wrong, in all the ways there are.
CALLS = {
    "timeout_before": 0.02, "timeout_after": 0.05, "error_before": 0.03, "error_after": 0.04, "reset_before": 0.03,
    "reset_after": 0.04, "unavailable": 0.02, "forged": 0.03, "rate_limited": 0.02, "slow": 0.02,
}
EVENTS = {"forged": 0.1, "stale": 0.05}
#: From the last kill to the end of all work; and until something is answered (seconds).
PATIENCE_S, PROGRESS_S = 2 * 60 if STORM.is_cut_short else 15 * 60, 60
#: One product in twenty is refused, at once or later.
SKUS = [*["vip-year"] * 18, "refused-vip", "later-refused-vip"]
REFUSED = "sku_refused"


@pytest.fixture
def environment() -> dict[str, str]:
    """Of the workers and of beat: short pauses, many attempts, no nights between."""
    return {
        "PARTNER_PAUSE_SECONDS": "0.2", "PARTNER_ATTEMPTS": "200", "NIGHT_BEGINS_AT": "23:59:59",
        "JOB_SILENCE_SECONDS": "1", "LOG_LEVEL": "CRITICAL",
    }


@pytest.fixture
def told(partners: PartnersForTests, live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The partners tell the desk, whose threads keep no connections to a database that will be gone."""
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    partners.send_events_to(live_server.url)
    yield live_server.url
    partners.send_events_to("")


def test_storm_over_fulfilments_leaves_states_here_as_there(
    partners: PartnersForTests, told: str, environment: dict[str, str], server_environment: dict[str, str],
    start_worker: StartWorker, tmp_path: Path,
) -> None:
    houses = [some_partner("iqiyi", partners), some_partner("kugou", partners)]
    grants = give_to_many(houses, count=STORM.fulfilments)
    dice = random.Random(20)
    with a_beat(tmp_path, {**server_environment, **environment}):
        worker = start_worker("-c", "2", "--without-gossip", "--without-mingle", **environment)
        for kill in range(STORM.kills):
            seen = answered()
            wait_until(lambda seen=seen: answered() > seen, seconds=PROGRESS_S, pause=0.02)
            time.sleep(dice.uniform(0, 0.5))
            change_some(grants, dice)
            kill_group(worker)
            if kill == STORM.kills // 2:
                partners.partner("kugou").order_faults(is_down=True)
                time.sleep(STORM.away_s)
                make_it_storm(partners, "kugou")
            worker = start_worker("-c", "2", "--without-gossip", "--without-mingle", **environment)
        wait_until(lambda: is_settled(partners), seconds=PATIENCE_S, pause=0.3)
    assert_all_is_well(partners, houses)


def some_partner(code: str, partners: PartnersForTests) -> Partner:
    """That fails often, and tells of every change thrice."""
    partners.partner(code).change(is_telling=True, confirm_after_ms=300 if code == "kugou" else 0)
    make_it_storm(partners, code)
    return a_partner(
        code, at=partners, timeout_seconds="0.5", in_flight=8, breaker_failures=5, breaker_seconds=1
    )


def make_it_storm(partners: PartnersForTests, code: str) -> None:
    partners.partner(code).order_faults(
        orders=CALLS, queries=CALLS, events=EVENTS, seed=7, latency_ms=20, slow_ms=800, copies=3, shuffle_ms=500,
        retry_ms=200,
    )


def give_to_many(houses: list[Partner], *, count: int) -> list[Grant]:
    """A member each, of both partners and all products in turn."""
    offers = [an_offer(house, sku=sku, suspends_in_grace=True) for house in houses for sku in SKUS]
    now, member = timezone.now(), a_person()
    return Grant.objects.bulk_create(
        Grant(
            member=member, benefit=offers[number % len(offers)].benefit, key=f"right:storm:{number}",
            valid_from=business_date(now), given_on=business_date(now), given_at=now,
        )
        for number in range(count)
    )


def change_some(grants: list[Grant], dice: random.Random) -> None:
    """Cards go into grace, are paid for, and end: in one statement each."""
    for old, new in (("live", "in_grace"), ("in_grace", "live"), ("live", "ended"), ("in_grace", "ended")):
        picked = [grant.pk for grant in dice.sample(grants, len(grants) // 10)]
        ended = {"ended_on": business_date(timezone.now())} if new == "ended" else {}
        Grant.objects.filter(pk__in=picked, state=old).update(state=new, **ended)


def answered() -> int:
    return Command.objects.filter(answered_at__isnull=False).count()


def is_settled(partners: PartnersForTests) -> bool:
    if STORM.is_cut_short:
        Command.objects.filter(state="sent", next_attempt_at__gt=in_a_moment()).update(next_attempt_at=timezone.now())
    nudge()
    is_told = not partners.load()["to_send"]
    return is_told and not Command.objects.open().exists() and not Fulfilment.objects.behind().exists()


def in_a_moment() -> datetime:
    """Later than any lease of these partners reaches."""
    return timezone.now() + timedelta(seconds=3)


def assert_all_is_well(partners: PartnersForTests, houses: list[Partner]) -> None:
    # It did storm.
    assert FulfilmentEvent.objects.filter(kind="unknown").count() > STORM.fulfilments // 10
    assert Command.objects.filter(attempts__gt=1).count() > STORM.fulfilments // 10
    for house in houses:
        there = partners.partner(house.code)
        assert states_there(there.states(), house) == states(house)
        provisioned = Counter(fulfilment["provisioned"] for fulfilment in there.fulfilments())
        assert set(provisioned) <= {0, 1}, provisioned
        commands = Counter(command["id"] for command in there.commands())
        assert set(commands.values()) == {1}
    dead = Fulfilment.objects.dead()
    assert set(dead.values_list("error", flat=True)) <= {REFUSED}
    assert set(dead.values_list("offer__sku", flat=True)) <= {"refused-vip", "later-refused-vip"}
    assert Offer.objects.filter(fulfilments__in=dead).exists()
    assert not OutboxMessage.objects.filter(state=OutboxMessage.State.QUEUED).exists()
    assert not InboundEvent.objects.filter(state=InboundEvent.State.DEAD).exists()


def states_there(found: dict[str, str], house: Partner) -> dict[str, str]:
    """With what was revoked before it was ever sent, which the partner never heard of."""
    unsent = Fulfilment.objects.filter(partner=house, state="revoked", sequence=0)
    return found | {key: "revoked" for key in unsent.values_list("key", flat=True) if key not in found}
