"""What the proofs of the night share: many due cards, a broker that may go, and what must hold in the end."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
import redis
from celery.app.task import Task
from django.core.management import call_command
from django.utils import timezone

from benchmarks.cards import make_cards, make_plans
from config.embedded import state
from config.embedded.accounts import server_account
from config.embedded.paths import make_data_dir, programs, reachable
from config.embedded.starting import start
from config.embedded.valkey import Valkey
from memberships.models import Payment, PaymentEvent, PaymentMethod
from operations.models import JobRun, OutboxMessage
from tests.conftest import PROJECT
from tests.gateway import GatewayForTests

OK, SOFT, HARD = "tok_ok", "tok_soft", "tok_hard"


class Broker:
    """A Valkey of its own, which may be flushed, stopped and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        self.folder = make_data_dir(reachable(folder))
        account = server_account(self.folder)
        self._valkey = Valkey(self.folder, programs(account), account, at_our_end=signal.SIGTERM)

    @property
    def url(self) -> str:
        return Valkey.url(state.load(self.folder).valkey)

    def start(self) -> None:
        start(self._valkey, self.folder)

    def flush(self) -> None:
        """Forget every message, as a machine does that lost its disk."""
        redis.Redis.from_url(self.url).flushall()

    def stop(self) -> None:
        self._valkey.stop()


@contextmanager
def a_beat(folder: Path, environment: dict[str, str]) -> Iterator[None]:
    """Celery's beat, with the house's own schedule in quick motion."""
    command = [sys.executable, "-m", "celery", "-A", "config", "--quiet", "beat", "-l", "CRITICAL"]
    beat = subprocess.Popen(
        [*command, "--schedule", str(folder / "beat-schedule")], cwd=PROJECT,
        env={**environment, "DJANGO_SETTINGS_MODULE": "tests.quick_beat"}, start_new_session=True,
    )
    try:
        yield
        assert beat.poll() is None, "beat has ended"
    finally:
        os.killpg(beat.pid, signal.SIGKILL)
        beat.wait()


def without_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks that are put into the queue are lost: whoever tells the story runs them."""
    monkeypatch.setattr(Task, "apply_async", lambda *args, **options: None)


def due_cards(tokens: Sequence[str], *, on: date, count: int) -> None:
    """Cards that are due on that day; the tokens are taken in turn, each with a number of its own behind it."""
    make_cards(count, make_plans(on=on), on=on, gateway="sandbox", tokens=list(tokens))


def answered() -> int:
    """How many charges have got a yes or a no."""
    return PaymentEvent.objects.filter(kind__in=["succeeded", "declined"]).count()


def is_settled() -> bool:
    """Every night that began has ended, no payment is open and no message waits."""
    return not (
        JobRun.objects.unfinished().exists()
        or Payment.objects.open().exists()
        or OutboxMessage.objects.filter(state="queued").exists()
    )


def let_time_pass() -> None:
    """What waits for its time is due now, as it would be some minutes later."""
    now = timezone.now()
    Payment.objects.open().update(next_ask_at=now)
    OutboxMessage.objects.filter(state="queued").update(next_attempt_at=now)


def assert_charged_once_each(gateway: GatewayForTests) -> None:
    """Each card was asked for under one key, those that can be charged were, once, and have their next term for it."""
    tokens = Counter(PaymentMethod.objects.values_list("token", flat=True))
    assert gateway.attempts_per_token() == tokens
    assert gateway.paid_per_token() == {token: 1 for token in tokens if kind_of(token) == OK}
    found = Counter(
        (kind_of(token), *facts) for token, *facts in
        Payment.objects.values_list("method__token", "state", "decline", "attempt", "term__number")
    )
    numbers = dict(Payment.objects.values_list("method__token", "term_number"))
    assert found == Counter((kind_of(token), *outcome_of(token), 1, term_of(token, numbers)) for token in tokens)
    assert answered() == len(tokens)


def kind_of(token: str) -> str:
    """How the token begins, which says what becomes of its charges."""
    return token.rpartition("-")[0]


def outcome_of(token: str) -> tuple[str, str]:
    """State and decline of a payment by that token."""
    return {OK: ("succeeded", ""), SOFT: ("declined", "soft"), HARD: ("declined", "hard")}[kind_of(token)]


def term_of(token: str, numbers: Mapping[str, int]) -> int | None:
    """The number of the term that a charge of the token has paid for."""
    return numbers[token] if kind_of(token) == OK else None


def assert_each_term_is_told_once(gateway: GatewayForTests) -> None:
    """The listener knows one message for each term that was paid for, and nothing else of renewals."""
    heard = [event["id"] for event in gateway.events() if event["id"].startswith("renewed:")]
    paid = Payment.objects.filter(state="succeeded").values_list("subscription", "starts_on")
    assert sorted(heard) == sorted(f"renewed:{card}:{first_day}" for card, first_day in paid)


def assert_books_are_clean() -> None:
    """`manage.py audit_books`, the gateway's own list included."""
    told = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("audit_books", stdout=told)
    assert ended.value.code == 0, told.getvalue()
