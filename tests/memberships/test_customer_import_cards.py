"""The card of a row follows the rules of services/subscriptions.py: expired, closed, no longer sold."""

from datetime import date, timedelta

import pytest
from django.utils import timezone
from django.utils.translation import override

from memberships.models import EnterpriseCustomer, Member, Payment, Plan, Subscription
from memberships.services.payment_methods import choose_payment_method
from memberships.services.points import enrol_member
from memberships.services.ranges import EVERYTHING
from memberships.services.renewals import request_renewals
from memberships.services.subscriptions import join, request_subscription, status_of
from operations.models import ImportRow, User
from operations.services.import_previews import row_faults
from tests.customer_files import Row, a_row, csv_file
from tests.memberships.factories import a_method, an_annual_card, an_operator
from tests.memberships.import_stories import (
    Outcome,
    State,
    a_classic_card,
    applied,
    confirmed,
    customers,
    lines,
    previewed,
    undone,
    worked,
)

pytestmark = pytest.mark.django_db
Firm = EnterpriseCustomer


@pytest.fixture
def classic() -> Plan:
    return a_classic_card()


@pytest.fixture
def gold(classic: Plan) -> Plan:
    return an_annual_card(classic.programme, code="gold", name="金卡", name_en="Gold card")


@pytest.fixture
def xiaomei(classic: Plan, gold: Plan) -> User:
    return an_operator()


def listed(*rows: Row) -> bytes:
    return csv_file(rows)


def firms(count: int, card: Plan, *, paid_until: date, by: User) -> list[Member]:
    """Firms of a_row(1) and so on, whose annual card was paid for until that day and has no end yet."""
    applied(listed(*(a_row(number) for number in range(1, count + 1))), by=by)
    Subscription.objects.all().delete()
    members = list(Member.objects.order_by("pk"))
    for member in members:
        subscription = join(member, card, on=paid_until - timedelta(days=364), actor=by)
        subscription.terms.update(ends_on=paid_until)
    return members


def cards(member: Member) -> list[tuple[str, date | None, date | None, date | None]]:
    """Plan, first day, last day and cancellation of every card the member had, in their order."""
    subscriptions = member.subscriptions.select_related("plan").order_by("pk")
    return [(card.plan.code, card.started_on, card.ended_on, card.cancelled_on) for card in subscriptions]


@pytest.mark.parametrize("wanted", ["classic", "gold"])
def test_an_expired_card_is_ended_and_a_new_one_asked_for_as_the_service_does(
    xiaomei: User, classic: Plan, wanted: str
) -> None:
    today = timezone.localdate()
    by_list, by_service = firms(2, classic, paid_until=today - timedelta(days=1), by=xiaomei)
    batch = previewed(listed(a_row(1, 会员卡=wanted)), by=xiaomei)
    assert (batch.changed, batch.invalid) == (1, 0)
    assert ImportRow.objects.get(batch=batch).changes == [["plan_id", "", wanted]]
    worked(confirmed(batch))
    request_subscription(by_service, Plan.objects.get(code=wanted), on=today, actor=xiaomei)
    assert cards(by_list) == cards(by_service)
    assert [card[0] for card in cards(by_list)] == ["classic", wanted]
    assert Subscription.objects.pending().filter(requested_on=today).count() == 2


@pytest.mark.parametrize(("days_ago", "is_expired"), [(30, False), (31, True)])
def test_a_card_in_its_grace_is_not_expired(xiaomei: User, days_ago: int, is_expired: bool) -> None:
    today = timezone.localdate()
    lenient = an_annual_card(Plan.objects.get(code="gold").programme, code="lenient", grace_days=30)
    (member,) = firms(1, lenient, paid_until=today - timedelta(days=days_ago), by=xiaomei)
    assert previewed(listed(a_row(1, 会员卡="lenient")), by=xiaomei).unchanged == (0 if is_expired else 1)
    batch = previewed(listed(a_row(1, 会员卡="gold")), by=xiaomei)
    if not is_expired:
        assert [fault.code for fault in row_faults(batch)] == ["plan_in_use"]
        return
    worked(confirmed(batch))
    lapsed, asked_for = member.subscriptions.order_by("pk")
    assert (lapsed.ended_on, lapsed.lapsed_on) == (today - timedelta(days=1), today)
    assert status_of(lapsed, on=today) == Subscription.Status.LAPSED
    assert asked_for.plan.code == "gold"


def test_a_card_whose_renewal_may_have_been_paid_for_is_not_expired(xiaomei: User, classic: Plan) -> None:
    today = timezone.localdate()
    (member,) = firms(1, classic, paid_until=today - timedelta(days=30), by=xiaomei)
    card = member.subscriptions.get()
    choose_payment_method(card, a_method(member), actor=None)
    request_renewals(EVERYTHING, on=today - timedelta(days=31), at=timezone.now(), actor=None)
    batch = previewed(listed(a_row(1, 会员卡="gold")), by=xiaomei)
    assert [fault.code for fault in row_faults(batch)] == ["plan_in_use"]
    assert len(cards(member)) == 1


def test_a_customer_who_was_asked_for_money_since_is_kept_by_the_undo(xiaomei: User, classic: Plan) -> None:
    batch = applied(listed(a_row(1), a_row(2), a_row(3)), by=xiaomei)
    paying, collecting, quiet = Member.objects.order_by("pk")
    card = choose_payment_method(paying.subscriptions.get(), a_method(paying), actor=None)
    today = timezone.localdate()
    Payment.objects.create(
        member=paying, subscription=card, programme=card.programme, plan=card.plan, method=card.payment_method,
        key=f"start:{card.pk}:{today}", purpose="start", amount=classic.price, term_number=1, starts_on=today,
        ends_on=today, requested_on=today, requested_at=timezone.now(), next_ask_at=timezone.now(),
    )
    enrol_member(collecting, classic.programme, on=today, at=timezone.now(), actor=None)
    batch = undone(batch, by=xiaomei)
    assert (batch.state, lines(batch, Outcome.KEPT)) == (State.PARTLY_UNDONE, [2, 3])
    assert not Member.objects.filter(pk=quiet.pk).exists()


def test_a_card_on_its_last_paid_day_is_not_expired(xiaomei: User, classic: Plan) -> None:
    (member,) = firms(1, classic, paid_until=timezone.localdate(), by=xiaomei)
    assert previewed(listed(a_row(1)), by=xiaomei).unchanged == 1
    batch = previewed(listed(a_row(1, 会员卡="gold")), by=xiaomei)
    assert [fault.code for fault in row_faults(batch)] == ["plan_in_use"]
    assert len(cards(member)) == 1


def test_the_undo_gives_an_expired_card_its_place_back(xiaomei: User, classic: Plan) -> None:
    firms(2, classic, paid_until=timezone.localdate() - timedelta(days=30), by=xiaomei)
    before = customers(with_keys=True)
    batch = applied(listed(a_row(1), a_row(2, 会员卡="gold")), by=xiaomei)
    assert (batch.applied, Subscription.objects.count()) == (2, 4)
    assert undone(batch, by=xiaomei).state == State.UNDONE
    assert customers(with_keys=True) == before


def test_a_new_card_that_was_paid_for_keeps_the_expired_one_ended(xiaomei: User, classic: Plan) -> None:
    (member,) = firms(1, classic, paid_until=timezone.localdate() - timedelta(days=30), by=xiaomei)
    batch = applied(listed(a_row(1)), by=xiaomei)
    join(member, classic, on=timezone.localdate(), actor=xiaomei)
    before = customers(with_keys=True)
    batch = undone(batch, by=xiaomei)
    assert (batch.state, lines(batch, Outcome.KEPT)) == (State.PARTLY_UNDONE, [2])
    assert customers(with_keys=True) == before


def test_an_expired_card_that_was_renewed_since_the_preview_is_left_alone(xiaomei: User, classic: Plan) -> None:
    (member,) = firms(1, classic, paid_until=timezone.localdate() - timedelta(days=30), by=xiaomei)
    batch = previewed(listed(a_row(1), a_row(2)), by=xiaomei)
    member.subscriptions.get().terms.update(ends_on=timezone.localdate() + timedelta(days=30))
    batch = worked(confirmed(batch))
    assert (batch.applied, lines(batch, Outcome.LEFT_OUT)) == (1, [2])
    assert len(cards(member)) == 1


def test_a_closed_customers_row_is_invalid_and_says_so(xiaomei: User) -> None:
    applied(listed(a_row(1), a_row(2)), by=xiaomei)
    today = timezone.localdate()
    closed, closing = Member.objects.order_by("pk")
    Member.objects.update(joined_on=today - timedelta(days=9))
    Member.objects.filter(pk=closed.pk).update(closed_on=today)
    Member.objects.filter(pk=closing.pk).update(closed_on=today + timedelta(days=1))
    batch = previewed(listed(a_row(1, 省份="江苏省"), a_row(2, 省份="江苏省")), by=xiaomei)
    assert (batch.invalid, batch.changed) == (1, 1)
    (fault,) = row_faults(batch)
    assert (fault.line, fault.code, fault.value) == (2, "member_closed", a_row(1)["统一社会信用代码"])
    with override("en"):
        assert fault.message == f"The customer was closed on {today}; an import does not change it any more."


def test_a_customer_closed_since_the_preview_is_left_out(xiaomei: User) -> None:
    applied(listed(a_row(1)), by=xiaomei)
    batch = previewed(listed(a_row(1, 省份="江苏省"), a_row(2)), by=xiaomei)
    Member.objects.update(closed_on=timezone.localdate())
    batch = worked(confirmed(batch))
    assert (batch.state, batch.applied, lines(batch, Outcome.LEFT_OUT)) == (State.APPLIED, 1, [2])


def test_a_plan_taken_off_sale_since_the_preview_leaves_out_only_rows_that_would_give_it(
    xiaomei: User, gold: Plan
) -> None:
    applied(listed(a_row(1), a_row(2, 会员卡="gold"), a_row(3, 会员卡="gold")), by=xiaomei)
    rows = [a_row(1, 会员卡="gold"), a_row(2, 会员卡="gold", 省份="江苏省"), a_row(3, 会员卡="gold")]
    batch = previewed(listed(*rows, a_row(4, 会员卡="gold"), a_row(5)), by=xiaomei)
    assert (batch.new, batch.changed, batch.unchanged) == (2, 2, 1)
    Plan.objects.filter(pk=gold.pk).update(on_sale_until=timezone.localdate() - timedelta(days=1))
    batch = worked(confirmed(batch))
    assert (batch.state, batch.left_out) == (State.APPLIED, 2)
    assert (lines(batch, Outcome.LEFT_OUT), lines(batch, Outcome.APPLIED)) == ([2, 5], [3, 6])
    assert Subscription.objects.filter(plan=gold).count() == 2
    assert ImportRow.objects.get(batch=batch, line=5).label == a_row(4)["企业名称"]
