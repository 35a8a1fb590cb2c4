"""What the stories of value statements share: lines in few words, and what benefits took off an order."""

from datetime import date
from decimal import Decimal

from benefits.models import Benefit, OrderSaving
from benefits.services.savings import record_savings
from benefits.services.value_lines import ValueLine, lines_of
from memberships.models import Member
from tests.benefits.benefit_stories import at, plus

FIRST, LAST = date(2020, 1, 1), date(2039, 12, 31)
Told = tuple[str, str, date, str | None, str, str | None]


def lines(member: Member, *, first: date = FIRST, last: date = LAST) -> list[ValueLine]:
    return lines_of(member, plus(), first=first, last=last)


def told(member: Member, *, first: date = FIRST, last: date = LAST) -> list[Told]:
    """(benefit, kind of source, day, reference, paid, saved) of each line of the member's, by day."""
    codes = dict(Benefit.objects.values_list("pk", "code"))
    return [
        (
            codes[line.benefit_id], line.source_kind, line.on, _amount(line.reference), str(line.paid),
            _amount(line.saved),
        )
        for line in lines(member, first=first, last=last)
    ]


def _amount(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def took_off(member: Member, number: str, amounts: dict[Benefit, str], *, on: date) -> list[OrderSaving]:
    """The shop tells what benefits took off an order."""
    return record_savings(
        member, order_number=number, amounts={benefit: Decimal(amount) for benefit, amount in amounts.items()},
        ordered_on=on, on=on, at=at(on), actor=None,
    )
