"""What draws on credit take and give over HTTP (api.py): JSON bodies, and what a field may hold."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from ninja import Field, Path, Schema
from pydantic import StringConstraints

from operations.api.fields import Day, Text200

MemberNumber = Annotated[
    str, Path(..., pattern=r"^[0-9]{11,19}$", description="The member number, with its check digit.")
]
Number48 = Annotated[str, StringConstraints(max_length=48, pattern=r"^[!-~]*$")]
InvoiceNumber = Annotated[str, Path(..., pattern=r"^[!-.0-~]{1,48}$", description="The number of the invoice.")]
Drawn = Annotated[Decimal, Field(gt=0, max_digits=14, decimal_places=2)]
#: A line of text that says something.
Reason = Annotated[str, StringConstraints(max_length=200, pattern=r"^[!-~\u3001-\uffee][^\x00-\x1f\x7f]*$")]


class LineOut(Schema):
    """A credit line, as it stands. `available`: limit less open and authorised; below zero where it was lowered."""

    programme: str
    state: str
    is_suspended: bool
    limit: Decimal
    open: Decimal
    authorised: Decimal
    unapplied: Decimal
    available: Decimal


class HindranceOut(Schema):
    """A rule that stops a draw. `figure` and `threshold`: days, CNY or percent, as the kind says; null of states."""

    code: str
    kind: str
    name: str
    words: str
    figure: Decimal | None
    threshold: Decimal | None
    since: date | None


class CheckOut(Schema):
    """Would this order pass? Nothing is held by asking."""

    passes: bool
    available: Decimal
    hindrances: list[HindranceOut]


class Authorising(Schema):
    """Hold an amount for an order. `expires_on`: the first day on which it holds nothing; null: as is usual."""

    amount: Drawn
    order_number: Number48 = ""
    expires_on: Day | None = None


class AuthorisationOut(Schema):
    """`state`: held, captured, voided or expired."""

    id: int
    programme: str
    order_number: str
    amount: Decimal
    captured: Decimal
    state: str
    on: date
    expires_on: date


class Capturing(Schema):
    """Invoice what is held, or a part of it. `is_final`: what is left is let go of. A blank number: one is given."""

    amount: Drawn | None = None
    number: Number48 = ""
    is_final: bool = False


class Voiding(Schema):
    reason: Text200 = ""


class Invoicing(Schema):
    """Invoice what was bought without an authorisation: a draw, which every rule stops."""

    amount: Drawn
    number: Number48 = ""
    order_number: Number48 = ""
    invoiced_on: Day | None = None


class InvoiceOut(Schema):
    """An invoice, and until when it is due. `official_state`: of the official invoice (发票)."""

    number: str
    programme: str
    order_number: str
    kind: str
    amount: Decimal
    paid: Decimal
    credited: Decimal
    written_off: Decimal
    outstanding: Decimal
    invoiced_on: date
    due_on: date
    official_state: str
    official_number: str


class Crediting(Schema):
    """So much of an invoice is not owed."""

    amount: Drawn
    reason: Reason
    number: Number48 = ""


class CreditNoteOut(Schema):
    """`state` booked: with its number and what of it became unapplied credit; waiting: until somebody approves it."""

    state: str
    approval: int | None
    number: str | None
    amount: Decimal
    unapplied: Decimal | None
