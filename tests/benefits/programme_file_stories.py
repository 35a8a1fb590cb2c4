"""The club's programme file with benefits, as stories need it: a consultation, a coupon, and one of two magazines."""

from copy import deepcopy
from typing import Any

from memberships.programme_files.documents import Document
from tests.memberships.programme_stories import club

CONSULTATION: dict[str, Any] = {
    "code": "consultation", "name": {"zh": "问诊", "en": "Consultation"}, "kind": "service",
    "rules": [{"code": "annual", "plan": "annual", "quota": 12, "window": "year", "basis": "anniversary"}],
}
COUPON: dict[str, Any] = {
    "code": "coupon", "name": {"zh": "券", "en": "Coupon"}, "kind": "coupon", "unit_cost": "3.5", "budget": "coupons",
    "valid_days": 30, "stock": 1000, "terms": {"amount": "58"},
    "rules": [
        {"code": "gold", "tier": {"group": "levels", "code": "gold"}, "quota": 1, "window": "month"},
        {"code": "all", "quota": 1, "points_price": 500},
    ],
}
MAGAZINES: list[dict[str, Any]] = [
    {
        "code": code, "name": {"zh": code, "en": code.title()}, "kind": "partner_subscription",
        "rules": [{"code": "annual", "plan": "annual", "choice_group": "pick", "automatic": True}],
    }
    for code in ("news", "sports")
]
PICK: dict[str, Any] = {
    "code": "pick", "name": {"zh": "二选一", "en": "One of two"}, "window": "term", "deadline_days": 30,
    "cost_cap": "20",
    "options": [{"benefit": "news", "default": True, "cost": "12"}, {"benefit": "sports", "cost": "20"}],
}
BUDGET: dict[str, Any] = {"code": "coupons", "name": {"zh": "券预算", "en": "Coupons"}, "amount": "10000"}
SECTIONS: dict[str, Any] = {
    "budgets": [BUDGET], "benefits": [CONSULTATION, COUPON, *MAGAZINES], "choice_groups": [PICK],
}


def beneficial(**sections: Any) -> Document:
    """The club's file with benefits, with some sections in the place of its own; None leaves one out."""
    return club(**{**deepcopy(SECTIONS), **sections})


def with_benefits(*benefits: dict[str, Any], **sections: Any) -> Document:
    """The club's file with these benefits only, and without groups and budgets unless they are given."""
    return club(benefits=deepcopy(list(benefits)), **sections)


def but(benefit: dict[str, Any], *, rule: int = 0, rules: dict[str, Any] | None = None, **facts: Any) -> dict[str, Any]:
    """The benefit with other facts, and with other facts of one of its rules; None takes a key away."""
    found = {**deepcopy(benefit), **facts}
    found["rules"][rule] = {**found["rules"][rule], **(rules or {})}
    found["rules"][rule] = {key: value for key, value in found["rules"][rule].items() if value is not None}
    return {key: value for key, value in found.items() if value is not None}
