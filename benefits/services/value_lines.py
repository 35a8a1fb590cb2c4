"""What members got for their fee, line by line: each names the redemption, grant or order that it comes from."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from benefits.services import statements
from memberships.models import Member, Programme
from memberships.services.ranges import KeyRange


class ValueLine(NamedTuple):
    """One thing got, in the order of the columns of sql/values/lines.sql, which says what they mean. Money is CNY."""

    member_id: int
    benefit_id: int
    on: date
    reference: Decimal | None
    paid: Decimal
    saved: Decimal | None
    cost: Decimal | None
    funder: str
    source_kind: str
    source_id: int
    quantity: int
    points: int
    order_number: str


def value_lines(programme: Programme, members: KeyRange, *, first: date, last: date) -> list[ValueLine]:
    """The lines of a range of members, both days included, by member and day."""
    found = statements.rows(
        "values/read_lines", programme=programme.pk, first=members.first, last=members.last, first_day=first,
        last_day=last,
    )
    return [ValueLine(*row) for row in found]


def lines_of(member: Member, programme: Programme, *, first: date, last: date) -> list[ValueLine]:
    """The lines of one member."""
    return value_lines(programme, KeyRange(member.pk, member.pk), first=first, last=last)
