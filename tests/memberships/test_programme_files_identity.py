"""What is exported and applied again changes nothing, whatever the programme is and went through."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memberships.models import Programme
from memberships.programme_files.documents import changes_of, export_programme, read_document
from memberships.programme_files.faults import ProgrammeFileError
from memberships.programme_files.writing import write_document
from tests.memberships.factories import TODAY
from tests.memberships.programme_stories import applied, club, faults, text

pytestmark = pytest.mark.django_db

NAMES = st.fixed_dictionaries({"zh": st.text(min_size=1, max_size=20), "en": st.text(min_size=1, max_size=20)})
CODES = st.sampled_from(["a", "b", "c-1"])
DAYS = st.integers(-40, 80).map(lambda days: (TODAY + timedelta(days=days)).isoformat())


def exact(decimals: int, most: int) -> st.SearchStrategy[str]:
    """An exact number, as it is kept."""
    numbers = st.decimals(0, most, places=decimals, allow_nan=False, allow_infinity=False)
    return numbers.map(lambda number: f"{number:f}")


def span(first: str, last: str) -> st.SearchStrategy[dict[str, str]]:
    """Two days in their order, or one of them, or none."""
    both = st.lists(DAYS, min_size=2, max_size=2).map(sorted).map(lambda days: {first: days[0], last: days[1]})
    return st.one_of(st.just({}), DAYS.map(lambda day: {first: day}), DAYS.map(lambda day: {last: day}), both)


def some(**optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=optional)


@st.composite
def ladders(draw: st.DrawFn) -> dict[str, Any]:
    """Tier groups with their tiers, from the lowest to the highest."""
    groups, tiers = [], []
    for code in draw(st.lists(CODES, unique=True, max_size=2)):
        window = draw(st.sampled_from(["cumulative", "calendar_year", "rolling_months", "anniversary"]))
        group = {"code": code, "name": draw(NAMES), "window": window, "grace_days": draw(st.integers(0, 90))}
        if window == "rolling_months":
            group["window_months"] = draw(st.integers(1, 36))
        if window != "cumulative":
            group["downgrade"] = draw(st.sampled_from(["none", "one_step", "to_balance"]))
        groups.append(group)
        thresholds = draw(st.lists(st.integers(0, 10**9), min_size=1, max_size=4, unique=True))
        names = draw(st.permutations(["t1", "t2", "t3", "t4"]))
        tiers += [
            {"group": code, "code": tier, "name": draw(NAMES), "threshold": threshold,
             **draw(some(is_floor=st.booleans(), earn_multiplier=exact(3, 9)))}
            for tier, threshold in zip(names, sorted(thresholds), strict=False)
        ]
    return {"tier_groups": groups, "tiers": tiers}


@st.composite
def plans(draw: st.DrawFn) -> list[dict[str, Any]]:
    retry_days = st.lists(st.integers(1, 60), unique=True, max_size=4).map(sorted)
    moving = st.one_of(st.just("keep_until_renewal"), DAYS.map(lambda day: {"move_on": day}))
    return [
        {"code": code, "name": draw(NAMES), "price": draw(exact(2, 500)), "term_months": draw(st.integers(1, 36)),
         **draw(some(
             grace_days=st.integers(0, 30), lead_days=st.integers(0, 31), retry_days=retry_days,
             credit=some(limit=exact(2, 10**7), term_days=st.integers(0, 90)), existing_subscriptions=moving,
         )), **draw(span("on_sale_from", "on_sale_until"))}
        for code in draw(st.lists(CODES, unique=True, max_size=3))
    ]


@st.composite
def points(draw: st.DrawFn) -> dict[str, Any]:
    expiry = st.one_of(
        st.just({"kind": "never"}),
        st.fixed_dictionaries({"kind": st.sampled_from(["months", "inactivity"]), "months": st.integers(1, 60)}),
        st.fixed_dictionaries({
            "kind": st.just("fixed_date"), "month": st.integers(1, 12), "day": st.integers(1, 28),
            "years": st.integers(0, 3),
        }),
    )
    late = st.one_of(st.just({"kind": "expire"}), st.integers(1, 90).map(lambda days: {"kind": "renew", "days": days}))
    rules = [
        {"code": code, "category": code, "points_per_yuan": draw(exact(4, 10)),
         "qualifying_per_yuan": draw(exact(4, 10)),
         **draw(some(minimum_spend=exact(2, 100), cap_per_order=st.integers(0, 10**6),
                     rounding=st.sampled_from(["down", "half_up", "up"]))),
         **draw(span("starts_on", "ends_on"))}
        for code in draw(st.lists(CODES, unique=True, max_size=2))
    ]
    promotions = [
        {"code": code, "multiplier": draw(st.sampled_from(["1", "1.5", "2.125"])), **draw(span("starts_on", "ends_on"))}
        for code in draw(st.lists(CODES, unique=True, max_size=2))
    ]
    policy = some(
        unit_cost=exact(6, 1), expected_breakage=exact(4, 1), pending_days=st.integers(0, 30), expiry=expiry,
        reversal=st.sampled_from(["pending_only", "within_balance", "may_go_negative"]), late_return=late,
        reinstate_days=st.integers(0, 90),
    )
    return {**draw(policy), "earn_rules": rules, "promotions": promotions}


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """What the club could be."""
    facts = {"code": "club", "name": draw(NAMES), "audience": "enterprise"}
    own = draw(some(enrols=st.sampled_from(["member", "store"]), open_share=exact(4, 1)))
    return {"programme": {**facts, **own}, **draw(ladders()), "plans": draw(plans()), "points": draw(points())}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    contents=st.lists(documents(), min_size=1, max_size=3), gaps=st.lists(st.integers(0, 40), min_size=3, max_size=3)
)
def test_applying_what_was_applied_or_exported_changes_nothing(contents: list[dict[str, Any]], gaps: list[int]) -> None:
    on = TODAY
    with transaction.atomic():
        for content, gap in zip(contents, gaps, strict=False):
            goes_in_and_comes_out(content, on=(on := on + timedelta(days=gap)))
        transaction.set_rollback(True)


def goes_in_and_comes_out(content: dict[str, Any], *, on: date) -> None:
    document = club(**content)
    if faults(text(document)):
        return
    assert read_document(text(document)).hash == document.hash
    try:
        programme = applied(document, on=on)
    except ProgrammeFileError:
        # What is on sale cannot begin its sale later: said, and nothing is changed.
        return
    connection.check_constraints()
    assert changes_of(document, on=on) == []
    exported = export_programme(programme, on=on)
    again = read_document(write_document(exported))
    assert again.hash == exported.hash
    assert changes_of(again, on=on) == []
    written = write_counts()
    applied(again, on=on)
    assert write_counts() == written
    assert export_programme(Programme.objects.get(code="club"), on=on).hash == exported.hash


def write_counts() -> int:
    """Rows of the audit trail: every write to a programme's tables leaves one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM memberships_programmeevent) + (SELECT count(*) FROM memberships_tierevent)"
            " + (SELECT count(*) FROM memberships_tiergroupevent) + (SELECT count(*) FROM memberships_planevent)"
            " + (SELECT count(*) FROM memberships_pointspolicyevent) + (SELECT count(*) FROM memberships_earnruleevent)"
            " + (SELECT count(*) FROM memberships_earnpromotionevent)"
        )
        return int(cursor.fetchone()[0])
