"""Applying a confirmed list of firms: what a row writes, keeps, clears and leaves alone."""

from decimal import Decimal

import pytest

from memberships.models import CreditRequest, EnterpriseCustomer, MemberContact, Plan, Subscription, Term
from operations.models import ImportRow, User
from tests.customer_files import HEADERS, a_bad_row, a_row, csv_file
from tests.memberships.factories import an_annual_card, an_operator
from tests.memberships.import_stories import (
    Outcome,
    State,
    a_classic_card,
    a_full_row,
    applied,
    apply_run,
    customers,
    full_file,
    lines,
    previewed,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def card() -> Plan:
    return a_classic_card()


@pytest.fixture
def xiaomei(card: Plan) -> User:
    return an_operator()


def test_a_new_firm_gets_every_value_of_its_row(xiaomei: User) -> None:
    batch = applied(full_file([a_full_row(1)]), by=xiaomei)
    assert (batch.state, batch.applied, batch.left_out) == (State.APPLIED, 1, 0)
    firm = EnterpriseCustomer.objects.get()
    assert (firm.province, firm.city, firm.industry, firm.size) == ("浙江省", "杭州市", "批发业", "medium")
    assert (firm.flags, firm.external_id, firm.remarks) == (["specialised"], "ERP-1", "展会认识")
    contact = firm.member.contacts.get()
    assert (contact.name, contact.mobile[-11:], contact.is_primary) == ("韩梅梅", "13900000001", True)
    request = firm.member.credit_requests.get()
    assert (request.state, request.limit, request.term_days) == ("open", Decimal("50000.00"), 30)


def test_a_new_firms_card_is_a_pending_subscription_and_nothing_is_paid(xiaomei: User, card: Plan) -> None:
    applied(csv_file([a_row(1)]), by=xiaomei)
    subscription = Subscription.objects.pending().get()
    assert (subscription.plan, subscription.started_on, subscription.ended_on) == (card, None, None)
    assert not Term.objects.exists()


def test_a_new_firm_without_contact_or_request_gets_neither(xiaomei: User) -> None:
    applied(csv_file([a_row(1, 联系人="", 手机号="", 邮箱="")]), by=xiaomei)
    assert EnterpriseCustomer.objects.count() == 1
    assert not MemberContact.objects.exists() and not CreditRequest.objects.exists()


def test_the_same_file_again_is_all_unchanged(xiaomei: User) -> None:
    rows = [a_full_row(number) for number in range(1, 31)]
    applied(full_file(rows), by=xiaomei)
    batch = previewed(full_file(rows), by=xiaomei)
    assert (batch.new, batch.changed, batch.unchanged, batch.invalid, batch.duplicate) == (0, 0, 30, 0, 0)


def test_an_absent_column_and_a_blank_cell_leave_their_fields_as_they_are(xiaomei: User) -> None:
    applied(full_file([a_full_row(1), a_full_row(2)]), by=xiaomei)
    before = customers(with_keys=True)
    blank = {header: "" for header in a_full_row(1) if header not in ("企业名称", "统一社会信用代码", "会员卡")}
    whole = previewed(full_file([a_full_row(1, **blank)]), by=xiaomei)
    columns = [HEADERS[0], HEADERS[1], HEADERS[6]]
    narrow = previewed(
        csv_file([{name: a_row(2)[name] for name in columns}], headers=columns), by=xiaomei
    )
    assert (whole.unchanged, narrow.unchanged) == (1, 1)
    assert customers(with_keys=True) == before


def test_a_dash_clears_every_field_that_may_be_blank(xiaomei: User) -> None:
    applied(full_file([a_full_row(1)]), by=xiaomei)
    cleared = {header: "-" for header in a_full_row(1) if header not in ("企业名称", "统一社会信用代码", "会员卡")}
    batch = applied(full_file([a_full_row(1, **cleared)]), by=xiaomei)
    assert (batch.changed, batch.applied) == (1, 1)
    firm = EnterpriseCustomer.objects.get()
    assert (firm.province, firm.city, firm.industry, firm.size, firm.flags) == ("", "", "", "", [])
    assert (firm.external_id, firm.remarks) == (None, "")
    contact = firm.member.contacts.get()
    assert (contact.name, contact.mobile, contact.email) == ("", "", "")
    assert list(firm.member.credit_requests.values_list("state", flat=True)) == ["withdrawn"]


def test_a_changed_row_writes_what_differs_and_keeps_the_rest(xiaomei: User) -> None:
    applied(full_file([a_full_row(1), a_full_row(2)]), by=xiaomei)
    untouched = customers()[1]
    cells = {"城市": "宁波市", "手机号": "13712345678", "申请账期": "60"}
    batch = applied(full_file([a_full_row(1, **cells), a_full_row(2)]), by=xiaomei)
    assert (batch.changed, batch.unchanged, batch.applied) == (1, 1, 1)
    firm = EnterpriseCustomer.objects.get(external_id="ERP-1")
    request = firm.member.credit_requests.get()
    assert (firm.city, firm.industry, request.term_days, request.limit) == ("宁波市", "批发业", 60, Decimal("50000.00"))
    assert firm.member.contacts.get().mobile.endswith("13712345678")
    assert untouched in customers()


def test_a_firm_found_by_its_external_id_takes_the_new_credit_code(xiaomei: User) -> None:
    applied(full_file([a_full_row(1)]), by=xiaomei)
    member = EnterpriseCustomer.objects.get().pk
    batch = applied(full_file([a_full_row(7, 外部编号="ERP-1")]), by=xiaomei)
    assert (batch.new, batch.changed, batch.applied) == (0, 1, 1)
    assert EnterpriseCustomer.objects.get().credit_code == a_row(7)["统一社会信用代码"]
    assert EnterpriseCustomer.objects.get().pk == member


def test_another_card_replaces_the_one_that_waits_for_payment(xiaomei: User, card: Plan) -> None:
    gold = an_annual_card(card.programme, code="gold", name="金卡", name_en="Gold card")
    applied(csv_file([a_row(1)]), by=xiaomei)
    applied(csv_file([a_row(1, 会员卡="gold")]), by=xiaomei)
    assert Subscription.objects.get().plan == gold


def test_a_contact_a_request_and_a_card_are_made_where_there_were_none(xiaomei: User, card: Plan) -> None:
    applied(csv_file([a_row(1, 联系人="", 手机号="", 邮箱="")]), by=xiaomei)
    Subscription.objects.all().delete()
    batch = applied(full_file([a_full_row(1)]), by=xiaomei)
    assert (batch.changed, batch.applied) == (1, 1)
    assert (MemberContact.objects.count(), CreditRequest.objects.count(), Subscription.objects.count()) == (1, 1, 1)


def test_invalid_rows_stay_with_their_reasons_when_the_others_are_applied(xiaomei: User) -> None:
    batch = applied(csv_file([a_row(1), a_bad_row(2), a_row(3)]), by=xiaomei, skips_invalid=True)
    assert (batch.state, batch.applied, batch.invalid) == (State.APPLIED, 2, 1)
    kept = ImportRow.objects.get(batch=batch, outcome=Outcome.INVALID)
    assert kept.line == 3 and kept.faults


def test_each_applied_row_names_the_customer_it_made(xiaomei: User) -> None:
    batch = applied(csv_file([a_row(number) for number in range(1, 6)]), by=xiaomei)
    assert lines(batch, Outcome.APPLIED) == [2, 3, 4, 5, 6]
    for row in ImportRow.objects.filter(batch=batch):
        assert EnterpriseCustomer.objects.get(pk=row.object_id).legal_name == row.label


def test_chunks_of_any_size_give_the_same_customers(xiaomei: User, settings: object) -> None:
    rows = [a_row(number) for number in range(1, 24)]
    settings.IMPORT_CHUNK_ROWS = 5  # type: ignore[attr-defined]
    batch = applied(csv_file(rows), by=xiaomei)
    run = apply_run(batch)
    assert (batch.applied, run.total, run.done, run.failed) == (23, 23, 23, 0)
    assert run.chunks.count() == 5 and sum(run.chunks.values_list("size", flat=True)) == 23
    assert len(customers()) == 23
