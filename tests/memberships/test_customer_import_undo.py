"""Taking an import back: exactly what was there before, for every row that nobody has used since."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from memberships.models import CreditRequest, EnterpriseCustomer, MemberContact, Plan, Subscription
from memberships.services.customers import change_customer
from memberships.services.subscriptions import join
from operations.errors import ImportStateError, RunStateError
from operations.models import ImportRow, JobRun, User
from operations.services.imports import undo_import
from operations.services.jobs import cancel_run, resume_run, take_chunk, work_chunk
from tests.customer_files import a_row, csv_file
from tests.memberships.factories import an_annual_card, an_operator, jd_plus
from tests.memberships.import_stories import (
    Outcome,
    State,
    a_classic_card,
    a_full_row,
    applied,
    apply_run,
    confirmed,
    customers,
    fresh,
    full_file,
    lines,
    previewed,
    undone,
    worked,
)

pytestmark = pytest.mark.django_db
#: What a later list says of the firm of a_full_row(1), cell by cell.
EDITS = [
    {"企业名称": "杭州西溪新名有限公司"}, {"联系人": "李雷", "手机号": "13712345678"}, {"邮箱": "-"}, {"省份": "-"},
    {"城市": "宁波市"}, {"行业": "-"}, {"企业规模": "大型"}, {"标签": "世界500强, 专精特新"}, {"标签": "-"},
    {"会员卡": "gold"}, {"申请额度": "70000"}, {"申请账期": "-"}, {"申请额度": "-", "申请账期": "-"},
    {"外部编号": "ERP-9"}, {"外部编号": "-"},
    {"备注": "-"}, {"备注": "两行\n备注, 带逗号"},
]


@pytest.fixture
def card() -> Plan:
    return a_classic_card()


@pytest.fixture
def xiaomei(card: Plan) -> User:
    an_annual_card(card.programme, code="gold", name="金卡", name_en="Gold card")
    return an_operator()


def test_new_firms_are_gone_after_the_undo_and_the_trail_keeps_both(xiaomei: User) -> None:
    batch = applied(full_file([a_full_row(1), a_full_row(2)]), by=xiaomei)
    batch = undone(batch, by=xiaomei)
    assert (batch.state, batch.applied, batch.undone) == (State.UNDONE, 0, 2)
    for model in (EnterpriseCustomer, MemberContact, Subscription, CreditRequest):
        assert not model.objects.exists()
    events = EnterpriseCustomer._meta.get_field("audit_events").related_model._default_manager.order_by("pgh_id")
    assert [event.pgh_label for event in events] == ["insert"] * 2 + ["delete"] * 2
    jobs = [event.pgh_context.metadata["job"] for event in events]
    assert jobs == ["apply_import"] * 2 + ["undo_import"] * 2
    assert {event.pgh_context.metadata["user"] for event in events} == {xiaomei.pk}


@pytest.mark.parametrize("cells", EDITS, ids=lambda cells: "+".join(f"{k}={v}" for k, v in cells.items()))
def test_a_changed_field_goes_back_to_what_it_was(xiaomei: User, cells: dict[str, str]) -> None:
    applied(full_file([a_full_row(1), a_full_row(2)]), by=xiaomei)
    before = customers(with_keys=True)
    batch = applied(full_file([a_full_row(1, **cells)]), by=xiaomei)
    assert (batch.changed, batch.applied) == (1, 1) and customers() != before
    assert undone(batch, by=xiaomei).state == State.UNDONE
    assert customers(with_keys=True) == before


def test_a_new_credit_code_goes_back_to_the_old_one(xiaomei: User) -> None:
    applied(full_file([a_full_row(1)]), by=xiaomei)
    before = customers(with_keys=True)
    batch = applied(full_file([a_full_row(7, 外部编号="ERP-1")]), by=xiaomei)
    assert undone(batch, by=xiaomei).state == State.UNDONE
    assert customers(with_keys=True) == before


def test_contact_request_and_card_that_a_row_made_go_with_it(xiaomei: User) -> None:
    applied(csv_file([a_row(1, 联系人="", 手机号="", 邮箱="")]), by=xiaomei)
    Subscription.objects.all().delete()
    before = customers(with_keys=True)
    batch = applied(full_file([a_full_row(1)]), by=xiaomei)
    assert MemberContact.objects.count() == Subscription.objects.count() == CreditRequest.objects.count() == 1
    assert undone(batch, by=xiaomei).state == State.UNDONE
    assert customers(with_keys=True) == before


def test_a_pending_card_of_another_programme_stays(xiaomei: User, card: Plan) -> None:
    applied(csv_file([a_row(1)]), by=xiaomei)
    Subscription.objects.all().delete()
    other = jd_plus(code="second", audience="enterprise")
    Subscription.objects.create(
        member=EnterpriseCustomer.objects.get().member, programme=other,
        plan=an_annual_card(other, code="other"), requested_on=timezone.localdate(),
    )
    before = customers(with_keys=True)
    batch = applied(csv_file([a_row(1)]), by=xiaomei)
    assert Subscription.objects.count() == 2
    assert undone(batch, by=xiaomei).state == State.UNDONE
    assert customers(with_keys=True) == before


def test_rows_that_were_used_or_changed_since_are_kept_and_named(xiaomei: User, card: Plan) -> None:
    batch = applied(full_file([a_full_row(number) for number in range(1, 8)]), by=xiaomei)
    one, two, three, four, five = (EnterpriseCustomer.objects.get(external_id=f"ERP-{n}") for n in range(1, 6))
    join(one.member, card, on=timezone.localdate(), actor=xiaomei)
    change_customer(two, changes={"city": "宁波市"}, reason="moved", actor=xiaomei)
    three.member.contacts.update(name="李雷")
    four.member.credit_requests.update(term_days=45)
    five.member.contacts.all().delete()
    batch = undone(batch, by=xiaomei)
    assert (batch.state, batch.applied, batch.undone) == (State.PARTLY_UNDONE, 5, 2)
    assert lines(batch, Outcome.KEPT) == [2, 3, 4, 5, 6]
    assert lines(batch, Outcome.UNDONE) == [7, 8]
    assert EnterpriseCustomer.objects.count() == 5


def test_a_row_that_another_table_refers_to_is_kept(xiaomei: User) -> None:
    """A paid term, written past every service, changes none of the rows that the import wrote."""
    applied(csv_file([a_row(1, 联系人="", 手机号="", 邮箱="")]), by=xiaomei)
    Subscription.objects.all().delete()
    batch = applied(csv_file([a_row(1, 联系人="", 手机号="", 邮箱=""), a_row(2)]), by=xiaomei)
    subscription = Subscription.objects.order_by("pk").first()
    assert subscription is not None
    subscription.terms.create(
        member=subscription.member, programme=subscription.programme, plan=subscription.plan, number=1,
        starts_on=timezone.localdate(), ends_on=timezone.localdate() + timedelta(days=364),
    )
    batch = undone(batch, by=xiaomei)
    assert (batch.state, batch.applied, batch.undone) == (State.PARTLY_UNDONE, 1, 1)
    assert Subscription.objects.get().terms.count() == 1


def test_a_later_import_of_the_same_firm_keeps_the_earlier_from_being_undone(xiaomei: User) -> None:
    first = applied(full_file([a_full_row(1), a_full_row(2)]), by=xiaomei)
    applied(full_file([a_full_row(1, 城市="宁波市")]), by=xiaomei)
    first = undone(first, by=xiaomei)
    assert (first.state, lines(first, Outcome.KEPT)) == (State.PARTLY_UNDONE, [2])


def test_an_import_is_undone_once(xiaomei: User) -> None:
    batch = undone(applied(csv_file([a_row(1)]), by=xiaomei), by=xiaomei)
    with pytest.raises(ImportStateError):
        undo_import(batch, actor=xiaomei, at=timezone.now())
    assert JobRun.objects.filter(job="undo_import").count() == 1


def test_what_was_undone_can_be_imported_again(xiaomei: User) -> None:
    content = csv_file([a_row(1), a_row(2)])
    undone(applied(content, by=xiaomei), by=xiaomei)
    again = applied(content, by=xiaomei)
    assert (again.state, again.applied) == (State.APPLIED, 2)


def test_an_undo_forgets_the_values_it_kept_for_it(xiaomei: User) -> None:
    applied(full_file([a_full_row(1)]), by=xiaomei)
    batch = undone(applied(full_file([a_full_row(1, 手机号="13712345678")]), by=xiaomei), by=xiaomei)
    assert not ImportRow.objects.filter(batch=batch).exclude(before=None).exists()


@pytest.fixture
def small_chunks(settings: object) -> Iterator[None]:
    settings.IMPORT_CHUNK_ROWS = 5  # type: ignore[attr-defined]
    yield


def work_some(run: JobRun, chunks: int) -> None:
    """Do the first chunks of a run and no more."""
    for _chunk in range(chunks):
        chunk = take_chunk(run, at=timezone.now())
        assert chunk is not None
        work_chunk(run, chunk, clock=timezone.now)


@pytest.mark.usefixtures("small_chunks")
def test_a_partly_applied_import_is_undone_and_then_never_resumed(xiaomei: User) -> None:
    batch = confirmed(previewed(csv_file([a_row(number) for number in range(1, 21)]), by=xiaomei))
    work_some(apply_run(batch), 2)
    run = cancel_run(apply_run(batch), actor=xiaomei, at=timezone.now())
    batch = fresh(batch)
    assert batch.state == State.PARTLY_APPLIED and 0 < batch.applied < 20
    batch = undone(batch, by=xiaomei)
    assert (batch.state, batch.applied) == (State.UNDONE, 0)
    assert not EnterpriseCustomer.objects.exists()
    with pytest.raises(RunStateError):
        resume_run(run, actor=xiaomei, at=timezone.now())
    assert fresh(batch).state == State.UNDONE


@pytest.mark.usefixtures("small_chunks")
def test_a_stopped_undo_is_partly_undone_and_goes_on_where_it_stopped(xiaomei: User) -> None:
    batch = applied(csv_file([a_row(number) for number in range(1, 21)]), by=xiaomei)
    batch = undo_import(batch, actor=xiaomei, at=timezone.now())
    assert batch.undo_run is not None
    work_some(batch.undo_run, 2)
    run = cancel_run(batch.undo_run, actor=xiaomei, at=timezone.now())
    assert (fresh(batch).state, fresh(batch).undone) == (State.PARTLY_UNDONE, 20 - EnterpriseCustomer.objects.count())
    resume_run(run, actor=xiaomei, at=timezone.now())
    assert fresh(batch).state == State.UNDOING
    batch = worked(batch)
    assert (batch.state, batch.undone) == (State.UNDONE, 20)
    assert not EnterpriseCustomer.objects.exists()
