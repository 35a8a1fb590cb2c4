"""What a pricing policy says, as data: its part of the schema of programme files, and a version's data filled in."""

from typing import Any

from benefits.kinds import SCOPE
from benefits.models import PricingPolicy
from benefits.pricing.policy import STEP_KINDS
from memberships.programme_files.schema import CODE, exact, filled, list_of, one_of, record, whole
from memberships.programme_files.sections import Schema

_CAP: Schema = exact(2, 0, 9_999_999_999)
#: What the house does where a file names no steps: the lower of promotion and member price, then what stacks on it.
USUAL_STEPS = [
    {"kind": "promotion", "group": "price"}, {"kind": "member_price", "group": "price"}, {"kind": "buy_one_get_one"},
    {"kind": "stacking_discount"}, {"kind": "instant_reduction"}, {"kind": "coupon"}, {"kind": "free_shipping"},
]
STEPS: Schema = list_of(
    record(
        {
            "kind": one_of(STEP_KINDS),
            "base": one_of(
                ["so_far", "list"], default="so_far",
                description="What percentages and minimums are taken of: the price so far, or the list price",
            ),
            "combine": one_of(
                ["best", "all"], default="best", description="Of several benefits the best, or all, one after another"
            ),
            "group": {
                **CODE,
                "description": "Steps of one group exclude one another: line by line where all of them price lines "
                "(promotion, member_price, stacking_discount), else in the order as a whole",
            },
            "optional": {
                "type": "boolean", "default": True,
                "description": "Left out where the order is cheaper without it; else used whenever it can be",
            },
            "per_order": whole(1, 12, default=1, description="With coupon: so many for an order at the most"),
            "cap_per_line": {**_CAP, "description": "It takes so much off a line at the most (CNY)"},
            "cap_per_order": {**_CAP, "description": "It takes so much off an order at the most (CNY)"},
            **SCOPE,
        },
        required=["kind"],
    ),
    minItems=1, default=USUAL_STEPS, description="In this order, each kind once",
)
ROUNDING: Schema = record(
    {
        "mode": one_of(PricingPolicy.Mode.values, default="half_up"),
        "unit": one_of(PricingPolicy.Unit.values, default="fen", description="0.01, 0.1 or 1 CNY"),
        "per": one_of(
            PricingPolicy.Per.values, default="line",
            description="Each line is rounded, or the order's sum, which is then shared out over the lines",
        ),
    },
    default={}, description="Of the prices that percentages leave",
)


def policy_data(policy: PricingPolicy) -> dict[str, Any]:
    """A version as a section says it, with every default (benefits/pricing/policy.py takes it so)."""
    rounding = {"mode": policy.rounding, "unit": policy.rounding_unit, "per": policy.rounding_per}
    return {"steps": filled(policy.steps, STEPS), "rounding": rounding}
