"""The demo's last nights: the real jobs, run in this process against the sandbox gateway, whose clock goes along."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings

from memberships.dates import BUSINESS_ZONE
from memberships.demo.cards import Days
from memberships.demo.methods import GATEWAY
from memberships.demo.users import OPERATOR
from memberships.gateways.sandbox.control import SandboxControl
from memberships.models import Payment
from memberships.services.payment_methods import add_payment_method
from memberships.services.refunds import refund_payment
from memberships.services.renewals import pay_subscription
from operations import registry
from operations.dates import day_begins
from operations.models import JobRun, User
from operations.services.jobs import RETRY_PAUSE, begin_run, end_run_if_done, lane_of, take_chunk, work_chunk
from operations.services.nights import start_missing_runs

DAY = timedelta(days=1)
#: How often a run is taken up whose chunks fail.
TRIES = 3
State = Payment.State
Clock = Callable[[], datetime]


def live_through(days: Days, gateway: SandboxControl) -> int:
    """Every night from the first one to yesterday's, and what an operator did by day; how many nights began."""
    with _quietly():
        try:
            day = days.first_night
            while day < days.today:
                _live_a_night(day, gateway)
                day += DAY
            _work_by_hand(days.today - DAY, gateway)
        finally:
            gateway.set_clock(None)
    return JobRun.objects.of_the_night().values("business_date").distinct().count()


@contextmanager
def _quietly() -> Iterator[None]:
    """Each run that begins is worth a line at night; here there are many at once, of days gone by."""
    log = logging.getLogger("operations.services.nights")
    level = log.level
    log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        log.setLevel(level)


def _live_a_night(day: date, gateway: SandboxControl) -> None:
    """All nightly jobs of a date, in their order; then what they have to tell is told."""
    begin = datetime.combine(day, settings.NIGHT_BEGINS_AT, BUSINESS_ZONE) + timedelta(seconds=5)
    clock = _clock_from(begin)
    gateway.set_clock(begin)
    while runs := start_missing_runs(clock()):
        for run in runs:
            _work(run, clock)
    registry.jobs.get("sweep_outbox").tick(at=clock())


def _clock_from(begin: datetime) -> Clock:
    """A clock that shows `begin` now."""
    started = time.monotonic()
    return lambda: begin + timedelta(seconds=time.monotonic() - started)


def _work(run: JobRun, clock: Clock) -> None:
    """A run, from its first chunk to its end. What fails again and again is left to the workers of the product."""
    for _try in range(TRIES):
        with lane_of(run):
            begin_run(run.pk, at=clock())
            while (chunk := take_chunk(run, at=clock())) is not None:
                work_chunk(run, chunk, clock=clock)
        if end_run_if_done(run.pk, at=clock()) or JobRun.objects.get(pk=run.pk).is_finished:
            return
        time.sleep(RETRY_PAUSE.total_seconds())


def _work_by_hand(day: date, gateway: SandboxControl) -> None:
    """An operator's day: a declined card charged by another method, two payments given back, one of them in part."""
    operator = User.objects.filter(username=OPERATOR.username).first()
    clock = _clock_from(day_begins(day) + timedelta(hours=10))
    gateway.set_clock(clock())
    live = Payment.objects.filter(subscription__ended_on=None, subscription__paid_until__gte=day)
    hard = live.filter(state=State.DECLINED, decline=Payment.Decline.HARD).order_by("pk").first()
    if hard is not None:
        _charge_another_method(hard, on=day, clock=clock, operator=operator)
    renewed = live.filter(state=State.SUCCEEDED, requested_on__gte=day - 5 * DAY, amount__gt=50).order_by("pk")
    gifts = [(Decimal("10.00"), False, "系统故障补偿"), (None, True, "七日内无理由退款")]
    for payment, (amount, ends_card, reason) in zip(renewed[: len(gifts)], gifts, strict=False):
        refund_payment(
            payment, amount=amount or payment.amount, ends_card=ends_card, on=day, at=clock(), actor=operator,
            reason=reason,
        )
    registry.jobs.get("sweep_outbox").tick(at=clock())


def _charge_another_method(payment: Payment, *, on: date, clock: Clock, operator: User | None) -> None:
    method = add_payment_method(
        payment.member, gateway=GATEWAY, token=f"tok_ok_new_{payment.member_id}", label="招商银行 8848", on=on,
        actor=operator,
    )
    pay_subscription(
        payment.subscription, method=method, on=on, at=clock(), actor=operator, reason="会员来电，换卡重扣"
    )
