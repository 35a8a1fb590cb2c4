"""What am I entitled to, by what, and why? The answer for a member on a day, past days included.

A past day is answered by the facts that were true then (a card since lapsed, a tier since lost, a rule since ended, a
choice since swapped), with one exception: uses are counted over the whole window as it is known today, as for a
redemption that comes in late.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import groupby

from benefits.models import Benefit, BenefitRule
from benefits.services import reasons
from benefits.services.choice_states import ChoiceStanding, states_of
from benefits.services.rights import Right, first_again, rights_of
from memberships.models import Enrolment, Member, Subscription, Tier


@dataclass(frozen=True)
class Source:
    """What entitles a member: a card, a tier, or the enrolment. `until`: the last day known of it."""

    kind: str
    record: Subscription | Tier | Enrolment
    since: date
    until: date | None
    is_in_grace: bool

    def __str__(self) -> str:
        return reasons.source_in_words(self)


@dataclass(frozen=True)
class Claim:
    """One rule that holds for the member by one source, with what is left of it in its window.

    `resets_on`: the first day of the next window, None where there is none. `words`: why it won, lost or counts too.
    """

    rule: BenefitRule
    source: Source
    right: Right
    words: str

    quota: int | None = field(init=False)
    used: int = field(init=False)
    left: int | None = field(init=False)
    resets_on: date | None = field(init=False)

    def __post_init__(self) -> None:
        for name in ("quota", "used", "left", "resets_on"):
            object.__setattr__(self, name, getattr(self.right, name))


@dataclass(frozen=True)
class Entitlement:
    """A line: a benefit, for a category of goods (blank: all), in a store where each has a line of its own.

    `won` is the rule that a use goes by now, with why in the reader's language; `others` are those that lost, or that
    count as well where the benefit adds rules up: quota, used and left are then of all together. `resets_on` is the
    first day on which there is more, by whichever rule once all are used up; None where that day is not known. `choice`
    is there for options of a choice group; one that is not chosen is not entitled to (`is_entitled`), and `won` is the
    rule that would count.
    """

    benefit: Benefit
    category: str
    store: Enrolment | None
    won: Claim
    others: tuple[Claim, ...]
    quota: int | None
    used: int
    left: int | None
    resets_on: date | None
    points_price: int
    member_price: Decimal
    choice: ChoiceStanding | None

    @property
    def is_entitled(self) -> bool:
        """Whether it may be used, as long as something is left."""
        return self.won.right.place is not None

    @property
    def is_redeemable(self) -> bool:
        """Whether a use of it can be booked now. What a rule gives by itself is not redeemed; where rules are added
        up, the others are."""
        counting = (self.won, *self.others) if self.won.right.combine == "sum" else (self.won,)
        return any(
            claim.right.place is not None and not claim.right.is_automatic and claim.right.has_left
            for claim in counting
        )

    @property
    def is_in_grace(self) -> bool:
        """The card that entitles to it is not paid for, and may end."""
        return self.won.source.is_in_grace


def entitlements_of(
    member: Member, *, on: date, category: str | None = None, region: str | None = None
) -> list[Entitlement]:
    """Every line of the member on that day, options that were not chosen included, in the catalogue's order.

    `category`: for goods of it, by rules of its own or else by those for all; None: every line. `region`: where it is
    to be used; None: at home. As many statements whatever the number of benefits.
    """
    return _told(member, rights_of(member.pk, on=on, category=category, region=region), on=on)


def entitlement_to(
    member: Member, benefit: Benefit, *, on: date, category: str = "", region: str | None = None
) -> Entitlement | None:
    """The member's line of one benefit, the first where there is one for each store; None: no rule entitles to it."""
    found = _told(
        member, rights_of(member.pk, on=on, benefit_id=benefit.pk, category=category, region=region), on=on
    )
    return next(iter(found), None)


def _told(member: Member, rights: Sequence[Right], *, on: date) -> list[Entitlement]:
    """Rights, line by line, with the records that they name."""
    if not rights:
        return []
    records = _Records(rights)
    states = states_of(member, rights, records.benefits, on=on)
    standings = {
        (option.group.pk, option.benefit.pk): option for state in states.values() for option in state.options
    }
    ordered = sorted(rights, key=lambda right: (right.benefit_id, right.category, right.store_id or 0))
    lines = groupby(ordered, key=lambda right: (right.benefit_id, right.category, right.store_id))
    told = [_line(list(line), records, standings) for _key, line in lines]
    return sorted(told, key=lambda line: (line.benefit.programme_id, line.benefit.code, line.category))


class _Records:
    """What rights name by id, read at once: a statement for each kind, and a record for each id."""

    def __init__(self, rights: Iterable[Right]) -> None:
        rights = list(rights)
        self.rules = BenefitRule.objects.select_related("benefit").in_bulk({right.rule_id for right in rights})
        self.benefits = {rule.benefit_id: rule.benefit for rule in self.rules.values()}
        cards = {right.source_id for right in rights if right.source == "plan"}
        self.cards = Subscription.objects.select_related("plan", "programme").in_bulk(cards)
        wallets = {right.source_id for right in rights if right.source != "plan"}
        self.wallets = Enrolment.objects.select_related("programme").in_bulk(wallets)
        self.tiers = Tier.objects.in_bulk({right.tier_id for right in rights if right.tier_id is not None})
        # What entitles to a benefit is of the benefit's programme.
        held: list[Subscription | Enrolment] = [*self.cards.values(), *self.wallets.values()]
        programmes = {record.programme_id: record.programme for record in held}
        for benefit in self.benefits.values():
            benefit.programme = programmes[benefit.programme_id]
        for rule in self.rules.values():
            rule.benefit = self.benefits[rule.benefit_id]

    def source(self, right: Right) -> Source:
        record: Subscription | Tier | Enrolment
        if right.source == "plan":
            record = self.cards[right.source_id]
        elif right.source == "tier":
            record = self.tiers[right.tier_id or 0]
        else:
            record = self.wallets[right.source_id]
        return Source(right.source, record, right.since, right.until, right.is_in_grace)


def _line(
    rights: list[Right], records: _Records, standings: dict[tuple[int, int], ChoiceStanding]
) -> Entitlement:
    """One line: the rule that won first, then the others by their places, those without a place last."""
    rights.sort(key=lambda right: (right.place is None, right.place or 0, right.rule_code, right.source_id))
    first, *rest = rights
    won = Claim(records.rules[first.rule_id], records.source(first), first, reasons.why_it_won(first, rest))
    others = tuple(
        Claim(records.rules[right.rule_id], records.source(right), right, reasons.why_not_first(right, first))
        for right in rest
    )
    counted = [right for right in rights if right.place is not None] if first.combine == "sum" else []
    counted = counted or [first]
    return Entitlement(
        benefit=won.rule.benefit, category=first.category, store=records.wallets.get(first.store_id or 0), won=won,
        others=others, quota=_total([right.quota for right in counted]), used=sum(right.used for right in counted),
        left=_total([right.left for right in counted]),
        resets_on=_resets_on(rights, counted),
        points_price=first.points_price, member_price=first.member_price,
        choice=standings.get((first.group_id or 0, first.benefit_id)),
    )


def _resets_on(rights: list[Right], counted: list[Right]) -> date | None:
    """The first day on which there is more of what counts; once that is used up, the first of any rule's."""
    if any(right.has_left for right in counted):
        return min((right.resets_on for right in counted if right.resets_on), default=None)
    again = first_again(rights)
    return again and again.resets_on


def _total(figures: list[int | None]) -> int | None:
    """None where one of them has no bound."""
    bounded = [figure for figure in figures if figure is not None]
    return sum(bounded) if len(bounded) == len(figures) else None
