"""The club's programme file with partners, as stories need it: a magazine by API, coupons by codes, a status match."""

from copy import deepcopy
from typing import Any

from memberships.programme_files.documents import Document
from tests.memberships.programme_stories import club

BENEFITS: list[dict[str, Any]] = [
    {
        "code": "news", "name": {"zh": "新闻", "en": "News"}, "kind": "partner_subscription",
        "rules": [{"code": "annual", "plan": "annual", "automatic": True}],
    },
    {"code": "coupon", "name": {"zh": "券", "en": "Coupon"}, "kind": "coupon", "terms": {"amount": "58"}},
    {
        "code": "advice", "name": {"zh": "问诊", "en": "Advice"}, "kind": "service",
        "rules": [{"code": "annual", "plan": "annual", "quota": 12, "window": "year"}],
    },
]
NEWS: dict[str, Any] = {"benefit": "news", "sku": "news-year", "mode": "api", "unit_cost": "12"}
COUPON: dict[str, Any] = {
    "benefit": "coupon", "sku": "c58", "mode": "vouchers", "unit_cost": "3", "low_stock": 50,
}
IQIYI: dict[str, Any] = {
    "code": "iqiyi", "name": {"zh": "爱奇艺", "en": "iQiyi"}, "contract_from": "2027-01-01",
    "offers": [NEWS, {"benefit": "advice", "sku": "advice", "mode": "reported", "unit_cost": "8", "billed": "use"}],
}
MARRIOTT: dict[str, Any] = {"code": "marriott", "name": {"zh": "万豪", "en": "Marriott"}, "offers": [COUPON]}
GOLD: dict[str, Any] = {
    "code": "gold", "partner": "marriott", "direction": "outbound", "tier": {"group": "levels", "code": "gold"},
    "partner_tier": "Silver", "months": 12,
}
GIFT: dict[str, Any] = {"partner": "marriott", "benefit": "coupon"}
SECTIONS: dict[str, Any] = {
    "benefits": BENEFITS, "partners": [IQIYI, MARRIOTT], "status_match": [GOLD], "registration_gifts": [GIFT],
}


def partnered(**sections: Any) -> Document:
    """The club's file with partners, with some sections in the place of its own; None leaves one out."""
    return club(**{**deepcopy(SECTIONS), **sections})


def offering(*offers: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """iQiyi with these offers, and other facts."""
    return {**deepcopy(IQIYI), "offers": deepcopy(list(offers)), **facts}
