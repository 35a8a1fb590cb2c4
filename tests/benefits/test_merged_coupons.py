"""Coupons and codes of a record that was merged are used by the one that stays, and are its own after undoing."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils.translation import override

from benefits.models import Grant, Redemption
from benefits.pricing.errors import CouponNotHeldError
from benefits.services.coupons import give_back_coupons, use_coupons
from benefits.services.grants import give
from benefits.services.quotes import coupons_held
from memberships.admin.display import today
from memberships.models import Member, MemberMerge
from memberships.services.merges import MergeBlockedError, conflicts_of, hindrances_of, undo_merge, what_would_move
from operations import registry
from partners.models import VoucherCode
from tests.benefits.redemption_stories import TODAY, a_coupon, a_member, held, take_back, use
from tests.memberships.merge_stories import an_asker, differences, merged
from tests.memberships.notice_stories import DAY, told_once
from tests.memberships.points_stories import morning
from tests.operations.api_stories import Caller, a_caller, problem
from tests.partners.voucher_stories import a_cinema, code_of, many_codes, take

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def on_order(member: Member, *keys: str, order: str = "A-1") -> list[Grant]:
    return use_coupons(member, keys, order_number=order, on=TODAY, at=morning(TODAY), actor=None)


def back(member: Member, order: str = "A-1") -> list[Grant]:
    return give_back_coupons(member, order_number=order, on=TODAY, at=morning(TODAY) + HOUR, actor=None)


def undone(merge: MemberMerge, *, on: Any = TODAY) -> MemberMerge:
    return undo_merge(merge, reason="并非同一人", on=on, at=morning(on), actor=an_asker(), checker=None)


def a_duplicate_with_coupons(number: int = 2, *, on: date = TODAY) -> tuple[Member, Member, list[str]]:
    """A record whose card was refunded and who still holds coupons, the one that stays, and their keys."""
    former, survivor = a_member(on=on), a_member(on=on)
    coupon = a_coupon(number)
    keys = [use(former, coupon, on=on).grant.key for _number in range(number)]
    former.subscriptions.update(ended_on=on - DAY, refunded_on=on - DAY)
    former.terms.all().delete()
    return former, survivor, keys


def test_coupons_of_the_number_that_ended_are_used_for_orders_of_the_one_that_stays_and_go_back_with_undoing() -> None:
    former, survivor, keys = a_duplicate_with_coupons()
    before = held(former)
    with override("en"):
        assert [each.words for each in conflicts_of(former, survivor, on=TODAY) if each.is_bar] == []
        assert ("Coupons and gifts held", 2) in [tuple(each) for each in what_would_move(former, survivor)]
    merge = merged(former, survivor)
    assert [each.key for each in coupons_held(survivor, a_coupon_programme(), on=TODAY)] == keys
    (used,) = on_order(survivor, keys[0])
    assert (used.member_id, used.state, used.order_number) == (former.pk, "used", "A-1")
    assert on_order(survivor, keys[0]) == [used]
    with override("en"):
        (words,) = hindrances_of(merge, on=TODAY)
        assert "grant" in words and "used for order" in words
        with pytest.raises(MergeBlockedError, match="Changed since"):
            undone(merge)
    assert [grant.pk for grant in back(survivor)] == [used.pk]
    undone(merge)
    assert held(former) == before
    with pytest.raises(CouponNotHeldError):
        on_order(survivor, keys[0])
    assert len(on_order(former, *keys)) == 2
    assert differences() == []


def a_coupon_programme() -> Any:
    return Grant.objects.select_related("benefit__programme").first().benefit.programme  # type: ignore[union-attr]


def test_coupons_that_ran_out_since_do_not_hinder_undoing() -> None:
    former, survivor, _keys = a_duplicate_with_coupons(1)
    merge = merged(former, survivor)
    Grant.objects.filter(member=former).update(state="ended", ended_on=TODAY + DAY)
    undone(merge, on=TODAY + 2 * DAY)
    assert [state for _code, state, *_days in held(former)] == ["ended"]


def test_of_two_coupons_under_one_key_each_is_used_once() -> None:
    former, survivor, _keys = a_duplicate_with_coupons(1)
    coupon = Grant.objects.filter(member=former).get().benefit
    for member in (former, survivor):
        give(member, coupon, key="welcome", on=TODAY, at=morning(TODAY), actor=None)
    merged(former, survivor)
    (first,) = on_order(survivor, "gift:welcome", order="A-1")
    (second,) = on_order(survivor, "gift:welcome", order="A-2")
    assert [first.member_id, second.member_id] == [survivor.pk, former.pk]
    assert on_order(survivor, "gift:welcome", order="A-1") == [first]
    assert on_order(survivor, "gift:welcome", order="A-2") == [second]
    assert [grant.pk for grant in back(survivor, "A-1")] == [first.pk]


def test_a_voucher_code_stays_with_its_coupon_and_the_record_that_stays_uses_it() -> None:
    offer = a_cinema()
    many_codes(offer, 2)
    former, survivor = a_member(), a_member()
    code = code_of(take(former, offer))
    former.subscriptions.update(ended_on=TODAY - DAY, refunded_on=TODAY - DAY)
    former.terms.all().delete()
    grant = Grant.objects.get(member=former)
    with override("en"):
        assert not [each for each in conflicts_of(former, survivor, on=TODAY) if "still provide" in each.words]
    merge = merged(former, survivor)
    on_order(survivor, grant.key)
    assert VoucherCode.objects.get(pk=code.pk).fulfilment_id == code.fulfilment_id
    back(survivor)
    undone(merge)
    assert on_order(former, grant.key) == [grant]
    assert differences() == []


def test_the_shop_uses_and_takes_back_over_http_what_the_former_number_held() -> None:
    shop: Caller = a_caller("benefits.read", "benefits.redeem")
    former, survivor, keys = a_duplicate_with_coupons(on=today())
    redemption = Redemption.objects.filter(member=former).order_by("pk").last()
    assert redemption is not None
    merged(former, survivor, on=today())
    page = f"/api/v1/benefits/members/{survivor.number}/coupons/use"
    used = shop.post(page, {"coupons": [keys[0]], "order_number": "A-9"}, key="k-1")
    assert used.status_code == 200 and used.json()[0]["state"] == "used"
    shown = shop.get(f"/api/v1/benefits/members/{survivor.number}/redemptions/{redemption.pk}")
    assert (shown.status_code, shown.json()["grant"]) == (200, keys[1])
    assert take_back(redemption, on=today()).state == "returned"
    # Who names the number that ended is told the one that stays.
    refused = shop.post(page.replace(survivor.number, former.number), {"coupons": keys, "order_number": "A-9"}, key="2")
    assert problem(refused) == (409, "member-merged") and survivor.number in refused.json()["detail"]


def test_the_one_that_stays_hears_that_coupons_of_the_other_number_end() -> None:
    former, survivor, _keys = a_duplicate_with_coupons(1)
    own = use(survivor, Grant.objects.get(member=former).benefit)
    last = own.grant.valid_until
    merged(former, survivor)
    notices = told_once(registry.notices.get("benefits_end_7"), last - 7 * DAY, events=2)
    assert {(notice.owner, notice.facts["benefits"]) for notice in notices} == {(survivor.pk, 1)}
    assert len({notice.key for notice in notices}) == 2
