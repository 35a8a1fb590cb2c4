"""A night, told: its jobs in their order for a date, worked in this process, and what they left behind."""

from datetime import date, datetime, time, timedelta

from memberships.dates import BUSINESS_ZONE
from memberships.models import Payment, PaymentEvent, Subscription
from memberships.services.payments import ask_about_open_payments
from memberships.services.subscriptions import status_of
from operations.models import JobChunk, JobRun, OutboxMessage, User
from operations.services.jobs import begin_run, end_run_if_done, start_run, take_chunk, work_chunk

#: The jobs of a night that are about cards, in the order that `Job.after` gives them.
NIGHT = ("resolve_unknown_payments", "renew_subscriptions", "retry_payments", "enter_grace_and_lapse")


def at_night(on: date) -> datetime:
    """Ten past midnight of that day, in Shanghai."""
    return datetime.combine(on, time(0, 10), BUSINESS_ZONE)


def run_job(name: str, *, on: date, scope: str = "", actor: User | None = None) -> JobRun:
    """Start a job for a date and work until it has ended."""
    run = start_run(name, business_date=on, scope=scope, actor=actor, at=at_night(on))
    return worked(run)


def worked(run: JobRun) -> JobRun:
    """Work on a run in this process until it has ended; every chunk must succeed the first time."""
    at = at_night(run.business_date)
    begin_run(run.pk, at=at)
    while (chunk := take_chunk(run, at=at)) is not None:
        work_chunk(run, chunk, clock=lambda: at)
        chunk.refresh_from_db()
        assert chunk.state == JobChunk.State.DONE, chunk.error
    end_run_if_done(run.pk, at=at)
    run.refresh_from_db()
    assert run.state == JobRun.State.SUCCEEDED
    return run


def night(on: date) -> None:
    """All jobs about cards, once."""
    for name in NIGHT:
        run_job(name, on=on)


def nights(first: date, last: date) -> None:
    """One night after the other, both dates included."""
    for day in range((last - first).days + 1):
        night(first + timedelta(days=day))


def ask_again(on: date, *, minutes: int = 5) -> int:
    """What beat does every few seconds, some minutes after the night's begin; how many open payments there were."""
    return ask_about_open_payments(on=on, at=at_night(on) + timedelta(minutes=minutes))


def paid_days(card: Subscription) -> list[tuple[date, date]]:
    """First and last day of each term."""
    return list(card.terms.order_by("number").values_list("starts_on", "ends_on"))


def payment_of(card: Subscription) -> Payment:
    """The one payment of a card."""
    return Payment.objects.get(subscription=card)


def story_of(payment: Payment) -> list[tuple[int, str, date]]:
    """Attempt, kind and business date of each event, in order."""
    return list(PaymentEvent.objects.filter(payment=payment).order_by("pk").values_list("attempt", "kind", "on"))


def told(topic: str = "") -> list[str]:
    """The keys of the messages in the outbox, in order."""
    messages = OutboxMessage.objects.order_by("pk")
    return list((messages.filter(topic=topic) if topic else messages).values_list("key", flat=True))


def states(card: Subscription, *days: date) -> list[str]:
    """The card's state on each day, by the facts there are now."""
    return [status_of(card, on=day) for day in days]
