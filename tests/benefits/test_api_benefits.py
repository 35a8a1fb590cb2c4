"""Members' benefits over HTTP: what a program with a token asks and does for a member, and what it is refused."""

from datetime import timedelta
from typing import Any

import pytest

from benefits.api import CHOOSE, ORDERS, READ, REDEEM
from benefits.models import Benefit, Grant, KeptAnswer, OrderSaving, PricingPolicy, Redemption
from memberships.admin.display import today
from memberships.models import Member, Subscription, Term
from operations.models import OutboxMessage
from tests.benefits.benefit_stories import a_benefit, a_group, of_card, with_card
from tests.operations.api_fuzz import surprises
from tests.operations.api_stories import Caller, a_caller, an_api_client, problem, user_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    return with_card(on=today() - timedelta(days=40)).member


@pytest.fixture
def app() -> Caller:
    return a_caller(READ, CHOOSE, REDEEM, ORDERS)


def of(member: Member, page: str) -> str:
    return f"/api/v1/benefits/members/{member.number}/{page}"


def named(benefit: Any) -> dict[str, str]:
    return {"programme": benefit.programme.code, "code": benefit.code}


def consultations(quota: int = 12) -> Benefit:
    benefit = a_benefit("consultation", name_en="Online consultation")
    of_card(benefit, quota, "year", basis="anniversary")
    return benefit


def test_a_member_asks_what_they_are_entitled_to(app: Caller, member: Member) -> None:
    consultations()
    (line,) = app.get(of(member, "entitlements")).json()
    assert (line["name"], line["left"], line["used"]) == ("Online consultation", 12, 0)
    assert line["why"] == "It is the only rule that counts."
    before = app.get(of(member, "entitlements"), on=str(today() - timedelta(days=41)))
    assert before.json() == []


def test_a_benefit_is_redeemed_once_however_often_it_is_asked(app: Caller, member: Member) -> None:
    body = {"benefit": named(consultations()), "order_number": "JD-1"}
    first = app.post(of(member, "redemptions"), body, key="order-1")
    assert first.status_code == 200 and first.json()["state"] == "done"
    assert app.post(of(member, "redemptions"), body, key="order-1").json() == first.json()
    redemption = Redemption.objects.get()
    assert redemption.actor == user_of(app)
    other = app.post(of(member, "redemptions"), body | {"quantity": 2}, key="order-1")
    assert problem(other) == (409, "key-conflict")


def test_what_is_used_up_is_refused_in_the_readers_language(app: Caller, member: Member) -> None:
    body = {"benefit": named(consultations(quota=1))}
    app.post(of(member, "redemptions"), body, key="1")
    refused = app.post(of(member, "redemptions"), body, key="2")
    assert problem(refused)[1] == "quota-used-up"
    in_chinese = app.post(of(member, "redemptions"), body, key="3", **{"accept-language": "zh-hans"})
    assert in_chinese.json()["detail"] != refused.json()["detail"]


def test_what_is_given_by_itself_is_not_redeemed_and_says_so(app: Caller, member: Member) -> None:
    video = a_benefit("iqiyi", kind="partner_subscription")
    of_card(video, is_automatic=True)
    (line,) = app.get(of(member, "entitlements")).json()
    assert line["why"] == "It is the only rule that counts. It gives the benefit by itself."
    refused = app.post(of(member, "redemptions"), {"benefit": named(video)}, key="1")
    assert problem(refused) == (409, "given-by-itself")


def test_a_use_is_taken_back(app: Caller, member: Member) -> None:
    used = app.post(of(member, "redemptions"), {"benefit": named(consultations())}, key="1").json()
    back = app.post(of(member, f"redemptions/{used['id']}/return"), {"reason": "预约取消"}, key="back-1")
    assert back.json()["state"] == "returned"
    assert app.get(of(member, f"redemptions/{used['id']}")).json()["state"] == "returned"
    assert app.get(of(member, "entitlements")).json()[0]["left"] == 12
    stranger = with_card(on=today()).member
    assert problem(app.get(of(stranger, f"redemptions/{used['id']}")))[0] == 404


def test_a_member_chooses_and_exchanges_before_the_first_use(app: Caller, member: Member) -> None:
    video, music = a_benefit("video"), a_benefit("music")
    group = a_group(video, music, picks=1, swaps=1, window="term")
    for benefit in (video, music):
        of_card(benefit, choice_group=group)
    chosen = app.post(of(member, "choices"), {"group": named(group), "take": ["video"]}, key="1")
    assert [option["is_chosen"] for option in chosen.json()["options"]] == [True, False]
    too_many = app.post(of(member, "choices"), {"group": named(group), "take": ["music"]}, key="2")
    assert problem(too_many)[0] in (409, 422)
    swapped = app.post(of(member, "swaps"), {"group": named(group), "put_away": "video", "take": "music"}, key="3")
    assert [option["is_chosen"] for option in swapped.json()["options"]] == [False, True]
    shown = app.get(of(member, f"choices/{group.programme.code}/{group.code}")).json()
    assert (shown["free"], shown["swaps_left"]) == (0, 0)
    stranger = with_card(on=today()).member
    assert app.get(of(stranger, f"choices/{group.programme.code}/{group.code}")).status_code == 200


def test_a_repeat_of_a_choice_is_told_the_first_answer_though_the_right_is_over_by_then(
    app: Caller, member: Member
) -> None:
    video, music = a_benefit("video"), a_benefit("music")
    group = a_group(video, music, picks=1, swaps=1, window="year")
    for benefit in (video, music):
        of_card(benefit, choice_group=group)
    taking = {"group": named(group), "take": ["video"]}
    swapping = {"group": named(group), "put_away": "video", "take": "music"}
    chosen = app.post(of(member, "choices"), taking, key="c1")
    swapped = app.post(of(member, "swaps"), swapping, key="s1")
    Term.objects.update(ends_on=today() - timedelta(days=20))
    Subscription.objects.update(ended_on=today() - timedelta(days=1))
    assert app.get(of(member, f"choices/{group.programme.code}/{group.code}")).status_code == 404
    for page, body, key, first in (("choices", taking, "c1", chosen), ("swaps", swapping, "s1", swapped)):
        again = app.post(of(member, page), body, key=key)
        assert (again.status_code, again.json()) == (200, first.json())
    assert problem(app.post(of(member, "swaps"), swapping, key="c1")) == (409, "key-conflict")
    assert problem(app.post(of(member, "choices"), taking, key="c2"))[0] in (404, 409)


def coupons(app: Caller, member: Member, *, count: int = 2) -> list[str]:
    """The keys of freight coupons that the member redeemed."""
    benefit = a_benefit("freight-coupon", kind="coupon", valid_days=30)
    of_card(benefit, 12, "year")
    done = [app.post(of(member, "redemptions"), {"benefit": named(benefit)}, key=f"c{n}") for n in range(count)]
    return [answer.json()["grant"] for answer in done]


def test_coupons_are_used_for_an_order_once_and_come_back_with_it(app: Caller, member: Member) -> None:
    keys = coupons(app, member)
    body = {"coupons": keys, "order_number": "JD-1"}
    first = app.post(of(member, "coupons/use"), body, key="order-1")
    assert [(each["key"], each["state"], each["order_number"]) for each in first.json()] == [
        (key, "used", "JD-1") for key in keys
    ]
    messages = OutboxMessage.objects.count()
    assert app.post(of(member, "coupons/use"), body, key="order-1-again").json() == first.json()
    assert OutboxMessage.objects.count() == messages
    elsewhere = app.post(of(member, "coupons/use"), body | {"order_number": "JD-2"}, key="order-2")
    assert problem(elsewhere) == (409, "grant-state")
    back = app.post(of(member, "coupons/give-back"), {"order_number": "JD-1"}, key="back-1")
    assert [(each["state"], each["order_number"]) for each in back.json()] == [("live", "")] * 2
    assert app.post(of(member, "coupons/give-back"), {"order_number": "JD-1"}, key="back-2").json() == []
    assert app.post(of(member, "coupons/use"), body | {"order_number": "JD-2"}, key="3").status_code == 200


def test_a_late_repeat_of_a_coupons_use_uses_nothing_up_and_another_body_is_refused(
    app: Caller, member: Member
) -> None:
    first, second = coupons(app, member)
    body = {"coupons": [first], "order_number": "JD-1"}
    used = app.post(of(member, "coupons/use"), body, key="same")
    for other in ({"coupons": [second], "order_number": "JD-2"}, body | {"order_number": "JD-2"}):
        assert problem(app.post(of(member, "coupons/use"), other, key="same")) == (409, "key-conflict")
    order = {"order_number": "JD-1"}
    assert problem(app.post(of(member, "coupons/give-back"), order, key="same")) == (409, "key-conflict")
    back = app.post(of(member, "coupons/give-back"), order, key="back")
    # The first call's repeat comes late: it is told what was, and the coupon stays the member's.
    assert app.post(of(member, "coupons/use"), body, key="same").json() == used.json()
    assert Grant.objects.get(key=first).state == "live"
    app.post(of(member, "coupons/use"), body, key="anew")
    assert app.post(of(member, "coupons/give-back"), order, key="back").json() == back.json()
    assert Grant.objects.get(key=first).state == "used"
    # What fails keeps nothing: it may be tried again. Keys are each member's own.
    assert KeptAnswer.objects.filter(member=member).count() == 3
    stranger = with_card(on=today()).member
    assert app.post(of(stranger, "coupons/give-back"), order, key="same").json() == []


def test_of_an_orders_coupons_all_are_used_or_none(app: Caller, member: Member) -> None:
    first, second = coupons(app, member)
    for wrong in ("redeem:nothing", coupon_of_another(app)):
        refused = app.post(of(member, "coupons/use"), {"coupons": [first, wrong], "order_number": "JD-1"}, key="1")
        assert problem(refused)[1] == "coupon-not-held"
    assert set(Grant.objects.values_list("state", flat=True)) == {"live"}
    app.post(of(member, "coupons/use"), {"coupons": [first], "order_number": "JD-1"}, key="2")
    other = app.post(of(member, "coupons/use"), {"coupons": [second], "order_number": "JD-1"}, key="3")
    assert problem(other) == (409, "coupons-of-order") and first in other.json()["detail"]
    unnamed = app.post(of(member, "coupons/use"), {"coupons": [second], "order_number": ""}, key="4")
    unkeyed = app.post(of(member, "coupons/use"), {"coupons": [second], "order_number": "JD-2"})
    assert (problem(unnamed)[0], problem(unkeyed)[0]) == (422, 422)
    assert Grant.objects.filter(state="used").count() == 1


def coupon_of_another(app: Caller) -> str:
    stranger = with_card(on=today()).member
    benefit = Benefit.objects.get(code="freight-coupon")
    key: str = app.post(of(stranger, "redemptions"), {"benefit": named(benefit)}, key="theirs").json()["grant"]
    return key


def test_a_shop_tells_what_came_off_an_order_or_has_it_reckoned(app: Caller, member: Member) -> None:
    benefit = a_benefit("discount", kind="stacking_discount", terms={"percent": "95"})
    of_card(benefit)
    told = {"programme": "jd-plus", "order_number": "JD-1", "saved": [{"benefit": "discount", "amount": "5.00"}]}
    first = app.post(of(member, "savings"), told)
    assert first.json() == [
        {"benefit": "discount", "amount": "5.00", "order_number": "JD-1", "ordered_on": str(today())}
    ]
    assert app.post(of(member, "savings"), told).json() == first.json()
    otherwise = told | {"saved": [{"benefit": "discount", "amount": "6.00"}]}
    assert problem(app.post(of(member, "savings"), otherwise)) == (409, "key-conflict")
    assert problem(app.post(of(member, "savings"), told | {"ordered_on": "2199-01-01"}))[0] == 422
    assert problem(app.post(of(member, "savings"), told | {"saved": [{"benefit": "none", "amount": "1"}]}))[0] == 404

    PricingPolicy.objects.create(
        programme=benefit.programme, steps=[{"kind": "stacking_discount"}], starts_on=today() - timedelta(days=40)
    )
    order = {"programme": "jd-plus", "order_number": "JD-2", "lines": [{"key": "tea", "price": "200.00"}]}
    reckoned = app.post(of(member, "savings/quoted"), order)
    assert [(each["benefit"], each["amount"]) for each in reckoned.json()] == [("discount", "10.00")]
    assert app.post(of(member, "savings/quoted"), order).json() == reckoned.json()
    assert problem(a_caller(READ).post(of(member, "savings"), told))[0] == 403
    assert OrderSaving.objects.count() == 2


def test_a_token_reaches_as_far_as_its_scopes(member: Member) -> None:
    benefit = consultations()
    reader = a_caller(READ)
    assert reader.get(of(member, "entitlements")).status_code == 200
    refused = reader.post(of(member, "redemptions"), {"benefit": named(benefit)}, key="1")
    assert problem(refused)[0] == 403 and not Redemption.objects.exists()
    coupon = {"coupons": ["redeem:1"], "order_number": "JD-1"}
    assert problem(reader.post(of(member, "coupons/use"), coupon, key="1"))[0] == 403
    assert problem(Caller().get(of(member, "entitlements")))[0] == 401


def test_a_mistyped_number_and_an_unknown_benefit_are_not_found(app: Caller, member: Member) -> None:
    benefit = consultations()
    wrong = f"{member.number[:-1]}{(int(member.number[-1]) + 1) % 10}"
    assert problem(app.get(f"/api/v1/benefits/members/{wrong}/entitlements"))[0] == 404
    unknown = {"benefit": {"programme": benefit.programme.code, "code": "nothing"}}
    assert problem(app.post(of(member, "redemptions"), unknown, key="1"))[0] == 404
    unkeyed = app.post(of(member, "redemptions"), {"benefit": named(benefit)})
    assert problem(unkeyed)[0] == 422


def test_whatever_is_asked_the_answer_is_in_the_document(member: Member, settings: Any) -> None:
    settings.API_PER_MINUTE = 0
    consultations()
    token = an_api_client(READ, CHOOSE, REDEEM, ORDERS).token
    assert surprises("/api/v1/openapi.json", token=token, only="/benefits", examples=8) == []
