"""The first page says what is to be done, each figure leading to what it counts, and how the last night went."""

from datetime import timedelta

import pytest
from django.urls import reverse

from memberships.admin.display import today
from operations.models import JobRun
from tests.memberships.admin_pages import a_superuser, granted, signed_in
from tests.memberships.desk_stories import a_due_card, a_plan
from tests.memberships.factories import an_operator
from tests.memberships.night_stories import at_night
from tests.memberships.points_stories import a_wallet, earn

pytestmark = pytest.mark.django_db
PAGE = "/admin/"


def a_run(job: str, *, days_ago: int, state: str = "succeeded") -> JobRun:
    day = today() - timedelta(days=days_ago)
    return JobRun.objects.create(job=job, business_date=day, state=state, requested_at=at_night(day), total=7, done=7)


def test_each_figure_leads_to_what_it_counts() -> None:
    plan = a_plan()
    a_due_card(plan=plan)
    a_due_card(plan=plan, paid_until=today() - timedelta(days=3))
    desk = signed_in(a_superuser())
    figures = {str(figure["url"]): figure["count"] for figure in desk.get(PAGE).context["to_do"]}
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
    figures = signed_in(a_superuser()).get(PAGE).context["to_do"]
    assert figures[-1]["count"] == "2"


def test_the_last_night_is_the_newest_date_with_runs() -> None:
    a_run("renew_subscriptions", days_ago=2)
    newest = [a_run("renew_subscriptions", days_ago=1), a_run("expire_points", days_ago=1, state="failed")]
    JobRun.objects.create(
        job="renew_subscriptions", business_date=today(), scope="dry-run@1", is_dry_run=True,
        requested_at=at_night(today()),
    )
    page = signed_in(a_superuser()).get(PAGE)
    assert page.context["last_night"] == [(newest[0], "success"), (newest[1], "danger")]
    assert "failed" in page.content.decode()


def test_who_may_not_see_a_list_sees_no_figure_of_it() -> None:
    page = signed_in(granted(an_operator(), "memberships.view_payment")).get(PAGE)
    assert {figure["url"].partition("?")[0] for figure in page.context["to_do"]} == {
        reverse("admin:memberships_payment_changelist")
    }
    assert page.context["last_night"] == []
    assert signed_in(an_operator("nobody")).get(PAGE).context["to_do"] == []
