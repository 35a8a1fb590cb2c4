"""An operator tries a price and asks about after-sales rights, in the desk."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from benefits.models import PricingPolicy
from operations.models import User
from tests.benefits.benefit_stories import TODAY, a_benefit, a_person, of_card, plus, with_card
from tests.memberships.admin_pages import granted, signed_in

pytestmark = pytest.mark.django_db
QUOTE = "/admin/benefits/pricingpolicy/quote/"
AFTER_SALES = "/admin/benefits/pricingpolicy/after-sales/"
SEES = ("benefits.view_pricingpolicy", "memberships.view_member", "benefits.view_grant", "benefits.view_benefit")


def an_operator(*rights: str) -> Client:
    user = User.objects.create_user("xiaoli", password="a-long-enough-password", is_staff=True)
    return signed_in(granted(user, *(rights or SEES)))


def a_policy() -> PricingPolicy:
    return PricingPolicy.objects.create(
        programme=plus(), steps=[{"kind": "stacking_discount"}, {"kind": "free_shipping"}], starts_on=TODAY
    )


def asked(number: str, *, on: date = TODAY, **line: Any) -> dict[str, Any]:
    """The form of a price, with one line."""
    goods = {"name": "chair", "price": "800", "quantity": "1", "is_self_operated": "on", **line}
    return {
        "member": number, "programme": plus().pk, "on": on.isoformat(), "outward": "12", "back": "", "order_number": "",
        "delivery": "standard", "lines-TOTAL_FORMS": "6", "lines-INITIAL_FORMS": "0",
        **{f"lines-0-{name}": value for name, value in goods.items()},
        **{f"lines-{number}-quantity": "1" for number in range(1, 6)},
    }


def test_operator_sees_each_step_of_a_members_price() -> None:
    a_policy()
    of_card(a_benefit("further-off", kind="stacking_discount", terms={"percent": "95"}), code="card-rule")
    of_card(a_benefit("free", kind="free_shipping", terms={"minimum_spend": "1000"}))
    page = an_operator().post(QUOTE, asked(with_card().member.number))
    words = page.content.decode()
    assert page.status_code == 200
    assert "772.00" in words and "-40.00" in words
    assert "95% of the price so far is paid" in words and "card-rule" in words
    assert "asks for goods of 1,000.00; there are 760.00" in words


def test_order_of_a_past_day_is_priced_by_that_day() -> None:
    a_policy()
    of_card(a_benefit("further-off", kind="stacking_discount", terms={"percent": "95"}))
    card, desk = with_card(), an_operator()
    for on, payable in ((TODAY, "772.00"), (TODAY + timedelta(days=500), "812.00")):
        assert payable in desk.post(QUOTE, asked(card.member.number, on=on)).content.decode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"member": "123"}, "There is no such member."), ({"lines-0-price": "-1"}, "greater than or equal to 0"),
        ({"lines-0-price": "1.001"}, "no more than 2 decimal places"), ({"lines-0-price": ""}, "What does it cost?"),
        ({"lines-0-price": "", "lines-0-name": "", "lines-0-is_self_operated": ""}, "The order has no lines"),
        ({"on": "2001-01-01"}, "has no pricing policy"), ({"on": "yesterday"}, "Enter a valid date"),
    ],
)
def test_what_cannot_be_priced_is_said(change: dict[str, str], said: str) -> None:
    a_policy()
    data = {**asked(a_person().number), **change}
    page = an_operator().post(QUOTE, {name: value for name, value in data.items() if value != ""})
    assert page.status_code == 422
    assert said in page.content.decode()


def test_operator_asks_whether_a_phone_is_replaced() -> None:
    terms = {"remedies": ["replace"], "faults": ["quality"], "days": 180, "self_operated_only": True}
    of_card(a_benefit("replace-180", kind="after_sales", terms=terms), code="card-rule")
    member, desk = with_card().member, an_operator()
    question = {
        "member": member.number, "bought_on": TODAY.isoformat(), "category": "手机", "remedy": "replace",
        "fault": "quality", "is_self_operated": "on",
    }
    last = TODAY + timedelta(days=180)
    yes = desk.post(AFTER_SALES, {**question, "on": last.isoformat()}).content.decode()
    assert "Yes" in yes and last.isoformat() in yes and "card-rule" in yes
    no = desk.post(AFTER_SALES, {**question, "on": (last + timedelta(days=1)).isoformat()}).content.decode()
    assert "is too late" in no
    early = desk.post(AFTER_SALES, {**question, "on": (TODAY - timedelta(days=1)).isoformat()})
    assert early.status_code == 422 and "It was not yet bought" in early.content.decode()


def test_pages_are_for_those_who_may_see_members_and_what_they_hold() -> None:
    a_policy()
    desk = an_operator("benefits.view_pricingpolicy")
    for page in (QUOTE, AFTER_SALES):
        assert desk.get(page).status_code == 403
        assert desk.post(page, {}).status_code == 403


def test_policy_is_read_by_its_steps() -> None:
    policy = a_policy()
    desk = an_operator()
    assert "stacking discount → free shipping" in desk.get("/admin/benefits/pricingpolicy/").content.decode()
    page = desk.get(f"/admin/benefits/pricingpolicy/{policy.pk}/change/").content.decode()
    assert "price so far" in page and "to the nearest, halves up" in page
    assert desk.get(QUOTE).status_code == desk.get(AFTER_SALES).status_code == 200
