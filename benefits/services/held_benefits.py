"""What a member was entitled to on a day, past days included, with the terms of that day: for prices and rights."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from benefits.models import Benefit
from benefits.services import statements
from benefits.services.benefit_terms import terms_on
from memberships.models import Enrolment, Member, Programme


@dataclass(frozen=True)
class HeldBenefit:
    """A benefit, for one category of goods or (blank) all that have no rules of their own. `times`: how often it could
    still be used then; None: as often as one likes."""

    benefit: Benefit
    category: str
    rule: str
    times: int | None
    #: With every default (benefits/kinds.py), and for the goods that the rule is for only.
    terms: dict[str, Any]

    @property
    def key(self) -> str:
        """Its name beside the member's others."""
        return f"{self.benefit.code}/{self.category}" if self.category else self.benefit.code


def held_benefits(
    member: Member,
    kinds: Iterable[str],
    *,
    on: date,
    programme: Programme | None = None,
    region: str | None = None,
    store: Enrolment | None = None,
    order_number: str = "",
) -> list[HeldBenefit]:
    """The member's benefits of these kinds on that day. Three statements, however many there are."""
    rows = statements.rows(
        "pricing/held_benefits", member=member.pk, on=on, kinds=list(kinds), region=region, order=order_number,
        programme=programme and programme.pk, store=store and store.pk,
    )
    benefits = Benefit.objects.in_bulk({benefit for benefit, *_ in rows})
    terms = terms_on(benefits, on=on)
    own: dict[int, set[str]] = {}
    for benefit, category, *_ in rows:
        own.setdefault(benefit, set()).update({category} - {""})
    return [
        HeldBenefit(
            benefits[benefit], category, rule, times, _narrowed(terms[benefit], category, own[benefit]),
        )
        for benefit, category, rule, times in rows
    ]


def _narrowed(terms: dict[str, Any], category: str, own: set[str]) -> dict[str, Any]:
    """Terms for the goods of a rule's category; those of a rule for all leave out what has rules of its own."""
    if not category:
        return {**terms, "not_categories": sorted({*terms["not_categories"], *own})}
    if terms["categories"] and category not in terms["categories"]:
        return {**terms, "not_categories": [*terms["not_categories"], category]}
    return {**terms, "categories": [category]}
