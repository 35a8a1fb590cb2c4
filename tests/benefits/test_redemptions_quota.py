"""A member uses a benefit as often as its quota says, in windows of days, by the rule that wins."""

from datetime import date, timedelta

import pytest
from django.utils import translation

from benefits.errors import (
    BenefitKeyError,
    BenefitRetiredError,
    CouponQuantityError,
    GivenByItselfError,
    NotChosenError,
    NotEntitledError,
    QuotaUsedUpError,
    RedemptionQuantityError,
    StoreNeededError,
)
from benefits.models import Benefit, Choice, Redemption, Usage
from benefits.services.entitlements import entitlement_to
from memberships.errors import KeyConflictError, MemberClosedError
from memberships.models import Enrolment, Member, Subscription
from memberships.services.subscriptions import cancel_subscription
from operations.models import OutboxMessage
from tests.benefits.redemption_stories import (
    a_benefit,
    a_choice_of,
    a_coupon,
    a_member,
    a_rule,
    differences,
    held,
    the_programme,
    use,
    uses,
)
from tests.memberships.factories import TODAY, a_person, jd_plus
from tests.memberships.points_stories import a_wallet, at_once, morning

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_twelve_consultations_a_year_and_the_13th_is_refused_with_the_date_of_the_next() -> None:
    member, benefit = a_member(), a_benefit()
    a_rule(benefit, 12, window="term")
    for number in range(12):
        use(member, benefit, on=TODAY + number * DAY)
    with pytest.raises(QuotaUsedUpError, match="2028-01-15") as refusal:
        use(member, benefit, on=date(2027, 6, 1))
    found = refusal.value
    assert (found.quota, found.used, found.left, found.resets_on) == (12, 12, 0, date(2028, 1, 15))
    assert (uses(member, benefit), Redemption.objects.count()) == (12, 12)
    assert differences() == []


def test_use_says_what_it_took_and_what_it_gave() -> None:
    member, benefit = a_member(), a_coupon(2)
    done = use(member, benefit, order_number="JD-1", key="use:one")
    assert done == Redemption.objects.get()
    for field in Redemption._meta.concrete_fields:
        assert getattr(done, field.attname) == getattr(Redemption.objects.get(), field.attname), field.name
    assert (done.window_from, done.window_until) == (date(2027, 1, 1), date(2027, 2, 1))
    assert (str(done.face_value), str(done.cost), done.funder, done.points) == ("6.00", "2.5000", "platform", 0)
    assert held(member) == [("freight-coupon", "live", TODAY, TODAY + 29 * DAY)]
    message = OutboxMessage.objects.get(topic="benefit.redeemed")
    assert (message.owner, message.key) == (member.pk, f"redeemed:{done.pk}")
    assert message.payload == {
        "member": member.pk, "redemption": done.pk, "key": "use:one", "benefit": benefit.pk, "code": "freight-coupon",
        "category": "", "quantity": 1, "points": 0, "price": "0.00", "order": "JD-1", "on": "2027-01-15",
        "grant": done.grant.pk,
    }
    assert differences() == []


def test_same_use_asked_for_again_is_the_first_one_whatever_is_left() -> None:
    member, benefit = a_member(), a_coupon(1)
    first = use(member, benefit, key="use:one")
    assert use(member, benefit, key="use:one", on=TODAY + DAY) == first
    assert Redemption.objects.get().on == TODAY
    assert OutboxMessage.objects.filter(topic="benefit.redeemed").count() == 1


@pytest.mark.parametrize("other", [{"quantity": 2}, {"category": "dental"}, {"order_number": "JD-2"}])
def test_key_of_another_use_is_refused(other: dict[str, object]) -> None:
    member, benefit = a_member(), a_coupon(None)
    use(member, benefit, key="use:one")
    with pytest.raises(KeyConflictError):
        use(member, benefit, key="use:one", **other)  # type: ignore[arg-type]
    assert uses(member, benefit) == 1


def test_key_is_each_members_own_and_one_for_all_benefits() -> None:
    member, other, benefit = a_member(), a_member(), a_coupon(None)
    consultation = a_benefit()
    a_rule(consultation)
    assert use(member, benefit, key="use:one") != use(other, benefit, key="use:one")
    with pytest.raises(KeyConflictError):
        use(member, consultation, key="use:one")
    # A refusal leaves nothing behind, not even a row to lock.
    assert uses(member, consultation) is None


@pytest.mark.parametrize("key", ["", " ", "a b", "a" * 65, "键"])
def test_key_that_cannot_be_one(key: str) -> None:
    benefit = a_coupon()
    with pytest.raises(BenefitKeyError):
        use(a_member(), benefit, key=key or " ")


@pytest.mark.parametrize("quantity", [0, -1, 2**31, 2**70])
def test_quantity_that_cannot_be_booked(quantity: int) -> None:
    benefit = a_coupon(None)
    with pytest.raises(RedemptionQuantityError):
        use(a_member(), benefit, quantity=quantity)


def test_coupons_are_redeemed_one_at_a_time_since_each_is_for_one_order() -> None:
    member, coupon = a_member(), a_coupon(None)
    with pytest.raises(CouponQuantityError, match="2") as refusal:
        use(member, coupon, quantity=2)
    assert (refusal.value.http_status, uses(member, coupon), held(member)) == (422, None, [])
    assert [use(member, coupon).quantity for _number in range(2)] == [1, 1]


def test_so_many_that_their_price_cannot_be_booked() -> None:
    benefit = a_benefit()
    a_rule(benefit, None, member_price="9999999999.99")
    with pytest.raises(RedemptionQuantityError):
        use(a_member(), benefit, quantity=2**31 - 1)


def test_once_a_month_and_category() -> None:
    """Check-up, dental and eye products: buy one, get one, once a month for each."""
    member, benefit = a_member(), a_benefit("buy-one", kind="buy_one_get_one")
    for category in ("check-up", "dental", "eye"):
        a_rule(benefit, 1, window="month", category=category)
    use(member, benefit, category="dental")
    with pytest.raises(QuotaUsedUpError, match="2027-02-01"):
        use(member, benefit, category="dental", on=date(2027, 1, 31))
    use(member, benefit, category="eye")
    use(member, benefit, category="dental", on=date(2027, 2, 1))
    for category in ("", "skin"):
        with pytest.raises(NotEntitledError):
            use(member, benefit, category=category)
    assert differences() == []


def test_category_without_a_rule_of_its_own_goes_by_the_rule_for_all() -> None:
    member, benefit = a_member(), a_benefit()
    a_rule(benefit, 1, window="month")
    a_rule(benefit, 1, window="month", category="dental")
    done = use(member, benefit, category="skin")
    assert (done.category, done.asked_category) == ("", "skin")
    with pytest.raises(QuotaUsedUpError):
        use(member, benefit, category="hair")
    assert use(member, benefit, category="dental").category == "dental"


def test_of_two_rules_the_best_holds() -> None:
    member, benefit = a_member(), a_benefit()
    a_rule(benefit, 1, window="term")
    best = a_rule(benefit, 3, window="term")
    assert [use(member, benefit).rule for _number in range(3)] == [best] * 3
    with pytest.raises(QuotaUsedUpError) as refusal:
        use(member, benefit)
    assert (refusal.value.quota, refusal.value.used) == (3, 3)


def again(member: Member, benefit: Benefit, *, on: date) -> date | None:
    """When it can be used again, as the refusal says and as the member's page does."""
    with pytest.raises(QuotaUsedUpError) as refusal:
        use(member, benefit, on=on)
    found = entitlement_to(member, benefit, on=on)
    assert found is not None and found.left == 0
    assert found.resets_on == refusal.value.resets_on
    return found.resets_on


def test_of_rules_that_are_all_used_up_the_first_to_begin_anew_says_when_there_is_more() -> None:
    """Twelve a year, or one a month: after twelve in January the month's is there again in February."""
    member, benefit = a_member(), a_benefit()
    a_rule(benefit, 12, window="year")
    monthly = a_rule(benefit, 1, window="month")
    a_rule(benefit, 0, window="day")
    for _number in range(12):
        use(member, benefit)
    assert again(member, benefit, on=TODAY) == date(2027, 2, 1)
    assert use(member, benefit, on=date(2027, 2, 1)).rule == monthly


def test_no_day_is_named_after_the_end_of_a_card_in_grace_or_cancelled() -> None:
    benefit = a_benefit()
    for window in ("month", "term"):
        a_rule(benefit, 1, window=window)
    member, other = a_member(grace_days=14), a_member()
    use(member, benefit, on=date(2028, 1, 20))
    assert again(member, benefit, on=date(2028, 1, 20)) is None
    use(other, benefit, on=date(2027, 12, 20))
    assert again(other, benefit, on=date(2027, 12, 20)) == date(2028, 1, 1)
    card = Subscription.objects.get(member=other)
    cancel_subscription(card, on=date(2027, 12, 20), reason="不续了", actor=None)
    assert again(other, benefit, on=date(2027, 12, 20)) == date(2028, 1, 1)
    use(other, benefit, on=date(2028, 1, 2))
    assert again(other, benefit, on=date(2028, 1, 2)) is None


def test_what_a_rule_gives_by_itself_is_not_redeemed_as_well() -> None:
    """Else three redeems were three subscriptions, besides the one that the night gives."""
    member, video = a_member(), a_benefit("iqiyi", kind="partner_subscription")
    a_rule(video, None, window="ever", is_automatic=True)
    for _number in range(3):
        with pytest.raises(GivenByItselfError) as refusal, translation.override("en"):
            use(member, video)
    assert "is given “Consultation” by itself" in str(refusal.value)
    assert (refusal.value.http_status, held(member), uses(member, video)) == (409, [], None)


def test_rule_that_gives_by_itself_leaves_the_others_where_they_add_up_only() -> None:
    member = a_member()
    summed, best = (a_benefit(combine, kind="gift", combine=combine) for combine in ("sum", "best"))
    for benefit in (summed, best):
        a_rule(benefit, 5, window="ever", is_automatic=True)
        a_rule(benefit, 1, window="month", code="monthly")
    assert use(member, summed).rule.code == "monthly"
    with pytest.raises(QuotaUsedUpError) as refusal:
        use(member, summed)
    found = refusal.value
    assert (found.quota, found.used, found.left, found.resets_on) == (1, 1, 0, date(2027, 2, 1))
    with pytest.raises(GivenByItselfError):
        use(member, best)
    assert differences() == []


def test_rules_that_add_up_are_used_one_after_the_other_the_first_to_end_first() -> None:
    member, benefit = a_member(), a_benefit(combine="sum")
    yearly, monthly = a_rule(benefit, 3, window="term"), a_rule(benefit, 2, window="month")
    assert [use(member, benefit).rule for _number in range(3)] == [monthly, monthly, yearly]
    # Two are left of the year's, and none of the month's: no rule has three.
    with pytest.raises(QuotaUsedUpError) as refusal:
        use(member, benefit, quantity=3)
    found = refusal.value
    assert (found.quota, found.used, found.left, found.resets_on) == (5, 3, 2, date(2028, 1, 15))
    assert use(member, benefit, quantity=2).rule == yearly
    with pytest.raises(QuotaUsedUpError) as refusal:
        use(member, benefit)
    assert (refusal.value.used, refusal.value.left, refusal.value.resets_on) == (5, 0, date(2027, 2, 1))
    assert use(member, benefit, on=date(2027, 2, 1)).rule == monthly
    assert differences() == []


def test_quantity_goes_by_the_first_rule_that_can_serve_all_of_it() -> None:
    member, benefit = a_member(), a_benefit(combine="sum")
    yearly = a_rule(benefit, 5, window="term")
    a_rule(benefit, 2, window="month")
    assert use(member, benefit, quantity=3).rule == yearly


def test_quota_for_ever_has_no_next_window() -> None:
    member, benefit = a_member(), a_benefit()
    a_rule(benefit, 1, window="ever")
    use(member, benefit)
    with pytest.raises(QuotaUsedUpError) as refusal, translation.override("en"):
        use(member, benefit, on=TODAY + DAY)
    assert refusal.value.resets_on is None
    assert str(refusal.value) == (
        "“Consultation” is used up: 1 of 1. The quota is for ever: there is no next window."
    )


def test_without_a_quota_there_is_no_end() -> None:
    member, benefit = a_member(), a_benefit()
    a_rule(benefit, None, window="ever")
    assert use(member, benefit, quantity=10_000).quantity == 10_000


def test_card_in_grace_keeps_the_benefit_until_the_last_day() -> None:
    member, benefit = a_member(grace_days=14), a_benefit()
    a_rule(benefit, 2, window="term")
    use(member, benefit, on=date(2028, 1, 14))
    use(member, benefit, on=date(2028, 1, 28))  # in grace: of the window that was paid for
    with pytest.raises(QuotaUsedUpError) as refused:
        use(member, benefit, on=date(2028, 1, 28))
    assert refused.value.resets_on is None, "more comes with a term that is paid for, and none is"
    with pytest.raises(NotEntitledError):
        use(member, benefit, on=date(2028, 1, 29))


def test_nobody_uses_what_is_retired() -> None:
    member, benefit = a_member(), a_benefit(retired_on=date(2027, 3, 1))
    a_rule(benefit)
    use(member, benefit, on=date(2027, 2, 28))
    with pytest.raises(BenefitRetiredError, match="2027-03-01"):
        use(member, benefit, on=date(2027, 3, 1))


def test_a_closed_member_and_one_without_a_card_use_nothing() -> None:
    member, benefit = a_member(), a_benefit()
    a_rule(benefit)
    with pytest.raises(NotEntitledError):
        use(a_person(), benefit)
    Member.objects.filter(pk=member.pk).update(closed_on=TODAY)
    with pytest.raises(MemberClosedError):
        use(member, benefit)
    assert not Usage.objects.exists()


def test_what_was_not_chosen_is_refused() -> None:
    member, music, video = a_member(), a_benefit("music"), a_benefit("video")
    group = a_choice_of(music, video)
    for benefit in (music, video):
        a_rule(benefit, 1, choice_group=group)
    Choice.objects.create(
        member=member, group=group, benefit=music, key="choice:1", window_from=TODAY, window_until=date(2028, 1, 15),
        on=TODAY, at=morning(TODAY),
    )
    use(member, music)
    with pytest.raises(NotChosenError) as refusal:
        use(member, video)
    assert refusal.value.until == date(2028, 1, 14)
    with pytest.raises(QuotaUsedUpError):
        use(member, music)


def test_region_is_the_members_own_unless_said_otherwise() -> None:
    member, benefit = a_member(), a_benefit()
    a_rule(benefit, 1, region="上海")
    with pytest.raises(NotEntitledError):
        use(member, benefit)
    use(member, benefit, region="上海")


def test_each_store_has_a_line_of_its_own() -> None:
    programme, member = jd_plus(enrols="store"), a_person()
    benefit = a_benefit()
    a_rule(benefit, 1, plan_code="", window="month")
    first, second = (
        Enrolment.objects.create(
            member=member, programme=programme, enrolled_on=TODAY, scope=f"store-{number}"
        ) for number in (1, 2)
    )
    with pytest.raises(StoreNeededError):
        use(member, benefit)
    assert use(member, benefit, enrolment=first, key="use:first").enrolment == first
    assert use(member, benefit, enrolment=second).enrolment == second
    with pytest.raises(QuotaUsedUpError):
        use(member, benefit, enrolment=first)
    with pytest.raises(KeyConflictError):
        use(member, benefit, enrolment=second, key="use:first")
    with pytest.raises(NotEntitledError):
        use(member, benefit, enrolment=a_wallet(a_person(), jd_plus(code="other")))


def test_member_with_one_store_need_not_name_it() -> None:
    programme, member = jd_plus(enrols="store"), a_person()
    benefit = a_benefit()
    a_rule(benefit, 1, plan_code="", window="month")
    store = Enrolment.objects.create(member=member, programme=programme, enrolled_on=TODAY, scope="store-1")
    assert use(member, benefit).enrolment == store


@pytest.mark.django_db(transaction=True)
def test_64_desks_at_the_last_unit_of_a_quota_use_it_once() -> None:
    member, benefit = a_member(), a_coupon(1)
    results = at_once(*[lambda: use(member, benefit)] * 64)
    assert sum(isinstance(result, Redemption) for result in results) == 1
    assert sum(isinstance(result, QuotaUsedUpError) for result in results) == 63
    assert (uses(member, benefit), len(held(member))) == (1, 1)
    assert differences() == []


@pytest.mark.django_db(transaction=True)
def test_one_use_asked_for_three_times_at_once_is_one() -> None:
    member, benefit = a_member(), a_coupon(None)
    results = at_once(*[lambda: use(member, benefit, key="use:one")] * 3)
    assert len(set(results)) == 1
    assert (uses(member, benefit), the_programme().benefits.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_same_key_for_two_benefits_at_once_is_one_of_them() -> None:
    member, coupon, consultation = a_member(), a_coupon(None), a_benefit()
    a_rule(consultation)
    for number in range(5):
        results = at_once(
            lambda number=number: use(member, coupon, key=f"use:both-{number}"),
            lambda number=number: use(member, consultation, key=f"use:both-{number}"),
        )
        assert sorted(type(result).__name__ for result in results) == ["KeyConflictError", "Redemption"]
    assert differences() == []
