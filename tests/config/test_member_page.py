"""A member's page: who they are, what they hold, what comes next, what can be done, and one timeline of it all."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from credit.models import CreditEntry, CreditLine
from credit.services import statements as credit_statements
from memberships.admin.display import today
from memberships.models import Enrolment, Member, PointsEntry, Tier
from memberships.services import statements as memberships_statements
from memberships.services.subscriptions import cancel_subscription
from operations import registry
from operations.models import User
from operations.services.reveals import reveal
from tests.config.full_desk import furnish
from tests.memberships.admin_pages import a_superuser, granted, signed_in
from tests.memberships.desk_stories import a_due_card, a_plan
from tests.memberships.factories import a_person, an_operator
from tests.memberships.points_stories import a_wallet, earn, spend
from tests.memberships.tier_stories import stars

pytestmark = pytest.mark.django_db


def page_of(member: Member, page: str = "change") -> str:
    return reverse(f"admin:memberships_member_{page}", args=[member.pk])


def told(client: Client, member: Member, **query: str) -> list[Any]:
    """All moments of the timeline, page after page, as a reader walks through it."""
    url, found = page_of(member, "timeline"), []
    older = "?" + "&".join(f"{name}={value}" for name, value in query.items())
    while older:
        timeline = client.get(url + older).context["timeline"]
        found += timeline.moments
        older = timeline.older
    return found


@pytest.fixture
def root() -> User:
    user = a_superuser()
    furnish(user, on=today())
    return user


def test_one_timeline_tells_what_every_floor_knows_each_thing_once(
    root: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.admin.timeline.PAGE_SIZE", 7)
    desk, person = signed_in(root), Member.objects.get(kind="person", subscriptions__isnull=False)
    moments = told(desk, person)
    kinds = {moment.kind for moment in moments}
    assert kinds >= {"records", "payments", "points", "reveals", "redemptions", "choices", "grants", "fulfilments"}
    places = [(moment.kind, moment.place) for moment in moments]
    assert len(places) == len(set(places))
    entries = PointsEntry.objects.filter(member=person).count()
    assert entries > 3 and sum(moment.kind == "points" for moment in moments) == entries
    # Filtered, each kind tells the same of itself, in the same order.
    for source in registry.timeline_sources:
        own = [moment.place for moment in told(desk, person, kind=source.name)]
        assert own == [place for kind, place in places if kind == source.name], source.name
    # Every moment leads to a page that opens, and says who and why where somebody did it.
    for url in {moment.url for moment in moments if moment.url}:
        assert desk.get(url, follow=True).status_code == 200, url
    looked = next(moment for moment in moments if moment.kind == "reveals")
    assert (looked.who, looked.why) == ("root", "核对身份")
    firm = Member.objects.get(kind="enterprise", subscriptions__isnull=False, subscriptions__cancelled_on__isnull=False)
    moved = [moment for moment in told(desk, firm, kind="records") if moment.why == "搬迁"]
    assert {moment.who for moment in moved} == {"root"}
    assert "cancelled on" in {change.field for moment in moved for change in moment.changes}


def test_credit_of_a_firm_is_in_its_timeline(root: User) -> None:
    line = CreditLine.objects.filter(entries__isnull=False).earliest("pk")
    moments = told(signed_in(root), line.member, kind="credit")
    assert len(moments) == CreditEntry.objects.filter(member=line.member).count() > 0
    limits = told(signed_in(root), line.member, kind="credit_limits")
    assert limits and limits[0].why


def test_newest_first_and_whoever_may_not_see_something_is_not_told_of_it() -> None:
    card = a_due_card(plan=a_plan())
    member, xiaomei = card.member, an_operator()
    wallet = a_wallet(member, card.programme)
    yesterday = today() - timedelta(days=1)
    earn(wallet, 100, on=yesterday)
    spend(wallet, 30, on=yesterday)
    cancel_subscription(card, on=today(), reason="搬家", actor=xiaomei)
    reveal(member.contacts.get(), ["mobile"], reason="核对身份", actor=xiaomei, at=timezone.now())
    everything = told(signed_in(a_superuser()), member)
    assert [moment.kind for moment in everything[:2]] == ["reveals", "records"]
    points = [moment.what for moment in everything if moment.kind == "points"]
    assert points == ["Points: spend -30", "Points: earn +100"]
    reader = signed_in(granted(xiaomei, "memberships.view_member"))
    assert {moment.kind for moment in told(reader, member)} == {"records"}
    page = reader.get(page_of(member)).content.decode()
    assert "Points: spend" not in page and "Payment:" not in page
    assert signed_in(an_operator("nobody")).get(page_of(member, "timeline")).status_code == 403
    for broken in ("?older=nonsense", "?older=W10", "?kind=unknown", "?older=eyJwb2ludHMiOiJ4In0"):
        assert len(signed_in(a_superuser_again()).get(page_of(member, "timeline") + broken).context["timeline"].moments)


def a_superuser_again() -> User:
    return User.objects.get(username="root")


def test_the_page_says_what_comes_next_and_what_can_be_done() -> None:
    ladder = stars()
    member = a_person(on=today() - timedelta(days=400))
    wallet = a_wallet(member, ladder.programme)
    first, second = Tier.objects.filter(group=ladder).order_by("rank")[:2]
    half = (first.threshold + second.threshold) // 2
    earn(wallet, 500, on=today(), expires_on=today() + timedelta(days=40), qualifying=half)
    earn(wallet, 70, on=today(), expires_on=today() + timedelta(days=20))
    earn(wallet, 9, on=today(), expires_on=today() + timedelta(days=20))
    card = a_due_card(plan=a_plan(programme=ladder.programme))
    operator = signed_in(granted(
        an_operator(), "memberships.view_member", "memberships.view_subscription", "memberships.change_subscription",
        "memberships.view_enrolment", "memberships.view_pointslot", "memberships.view_tierstanding",
        "memberships.adjust_points", "memberships.view_payment",
    ))
    page = operator.get(page_of(member))
    [line] = page.context["wallets"]
    assert (line.ends_on, line.ending) == (today() + timedelta(days=20), 79)
    [rung] = line.rungs
    assert rung.points == half and rung.next_tier in (first, second)
    assert rung.missing == max(rung.next_tier.threshold - half, 0)
    shown = page.content.decode()
    assert f"79 end on {today() + timedelta(days=20)}" in shown and rung.words in shown
    assert reverse("admin:memberships_enrolment_adjust", args=[wallet.pk]) in shown
    of_the_card = operator.get(page_of(card.member)).content.decode()
    for name in ("renew", "cancel"):
        assert reverse(f"admin:memberships_subscription_{name}", args=[card.pk]) in of_the_card
    reader = granted(an_operator("auditor"), "memberships.view_member", "memberships.view_subscription")
    assert reverse("admin:memberships_subscription_cancel", args=[card.pk]) not in signed_in(reader).get(
        page_of(card.member)
    ).content.decode()


@pytest.mark.usefixtures("new_tables")
@pytest.mark.parametrize(
    ("floor", "statement", "index"),
    [
        ("memberships", "member_page/points_entries", "pointsentry_of_enrolment"),
        ("credit", "timeline/entries", "creditentry_of_line"),
    ],
)
def test_long_ledgers_are_read_from_their_newest_entries_by_index(floor: str, statement: str, index: str) -> None:
    text = {"memberships": memberships_statements, "credit": credit_statements}[floor].statement(statement)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN {text}", {"member": 1, "before": None, "size": 31})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert f"Index Scan Backward using {index}" in plan or f"using {index}" in plan, plan
    assert "Seq Scan" not in plan


def test_the_page_and_the_timeline_ask_as_much_for_many_as_for_few() -> None:
    desk, plan = signed_in(a_superuser()), a_plan()
    card = a_due_card(plan=plan)
    member, asked = card.member, []
    wallet = a_wallet(member, card.programme)
    for number in (2, 12):
        for place in range(number):
            earn(wallet, 10 + place, on=today(), expires_on=today() + timedelta(days=30 + place))
        for page in ("change", "timeline"):
            desk.get(page_of(member, page))
            with CaptureQueriesContext(connection) as found:
                desk.get(page_of(member, page))
            asked.append(len(found))
    assert asked[:2] == asked[2:] and asked[0] <= 75 and asked[1] <= 40
    assert Enrolment.objects.get(pk=wallet.pk).balance > 0
