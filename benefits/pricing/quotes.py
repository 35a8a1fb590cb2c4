"""What an order costs: every step with its amount, by line and in total; what was considered, and why it lost.

    quote(lines, benefits, policy, coupons, freight=…, on=day) -> Quote

Pure: no clock, no database. The amounts of the steps sum to what is payable, for each line and in all, to the fen.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from benefits.pricing import words
from benefits.pricing.choices import explore
from benefits.pricing.money import as_yuan
from benefits.pricing.orders import Freight, Line, check_order
from benefits.pricing.policy import PROMOTION, Policy, PriceBenefit
from benefits.pricing.running import Applied, Loss, Reason, Running
from benefits.pricing.trials import Choice, try_out


@dataclass(frozen=True)
class QuoteStep:
    """What a step does to the price. Amounts are CNY, below zero where something comes off; `after` is the order's
    price when it is done. `lines` by key; freight belongs to no line."""

    kind: str
    label: str
    total: Decimal
    after: Decimal
    lines: Mapping[str, Decimal]
    #: By what: a benefit, by which rule. None: list price, promotion price, freight.
    benefit: PriceBenefit | None = None
    note: str = ""


@dataclass(frozen=True)
class Considered:
    """A benefit that did not count, or not in full, and why. `lines`: where; empty: the order as a whole."""

    kind: str
    label: str
    benefit: PriceBenefit | None
    reason: str
    words: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Quote:
    """The price of an order on a day by a version of a policy."""

    on: date
    policy: str
    steps: tuple[QuoteStep, ...]
    considered: tuple[Considered, ...]
    #: What sending the goods back would cost; not part of what is payable now.
    return_freight: Decimal

    @cached_property
    def list_total(self) -> Decimal:
        """The goods at their list prices."""
        return self.steps[0].total

    @cached_property
    def payable(self) -> Decimal:
        return self.steps[-1].after

    @cached_property
    def freight(self) -> Decimal:
        """What is paid for the delivery."""
        return sum((step.total for step in self.steps if not step.lines), Decimal("0.00"))

    @cached_property
    def saved(self) -> Decimal:
        """What came off goods and freight."""
        return -sum((step.total for step in self.steps if step.total < 0), Decimal("0.00"))

    @cached_property
    def line_totals(self) -> dict[str, Decimal]:
        """What each line costs in the end."""
        return {
            key: sum((step.lines.get(key, Decimal(0)) for step in self.steps), Decimal("0.00"))
            for key in self.steps[0].lines
        }


def quote(
    lines: Sequence[Line],
    benefits: Iterable[PriceBenefit],
    policy: Policy,
    coupons: Iterable[PriceBenefit] = (),
    *,
    on: date,
    freight: Freight | None = None,
) -> Quote:
    """The cheapest price that the policy allows. Of ways that cost the same: the one whose return is cheaper, then the
    one that uses fewer benefits, then those whose names come first. Errors: QuoteError and its kinds."""
    freight = freight or Freight()
    check_order(lines, freight)
    held = sorted([*benefits, *coupons], key=lambda benefit: (benefit.kind, benefit.key))
    offered, lost = _offered(lines, held, policy)
    start = Running.start(lines, freight)
    best, choice = min(explore(start.copy(), policy, offered), key=lambda each: _rank(each[0]))
    lost.extend(best.losses)
    lost.extend(_left_out(start, policy, offered, best, choice))
    considered = tuple(_considered(benefit, loss) for benefit, loss in lost)
    return Quote(on, policy.name, tuple(_steps(lines, freight, best)), considered, as_yuan(best.back))


def _rank(trial: Running) -> tuple[int, int, int, list[str]]:
    used = [applied.benefit.key for applied in trial.applied]
    return trial.payable, trial.back, len(used), used


def _offered(
    lines: Sequence[Line], held: Sequence[PriceBenefit], policy: Policy
) -> tuple[dict[str, list[PriceBenefit]], list[tuple[PriceBenefit, Loss]]]:
    """What there is to choose from, by step; and what cannot count whatever is chosen."""
    offered: dict[str, list[PriceBenefit]] = {}
    lost: list[tuple[PriceBenefit, Loss]] = []
    steps = {step.kind: step for step in policy.steps}
    if "promotion" in steps and any(line.promotion_price is not None for line in lines):
        offered["promotion"] = [PROMOTION]
    for benefit in held:
        if benefit.kind not in steps:
            lost.append((benefit, Loss(Reason.NO_STEP)))
        elif benefit.times == 0:
            lost.append((benefit, Loss(Reason.USED_UP)))
        elif not steps[benefit.kind].scope.lines(benefit.scope.lines(lines)):
            lost.append((benefit, Loss(Reason.SCOPE)))
        else:
            offered.setdefault(benefit.kind, []).append(benefit)
    return offered, lost


def _left_out(
    start: Running,
    policy: Policy,
    offered: Mapping[str, Sequence[PriceBenefit]],
    best: Running,
    choice: Choice,
) -> Iterator[tuple[PriceBenefit, Loss]]:
    """Why the others were not chosen: each is tried in the place of what was."""
    for step in policy.steps:
        rivals = [each.kind for each in policy.steps if step.group and each.group == step.group]
        if step.group and policy.is_by_line(step.group):
            rivals = []
        for benefit in offered.get(step.kind, ()):
            if benefit in choice.get(step.kind, ()):
                continue
            others = {kind: used for kind, used in choice.items() if kind not in rivals}
            trial = try_out(start, policy, {**others, step.kind: (benefit,)})
            hindrance = [loss for each, loss in trial.losses if each is benefit]
            if not any(applied.benefit is benefit for applied in trial.applied) and hindrance:
                yield benefit, hindrance[0]
                continue
            more = max(0, trial.payable - best.payable)
            in_place = [applied for applied in best.applied if applied.step.kind in (step.kind, *rivals)]
            if in_place and in_place[0].step.kind == step.kind:
                yield benefit, Loss(Reason.BETTER, more, winner=words.benefit_label(in_place[0].benefit))
            elif in_place:
                yield benefit, Loss(Reason.EXCLUDED, more, winner=words.benefit_label(in_place[0].benefit))
            else:
                yield benefit, Loss(Reason.DEARER, more)


def _considered(benefit: PriceBenefit, loss: Loss) -> Considered:
    owner = None if benefit is PROMOTION else benefit
    label, told = words.benefit_label(benefit), words.loss_words(loss)
    return Considered(benefit.kind, label, owner, loss.reason.value, told, loss.lines)


def _steps(lines: Sequence[Line], freight: Freight, best: Running) -> Iterator[QuoteStep]:
    """List price, what came off the goods, freight, what came off that."""
    goods = {line.key: as_yuan(best.listed[line.key]) for line in lines}
    after = sum(goods.values(), Decimal("0.00"))
    yield QuoteStep("list", words.step_label("list"), after, after, goods)
    for applied in best.applied:
        if applied.lines:
            after -= as_yuan(applied.total)
            yield _step(applied, after)
    after += freight.outward
    yield QuoteStep(
        "freight", words.step_label("freight"), freight.outward.quantize(Decimal("0.01")), after, {},
    )
    for applied in best.applied:
        if not applied.lines:
            after -= as_yuan(applied.total)
            yield _step(applied, after)


def _step(applied: Applied, after: Decimal) -> QuoteStep:
    benefit = None if applied.benefit is PROMOTION else applied.benefit
    return QuoteStep(
        applied.step.kind, words.benefit_label(applied.benefit), -as_yuan(applied.total), after,
        {key: -as_yuan(amount) for key, amount in applied.lines.items() if amount}, benefit,
        words.applied_words(applied),
    )
