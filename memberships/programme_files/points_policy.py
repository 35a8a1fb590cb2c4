"""The policy in the section `points`: cost, pending, expiry, reversal."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from memberships.models import PointsPolicy
from memberships.programme_files.facts import facts_of, same_number
from memberships.programme_files.faults import Fault
from memberships.programme_files.schema import SMALL, exact, one_of, record, whole
from memberships.programme_files.sections import Schema

Expiry = PointsPolicy.Expiry
FIELDS = (
    "unit_cost", "expected_breakage", "pending_days", "expiry", "expiry_months", "expiry_month", "expiry_day",
    "expiry_years", "reversal", "late_return", "late_return_days", "reinstate_days",
)
#: What goes with each kind of expiry.
PARTS_OF_EXPIRY = {
    Expiry.NEVER: frozenset[str](),
    Expiry.FIXED_DATE: frozenset({"month", "day", "years"}),
    Expiry.MONTHS: frozenset({"months"}),
    Expiry.INACTIVITY: frozenset({"months"}),
}
POLICY_SCHEMA: dict[str, Schema] = {
    "unit_cost": exact(6, 0, 999_999, default=0, description="What a point costs when it is spent, in CNY"),
    "expected_breakage": exact(4, 0, 1, default=0, description="The share of points that never will be spent"),
    "pending_days": whole(0, SMALL, default=0, description="Days of the return window, after which points are posted"),
    "expiry": record(
        {
            "kind": one_of(Expiry.values),
            "months": whole(1, 1200, description="With months and inactivity"),
            "month": whole(1, 12, description="With fixed_date: the month of the first day without the points"),
            "day": whole(
                1, 31,
                description="With fixed_date: the first day without the points; in a month that is too short its last",
            ),
            "years": whole(0, 100, description="With fixed_date: after so many years; 0: the next such day"),
        },
        required=["kind"], default={"kind": "never"},
    ),
    "reversal": one_of(
        PointsPolicy.Reversal.values, default="within_balance", description="What is taken back with an award"
    ),
    "late_return": record(
        {"kind": one_of(PointsPolicy.LateReturn.values), "days": whole(1, SMALL, description="With renew")},
        required=["kind"], default={"kind": "expire"},
        description="What becomes of points that a reversed spend gives back after their day",
    ),
    "reinstate_days": whole(0, SMALL, default=0, description="Expired points may be given again within so many days"),
}


def check_policy(section: dict[str, Any]) -> Iterable[Fault]:
    """What is wrong with it by itself."""
    expiry, late = section["expiry"], section["late_return"]
    wanted = PARTS_OF_EXPIRY[Expiry(expiry["kind"])]
    for part in ("months", "month", "day", "years"):
        path = ("points", "expiry", part)
        if part in wanted and part not in expiry:
            yield Fault(path, _("is missing: it goes with %(kind)s") % {"kind": expiry["kind"]})
        if part not in wanted and part in expiry:
            yield Fault(path, _("does not go with %(kind)s") % {"kind": expiry["kind"]})
    if {"month", "day"} <= expiry.keys() and not _is_day(expiry["month"], expiry["day"]):
        yield Fault(("points", "expiry", "day"), _("the month has no such day"))
    if (late["kind"] == PointsPolicy.LateReturn.RENEW) != ("days" in late):
        yield Fault(("points", "late_return", "days"), _("goes with renew, and only with it"))


def _is_day(month: int, day: int) -> bool:
    try:
        date(2028, month, day)
    except ValueError:
        return False
    return True


def wanted_policy(section: dict[str, Any]) -> dict[str, Any]:
    """A policy's fields as a section says them."""
    expiry, late = section["expiry"], section["late_return"]
    return {
        "unit_cost": section["unit_cost"], "expected_breakage": section["expected_breakage"],
        "pending_days": section["pending_days"], "expiry": expiry["kind"], "expiry_months": expiry.get("months"),
        "expiry_month": expiry.get("month"), "expiry_day": expiry.get("day"), "expiry_years": expiry.get("years"),
        "reversal": section["reversal"], "late_return": late["kind"], "late_return_days": late.get("days", 0),
        "reinstate_days": section["reinstate_days"],
    }


def policy_facts(policy: PointsPolicy) -> dict[str, Any]:
    """A policy's fields as they are."""
    return facts_of(policy, FIELDS)


def exported_policy(policy: PointsPolicy) -> dict[str, Any]:
    """A policy as a section says it."""
    expiry = {
        "kind": policy.expiry, "months": policy.expiry_months, "month": policy.expiry_month, "day": policy.expiry_day,
        "years": policy.expiry_years,
    }
    late = {"kind": policy.late_return, "days": policy.late_return_days or None}
    return {
        "unit_cost": same_number(policy.unit_cost), "expected_breakage": same_number(policy.expected_breakage),
        "pending_days": policy.pending_days, "expiry": {key: each for key, each in expiry.items() if each is not None},
        "reversal": policy.reversal, "late_return": {key: each for key, each in late.items() if each is not None},
        "reinstate_days": policy.reinstate_days,
    }
