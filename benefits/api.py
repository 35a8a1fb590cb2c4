"""The members' side of benefits over HTTP: what one is entitled to, choosing, redeeming, taking back, prices.

For the company's own programs (app, shop, call centre), which hold a token of the desk. Benefits and choice groups are
named by programme and code, members by their number.
"""

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy
from ninja import Router

from benefits.api_forms import (
    BenefitName,
    Category,
    ChoiceStateOut,
    Choosing,
    CouponOut,
    EntitlementOut,
    GivingBackCoupons,
    MemberNumber,
    QuoteOut,
    Quoting,
    QuotingSavings,
    Redeeming,
    RedemptionOut,
    Returning,
    SavingOut,
    Swapping,
    TellingSavings,
    UsingCoupons,
)
from benefits.models import Benefit, ChoiceGroup, Grant, OrderSaving, Redemption
from benefits.pricing.orders import Freight, Line
from benefits.services.answers import answered_once
from benefits.services.choice_states import ChoiceState, choice_state
from benefits.services.choices import choose, swap
from benefits.services.coupons import give_back_coupons, use_coupons
from benefits.services.entitlements import Entitlement, entitlements_of
from benefits.services.quotes import quote_order
from benefits.services.redemptions import redeem, return_redemption
from benefits.services.savings import record_quoted_savings, record_savings
from memberships.models import Enrolment, Member, Programme
from memberships.services.merges import records_of, refuse_merged
from operations.api.auth import actor_of, needs
from operations.api.fields import Code, Day, Id, IdempotencyKey
from operations.api.routers import ApiRouter, ApiScope
from operations.dates import business_date

READ, CHOOSE, REDEEM, ORDERS = "benefits.read", "benefits.choose", "benefits.redeem", "benefits.orders"
router = Router()
ROUTERS = (ApiRouter("benefits", "/benefits/", router, ["benefits"]),)
SCOPES = (
    ApiScope(READ, gettext_lazy("see what members are entitled to, chose and used")),
    ApiScope(CHOOSE, gettext_lazy("choose benefits for members")),
    ApiScope(REDEEM, gettext_lazy("redeem benefits for members, and take uses back")),
    ApiScope(ORDERS, gettext_lazy("tell what benefits took off members' orders")),
)


@router.get("/members/{number}/entitlements", response=list[EntitlementOut], auth=needs(READ))
def list_entitlements(
    request: HttpRequest, number: MemberNumber, on: Day | None = None, category: Category | None = None
) -> list[dict[str, Any]]:
    """What am I entitled to, by what, and how much is left? On any day; null: today."""
    found = entitlements_of(_member(number), on=on or _today(), category=category)
    return [_entitlement(each) for each in found]


@router.get("/members/{number}/choices/{programme}/{group}", response=ChoiceStateOut, auth=needs(READ))
def show_choices(request: HttpRequest, number: MemberNumber, programme: Code, group: Code) -> dict[str, Any]:
    """What may be chosen in a group, and what was. 404 where nothing entitles the member to choose."""
    return _state(_member(number), _group(BenefitName(programme=programme, code=group)))


@router.post("/members/{number}/choices", response=ChoiceStateOut, auth=needs(CHOOSE))
def choose_options(
    request: HttpRequest, number: MemberNumber, payload: Choosing, key: IdempotencyKey
) -> dict[str, Any]:
    """Take options of a group for its present window. A repeat is told what the first call was, also when the right is
    over by then."""
    member, now = _member(number), _now(request)

    def answer() -> dict[str, Any]:
        group = _group(payload.group)
        choose(member, group, [_option(group, code) for code in payload.take], key=key, **now)
        return _state(member, group)

    asked = ["choose", payload.group.dict(), sorted(payload.take)]
    return answered_once(member, key, asked, answer, at=now["at"])


@router.post("/members/{number}/swaps", response=ChoiceStateOut, auth=needs(CHOOSE))
def swap_option(
    request: HttpRequest, number: MemberNumber, payload: Swapping, key: IdempotencyKey
) -> dict[str, Any]:
    """Exchange an option before its first use. A repeat is told what the first call was."""
    member, now = _member(number), _now(request)

    def answer() -> dict[str, Any]:
        group = _group(payload.group)
        swap(member, group, _option(group, payload.put_away), _option(group, payload.take), key=key, **now)
        return _state(member, group)

    return answered_once(member, key, ["swap", payload.dict()], answer, at=now["at"])


@router.post("/members/{number}/redemptions", response=RedemptionOut, auth=needs(REDEEM))
def redeem_benefit(
    request: HttpRequest, number: MemberNumber, payload: Redeeming, key: IdempotencyKey
) -> dict[str, Any]:
    """Use a benefit: entitled, quota, points, stock and budget; all of it is booked, or nothing."""
    member, benefit = _member(number), _benefit(payload.benefit)
    store = _store(member, benefit.programme, payload.store) if payload.store else None
    redemption = redeem(
        member, benefit, key=key, quantity=payload.quantity, category=payload.category, region=payload.region,
        enrolment=store, order_number=payload.order_number, reason=payload.reason, **_now(request),
    )
    return _redemption(redemption)


@router.get("/members/{number}/redemptions/{redemption_id}", response=RedemptionOut, auth=needs(READ))
def show_redemption(request: HttpRequest, number: MemberNumber, redemption_id: Id) -> dict[str, Any]:
    return _redemption(_used(_member(number), redemption_id))


@router.post("/members/{number}/redemptions/{redemption_id}/return", response=RedemptionOut, auth=needs(REDEEM))
def return_benefit(
    request: HttpRequest, number: MemberNumber, redemption_id: Id, payload: Returning, key: IdempotencyKey
) -> dict[str, Any]:
    """Take a use back, whole: quota and points come back."""
    used = _used(_member(number), redemption_id)
    return _redemption(return_redemption(used, key=key, reason=payload.reason, **_now(request)))


@router.post("/members/{number}/coupons/use", response=list[CouponOut], auth=needs(REDEEM))
def use_coupons_for_order(
    request: HttpRequest, number: MemberNumber, payload: UsingCoupons, key: IdempotencyKey
) -> list[dict[str, Any]]:
    """Use coupons up for an order. A repeat is told what the first call was, and uses nothing, also when the order came
    back since; under another key the order is gone by: the same coupons again change nothing."""
    member, now = _member(number), _now(request)

    def answer() -> list[dict[str, Any]]:
        used = use_coupons(member, payload.coupons, order_number=payload.order_number, **now)
        return [_coupon(grant) for grant in used]

    asked = ["use", sorted(set(payload.coupons)), payload.order_number]
    return answered_once(member, key, asked, answer, at=now["at"])


@router.post("/members/{number}/coupons/give-back", response=list[CouponOut], auth=needs(REDEEM))
def give_coupons_back(
    request: HttpRequest, number: MemberNumber, payload: GivingBackCoupons, key: IdempotencyKey
) -> list[dict[str, Any]]:
    """The order came back: its coupons are the member's again. A repeat is told what the first call was, and gives
    nothing back that was used since. An empty list: none were used for it, or they came back under another key."""
    member, now = _member(number), _now(request)

    def answer() -> list[dict[str, Any]]:
        back = give_back_coupons(member, order_number=payload.order_number, **now)
        return [_coupon(grant) for grant in back]

    return answered_once(member, key, ["give back", payload.order_number], answer, at=now["at"])


@router.post("/members/{number}/quotes", response=QuoteOut, auth=needs(READ))
def quote_price(request: HttpRequest, number: MemberNumber, payload: Quoting) -> dict[str, Any]:
    """What an order costs the member on a day, step by step. Nothing is kept: the same question has the same answer."""
    programme = _found(Programme.objects.filter(code=payload.programme).first())
    quote = quote_order(
        _member(number), programme, [Line(**line.dict()) for line in payload.lines], on=payload.on or _today(),
        freight=Freight(payload.freight, payload.return_freight, payload.delivery), coupons=payload.coupons,
    )
    return {
        "policy": quote.policy, "on": quote.on, "payable": quote.payable, "return_freight": quote.return_freight,
        "steps": [
            {"kind": step.kind, "label": step.label, "amount": step.total, "after": step.after, "note": step.note}
            for step in quote.steps
        ],
        "considered": [f"{each.label}: {each.words}" for each in quote.considered],
    }


@router.post("/members/{number}/savings", response=list[SavingOut], auth=needs(ORDERS))
def tell_savings(request: HttpRequest, number: MemberNumber, payload: TellingSavings) -> list[dict[str, Any]]:
    """What benefits took off an order, for the member's value statement. The order's number is the key: the same again
    changes nothing. What a return takes back is not told, it follows from the order's returns."""
    member, now = _member(number), _now(request)
    amounts: dict[Benefit, Any] = {}
    for saving in payload.saved:
        benefit = _benefit(BenefitName(programme=payload.programme, code=saving.benefit))
        amounts[benefit] = amounts.get(benefit, 0) + saving.amount
    found = record_savings(
        member, order_number=payload.order_number, amounts=amounts, ordered_on=payload.ordered_on or now["on"], **now
    )
    return [_saving(saving) for saving in found]


@router.post("/members/{number}/savings/quoted", response=list[SavingOut], auth=needs(ORDERS))
def tell_quoted_savings(request: HttpRequest, number: MemberNumber, payload: QuotingSavings) -> list[dict[str, Any]]:
    """The same, reckoned here by the price of the order's day; to be called once its coupons are used."""
    member, now = _member(number), _now(request)
    programme = _found(Programme.objects.filter(code=payload.programme).first())
    _quote, found = record_quoted_savings(
        member, programme, [Line(**line.dict()) for line in payload.lines], order_number=payload.order_number,
        ordered_on=payload.on or now["on"], freight=Freight(payload.freight, payload.return_freight, payload.delivery),
        coupons=payload.coupons, **now,
    )
    return [_saving(saving) for saving in found]


def _today() -> date:
    return business_date(timezone.now())


def _now(request: HttpRequest) -> dict[str, Any]:
    """What every service wants to know; addresses are where the clock is read."""
    at = timezone.now()
    return {"on": business_date(at), "at": at, "actor": actor_of(request)}


def _found(record: Any) -> Any:
    if record is None:
        raise Http404
    return record


def _member(number: str) -> Member:
    found: Member = _found(Member.objects.filter(pk=Member.pk_of(number) or 0).first())
    refuse_merged(found)
    return found


def _benefit(name: BenefitName) -> Benefit:
    benefits = Benefit.objects.select_related("programme")
    found: Benefit = _found(benefits.filter(programme__code=name.programme, code=name.code).first())
    return found


def _group(name: BenefitName) -> ChoiceGroup:
    groups = ChoiceGroup.objects.select_related("programme")
    found: ChoiceGroup = _found(groups.filter(programme__code=name.programme, code=name.code).first())
    return found


def _option(group: ChoiceGroup, code: str) -> Benefit:
    return _benefit(BenefitName(programme=group.programme.code, code=code))


def _store(member: Member, programme: Programme, scope: str) -> Enrolment:
    found: Enrolment = _found(Enrolment.objects.filter(member=member, programme=programme, scope=scope).first())
    return found


def _used(member: Member, redemption_id: int) -> Redemption:
    found: Redemption = _found(Redemption.objects.filter(member__in=records_of(member.pk), pk=redemption_id).first())
    return found


def _entitlement(each: Entitlement) -> dict[str, Any]:
    return {
        "programme": each.benefit.programme.code, "benefit": each.benefit.code, "name": str(each.benefit),
        "kind": each.benefit.kind, "category": each.category, "store": each.store.scope if each.store else None,
        "is_entitled": each.is_entitled, "is_in_grace": each.is_in_grace, "entitled_by": str(each.won.source),
        "rule": each.won.rule.code, "why": each.won.words, "quota": each.quota, "used": each.used, "left": each.left,
        "next_on": each.resets_on, "points_price": each.points_price, "member_price": each.member_price,
        "choice_group": each.choice.group.code if each.choice else None,
    }


def _state(member: Member, group: ChoiceGroup) -> dict[str, Any]:
    state: ChoiceState = _found(choice_state(member, group, on=_today()))
    return {
        "programme": group.programme.code, "group": group.code, "name": str(group),
        "choosable_until": state.choosable_until, "free": state.free, "swaps_left": state.swaps_left,
        "options": [
            {
                "benefit": option.benefit.code, "name": str(option.benefit), "is_chosen": option.is_chosen,
                "is_default": option.is_default, "may_choose": option.may_choose, "may_swap": option.may_swap,
            }
            for option in state.options
        ],
    }


def _coupon(grant: Grant) -> dict[str, Any]:
    benefit = Benefit.objects.select_related("programme").get(pk=grant.benefit_id)
    return {
        "key": grant.key, "programme": benefit.programme.code, "benefit": benefit.code, "state": grant.state,
        "valid_from": grant.valid_from, "valid_until": grant.valid_until, "used_on": grant.used_on,
        "order_number": grant.order_number,
    }


def _saving(saving: OrderSaving) -> dict[str, Any]:
    return {
        "benefit": saving.benefit.code, "amount": saving.amount, "order_number": saving.order_number,
        "ordered_on": saving.on,
    }


def _redemption(redemption: Redemption) -> dict[str, Any]:
    grant = getattr(Redemption.objects.select_related("grant").get(pk=redemption.pk), "grant", None)
    benefit = Benefit.objects.select_related("programme").get(pk=redemption.benefit_id)
    return {
        "id": redemption.pk, "programme": benefit.programme.code, "benefit": benefit.code,
        "category": redemption.asked_category, "quantity": redemption.quantity, "points": redemption.points,
        "price": redemption.price, "on": redemption.on, "state": redemption.state,
        "grant": grant.key if grant else None, "held_until": grant.valid_until if grant else None,
    }
