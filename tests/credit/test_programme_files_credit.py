"""The section `credit` of a programme file: in and out, what is wrong with it, what it changes, in words."""

from copy import deepcopy
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit.models import CreditLine, CreditPolicy
from credit.policies import BlockingKind, columns_of, section_of
from credit.services.policies import offer_of, policy_on
from memberships.models import Plan, Programme
from memberships.programme_files.documents import Document, changes_of, export_programme, kept_document, read_document
from memberships.programme_files.faults import ProgrammeFileError
from memberships.programme_files.writing import write_document
from memberships.services.subscriptions import join
from tests.credit.credit_stories import DAY, MONTHLY_61, TODAY, a_firm, a_line, the_plan
from tests.memberships.programme_stories import applied, faults, text, told
from tests.memberships.test_programme_files_identity import exact, some
from tests.programmes.stories import shipped

pytestmark = pytest.mark.django_db
SHIPPED = "jd-plus-enterprise"


@pytest.fixture(autouse=True)
def _english() -> None:
    """The words that these stories quote."""
    translation.activate("en")


def enterprise_file(change: Any = None, **parts: Any) -> Document:
    """The shipped file with other parts of its section `credit`; None leaves it out whole."""
    content = deepcopy(shipped(SHIPPED).content)
    content = {name: content[name] for name in ("programme", "plans", "credit")}
    if change == "without":
        del content["credit"]
    else:
        content["credit"] = {**content["credit"], **parts}
    return kept_document(content)


def test_the_shipped_file_offers_both_cards_two_million_and_61_days() -> None:
    document = shipped(SHIPPED)
    programme = applied(document)
    for plan in Plan.objects.filter(programme=programme):
        offer = offer_of(plan, on=TODAY)
        assert (offer.limit, {**offer.terms}) == (2_000_000, {**MONTHLY_61, "rolling": "forward"})
    policy = policy_on(programme, on=TODAY)
    assert policy is not None
    # The overdue state "hold" holds draws: its days are said once, in dunning.
    assert {rule["kind"] for rule in policy.blocking} == set(BlockingKind.values) - {"overdue_days"}
    assert policy.late_fee is None
    assert policy.lapse == {"draws_in_grace": False, "reinstate_days": 30}
    assert columns_of(section_of(policy))["offers"] == policy.offers
    assert told(document) == []
    exported = export_programme(programme, on=TODAY)
    assert exported.content["credit"] == document.content["credit"]


@pytest.mark.parametrize(
    ("parts", "where", "words"),
    [
        ({"offers": [{"plan": "gold", "limit": "1", "terms": MONTHLY_61}]}, "offers[0].plan", "no plan “gold”"),
        ({"offers": [{"plan": "classic", "limit": "2000000.01", "terms": MONTHLY_61}]}, "offers[0].limit",
         "is more than the plan's credit.limit (2,000,000)"),
        ({"offers": [{"plan": "classic", "limit": "1", "terms": {"kind": "net_days", "days": 62}}]}, "offers[0].terms",
         "comes to up to 62 days, more than the plan's credit.term_days (61)"),
        ({"offers": [{"plan": "classic", "limit": "1", "terms": {"kind": "month_end"}}]}, "offers[0].terms.days",
         "is missing: it goes with month_end"),
        ({"blocking": [{"code": "a", "kind": "used_share", "name": {"zh": "甲", "en": "A"}}]}, "blocking[0].threshold",
         "is missing: it goes with used_share"),
        ({"blocking": [{"code": "a", "kind": "status", "threshold": "1", "name": {"zh": "甲", "en": "A"}}]},
         "blocking[0].threshold", "does not go with status"),
        ({"blocking": [{"code": "a", "kind": "overdue_state", "name": {"zh": "甲", "en": "A"}}]}, "blocking[0].state",
         "is missing: it goes with overdue_state"),
        ({"blocking": [{"code": "a", "kind": "status", "state": "hold", "name": {"zh": "甲", "en": "A"}}]},
         "blocking[0].state", "does not go with status"),
        ({"blocking": [{"code": "a", "kind": "overdue_state", "state": "hold", "name": {"zh": "甲", "en": "A"}}],
          "dunning": [{"state": "reminder", "days": 9}]}, "blocking[0].state", "dunning has no state hold"),
        ({"blocking": 2 * [{"code": "a", "kind": "status", "name": {"zh": "甲", "en": "A"}}]}, "blocking[1].code", "a"),
        ({"dunning": [{"state": "hold", "days": 9}, {"state": "reminder", "days": 9}]}, "dunning[1].state",
         "comes after hold"),
        ({"allocation": ["reference", "reference"]}, "allocation", ""),
    ],
)
def test_what_is_wrong_is_said_with_its_place(parts: dict[str, Any], where: str, words: str) -> None:
    found = faults(text(enterprise_file(**parts)))
    assert any(f"credit.{where}" in line and words in line for line in found), found


def test_a_new_version_holds_from_its_day_and_lines_keep_what_they_have() -> None:
    programme = applied(enterprise_file())
    line = a_line(500_000, card=join(a_firm(), the_plan("classic"), on=TODAY, actor=None))
    later = TODAY + 30 * DAY
    offers = [{"plan": "classic", "limit": "100000", "terms": {"kind": "net_days", "days": 30}}]
    fee = {"daily_percent": "0.05"}
    document = enterprise_file(offers=offers, late_fee=fee, lapse={"reinstate_days": 60})
    rule = "stated on day 1 of a month, repaid by the last day of the month, 61 days at most, on the next working day"
    hold = {"code": "held", "kind": "overdue_state", "state": "hold", "name": {"zh": "暂停", "en": "Held"}}
    assert next(words for words in told(enterprise_file(blocking=[hold])) if "blocking" in words).endswith(
        "→ Held: overdue state “hold”"
    )
    lapse = "nothing is drawn in the days of grace, renewed within %s days the line is restored"
    old = f"up to 2,000,000.00 CNY, {rule}"
    assert told(document, on=later) == [
        f"Credit of plan “classic”: {old} → up to 100,000.00 CNY, net 30 days",
        f"Credit of plan “premium”: {old} → none",
        "Credit, late fee: none → 0.05% a day after 0 days",
        f"Credit, when the card lapses: {lapse % 30} → {lapse % 60}",
        "Credit of plan “classic”: 1 lines keep their limit until it is decided anew",
    ]
    applied(document, on=later)
    assert [(str(policy.starts_on), policy.ends_on) for policy in CreditPolicy.objects.order_by("starts_on")] == [
        (TODAY.isoformat(), later - DAY), (later.isoformat(), None)
    ]
    assert offer_of(line.subscription.plan, on=later - DAY).limit == 2_000_000
    with pytest.raises(ProgrammeFileError, match="1 credit lines, which the file leaves out"):
        applied(enterprise_file("without"), on=later)
    CreditLine.objects.update(state="closed", closed_on=later)
    assert told(enterprise_file("without"), on=later + DAY) == ["Credit: none is given any more"]
    assert policy_on(applied(enterprise_file("without"), on=later + DAY), on=later + DAY) is None
    assert Programme.objects.get() == programme


# --- whatever it is, it goes in and comes out


@st.composite
def credits(draw: st.DrawFn) -> dict[str, Any]:
    terms = st.sampled_from([
        {"kind": "net_days", "days": 30}, {"kind": "month_end", "days": 10},
        {**MONTHLY_61, "rolling": "backward"}, {"kind": "net_days", "days": 0, "longest_days": 5, "rolling": "forward"},
    ])
    standing = some(
        member_days=st.integers(0, 900), card_days=st.integers(0, 900),
        spent=st.builds(lambda amount, days: {"amount": amount, "days": days}, exact(2, 9_999), st.integers(1, 365)),
    )
    plans = draw(st.lists(st.sampled_from(["classic", "premium"]), unique=True, min_size=1))
    offers = [
        {
            "plan": plan, "limit": draw(exact(2, 2_000_000)), "terms": draw(terms),
            **draw(some(minimum_standing=standing)),
        }
        for plan in plans
    ]
    kinds = draw(st.lists(st.sampled_from(["overdue_days", "overdue_amount", "status"]), unique=True))
    blocking = [
        {"code": kind, "kind": kind, "name": {"zh": "规则", "en": "Rule: #1"},
         **({} if kind == "status" else {"threshold": str(draw(st.integers(0, 99)))})}
        for kind in kinds
    ]
    days = sorted(draw(st.lists(st.integers(1, 200), unique=True, max_size=4)))
    states = ["reminder", "warning", "hold", "collection"]
    blocking += [
        {"code": state, "kind": "overdue_state", "state": state, "name": {"zh": "规则", "en": "Rule: #2"}}
        for state in states[: len(days)] if draw(st.booleans())
    ]
    fee = st.fixed_dictionaries(
        {"daily_percent": exact(4, 9)}, optional={"free_days": st.integers(0, 9), "cap_percent": exact(2, 99)}
    )
    return {
        "offers": offers, "blocking": blocking,
        "dunning": [{"state": state, "days": day} for state, day in zip(states, days, strict=False)],
        **draw(some(
            late_fee=fee, lapse=some(draws_in_grace=st.booleans(), reinstate_days=st.integers(0, 99)),
            allocation=st.lists(st.sampled_from(["reference", "exact_amount", "oldest_due"]), unique=True, min_size=1),
        )),
    }


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    contents=st.lists(st.none() | credits(), min_size=1, max_size=3),
    gaps=st.lists(st.integers(0, 40), min_size=3, max_size=3),
)
def test_applying_what_was_applied_or_exported_changes_nothing(contents: list[Any], gaps: list[int]) -> None:
    on = TODAY
    with transaction.atomic():
        for content, gap in zip(contents, gaps, strict=False):
            goes_in_and_comes_out(content, on=(on := on + timedelta(days=gap)))
        transaction.set_rollback(True)


def goes_in_and_comes_out(content: dict[str, Any] | None, *, on: date) -> None:
    document = enterprise_file("without") if content is None else enterprise_file(**{
        "lapse": {}, "allocation": ["oldest_due"], **content
    })
    assert faults(text(document)) == []
    assert read_document(text(document)).hash == document.hash
    programme = applied(document, on=on)
    connection.check_constraints()
    assert [change.words for change in changes_of(document, on=on)] == []
    exported = export_programme(programme, on=on)
    again = read_document(write_document(exported))
    assert again.hash == exported.hash
    assert [change.words for change in changes_of(again, on=on)] == []
    before = list(CreditPolicy.objects.order_by("pk").values())
    applied(again, on=on)
    assert list(CreditPolicy.objects.order_by("pk").values()) == before
