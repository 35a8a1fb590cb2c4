"""The page of a programme's profit and loss, and the files of it."""

import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from memberships.admin.display import today
from memberships.models import Plan, ProfitRow, Programme
from memberships.services.profit import month_of
from tests.memberships.factories import an_annual_card
from tests.memberships.profit_stories import a_fee, reckon

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(admin_client: Client) -> Client:
    """In English."""
    admin_client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return admin_client


@pytest.fixture
def plan() -> Plan:
    """A card for a year, bought ten days ago: ten of 365 days are earned by yesterday."""
    plan = an_annual_card(price=Decimal("365.00"))
    a_fee(plan, starts_on=today() - timedelta(days=10))
    reckon(until=today() - timedelta(days=1))
    return plan


def page(programme: Programme, ending: str = "") -> str:
    name, args = ("file", [programme.pk, ending]) if ending else ("profit", [programme.pk])
    return reverse(f"admin:memberships_profitrow_{name}", args=args)


def test_page_shows_lines_by_month_and_says_how_each_is_made(desk: Client, plan: Plan) -> None:
    response = desk.get(page(plan.programme))
    assert response.status_code == 200
    text = response.content.decode()
    assert "Fees earned" in text and "10.00" in text and "Deferred revenue" in text and "355.00" in text
    assert "spread over the days that were paid for" in text
    assert desk.get(reverse("admin:memberships_profitrow_first")).headers["Location"] == page(plan.programme)
    row = ProfitRow.objects.filter(line="fees_earned").latest("month")
    of_row = desk.get(reverse("admin:memberships_profitrow_change", args=[row.pk]), follow=True)
    assert of_row.status_code == 200 and of_row.context["table"].months == [row.month], "its month and no other"
    listed = reverse("admin:memberships_profitrow_changelist")
    for language, shown in (("en", f"{row.month:%Y-%m}"), ("zh-hans", f"{row.month.year}年{row.month.month}月")):
        page_of_list = desk.get(listed, headers={"accept-language": language}).content.decode()
        assert f">{shown}</a>" in page_of_list and f"{row.month:%Y-%m-%d}" not in page_of_list
    brands = desk.get(f"{page(plan.programme)}?funder=brand&until=2020-13").content.decode()
    assert "Nothing was earned or spent in these months." in brands
    assert "funder=all" in brands
    assert desk.get(f"{page(plan.programme)}?until={month_of(today()):%Y-%m}&funder=nobody").status_code == 200
    assert desk.get(reverse("admin:memberships_profitrow_profit", args=[0])).status_code == 404


def test_files_hold_the_same_amounts_as_numbers(desk: Client, plan: Plan) -> None:
    book = load_workbook(io.BytesIO(desk.get(page(plan.programme, "xlsx")).content))
    rows = {row[1]: row for row in book.active.iter_rows(values_only=True)}
    assert rows["Fees earned"][-1] == rows["Result"][-1] == 10
    text = desk.get(page(plan.programme, "csv")).content.decode("utf-8-sig")
    assert "income,Fees earned,platform" in text and text.splitlines()[-1].startswith("at the month's end,")
    assert desk.get(page(plan.programme, "exe")).status_code == 404
    listed = desk.post(reverse("admin:memberships_profitrow_export_list"), {"kind": "csv"})
    assert b"Fees earned" in b"".join(listed.streaming_content)
