"""Orders at the desk: found by number or member, each with its returns and entries; nothing can be changed."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from memberships.admin.display import today
from memberships.models import Enrolment, Order
from tests.memberships.admin_pages import a_superuser, granted, signed_in
from tests.memberships.factories import a_person, an_operator
from tests.memberships.order_stories import a_policy, a_shopper, give_back, order
from tests.memberships.points_stories import a_wallet, spend

pytestmark = pytest.mark.django_db
LIST = "/admin/memberships/order/"


@pytest.fixture
def desk() -> Client:
    return signed_in(a_superuser())


@pytest.fixture
def wallet() -> Enrolment:
    return a_shopper()


def listed(answer: Any) -> list[str]:
    return [row.number for row in answer.context["cl"].result_list]


def page(desk: Client, shown: Order) -> Any:
    answer = desk.get(f"{LIST}{shown.pk}/change/")
    assert answer.status_code == 200
    return answer


def test_orders_are_found_by_number_and_by_member(desk: Client, wallet: Enrolment) -> None:
    other = a_wallet(a_person(), wallet.programme)
    order(wallet, "JD-1", "100.00")
    order(wallet, "JD-2", "100.00")
    order(other, "JD-3", "100.00")
    assert listed(desk.get(LIST, {"q": "JD-3"})) == ["JD-3"]
    assert listed(desk.get(LIST, {"q": wallet.member.number})) == ["JD-2", "JD-1"]
    assert listed(desk.get(LIST, {"q": "JD"})) == []


def test_returns_are_listed_by_themselves(desk: Client, wallet: Enrolment) -> None:
    give_back(order(wallet, "JD-1", "100.00"), "R-1", "10.00")
    assert listed(desk.get(LIST, {"kind": "returns"})) == ["R-1"]
    assert listed(desk.get(LIST)) == ["R-1", "JD-1"]


def test_an_order_shows_what_it_brought_and_what_came_back(desk: Client, wallet: Enrolment) -> None:
    day = today() - timedelta(days=3)
    bought = order(wallet, "JD-1", "100.00", ordered_on=day, on=day)
    spend(wallet, 80, on=day)
    back = give_back(bought, "R-1", "100.00", ordered_on=day, on=day).order
    answer = page(desk, bought)
    assert [line.missing for line in answer.context["returns"]] == [80]
    assert [line.entry.key for line in answer.context["entries"].lines] == ["order:JD-1", "order:R-1"]
    assert f"{LIST}{back.pk}/change/" in answer.content.decode()
    assert f"{LIST}{bought.pk}/change/" in page(desk, back).content.decode()


def test_a_return_of_another_day_shows_the_qualifying_points_that_it_took(desk: Client, wallet: Enrolment) -> None:
    bought = order(wallet, "JD-1", "100.00", ordered_on=today() - timedelta(days=3), on=today() - timedelta(days=3))
    back = give_back(bought, "R-1", "100.00", ordered_on=today(), on=today()).order
    lines = page(desk, back).context["entries"].lines
    assert [(line.entry.points, line.entry.qualifying) for line in lines] == [(100, 100), (-100, 0), (0, -100)]


def test_a_pending_award_says_until_when(desk: Client, wallet: Enrolment) -> None:
    a_policy(wallet.programme, pending_days=7)
    bought = order(wallet, "JD-1", "100.00", ordered_on=today(), on=today())
    assert f"{today() + timedelta(days=7):%Y-%m-%d}" in page(desk, bought).content.decode()


def test_a_number_is_shown_as_text(desk: Client, wallet: Enrolment) -> None:
    bought = order(wallet, "<script>alert(1)</script>", "1.00")
    for answer in (desk.get(LIST), page(desk, bought)):
        assert "<script>alert(1)" not in answer.content.decode()


def test_who_may_not_view_orders_does_not(wallet: Enrolment) -> None:
    bought = order(wallet, "JD-1", "100.00")
    stranger = signed_in(an_operator())
    assert stranger.get(LIST).status_code == 403
    assert stranger.get(f"{LIST}{bought.pk}/change/").status_code == 403
    viewer = signed_in(granted(an_operator("lao-wang"), "memberships.view_order"))
    assert page(viewer, bought).context["entries"] is None


def test_the_list_asks_as_often_for_many_orders_as_for_one(
    desk: Client, wallet: Enrolment, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        order(wallet, f"JD-{number}", "1.00")
    with django_assert_max_num_queries(12):
        desk.get(LIST)
