"""The price of an order for a member, by what held on the day of the order: policy, benefits, coupons.

Asked again for the same day it is the same, whatever was changed, used or lost since: policies, rules, terms, how
rules are added up, choice groups with their options, choices, segments, cards and tiers are told as they were on that
day, a firm's province as it was at its end; uses as far as they were made by that day. What is not kept is names
(labels are those of now, in the reader's language) and that a coupon, given back with its order, was used in between.
On the day itself what is used changes what is left: name the order that was placed, and its own uses are still there.
"""

from collections.abc import Collection, Sequence
from datetime import date

from django.db.models import Q

from benefits.models import Benefit, Grant, PricingPolicy
from benefits.policies import policy_data
from benefits.pricing.errors import CouponNotHeldError, NoPricingPolicyError
from benefits.pricing.orders import Freight, Line, check_order
from benefits.pricing.policy import Policy, PriceBenefit
from benefits.pricing.quotes import Quote, quote
from benefits.services.benefit_terms import terms_on
from benefits.services.grants import usable_by
from benefits.services.held_benefits import HeldBenefit, held_benefits
from benefits.waits import wait_finders
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
    found = coupons_held(member, programme, on=on, order_number=order_number)
    if coupons is not None:
        found = _those_named(found, coupons)
    return quote(lines, [_priced(each) for each in held], policy, found, freight=freight, on=on)


def _priced(held: HeldBenefit) -> PriceBenefit:
    benefit = held.benefit
    return PriceBenefit(held.key, benefit.kind, str(benefit), held.terms, held.rule, held.times, benefit.code)


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
    order) and not ended. What waited for a partner's code on that day (benefits/waits.py) is no coupon yet."""
    is_unused = Q(used_on=None) | Q(used_on__gt=on)
    if order_number:
        is_unused |= Q(order_number=order_number)
    grants = list(
        usable_by(member).filter(
            is_unused, Q(ended_on=None) | Q(ended_on__gt=on), Q(valid_until=None) | Q(valid_until__gte=on),
            benefit__programme=programme, benefit__kind="coupon", given_on__lte=on, valid_from__lte=on,
        ).select_related("rule").order_by("pk")
    )
    waiting = _waiting(grants, on=on)
    # Of two merged records' under one key the member's own goes first.
    grants.sort(key=lambda grant: (grant.member_id != member.pk, grant.pk))
    named = {grant.key: grant for grant in reversed(grants) if grant.pk not in waiting}
    grants = sorted(named.values(), key=lambda grant: grant.pk)
    benefits: dict[int, Benefit] = Benefit.objects.in_bulk({grant.benefit_id for grant in grants})
    terms = terms_on(benefits, on=on)
    return [
        PriceBenefit(
            grant.key, "coupon", str(benefits[grant.benefit_id]), terms[grant.benefit_id],
            grant.rule.code if grant.rule else "",
        )
        for grant in grants
    ]


def _waiting(grants: Sequence[Grant], *, on: date) -> set[int]:
    """Those that waited for something on that day, as floors above know."""
    if not grants:
        return set()
    keys = [grant.pk for grant in grants]
    return set().union(*(finder.find(keys, on=on) for finder in wait_finders))


def _those_named(held: Sequence[PriceBenefit], keys: Collection[str]) -> list[PriceBenefit]:
    by_key = {coupon.key: coupon for coupon in held}
    for key in keys:
        if key not in by_key:
            raise CouponNotHeldError(key)
    return [by_key[key] for key in dict.fromkeys(keys)]
