"""Lists are narrowed by city, programme and days, alone and together; each by the index that has the list's order."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from credit.models import CreditLine, Invoice
from memberships.admin.day_filters import LONGEST_RANGE_DAYS
from memberships.models import Enrolment, EnterpriseCustomer, Programme, Subscription
from memberships.services.subscriptions import cancel_subscription
from tests.credit.credit_stories import a_line, an_invoice
from tests.memberships.admin_pages import a_superuser, indexes_read, signed_in
from tests.memberships.factories import TODAY, a_card, a_firm, a_person, an_annual_card, jd_plus
from tests.memberships.points_stories import a_wallet

pytestmark = pytest.mark.django_db
FIRMS, CARDS = "/admin/memberships/enterprisecustomer/", "/admin/memberships/subscription/"
WALLETS, INVOICES = "/admin/memberships/enrolment/", "/admin/credit/invoice/"
DAY = timedelta(days=1)


@pytest.fixture
def desk() -> Client:
    return signed_in(a_superuser())


def listed(desk: Client, url: str, **asked: Any) -> list[int]:
    page = desk.get(url, asked)
    assert page.status_code == 200
    return [row.pk for row in page.context["cl"].result_list]


def test_firms_of_a_city_are_chosen_within_their_province(desk: Client) -> None:
    guangzhou = a_firm(province="广东省", city="广州市", size="small")
    shenzhen = a_firm(province="广东省", city="深圳市", size="large")
    # Two cities of that name.
    other = a_firm(province="江苏省", city="深圳市")
    assert listed(desk, FIRMS, province="广东省") == [shenzhen.pk, guangzhou.pk]
    assert listed(desk, FIRMS, province="广东省", city="深圳市") == [shenzhen.pk]
    assert listed(desk, FIRMS, province="广东省", city="深圳市", size="small") == []
    assert listed(desk, FIRMS, province="江苏省", city="深圳市") == [other.pk]
    assert listed(desk, FIRMS, city="深圳市") == [other.pk, shenzhen.pk, guangzhou.pk]

    def offered(**asked: str) -> list[str]:
        [spec] = [each for each in desk.get(FIRMS, asked).context["cl"].filter_specs if each.title == "city"] or [None]
        return [value for value, _label in spec.lookup_choices] if spec else []

    assert offered(province="广东省") == ["广州市", "深圳市"]
    assert offered() == offered(province="云南省") == []


def test_live_cards_are_listed_by_their_last_paid_day_whatever_else_is_chosen(desk: Client) -> None:
    plan, other = an_annual_card(), an_annual_card(jd_plus(code="meituan"), code="other")
    late, early = a_card(plan, on=TODAY), a_card(plan, on=TODAY - 20 * DAY)
    elsewhere, over = a_card(other, on=TODAY - 10 * DAY), a_card(plan, on=TODAY - 5 * DAY)
    cancel_subscription(over, on=TODAY, actor=None, reason="x")
    first, last = (Subscription.objects.get(pk=card.pk).paid_until for card in (early, late))
    assert first and last
    days = {"paid_until_from": f"{first}", "paid_until_to": f"{last}"}
    assert listed(desk, CARDS, **days) == [early.pk, elsewhere.pk, late.pk]
    assert listed(desk, CARDS, **days, plan__id__exact=plan.pk) == [early.pk, late.pk]
    assert listed(desk, CARDS, **days | {"paid_until_to": f"{last - DAY}"}) == [early.pk, elsewhere.pk]
    assert listed(desk, CARDS, paid_until_from="2027-02-30") == [over.pk, elsewhere.pk, early.pk, late.pk]
    answer = desk.get(CARDS, {"paid_until_from": "2027-01-01", "paid_until_to": "2029-01-01"})
    assert f"A range of at most {LONGEST_RANGE_DAYS} days is shown" in answer.content.decode()


def test_wallets_are_listed_by_programme(desk: Client) -> None:
    one, other = a_wallet(), a_wallet(a_person(), jd_plus(code="meituan"))
    assert listed(desk, WALLETS, programme__id__exact=other.programme_id) == [other.pk]
    assert listed(desk, WALLETS) == [other.pk, one.pk]


def test_invoices_that_are_open_are_listed_by_their_due_day(desk: Client) -> None:
    line = a_line()
    late, early = (an_invoice(line, due_on=TODAY + days * DAY) for days in (9, 3))
    paid = an_invoice(line, due_on=TODAY + 4 * DAY)
    Invoice.objects.filter(pk=paid.pk).update(paid=paid.amount)
    asked = {"due_on_from": f"{TODAY}", "due_on_to": f"{TODAY + 9 * DAY}"}
    assert listed(desk, INVOICES, **asked) == [early.pk, late.pk]
    assert listed(desk, INVOICES, **asked, kind__exact="late_fee") == []
    assert listed(desk, INVOICES, due_on_to=f"{TODAY + 3 * DAY}") == [early.pk]


@pytest.mark.usefixtures("new_tables")
def test_each_is_served_by_its_index_in_the_order_of_the_list() -> None:
    days = (date(2027, 1, 1), date(2027, 1, 31))
    plan, programme = 1, Programme(pk=1)
    city = EnterpriseCustomer.objects.filter(province="广东省", city="深圳市").order_by("-pk")
    by_end = Subscription.objects.live().filter(paid_until__range=days).order_by("paid_until", "pk")
    due = Invoice.objects.filter(outstanding__gt=0, due_on__range=days).order_by("due_on", "pk")
    overdue = CreditLine.objects.filter(overdue_amount__gt=0, overdue_state="none").order_by("-overdue_amount", "-pk")
    for rows, index in (
        (city, "customer_by_city"), (by_end, "subscription_by_end"), (by_end.filter(plan=plan), "subscription_by_end"),
        (due, "invoice_ageing"), (overdue, "creditline_overdue_by_state"),
        (Enrolment.objects.filter(programme=programme).order_by("-pk"), "enrolment_of_programme"),
    ):  # fmt: skip
        assert indexes_read(rows.values("pk")[:51]) == {index}
