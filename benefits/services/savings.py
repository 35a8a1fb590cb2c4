"""What benefits took off orders, as facts: told by the shop, or reckoned here by the price of the order's day.

An order is told of once: a repeat with the same figures returns the first rows, other figures are a KeyConflictError.
What a returned order takes back is not told: it follows from the order's returns (sql/values/lines.sql).
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from benefits.errors import OrderNumberNeededError, OrderSavingError
from benefits.models import Benefit, OrderSaving, Redemption
from benefits.models.benefits import HELD_KINDS
from benefits.pricing.orders import Freight, Line
from benefits.pricing.quotes import Quote
from benefits.services.budgets import draw
from benefits.services.campaigns import check_campaign
from benefits.services.grants import usable_by
from benefits.services.quotes import quote_order
from memberships.models import Member, Order, Programme
from memberships.services.members import lock_member
from operations.errors import KeyConflictError
from operations.models import User


@transaction.atomic
def record_savings(
    member: Member, *, order_number: str, amounts: Mapping[Benefit, Decimal], ordered_on: date, on: date, at: datetime,
    actor: User | None,
) -> list[OrderSaving]:
    """Note what each benefit took off an order (CNY, above 0, two decimals); the rows, in the order of the benefits.

    What a benefit with a budget took off is drawn on that; when there is not as much left, nothing is noted, and the
    shop sells without it. What was redeemed for the order was drawn then. A return of the order gives nothing back.

    Locks the member, then the budgets in key order. Raises OrderNumberNeededError, OrderSavingError, KeyConflictError
    when the order was told of otherwise, or is another member's, and BudgetExceededError, CampaignStoppedError,
    NotTargetedError.
    """
    _check(order_number, amounts, ordered_on=ordered_on, on=on)
    lock_member(member.pk)
    asked = {benefit.pk: amount for benefit, amount in amounts.items()}
    present = _savings_of(member, order_number)
    # An order may have benefits of several programmes, told of one after the other.
    told = {saving.benefit_id: saving for saving in present if saving.benefit_id in asked}
    if any((told[key].amount, told[key].on) != (asked[key], ordered_on) for key in told):
        raise KeyConflictError(order_number)
    if Order.objects.filter(number=order_number).exclude(member=member).exists():
        raise KeyConflictError(order_number)
    made = OrderSaving.objects.bulk_create(
        OrderSaving(
            member=member, benefit=benefit, order_number=order_number, amount=amount, funder=benefit.funder,
            on=ordered_on, recorded_at=at, actor=actor,
        )
        for benefit, amount in amounts.items() if benefit.pk not in told
    )
    _draw_on_budgets(member, made, at=at, actor=actor)
    return [saving for saving in _savings_of(member, order_number) if saving.benefit_id in asked]


def _draw_on_budgets(member: Member, savings: list[OrderSaving], *, at: datetime, actor: User | None) -> None:
    """Raises BudgetExceededError, CampaignStoppedError, NotTargetedError."""
    drawn = [each for each in savings if each.benefit.budget_id and each.benefit.kind not in HELD_KINDS]
    for saving in sorted(drawn, key=lambda each: (each.benefit.budget_id, each.pk)):
        redeemed = Redemption.objects.filter(member=member, benefit=saving.benefit_id)
        if redeemed.filter(order_number=saving.order_number, state=Redemption.State.DONE).exists():
            continue
        budget = saving.benefit.budget
        assert budget is not None
        check_campaign(budget, member, on=saving.on, at=at)
        draw(budget, saving.amount, key=f"saving:{saving.pk}", on=saving.on, at=at, actor=actor)


def record_quoted_savings(
    member: Member, programme: Programme, lines: Sequence[Line], *, order_number: str, ordered_on: date, on: date,
    at: datetime, actor: User | None, freight: Freight | None = None, coupons: Collection[str] | None = None,
) -> tuple[Quote, list[OrderSaving]]:
    """Reckon what an order cost the member on its day, and note what the benefits took off; the price, and the rows.

    To be called once the order is placed, and its coupons are used: it counts on them then. Raises as `quote_order`
    and `record_savings` do.
    """
    quoted = quote_order(
        member, programme, lines, on=ordered_on, freight=freight, coupons=coupons, order_number=order_number
    )
    amounts = saved_by_benefit(quoted, member, programme)
    savings = record_savings(
        member, order_number=order_number, amounts=amounts, ordered_on=ordered_on, on=on, at=at, actor=actor
    )
    return quoted, savings


def saved_by_benefit(quoted: Quote, member: Member, programme: Programme) -> dict[Benefit, Decimal]:
    """What each benefit takes off goods and freight (CNY, above 0). Promotion prices are nobody's benefit."""
    steps = [step for step in quoted.steps if step.benefit is not None and step.total < 0]
    coupons = {
        grant.key: grant.benefit for grant in usable_by(member).filter(
            key__in=[step.benefit.key for step in steps if step.benefit and step.kind == "coupon"]
        ).select_related("benefit")
    }
    codes = {step.benefit.family for step in steps if step.benefit and step.kind != "coupon"}
    by_code = {benefit.code: benefit for benefit in Benefit.objects.filter(programme=programme, code__in=codes)}
    saved: dict[Benefit, Decimal] = {}
    for step in steps:
        assert step.benefit is not None
        benefit = coupons[step.benefit.key] if step.kind == "coupon" else by_code[step.benefit.family]
        saved[benefit] = saved.get(benefit, Decimal(0)) - step.total
    return saved


def _savings_of(member: Member, order_number: str) -> list[OrderSaving]:
    found = OrderSaving.objects.filter(member=member, order_number=order_number)
    return list(found.select_related("benefit").order_by("benefit_id"))


def _check(order_number: str, amounts: Mapping[Benefit, Decimal], *, ordered_on: date, on: date) -> None:
    """Raises OrderNumberNeededError, OrderSavingError."""
    if not order_number.strip():
        raise OrderNumberNeededError
    for amount in amounts.values():
        if amount <= 0 or amount != round(amount, 2):
            raise OrderSavingError(
                _("%(amount)s CNY is no saving: above 0, with two decimals at most.") % {"amount": amount}
            )
    if ordered_on > on:
        raise OrderSavingError(_("%(day)s is yet to come.") % {"day": ordered_on})
