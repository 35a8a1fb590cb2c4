"""Benefits that are exported and applied again change nothing, whatever they are and went through."""

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
from tests.memberships.test_programme_files_identity import CODES, exact, some, span

pytestmark = pytest.mark.django_db

TERMS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "service": some(unit=st.just("次")),
    "gift": st.just({}),
    "coupon": st.builds(lambda amount: {"amount": amount}, st.integers(1, 900).map(str)),
    "stacking_discount": st.builds(
        lambda percent, own: {"percent": percent, "discounted_only": own, "categories": ["手机"]},
        st.integers(1, 100).map(str), st.booleans(),
    ),
}
NAMES = st.sampled_from([{"zh": "甲", "en": "A"}, {"zh": "乙：一", "en": "B, or: #b"}])
#: A benefit's kind stays what it is.
KINDS = {"u": "service", "v": "gift", "w": "coupon", "x": "stacking_discount"}
SOURCES = st.sampled_from([
    {"plan": "annual"}, {"tier": {"group": "levels", "code": "gold"}}, {},
    {"tier": {"group": "levels", "code": "silver"}, "and_above": True},
])


@st.composite
def rules(draw: st.DrawFn, *, group: str = "") -> list[dict[str, Any]]:
    found = []
    for code in draw(st.lists(CODES, unique=True, min_size=1 if group else 0, max_size=2)):
        rule = {"code": code, **draw(SOURCES), **draw(span("starts_on", "ends_on"))}
        if draw(st.booleans()):
            windows = ["day", "week", "month", "year", "ever", *(["term"] if "plan" in rule else [])]
            rule |= {"quota": draw(st.integers(1, 99)), "window": draw(st.sampled_from(windows)),
                     "basis": draw(st.sampled_from(["calendar", "anniversary"]))}
        rule |= draw(some(
            segment=CODES, region=st.sampled_from(["", "北京市"]), points_price=st.integers(0, 900),
            member_price=exact(2, 99), category=st.sampled_from(["", "生鲜"]),
        ))
        if group:
            rule["choice_group"] = group
        found.append(rule)
    return found


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Budgets, benefits and a choice group such as the club could have."""
    budgets = [
        {"code": code, "name": draw(NAMES), "amount": draw(exact(4, 9_999)), **draw(span("starts_on", "ends_on"))}
        for code in draw(st.lists(CODES, unique=True, max_size=2))
    ]
    benefits, options = [], []
    for code in draw(st.lists(st.sampled_from(sorted(KINDS)), unique=True, max_size=4)):
        kind = KINDS[code]
        is_option = draw(st.booleans())
        benefit = {
            "code": code, "name": draw(NAMES), "kind": kind, "terms": draw(TERMS[kind]),
            "rules": draw(rules(group="pick" if is_option else "")), "unit_cost": draw(exact(4, 99)),
            **draw(some(face_value=exact(2, 99), combine=st.sampled_from(["best", "sum"]), stock=st.integers(0, 99),
                        funder=st.sampled_from(["platform", "partner", "brand"]))),
        }
        if budgets and draw(st.booleans()):
            benefit["budget"] = budgets[0]["code"]
        benefits.append(benefit)
        if is_option:
            options.append({"benefit": code, **draw(some(cost=exact(2, 50)))})
    found: dict[str, Any] = {"budgets": budgets, "benefits": benefits}
    if options:
        own = draw(some(picks=st.just(1), swaps=st.integers(0, 3), deadline_days=st.integers(1, 30)))
        found["choice_groups"] = [{
            "code": "pick", "name": draw(NAMES), "window": draw(st.sampled_from(["month", "year", "ever"])),
            "options": draw(st.permutations(options)), **own,
        }]
    return found


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
        # A rule that holds cannot begin later: said, and nothing is changed.
        return
    connection.check_constraints()
    assert [change.words for change in changes_of(document, on=on)] == []
    exported = export_programme(programme, on=on)
    again = read_document(write_document(exported))
    assert again.hash == exported.hash
    assert [change.words for change in changes_of(again, on=on)] == []
    written = write_counts()
    applied(again, on=on)
    assert write_counts() == written
    assert export_programme(Programme.objects.get(code="club"), on=on).hash == exported.hash


def write_counts() -> int:
    """Rows of the audit trail: every write to these tables leaves one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM benefits_benefitevent) + (SELECT count(*) FROM benefits_benefitruleevent)"
            " + (SELECT count(*) FROM benefits_budgetevent) + (SELECT count(*) FROM benefits_choicegroupevent)"
            " + (SELECT count(*) FROM benefits_choiceoptionevent) + (SELECT count(*) FROM benefits_benefitstockevent)"
        )
        return int(cursor.fetchone()[0])
