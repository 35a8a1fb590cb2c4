"""Was it worth it (值不值)? What a member saved in a term, line by line, against what they paid for the term.

Totals, break-even day and lines are said by SQL functions (sql/values/), one member as all: the page of a member and
the rows that a job keeps of a whole programme (services/value_runs.py) are the same sums. What was left unused
(value_left.py) and which plan would have been best (value_plans.py) are asked for one member.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from benefits.models import Benefit
from benefits.services import statements
from benefits.services.value_left import Left, left_unused
from benefits.services.value_lines import ValueLine, lines_of
from benefits.services.value_plans import PlanWorth, compare_plans
from memberships.models import Member, Plan, Programme


class ValueSums(NamedTuple):
    """A member's sums of a term, or of a calendar year without one; sql/values/statements.sql says what they mean.

    Money is CNY. `ends_on` is None as long as no other term follows.
    """

    member_id: int
    starts_on: date
    ends_on: date | None
    term_id: int | None
    plan_id: int | None
    term_until: date | None
    fee: Decimal
    uses: int
    unpriced: int
    reference: Decimal
    paid: Decimal
    saved: Decimal
    cost: Decimal
    break_even_on: date | None

    @property
    def net(self) -> Decimal:
        """What was saved beyond the fee; below 0: what is missing to it."""
        return self.saved - self.fee


class BenefitWorth(NamedTuple):
    """What came of one benefit. `reference` and `saved` leave out lines of which nobody knows what they are worth."""

    benefit: Benefit
    uses: int
    reference: Decimal
    paid: Decimal
    saved: Decimal
    points: int
    unpriced: int


@dataclass(frozen=True)
class Statement:
    """The statement of a member and term, or year without a term, as of a day. `plan` is None without a term."""

    member: Member
    programme: Programme
    plan: Plan | None
    on: date
    sums: ValueSums
    lines: Sequence[ValueLine]
    benefits: Sequence[BenefitWorth]
    left: Sequence[Left]
    #: The best first; empty where the programme sells no plans.
    plans: Sequence[PlanWorth]

    @property
    def until(self) -> date:
        """The last day that it tells of."""
        return self.on if self.sums.ends_on is None else min(self.on, self.sums.ends_on)

    @property
    def missing(self) -> Decimal:
        """What is missing to the fee; 0: nothing."""
        return max(Decimal(0), -self.sums.net)

    @property
    def is_better_with_another(self) -> bool:
        """Whether the same uses would have left the member more under another plan, or without a card."""
        return bool(self.plans) and not self.plans[0].is_held


def sums_of(member: Member, programme: Programme, *, on: date) -> list[ValueSums]:
    """Every term's sums by a day, the latest first."""
    found = statements.rows("values/read_statements", programme=programme.pk, member=member.pk, day=on)
    return [ValueSums(*row) for row in found]


def latest_sums_of(member: Member, *, on: date) -> list[tuple[Programme, ValueSums]]:
    """The latest term's sums in each programme of the member, by a day; as many statements however many there are."""
    found = statements.rows("values/latest_of_member", member=member.pk, day=on)
    programmes = Programme.objects.in_bulk([programme for programme, *_sums in found])
    return [(programmes[programme], ValueSums(*sums)) for programme, *sums in found]


def statement_of(member: Member, programme: Programme, starts_on: date, *, on: date) -> Statement | None:
    """The statement of the term (or year) that began on a day; None: there is none. Queries do not grow with uses."""
    sums = next((each for each in sums_of(member, programme, on=on) if each.starts_on == starts_on), None)
    if sums is None:
        return None
    until = on if sums.ends_on is None else min(on, sums.ends_on)
    lines = lines_of(member, programme, first=starts_on, last=until)
    benefits = Benefit.objects.filter(programme=programme).in_bulk()
    plan = Plan.objects.filter(pk=sums.plan_id or 0).first()
    return Statement(
        member, programme, plan, on, sums, lines, worth_of_benefits(lines, benefits),
        left_unused(
            member, programme, benefits, first=starts_on, last=min(until, sums.term_until or until), on=on,
            term_until=sums.term_until,
        ),
        compare_plans(member, programme, plan, lines, benefits, sums=sums),
    )


def worth_of_benefits(lines: Sequence[ValueLine], benefits: dict[int, Benefit]) -> list[BenefitWorth]:
    """Lines added up by benefit, the one that saved most first."""
    ordered = sorted(lines, key=lambda line: line.benefit_id)
    found = [
        _added_up(benefits[key], list(own)) for key, own in groupby(ordered, key=lambda line: line.benefit_id)
    ]
    return sorted(found, key=lambda each: (-each.saved, -each.uses, each.benefit.code))


def _added_up(benefit: Benefit, lines: Sequence[ValueLine]) -> BenefitWorth:
    zero = Decimal("0.00")
    return BenefitWorth(
        benefit, uses=sum(line.quantity for line in lines),
        reference=sum((line.reference or zero for line in lines), zero),
        paid=sum((line.paid for line in lines), zero), saved=sum((line.saved or zero for line in lines), zero),
        points=sum(line.points for line in lines), unpriced=sum(line.reference is None for line in lines),
    )
