"""JD PLUS from the purchase of a card to its end, with its partners: iQiyi, Kugou, JD Health, JD Read and more."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from benefits.models import Grant, Redemption
from memberships.models import Payment, Plan, Programme, Subscription
from memberships.services.payment_methods import choose_payment_method
from memberships.services.renewals import pay_subscription
from memberships.services.subscriptions import request_subscription, status_of
from partners.models import Command, Fulfilment
from tests.benefits.redemption_stories import differences
from tests.gateway import GatewayForTests
from tests.memberships.factories import TODAY, a_method, a_person
from tests.partner import PartnersForTests
from tests.partners.story_house import StoryHouse, opened_house
from tests.programmes.stories import entitled, in_effect, shipped

pytestmark = pytest.mark.django_db(transaction=True)

#: What comes with the card, by who fulfils it.
BY_API = {"iqiyi", "kugou-catalogue", "kugou-downloads"}
BY_FILE = {"tencent-video", "zhihu", "ctrip", "wanda-hotels", "jd-read-library", "jd-read-badge"}
FIRST_OF_GRACE, LAPSED_ON = date(2028, 1, 15), date(2028, 1, 22)


@pytest.fixture
def house(
    partners: PartnersForTests, gateway: GatewayForTests, live_server: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[StoryHouse]:
    """JD PLUS is in effect, and every partner of its file has an account; Kugou confirms when it is told to."""
    with opened_house(partners, live_server.url, monkeypatch, gateway=gateway) as house:
        in_effect(shipped("jd-plus"))
        house.open_accounts()
        house.at("kugou").change(confirm_after_ms=None)
        # JD Health tells of everything twice.
        house.at("jd-health").order_faults(copies=2)
        yield house


def asked_for(token: str) -> tuple[Subscription, Payment]:
    """Li Lei asks for the annual card and pays by that agreement."""
    plan = Plan.objects.get(programme=Programme.objects.get(code="jd-plus"), code="annual")
    card = request_subscription(a_person(on=TODAY), plan, on=TODAY, actor=None)
    payment = pay_subscription(
        card, on=TODAY, at=timezone.now(), actor=None, method=a_method(card.member, token, on=TODAY)
    )
    return Subscription.objects.get(pk=card.pk), payment


def used(
    house: StoryHouse, card: Subscription, sku: str = "consultation", *, times: int = 1, category: str = ""
) -> list[tuple[str, str, str | None]]:
    """The member uses it at JD Health, which tells us: (outcome, reason, day of the next) as JD Health was answered."""
    health = house.at("jd-health")
    new = health.use_benefit(card.member.number, sku, times=times, category=category)
    house.hear()
    usages = health.client.get("/usages").data["usages"]
    answers = [usage["answer"] for usage in usages if usage["usage"] in new]
    return [(answer["outcome"], answer["reason"], answer["next_on"]) for answer in answers]


REDEEMED, NOT_ENTITLED = ("redeemed", "", None), ("refused", "not-entitled", None)


def used_up(next_on: str | None) -> tuple[str, str, str | None]:
    """The answer that names the day of the next."""
    return "refused", "quota-used-up", next_on


def test_a_card_that_was_not_paid_for_brings_nothing_to_any_partner(house: StoryHouse) -> None:
    card, payment = asked_for("tok_hard")
    house.tick()
    assert payment.state == Payment.State.DECLINED and status_of(card, on=TODAY) == "pending"
    assert not Grant.objects.exists() and not Command.objects.exists()
    assert house.at("iqiyi").commands() == [] == house.at("kugou").commands()
    assert used(house, card) == [NOT_ENTITLED]


def test_a_card_from_its_purchase_to_its_end_at_every_partner(house: StoryHouse) -> None:
    card = the_card_is_bought_and_every_partner_is_asked(house)
    iqiyi_is_active_once_although_its_first_answer_was_an_error(house)
    files_of_the_first_night_make_the_others_active(house)
    twelve_consultations_are_used_and_the_thirteenth_is_refused(house, card)
    the_second_of_two_is_free_once_a_month_for_each_category(house, card)
    kugou_confirms_late(house, card)
    the_card_is_not_paid_for_and_rests_in_grace(house, card)
    the_card_lapses_and_everything_is_revoked(house, card)


def the_card_is_bought_and_every_partner_is_asked(house: StoryHouse) -> Subscription:
    card, payment = asked_for("tok_ok")
    assert payment.state == Payment.State.SUCCEEDED and status_of(card, on=TODAY) == "active"
    assert house.gateway is not None
    assert [charge["amount"] for charge in house.gateway.paid()] == ["1.00"]
    assert house.states_here() == dict.fromkeys(BY_API | BY_FILE, "requested")
    says = house.page_says(card.member, "benefits")
    assert "JD Health consultation 12 of 12 0 2028-01-15" in says
    return card


def iqiyi_is_active_once_although_its_first_answer_was_an_error(house: StoryHouse) -> None:
    house.at("iqiyi").order_faults(orders={"error_after": 1.0})
    house.tick()
    assert house.states_here()["iqiyi"] == "requested", "nobody knows what became of it"
    house.at("iqiyi").clear_faults()
    house.go_to(TODAY, 12)
    house.tick()
    assert house.states_here()["iqiyi"] == "active"
    assert [each["provisioned"] for each in house.at("iqiyi").fulfilments()] == [1]
    member = Fulfilment.objects.filter(partner__code="iqiyi").get().member
    says = house.page_says(member, "fulfilments")
    assert "iQiyi membership iQiyi active requested on 2027-01-15 active since 2027-01-15" in says
    assert "Kugou Music catalogue Kugou Music accepted requested on 2027-01-15" in says


def files_of_the_first_night_make_the_others_active(house: StoryHouse) -> None:
    house.night(date(2027, 1, 16))
    states = house.states_here()
    assert {benefit for benefit in BY_FILE if states[benefit] == "active"} == BY_FILE
    assert {states["kugou-catalogue"], states["kugou-downloads"]} == {"accepted"}, "asked again, it still thinks"


def twelve_consultations_are_used_and_the_thirteenth_is_refused(house: StoryHouse, card: Subscription) -> None:
    house.go_to(date(2027, 3, 10))
    assert used(house, card, times=12) == [REDEEMED] * 12
    assert entitled(card.member, on=date(2027, 3, 10))["jd-health-consultation"] == (12, 0)
    house.go_to(date(2027, 3, 11))
    assert used(house, card) == [used_up("2028-01-15")]
    assert Redemption.objects.count() == 12, "what was told twice is booked once, what was refused not at all"
    says = house.page_says(card.member, "benefits")
    assert "JD Health consultation 0 of 12 12 2028-01-15" in says


def the_second_of_two_is_free_once_a_month_for_each_category(house: StoryHouse, card: Subscription) -> None:
    house.go_to(date(2027, 3, 12))
    for category in ("体检", "口腔", "眼科"):
        assert used(house, card, "bogo", category=category) == [REDEEMED], category
    house.go_to(date(2027, 3, 31), 23, 50)
    assert used(house, card, "bogo", category="体检") == [used_up("2027-04-01")]
    assert used(house, card, "bogo", category="整形") == [NOT_ENTITLED], "none of the three"
    house.go_to(date(2027, 4, 1), 0, 1)
    assert used(house, card, "bogo", category="体检") == [REDEEMED]
    says = house.page_says(card.member, "benefits")
    assert "JD Health buy one get one · 体检 0 of 1 1 2027-05-01" in says
    assert "JD Health buy one get one · 口腔 1 of 1 0 2027-05-01" in says


def kugou_confirms_late(house: StoryHouse, card: Subscription) -> None:
    house.go_to(date(2027, 4, 2))
    assert house.at("kugou").confirm() == 2
    house.hear()
    states = house.states_here()
    assert {states["kugou-catalogue"], states["kugou-downloads"]} == {"active"}
    says = house.page_says(card.member, "fulfilments")
    assert "Kugou Music catalogue Kugou Music active requested on 2027-01-15 active since 2027-04-02" in says
    house.tick()
    house.assert_same_there()


def the_card_is_not_paid_for_and_rests_in_grace(house: StoryHouse, card: Subscription) -> None:
    house.go_to(date(2028, 1, 10))
    choose_payment_method(card, a_method(card.member, "tok_hard", on=date(2028, 1, 10)), actor=None)
    for day in (13, 14, 15):
        house.night(date(2028, 1, day))
    assert status_of(card, on=FIRST_OF_GRACE) == "in_grace"
    states = house.states_here()
    assert states == {**dict.fromkeys(BY_API | BY_FILE, "active"), "iqiyi": "suspended"}, "as its offer says"
    house.assert_same_there()
    says = house.page_says(card.member, "benefits")
    assert "JD Health consultation in grace 0 of 12 12 –" in says
    # Twelve more come with a year that is paid for. What was left of the one that was can be used.
    house.go_to(FIRST_OF_GRACE)
    assert used(house, card) == [used_up(None)]
    assert used(house, card, "bogo", category="口腔") == [REDEEMED]


def the_card_lapses_and_everything_is_revoked(house: StoryHouse, card: Subscription) -> None:
    for day in (16, 21):
        house.night(date(2028, 1, day))
    assert set(house.states_here().values()) == {"active", "suspended"}, "to the last day of grace"
    house.night(LAPSED_ON)
    assert status_of(card, on=LAPSED_ON) == "lapsed"
    assert house.states_here() == dict.fromkeys(BY_API | BY_FILE, "revoked")
    house.assert_same_there()
    assert not Fulfilment.objects.behind().exists() and not Command.objects.open().exists()
    assert set(Grant.objects.values_list("state", flat=True)) == {"ended"}
    assert "Nothing entitles the member to a benefit today." in house.page_says(card.member, "benefits")
    assert "iQiyi membership iQiyi revoked" in house.page_says(card.member, "fulfilments")
    house.go_to(LAPSED_ON)
    assert used(house, card) == [NOT_ENTITLED]
    assert house.gateway is not None and len(house.gateway.paid()) == 1
    assert differences(on=LAPSED_ON) == []
