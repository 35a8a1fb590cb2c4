"""A night of renewals: charging through a gateway that takes 200 ms, and the database work alone for ten times as many.

Charging is measured with one worker process; its limit is what the calls in flight allow. The limit of the database
work is its intents, terms and events by plain INSERTs and UPDATEs on the same tables (benchmarks/renewals_limit.py).
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from unittest import mock

from django.conf import settings
from django.utils import timezone

from benchmarks import renewals_limit
from benchmarks.cards import make_cards, make_plans
from benchmarks.figures import BenchmarkError, Figures, expect
from benchmarks.gateway import sandbox_gateway
from benchmarks.house import House, Stopwatch, celery_worker, checkpoint, postgres_pid, say, wait_for
from benchmarks.memory import MemoryWatch
from memberships.gateways import Answer, Outcome
from memberships.gateways.sandbox.control import SandboxControl
from memberships.models import Payment, PaymentEvent, Plan, Subscription
from memberships.services.charges import WantedCharge
from operations import registry
from operations.dates import business_date
from operations.models import JobRun, OutboxMessage
from operations.services.jobs import start_run
from operations.tasks import work_through

ROWS = 10_000
DISK_PER_ROW = 60_000
JOB = "renew_subscriptions"
LATENCY_S = 0.2
#: Cards in the tables for each one that is due.
EVERY = 2
#: Cards of the database work for each one that is charged.
TIMES = 10
#: Answers that are written down together, at most (operations/outbound.py).
BATCH = 500


def measure(house: House) -> Figures:
    """Charging first, then the database work on the same database, a day later."""
    watch = Stopwatch()
    today = business_date(timezone.now())
    plans = make_plans(on=today)
    with sandbox_gateway(house.folder) as gateway, celery_worker(house.folder, processes=1) as worker, \
            MemoryWatch([worker, postgres_pid()]) as memory:  # fmt: skip
        _charge(house.rows, plans, gateway, on=today, watch=watch)
    say("peak private memory: " + ", ".join(f"{kind} {peak:.0f} MB" for kind, peak in memory.peaks_mb.items()))
    plain, unchecked = _write_down(house.rows * TIMES, plans, on=today + timedelta(days=1), watch=watch)
    took = watch.seconds
    return Figures(
        name="renewals", rows=house.rows, ours_s=took["charging"], peer_ratio=None, peak_mb=memory.peak_mb,
        limit_s=house.rows * LATENCY_S / settings.GATEWAYS["sandbox"]["in_flight"],
        more={
            "db_ours_s": took["database"], "db_plain_s": plain, "db_ratio": plain / took["database"],
            "db_unchecked_s": unchecked, "db_unchecked_ratio": unchecked / took["database"],
        },
    )  # fmt: skip


def _charge(due: int, plans: list[Plan], gateway: SandboxControl, *, on: date, watch: Stopwatch) -> None:
    """From the start of the run to its end, by the worker."""
    make_cards(due, plans, on=on, gateway="sandbox", tokens=["tok_ok"], every=EVERY)
    gateway.order_faults(latency_ms=LATENCY_S * 1000)
    checkpoint()
    with watch.measuring("charging"):
        run = start_run(JOB, business_date=on, actor=None, at=timezone.now())
        wait_for(lambda: _has_ended(run), "The run", pause=0.05)
    _check_run(run, due, on=on)
    charges = gateway.charges()
    expect("charges at the gateway", len(charges), due)
    expect("charges that moved money", sum(charge["outcome"] == "succeeded" for charge in charges), due)
    expect("keys at the gateway", len({charge["key"] for charge in charges}), due)
    expect("tokens that were charged", len({charge["token"] for charge in charges}), due)


def _has_ended(run: JobRun) -> bool:
    """BenchmarkError when a chunk failed: without beat nobody would take it up again."""
    for error in run.chunks.exclude(error="").values_list("error", flat=True):
        raise BenchmarkError(error)
    return JobRun.objects.get(pk=run.pk).is_finished


def _write_down(due: int, plans: list[Plan], *, on: date, watch: Stopwatch) -> tuple[float, float]:
    """The job's own work in this process, with answers made up on the spot; then the limits: their seconds."""
    make_cards(due, plans, on=on, gateway="sandbox", tokens=["tok_ok"], every=EVERY)
    renewals_limit.remember_before()
    checkpoint()
    with watch.measuring("database"), mock.patch.object(registry.jobs.get(JOB), "call", _answered):
        run = work_through(start_run(JOB, business_date=on, actor=None, at=timezone.now()).pk)
    _check_run(run, due, on=on)
    renewals_limit.remember_after()
    return sum(renewals_limit.measure_plain().values()), sum(renewals_limit.measure_unchecked().values())


def _answered(wanted: Iterable[WantedCharge]) -> Iterator[list[Answer]]:
    """Every charge succeeded, in no time."""
    answers = [Answer(charge.key, Outcome.SUCCEEDED, code="paid", reference=f"R{charge.key}") for charge in wanted]
    for first in range(0, len(answers), BATCH):
        yield answers[first : first + BATCH]


def _check_run(run: JobRun, due: int, *, on: date) -> None:
    """Every due card has its next term, paid by one payment, told by one message; the run's counts say so."""
    run = JobRun.objects.get(pk=run.pk)
    expect("state of the run", run.state, JobRun.State.SUCCEEDED)
    expect("cards done", (run.total, run.done, run.failed), (due, due, 0))
    expect("cards still due", Subscription.objects.due(on=on).count(), 0)
    payments = Payment.objects.filter(requested_on=on)
    expect("payments that gave a term", payments.filter(state="succeeded", term__isnull=False).count(), due)
    expect("payments", payments.count(), due)
    expect("events", PaymentEvent.objects.filter(payment__in=payments).count(), 2 * due)
    paid = Payment.objects.filter(state="succeeded").count()
    expect("messages", OutboxMessage.objects.filter(topic="subscription.renewed").count(), paid)
