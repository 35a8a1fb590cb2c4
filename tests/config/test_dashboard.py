"""The first page: what is to be done, what the night measured, each figure leading to what it counts, by role."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from memberships.admin.display import today
from memberships.models import Payment, Subscription
from memberships.services.liabilities import measure_liability
from operations import registry, roles
from operations.admin.dashboard import in_order
from operations.models import JobRun, Rollup, User
from operations.services import rollups
from operations.services.jobs import start_run
from operations.tasks import work_on_run
from tests.credit.credit_stories import a_line, an_invoice
from tests.memberships.admin_pages import a_superuser, granted, signed_in
from tests.memberships.desk_stories import a_due_card, a_plan
from tests.memberships.factories import a_card, a_person, an_annual_card, an_operator, jd_plus
from tests.memberships.night_stories import at_night, run_job
from tests.memberships.points_stories import a_wallet, earn

pytestmark = pytest.mark.django_db
PAGE = "/admin/"


def a_run(job: str, *, days_ago: int, state: str = "succeeded") -> JobRun:
    day = today() - timedelta(days=days_ago)
    return JobRun.objects.create(job=job, business_date=day, state=state, requested_at=at_night(day), total=7, done=7)


def measured() -> None:
    """The night's job, as a worker does it."""
    run = start_run("roll_up_figures", business_date=today(), actor=None, at=timezone.now())
    work_on_run(run.pk)
    assert JobRun.objects.get(pk=run.pk).state == JobRun.State.SUCCEEDED


def declined_tonight(card: Subscription, **facts: Any) -> Payment:
    """The renewal of a card that the gateway declined tonight."""
    declined: dict[str, Any] = {
        "member": card.member, "subscription": card, "programme": card.programme, "plan": card.plan,
        "method": card.payment_method, "key": f"renewal:{card.pk}:{today()}", "purpose": "renewal",
        "amount": card.plan.price, "term_number": 2, "starts_on": today(), "ends_on": today(), "state": "declined",
        "decline": "soft", "code": "insufficient_funds", "requested_on": today(), "requested_at": at_night(today()),
        "answered_at": at_night(today()), "next_attempt_on": today(),
    }
    return Payment.objects.create(**{**declined, **facts})


def panels(client: Client) -> dict[str, Any]:
    return {panel["name"]: panel for panel in client.get(PAGE).context["panels"]}


def shown(panel: dict[str, Any]) -> list[str]:
    return [figure.shown for figure in panel["figures"]]


def test_each_figure_of_the_work_lists_leads_to_what_it_counts() -> None:
    plan = a_plan()
    a_due_card(plan=plan)
    a_due_card(plan=plan, paid_until=today() - timedelta(days=3))
    desk = signed_in(a_superuser())
    figures = {str(each.url): each.shown for each in desk.get(PAGE).context["to_do"]}
    cards = reverse("admin:memberships_subscription_changelist")
    assert figures[f"{cards}?show=due"] == "2" and figures[f"{cards}?show=in_grace"] == "1"
    for url, count in figures.items():
        page = desk.get(url)
        assert page.status_code == 200
        if "?" in url:
            assert len(page.context["cl"].result_list) == int(count)


def test_points_that_expire_soon_are_counted() -> None:
    wallet = a_wallet()
    for days in (1, 30, 31):
        earn(wallet, 10, on=today() - timedelta(days=9), expires_on=today() + timedelta(days=days))
    to_do = signed_in(a_superuser()).get(PAGE).context["to_do"]
    wallets = reverse("admin:memberships_enrolment_changelist")
    assert [each.shown for each in to_do if each.url == wallets] == ["2"]


def test_the_night_measures_what_the_page_shows_and_the_page_says_when_it_was_true() -> None:
    desk = signed_in(a_superuser())
    assert b"Not measured yet" in desk.get(PAGE).content
    plan, long_ago = an_annual_card(), today() - timedelta(days=100)
    for day in (long_ago, long_ago, today() - timedelta(days=2)):
        a_card(plan, on=day)
    ended = a_card(plan, on=long_ago)
    Subscription.objects.filter(pk=ended.pk).update(ended_on=today() - timedelta(days=1))
    a_due_card(plan=plan, paid_until=today() - timedelta(days=1))
    wallet = a_wallet(a_person(), plan.programme)
    for days, points in ((20, 100), (50, 30), (80, 7), (120, 1000)):
        earn(wallet, points, on=long_ago, expires_on=today() + timedelta(days=days))
    measure_liability(on=today(), at=timezone.now())
    line = a_line(200_000, on=long_ago)
    an_invoice(line, 1_500, on=long_ago, due_on=today() - timedelta(days=40))
    an_invoice(line, 500, on=today())
    measured()
    found = panels(desk)
    # Today the three and the firm's; 30 days ago the first two, the firm's, the one that has ended and the unpaid one.
    assert shown(found["members"])[0] == "4" and found["members"]["figures"][0].note == "-1 in 30 days"
    assert found["points"]["figures"][0].note == "1,137 points"
    assert shown(found["points"])[1:] == ["100", "130", "137"]
    assert shown(found["credit"])[0] == "2,000.00" and found["credit"]["bar"].limit == Decimal(200_000)
    assert [bucket.shown for bucket in found["credit"]["buckets"]] == ["500.00", "0.00", "1,500.00", "0.00", "0.00"]
    page = desk.get(PAGE).content.decode()
    as_of = timezone.localtime(Rollup.objects.latest("as_of").as_of)
    assert f"As of {as_of:%Y-%m-%d %H:%M}" in page
    for panel in found.values():
        for url in {figure.url for figure in panel.get("figures", ()) if figure.url}:
            assert desk.get(url).status_code == 200, url


def test_what_was_charged_tonight_is_measured_anew_by_day() -> None:
    plan = a_plan()
    declined_tonight(a_due_card(plan=plan, paid_until=today() - timedelta(days=1)))
    a_due_card(plan=plan, paid_until=today() + timedelta(days=1))
    day_before = today() - timedelta(days=1)
    rollups.keep("renewals", on=day_before, at=timezone.now())
    desk = signed_in(a_superuser())
    assert shown(panels(desk)["renewals"])[0] == "0"
    job, now = registry.jobs.get("roll_up_figures"), timezone.now()
    job.tick(at=now)
    panel = panels(desk)["renewals"]
    assert shown(panel) == ["1", "0", "1", "0", "1"] and panel["figures"][0].note == f"{today():%Y-%m-%d}"
    # Fresh figures are left alone; those of another day stay as they were.
    job.tick(at=now + timedelta(seconds=1))
    assert set(Rollup.objects.filter(name="renewals", scope="").values_list("on", "as_of")) >= {(today(), now)}
    assert Rollup.objects.filter(name="renewals", scope="").count() == 2


def test_figures_of_cards_and_renewals_lead_to_the_rows_that_they_count() -> None:
    plan, yesterday = a_plan(), today() - timedelta(days=1)
    now, blank = timezone.now(), {"decline": "", "code": "", "next_attempt_on": None}
    unanswered = {**blank, "state": "requested", "next_ask_at": now}
    # What was declined nights ago is owed still, and none of tonight's; nor is what somebody paid for a first term.
    earlier: dict[str, Any] = {"requested_at": at_night(today() - timedelta(days=3))}
    for facts in ({}, {}, unanswered, earlier, {"purpose": "start"}):
        declined_tonight(a_due_card(plan=plan, paid_until=yesterday), **facts)
    a_due_card(plan=plan, paid_until=today() + timedelta(days=1))
    a_card(plan, on=today() - timedelta(days=800))
    for name in ("cards", "renewals"):
        rollups.keep(name, on=today(), at=timezone.now())
    desk = signed_in(a_superuser())
    found = panels(desk)
    assert shown(found["renewals"]) == ["3", "0", "2", "1", "1"] and shown(found["members"])[0] == "1"
    for each in (*found["renewals"]["figures"], found["members"]["figures"][0]):
        assert "?" in each.url
        assert len(desk.get(each.url).context["cl"].result_list) == int(each.shown), each.url


def test_figures_of_a_programme_lead_to_its_own_rows() -> None:
    """Of two programmes, so that a link to the rows of both would count too many."""
    long_ago = today() - timedelta(days=90)
    tomorrow, yesterday = today() + timedelta(days=1), today() - timedelta(days=1)
    for plan in (a_plan(), an_annual_card(jd_plus(code="meituan"), code="other")):
        a_due_card(plan=plan, paid_until=tomorrow)
        for _number in range(2):
            a_due_card(plan=plan, paid_until=yesterday)
    line = a_line(200_000, on=long_ago)
    an_invoice(line, 1_500, on=long_ago, due_on=today() - timedelta(days=40))
    run_job("age_invoices", on=today())
    for name in ("cards", "renewals", "credit_exposure"):
        rollups.keep(name, on=today(), at=timezone.now())
    desk = signed_in(a_superuser())
    found, followed = panels(desk), 0
    for name in ("members", "renewals"):
        for _programme, _page, cells in found[name]["rows"]:
            for column, figure, url in cells:
                if url:
                    followed += 1
                    assert len(desk.get(url).context["cl"].result_list) == int(figure), (name, str(column), url)
    assert followed >= 6
    [(_programme, _page, cells)] = found["credit"]["rows"]
    for _column, _figure, url in cells:
        assert not url or list(desk.get(url).context["cl"].result_list) == [line], url


def test_cards_of_a_programme_that_is_none_are_all_cards() -> None:
    card = a_card(an_annual_card(), on=today())
    desk, cards = signed_in(a_superuser()), reverse("admin:memberships_subscription_changelist")
    for asked in ("0", "x", "9" * 30, "1 OR 1=1"):
        assert list(desk.get(cards, {"programme": asked}).context["cl"].result_list) == [card]
    without_plans = desk.get(cards, {"programme": jd_plus(code="stars").pk}).context["cl"]
    assert (list(without_plans.result_list), without_plans.count.number) == ([], 0)


def test_measuring_again_overwrites_the_day_and_what_is_gone_goes() -> None:
    card = a_card(an_annual_card(), on=today())
    rollups.keep("cards", on=today(), at=timezone.now())
    scope = str(card.programme_id)
    assert rollups.newest(["cards"])["cards"][scope].count("active") == 1
    Rollup.objects.create(name="cards", scope="999999", on=today(), figures={"active": 5}, as_of=timezone.now())
    rollups.keep("cards", on=today(), at=timezone.now())
    assert set(rollups.newest(["cards"])["cards"]) == {"", scope}


def test_the_last_night_is_the_newest_date_with_runs() -> None:
    a_run("renew_subscriptions", days_ago=2)
    newest = [a_run("renew_subscriptions", days_ago=1), a_run("expire_points", days_ago=1, state="failed")]
    JobRun.objects.create(
        job="renew_subscriptions", business_date=today(), scope="dry-run@1", is_dry_run=True,
        requested_at=at_night(today()),
    )
    desk = signed_in(a_superuser())
    panel = panels(desk)["jobs"]
    assert panel["done"] == [(newest[0], "success")] and panel["others"] == [(newest[1], "danger")]
    assert "failed" in desk.get(PAGE).content.decode()


def test_each_role_finds_its_own_panels_first_and_all_that_it_may_see() -> None:
    first = {"credit_controller": "credit", "operator": "imports", "auditor": "jobs", "programme_manager": "members"}
    for role in roles.ROLES:
        user = User.objects.create_user(role.name, password="a-long-enough-password", is_staff=True)
        user.groups.add(Group.objects.get(name=role.group))
        names = list(panels(signed_in(user)))
        assert set(names) == {"jobs", "imports", "members", "renewals", "points", "credit", "partners"}
        own = in_order(registry.dashboard_panels, {role.name})
        assert names == [panel.name for panel in own]
        if role.name in first:
            assert first[role.name] in [panel.name for panel in own if role in panel.first_for]
            assert role in own[0].first_for


def test_who_may_not_see_a_list_sees_no_figure_of_it_and_none_is_computed() -> None:
    reader = signed_in(granted(an_operator(), "memberships.view_payment"))
    page = reader.get(PAGE)
    assert {each.url.partition("?")[0] for each in page.context["to_do"]} == {
        reverse("admin:memberships_payment_changelist")
    }
    assert [panel["name"] for panel in page.context["panels"]] == ["renewals"]
    nobody = signed_in(an_operator("nobody"))
    with CaptureQueriesContext(connection) as asked:
        page = nobody.get(PAGE)
    assert page.context["to_do"] == page.context["panels"] == []
    assert not [each for each in asked if "memberships_" in each["sql"] or "credit_" in each["sql"]]


def test_the_page_asks_as_much_for_many_programmes_as_for_one() -> None:
    desk, asked = signed_in(a_superuser()), []
    for number in (1, 4):
        for place in range(number):
            a_card(an_annual_card(jd_plus(code=f"plan-{number}-{place}")), on=today())
        for each in registry.roll_ups:
            rollups.keep(each.name, on=today(), at=timezone.now())
        desk.get(PAGE)
        with CaptureQueriesContext(connection) as found:
            desk.get(PAGE)
        asked.append(len(found))
    assert asked[0] == asked[1] <= 60
