"""The admin pages of memberships, one file per noun."""

from memberships.admin import (
    adjustments,
    contacts,
    credit_requests,
    customers,
    liabilities,
    members,
    orders,
    payment_methods,
    payments,
    points,
    programmes,
    revisions,
    subscriptions,
    tiers,
)

__all__ = [
    "adjustments",
    "contacts",
    "credit_requests",
    "customers",
    "liabilities",
    "members",
    "orders",
    "payment_methods",
    "payments",
    "points",
    "programmes",
    "revisions",
    "subscriptions",
    "tiers",
]
