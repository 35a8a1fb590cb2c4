"""What stories of statements share: fulfilments that became active, and the partner's file about them."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from django.core.files.base import ContentFile

from operations.models import User
from partners.models import Fulfilment, Offer, Partner, PartnerStatement, StatementLine
from partners.services.partner_statements import Imported, import_statement
from tests.memberships.factories import a_person
from tests.partners.fulfilment_stories import a_partner, an_offer, fulfilment_of, give

MONTH, CLOSING = date(2027, 1, 1), date(2027, 2, 3)
AT = datetime(2027, 2, 3, 2, tzinfo=UTC)
HEADER = "order,reference,sku,state,started_on,ended_on,amount,currency"


def active(offer: Offer, number: int = 1, *, on: date = date(2027, 1, 15), **facts: Any) -> list[Fulfilment]:
    """So many members have what the offer is of since that day."""
    member = a_person()
    found = [fulfilment_of(grant) for _ in range(number) for grant in give([offer], member=member)]
    for fulfilment in found:
        for name, value in {"state": "active", "activated_on": on, "reference": "IQ1", **facts}.items():
            setattr(fulfilment, name, value)
        fulfilment.save()
    return found


def iqiyi_with(number: int = 3, **facts: Any) -> tuple[Partner, Offer, list[Fulfilment]]:
    """iQiyi, its year for 98 CNY, and members who got it in January."""
    partner = a_partner()
    offer = an_offer(partner, **facts)
    return partner, offer, active(offer, number)


def line_of(fulfilment: Fulfilment | str, **cells: str) -> str:
    """A line as iQiyi writes it."""
    order = fulfilment if isinstance(fulfilment, str) else fulfilment.key
    line = {
        "order": order, "reference": "IQ1", "sku": "vip-year", "state": "active", "started_on": "2027-01-15",
        "ended_on": "", "amount": "98.00", "currency": "CNY", **cells,
    }  # fmt: skip
    return ",".join(line.values())


def bring(
    partner: Partner, lines: Iterable[str | Fulfilment], *, header: str = HEADER, month: date = MONTH,
    actor: User | None = None, encoding: str = "utf-8",
) -> Imported:
    """Import the partner's file of January."""
    text = "\r\n".join([header, *(line if isinstance(line, str) else line_of(line) for line in lines)]) + "\r\n"
    file = ContentFile(text.encode(encoding), name="一月.csv")
    return import_statement(partner, file, month=month, on=CLOSING, at=AT, actor=actor)


def verdicts(statement: PartnerStatement) -> list[tuple[int | None, str, str]]:
    """Line, order and verdict of what differs, in the file's order."""
    lines = StatementLine.objects.filter(statement=statement).order_by("pk")
    return list(lines.values_list("line", "order", "verdict"))
