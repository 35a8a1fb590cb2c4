"""The kinds of benefits, and what each kind's `terms` say: its part of the schema of programme files.

`terms` stand on a benefit as JSON, as a file has them: without what defaults say. Whoever works with them takes
`filled_terms`, which has every default and exact numbers. What a benefit costs, its quota and window, and who gets it
stand on its rules, not here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from memberships.programme_files.schema import bare, exact, filled, list_of, one_of, record, whole
from memberships.programme_files.sections import Schema

#: An amount of CNY that comes off, and one from which on something holds.
_AMOUNT: Schema = {**exact(2, 0, 9_999_999_999), "exclusiveMinimum": 0}
_MINIMUM: Schema = exact(2, 0, 9_999_999_999, default=0, description="For goods of so much or more (CNY)")
_PERCENT: Schema = {**exact(2, 0, 100), "exclusiveMinimum": 0}
_CATEGORY: Schema = {"type": "string", "minLength": 1, "maxLength": 64}
_TEXT: Schema = {"type": "string", "minLength": 1, "maxLength": 100}
_CODE: Schema = {"type": "string", "pattern": r"^[-a-zA-Z0-9_]{1,64}$(?!\n)"}

#: The goods that a benefit is for.
SCOPE: dict[str, Schema] = {
    "categories": list_of(_CATEGORY, default=[], description="Only goods of these; left out: of all"),
    "not_categories": list_of(_CATEGORY, default=[], description="Never goods of these"),
    "self_operated_only": {
        "type": "boolean", "default": False, "description": "Only what the house itself sells, no other shop's goods",
    },
}


@dataclass(frozen=True)
class Kind:
    """A kind: what it is called, and the schema of its benefits' terms."""

    code: str
    label: Promise
    terms: Schema
    #: Whether it changes what an order costs (benefits/pricing).
    is_priced: bool = False


_MEMBER_PRICE = record({
    **SCOPE,
    "percent": {
        **_PERCENT,
        "description": "What is paid, in percent of the price; left out: the member price of the goods themselves",
    },
})
_STACKING_DISCOUNT = record(
    {
        **SCOPE,
        "percent": {**_PERCENT, "description": "What is paid, in percent: 95 is a further 5% off (折上95折)"},
        "discounted_only": {
            "type": "boolean", "default": False, "description": "Only goods that cost less than listed already",
        },
        "at_most": {**_AMOUNT, "description": "It takes so much off an order at the most (CNY)"},
    },
    required=["percent"],
)
_INSTANT_REDUCTION = record(
    {
        **SCOPE,
        "threshold": {**_MINIMUM, "description": "From goods of so much on (CNY)"},
        "reduction": {**_AMOUNT, "description": "So much comes off (CNY)"},
        "per_full_threshold": {
            "type": "boolean", "default": False, "description": "For every full threshold, not once",
        },
        "at_most": {**_AMOUNT, "description": "It takes so much off an order at the most (CNY)"},
    },
    required=["reduction"],
)
_FREE_SHIPPING = record({
    **SCOPE,
    "minimum_spend": _MINIMUM,
    "both_ways": {"type": "boolean", "default": False, "description": "Goods that are sent back travel free, too"},
    "deliveries": list_of(
        one_of(["standard", "instant"]), minItems=1, default=["standard"], description="Ways of delivery",
    ),
})
_COUPON = record(
    {
        **SCOPE,
        "amount": {**_AMOUNT, "description": "So much comes off (CNY)"},
        "minimum_spend": _MINIMUM,
        "takes_off": one_of(
            ["goods", "freight"], default="goods",
            description="freight: it pays the delivery; an order takes one such coupon, beside those for goods",
        ),
        "stackable": {"type": "boolean", "default": False, "description": "May be used beside other coupons"},
        "group": {**_CODE, "description": "Of coupons of one group an order takes one"},
    },
    required=["amount"],
)
_AFTER_SALES = record(
    {
        **SCOPE,
        "remedies": list_of(
            one_of(["replace", "exchange", "return"]), minItems=1,
            description="replace: a new one instead of a repair; exchange; return: the money back",
        ),
        "faults": list_of(
            one_of(["quality", "any"]), minItems=1, default=["any"],
            description="quality: only for faults of quality; any: for other reasons, too",
        ),
        "days": whole(
            1, 3_650,
            description="After the day of purchase, which is not counted; left out: as long as the seller takes them",
        ),
        "on_site": {"type": "boolean", "default": False, "description": "The goods are fetched where they are"},
    },
    required=["remedies"],
)

_ALL = (
    Kind("member_price", _("member price"), _MEMBER_PRICE, is_priced=True),
    Kind("stacking_discount", _("stacking discount"), _STACKING_DISCOUNT, is_priced=True),
    Kind("instant_reduction", _("instant reduction"), _INSTANT_REDUCTION, is_priced=True),
    Kind("free_shipping", _("free shipping"), _FREE_SHIPPING, is_priced=True),
    Kind("coupon", _("coupon"), _COUPON, is_priced=True),
    Kind("service", _("service"), record({"unit": {**_TEXT, "description": "What is counted: a consultation"}})),
    Kind(
        "buy_one_get_one", _("buy one, get one free"),
        record({
            **SCOPE,
            "pays_for": whole(1, 100, default=1, description="So many are paid"),
            "gets": whole(1, 100, default=1, description="and so many more are free: the cheapest ones"),
        }),
        is_priced=True,
    ),
    Kind("points_exchange", _("points exchange"), record({})),
    Kind("partner_subscription", _("partner subscription"), record({})),
    Kind("after_sales", _("after-sales right"), _AFTER_SALES),
    Kind("support_line", _("support line"), record({"phone": _TEXT, "channel": _TEXT})),
    Kind(
        "payment_term", _("payment term"),
        record({"days": whole(1, 61, description="To pay without interest")}, required=["days"]),
    ),
    Kind("gift", _("gift"), record({"item": {**_TEXT, "description": "What is given"}})),
)
#: Every kind by its code.
KINDS: Mapping[str, Kind] = {kind.code: kind for kind in _ALL}
#: As the choices of a field.
KIND_CHOICES = [(kind.code, kind.label) for kind in _ALL]


def filled_terms(kind: str, terms: Mapping[str, Any]) -> dict[str, Any]:
    """Terms with every default, and numbers as Decimal. KeyError for a kind that there is not."""
    return dict(filled(terms, KINDS[kind].terms))


def bare_terms(kind: str, terms: Mapping[str, Any]) -> dict[str, Any]:
    """Terms as JSON, as they are kept: without what defaults say. KeyError for a kind that there is not."""
    return dict(bare(terms, KINDS[kind].terms))
