"""The night that gives and ends what follows rights, its dry run, and what happens beside it."""

from datetime import date, timedelta
from functools import partial

import pytest
from django.db import transaction

from benefits.models import Benefit, BenefitRule, Grant
from benefits.services import statements
from benefits.services.followed import follow_told
from benefits.services.grants import follow_range, follow_rights
from memberships.models import Subscription, Term
from memberships.services.ranges import EVERYTHING
from memberships.services.subscriptions import cancel_subscription
from operations.models import OutboxMessage, RunItem
from operations.services.dry_runs import execute_dry_run, start_dry_run
from operations.services.outbox import put_message
from tests.benefits.benefit_stories import (
    TODAY,
    a_benefit,
    a_person,
    a_wallet_of,
    at,
    of_all,
    of_card,
    the_card,
    with_card,
)
from tests.memberships.factories import renew
from tests.memberships.night_stories import at_night, run_job, worked
from tests.memberships.points_stories import at_once

pytestmark = pytest.mark.django_db
LAST_PAID = date(2028, 1, 14)


def iqiyi() -> Benefit:
    benefit = a_benefit("iqiyi", kind="partner_subscription")
    of_card(benefit, is_automatic=True)
    return benefit


def states() -> list[str]:
    return list(Grant.objects.order_by("pk").values_list("state", flat=True))


def a_card_without_a_word(*, on: date = TODAY) -> Subscription:
    """Its first term was settled at night: no signal told of it."""
    plan, member = the_card(), a_person(on=on)
    card = Subscription.objects.create(
        member=member, programme=plan.programme, plan=plan, requested_on=on, started_on=on
    )
    Term.objects.create(
        member=member, subscription=card, programme=plan.programme, plan=plan, number=1, starts_on=on,
        ends_on=date(on.year + 1, on.month, on.day) - timedelta(days=1),
    )
    return card


def test_the_night_gives_what_no_signal_told_of_and_a_second_one_nothing() -> None:
    iqiyi()
    cards = [a_card_without_a_word() for _number in range(3)]
    assert run_job("follow_rights", on=TODAY).done == 3
    assert states() == ["live"] * 3
    assert {grant.subscription for grant in Grant.objects.all()} == set(cards)
    assert run_job("follow_rights", on=TODAY + timedelta(days=1)).done == 0
    assert OutboxMessage.objects.filter(topic="grant.started").count() == 3


def test_through_the_nights_of_grace_payment_and_lapse() -> None:
    iqiyi()
    paid, unpaid, cancelled = (with_card() for _number in range(3))
    cancel_subscription(cancelled, on=TODAY, reason="too dear", actor=None)
    first = LAST_PAID + timedelta(days=1)
    run_job("follow_rights", on=first)
    assert states() == ["in_grace", "in_grace", "ended"]
    renew(paid)
    run_job("follow_rights", on=first + timedelta(days=1))
    assert states() == ["live", "in_grace", "ended"]
    run_job("enter_grace_and_lapse", on=LAST_PAID + timedelta(days=11))
    run_job("follow_rights", on=LAST_PAID + timedelta(days=11))
    assert states() == ["live", "ended", "ended"]
    ended = Grant.objects.get(member=unpaid.member)
    assert (ended.ended_on, ended.valid_until) == (LAST_PAID + timedelta(days=11), LAST_PAID + timedelta(days=10))


def test_a_rule_for_all_who_are_enrolled_reaches_them_by_night() -> None:
    gift = a_benefit("gift", kind="gift", valid_days=10)
    wallets = [a_wallet_of(a_person()) for _number in range(2)]
    of_all(gift, is_automatic=True)
    run_job("follow_rights", on=TODAY)
    assert {grant.member for grant in Grant.objects.all()} == {wallet.member for wallet in wallets}
    later = TODAY + timedelta(days=10)
    run_job("follow_rights", on=later)
    run_job("expire_grants", on=later)
    run_job("follow_rights", on=later + timedelta(days=1))
    assert states() == ["ended", "ended"]
    BenefitRule.objects.update(ends_on=later)
    run_job("follow_rights", on=later + timedelta(days=2))
    assert set(Grant.objects.values_list("right_ended_on", flat=True)) == {later + timedelta(days=2)}


def test_of_more_members_than_a_tick_takes_those_of_the_newest_messages_are_followed() -> None:
    members = [a_person() for _number in range(4)]
    for member in members:
        for topic in ("subscription.renewed", "tier.changed"):
            put_message(topic, f"{topic}:{member.pk}", {}, owner=member.pk, at=at(TODAY))
    topics = ["subscription.renewed", "tier.changed"]
    newest = statements.rows("grants/told", topics=topics, since=at(TODAY) - timedelta(minutes=1), most=2)
    assert [pk for (pk,) in newest] == [members[3].pk, members[2].pk]


def test_where_nothing_is_given_by_itself_the_night_has_nothing_to_look_at() -> None:
    of_card(a_benefit("service"))
    with_card()
    assert run_job("follow_rights", on=TODAY).chunks.count() == 0


def test_a_dry_run_foresees_every_member_and_its_execution_does_only_that() -> None:
    iqiyi()
    rests, ends, changes = (with_card() for _number in range(3))
    cancel_subscription(ends, on=TODAY, reason="too dear", actor=None)
    day = LAST_PAID + timedelta(days=1)
    run = worked(start_dry_run("follow_rights", business_date=day, actor=None, at=at_night(day)))
    assert states() == ["live"] * 3
    assert {(item.owner, item.kind, item.amount) for item in run.items.all()} == {
        (rests.member_id, "rest", 1), (ends.member_id, "end", 1), (changes.member_id, "rest", 1)
    }
    renew(changes)
    a_card_without_a_word(on=day)
    executed = worked(execute_dry_run(run, actor=None, at=at_night(day)))
    assert states() == ["in_grace", "ended", "live"]
    assert (executed.done, executed.failed) == (2, 1)
    left = run.items.get(outcome=RunItem.Outcome.LEFT_OUT)
    assert left.owner == changes.member_id


def test_by_day_a_tick_follows_what_the_outbox_tells_of() -> None:
    iqiyi()
    told, untold, long_ago = (a_card_without_a_word() for _number in range(3))
    now = at(TODAY)
    put_message("subscription.started", "started:1", {}, owner=told.member_id, at=now - timedelta(seconds=30))
    put_message("subscription.started", "started:2", {}, owner=long_ago.member_id, at=now - timedelta(hours=1))
    assert follow_told(on=TODAY, at=now) == 1
    assert [grant.member for grant in Grant.objects.all()] == [told.member]
    assert follow_told(on=TODAY, at=now) == 0
    run_job("follow_rights", on=TODAY)
    assert Grant.objects.filter(member=untold.member).exists()


@pytest.mark.django_db(transaction=True)
def test_the_night_the_desk_and_the_tick_at_once_give_one() -> None:
    iqiyi()
    members = [a_card_without_a_word().member for _number in range(6)]
    night = partial(follow_range, EVERYTHING, on=TODAY, at=at(TODAY))
    desk = [partial(follow_rights, member, on=TODAY, at=at(TODAY), actor=None) for member in members]
    at_once(night, *desk, night, *reversed(desk))
    assert sorted(Grant.objects.values_list("member", flat=True)) == [member.pk for member in members]
    assert OutboxMessage.objects.filter(topic="grant.started").count() == len(members)


@pytest.mark.django_db(transaction=True)
def test_a_cancellation_beside_the_night_leaves_nothing_behind() -> None:
    iqiyi()
    card = a_card_without_a_word()
    day = LAST_PAID + timedelta(days=1)
    at_once(
        partial(follow_range, EVERYTHING, on=day, at=at(day)),
        partial(cancel_subscription, card, on=day, reason="not any more", actor=None),
    )
    run_job("follow_rights", on=day + timedelta(days=1))
    assert set(states()) <= {"ended"}


def test_what_is_not_committed_is_not_given() -> None:
    iqiyi()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        with_card()
        assert states() == ["live"]
        raise ZeroDivisionError
    assert states() == []
