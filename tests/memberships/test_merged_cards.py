"""A card that is paid for goes with the merge: same terms, same agreement, renewed once; undoing gives it back."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils.translation import override

from memberships.errors import RefundError
from memberships.models import Member, MemberMerge, MergedCard, Payment, Subscription
from memberships.services.merges import MergeBlockedError, conflicts_of, hindrances_of, undo_merge
from memberships.services.refunds import refuse_refund
from memberships.services.subscriptions import cancel_subscription, join, status_of
from tests.gateway import GatewayForTests
from tests.memberships.factories import TODAY, a_card, a_monthly_card, a_person, an_annual_card
from tests.memberships.merge_stories import an_asker, differences, merged
from tests.memberships.night_stories import night, paid_days
from tests.memberships.points_stories import morning
from tests.memberships.profit_stories import a_fee, line, reckon

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


def undone(merge: MemberMerge, *, on: date = TODAY) -> MemberMerge:
    return undo_merge(merge, reason="并非同一人", on=on, at=morning(on), actor=an_asker(), checker=None)


def card_of(member: Member) -> Subscription:
    return Subscription.objects.filter(member=member).latest("pk")


def bars(former: Member, survivor: Member, *, on: date = TODAY) -> str:
    with override("en"):
        return " ".join(conflict.words for conflict in conflicts_of(former, survivor, on=on) if conflict.is_bar)


def facts(card: Subscription) -> dict[str, Any]:
    found = Subscription.objects.filter(pk=card.pk).values().get()
    return {**found, "terms": list(card.terms.order_by("pk").values())}


def test_a_card_goes_with_the_merge_and_the_night_renews_it_exactly_once(gateway: GatewayForTests) -> None:
    former, survivor = a_person(), a_person()
    old = a_card(a_monthly_card(lead_days=1), member=former)
    due = paid_days(old)[-1][1] - DAY
    assert bars(former, survivor) == ""
    merged(former, survivor)
    card = card_of(survivor)
    assert paid_days(card) == paid_days(old) and card.started_on == TODAY
    assert (card.payment_method_id, card.payment_method.member_id) == (old.payment_method_id, survivor.pk)
    assert status_of(card, on=TODAY) == Subscription.Status.ACTIVE
    assert status_of(old, on=TODAY) == Subscription.Status.LAPSED
    assert differences() == []
    for _again in range(2):
        night(due)
    (payment,) = Payment.objects.all()
    assert (payment.member_id, payment.subscription_id, payment.state) == (survivor.pk, card.pk, "succeeded")
    assert len(paid_days(card)) == 2 and len(paid_days(old)) == 1
    night(due + 20 * DAY)
    old.refresh_from_db()
    assert old.lapsed_on is None and Payment.objects.count() == 1
    assert differences(on=due) == []


def test_undoing_gives_the_card_back_as_it_was_and_it_is_renewed_under_its_own_number(
    gateway: GatewayForTests,
) -> None:
    former, survivor = a_person(), a_person()
    old = a_card(a_monthly_card(lead_days=1), member=former)
    before = facts(old)
    merge = merged(former, survivor)
    undone(merge, on=TODAY + 3 * DAY)
    assert facts(old) == before
    card = card_of(survivor)
    assert (card.started_on, card.paid_until, card.ended_on) == (None, None, TODAY + 3 * DAY)
    assert MergedCard.objects.get().card == card
    assert differences(on=TODAY + 3 * DAY) == []
    # The place is free: the other record may have a card of its own, and the card may go elsewhere, and come back.
    assert join(survivor, old.plan, on=TODAY + 4 * DAY, actor=None).started_on == TODAY + 4 * DAY
    undone(merged(former, a_person(), on=TODAY + 4 * DAY), on=TODAY + 5 * DAY)
    assert facts(old) == before
    night(paid_days(old)[-1][1] - DAY)
    assert [payment.subscription_id for payment in Payment.objects.all()] == [old.pk]
    assert differences(on=TODAY + 30 * DAY) == []


def test_a_cancelled_card_with_paid_days_to_come_goes_as_cancelled() -> None:
    former, survivor = a_person(), a_person()
    old = cancel_subscription(a_card(a_monthly_card(), member=former), on=TODAY, reason="不再需要", actor=None)
    before = facts(old)
    merge = merged(former, survivor)
    card = card_of(survivor)
    assert (card.cancelled_on, card.ended_on) == (TODAY, before["ended_on"])
    assert status_of(card, on=TODAY + DAY) == Subscription.Status.ACTIVE
    undone(merge)
    assert facts(old) == before
    assert differences() == []


def test_what_cannot_go_over_is_said_with_what_to_do() -> None:
    former, survivor = a_person(), a_person()
    plan = a_monthly_card(grace_days=10)
    old = a_card(plan, member=former, on=TODAY - 40 * DAY)
    assert "is not paid for that day" in bars(former, survivor)
    cancel_subscription(old, on=TODAY, reason="重办", actor=None)
    a_card(plan, member=former)
    assert bars(former, survivor) == ""
    # A card of the same days, which was cancelled and refunded: two in one span there cannot be.
    theirs = a_card(plan, member=survivor, on=TODAY - 50 * DAY)
    assert "Both have a card" in bars(former, survivor)
    Subscription.objects.filter(pk=theirs.pk).update(ended_on=TODAY - DAY, lapsed_on=TODAY)
    assert bars(former, survivor) == ""
    join(survivor, plan, on=TODAY - DAY, actor=None)
    Subscription.objects.filter(member=survivor, ended_on=None).update(ended_on=TODAY - DAY, cancelled_on=TODAY - DAY)
    assert "had a card" in bars(former, survivor)
    with pytest.raises(MergeBlockedError):
        merged(former, survivor)


def test_undoing_is_refused_once_the_card_was_renewed_or_cancelled(gateway: GatewayForTests) -> None:
    former, survivor = a_person(), a_person()
    a_card(a_monthly_card(lead_days=1), member=former)
    merge = merged(former, survivor)
    card = card_of(survivor)
    night(paid_days(card)[-1][1] - DAY)
    with override("en"):
        words = " ".join(hindrances_of(merge, on=TODAY + 30 * DAY))
    assert "paid until" in words and "a payment was asked for since" in words
    with pytest.raises(MergeBlockedError):
        undone(merge, on=TODAY + 30 * DAY)
    other, another = a_person(), a_person()
    a_card(an_annual_card(card.programme), member=other)
    second = merged(other, another)
    cancel_subscription(card_of(another), on=TODAY, reason="退会", actor=None)
    with override("en"):
        assert "cancelled on" in " ".join(hindrances_of(second, on=TODAY))


def test_what_was_paid_for_the_card_is_told_once_in_the_programmes_profit() -> None:
    plan = an_annual_card()
    a_fee(plan, starts_on=TODAY)
    former, survivor = Subscription.objects.get().member, a_person()
    listed = a_person()
    join(listed, plan, on=TODAY, actor=None)
    reckon(until=TODAY + 60 * DAY)
    before = line("fees_earned", plan.programme), line("fees_listed", plan.programme)
    assert before[0] and before[1]
    merges = [merged(former, survivor, on=TODAY + 5 * DAY), merged(listed, a_person(), on=TODAY + 5 * DAY)]
    reckon(until=TODAY + 60 * DAY)
    assert (line("fees_earned", plan.programme), line("fees_listed", plan.programme)) == before
    payment = Payment.objects.get()
    with override("en"), pytest.raises(RefundError, match=f"went to {survivor.number}"):
        refuse_refund(payment, plan.price, ends_card=True, reason="退会", on=TODAY + 5 * DAY)
    refuse_refund(payment, plan.price, ends_card=False, reason="退会", on=TODAY + 5 * DAY)
    for merge in merges:
        undone(merge, on=TODAY + 6 * DAY)
    refuse_refund(payment, plan.price, ends_card=True, reason="退会", on=TODAY + 6 * DAY)
    reckon(until=TODAY + 60 * DAY)
    assert (line("fees_earned", plan.programme), line("fees_listed", plan.programme)) == before
