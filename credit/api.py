"""Draws on credit over HTTP: what a line allows, authorisations, invoices and credit notes.

For the company's own programs (shop, billing), which hold a token of the desk. Lines are named by member and programme,
invoices by their number. A refused draw is a 409 whose detail names every rule that stops it.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy
from ninja import Query, Router

from credit.api_forms import (
    AuthorisationOut,
    Authorising,
    Capturing,
    CheckOut,
    Crediting,
    CreditNoteOut,
    Drawn,
    InvoiceNumber,
    InvoiceOut,
    Invoicing,
    LineOut,
    MemberNumber,
    Voiding,
)
from credit.credit_note_approvals import offer_credit_note
from credit.models import Authorisation, CreditLine, CreditNote, Invoice
from credit.services import draws
from credit.services.blocking import would_pass
from credit.services.invoices import enter_invoice
from credit.services.lines import available, limit_on
from memberships.models import Member
from memberships.services.merges import refuse_merged
from operations.api.auth import actor_of, needs
from operations.api.fields import Code, Day, Id, IdempotencyKey
from operations.api.routers import ApiRouter, ApiScope
from operations.dates import business_date
from operations.models import Approval

READ, DRAW, INVOICE = "credit.read", "credit.draw", "credit.invoice"
router = Router()
ROUTERS = (ApiRouter("credit", "/credit/", router, ["credit"]),)
SCOPES = (
    ApiScope(READ, gettext_lazy("see credit lines, what they allow, and their invoices")),
    ApiScope(DRAW, gettext_lazy("authorise, capture and void draws on credit lines")),
    ApiScope(INVOICE, gettext_lazy("enter invoices on credit, and ask for credit notes")),
)
#: Open and newest invoices that one answer lists at the most.
MOST_INVOICES = 500


@router.get("/members/{number}/lines", response=list[LineOut], auth=needs(READ))
def list_lines(request: HttpRequest, number: MemberNumber, on: Day | None = None) -> list[dict[str, Any]]:
    """The member's credit lines that are not closed, with the limit of a day; null: today."""
    lines = CreditLine.objects.not_closed().select_related("programme").filter(member=_member(number)).order_by("pk")
    return [_line_out(line, on=on or _today()) for line in lines]


@router.get("/members/{number}/lines/{programme}/check", response=CheckOut, auth=needs(READ))
def check_order(
    request: HttpRequest, number: MemberNumber, programme: Code, amount: Annotated[Drawn, Query(...)]
) -> dict[str, Any]:
    """Would this order pass? All rules that stop it, with their figures."""
    line, on = _line(number, programme), _today()
    hindrances = would_pass(line, amount, on=on)
    return {
        "passes": not hindrances, "available": available(line, on=on),
        "hindrances": [
            {**each._asdict(), "name": each.name, "words": each.words} for each in hindrances
        ],
    }


@router.post("/members/{number}/lines/{programme}/authorisations", response=AuthorisationOut, auth=needs(DRAW))
def authorise_order(
    request: HttpRequest, number: MemberNumber, programme: Code, payload: Authorising, key: IdempotencyKey
) -> dict[str, Any]:
    """Hold an amount of the line for an order."""
    held = draws.authorise(_line(number, programme), key=key, **payload.dict(), **_now(request))
    return _authorisation_out(held)


@router.get("/members/{number}/authorisations/{authorisation_id}", response=AuthorisationOut, auth=needs(READ))
def show_authorisation(request: HttpRequest, number: MemberNumber, authorisation_id: Id) -> dict[str, Any]:
    return _authorisation_out(_authorisation(number, authorisation_id))


@router.post("/members/{number}/authorisations/{authorisation_id}/capture", response=InvoiceOut, auth=needs(DRAW))
def capture_authorisation(
    request: HttpRequest, number: MemberNumber, authorisation_id: Id, payload: Capturing, key: IdempotencyKey
) -> dict[str, Any]:
    """Invoice what is held, or a part of it; no rule is asked again."""
    held = _authorisation(number, authorisation_id)
    return _invoice_out(draws.capture(held, key=key, **payload.dict(), **_now(request)))


@router.post("/members/{number}/authorisations/{authorisation_id}/void", response=AuthorisationOut, auth=needs(DRAW))
def void_authorisation(
    request: HttpRequest, number: MemberNumber, authorisation_id: Id, payload: Voiding, key: IdempotencyKey
) -> dict[str, Any]:
    """Let go of what is held still. The authorisation is what a repeat goes by: a second time changes nothing."""
    held = _authorisation(number, authorisation_id)
    return _authorisation_out(draws.void(held, reason=payload.reason, **_now(request)))


@router.get("/members/{number}/invoices", response=list[InvoiceOut], auth=needs(READ))
def list_invoices(request: HttpRequest, number: MemberNumber, is_open: bool = True) -> list[dict[str, Any]]:
    """The member's invoices, the newest first, 500 at the most; those that are open, or all."""
    member = _member(number)
    invoices = _invoices().filter(member=member, line__member=member)
    found = invoices.open() if is_open else invoices  # type: ignore[attr-defined]
    return [_invoice_out(invoice) for invoice in found.order_by("-pk")[:MOST_INVOICES]]


@router.get("/members/{number}/invoices/{invoice_number}", response=InvoiceOut, auth=needs(READ))
def show_invoice(request: HttpRequest, number: MemberNumber, invoice_number: InvoiceNumber) -> dict[str, Any]:
    return _invoice_out(_invoice(number, invoice_number))


@router.post("/members/{number}/lines/{programme}/invoices", response=InvoiceOut, auth=needs(INVOICE))
def enter_purchase(
    request: HttpRequest, number: MemberNumber, programme: Code, payload: Invoicing, key: IdempotencyKey
) -> dict[str, Any]:
    """Enter what was bought without an authorisation."""
    return _invoice_out(enter_invoice(_line(number, programme), key=key, **payload.dict(), **_now(request)))


@router.post("/members/{number}/invoices/{invoice_number}/credit-notes", response=CreditNoteOut, auth=needs(INVOICE))
def credit_purchase(
    request: HttpRequest, number: MemberNumber, invoice_number: InvoiceNumber, payload: Crediting, key: IdempotencyKey
) -> dict[str, Any]:
    """So much of the invoice is not owed: at once up to the limit of the token's user, else when somebody approves."""
    invoice = _invoice(number, invoice_number)
    facts = payload.dict()
    done = offer_credit_note(invoice, facts.pop("amount"), key=key, **facts, **_now(request))
    if isinstance(done, Approval):
        return {"state": "waiting", "approval": done.pk, "number": None, "amount": payload.amount, "unapplied": None}
    return _note_out(CreditNote.objects.get(pk=done.data["credit_note"]))


def _today() -> date:
    return business_date(timezone.now())


def _now(request: HttpRequest) -> dict[str, Any]:
    """What every service wants to know; addresses are where the clock is read."""
    at = timezone.now()
    return {"on": business_date(at), "at": at, "actor": actor_of(request)}


def _found(record: Any) -> Any:
    if record is None:
        raise Http404
    return record


def _member(number: str) -> Member:
    found: Member = _found(Member.objects.filter(pk=Member.pk_of(number) or 0).first())
    refuse_merged(found)
    return found


def _line(number: str, programme: str) -> CreditLine:
    """The member's line in the programme; the one that was closed last where none is not."""
    lines = CreditLine.objects.select_related("programme").filter(member=_member(number), programme__code=programme)
    found: CreditLine = _found(lines.in_use().first() or lines.order_by("-pk").first())  # type: ignore[attr-defined]
    return found


def _authorisation(number: str, authorisation_id: int) -> Authorisation:
    found: Authorisation = _found(
        Authorisation.objects.filter(member=_member(number), pk=authorisation_id).first()
    )
    return found


def _invoices() -> QuerySet[Invoice]:
    return Invoice.objects.select_related("line__programme")


def _invoice(number: str, invoice_number: str) -> Invoice:
    found: Invoice = _found(_invoices().filter(member=_member(number), number=invoice_number).first())
    return found


def _line_out(line: CreditLine, *, on: date) -> dict[str, Any]:
    limit: Decimal = limit_on(line, on=on)
    return {
        "programme": line.programme.code, "state": line.state, "is_suspended": line.suspended_on is not None,
        "limit": limit, "open": line.open_amount, "authorised": line.authorised_amount,
        "unapplied": line.unapplied_amount, "available": limit - line.open_amount - line.authorised_amount,
    }


def _authorisation_out(held: Authorisation) -> dict[str, Any]:
    held = Authorisation.objects.select_related("line__programme").get(pk=held.pk)
    return {
        "id": held.pk, "programme": held.line.programme.code, "order_number": held.order_number, "amount": held.amount,
        "captured": held.captured, "state": held.state, "on": held.on, "expires_on": held.expires_on,
    }


def _invoice_out(invoice: Invoice) -> dict[str, Any]:
    names = (
        "number", "order_number", "kind", "amount", "paid", "credited", "written_off", "outstanding", "invoiced_on",
        "due_on", "official_state", "official_number",
    )
    return {"programme": invoice.line.programme.code, **{name: getattr(invoice, name) for name in names}}


def _note_out(note: CreditNote) -> dict[str, Any]:
    return {
        "state": "booked", "approval": None, "number": note.number, "amount": note.amount, "unapplied": note.unapplied,
    }
