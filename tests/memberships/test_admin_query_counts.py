"""A list asks as many questions for thirty rows as for three, and no more than its baseline."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from memberships.models import CreditRequest, Plan
from memberships.services.subscriptions import join
from tests.memberships.admin_pages import a_superuser, signed_in
from tests.memberships.factories import TODAY, a_firm, a_person, an_annual_card, jd_plus, jd_plus_enterprise

pytestmark = pytest.mark.django_db
#: Questions of each list beyond session and user. More of them is a finding, fewer a reason to lower it.
BASELINES = {
    "member": 4,
    "enterprisecustomer": 6,
    "membercontact": 2,
    "subscription": 4,
    "term": 2,
    "creditrequest": 2,
    "programme": 2,
    "plan": 2,
    "tier": 1,
    "tiergroup": 1,
}


@pytest.fixture
def plans() -> tuple[Plan, Plan]:
    return an_annual_card(jd_plus()), an_annual_card(jd_plus_enterprise())


def more_rows(plans: tuple[Plan, Plan], number: int) -> None:
    for _number in range(number):
        join(a_person(), plans[0], on=TODAY, actor=None)
        firm = a_firm(province="北京", industry="贸易")
        join(firm, plans[1], on=TODAY, actor=None)
        CreditRequest.objects.create(member=firm, limit=1000, requested_on=TODAY)


def questions(desk: Client, model: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert desk.get(f"/admin/memberships/{model}/").status_code == 200
    return sum("django_session" not in q["sql"] and "operations_user" not in q["sql"] for q in queries)


def test_lists_ask_the_same_for_three_rows_and_for_thirty(plans: tuple[Plan, Plan]) -> None:
    desk = signed_in(a_superuser())
    more_rows(plans, 3)
    few = {model: questions(desk, model) for model in BASELINES}
    more_rows(plans, 12)
    assert {model: questions(desk, model) for model in BASELINES} == few == BASELINES


def test_a_members_page_asks_the_same_however_much_happened(plans: tuple[Plan, Plan]) -> None:
    desk = signed_in(a_superuser())
    firm = a_firm()
    join(firm, plans[1], on=TODAY, actor=None)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(f"/admin/memberships/enterprisecustomer/{firm.pk}/change/").status_code == 200
        return len(queries)

    before = asked()
    for number in range(5):
        firm.customer.city = f"city {number}"
        firm.customer.save()
    assert asked() <= before + 1  # the state before is one question more for a table with changes
