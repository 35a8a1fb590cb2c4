"""What is drawn on a line: held for orders, invoiced, credited; and the rules that stop it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from credit.models import Authorisation, CreditLine, CreditNote, CreditPolicy, Invoice
from credit.services import draws
from credit.services.blocking import would_pass
from credit.services.invoices import credit_invoice, enter_invoice
from credit.services.lines import available
from memberships.services.ranges import EVERYTHING
from tests.credit.credit_stories import TODAY, a_key, fresh, morning


def when(on: date) -> dict[str, Any]:
    """In the morning of a day, by nobody in particular."""
    return {"on": on, "at": morning(on), "actor": None}


def held(line: CreditLine, amount: str | int = 1_000, *, on: date = TODAY, **facts: Any) -> Authorisation:
    """An order is authorised."""
    return draws.authorise(line, Decimal(amount), **{"key": a_key("order"), **when(on), **facts})


def captured(
    authorisation: Authorisation, amount: str | int | None = None, *, on: date = TODAY, **facts: Any
) -> Invoice:
    """It is invoiced, whole unless said otherwise."""
    part = None if amount is None else Decimal(amount)
    return draws.capture(authorisation, part, **{"key": a_key("capture"), **when(on), **facts})


def voided(authorisation: Authorisation, *, on: date = TODAY) -> Authorisation:
    return draws.void(authorisation, **when(on))


def entered(line: CreditLine, amount: str | int = 1_000, *, on: date = TODAY, **facts: Any) -> Invoice:
    """A purchase is entered by hand."""
    return enter_invoice(line, Decimal(amount), **{"key": a_key("invoice"), **when(on), **facts})


def credited(invoice: Invoice, amount: str | int, *, on: date = TODAY, **facts: Any) -> CreditNote:
    """So much is not owed."""
    return credit_invoice(
        invoice, Decimal(amount), **{"key": a_key("note"), "reason": "货物退回", **when(on), **facts}
    )


def expired(on: date, at: datetime | None = None) -> list[int]:
    """The night has let go of what is over; the lines."""
    return draws.expire_authorisations(EVERYTHING, on=on, at=at or morning(on), actor=None)


def figures(line: CreditLine, *, on: date = TODAY) -> list[Decimal]:
    """Open, authorised, available."""
    line = fresh(line)
    return [line.open_amount, line.authorised_amount, available(line, on=on)]


def stopped(line: CreditLine, amount: str | int = 100, *, on: date = TODAY) -> list[tuple[Any, ...]]:
    """(code, figure, threshold) of what would stop an order; of states (code, detail, since)."""
    return [
        (each.code, each.detail, each.since) if each.detail else (each.code, each.figure, each.threshold)
        for each in would_pass(line, Decimal(amount), on=on)
    ]


def the_rules(**thresholds: str | None) -> None:
    """The policy blocks by one rule of each of these kinds, whose code is its kind with a hyphen."""
    CreditPolicy.objects.update(blocking=[
        {
            "code": kind.replace("_", "-"), "kind": kind, "name": {"zh": kind, "en": kind},
            **({} if threshold is None else {"threshold": threshold}),
        }
        for kind, threshold in thresholds.items()
    ])
