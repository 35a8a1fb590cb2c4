"""Asking for a card, joining, joining again."""

from datetime import date
from typing import Any

import pytest
from django.utils.translation import override

from memberships.errors import (
    AlreadySubscribedError,
    AudienceError,
    MemberClosedError,
    PlanNotOnSaleError,
    SubscriptionStateError,
)
from memberships.models import Member, MemberContact, Plan, Subscription, Term
from memberships.services.members import join_as_person
from memberships.services.subscriptions import (
    cancel_subscription,
    join,
    request_subscription,
    status_of,
)
from memberships.signals import subscription_started
from tests.memberships.factories import (
    TODAY,
    a_firm,
    a_person,
    an_annual_card,
    an_operator,
    jd_plus,
    jd_plus_enterprise,
    last_event,
)

pytestmark = pytest.mark.django_db

TOMORROW = date(2027, 1, 16)
NEXT_YEAR = date(2028, 1, 15)
Status = Subscription.Status


def spans(member: Member) -> list[tuple[date, date]]:
    """What was paid, oldest first."""
    return list(Term.objects.filter(member=member).order_by("starts_on").values_list("starts_on", "ends_on"))


def test_person_becomes_a_member_with_a_contact() -> None:
    member = join_as_person(name=" 李雷 ", mobile="13812345678", email="", on=TODAY, actor=None)
    assert (member.kind, member.joined_on, member.closed_on) == ("person", TODAY, None)
    contact = MemberContact.objects.get(member=member)
    assert (contact.name, contact.mobile, contact.email) == ("李雷", "13812345678", "")
    assert contact.is_primary


def test_joining_pays_for_a_year_from_today() -> None:
    member, card = a_person(), an_annual_card()
    subscription = join(member, card, on=TODAY, actor=None)
    assert subscription.plan == card
    assert (subscription.requested_on, subscription.started_on, subscription.ended_on) == (TODAY, TODAY, None)
    assert spans(member) == [(TODAY, date(2028, 1, 14))]
    assert status_of(subscription, on=TODAY) == Status.ACTIVE
    assert Subscription.objects.get(pk=subscription.pk).paid_until == date(2028, 1, 14)


def test_card_bought_on_a_leap_day_lasts_to_the_eve_of_its_anniversary() -> None:
    member = a_person()
    join(member, an_annual_card(), on=date(2028, 2, 29), actor=None)
    assert spans(member) == [(date(2028, 2, 29), date(2029, 2, 27))]


def test_monthly_card_bought_on_the_31st_lasts_to_the_eve_of_the_short_month_s_end() -> None:
    member = a_person()
    join(member, an_annual_card(term_months=1), on=date(2027, 1, 31), actor=None)
    assert spans(member) == [(date(2027, 1, 31), date(2027, 2, 27))]


def test_requested_card_waits_for_its_payment() -> None:
    member = a_firm()
    subscription = request_subscription(member, an_annual_card(jd_plus_enterprise()), on=TODAY, actor=None)
    assert subscription.started_on is None
    assert status_of(subscription, on=TODAY) == Status.PENDING
    assert Subscription.objects.get(pk=subscription.pk).paid_until is None
    assert spans(member) == []


def test_requested_card_is_started_and_not_doubled() -> None:
    member, card = a_person(), an_annual_card()
    requested = request_subscription(member, card, on=TODAY, actor=None)
    joined = join(member, card, on=TOMORROW, actor=None)
    assert joined.pk == requested.pk
    assert (joined.requested_on, joined.started_on) == (TODAY, TOMORROW)
    assert spans(member) == [(TOMORROW, NEXT_YEAR)]


def test_member_who_asked_for_classic_and_pays_for_premium_has_premium() -> None:
    programme = jd_plus()
    classic, premium = an_annual_card(programme), an_annual_card(programme, code="premium")
    member = a_person()
    requested = request_subscription(member, classic, on=TODAY, actor=None)
    joined = join(member, premium, on=TODAY, actor=None)
    assert (joined.pk, joined.plan) == (requested.pk, premium)
    assert Term.objects.get(member=member).plan == premium


@pytest.mark.parametrize("again", [join, request_subscription])
def test_member_with_a_card_cannot_have_a_second_one_of_the_programme(again: Any) -> None:
    programme = jd_plus()
    member = a_person()
    join(member, an_annual_card(programme), on=TODAY, actor=None)
    with override("en"), pytest.raises(AlreadySubscribedError) as error:
        again(member, an_annual_card(programme, code="premium"), on=TOMORROW, actor=None)
    assert str(error.value) == (
        f"Member {member.number} already has “Annual card” of “JD PLUS”, requested on 2027-01-15."
    )
    assert Subscription.objects.count() == 1


def test_card_cannot_be_requested_twice() -> None:
    member, card = a_person(), an_annual_card()
    request_subscription(member, card, on=TODAY, actor=None)
    with pytest.raises(AlreadySubscribedError):
        request_subscription(member, card, on=TODAY, actor=None)


def test_member_may_have_cards_of_two_programmes() -> None:
    member = a_person()
    join(member, an_annual_card(), on=TODAY, actor=None)
    join(member, an_annual_card(jd_plus(code="other")), on=TODAY, actor=None)
    assert Subscription.objects.active(on=TODAY).filter(member=member).count() == 2


@pytest.mark.parametrize("buy", [join, request_subscription])
def test_firm_cannot_have_a_card_for_persons(buy: Any) -> None:
    firm = a_firm()
    with override("en"), pytest.raises(AudienceError) as error:
        buy(firm, an_annual_card(), on=TODAY, actor=None)
    assert "JD PLUS" in str(error.value)
    assert firm.number in str(error.value)
    assert not Subscription.objects.exists()


@pytest.mark.parametrize("buy", [join, request_subscription])
@pytest.mark.parametrize(
    ("on_sale_from", "on_sale_until", "is_sold"),
    [
        (TOMORROW, None, False),
        (TODAY, TODAY, True),
        (date(2026, 1, 1), date(2027, 1, 14), False),
    ],
)
def test_card_is_sold_from_its_first_to_its_last_day(
    buy: Any, on_sale_from: date, on_sale_until: date | None, is_sold: bool
) -> None:
    card = an_annual_card(on_sale_from=on_sale_from, on_sale_until=on_sale_until)
    member = a_person()
    if is_sold:
        assert buy(member, card, on=TODAY, actor=None).plan == card
        return
    with override("en"), pytest.raises(PlanNotOnSaleError) as error:
        buy(member, card, on=TODAY, actor=None)
    assert str(error.value) == "“Annual card” is not on sale on 2027-01-15."


@pytest.mark.parametrize("buy", [join, request_subscription])
def test_closed_member_cannot_have_a_card(buy: Any) -> None:
    member, card = a_person(), an_annual_card()
    Member.objects.filter(pk=member.pk).update(closed_on=TODAY)
    with pytest.raises(MemberClosedError):
        buy(member, card, on=TODAY, actor=None)


def test_member_cannot_join_before_the_day_the_card_was_requested() -> None:
    member, card = a_person(), an_annual_card()
    request_subscription(member, card, on=TOMORROW, actor=None)
    with override("en"), pytest.raises(SubscriptionStateError, match="on 2027-01-16, after 2027-01-15"):
        join(member, card, on=TODAY, actor=None)


def test_member_who_cancelled_and_joins_again_loses_no_paid_day_and_pays_none_twice() -> None:
    member, card = a_person(), an_annual_card()
    first = join(member, card, on=TODAY, actor=None)
    cancel_subscription(first, on=date(2027, 6, 1), reason="moved abroad", actor=None)
    second = join(member, card, on=date(2027, 7, 1), actor=None)
    assert second.pk != first.pk
    assert (second.requested_on, second.started_on) == (date(2027, 7, 1), NEXT_YEAR)
    assert spans(member) == [(TODAY, date(2028, 1, 14)), (NEXT_YEAR, date(2029, 1, 14))]
    assert status_of(first, on=date(2028, 1, 14)) == Status.ACTIVE
    assert status_of(second, on=date(2028, 1, 14)) == Status.PENDING
    assert status_of(first, on=NEXT_YEAR) == Status.CANCELLED
    assert status_of(second, on=NEXT_YEAR) == Status.ACTIVE
    with pytest.raises(AlreadySubscribedError):
        join(member, card, on=date(2027, 7, 2), actor=None)


def test_card_paid_ahead_can_be_cancelled_before_it_begins_and_keeps_its_year() -> None:
    member, card = a_person(), an_annual_card()
    cancel_subscription(join(member, card, on=TODAY, actor=None), on=TODAY, reason="a slip", actor=None)
    ahead = join(member, card, on=TOMORROW, actor=None)
    ahead = cancel_subscription(ahead, on=TOMORROW, reason="a slip, too", actor=None)
    assert ahead.ended_on == date(2029, 1, 14)
    days = [TOMORROW, NEXT_YEAR, date(2029, 1, 14), date(2029, 1, 15)]
    states = [status_of(ahead, on=day) for day in days]
    assert states == [Status.PENDING, Status.ACTIVE, Status.ACTIVE, Status.CANCELLED]
    third = join(member, card, on=TOMORROW, actor=None)
    assert third.started_on == date(2029, 1, 15)


def test_member_whose_card_expired_joins_again_from_the_day_they_return() -> None:
    member, card = a_person(), an_annual_card()
    first = join(member, card, on=TODAY, actor=None)
    second = join(member, card, on=date(2028, 3, 1), actor=None)
    first.refresh_from_db()
    assert (first.cancelled_on, first.ended_on) == (None, date(2028, 1, 14))
    assert status_of(first, on=date(2028, 3, 1)) == Status.LAPSED
    assert second.started_on == date(2028, 3, 1)


def test_member_whose_card_expired_can_ask_for_another() -> None:
    member, card = a_person(), an_annual_card()
    first = join(member, card, on=TODAY, actor=None)
    second = request_subscription(member, card, on=NEXT_YEAR, actor=None)
    first.refresh_from_db()
    assert first.ended_on == date(2028, 1, 14)
    assert status_of(second, on=NEXT_YEAR) == Status.PENDING


def test_expired_card_stays_as_it_was_when_joining_again_is_refused() -> None:
    member, card = a_person(), an_annual_card(on_sale_until=TODAY)
    first = join(member, card, on=TODAY, actor=None)
    with pytest.raises(PlanNotOnSaleError):
        join(member, card, on=date(2028, 3, 1), actor=None)
    first.refresh_from_db()
    assert first.ended_on is None


def test_others_hear_that_a_subscription_started() -> None:
    heard: list[dict[str, Any]] = []

    def listen(**facts: Any) -> None:
        heard.append(facts)

    subscription_started.connect(listen)
    try:
        operator = an_operator()
        subscription = join(a_person(), an_annual_card(), on=TODAY, actor=operator)
    finally:
        subscription_started.disconnect(listen)
    assert [fact["subscription"] for fact in heard] == [subscription]
    assert heard[0]["term"].number == 1
    assert (heard[0]["on"], heard[0]["actor"]) == (TODAY, operator)


def test_nothing_is_started_when_a_listener_fails() -> None:
    def fail(**_facts: Any) -> None:
        raise RuntimeError("no benefits today")

    subscription_started.connect(fail)
    try:
        with pytest.raises(RuntimeError, match="no benefits today"):
            join(a_person(), an_annual_card(), on=TODAY, actor=None)
    finally:
        subscription_started.disconnect(fail)
    assert not Subscription.objects.exists()
    assert not Term.objects.exists()


def test_audit_trail_says_who_joined_the_member_and_why() -> None:
    operator = an_operator()
    subscription = join(a_person(), an_annual_card(), on=TODAY, actor=operator)
    for fact in (subscription, Term.objects.get()):
        event = last_event(fact)
        assert event.pgh_context["user"] == operator.pk
        assert event.pgh_context["reason"] == "joined"


def test_sold_card_is_replaced_by_a_new_version_for_those_who_join_later() -> None:
    programme = jd_plus()
    old = an_annual_card(programme)
    early = join(a_person(), old, on=TODAY, actor=None)
    Plan.objects.filter(pk=old.pk).update(on_sale_until=TODAY)
    new = an_annual_card(programme, version=2, price="109.00", on_sale_from=TOMORROW)
    late = join(a_person(), new, on=TOMORROW, actor=None)
    early.refresh_from_db()
    assert (early.plan, late.plan) == (old, new)
