"""Draws on a credit line: authorised for an order, captured to invoices, voided, or over when its days are.

Each locks the line first. What is authorised was drawn then, and is held whatever becomes of line or limit: capturing
it asks no rule again, also once the line was suspended or its card lapsed; the same amount goes from held to owed, by
the terms of the day of the capture, until the authorisation's own days are over. `key` is unique for a member for ever:
a repeat returns the first result, with another body it is refused.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from credit.errors import AuthorisationStateError, DrawError, KeyConflictError, ReservedKeyError, money
from credit.models import Authorisation, CreditEntry, CreditLine, Invoice
from credit.services import statements
from credit.services.blocking import check_amount, let_go_of_over, refuse_hindered
from credit.services.entries import entry_of, write_entries
from credit.services.invoices import cleaned_number, drawn_invoice, expect_repeat, repeated_invoice
from credit.services.lines import lock_line
from memberships.services.ranges import KeyRange, SizedRange, mark_items
from operations.models import JobRun, User
from operations.proofs import demand_proof

Kind = CreditEntry.Kind
State = Authorisation.State
ORDER_NUMBER, KEY = 48, 64
#: No authorisation holds longer.
LONGEST = timedelta(days=180)


@transaction.atomic
def authorise(
    line: CreditLine, amount: Decimal, *, key: str, on: date, at: datetime, actor: User | None, order_number: str = "",
    expires_on: date | None = None,
) -> Authorisation:
    """Hold so much of a line for an order, until its first day of holding nothing (default: settings).

    Raises DrawRefusedError with every rule that stops it, DrawError, KeyConflictError, ReservedKeyError.
    """
    demand_proof(at=at)
    check_amount(amount)
    line = lock_line(line.pk)
    if first := Authorisation.objects.filter(member=line.member_id, key=key).first():
        said = {"amount": amount, "order_number": order_number, "expires_on": expires_on}
        expect_repeat(key, first, said, line=line)
        return first
    if not key.strip() or len(key) > KEY:
        raise ReservedKeyError(key)
    expires_on = expires_on or on + timedelta(days=settings.AUTHORISATION_DAYS)
    if len(order_number) > ORDER_NUMBER or not on < expires_on <= on + LONGEST:
        raise DrawError(_("An authorisation has an order number of up to 48 characters, and 1 to 180 days."))
    refuse_hindered(line, amount, on=on, at=at)
    held = Authorisation.objects.create(
        member_id=line.member_id, line=line, key=key, order_number=order_number, amount=amount, on=on, at=at,
        expires_on=expires_on, actor=actor,
    )
    write_entries([entry_of(
        held, Kind.AUTHORISE, amount, key=f"authorise:{held.pk}", on=on, at=at, actor=actor, authorisation=held
    )])
    return held


@transaction.atomic
def capture(
    authorisation: Authorisation, amount: Decimal | None = None, *, key: str, on: date, at: datetime,
    actor: User | None, number: str = "", is_final: bool = False,
) -> Invoice:
    """Invoice what is held, or a part of it; what is left stays held, or is let go of where this is the last part.

    An authorisation that is over holds nothing, whether or not a night has noticed. Without `number` the invoice is
    given one. Raises AuthorisationStateError, DrawError, InvoiceExistsError, KeyConflictError, ReservedKeyError.
    """
    demand_proof(at=at)
    number = cleaned_number(number)
    line = lock_line(authorisation.line_id)
    held = Authorisation.objects.get(pk=authorisation.pk)
    if first := repeated_invoice(line, key, {"amount": amount, "number": number}, authorisation=held):
        _expect_let_go(held, first, key, is_final=is_final)
        return first
    _expect_held(held, on=on)
    left = held.amount - held.captured
    amount = left if amount is None else amount
    check_amount(amount)
    if amount > left:
        words = _("Only %(left)s CNY of the authorisation are left.")
        raise AuthorisationStateError(words % {"left": money(left)})
    invoice = drawn_invoice(
        line, amount, key=key, number=number, order_number=held.order_number, invoiced_on=on, at=at, actor=actor,
        authorisation=held,
    )
    is_over = is_final or amount == left
    # One statement: held and owed change places, and the line's limit is not asked.
    write_entries([
        entry_of(
            held, Kind.RELEASE, left if is_over else amount, key=f"capture:{invoice.pk}", on=on, at=at, actor=actor,
            authorisation=held,
        ),
        entry_of(held, Kind.INVOICE, amount, key=f"invoice:{invoice.pk}", on=on, at=at, actor=actor, invoice=invoice),
    ])
    ended: dict[str, Any] = {"state": State.CAPTURED, "ended_on": on} if is_over else {}
    Authorisation.objects.filter(pk=held.pk).update(captured=held.captured + amount, **ended)
    return Invoice.objects.get(pk=invoice.pk)


@transaction.atomic
def void(
    authorisation: Authorisation, *, on: date, at: datetime, actor: User | None, reason: str = ""
) -> Authorisation:
    """Let go of what is held still; what was captured stays owed. May be repeated.

    Raises AuthorisationStateError where it was captured whole, or is over.
    """
    lock_line(authorisation.line_id)
    held = Authorisation.objects.get(pk=authorisation.pk)
    if held.state == State.VOIDED:
        return held
    if held.state != State.HELD:
        raise AuthorisationStateError(_("The authorisation is “%(state)s”.") % {"state": held.get_state_display()})
    write_entries([entry_of(
        held, Kind.RELEASE, held.amount - held.captured, key=f"void:{held.pk}", on=on, at=at, actor=actor,
        authorisation=held, reason=reason[:200],
    )])
    Authorisation.objects.filter(pk=held.pk).update(state=State.VOIDED, ended_on=on)
    return Authorisation.objects.get(pk=held.pk)


# --- the night

def expiring_ranges(*, on: date, size: int) -> list[SizedRange]:
    """Ranges of ids with `size` lines each that have authorisations which are over."""
    return [SizedRange(*found) for found in statements.rows("draws/expiring_ranges", on=on, size=size)]


def foresee_expiry(run: JobRun, keys: KeyRange) -> int:
    """Write a RunItem for each line of a range of which something held is over; how many."""
    return statements.run("draws/foresee_expiry", run=run.pk, on=run.business_date, **keys._asdict())


@transaction.atomic
def expire_authorisations(
    keys: KeyRange, *, on: date, at: datetime, actor: User | None, approved: JobRun | None = None
) -> list[int]:
    """Let go of what a range's lines hold for too long; the lines. Locks them in key order.

    Of an approved dry run, only lines that it lists and finds as they were.
    """
    locked = [line for (line,) in statements.rows("draws/lock_expiring", on=on, **keys._asdict())]
    expired = let_go_of_over(locked, on=on, at=at, actor=actor, approved=approved)
    mark_items(approved, keys, done=expired)
    return expired


def _expect_let_go(held: Authorisation, first: Invoice, key: str, *, is_final: bool) -> None:
    """KeyConflictError where the first capture kept the rest and this one would let go of it, or the reverse."""
    released = CreditEntry.objects.get(member=held.member_id, key=f"capture:{first.pk}").amount
    if (released > first.amount and not is_final) or (is_final and held.state == State.HELD):
        raise KeyConflictError(key, "is_final")


def _expect_held(held: Authorisation, *, on: date) -> None:
    if held.state != State.HELD:
        raise AuthorisationStateError(_("The authorisation is “%(state)s”.") % {"state": held.get_state_display()})
    if on >= held.expires_on:
        raise AuthorisationStateError(_("The authorisation is over since %(day)s.") % {"day": held.expires_on})
