"""Pauses: days that do not count as overdue, of a line or of one of its invoices, because of a dispute or an agreement.

A pause that begins before the day on which it is entered takes states back that were reached: it takes two people. What
it does to the states is written at once.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from credit.errors import BackdatedPauseError, KeyConflictError, PauseError
from credit.models import CreditLine, Invoice, OverduePause
from credit.services.exceptions import DAY, end_exception
from credit.services.lines import lock_line
from credit.services.overdue import age_line
from credit.services.signatures import sign
from operations.audit import because
from operations.models import Approval, User

#: Pauses with no more days than these between them are one: to let a state lapse for a day makes them no others.
APART = timedelta(days=31)


def days_alone(line: CreditLine, *, starts_on: date, ends_on: date) -> int:
    """How many days such a pause and those beside it come to that nobody else approved, of the line or its invoices.

    A day of several counts once; beside it is what touches it, overlaps, or is within APART of it or of such a one.
    """
    alone = line.pauses.filter(checker=None, ends_on__gte=F("starts_on")).values_list("starts_on", "ends_on")
    return days_together(alone, starts_on=starts_on, ends_on=ends_on)


def days_together(alone: Iterable[tuple[date, date]], *, starts_on: date, ends_on: date) -> int:
    """The same, beside the pauses of these days that nobody else approved."""
    wanted, runs = (starts_on, ends_on), list[list[tuple[date, date]]]()
    for days in sorted([*alone, wanted]):
        if runs and days[0] - max(last for _first, last in runs[-1]) <= APART:
            runs[-1].append(days)
        else:
            runs.append([days])
    (run,) = [run for run in runs if wanted in run]
    counted, until = 0, date.min
    for first, last in run:
        counted += max((last - max(first - DAY, until)).days, 0)
        until = max(until, last)
    return counted


def is_backdated(starts_on: date, *, on: date) -> bool:
    """Whether a pause entered on a day is one that takes two people."""
    return starts_on < on


@transaction.atomic
def pause_overdue(
    line: CreditLine, *, starts_on: date, ends_on: date, key: str, reason: str, on: date, at: datetime,
    actor: User | None, invoice: Invoice | None = None, checker: User | None = None, approval: Approval | None = None,
) -> OverduePause:
    """Pause a line, or one of its invoices, from the first day to the last; a repeat returns the first pause.

    Raises PauseError, BackdatedPauseError when it begins before `on` and nobody else approved it, KeyConflictError,
    TwoPeopleError, ReasonMissingError.
    """
    signature = sign(actor=actor, checker=checker, approval=approval, reason=reason, at=at)
    lock_line(line.pk)
    there = OverduePause.objects.filter(member=line.member_id, key=key).first()
    if there is not None:
        return _repeated(there, line, invoice, starts_on, ends_on)
    refuse_pause(line, starts_on=starts_on, ends_on=ends_on, invoice=invoice)
    if is_backdated(starts_on, on=on) and checker is None:
        raise BackdatedPauseError
    with because(reason, actor=actor):
        pause = OverduePause.objects.create(
            line=line, member_id=line.member_id, invoice=invoice, key=key, starts_on=starts_on, ends_on=ends_on,
            **signature,
        )
    age_line(line.pk, on=on, at=at)
    return pause


def refuse_pause(line: CreditLine, *, starts_on: date, ends_on: date, invoice: Invoice | None = None) -> None:
    """Raises PauseError where such a pause cannot be, however many people want it."""
    if line.state == CreditLine.State.CLOSED:
        raise PauseError(_("The credit line is closed: nothing of it is overdue."))
    if invoice is not None and invoice.line_id != line.pk:
        raise PauseError(_("Invoice %(invoice)s is not one of this credit line.") % {"invoice": invoice})
    if ends_on < starts_on:
        raise PauseError(_("A pause ends on %(first)s at the earliest, its first day.") % {"first": starts_on})


@transaction.atomic
def end_pause(pause: OverduePause, *, on: date, at: datetime, actor: User | None, reason: str) -> OverduePause:
    """Let a pause end before its last day: `on` is the first day that counts again. A repeat changes nothing.

    Raises LineTermsError when it is over, ReasonMissingError.
    """
    pause = end_exception(pause, on=on, actor=actor, reason=reason)
    age_line(pause.line_id, on=on, at=at)
    return pause


def _repeated(
    there: OverduePause, line: CreditLine, invoice: Invoice | None, starts_on: date, ends_on: date
) -> OverduePause:
    """The pause of that key, if it is the same. One that was ended early since is the same."""
    asked = (line.pk, invoice and invoice.pk, starts_on)
    if asked != (there.line_id, there.invoice_id, there.starts_on) or there.ends_on > ends_on:
        raise KeyConflictError(there.key)
    return there
