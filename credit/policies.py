"""The section `credit` of programme files as a schema, and a CreditPolicy's data: what stands in its columns.

A policy's columns hold what the section says with every default said out; amounts and shares are texts of exact numbers
("2000000", "0.05"), days are whole numbers:

    offers       {plan: {"limit", "terms": a rule (credit/terms/rules.py), "minimum_standing": {...}}}
    blocking     [{"code", "kind", "threshold"?, "state"?, "name": {"zh", "en"}}], in the order in which they are told
    dunning      [{"state": an OverdueState, "days"}], an overdue state holds from so many days overdue on
    late_fee     null, or {"daily_percent", "free_days", "cap_percent"?}
    lapse        {"draws_in_grace", "reinstate_days"}
    allocation   what a receipt pays, one after the other: reference, exact_amount, oldest_due
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from credit.models import CreditPolicy, OverdueState
from credit.terms.checks import BOUNDS, PARTS, ROLLING
from memberships.programme_files.schema import (
    CODE,
    NAMES,
    SMALL,
    exact,
    filled,
    list_of,
    number_as_text,
    one_of,
    record,
    whole,
)
from memberships.programme_files.sections import Schema


class BlockingKind(models.TextChoices):
    """What stops a draw. What its threshold counts is said in THRESHOLDS."""

    OVERDUE_DAYS = "overdue_days", _("days overdue")
    # From the days on that `dunning` gives to the state, paused or not.
    OVERDUE_STATE = "overdue_state", _("overdue state")
    OVERDUE_AMOUNT = "overdue_amount", _("amount overdue")
    USED_SHARE = "used_share", _("share of the limit that is used")
    ORDER_AMOUNT = "order_amount", _("amount of the order")
    EXPIRED_LINE = "expired_line", _("line or card is over")
    STATUS = "status", _("line is suspended")
    REVIEW_OVERDUE = "review_overdue", _("days since the review was due")


#: Which kinds have a threshold: whether it is counted in whole days.
THRESHOLDS = {
    BlockingKind.OVERDUE_DAYS: True, BlockingKind.OVERDUE_AMOUNT: False, BlockingKind.USED_SHARE: False,
    BlockingKind.ORDER_AMOUNT: False, BlockingKind.REVIEW_OVERDUE: True,
}
ALLOCATION = ("reference", "exact_amount", "oldest_due")
DUNNING_STATES = [state for state in OverdueState.values if state != OverdueState.NONE]
_AMOUNT: Schema = exact(2, 0, 9_999_999_999)

TERMS: Schema = record(
    {
        "kind": one_of(PARTS, description="How the due day is counted"),
        "days": whole(*BOUNDS["days"], description="With net_days and month_end"),
        "statement_day": whole(
            *BOUNDS["statement_day"], description="With statement: what was bought before is stated on that day"
        ),
        "repayment_day": whole(
            *BOUNDS["repayment_day"], description="With statement: and repaid by that one; 31: the month's last day"
        ),
        "longest_days": whole(*BOUNDS["longest_days"], description="Never due later than so many days"),
        "rolling": one_of(
            ROLLING, default="none",
            description="Off days that are not worked; the other way where that would pass longest_days",
        ),
    },
    required=["kind"],
)
STANDING: Schema = record(
    {
        "member_days": whole(0, SMALL, description="A member for so many days"),
        "card_days": whole(0, SMALL, description="With this card for so many days"),
        "spent": record(
            {"amount": _AMOUNT, "days": whole(1, SMALL)}, required=["amount", "days"],
            description="Orders of so much (CNY), less returns, in the last so many days",
        ),
        "tier": record(
            {"group": CODE, "code": CODE}, required=["group", "code"], description="On this tier or above it"
        ),
    },
    default={}, description="What a firm needs before credit is granted",
)
OFFER: Schema = record(
    {
        "plan": CODE,
        "limit": {**_AMOUNT, "description": "The highest limit that may be granted (CNY)"},
        "terms": TERMS,
        "minimum_standing": STANDING,
    },
    required=["plan", "limit", "terms"],
)
BLOCKING: Schema = record(
    {
        "code": CODE,
        "kind": one_of(BlockingKind.values),
        "threshold": exact(
            2, 0, 9_999_999_999,
            description="Days (from so many on), CNY or percent (over it), as the kind says; not with states",
        ),
        "state": one_of(
            DUNNING_STATES, description="With overdue_state: from the days on that dunning gives to this state"
        ),
        "name": NAMES,
    },
    required=["code", "kind", "name"],
)
CREDIT: Schema = record(
    {
        "offers": list_of(OFFER, minItems=1, description="By plan; a card without an offer gives no credit"),
        "blocking": list_of(BLOCKING, default=[], description="What stops a draw; told in this order"),
        "dunning": list_of(
            record(
                {"state": one_of(DUNNING_STATES), "days": whole(1, SMALL, description="Days overdue")},
                required=["state", "days"],
            ),
            default=[], description="From when an overdue state holds",
        ),
        "late_fee": record(
            {
                "daily_percent": exact(4, 0, 100, description="Of what is overdue, for a day"),
                "free_days": whole(0, SMALL, default=0, description="So many days overdue cost nothing"),
                "cap_percent": exact(2, 0, 100, description="Of an invoice's amount, never more"),
            },
            required=["daily_percent"], description="Without it being late costs nothing",
        ),
        "lapse": record(
            {
                "draws_in_grace": {
                    "type": "boolean", "default": False, "description": "Whether one draws in the card's days of grace"
                },
                "reinstate_days": whole(
                    0, SMALL, default=30, description="A card renewed within so many days of its lapse restores it"
                ),
            },
            default={}, description="What the end of a card does to its line; what is open stays due",
        ),
        "allocation": list_of(
            one_of(ALLOCATION), default=list(ALLOCATION), minItems=1, uniqueItems=True,
            description="What a receipt pays, one after the other; what is left is unapplied credit",
        ),
    },
    required=["offers"], description="Without this section the programme gives no credit",
)
COLUMNS = ("offers", "blocking", "dunning", "late_fee", "lapse", "allocation")


def columns_of(section: Mapping[str, Any]) -> dict[str, Any]:
    """A policy's columns as a section (with its defaults) says them."""
    said = {**_as_json(section), "late_fee": _as_json(section.get("late_fee"))}
    offers = {offer["plan"]: {key: each for key, each in offer.items() if key != "plan"} for offer in said["offers"]}
    return {**said, "offers": offers}


def section_of(policy: CreditPolicy) -> dict[str, Any]:
    """A policy as a section says it, with every default and exact numbers."""
    said = {name: getattr(policy, name) for name in COLUMNS}
    said["offers"] = [{"plan": plan, **offer} for plan, offer in policy.offers.items()]
    found: dict[str, Any] = filled({key: each for key, each in said.items() if each is not None}, CREDIT)
    return found


def _as_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _as_json(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(each) for each in value]
    return number_as_text(value) if isinstance(value, Decimal) else value
