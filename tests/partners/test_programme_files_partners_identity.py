"""Partners that are exported and applied again change nothing, whatever they are and went through."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memberships.programme_files.documents import changes_of, export_programme, read_document
from memberships.programme_files.faults import ProgrammeFileError
from memberships.programme_files.writing import write_document
from tests.memberships.factories import TODAY
from tests.memberships.programme_stories import applied, faults, text
from tests.memberships.test_programme_files_identity import DAYS, exact, some, span
from tests.partners.programme_file_stories import BENEFITS, partnered

pytestmark = pytest.mark.django_db

NAMES = st.sampled_from([{"zh": "甲", "en": "A"}, {"zh": "乙：一", "en": "B, or: #b"}])
MODES = {"news": ["api", "daily_file", "manual"], "coupon": ["vouchers", "manual"], "advice": ["reported"]}
TIERS = st.sampled_from(["basic", "silver", "gold"]).map(lambda code: {"group": "levels", "code": code})


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Two partners that share the club's benefits, match its tiers and give gifts."""
    codes = ["p", "q"]
    partners = [
        {"code": code, "name": draw(NAMES), "offers": [], **draw(some(
            contract_from=st.just("2026-01-01"), contract_until=st.just("2028-01-01"),
            limits=some(in_flight=st.integers(1, 50), timeout_seconds=exact(1, 60).filter(lambda n: n != "0.0"),
                        breaker_seconds=st.integers(0, 90)),
        ))}
        for code in codes
    ]
    for benefit in draw(st.lists(st.sampled_from(sorted(MODES)), unique=True, max_size=3)):
        mode = draw(st.sampled_from(MODES[benefit]))
        draw(st.sampled_from(partners))["offers"].append({
            "benefit": benefit, "sku": draw(st.sampled_from(["x", "007", "a b"])), "mode": mode,
            "unit_cost": draw(exact(4, 99)), **draw(some(
                settled=st.sampled_from(["prepaid", "postpaid"]), suspends_in_grace=st.booleans(),
                billed=st.sampled_from(["fulfilment", "month", "use"]),
            )), **draw(span("starts_on", "ends_on")),
        })
    matches = [
        {"code": code, "partner": draw(st.sampled_from(codes)), "tier": draw(TIERS), "partner_tier": code,
         "direction": draw(st.sampled_from(["inbound", "outbound"])), "months": draw(st.integers(1, 24)),
         **draw(some(renewed=st.booleans())), **draw(span("starts_on", "ends_on"))}
        for code in draw(st.lists(st.sampled_from(["m", "n"]), unique=True, max_size=2))
    ]
    gifts = [
        {"partner": code, "benefit": "coupon", **draw(some(ends_on=DAYS))}
        for code in draw(st.lists(st.sampled_from(codes), unique=True, max_size=2))
    ]
    used = {entry["partner"] for entry in (*matches, *gifts)}
    kept = [partner for partner in partners if partner["offers"] or partner["code"] in used]
    return {"benefits": BENEFITS, "partners": kept, "status_match": matches, "registration_gifts": gifts}


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
    document = partnered(**content)
    if faults(text(document)):
        return
    assert read_document(text(document)).hash == document.hash
    try:
        programme = applied(document, on=on)
    except ProgrammeFileError:
        # What holds cannot begin later: said, and nothing is changed.
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


def write_counts() -> int:
    """Rows of the audit trail: every write to these tables leaves one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM partners_partnerevent) + (SELECT count(*) FROM partners_offerevent)"
            " + (SELECT count(*) FROM partners_statusmatchruleevent)"
            " + (SELECT count(*) FROM partners_registrationgiftevent)"
        )
        return int(cursor.fetchone()[0])
