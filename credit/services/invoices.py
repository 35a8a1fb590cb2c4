"""Invoices: entered by hand, or made of an authorisation; and credit notes, by which less of one is owed.

The line is locked first. An invoice is due by the terms in force on its own day; how that came about it keeps. `key` is
unique for a member for ever: a repeat returns the first result, with another body it is refused. Numbers that we give
ourselves begin in our own way (OURS), and nobody else's may.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from credit.errors import (
    CreditNoteError,
    DrawError,
    InvoiceExistsError,
    KeyConflictError,
    ReservedKeyError,
    money,
)
from credit.models import Authorisation, CreditEntry, CreditLine, CreditNote, Invoice
from credit.services.allocations import left_of
from credit.services.blocking import check_amount, refuse_hindered
from credit.services.entries import entry_of, write_entries
from credit.services.holidays import due_of
from credit.services.lines import lock_line, version_on
from credit.services.numbers import free_number, next_id
from credit.services.signatures import sign
from operations.models import Approval, User
from operations.proofs import demand_proof

Kind = CreditEntry.Kind
NUMBER, KEY, REASON = 48, 64, 200
#: Keys that begin like this are ours: of late fees, of what a bounced payment is claimed by, and of imported invoices.
RESERVED = ("late-fee:", "claim:", "number:")
#: Keys of credit notes that begin like this are ours: of late fees that are given back.
BACK = "late-fee-back:"
#: Numbers that begin like this are ours, by month: invoices (IN), late fees (LF), credit notes (CN), claims (RC).
#: A night could not give out one that somebody took. Read by re and by PostgreSQL alike.
OURS = "^(IN|LF|CN|RC)[0-9]{6}-"


# --- invoices

@transaction.atomic
def enter_invoice(
    line: CreditLine, amount: Decimal, *, key: str, on: date, at: datetime, actor: User | None, number: str = "",
    order_number: str = "", invoiced_on: date | None = None,
) -> Invoice:
    """Enter what was bought on a line without an authorisation: a draw, which every rule stops as it would one.

    Without `number` it is given one; `invoiced_on` may be earlier, never before the line began. Raises
    DrawRefusedError, DrawError, InvoiceExistsError, LineStateError, KeyConflictError, ReservedKeyError.
    """
    demand_proof(at=at)
    check_amount(amount)
    number, asked_on, invoiced_on = cleaned_number(number), invoiced_on, invoiced_on or on
    line = lock_line(line.pk)
    said = {"amount": amount, "number": number, "order_number": order_number, "invoiced_on": asked_on}
    if first := repeated_invoice(line, key, said, authorisation=None):
        return first
    if len(order_number) > NUMBER:
        raise DrawError(_("An order number has up to 48 characters."))
    if invoiced_on > on:
        raise DrawError(_("%(day)s is yet to come: today is %(on)s.") % {"day": invoiced_on, "on": on})
    refuse_hindered(line, amount, on=on, at=at)
    invoice = drawn_invoice(
        line, amount, key=key, number=number, order_number=order_number, invoiced_on=invoiced_on, at=at, actor=actor
    )
    write_entries([
        entry_of(invoice, Kind.INVOICE, amount, key=f"invoice:{invoice.pk}", on=on, at=at, actor=actor, invoice=invoice)
    ])
    return Invoice.objects.get(pk=invoice.pk)


def repeated_invoice(
    line: CreditLine, key: str, said: Mapping[str, Any], *, authorisation: Authorisation | None
) -> Invoice | None:
    """What the key made before, if these fields of it are as they are said now. KeyConflictError, ReservedKeyError."""
    if not key.strip() or len(key) > KEY or key.startswith(RESERVED):
        raise ReservedKeyError(key)
    first = Invoice.objects.filter(member=line.member_id, key=key).first()
    if first is not None:
        if first.authorisation_id != (authorisation.pk if authorisation else None):
            raise KeyConflictError(key, "authorisation")
        expect_repeat(key, first, said, line=line)
    return first


def expect_repeat(key: str, first: models.Model, said: Mapping[str, Any], *, line: CreditLine | None = None) -> None:
    """KeyConflictError that names the fields in which the first is another. None, and a blank number, are whatever it
    was; so is the line, within a programme: a firm may have been given a newer one since.
    """
    differing = [
        field.removesuffix("_id") for field, value in said.items()
        if value is not None and (field, value) != ("number", "") and value != getattr(first, field)
    ]
    if line is not None and line.programme_id != first.line.programme_id:  # type: ignore[attr-defined]
        differing.append("programme")
    if differing:
        raise KeyConflictError(key, *differing)


def drawn_invoice(
    line: CreditLine, amount: Decimal, *, key: str, number: str, order_number: str, invoiced_on: date, at: datetime,
    actor: User | None, authorisation: Authorisation | None = None,
) -> Invoice:
    """The invoice itself, without its entries; the line is locked, the number clean.

    Raises InvoiceExistsError, LineStateError.
    """
    terms = version_on(line, on=invoiced_on).terms
    due = due_of(terms, invoiced_on)
    pk = next_id(Invoice)
    number = number or free_number(f"IN{invoiced_on:%Y%m}-{pk}")
    invoice = Invoice(
        pk=pk, member_id=line.member_id, line=line, authorisation=authorisation, key=key, number=number,
        order_number=order_number, amount=amount, invoiced_on=invoiced_on, due_on=due.day,
        terms={"rule": terms, "steps": due.steps}, actor=actor, at=at,
    )
    _insert(invoice, number)
    return invoice


def cleaned_number(number: str) -> str:
    """As payers write it into a reference, without odd forms of characters. DrawError, also where it is like ours."""
    number = unicodedata.normalize("NFKC", number).strip()
    if len(number) > NUMBER:
        raise DrawError(_("A number has up to 48 characters."))
    if re.match(OURS, number):
        words = _("“%(number)s” begins like the numbers that we give ourselves: another one is needed.")
        raise DrawError(words % {"number": number})
    return number


# --- credit notes

@transaction.atomic
def credit_invoice(
    invoice: Invoice, amount: Decimal, *, key: str, on: date, at: datetime, actor: User | None, reason: str,
    number: str = "", checker: User | None = None, approval: Approval | None = None,
) -> CreditNote:
    """So much of an invoice is not owed. What is open of it is lowered first; of what was paid, the rest becomes
    unapplied credit: allocations are taken back, the latest first. What was written off is not credited.

    Raises CreditNoteError, DrawError, InvoiceExistsError, KeyConflictError, ReservedKeyError, TwoPeopleError,
    ReasonMissingError.
    """
    signature = sign(actor=actor, checker=checker, approval=approval, reason=reason, at=at)
    number = cleaned_number(number)
    lock_line(invoice.line_id)
    if first := repeated_note(invoice, key, amount, number, reason=signature["reason"]):
        return first
    invoice = Invoice.objects.get(pk=invoice.pk)
    refuse_note(invoice, amount)
    unapplied = max(amount - invoice.outstanding, Decimal(0))
    pk = next_id(CreditNote)
    number = number or free_number(f"CN{on:%Y%m}-{pk}", CreditNote)
    note = CreditNote(
        pk=pk, member_id=invoice.member_id, invoice=invoice, key=key, number=number, amount=amount,
        unapplied=unapplied, reason=signature["reason"], on=on, at=at, actor=actor,
    )
    _insert(note, number)
    # One statement: what is taken back is not owed again for a moment, nor is a closed line's.
    write_entries([
        entry_of(
            invoice, Kind.CREDIT_NOTE, amount, key=f"credit_note:{pk}", on=on, at=at, actor=actor, invoice=invoice,
            credit_note=note, checker=checker, approval=approval, reason=signature["reason"],
        ),
        *(
            entry_of(
                invoice, Kind.DEALLOCATE, part, key=f"credit_note:{pk}:{paid.pk}", on=on, at=at, actor=actor,
                invoice=invoice, receipt_id=paid.receipt_id, credit_note=note, reverses=paid,
                reason=signature["reason"],
            )
            for paid, part in _latest_allocations(invoice, unapplied)
        ),
    ])
    return note


def refuse_note(invoice: Invoice, amount: Decimal) -> None:
    """Raises CreditNoteError where more would be credited than is claimed, DrawError where it is no amount."""
    check_amount(amount)
    if invoice.kind == Invoice.Kind.CLAIM:
        raise CreditNoteError(_("What is claimed back was not sold: write it off where it is not to be paid."))
    claimed = invoice.amount - invoice.credited - invoice.written_off
    if amount > claimed:
        words = _("%(amount)s CNY is more than invoice “%(number)s” claims: %(claimed)s CNY.")
        raise CreditNoteError(
            words % {"amount": money(amount), "number": invoice.number, "claimed": money(claimed)}
        )


def repeated_note(invoice: Invoice, key: str, amount: Decimal, number: str, *, reason: str) -> CreditNote | None:
    """What the key made before; a blank number is whatever it was. KeyConflictError, ReservedKeyError."""
    if not key.strip() or len(key) > KEY:
        raise ReservedKeyError(key)
    first = CreditNote.objects.filter(member=invoice.member_id, key=key).first()
    if first is not None:
        said = {"invoice_id": invoice.pk, "amount": amount, "number": number, "reason": reason.strip()[:REASON]}
        expect_repeat(key, first, said)
    return first


def _latest_allocations(invoice: Invoice, amount: Decimal) -> Iterator[tuple[CreditEntry, Decimal]]:
    """Allocations that pay an invoice, and so much of each as comes to the amount; the latest first."""
    for paid in CreditEntry.objects.filter(invoice=invoice, kind=Kind.ALLOCATE).order_by("-pk"):
        part = min(left_of(paid), amount)
        if part > 0:
            yield paid, part
            amount -= part


# --- what both share

def _insert(made: Invoice | CreditNote, number: str) -> None:
    """Of two at once with one number the second is refused: InvoiceExistsError."""
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError:
        if type(made)._default_manager.filter(number=number).exists():
            raise InvoiceExistsError(number) from None
        raise
