"""Merges beside spends, and two merges across each other: members and wallets are locked, so that they take turns."""

from datetime import timedelta

import pytest

from benefits.models import Benefit, Grant
from benefits.services.coupons import use_coupons
from benefits.services.grants import give
from memberships.models import Enrolment, Member, MemberMerge, Payment, Subscription
from memberships.services.merges import MergeBlockedError, merge_records
from operations.models import User
from tests.gateway import GatewayForTests
from tests.memberships.factories import TODAY, a_card, a_monthly_card, a_person, an_operator
from tests.memberships.merge_stories import differences
from tests.memberships.night_stories import run_job
from tests.memberships.points_stories import a_wallet, at_once, earn, morning, spend

pytestmark = pytest.mark.django_db(transaction=True)


def test_points_are_spent_where_they_are_and_two_merges_across_each_other_leave_one() -> None:
    xiaomei: User = an_operator()
    one, other = a_person(), a_person()
    wallets = [a_wallet(one), a_wallet(other)]
    for wallet in wallets:
        earn(wallet, 100)

    def merge(former: object, survivor: object) -> MemberMerge:
        return merge_records(
            former, survivor, choices={}, reason="同一人", on=TODAY, at=morning(TODAY),  # type: ignore[arg-type]
            actor=xiaomei, checker=None,
        )

    results = at_once(
        lambda: merge(one, other), lambda: merge(other, one), lambda: spend(wallets[0], 60),
        lambda: spend(wallets[1], 60),
    )
    assert [type(result) for result in results[:2]].count(MergeBlockedError) == 1
    in_force = MemberMerge.objects.get()
    spent = sum(not isinstance(result, Exception) for result in results[2:])
    balances = dict(Enrolment.objects.values_list("member", "balance"))
    # Who spent from the record that ended, came before the merge or was refused.
    assert balances == {in_force.former_id: 0, in_force.survivor_id: 200 - 60 * spent} and spent >= 1
    assert differences() == []


def test_a_renewal_a_coupon_and_a_use_beside_the_merge_happen_once_under_one_number_or_the_other(
    gateway: GatewayForTests,
) -> None:
    xiaomei: User = an_operator()
    former, survivor = a_person(), a_person()
    card = a_card(a_monthly_card(lead_days=31), member=former)
    wallet = a_wallet(former, card.programme)
    earn(wallet, 100)
    coupon = Benefit.objects.create(
        programme=card.programme, code="coupon", kind="coupon", name="券", name_en="Coupon", valid_days=30,
    )
    grant = give(former, coupon, key="welcome", on=TODAY, at=morning(TODAY), actor=None)

    def merge() -> MemberMerge:
        return merge_records(
            former, survivor, choices={}, reason="同一人", on=TODAY, at=morning(TODAY), actor=xiaomei, checker=None
        )

    def on_order(member: Member) -> list[Grant]:
        return use_coupons(
            member, [grant.key], order_number=f"A-{member.pk}", on=TODAY, at=morning(TODAY), actor=None
        )

    done, *_others = at_once(
        merge, lambda: run_job("renew_subscriptions", on=TODAY), lambda: on_order(former), lambda: on_order(survivor),
        lambda: spend(wallet, 40),
    )
    # The merge came first, or waits for a payment that is under way, which it says.
    if isinstance(done, MergeBlockedError):
        run_job("resolve_unknown_payments", on=TODAY)
        done = merge()
    assert isinstance(done, MemberMerge)
    # What this night had planned for the card that ended is the next one's, for the card that goes on.
    run_job("renew_subscriptions", on=TODAY + timedelta(days=1))
    live = Subscription.objects.live().get()
    assert live.member_id == survivor.pk and live.terms.count() == 2
    assert Payment.objects.filter(state="succeeded").count() == gateway.paid_per_token().total() == 1
    used = Grant.objects.get(pk=grant.pk)
    assert (used.state, used.order_number) in {
        ("live", ""), ("used", f"A-{former.pk}"), ("used", f"A-{survivor.pk}")
    }
    assert sum(Enrolment.objects.values_list("balance", flat=True)) in (60, 100)
    assert differences(on=TODAY + timedelta(days=1)) == []
