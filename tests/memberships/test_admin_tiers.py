"""Tiers at the desk: where a member stands and why, a tier set by hand, the population of a ladder, and the what-if."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from memberships.admin.display import today
from memberships.models import Enrolment, Tier, TierChange, TierGroup, TierStanding, WhatIf
from operations.models import Approval
from operations.services.approvals import approve
from tests.memberships.admin_pages import a_superuser, counts_or_skips, granted, may_alone, signed_in
from tests.memberships.factories import an_operator
from tests.memberships.night_stories import worked
from tests.memberships.points_stories import morning
from tests.memberships.tier_stories import a_climber, a_ladder, by_hand, evaluate, qualify, stars, tier_of

pytestmark = pytest.mark.django_db
PAGES = "/admin/memberships/"
VIEWS = (
    "memberships.view_tierstanding", "memberships.view_tierchange", "memberships.view_tiergroup",
    "memberships.view_member",
)


@pytest.fixture
def desk() -> Client:
    return signed_in(a_superuser())


@pytest.fixture
def member() -> Enrolment:
    """A gold member, since yesterday."""
    wallet = a_climber(a_ladder(), on=today() - timedelta(days=90))
    qualify(wallet, 3_000, on=today() - timedelta(days=1))
    evaluate(wallet, on=today() - timedelta(days=1))
    return wallet


def page_of(wallet: Enrolment, page: str = "change") -> str:
    return f"{PAGES}tierstanding/{TierStanding.objects.get(enrolment=wallet).pk}/{page}/"


def read(desk: Client, address: str, **query: Any) -> str:
    answer = desk.get(address, query)
    assert answer.status_code == 200
    return answer.content.decode()


def set_by_hand(desk: Client, wallet: Enrolment, code: str, **fields: Any) -> Any:
    seen = desk.get(page_of(wallet, "set")).context["form"].initial["seen"]
    data = {"tier": Tier.objects.get(code=code).pk, "held_until": "", "reason": "a broken parcel", "seen": seen}
    return desk.post(page_of(wallet, "set"), {**data, **fields}, follow=True)


def test_page_of_a_tier_says_since_when_why_and_until_when(desk: Client, member: Enrolment) -> None:
    text = read(desk, page_of(member))
    assert "gold" in text and f"{today().year + 1}-12-31" in text
    assert "3,000 points (threshold 3,000) from" in text
    assert [line.change.kind for line in desk.get(page_of(member)).context["changes"]] == ["up", "first"]


def test_history_is_read_page_by_page(desk: Client, member: Enrolment) -> None:
    for number in range(40):
        by_hand(member, "gold" if number % 2 else "silver", on=today())
    first = desk.get(page_of(member))
    assert len(first.context["changes"]) == 30
    second = desk.get(page_of(member) + first.context["next_url"])
    assert len(second.context["changes"]) == 12
    assert second.context["next_url"] == ""


def test_operator_sets_a_tier_alone_up_to_the_limit(member: Enrolment) -> None:
    xiaomei = may_alone(granted(an_operator(), *VIEWS, "memberships.change_tierstanding"), "set_tier", 1)
    until = today() + timedelta(days=30)
    answer = set_by_hand(signed_in(xiaomei), member, "platinum", held_until=until.isoformat())
    assert "The tier is “platinum” now." in answer.content.decode()
    change = TierChange.objects.latest("pk")
    assert (change.actor, change.reason, change.held_until) == (xiaomei, "a broken parcel", until)


def test_two_tiers_up_take_a_second_person(member: Enrolment) -> None:
    rights = (*VIEWS, "memberships.change_tierstanding", "operations.view_approval")
    xiaomei = may_alone(granted(an_operator(), *rights), "set_tier", 1)
    browser = signed_in(xiaomei)
    answer = set_by_hand(browser, member, "black-gold")
    assert "takes a second person" in answer.content.decode()
    assert tier_of(member) == "gold"
    request = Approval.objects.get()
    assert "goes from “gold” to “black-gold”" in request.summary
    assert request.summary in browser.get(page_of(member)).content.decode().replace("&amp;", "&")
    checker = granted(an_operator("laowang"), *VIEWS, "operations.decide_approval", "operations.view_approval")
    approve(request, checker=checker, decision="known firm", on=today(), at=morning(today()))
    assert tier_of(member) == "black-gold"


def test_second_click_changes_nothing(member: Enrolment, desk: Client) -> None:
    set_by_hand(desk, member, "silver")
    seen = {"seen": "1"}
    answer = set_by_hand(desk, member, "black-gold", **seen)
    assert "changed since the page was opened" in answer.content.decode()
    assert tier_of(member) == "silver"


def test_tier_is_not_set_to_a_day_that_is_over(member: Enrolment, desk: Client) -> None:
    answer = set_by_hand(desk, member, "silver", held_until="2020-01-01")
    assert answer.status_code == 422
    assert tier_of(member) == "gold"


def test_auditor_sees_and_sets_nothing(member: Enrolment) -> None:
    auditor = signed_in(granted(an_operator("auditor"), *VIEWS))
    assert "Set the tier by hand" not in read(auditor, page_of(member))
    assert auditor.get(page_of(member, "set")).status_code == 403
    assert auditor.post(page_of(member, "set"), {"reason": "x"}).status_code == 403


def test_changes_are_found_by_member_number_and_lead_to_the_tier(desk: Client, member: Enrolment) -> None:
    a_climber(TierGroup.objects.get())
    answer = desk.post(f"{PAGES}tierchange/find/", {"q": member.member.number}, follow=True)
    rows = list(answer.context["cl"].result_list)
    assert [row.kind for row in rows] == ["up", "first"]
    answer = desk.get(f"{PAGES}tierchange/{rows[1].pk}/change/", follow=True)
    assert [line.change.pk for line in answer.context["changes"]] == [rows[1].pk]


@pytest.mark.parametrize("model", ["tierstanding", "tierchange", "tiergroup", "tier"])
def test_lists_neither_count_nor_skip(desk: Client, member: Enrolment, model: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        read(desk, f"{PAGES}{model}/")
    assert counts_or_skips(queries.captured_queries) == []


def test_ladder_shows_how_many_stand_where(desk: Client, member: Enrolment) -> None:
    group = TierGroup.objects.get()
    for _number in range(3):
        a_climber(group)
    answer = desk.get(f"{PAGES}tiergroup/{group.pk}/change/")
    assert {each.tier.code: (each.members, each.share) for each in answer.context["tiers"] if each.members} == {
        "normal": (3, 75), "gold": (1, 25)
    }
    assert '"data": [3, 0, 1, 0, 0, 0]' in answer.context["chart"]
    a_climber(group)
    assert desk.get(f"{PAGES}tiergroup/{group.pk}/change/").context["tiers"][0].members == 3  # counted again in a while
    cache.clear()
    assert desk.get(f"{PAGES}tiergroup/{group.pk}/change/").context["tiers"][0].members == 4


def what_if(desk: Client, group: TierGroup, **asked: Any) -> Any:
    rules = {"on": today().isoformat(), "downgrade": group.downgrade, "grace_days": group.grace_days}
    thresholds = {f"threshold_{tier.pk}": tier.threshold for tier in group.tiers.all()}
    changed = {f"threshold_{group.tiers.get(code=code).pk}": value for code, value in asked.pop("tiers", {}).items()}
    answer = desk.post(f"{PAGES}tiergroup/{group.pk}/what-if/", {**rules, **thresholds, **changed, **asked})
    if answer.status_code != 302:
        return answer
    worked(WhatIf.objects.latest("pk").run)
    return desk.get(answer.url)


def test_what_if_shows_before_and_after_as_tables_and_a_chart(desk: Client, member: Enrolment) -> None:
    group = TierGroup.objects.get()
    assert desk.get(f"{PAGES}tiergroup/{group.pk}/what-if/").context["shown"].state == "none"
    answer = what_if(desk, group, tiers={"platinum": 3_000, "gold": 2_000})
    assert (answer.context["shown"].state, len(answer.context["shown"].forecasts)) == ("counted", 1)
    shown = answer.context["shown"].forecasts[0]
    assert (shown["totals"]["up"], shown["totals"]["stay"]) == (1, 0)
    assert dict(shown["matrix"])["gold"] == [0, 0, 0, 1, 0, 0]
    text = answer.content.decode()
    assert 'class="chart"' in text and 'data-type="bar"' in text and "From tier to tier" in text
    assert tier_of(member) == "gold"


def test_what_if_refuses_rules_that_make_no_ladder(desk: Client, member: Enrolment) -> None:
    group = TierGroup.objects.get()
    answer = what_if(desk, group, tiers={"platinum": 1})
    assert "It takes more than “gold” does." in answer.content.decode()
    assert what_if(desk, group, on="tomorrow").status_code == 200
    assert what_if(desk, group, tiers={"gold": -1}).status_code == 200
    assert what_if(desk, stars(programme=group.programme), downgrade="one_step").status_code == 200
    assert not WhatIf.objects.exists()


def test_what_if_is_for_those_who_may_see_where_members_stand(member: Enrolment) -> None:
    group = TierGroup.objects.get()
    desk = signed_in(granted(an_operator(), "memberships.view_tiergroup"))
    assert desk.get(f"{PAGES}tiergroup/{group.pk}/what-if/").status_code == 302
    answer = desk.get(f"{PAGES}tiergroup/{group.pk}/change/")
    assert answer.context["tiers"] == []


def test_auditor_reads_a_what_if_and_starts_none(desk: Client, member: Enrolment) -> None:
    group = TierGroup.objects.get()
    what_if(desk, group, tiers={"gold": 2_000})
    asked = WhatIf.objects.get()
    auditor = signed_in(granted(an_operator(), *VIEWS))
    page = f"{PAGES}tiergroup/{group.pk}/what-if/"
    assert page not in read(auditor, f"{PAGES}tiergroup/{group.pk}/change/")
    answer = auditor.get(page, {"asked": asked.pk})
    assert answer.context["shown"].what_if == asked
    assert f"threshold_{group.tiers.get(code='gold').pk}" not in answer.content.decode()
    assert what_if(auditor, group, tiers={"gold": 1_500}).status_code == 403
    assert list(WhatIf.objects.all()) == [asked]


def test_pages_are_in_chinese_for_those_who_read_it(member: Enrolment) -> None:
    desk = Client(headers={"accept-language": "zh-hans"})
    desk.force_login(a_superuser())
    group = TierGroup.objects.get()
    assert "等级" in desk.get(f"{PAGES}tiergroup/{group.pk}/change/").content.decode()
