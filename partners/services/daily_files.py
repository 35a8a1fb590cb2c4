"""Daily files: made once of a day with the commands in them, sent outside any transaction, and answered by a result.

Whatever dies in between, the file is there with its bytes: it is asked about by its name before it is sent again, and a
result that is read again answers only what has no answer yet. A partner has one file a day, with what waits when it is
made: what comes later is in the next day's. It is made and kept whole, so that a million commands (some 100 MB) are as
many as it takes, and the others wait for the next; a result may be as long as connectors/daily_file.py says.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from itertools import islice
from random import uniform
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import F, Q

from operations.dates import business_date
from operations.models import JobRun
from operations.owners import number_of
from operations.services.holds import holding
from partners.connectors.api import Line, NoAnswerError
from partners.connectors.base import Answer
from partners.connectors.daily_file import FileConnector, FileLine, Result, read_result, write_file
from partners.connectors.manual import done, refused
from partners.models import Command, DailyFile, DailyFileLine, Partner
from partners.services import statements
from partners.services.calls import find_line
from partners.services.commands import record_answers

Clock = Callable[[], datetime]
State = DailyFile.State
#: As many commands are in a file.
MOST_LINES = 1_000_000
#: As many lines of a result are written down in a transaction.
BATCH = 5_000
#: The pauses before a file is tried, or asked about, again (seconds).
PAUSE, LONGEST_PAUSE = 30.0, 3600.0
#: Why a command failed that the partner's result passed over.
NOT_IN_RESULT = "not_in_result"
#: Why one failed that it both accepts and rejects: what the partner did is for people to find out.
CONTRADICTED = "contradicted"


class DuePartner(NamedTuple):
    """A partner with so many commands for its next file."""

    id: int
    code: str
    commands: int


@dataclass(frozen=True)
class Reply:
    """What came of speaking to the partner about a file: taken or not, its result if it is there, an error's code."""

    is_taken: bool = False
    result: bytes | None = None
    error: str = ""


def due_partners(*, at: datetime) -> list[DuePartner]:
    """Whose commands wait for a file."""
    return [DuePartner(*row) for row in statements.rows("daily_files/partners", at=at, most=MOST_LINES)]


@transaction.atomic
def make_file(
    partner: Partner, *, on: date, at: datetime, approved: JobRun | None = None
) -> DailyFile | None:
    """The partner's file of a day, with the commands that wait; they are sent from then on. None: nothing waits.

    Made once: again it is the same file, and what was queued since, or is beyond MOST_LINES, waits for the next day's.
    Locks the partner.
    """
    Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)
    made = DailyFile.objects.filter(partner=partner, business_date=on).first()
    if made is not None:
        return made
    found = statements.rows(
        "daily_files/claim", partner=partner.pk, on=on, at=at, approved=approved and approved.pk, most=MOST_LINES
    )
    if not found:
        return None
    content = write_file(
        FileLine(number, key, kind, sku, reference or number_of(member), starts_on, ends_on)
        for number, (_id, key, kind, sku, member, reference, starts_on, ends_on) in enumerate(found, start=1)
    )
    made = DailyFile.objects.create(
        partner=partner, business_date=on, name=f"{partner.code}-{on.isoformat()}.csv", content=content,
        sha256=sha256(content).hexdigest(), count=len(found), made_at=at, next_attempt_at=at,
    )
    DailyFileLine.objects.bulk_create(
        (DailyFileLine(file=made, line=number, command_id=row[0]) for number, row in enumerate(found, start=1)),
        batch_size=BATCH,
    )
    return made


def foresee_file(run: JobRun, *, partner: int) -> int:
    """Write a RunItem for each command of the partner's next file; how many."""
    return statements.run("daily_files/foresee", run=run.pk, partner=partner, at=run.requested_at, most=MOST_LINES)


def mark_filed(approved: JobRun, *, partner: int) -> None:
    """Say of what a dry run foresaw for a partner whether it stands in a file."""
    statements.run("daily_files/mark", run=approved.pk, partner=partner)


def open_files(*, at: datetime) -> list[DailyFile]:
    """Files to be sent, or whose result is to be fetched, by that instant; the oldest first."""
    is_due = Q(next_attempt_at__lte=at) | Q(next_attempt_at=None)
    due = DailyFile.objects.exclude(state=State.ACKNOWLEDGED).filter(is_due)
    return list(due.select_related("partner").order_by("pk").defer("content", "result"))


def work_on(file: DailyFile, *, clock: Clock) -> DailyFile:
    """Send a file, or fetch its result, and write down what came of it. Another worker at it is left to it.

    RuntimeError inside a transaction.
    """
    with holding(f"file:{file.pk}") as is_mine:
        if is_mine:
            reply = speak(file, at=clock())
            if reply is not None:
                at = clock()
                note_reply(file, reply, on=business_date(at), at=at)
    return DailyFile.objects.select_related("partner").get(pk=file.pk)


def speak(file: DailyFile, *, at: datetime) -> Reply | None:
    """Speak to the partner about a file, once the attempt is counted; None where there is nothing left to say."""
    if connection.in_atomic_block:
        raise RuntimeError("a partner is called outside any transaction")
    file = DailyFile.objects.select_related("partner").get(pk=file.pk)
    if file.state == State.ACKNOWLEDGED:
        return None
    line = find_line(file.partner, at=at)
    DailyFile.objects.filter(pk=file.pk).update(attempts=F("attempts") + 1)
    if line is None:
        return Reply(file.state == State.SENT, error="not_callable")
    return asyncio.run(_speak(file, line))


async def _speak(file: DailyFile, line: Line) -> Reply:
    """One that may have been sent is asked about first: it could be sent again, but its bytes may be many."""
    is_taken = file.state == State.SENT
    async with FileConnector(line) as connector:
        try:
            if is_taken or file.attempts:
                try:
                    return Reply(is_taken=True, result=await connector.result(file.name))
                except NoAnswerError as error:
                    if is_taken or error.code != "absent":
                        raise
            await connector.put(file.name, bytes(file.content))
        except NoAnswerError as error:
            return Reply(is_taken, error=f"{error.code} {error.detail}".strip())
    return Reply(is_taken=True)


def note_reply(file: DailyFile, reply: Reply, *, on: date, at: datetime) -> None:
    """Write down what came of it; a result is written down line by line, and the file is done with it."""
    if reply.is_taken:
        taken = DailyFile.objects.filter(pk=file.pk, state=State.MADE)
        taken.update(state=State.SENT, sent_at=at, attempts=0)
    error = reply.error
    if reply.result is not None:
        try:
            take_result(file, reply.result, on=on, at=at)
        except NoAnswerError as unreadable:
            error = f"{unreadable.code} {unreadable.detail}"
    file = DailyFile.objects.defer("content", "result").get(pk=file.pk)
    if file.state != State.ACKNOWLEDGED:
        pause = min(LONGEST_PAUSE, PAUSE * 2 ** min(file.attempts, 12)) * uniform(0.5, 1)  # nosec B311
        DailyFile.objects.filter(pk=file.pk).update(error=error[:200], next_attempt_at=at + timedelta(seconds=pause))


def take_result(file: DailyFile, content: bytes, *, on: date, at: datetime) -> Result:
    """Answer the commands of a file by its result file; those that it passes over have failed, with that reason.

    In transactions of BATCH lines: read again after a crash, only what is open is answered, and a result that is
    repeated, also a late one, changes nothing. NoAnswerError where it is no result file.
    """
    orders = dict(
        DailyFileLine.objects.filter(file=file).order_by("line").values_list("line", "command__fulfilment__key")
    )
    result = read_result(content, orders)
    for answers in _batches(file, result):
        record_answers(answers, on=on, at=at)
    DailyFile.objects.filter(pk=file.pk).exclude(state=State.ACKNOWLEDGED).update(
        state=State.ACKNOWLEDGED, acknowledged_at=at, result=content, tally=result.tally(), error="",
        next_attempt_at=None,
    )
    return result


def _batches(file: DailyFile, result: Result) -> Iterator[list[Answer]]:
    """The answers to what is still open, BATCH by BATCH."""
    lines = DailyFileLine.objects.filter(file=file, command__state__in=Command.OPEN).order_by("line")
    open_lines = list(lines.values_list("line", "command", "command__kind", "command__fulfilment"))
    answers = (
        _answer(Command(pk=command, kind=kind, fulfilment_id=fulfilment), line, result)
        for line, command, kind, fulfilment in open_lines
    )
    while batch := list(islice(answers, BATCH)):
        yield batch


def _answer(command: Command, line: int, result: Result) -> Answer:
    said = result.lines.get(line)
    if said is None:
        return refused(command, reason=NOT_IN_RESULT)
    if line in result.contradicted:
        return refused(command, reason=CONTRADICTED, reference=said.reference)
    if said.is_accepted:
        return done(command, reference=said.reference)
    return refused(command, reason=said.reason or "failed", reference=said.reference)
