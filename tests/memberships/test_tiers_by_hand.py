"""First tiers, tiers set by hand, tiers that a paid card gives."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from memberships.errors import TierError
from memberships.models import Enrolment, Subscription, Tier, TierChange, TierStanding
from memberships.models.tiers import Cause
from memberships.services.subscriptions import cancel_subscription, join
from memberships.services.tiers import give_first_tiers, set_tier, standing_of
from memberships.signals import tier_changed
from operations.errors import KeyConflictError
from operations.models import OutboxMessage
from tests.memberships.factories import a_person, an_annual_card, an_operator, jd_plus_enterprise
from tests.memberships.points_stories import a_key, morning
from tests.memberships.tier_stories import (
    a_climber,
    a_ladder,
    by_hand,
    evaluate,
    held,
    newest,
    qualify,
    stars,
    steps,
    tier_of,
)

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
SPRING = date(2027, 4, 1)
EIGHTY_EIGHT = {"normal": 0, "silver": 1_000, "gold": 3_000, "88vip": 0}



def test_new_wallet_stands_on_the_first_tier_of_each_ladder() -> None:
    levels = a_ladder()
    wallet = a_climber(stars(programme=levels.programme))
    changes = TierChange.objects.filter(enrolment=wallet).order_by("pk")
    assert [change.to_tier.code for change in changes] == ["normal", "one-star"]
    assert give_first_tiers(wallet, on=SPRING, at=morning(SPRING), actor=None) == []
    found = standing_of(wallet, levels)
    assert found is not None and (found.tier.code, found.held_until) == ("normal", None)


def test_operator_sets_a_tier_with_a_reason_and_everybody_hears_of_it() -> None:
    heard: list[TierChange] = []
    tier_changed.connect(lambda sender, change, **facts: heard.append(change), weak=False, dispatch_uid="story")
    wallet, operator = a_climber(a_ladder()), an_operator()
    change = by_hand(wallet, "gold", on=SPRING, until=date(2027, 12, 31), actor=operator, reason="a broken parcel")
    tier_changed.disconnect(dispatch_uid="story")
    assert heard[-1] == change
    assert (change.kind, change.cause, change.reason, change.actor) == ("up", "hand", "a broken parcel", operator)
    assert held(wallet) == ("gold", date(2027, 12, 31))
    assert OutboxMessage.objects.filter(topic="tier.changed").latest("pk").payload["cause"] == "hand"


def test_tier_that_is_set_to_what_it_was_is_kept_for_another_date() -> None:
    wallet = a_climber(a_ladder())
    by_hand(wallet, "gold", on=SPRING, until=SPRING + DAY)
    assert by_hand(wallet, "gold", on=SPRING + DAY, until=date(2028, 1, 1)).kind == "kept"
    assert held(wallet) == ("gold", date(2028, 1, 1))
    assert standing_of(wallet, newest(wallet).group).since == SPRING  # type: ignore[union-attr]
    assert by_hand(wallet, "silver", on=SPRING + DAY).kind == "down"


def test_repeat_returns_the_first_change_and_another_body_is_refused() -> None:
    wallet = a_climber(a_ladder())
    first = by_hand(wallet, "gold", on=SPRING, key="k")
    assert by_hand(wallet, "gold", on=SPRING + DAY, key="k") == first
    with pytest.raises(KeyConflictError):
        by_hand(wallet, "silver", on=SPRING, key="k")


def test_what_cannot_be_set_is_refused_in_words() -> None:
    wallet = a_climber(a_ladder())
    for facts in ({"reason": " "}, {"until": SPRING - DAY}, {"key": "evaluate:x"}, {"key": ""}):
        with pytest.raises(TierError):
            by_hand(wallet, "gold", on=SPRING, **facts)
    Tier.objects.filter(code="gold").update(retired_on=SPRING)
    with pytest.raises(TierError):
        by_hand(wallet, "gold", on=SPRING)
    other = stars(programme=jd_plus_enterprise()).tiers.get(code="two-stars")
    with pytest.raises(TierError):
        set_tier(
            wallet, other, held_until=None, reason="x", key="x", on=SPRING, at=morning(SPRING), actor=None
        )
    assert steps(wallet) == [("first", "normal", date(2026, 5, 10))]


def test_matched_tier_holds_to_its_date() -> None:
    wallet = a_climber(a_ladder())
    by_hand(wallet, "gold", on=SPRING, until=SPRING + DAY, cause=Cause.MATCH)
    assert evaluate(wallet, on=SPRING + DAY) == []
    evaluate(wallet, on=SPRING + 2 * DAY)
    assert tier_of(wallet) == "normal"


def a_card_holder(*, on: date = SPRING) -> tuple[Enrolment, Subscription]:
    group = a_ladder(EIGHTY_EIGHT, plans={"88vip": "88vip"})
    plan = an_annual_card(group.programme, code="88vip", grace_days=10)
    member = a_person(on=on)
    wallet = a_climber(group, on=on, member=member)
    return wallet, join(member, plan, on=on, actor=None)


def test_paid_card_gives_its_tier_whatever_the_points() -> None:
    wallet, _card = a_card_holder()
    evaluate(wallet, on=SPRING)
    assert held(wallet) == ("88vip", None)
    change = newest(wallet)
    assert (change.kind, change.cause, change.evidence["plan"]) == ("up", "plan", "88vip")
    assert evaluate(wallet, on=date(2028, 1, 1)) == []


def test_points_alone_do_not_give_the_tier_of_a_card() -> None:
    wallet = a_climber(a_ladder(EIGHTY_EIGHT, plans={"88vip": "88vip"}))
    qualify(wallet, 1_000_000, on=SPRING)
    evaluate(wallet, on=SPRING)
    assert tier_of(wallet) == "gold"


def test_member_in_grace_keeps_the_cards_tier_to_the_last_day_and_falls_to_the_points() -> None:
    wallet, _card = a_card_holder()
    qualify(wallet, 1_000, on=SPRING + DAY)
    evaluate(wallet, on=SPRING + DAY)
    assert tier_of(wallet) == "88vip"
    last_day_of_grace = date(2028, 3, 31) + 10 * DAY
    assert evaluate(wallet, on=last_day_of_grace) == []
    evaluate(wallet, on=last_day_of_grace + DAY)
    assert held(wallet) == ("silver", date(2028, 12, 31))
    assert newest(wallet).evidence["points"] == 1_000


def test_cancelled_card_gives_its_tier_to_the_last_paid_day() -> None:
    wallet, card = a_card_holder()
    evaluate(wallet, on=SPRING)
    cancel_subscription(card, on=SPRING + DAY, actor=None, reason="too dear")
    assert evaluate(wallet, on=date(2028, 3, 31)) == []
    evaluate(wallet, on=date(2028, 4, 1))
    assert held(wallet) == ("normal", None)


def test_standing_on_a_tier_of_another_ladder_cannot_be_written() -> None:
    wallet = a_climber(a_ladder())
    star = stars(programme=wallet.programme).tiers.get(code="one-star")
    with pytest.raises(IntegrityError), transaction.atomic():
        TierStanding.objects.filter(enrolment=wallet).update(tier=star)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_change_of_tier_cannot_be_rewritten() -> None:
    wallet = a_climber(a_ladder())
    with pytest.raises(Exception, match=r"append_only|Cannot"), transaction.atomic():
        TierChange.objects.filter(enrolment=wallet).update(reason=a_key())
