"""What one benefit takes off an order in its step. Each function changes nothing: it says what it would do, or why not.

A line's amount is its price times its pieces; percentages are taken of that, not of a piece. What is rounded is the
price that remains. What comes off the order as a whole is shared out over the lines it is for, in proportion to what
they cost so far, so that the lines always sum to the order.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from decimal import Decimal

from benefits.pricing.free_pieces import free_pieces
from benefits.pricing.money import Rounding, allocate, percent_of
from benefits.pricing.orders import Line, fen_of
from benefits.pricing.policy import PriceBenefit, Step
from benefits.pricing.running import Applied, Loss, Reason, Running

Reduction = Callable[[Running, Step, PriceBenefit, Sequence[Line], Rounding], dict[str, int] | Loss]


def reduce(
    running: Running, step: Step, benefit: PriceBenefit, rounding: Rounding, *, only: Container[str] | None = None
) -> Applied | Loss:
    """What the benefit takes off the order as it stands, of the lines `only`; or why it takes nothing."""
    lines = running.covered(step, benefit)
    if only is not None:
        lines = [line for line in lines if line.key in only]
    if benefit.kind == "free_shipping":
        return _free_shipping(running, step, benefit, lines)
    if not lines:
        return Loss(Reason.SCOPE)
    if benefit.terms.get("takes_off") == "freight":
        return _freight_coupon(running, step, benefit, lines)
    wanted = _REDUCTIONS[benefit.kind](running, step, benefit, lines, rounding)
    if isinstance(wanted, Loss):
        return wanted
    wanted = {key: min(max(amount, 0), running.now[key]) for key, amount in wanted.items()}
    kept = _capped(running, step, benefit, wanted)
    if not any(kept.values()):
        return Loss(Reason.CAP, sum(wanted.values())) if any(wanted.values()) else Loss(Reason.NOTHING)
    return Applied(step, benefit, kept, uncapped=sum(wanted.values()))


def _promotion(
    running: Running, step: Step, benefit: PriceBenefit, lines: Sequence[Line], rounding: Rounding
) -> dict[str, int]:
    """The promotion price, where the goods have one that is lower than what they cost so far."""
    return _given(running, {line.key: _times(line.promotion_price, line) for line in lines})


def _member_price(
    running: Running, step: Step, benefit: PriceBenefit, lines: Sequence[Line], rounding: Rounding
) -> dict[str, int]:
    """The goods' own price for members, or a percentage."""
    percent = benefit.terms.get("percent")
    if percent is None:
        return _given(running, {line.key: _times(line.member_price, line) for line in lines})
    return _percent_off(running, step, percent, lines, rounding)


def _stacking_discount(
    running: Running, step: Step, benefit: PriceBenefit, lines: Sequence[Line], rounding: Rounding
) -> dict[str, int] | Loss:
    """A further percentage (折上折)."""
    if benefit.terms["discounted_only"]:
        lines = [line for line in lines if running.now[line.key] < running.listed[line.key]]
        if not lines:
            return Loss(Reason.NOT_DISCOUNTED)
    return _percent_off(running, step, benefit.terms["percent"], lines, rounding)


def _instant_reduction(
    running: Running, step: Step, benefit: PriceBenefit, lines: Sequence[Line], rounding: Rounding
) -> dict[str, int] | Loss:
    """x off from y on (满减), once or for every full y."""
    counted, threshold = _counted(running, step, lines), fen_of(benefit.terms["threshold"])
    if counted < threshold:
        return Loss(Reason.MINIMUM, threshold, counted)
    often = counted // threshold if threshold and benefit.terms["per_full_threshold"] else 1
    return _off_the_order(running, often * fen_of(benefit.terms["reduction"]), lines)


def _coupon(
    running: Running, step: Step, benefit: PriceBenefit, lines: Sequence[Line], rounding: Rounding
) -> dict[str, int] | Loss:
    """So much off, from a minimum on."""
    counted, minimum = _counted(running, step, lines), fen_of(benefit.terms["minimum_spend"])
    if counted < minimum:
        return Loss(Reason.MINIMUM, minimum, counted)
    return _off_the_order(running, fen_of(benefit.terms["amount"]), lines)


def _freight_coupon(running: Running, step: Step, benefit: PriceBenefit, lines: Sequence[Line]) -> Applied | Loss:
    """So much off the freight, from goods of a minimum on."""
    counted, minimum = _counted(running, step, lines), fen_of(benefit.terms["minimum_spend"])
    if counted < minimum:
        return Loss(Reason.MINIMUM, minimum, counted)
    wanted = min(fen_of(benefit.terms["amount"]), running.freight)
    left = _left(step.cap_per_order, sum(running.taken.get(step.kind, {}).values()))
    off = wanted if left is None else min(wanted, left)
    if not off:
        return Loss(Reason.CAP, wanted) if wanted else Loss(Reason.NOTHING)
    return Applied(step, benefit, freight=off, uncapped=wanted)


def _buy_one_get_one(
    running: Running, step: Step, benefit: PriceBenefit, lines: Sequence[Line], rounding: Rounding
) -> dict[str, int]:
    """The cheapest pieces free, within each category (free_pieces.py)."""
    base = running.base(step, (line.key for line in lines))
    pieces = [(line, base[line.key] // line.quantity) for line in lines]
    return free_pieces(pieces, pays_for=benefit.terms["pays_for"], gets=benefit.terms["gets"], times=benefit.times)


def _free_shipping(running: Running, step: Step, benefit: PriceBenefit, lines: Sequence[Line]) -> Applied | Loss:
    """No freight, where all goods of the order are such as travel free: one freight cannot be split by goods."""
    if running.delivery not in benefit.terms["deliveries"]:
        return Loss(Reason.DELIVERY)
    if len(lines) < len(running.lines):
        covered = {line.key for line in lines}
        return Loss(Reason.SCOPE, lines=tuple(line.key for line in running.lines if line.key not in covered))
    counted, minimum = _counted(running, step, lines), fen_of(benefit.terms["minimum_spend"])
    if counted < minimum:
        return Loss(Reason.MINIMUM, minimum, counted)
    left = _left(step.cap_per_order, sum(each.freight for each in running.applied if each.step is step))
    freight = running.freight if left is None else min(running.freight, left)
    back = running.back if benefit.terms["both_ways"] else 0
    if not freight and not back:
        return Loss(Reason.CAP, running.freight) if running.freight else Loss(Reason.NOTHING)
    return Applied(step, benefit, freight=freight, back=back, uncapped=running.freight)


_REDUCTIONS: Mapping[str, Reduction] = {
    "promotion": _promotion, "member_price": _member_price, "stacking_discount": _stacking_discount,
    "instant_reduction": _instant_reduction, "coupon": _coupon, "buy_one_get_one": _buy_one_get_one,
}


def _times(price: Decimal | None, line: Line) -> int | None:
    return None if price is None else fen_of(price) * line.quantity


def _given(running: Running, prices: Mapping[str, int | None]) -> dict[str, int]:
    """Down to prices that are given."""
    return {key: running.now[key] - price for key, price in prices.items() if price is not None}


def _percent_off(
    running: Running, step: Step, percent: Decimal, lines: Sequence[Line], rounding: Rounding
) -> dict[str, int]:
    """Down to a percentage of each line, or of their sum, which is then shared out."""
    base = running.base(step, (line.key for line in lines))
    if rounding.per == "line":
        return {key: amount - rounding.rounded(percent_of(amount, percent)) for key, amount in base.items()}
    whole = sum(base.values())
    off = whole - rounding.rounded(percent_of(whole, percent))
    return allocate(max(off, 0), base)


def _off_the_order(running: Running, amount: int, lines: Sequence[Line]) -> dict[str, int]:
    """So much off these lines together, and never more than they cost."""
    now = {line.key: running.now[line.key] for line in lines}
    return allocate(min(amount, sum(now.values())), now)


def _counted(running: Running, step: Step, lines: Sequence[Line]) -> int:
    """What counts for a minimum: the lines it is for, before any other benefit of the same step."""
    taken = running.taken.get(step.kind, {}) if step.base == "so_far" else {}
    return sum(running.base(step, (line.key for line in lines)).values()) + sum(
        taken.get(line.key, 0) for line in lines
    )


def _capped(running: Running, step: Step, benefit: PriceBenefit, wanted: dict[str, int]) -> dict[str, int]:
    """What the caps of step and benefit leave of it. What a line's cap cuts off goes to no other line."""
    taken = running.taken.get(step.kind, {})
    if step.cap_per_line is not None:
        most = fen_of(step.cap_per_line)
        wanted = {key: min(amount, max(0, most - taken.get(key, 0))) for key, amount in wanted.items()}
    caps = [
        _left(step.cap_per_order, sum(taken.values())), _left(benefit.terms.get("at_most"), 0), sum(wanted.values()),
    ]
    most = min(cap for cap in caps if cap is not None)
    return allocate(most, wanted) if most < sum(wanted.values()) else wanted


def _left(cap: Decimal | None, taken: int) -> int | None:
    """What a cap still allows; None: there is no cap."""
    return None if cap is None else max(0, fen_of(cap) - taken)
