"""Commands to partners: claimed, sent through their APIs, answered, and tried again.

Every step is one of three: an intent is committed (`claim`), the partner is called outside any transaction, its answers
are committed (`record_answers`). Whatever dies in between, the command is open and found again by its lease; it is then
asked about first, and sent anew only under the same id, so that a partner does nothing twice.

One worker at a time speaks to a partner: its limits hold for all of them.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from json import dumps
from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from memberships.services.ranges import SizedRange
from operations.dates import business_date
from operations.models import JobRun, User
from operations.owners import number_of
from operations.services.holds import holding
from partners.connectors.base import Answer, Order, Outcome
from partners.models import Command, Offer, Partner
from partners.services import breakers, statements
from partners.services.breakers import Passage
from partners.services.calls import call_all, find_line
from partners.services.fulfilments import lock_fulfilments, queue_next, take_words

Clock = Callable[[], datetime]
#: So many commands of a claim follow one another in each place in flight.
TURNS = 8
#: Calls that one command may need: asked, sent, looked up.
CALLS = 3
#: The longest pause before a command is asked about again (seconds).
LONGEST_PAUSE = 600.0
#: What a partner accepted is asked about after so long, and then ever more rarely (seconds).
FIRST_QUESTION, LONGEST_QUESTION = 10.0, 3600.0


class Span(NamedTuple):
    """A range of command ids, both ends included; of those, where `approved` is given, what that dry run foresaw."""

    first: int
    last: int
    approved: int | None = None


EVERYTHING = Span(0, 2**63 - 1)


class DueRange(NamedTuple):
    """A range of ids with so many due commands of a partner, by its code."""

    first: int
    last: int
    size: int
    partner: str


# --- answers -----------------------------------------------------------------------------------------------


@transaction.atomic
def record_answers(
    answers: Sequence[Answer], *, on: date, at: datetime, actor: User | None = None, note: str = ""
) -> list[int]:
    """Write down what came of commands, of whatever mode, and queue what is needed next; returns the answered ones.

    Repeated and late answers change nothing, but what the partner said of the fulfilment with them is taken in any
    case, by its own count. `actor` and `note` are an operator's, of what was done by hand. Locks the fulfilments in the
    order of their ids.
    """
    if not answers:
        return []
    commands = [answer.command for answer in answers]
    ids = lock_fulfilments(row[0] for row in statements.rows("commands/fulfilments", commands=commands))
    answered = statements.rows(
        "commands/record_answers", answers=_as_json(answers), on=on, at=at, actor=actor and actor.pk, note=note[:200],
        most_attempts=settings.PARTNER_ATTEMPTS, pause=settings.PARTNER_PAUSE_SECONDS, longest_pause=LONGEST_PAUSE,
        first_question=FIRST_QUESTION, longest_question=LONGEST_QUESTION,
    )
    take_words([answer.word for answer in answers if answer.word], on=on, at=at, actor=actor)
    queue_next(ids, on=on, at=at)
    return [row[0] for row in answered]


def _as_json(answers: Sequence[Answer]) -> str:
    """Answers as the statement reads them; the last one of a command counts."""
    return dumps([
        {
            "command": answer.command, "attempt": answer.attempt, "outcome": answer.outcome,
            "error": answer.error.replace("\0", "")[:64], "detail": answer.detail.replace("\0", "")[:120],
            "latency_ms": answer.latency_ms, "retry_after": answer.retry_after,
        }
        for answer in {answer.command: answer for answer in answers}.values()
    ])


# --- through an API ----------------------------------------------------------------------------------------


def due_partners(*, at: datetime) -> list[Partner]:
    """The partners with commands to be sent, or asked about, through their APIs."""
    due = [row[0] for row in statements.rows("commands/due_partners", at=at)]
    return list(Partner.objects.filter(pk__in=due).order_by("pk"))


def send_commands(partner: Partner, *, clock: Clock, until: datetime | None = None) -> int:
    """Carry out a partner's due commands until none is left or `until` has come; how many answers were written down.

    Another worker that speaks to the partner is left to it.
    """
    answered = 0
    for answers in deliveries(partner, EVERYTHING, clock=clock, until=until):
        at = clock()
        answered += len(record_answers(answers, on=business_date(at), at=at))
    return answered


def deliveries(
    partner: Partner, span: Span, *, clock: Clock, until: datetime | None = None
) -> Iterator[list[Answer]]:
    """Claim after claim is sent; each list is to be written down before the next is asked for. Not in a transaction.

    Ends when nothing is due, another worker speaks to the partner, or its breaker opens.
    """
    with holding(f"partner:{partner.code}") as is_mine:
        while is_mine and (until is None or clock() < until):
            line = find_line(partner, at=clock())
            allowed = breakers.passage(partner, at=clock())
            if line is None or allowed is Passage.NOTHING:
                return
            orders = claim(partner, span, at=clock(), most=1 if allowed is Passage.ONE else partner.in_flight * TURNS)
            if not orders:
                return
            if allowed is Passage.ONE:
                breakers.begin_trial(partner, at=clock())
            for answers in call_all(partner, line, orders):
                were_made = [answer.was_reached for answer in answers if answer.outcome is not Outcome.NOT_SENT]
                breakers.note_calls(partner, were_made, at=clock())
                yield answers


@transaction.atomic
def claim(partner: Partner, span: Span, *, at: datetime, most: int) -> list[Order]:
    """Count an attempt on a partner's next due commands, before any call; nobody else has them for a while.

    Those that others hold are skipped. Only who speaks to the partner claims, so the lease covers one command's calls.
    """
    lease = timedelta(seconds=float(partner.timeout_seconds) * CALLS + 1)
    if partner.per_second:
        lease += timedelta(seconds=CALLS * most / float(partner.per_second))
    found = statements.rows(
        "commands/claim", partner=partner.pk, at=at, on=business_date(at), most=most, leased_until=at + lease,
        **span._asdict(),
    )
    return [_order(*row) for row in found]


def _order(
    command: int, fulfilment: int, attempt: int, was_sent: bool, key: str, number: int, kind: str, sku: str,
    member: int, reference: str | None, starts_on: date, ends_on: date | None,
) -> Order:
    """A member is to a partner who the partner calls them; else the member number."""
    return Order(
        command, fulfilment, attempt, was_sent, key, f"{key}.{number}", kind, sku, reference or number_of(member),
        starts_on, ends_on,
    )


# --- by night ----------------------------------------------------------------------------------------------


def due_ranges(*, at: datetime, size: int, approved: JobRun | None = None) -> list[DueRange]:
    """Ranges of ids with `size` due commands of one partner each; of an approved dry run, of what it lists."""
    found = statements.rows("commands/ranges", at=at, size=size, approved=approved and approved.pk)
    return [DueRange(*row) for row in found]


def foresee_commands(run: JobRun, keys: SizedRange | Span, *, partner: str) -> int:
    """Write a RunItem for each of the partner's due commands of a range; how many."""
    return statements.run(
        "commands/foresee", run=run.pk, at=run.requested_at, partner=partner, first=keys.first, last=keys.last
    )


def leave_out_changed(approved: JobRun, span: Span) -> None:
    """Leave out what an approved dry run foresaw in a range and is not as it was."""
    statements.run("commands/mark_changed", run=approved.pk, first=span.first, last=span.last)


def mark_tried(approved: JobRun, span: Span) -> None:
    """Say of what an approved dry run foresaw in a range whether it was tried."""
    statements.run("commands/mark_done", run=approved.pk, first=span.first, last=span.last)


def count_open(span: Span, *, partner: str, until: datetime) -> int:
    """How many of a partner's commands of a range, made by that instant, have no answer for good."""
    return Command.objects.open().filter(
        pk__gte=span.first, pk__lte=span.last, partner__code=partner, mode=Offer.Mode.API, created_at__lte=until,
    ).count()
