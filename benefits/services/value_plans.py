"""Which plan of the programme would have been best for what a member used in a term: exactly the same uses, each by the
rules of each plan as they were in force on its day.

What a plan's rules would not have covered (no rule, or no quota left) counts as not saved: the member would have paid
for it what it costs elsewhere. What more another plan would have brought is not guessed. Prices are those at which
plans were on sale on the term's first day, as often as it takes to cover as many months as the member's own term did.
Points are no money here either. An order's saving counts in full where the plan has the benefit by which it came.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from benefits.models import Benefit, ChoiceGroup, Grant, Redemption
from benefits.services import statements
from benefits.services.value_lines import ValueLine
from memberships.models import Member, Plan, Programme, Term

if TYPE_CHECKING:
    from benefits.services.values import ValueSums

#: Months that the plans are compared over where there is no term.
YEAR = 12
ZERO = Decimal("0.00")


class Use(NamedTuple):
    """A line as a plan's rules see it. `day`: that of the use, of a coupon that on which it was had.

    `category` None: it is not known, any will do. `is_given`: by hand, which no plan is needed for.
    """

    line: ValueLine
    day: date
    category: str | None
    rule_id: int | None
    is_given: bool


class Way(NamedTuple):
    """A rule that is in force for a use, and the window of its quota, in the order of sql/values/ways.sql."""

    place: int
    rule_id: int
    code: str
    plan_code: str
    category: str
    quota: int | None
    price: Decimal
    is_automatic: bool
    group_id: int | None
    first: date | None
    after: date | None


@dataclass(frozen=True)
class PlanWorth:
    """What a plan would have come to. `plan` None: no card at all. `terms`: how often it is bought."""

    plan: Plan | None
    is_held: bool
    terms: int
    fee: Decimal
    saved: Decimal
    covered: int
    uses: int
    #: The benefits of which some use would not have been covered.
    without: Sequence[Benefit]

    @property
    def net(self) -> Decimal:
        return self.saved - self.fee


@dataclass
class _Trial:
    """Uses, one after the other, by the rules of one plan."""

    picks: dict[int, int]
    #: Uses by line of a benefit (and rule, where rules add up): (day, units).
    counted: dict[tuple[Any, ...], list[tuple[date, int]]] = field(default_factory=lambda: defaultdict(list))
    saved: Decimal = ZERO
    covered: int = 0
    without: set[int] = field(default_factory=set)
    #: Of choice groups: what each option that was used saved, and how often it was.
    chosen: dict[int, dict[int, list[Decimal]]] = field(default_factory=dict)


def compare_plans(
    member: Member, programme: Programme, held: Plan | None, lines: Sequence[ValueLine], benefits: dict[int, Benefit],
    *, sums: "ValueSums",
) -> list[PlanWorth]:
    """Every plan on sale on the term's first day, the one held, and none at all; the best first, of equals the held."""
    candidates = list(Plan.objects.filter(programme=programme).on_sale(on=sums.starts_on).order_by("code"))
    if held is not None:
        candidates = [plan for plan in candidates if plan.code != held.code] + [held]
    if not candidates:
        return []
    uses = _uses(lines, benefits)
    ways = _ways(member, programme, uses, benefits, sums=sums)
    picks = dict(ChoiceGroup.objects.filter(programme=programme).values_list("pk", "picks"))
    months = held.term_months if held else YEAR
    found = [
        _worth(plan, held, uses, ways, benefits, _Trial(picks), months=months, sums=sums)
        for plan in [*candidates, None]
    ]
    return sorted(found, key=lambda each: (-each.net, not each.is_held, each.fee, each.plan.code if each.plan else ""))


def _worth(
    plan: Plan | None, held: Plan | None, uses: Sequence[Use], ways: dict[int, list[Way]], benefits: dict[int, Benefit],
    trial: _Trial, *, months: int, sums: "ValueSums",
) -> PlanWorth:
    for place, use in enumerate(uses):
        own = [way for way in ways.get(place, ()) if way.plan_code in ("", plan.code if plan else "")]
        _try(trial, use, own, benefits[use.line.benefit_id])
    _pick(trial)
    is_held = plan is not None and held is not None and plan.pk == held.pk
    terms = -(-months // plan.term_months) if plan else 0
    fee = sums.fee if is_held else plan.price * terms if plan else ZERO
    without = sorted((benefits[key] for key in trial.without), key=lambda benefit: benefit.code)
    return PlanWorth(plan, is_held or (plan is None and held is None), terms, fee, trial.saved, trial.covered,
                     len(uses), without)


def _uses(lines: Sequence[ValueLine], benefits: dict[int, Benefit]) -> list[Use]:
    """What was used and kept, by day: a use that was taken back within the lines is none."""
    back = {line.source_id for line in lines if line.source_kind == "redemption_return"}
    redemptions = Redemption.objects.in_bulk(
        [line.source_id for line in lines if line.source_kind.startswith("redemption")]
    )
    grants = Grant.objects.in_bulk(
        [line.source_id for line in lines if line.source_kind in ("coupon", "coupon_lost", "gift", "subscription")]
    )
    found = []
    for line in lines:
        if line.source_kind.startswith("redemption"):
            redemption = redemptions[line.source_id]
            if line.source_id not in back or redemption.on < lines[0].on:
                found.append(Use(line, line.on, redemption.asked_category, redemption.rule_id, False))
        elif line.source_kind.startswith("order"):
            found.append(Use(line, line.on, None, None, False))
        else:
            grant = grants[line.source_id]
            day = line.on if line.source_kind == "subscription" else grant.given_on
            found.append(Use(line, day, "", grant.rule_id, grant.rule_id is None))
    return sorted(found, key=lambda use: (use.day, use.line.source_id))


def _ways(
    member: Member, programme: Programme, uses: Sequence[Use], benefits: dict[int, Benefit], *, sums: "ValueSums"
) -> dict[int, list[Way]]:
    """The rules by which each use could have been, by its place; one statement."""
    asked = [
        {"place": place, "benefit": use.line.benefit_id, "category": use.category, "day": use.day.isoformat(),
         "rule": use.rule_id}
        for place, use in enumerate(uses)
    ]
    term = Term.objects.select_related("subscription").filter(pk=sums.term_id or 0).first()
    anchor = term.subscription.started_on if term else sums.starts_on
    rows = statements.rows(
        "values/ways", uses=json.dumps(asked), member=member.pk, programme=programme.pk, anchor=anchor,
        term_from=sums.starts_on, term_after=sums.ends_on,
    )
    found: dict[int, list[Way]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(Way(*row))
    return found


def _try(trial: _Trial, use: Use, ways: Sequence[Way], benefit: Benefit) -> None:
    """Count a use by the first rule of which as much is left."""
    line, units = use.line, use.line.quantity
    if use.is_given:
        _count(trial, line.saved or ZERO)
        return
    if line.source_kind.startswith("order"):
        if ways:
            _save(trial, line, line.saved or ZERO, ways)
        else:
            trial.without.add(benefit.pk)
        return
    is_by_itself = line.source_kind in ("gift", "subscription")
    fitting = [way for way in _of_line(ways) if way.is_automatic == is_by_itself]
    for way in sorted(fitting, key=lambda way: _rank(trial, way, benefit)):
        left = _left(trial, way, benefit, use.day)
        if left is None or left >= units:
            trial.counted[_key(way, benefit)].append((use.day, units))
            saved = ZERO if line.reference is None else line.reference - way.price * units
            _save(trial, line, saved, [each for each in fitting if (each.group_id is None) == (way.group_id is None)])
            return
    trial.without.add(benefit.pk)


def _of_line(ways: Sequence[Way]) -> list[Way]:
    """Rules of the category's own, where there are; else those for all."""
    own = [way for way in ways if way.category]
    return own or list(ways)


def _rank(trial: _Trial, way: Way, benefit: Benefit) -> tuple[Any, ...]:
    """Of rules that add up, the one whose window ends first; else the one that gives most, then the cheaper one."""
    if benefit.combine == Benefit.Combine.SUM:
        return (way.after or date.max, way.code)
    return (way.quota is not None, -(way.quota or 0), way.price, way.code)


def _key(way: Way, benefit: Benefit) -> tuple[Any, ...]:
    rule = way.code if benefit.combine == Benefit.Combine.SUM else ""
    return (benefit.pk, way.category, rule)


def _left(trial: _Trial, way: Way, benefit: Benefit, day: date) -> int | None:
    """Of the rule's quota in the window of the day; None: it has none."""
    if way.quota is None:
        return None
    used = sum(
        units for when, units in trial.counted[_key(way, benefit)]
        if (way.first is None or way.first <= when) and (way.after is None or when < way.after)
    )
    return way.quota - used


def _save(trial: _Trial, line: ValueLine, saved: Decimal, ways: Iterable[Way]) -> None:
    groups = {way.group_id for way in ways}
    if None in groups or not groups:
        _count(trial, saved)
        return
    options = trial.chosen.setdefault(min(group for group in groups if group is not None), {})
    options.setdefault(line.benefit_id, []).append(saved)


def _count(trial: _Trial, saved: Decimal) -> None:
    trial.saved += saved
    trial.covered += 1


def _pick(trial: _Trial) -> None:
    """Of a choice group's options, those that saved most would have been chosen."""
    for group, options in trial.chosen.items():
        ranked = sorted(options, key=lambda key: (-sum(options[key]), key))
        for place, key in enumerate(ranked):
            if place < trial.picks.get(group, 1):
                trial.saved += sum(options[key], ZERO)
                trial.covered += len(options[key])
            else:
                trial.without.add(key)
