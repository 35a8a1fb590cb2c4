"""What members got, line by line: from which fact, worth how much, paid how, borne by whom."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from benefits.errors import OrderNumberNeededError, OrderSavingError
from benefits.models import Grant, OrderSaving
from benefits.services.benefit_terms import keep_terms
from benefits.services.grants import end_grant, expire_range, follow_rights, give, give_back_grant, use_grant
from memberships.services.ranges import KeyRange
from operations.errors import KeyConflictError
from tests.benefits.benefit_stories import a_benefit, a_wallet_of, at, of_all, of_card, plus, with_card
from tests.benefits.redemption_stories import take_back, use
from tests.benefits.value_stories import lines, told, took_off
from tests.memberships.factories import TODAY, a_person
from tests.memberships.order_stories import give_back, order
from tests.memberships.points_stories import earn

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
FEBRUARY, MARCH = date(2027, 2, 1), date(2027, 3, 1)


def test_use_counts_at_what_it_was_worth_on_its_day_and_is_undone_on_the_day_of_its_return() -> None:
    member = with_card().member
    consultation = a_benefit(
        "consultation", face_value=Decimal("50"), unit_cost=Decimal("12.5"), funder="partner"
    )
    unknown = a_benefit("car-wash")
    of_card(consultation, 12, member_price=Decimal("9.90"))
    of_card(unknown)
    first = use(member, consultation, on=TODAY, quantity=2)
    use(member, unknown, on=TODAY)
    consultation.face_value = Decimal("60")
    consultation.save()
    use(member, consultation, on=FEBRUARY)
    take_back(first, on=MARCH)

    assert told(member) == [
        ("consultation", "redemption", TODAY, "100.00", "19.80", "80.20"),
        # What nobody put a price on is no saving: it is not guessed.
        ("car-wash", "redemption", TODAY, None, "0.00", None),
        ("consultation", "redemption", FEBRUARY, "60.00", "9.90", "50.10"),
        ("consultation", "redemption_return", MARCH, "-100.00", "-19.80", "-80.20"),
    ]
    taken, _unknown, _later, back = lines(member)
    assert (taken.cost, taken.funder, taken.quantity, taken.source_id) == (Decimal("25.0000"), "partner", 2, first.pk)
    assert (back.cost, back.quantity, back.source_id) == (Decimal("-25.0000"), -2, first.pk)
    assert told(member, first=FEBRUARY, last=MARCH - DAY) == [told(member)[2]]


def test_points_are_no_money_and_a_coupon_counts_when_it_is_used() -> None:
    member = with_card().member
    wallet = a_wallet_of(member)
    cleaning = a_benefit("cleaning", kind="points_exchange", face_value=Decimal("80"))
    of_all(cleaning, points_price=300)
    coupon = a_benefit("freight", kind="coupon", valid_days=30, terms={"amount": "6"})
    of_card(coupon, member_price=Decimal("1"))
    earn(wallet, 300)
    use(member, cleaning)
    for _each in range(3):
        use(member, coupon)
    spare, kept, lost = Grant.objects.filter(benefit=coupon).order_by("pk")
    use_grant(spare, order_number="A1", on=TODAY + DAY, at=at(TODAY + DAY), actor=None)
    use_grant(kept, order_number="A2", on=TODAY + DAY, at=at(TODAY + DAY), actor=None)
    give_back_grant(kept, order_number="A2", on=TODAY + DAY, at=at(TODAY + DAY), actor=None)
    night = TODAY + 40 * DAY
    expire_range(KeyRange(member.pk, member.pk), on=night, at=at(night))

    assert told(member) == [
        ("cleaning", "redemption", TODAY, "80.00", "0.00", "80.00"),
        ("freight", "coupon", TODAY + DAY, "6", "1.00", "5.00"),
        # Paid for, and run out unused.
        ("freight", "coupon_lost", night, "0", "1.00", "-1.00"),
        ("freight", "coupon_lost", night, "0", "1.00", "-1.00"),
    ]
    assert [line.points for line in lines(member)] == [300, 0, 0, 0]
    assert lost.pk in {line.source_id for line in lines(member)}


def test_subscription_counts_for_each_month_begun_at_what_it_was_worth_then() -> None:
    card = with_card(on=date(2027, 1, 31))
    member = card.member
    iqiyi = a_benefit("iqiyi", kind="partner_subscription", face_value=Decimal("25"), funder="partner")
    of_card(iqiyi, is_automatic=True)
    gift = a_benefit("gift", kind="gift", face_value=Decimal("30"))
    of_card(gift, is_automatic=True)
    keep_terms(plus(), on=date(2027, 1, 1))
    follow_rights(member, on=date(2027, 1, 31), at=at(date(2027, 1, 31)), actor=None)
    iqiyi.face_value, iqiyi.funder = Decimal("30"), "platform"
    iqiyi.save()
    keep_terms(plus(), on=date(2027, 3, 31))
    held = Grant.objects.get(benefit=iqiyi)
    assert [line[2:4] for line in told(member, last=date(2027, 4, 29)) if line[0] == "iqiyi"] == [
        (date(2027, 1, 31), "25.00"), (date(2027, 2, 28), "25.00"), (date(2027, 3, 31), "30.00"),
    ]
    end_grant(held, reason="退款", on=date(2027, 3, 1), at=at(date(2027, 3, 1)), actor=None)
    assert told(member) == [
        ("iqiyi", "subscription", date(2027, 1, 31), "25.00", "0", "25.00"),
        ("gift", "gift", date(2027, 1, 31), "30.00", "0", "30.00"),
        ("iqiyi", "subscription", date(2027, 2, 28), "25.00", "0", "25.00"),
    ]
    assert {line.funder for line in lines(member) if line.benefit_id == iqiyi.pk} == {"partner"}


def test_what_comes_off_an_order_counts_by_benefit_and_goes_back_with_its_returns_to_the_fen() -> None:
    member = with_card().member
    wallet = a_wallet_of(member)
    discount = a_benefit("discount", kind="stacking_discount", terms={"percent": "95"}, funder="brand")
    coupon = a_benefit("coupon", kind="coupon", valid_days=30, terms={"amount": "6"}, face_value=Decimal("6"))
    held = give(member, coupon, key="welcome", on=TODAY, at=at(TODAY), actor=None)
    use_grant(held, order_number="A1", on=TODAY, at=at(TODAY), actor=None)
    bought = order(wallet, "A1", "90.00")
    first = took_off(member, "A1", {discount: "10.00", coupon: "4.00"}, on=TODAY)
    assert took_off(member, "A1", {discount: "10.00", coupon: "4.00"}, on=TODAY) == first
    for number, day in (("R1", FEBRUARY), ("R2", FEBRUARY), ("R3", MARCH)):
        give_back(bought, number, "30.00", ordered_on=day, on=day)

    # The order says what the coupon took off; it is not counted a second time.
    assert told(member, last=TODAY) == [
        ("discount", "order", TODAY, "10.00", "0", "10.00"), ("coupon", "order", TODAY, "4.00", "0", "4.00"),
    ]
    back = [line.saved for line in lines(member, first=FEBRUARY) if line.benefit_id == discount.pk]
    assert back == [Decimal("-3.33"), Decimal("-3.34"), Decimal("-3.33")]
    assert sum(line.saved or 0 for line in lines(member)) == 0
    assert {line.funder for line in lines(member) if line.benefit_id == discount.pk} == {"brand"}

    with pytest.raises(KeyConflictError):
        took_off(member, "A1", {discount: "11.00"}, on=TODAY)
    with pytest.raises(KeyConflictError):
        took_off(a_person(), "A1", {discount: "10.00"}, on=TODAY)
    for amount in ("0", "-1", "0.001"):
        with pytest.raises(OrderSavingError):
            took_off(member, "A3", {discount: amount}, on=TODAY)
    with pytest.raises(OrderNumberNeededError):
        took_off(member, " ", {discount: "1"}, on=TODAY)
    with pytest.raises(DatabaseError), transaction.atomic():
        OrderSaving.objects.update(amount=1)
