"""Gifts by hand and coupons: given once under a key, used for an order, given back with it, over after their days."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.db import connection
from django.utils import translation

from benefits.errors import (
    BenefitKeyError,
    BenefitRetiredError,
    CouponQuantityError,
    GrantStateError,
    GrantUsedElsewhereError,
    GrantWaitsForCodeError,
    GrantWindowError,
    RedemptionQuantityError,
)
from benefits.models import Benefit, Grant
from benefits.services.coupons import use_coupons
from benefits.services.grants import end_grant, give, give_back_grant, use_grant
from memberships.errors import MemberClosedError
from memberships.models import Member
from operations.errors import KeyConflictError
from operations.models import OutboxMessage
from tests.benefits.benefit_stories import TODAY, a_benefit, a_key, a_person, at
from tests.memberships.night_stories import run_job

pytestmark = pytest.mark.django_db
LAST = date(2027, 2, 13)


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def a_coupon(**facts: object) -> Benefit:
    """One of 58, for thirty days."""
    return a_benefit("coupon", **{"kind": "coupon", "valid_days": 30, "terms": {"amount": "58"}, **facts})


def given(benefit: Benefit, *, on: date = TODAY, key: str = "", member: Member | None = None, **facts: object) -> Grant:
    return give(
        member or a_person(), benefit, key=key or a_key(), on=on, at=at(on), actor=None, **facts  # type: ignore[arg-type]
    )


def use(grant: Grant, order: str = "JD1", *, on: date = TODAY) -> Grant:
    return use_grant(grant, order_number=order, on=on, at=at(on), actor=None)


def give_back(grant: Grant, order: str = "JD1", *, on: date = TODAY) -> Grant:
    return give_back_grant(grant, order_number=order, on=on, at=at(on) + timedelta(hours=1), actor=None)


def test_a_gift_holds_for_the_benefits_days_and_a_repeat_gives_no_second_one() -> None:
    coupon, member = a_coupon(), a_person()
    grant = given(coupon, member=member, key="welcome:1")
    assert (grant.state, grant.valid_from, grant.valid_until, grant.rule) == ("live", TODAY, LAST, None)
    assert given(coupon, member=member, key="welcome:1") == grant
    with pytest.raises(KeyConflictError):
        given(a_benefit("other"), member=member, key="welcome:1")
    assert Grant.objects.held(on=LAST).count() == 1
    assert Grant.objects.held(on=LAST + timedelta(days=1)).count() == 0


def test_several_coupons_are_so_many_gifts_and_several_units_of_anything_else_are_one() -> None:
    """Each coupon is for one order: as one gift, the second would be used up with the first."""
    member, coupon, badge = a_person(), a_coupon(), a_benefit("badge", kind="gift")
    with pytest.raises(CouponQuantityError, match="one at a time, since a coupon is for one order: 2 were asked for"):
        given(coupon, member=member, quantity=2)
    assert not Grant.objects.exists()
    first, second = given(coupon, member=member), given(coupon, member=member)
    assert use(first, "JD1").order_number == "JD1" and use(second, "JD2").order_number == "JD2"
    assert given(badge, member=member, key="badges", quantity=3).quantity == 3
    with pytest.raises(KeyConflictError):
        given(badge, member=member, key="badges", quantity=2)


def test_what_cannot_be_given_is_named() -> None:
    coupon = a_coupon(retired_on=date(2027, 6, 1))
    with pytest.raises(BenefitRetiredError):
        given(coupon, on=date(2027, 6, 1))
    with pytest.raises(GrantWindowError):
        given(coupon, valid_until=date(2027, 1, 14))
    with pytest.raises(BenefitKeyError):
        given(coupon, key="a" * 65)
    with pytest.raises(RedemptionQuantityError):
        given(coupon, quantity=0)
    closed = a_person()
    Member.objects.filter(pk=closed.pk).update(closed_on=TODAY)
    with pytest.raises(MemberClosedError):
        given(coupon, member=closed)
    assert not Grant.objects.exists()


def test_a_coupon_is_used_for_one_order_and_comes_back_with_it() -> None:
    grant = given(a_coupon())
    assert (use(grant).state, use(grant).used_on) == ("used", TODAY)
    with pytest.raises(GrantStateError):
        use(grant, "JD2")
    with pytest.raises(GrantUsedElsewhereError, match="was used for order JD1, not for JD2"):
        give_back(grant, "JD2")
    assert (give_back(grant).state, give_back(grant).order_number) == ("live", "")
    assert use(grant, "JD2").order_number == "JD2"


#: What a partner does while its code is still to come: a floor above refuses the use.
WAITING = """
CREATE FUNCTION refuse_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'no code yet' USING ERRCODE = 'check_violation', CONSTRAINT = '{constraint}';
END $$;
CREATE TRIGGER refuse_use AFTER UPDATE ON benefits_grant
FOR EACH ROW WHEN (NEW.key = 'gift:waiting' AND NEW.state = 'used') EXECUTE FUNCTION refuse_use();
"""


def test_a_coupon_that_waits_for_its_code_is_not_used_and_none_of_the_orders_others_is() -> None:
    coupon, member = a_coupon(), a_person()
    grants = [give(member, coupon, key=key, on=TODAY, at=at(TODAY), actor=None) for key in ("ready", "waiting")]
    with connection.cursor() as cursor:
        cursor.execute(WAITING.format(constraint="grant_without_code"))
    with pytest.raises(GrantWaitsForCodeError, match="“coupon” waits for its code"):
        use(grants[1])
    keys = [grant.key for grant in grants]
    with pytest.raises(GrantWaitsForCodeError):
        use_coupons(member, keys, order_number="JD1", on=TODAY, at=at(TODAY), actor=None)
    assert set(Grant.objects.values_list("state", "order_number")) == {("live", "")}
    assert not OutboxMessage.objects.filter(topic="grant.changed").exists()
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER refuse_use ON benefits_grant")
    assert use(grants[1]).state == "used"


def test_an_order_that_comes_back_after_the_coupons_days_brings_nothing_back() -> None:
    grant = use(given(a_coupon()))
    late = LAST + timedelta(days=5)
    back = give_back(grant, on=late)
    assert (back.state, back.ended_on, back.valid_until) == ("ended", late, LAST)


def test_a_coupon_is_not_used_before_or_after_its_days_whether_or_not_the_night_has_come() -> None:
    grant = given(a_coupon())
    for day in (TODAY - timedelta(days=1), LAST + timedelta(days=1)):
        with pytest.raises(GrantStateError):
            use(grant, on=day)
    assert use(grant, on=LAST).state == "used"


def test_the_night_ends_what_ran_out_and_a_second_one_finds_nothing() -> None:
    first, second = given(a_coupon()), given(a_benefit("gift", kind="gift"))
    run_job("expire_grants", on=LAST)
    first.refresh_from_db()
    assert first.state == "live"
    assert run_job("expire_grants", on=LAST + timedelta(days=1)).done == 1
    for grant in (first, second):
        grant.refresh_from_db()
    assert (first.state, first.ended_on, first.valid_until) == ("ended", LAST + timedelta(days=1), LAST)
    assert second.state == "live"
    assert run_job("expire_grants", on=LAST + timedelta(days=2)).done == 0
    assert OutboxMessage.objects.filter(topic="grant.ended").count() == 1


def test_what_was_given_is_taken_back_with_a_reason() -> None:
    grant = given(a_coupon())
    later = TODAY + timedelta(days=3)
    ended = end_grant(grant, reason="given by mistake", on=later, at=at(later), actor=None)
    assert (ended.state, ended.valid_until, ended.end_reason) == ("ended", date(2027, 1, 17), "given by mistake")
    assert end_grant(grant, reason="again", on=later, at=at(later), actor=None).end_reason == "given by mistake"
    with pytest.raises(GrantStateError):
        use(grant, on=later)
    with pytest.raises(GrantStateError):
        end_grant(use(given(a_benefit("another", kind="gift"))), reason="too late", on=TODAY, at=at(TODAY), actor=None)


def test_each_step_is_told_once() -> None:
    grant = given(a_coupon())
    use(grant)
    use(grant)
    give_back(grant)
    told = OutboxMessage.objects.filter(owner=grant.member_id, topic__startswith="grant.").order_by("pk")
    assert [(message.topic, message.payload["state"]) for message in told] == [
        ("grant.started", "live"), ("grant.changed", "used"), ("grant.changed", "live"),
    ]
