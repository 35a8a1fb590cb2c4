"""The pages of what is owed in points: by day, with the run-off by month, as charts and as tables."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from memberships.admin import liabilities
from memberships.models import PointsLiability, Programme
from tests.memberships.admin_pages import a_superuser, granted, signed_in
from tests.memberships.factories import TODAY, an_operator, jd_plus
from tests.memberships.points_stories import morning

pytestmark = pytest.mark.django_db
LIST = "/admin/memberships/pointsliability/"


@pytest.fixture
def desk() -> Client:
    return signed_in(a_superuser())


@pytest.fixture
def programme() -> Programme:
    return jd_plus()


def a_liability(programme: Programme, on: date = TODAY, points: int = 100, **run_off: int) -> PointsLiability:
    return PointsLiability.objects.create(
        programme=programme, on=on, outstanding=points, pending=7, unit_cost=Decimal("0.01"),
        expected_breakage=Decimal("0.2"), amount=Decimal(points) * Decimal("0.008"), measured_at=morning(on),
        run_off=run_off or {"2027-03": 30, "2027-01": 50, "never": 20},
    )


def test_page_shows_the_run_off_by_month_with_points_that_stay_last(desk: Client, programme: Programme) -> None:
    page = desk.get(f"{LIST}{a_liability(programme).pk}/change/")
    assert page.context["months"] == [("2027-01", 50), ("2027-03", 30), ("never", 20)]
    chart = json.loads(page.context["run_off_chart"])
    assert (chart["labels"], chart["datasets"][0]["data"]) == (["2027-01", "2027-03", "never"], [50, 30, 20])
    text = page.content.decode()
    assert "0.80" in text and 'data-type="bar"' in text and 'data-type="line"' in text


def test_chart_over_time_ends_with_the_day_and_leaves_other_programmes_out(desk: Client, programme: Programme) -> None:
    for number in range(3):
        a_liability(programme, TODAY + timedelta(days=number), points=100 * (number + 1))
    a_liability(jd_plus(code="other"))
    shown = PointsLiability.objects.get(programme=programme, on=TODAY + timedelta(days=1))
    chart = json.loads(desk.get(f"{LIST}{shown.pk}/change/").context["days_chart"])
    assert chart["labels"] == ["2027-01-15", "2027-01-16"]
    assert chart["datasets"][0]["data"] == [0.8, 1.6]


def test_far_months_are_one_bar(programme: Programme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liabilities, "MONTHS_SHOWN", 1)
    months = [points for _label, points in liabilities.run_off_by_month(a_liability(programme))]
    assert months == [50, 30, 20]


def test_programme_that_owes_nothing_has_a_page_too(desk: Client, programme: Programme) -> None:
    liability = a_liability(programme, points=0)
    PointsLiability.objects.update(run_off={})
    assert desk.get(f"{LIST}{liability.pk}/change/").status_code == 200


def test_list_shows_days_and_nobody_writes(desk: Client, programme: Programme) -> None:
    liability = a_liability(programme)
    assert "2027-01-15" in desk.get(LIST).content.decode()
    assert desk.post(f"{LIST}{liability.pk}/delete/").status_code == 403
    assert signed_in(an_operator()).get(LIST).status_code == 403
    reader = signed_in(granted(an_operator("reader"), "memberships.view_pointsliability"))
    assert reader.get(f"{LIST}{liability.pk}/change/").status_code == 200
