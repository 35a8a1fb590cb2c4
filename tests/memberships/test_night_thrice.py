"""Every task delivered three times at once: one effect each."""

import subprocess
import time
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone
from redis.exceptions import ConnectionError as UnreachableError

from config.celery import app
from memberships.models import Payment, PaymentEvent, Subscription
from memberships.services.payment_methods import choose_payment_method
from operations import tasks
from operations.dates import business_date
from operations.models import BookDifference, JobRun, OutboxMessage, RunItem
from operations.services.dry_runs import start_dry_run
from operations.services.nights import nightly_jobs
from tests.gateway import GatewayForTests
from tests.memberships.crash_stories import wait_until
from tests.memberships.factories import a_card, a_monthly_card
from tests.memberships.night_proofs import (
    HARD,
    OK,
    SOFT,
    assert_charged_once_each,
    assert_each_term_is_told_once,
    due_cards,
    is_settled,
    without_broker,
)
from tests.memberships.night_stories import at_night, night, paid_days, payment_of, run_job, story_of
from tests.memberships.points_stories import a_wallet, balance, earn, entries, spend
from tests.operations.job_stories import together

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = date(2028, 1, 13)
YESTERDAY = TODAY - timedelta(days=1)
#: Joined on this day, a monthly card is to be renewed today.
MONTH_AGO = date(2027, 12, 15)
RENEWED = (date(2028, 1, 15), date(2028, 2, 14))
#: The tasks of Celery, without those that want a run.
TICKS = [
    tasks.start_nights, tasks.tick_jobs, tasks.dispatch_runs, tasks.sweep_outbox, tasks.sweep_staging,
    tasks.sweep_dry_runs, tasks.sweep_sessions, tasks.sweep_uploads,
]


class Desk:
    """The morning before that night: cards in every state, points that are over, and messages."""

    def __init__(self, gateway: GatewayForTests) -> None:
        gateway.set_clock(at_night(YESTERDAY))
        plan = a_monthly_card()
        self.retried = a_card(plan, "tok_soft_1", on=MONTH_AGO - timedelta(days=1))
        night(YESTERDAY)
        self.lost = a_card(plan, on=MONTH_AGO - timedelta(days=1))
        gateway.order_faults(orders={"reset_after": 1})
        run_job("renew_subscriptions", on=YESTERDAY, scope="again@1")
        gateway.clear_faults()
        self.renewed = [a_card(plan, on=MONTH_AGO) for _number in range(12)]
        self.soft, self.hard = (a_card(plan, token, on=MONTH_AGO) for token in ("tok_soft", "tok_hard"))
        # Paid until yesterday, and until ten days of grace before.
        self.unpaid, self.over = (a_card(plan, on=day) for day in (date(2027, 12, 13), date(2027, 12, 3)))
        for card in (self.unpaid, self.over):
            choose_payment_method(card, None, actor=None)
        self.wallet = a_wallet()
        earn(self.wallet, 100, expires_on=TODAY, on=MONTH_AGO)
        earn(self.wallet, 50, expires_on=TODAY + timedelta(days=1), on=MONTH_AGO)
        spend(self.wallet, 30, on=MONTH_AGO)
        self.dry_run = start_dry_run("renew_subscriptions", business_date=MONTH_AGO, actor=None, at=at_night(MONTH_AGO))
        RunItem.objects.create(run=self.dry_run, key=1)


@pytest.fixture
def desk(gateway: GatewayForTests, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Three may call at a time, beat's ticks are never held back, and nobody but the test delivers tasks."""
    settings.JOB_LANES, settings.CHARGE_CHUNK_CARDS, settings.JOB_SILENCE_SECONDS = {"gateway": 3}, 2, 0
    settings.DRY_RUN_DAYS = 7
    settings.EVENTS_URL, settings.EVENTS_SECRET = gateway.events_url, gateway.events_secret
    without_broker(monkeypatch)
    monkeypatch.setattr(cache, "add", no_cache)
    return Desk(gateway)


def no_cache(*args: Any, **options: Any) -> bool:
    raise UnreachableError


def everything_thrice() -> None:
    """Each task three times at the same moment, and three workers for each run."""
    acts: list[Callable[[], Any]] = [*TICKS]
    acts += [partial(tasks.work_on_run, run) for run in JobRun.objects.unfinished().values_list("pk", flat=True)]
    together(*acts * 3)


def is_over() -> bool:
    ended = JobRun.objects.of_the_night().filter(business_date=TODAY).exclude(state__in=["queued", "running"])
    return ended.count() == len(nightly_jobs()) and is_settled()


def the_night_comes(gateway: GatewayForTests) -> None:
    """Five in the morning: nothing of the night was done yet."""
    morning = at_night(TODAY) + timedelta(hours=5)
    gateway.set_clock(morning)
    gateway.order_faults(latency_ms=20)
    gives_up_at = time.monotonic() + 180
    with time_machine.travel(morning, tick=True):
        while not is_over():
            assert time.monotonic() < gives_up_at, "the night does not end"
            everything_thrice()


def test_every_task_is_delivered_here() -> None:
    known = {name for name in app.tasks if name.startswith(("operations.", "memberships."))}
    assert known == {task.name for task in (*TICKS, tasks.work_on_run)}


def test_night_delivered_three_times_at_once_is_one_night(desk: Desk, gateway: GatewayForTests) -> None:
    assert payment_of(desk.lost).state == "unknown" and payment_of(desk.retried).state == "declined"
    the_night_comes(gateway)
    assert list(BookDifference.objects.all()) == []
    runs = JobRun.objects.filter(business_date=TODAY)
    assert Counter(runs.values_list("job", "scope", "state")) == {
        (job.name, "", "succeeded"): 1 for job in nightly_jobs()
    }
    assert not RunItem.objects.exists()
    assert_charges_are_those_of_one_night(desk, gateway)
    assert_cards_are_those_of_one_night(desk)
    assert entries(desk.wallet)[3:] == [("expire", -70, TODAY)] and balance(desk.wallet) == 50
    heard = {event["id"]: event["deliveries"] for event in gateway.events()}
    # Text messages wait for the end of their quiet hours.
    by_webhook = OutboxMessage.objects.exclude(topic="notice.email").exclude(state="waiting")
    assert heard == dict.fromkeys(by_webhook.values_list("key", flat=True), 1)


def assert_charges_are_those_of_one_night(desk: Desk, gateway: GatewayForTests) -> None:
    """One attempt for each card, two where yesterday's was declined; money once."""
    once = [*desk.renewed, desk.lost, desk.soft, desk.hard]
    tokens = {card.payment_method.token: 1 for card in once if card.payment_method}
    assert gateway.attempts_per_token() == {**tokens, token_of(desk.retried): 2}
    paid = [*desk.renewed, desk.lost, desk.retried]
    assert gateway.paid_per_token() == {token_of(card): 1 for card in paid}
    for card in desk.renewed:
        assert story_of(payment_of(card)) == [(1, "requested", TODAY), (1, "succeeded", TODAY)]
    for card in (desk.soft, desk.hard):
        assert story_of(payment_of(card)) == [(1, "requested", TODAY), (1, "declined", TODAY)]
    assert story_of(payment_of(desk.retried))[2:] == [(2, "requested", TODAY), (2, "succeeded", TODAY)]
    assert [kind for _attempt, kind, _on in story_of(payment_of(desk.lost))] == ["requested", "unknown", "succeeded"]
    assert Payment.objects.count() == len(tokens) + 1
    assert PaymentEvent.objects.filter(kind="succeeded").count() == len(paid)


def token_of(card: Subscription) -> str:
    assert card.payment_method is not None
    return card.payment_method.token


def assert_cards_are_those_of_one_night(desk: Desk) -> None:
    """A term each for those that were paid for, one more message for each thing that happened."""
    assert [paid_days(card)[1:] for card in desk.renewed] == [[RENEWED]] * 12
    assert [len(paid_days(card)) for card in (desk.retried, desk.lost, desk.soft, desk.hard)] == [2, 2, 1, 1]
    lapsed = Subscription.objects.get(pk=desk.over.pk)
    assert (lapsed.ended_on, lapsed.lapsed_on) == (YESTERDAY, TODAY)
    events = OutboxMessage.objects.exclude(topic__startswith="notice.")
    topics = Counter(events.values_list("topic", flat=True))
    assert topics == {"subscription.renewed": 14, "subscription.entered_grace": 1, "subscription.lapsed": 1}


def test_night_delivered_three_times_to_three_processes_is_one_night(
    gateway: GatewayForTests, start_worker: Callable[..., "subprocess.Popen[bytes]"]
) -> None:
    due_cards([OK] * 4 + [SOFT, HARD], on=business_date(timezone.now()), count=120)
    gateway.order_faults(latency_ms=50)
    start_worker(
        "-c", "3", "--without-gossip", "--without-mingle", GATEWAY_LANES="3", CHARGE_CHUNK_CARDS="10",
        NIGHT_BEGINS_AT="00:00", EVENTS_URL=gateway.events_url, EVENTS_SECRET=gateway.events_secret,
    )
    wait_until(lambda: bool(app.control.ping(timeout=0.5)))
    wait_until(delivered_until_it_is_over, seconds=180, pause=0.3)
    app.control.purge()
    assert_charged_once_each(gateway)
    assert_each_term_is_told_once(gateway)
    runs = JobRun.objects.values_list("job", flat=True)
    assert Counter(runs) == {job.name: 1 for job in nightly_jobs()}


def delivered_until_it_is_over() -> bool:
    """Whether the night is over; else every task is put three times into the queue, once more."""
    if JobRun.objects.count() == len(nightly_jobs()) and is_settled():
        return True
    for task in TICKS:
        for _time in range(3):
            task.apply_async(expires=5)
    for run in JobRun.objects.unfinished().values_list("pk", flat=True):
        for _time in range(3):
            tasks.work_on_run.apply_async([run], expires=5)
    return False
