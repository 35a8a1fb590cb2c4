"""What changed between preview and confirmation is named and left out; the other rows are applied."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from memberships.models import EnterpriseCustomer
from memberships.services.customers import change_customer
from memberships.services.subscriptions import join
from operations.audit import because
from operations.models import ImportRow, User
from tests.customer_files import a_row, csv_file
from tests.memberships.factories import an_annual_card, an_operator
from tests.memberships.import_stories import (
    Outcome,
    State,
    a_classic_card,
    a_full_row,
    applied,
    apply_run,
    confirmed,
    customers,
    full_file,
    lines,
    previewed,
    worked,
)

pytestmark = pytest.mark.django_db
Firm = EnterpriseCustomer


@pytest.fixture
def xiaomei() -> User:
    card = a_classic_card()
    an_annual_card(card.programme, code="gold", name="金卡", name_en="Gold card")
    return an_operator()


def edit_firm(firm: Firm) -> None:
    change_customer(firm, changes={"city": "嘉兴市"}, reason="moved", actor=None)


def edit_contact(firm: Firm) -> None:
    firm.member.contacts.update(mobile="13600000000")


def pay_for_the_card(firm: Firm) -> None:
    """The card cannot be exchanged any more."""
    join(firm.member, firm.member.subscriptions.get().plan, on=timezone.localdate(), actor=None)


def end_the_card(firm: Firm) -> None:
    with because("gave it up"):
        firm.member.subscriptions.update(ended_on=timezone.localdate())


def edit_request(firm: Firm) -> None:
    firm.member.credit_requests.update(limit=1)


def withdraw_request(firm: Firm) -> None:
    firm.member.credit_requests.update(state="withdrawn")


def edit_as_the_list_says(firm: Firm) -> None:
    change_customer(firm, changes={"city": "宁波市"}, reason="as on the phone", actor=None)


@pytest.mark.parametrize(
    "happened",
    [edit_firm, edit_contact, pay_for_the_card, end_the_card, edit_request, withdraw_request, edit_as_the_list_says],
)
def test_a_changed_row_whose_firm_changed_meanwhile_is_left_out(
    xiaomei: User, happened: Callable[[Firm], None]
) -> None:
    applied(full_file(a_full_row(number) for number in (1, 2, 3)), by=xiaomei)
    change = {"城市": "宁波市", "手机号": "13712345678", "会员卡": "gold", "申请额度": "60000", "外部编号": ""}
    batch = previewed(full_file([a_full_row(1, **change), a_full_row(2, 城市="宁波市"), a_full_row(4)]), by=xiaomei)
    assert (batch.changed, batch.new) == (2, 1)
    happened(Firm.objects.get(external_id="ERP-1"))
    before = customers()[0]
    batch = worked(confirmed(batch))
    assert (batch.state, batch.applied, batch.left_out) == (State.APPLIED, 2, 1)
    assert lines(batch, Outcome.LEFT_OUT) == [2] and lines(batch, Outcome.APPLIED) == [3, 4]
    left_out = ImportRow.objects.get(batch=batch, line=2)
    assert left_out.label == "杭州西溪商贸1有限公司" and left_out.changes
    assert customers()[0] == before and len(customers()) == 4
    assert (apply_run(batch).done, apply_run(batch).failed) == (2, 1)


@pytest.mark.parametrize("happened", [edit_firm, edit_contact, edit_request, end_the_card])
def test_an_unchanged_row_whose_firm_changed_meanwhile_is_named(
    xiaomei: User, happened: Callable[[Firm], None]
) -> None:
    applied(full_file([a_full_row(1), a_full_row(2)]), by=xiaomei)
    batch = previewed(full_file([a_full_row(1), a_full_row(2), a_full_row(3)]), by=xiaomei)
    assert (batch.unchanged, batch.new) == (2, 1)
    happened(Firm.objects.get(external_id="ERP-1"))
    before = customers()[0]
    batch = worked(confirmed(batch))
    assert (batch.applied, batch.left_out) == (1, 1)
    assert lines(batch, Outcome.LEFT_OUT) == [2] and customers()[0] == before


def test_a_new_row_whose_code_somebody_else_took_is_left_out(xiaomei: User) -> None:
    batch = previewed(csv_file([a_row(1), a_row(2), a_row(3)]), by=xiaomei)
    applied(csv_file([a_row(2, 省份="四川省")]), by=xiaomei)
    batch = worked(confirmed(batch))
    assert (batch.applied, batch.left_out, lines(batch, Outcome.LEFT_OUT)) == (2, 1, [3])
    assert Firm.objects.get(credit_code=a_row(2)["统一社会信用代码"]).province == "四川省"
    assert ImportRow.objects.get(batch=batch, line=3).object_id


def test_a_new_row_whose_external_id_somebody_else_took_is_left_out(xiaomei: User) -> None:
    batch = previewed(full_file([a_full_row(1), a_full_row(2)]), by=xiaomei)
    applied(full_file([a_full_row(9, 外部编号="ERP-1")]), by=xiaomei)
    batch = worked(confirmed(batch))
    assert (batch.applied, lines(batch, Outcome.LEFT_OUT)) == (1, [2])
    assert Firm.objects.get(external_id="ERP-1").legal_name == "杭州西溪商贸9有限公司"


def test_a_field_the_list_does_not_name_may_change_meanwhile(xiaomei: User) -> None:
    applied(full_file([a_full_row(1)]), by=xiaomei)
    batch = previewed(csv_file([a_row(1, 省份="江苏省")]), by=xiaomei)
    change_customer(Firm.objects.get(), changes={"remarks": "calls on Mondays"}, reason="note", actor=xiaomei)
    batch = worked(confirmed(batch))
    firm = Firm.objects.get()
    assert (batch.applied, batch.left_out) == (1, 0)
    assert (firm.province, firm.remarks) == ("江苏省", "calls on Mondays")
