"""The price of an order for a member, by what held on the day of the order: policy, benefits, coupons.

Asked again for the same day it is the same, whatever was changed, used or lost since.
"""

from collections.abc import Collection, Sequence
from datetime import date

from django.db.models import Q

from benefits.errors import CouponNotHeldError, NoPricingPolicyError
from benefits.models import Benefit, Grant, PricingPolicy
from benefits.policies import policy_data
from benefits.pricing.orders import Freight, Line, check_order
from benefits.pricing.policy import Policy, PriceBenefit
from benefits.pricing.quotes import Quote, quote
from benefits.services.benefit_terms import terms_on
from benefits.services.held_benefits import held_benefits
from memberships.models import Enrolment, Member, Programme

#: Those that a member has without holding anything.
KINDS = ("member_price", "stacking_discount", "instant_reduction", "free_shipping", "buy_one_get_one")


def quote_order(
    member: Member,
    programme: Programme,
    lines: Sequence[Line],
    *,
    on: date,
    freight: Freight | None = None,
    coupons: Collection[str] | None = None,
    region: str | None = None,
    store: Enrolment | None = None,
    order_number: str = "",
) -> Quote:
    """What the order costs, by the programme's policy and the member's benefits of that day.

    `coupons`: the keys of those that may be used; None: all that the member holds. `order_number`: of an order that
    was placed, so that what it used itself is still there. Errors: NoPricingPolicyError, CouponNotHeldError and those
    of benefits/pricing.
    """
    check_order(lines, freight or Freight())
    policy = policy_on(programme, on=on)
    held = held_benefits(
        member, KINDS, on=on, programme=programme, region=region, store=store, order_number=order_number
    )
    benefits = [
        PriceBenefit(
            each.key, each.benefit.kind, str(each.benefit), each.terms, each.rule, each.times, each.benefit.code
        )
        for each in held
    ]
    found = coupons_held(member, programme, on=on, order_number=order_number)
    if coupons is not None:
        found = _those_named(found, coupons)
    return quote(lines, benefits, policy, found, freight=freight, on=on)


def policy_on(programme: Programme, *, on: date) -> Policy:
    """The version of the programme's policy that held on that day. NoPricingPolicyError when there was none."""
    version = PricingPolicy.objects.filter(programme=programme).in_force(on=on).first()
    if version is None:
        raise NoPricingPolicyError(programme, on=on)
    return Policy.of(policy_data(version), name=f"{programme.code} {version.starts_on.isoformat()}")


def coupons_held(
    member: Member, programme: Programme, *, on: date, order_number: str = ""
) -> list[PriceBenefit]:
    """The programme's coupons that the member held on that day: given by then, valid, not yet used (but for that
    order) and not ended. As many of each as the member held (key, key#2 and so on): gifts, and what was redeemed when
    several could be at once, may be of several."""
    is_unused = Q(used_on=None) | Q(used_on__gt=on)
    if order_number:
        is_unused |= Q(order_number=order_number)
    grants = list(
        Grant.objects.filter(
            is_unused, Q(ended_on=None) | Q(ended_on__gt=on), Q(valid_until=None) | Q(valid_until__gte=on),
            member=member, benefit__programme=programme, benefit__kind="coupon", given_on__lte=on, valid_from__lte=on,
        ).select_related("rule").order_by("pk")
    )
    benefits: dict[int, Benefit] = Benefit.objects.in_bulk({grant.benefit_id for grant in grants})
    terms = terms_on(benefits, on=on)
    return [
        PriceBenefit(
            grant.key if number == 1 else f"{grant.key}#{number}", "coupon", str(benefits[grant.benefit_id]),
            terms[grant.benefit_id], grant.rule.code if grant.rule else "",
        )
        for grant in grants for number in range(1, grant.quantity + 1)
    ]


def _those_named(held: Sequence[PriceBenefit], keys: Collection[str]) -> list[PriceBenefit]:
    by_key = {coupon.key: coupon for coupon in held}
    for key in keys:
        if key not in by_key:
            raise CouponNotHeldError(key)
    return [by_key[key] for key in dict.fromkeys(keys)]
