"""Each kind of notice to members: of one event one notice on each channel, however often it is looked for."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from memberships.notices import notice_kinds
from memberships.services.refunds import refund_payment
from memberships.services.resumptions import resume_subscription
from memberships.services.subscriptions import cancel_subscription
from operations import registry
from tests.memberships.factories import an_operator
from tests.memberships.night_stories import at_night, night, run_job
from tests.memberships.notice_stories import (
    DAY,
    LAST,
    a_february_card,
    a_full_wallet,
    a_gold_member_of_two_ladders,
    a_reader,
    told_once,
)
from tests.memberships.points_stories import MARCH
from tests.memberships.tier_stories import a_climber, a_ladder, qualify

MOBILE = "13812345678"
SPRING = date(2027, 4, 1)


def points_end() -> None:
    a_full_wallet(a_reader(mobile=MOBILE))


def tiers_end(days: int) -> Callable[[], None]:
    def happen() -> None:
        wallet = a_gold_member_of_two_ladders(until=MARCH)
        wallet.member.contacts.update(mobile=MOBILE)
        run_job("foresee_downgrades", on=MARCH - days * DAY)

    return happen


def a_step_up() -> None:
    wallet = a_climber(a_ladder({"normal": 0, "silver": 1_000}), member=a_reader(mobile=MOBILE))
    qualify(wallet, 1_000, on=SPRING)
    run_job("evaluate_tiers", on=SPRING)


def a_charge(token: str) -> Callable[[], None]:
    def happen() -> None:
        a_february_card(token, mobile=MOBILE)
        night(LAST - DAY)

    return happen


def a_refund() -> None:
    card = a_february_card("tok_ok", mobile=MOBILE)
    night(LAST - DAY)
    payment = card.payments.get()
    refund_payment(
        payment, amount=Decimal("5.00"), ends_card=False, on=LAST, at=at_night(LAST), reason="unhappy",
        actor=an_operator(),
    )


def a_lapse() -> None:
    a_february_card("tok_ok", mobile=MOBILE)
    run_job("enter_grace_and_lapse", on=LAST + 8 * DAY)


def a_resumption() -> None:
    card = a_february_card("tok_ok", mobile=MOBILE)
    cancel_subscription(card, on=LAST - 9 * DAY, reason="too dear", actor=None)
    resume_subscription(card, on=LAST - 8 * DAY, reason="changed their mind", actor=None)


#: By kind: what happens, the business date whose night tells of it, and how many events those are.
EVENTS: dict[str, tuple[Callable[[], Any], date, int]] = {
    "points_expire_30": (points_end, MARCH - 30 * DAY, 1), "points_expire_7": (points_end, MARCH - 7 * DAY, 1),
    "tier_ends_30": (tiers_end(30), MARCH - 30 * DAY, 2), "tier_ends_7": (tiers_end(7), MARCH - 7 * DAY, 2),
    "tier_reached": (a_step_up, SPRING, 1),
    "card_renews_7": (lambda: a_february_card("tok_ok", mobile=MOBILE), LAST - 8 * DAY, 1),
    "card_renewed": (a_charge("tok_ok"), LAST - DAY, 1), "payment_declined": (a_charge("tok_soft"), LAST - DAY, 1),
    "card_in_grace": (lambda: a_february_card("tok_ok", mobile=MOBILE), LAST + DAY, 1),
    "card_lapsed": (a_lapse, LAST + 8 * DAY, 1), "refund_paid": (a_refund, LAST, 1),
    "card_resumed": (a_resumption, LAST - 8 * DAY, 1),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", [kind.name for kind in notice_kinds()])
def test_one_event_is_one_notice_on_each_channel(gateway: Any, name: str) -> None:
    happen, on, events = EVENTS[name]
    happen()
    notices = told_once(registry.notices.get(name), on, events=events)
    assert {notice.facts.get("plan_en", "Monthly card") for notice in notices} == {"Monthly card"}
