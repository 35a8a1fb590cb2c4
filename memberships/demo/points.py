"""Points wallets of the demo: earned over the last year by the services, some spent, some expired, one set right.

How they end and what they cost is what programmes/jd-plus.yaml says; the figures here are plain placeholders too.
"""

import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from memberships.dates import BUSINESS_ZONE, add_months
from memberships.demo.cards import Days, Life
from memberships.demo.users import OPERATOR
from memberships.models import Enrolment, PointsEntry, PointsLot, PointsPolicy
from memberships.services.points import Grant, earn_points_for_many, spend_points, spendable_points
from memberships.services.points_adjustments import adjust_points
from memberships.services.points_expiry import DueRange, endings, expire_range
from memberships.services.points_extensions import extend_points
from memberships.services.points_policies import expiry_of, pending_until
from memberships.services.points_reinstatement import reinstate_points
from operations.models import User

WALLETS = 1_000
# As the programme's file has them.
VALID_MONTHS = 12
REINSTATE_DAYS = 60
#: Days before today whose awards are still pending, and how many members earned on each.
PENDING_DAYS = (1, 3, 5)
PENDING_EARNERS = 20
#: Days a month on which points are earned, and how many wallets earn on such a day.
EARNING_DAYS = (3, 12, 24)
EARNERS = 120
SPENDS = 80


def make_wallets(dice: random.Random, lives: Iterable[Life], days: Days) -> None:
    """Wallets of members whose cards have begun, with their lots and entries up to the day before the first night."""
    begun = [life for life in lives if life.terms][:WALLETS]
    wallets = Enrolment.objects.bulk_create(
        Enrolment(
            member=life.subscription.member, programme_id=life.subscription.programme_id,
            enrolled_on=life.terms[0].starts_on,
        )
        for life in begun
    )
    for day in _earning_days(days):
        there = [wallet for wallet in wallets if wallet.enrolled_on <= day]
        grants = [_grant(dice, wallet, day) for wallet in dice.sample(there, min(EARNERS, len(there)))]
        earn_points_for_many(grants, on=day, at=_noon(day), actor=None, reason="下单返积分")
    _expire(wallets, days)
    _spend(dice, wallets, days)
    _set_right(wallets, days)


def _earning_days(days: Days) -> list[date]:
    """Days of the last fourteen months, and those on which points were earned that expire about now."""
    end = days.first_night
    found = {add_months(end, -number).replace(day=day) for number in range(14) for day in EARNING_DAYS}
    expiring = range((days.today - days.first_night).days + 8)
    found |= {add_months(days.first_night + timedelta(days=number), -VALID_MONTHS) for number in expiring}
    return sorted(day for day in found if day < end)


def _grant(dice: random.Random, wallet: Enrolment, day: date) -> Grant:
    return Grant(wallet.pk, dice.randint(5, 300) * 10, f"order:{day:%Y%m%d}-{wallet.pk}", add_months(day, VALID_MONTHS))


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), BUSINESS_ZONE)


def _expire(wallets: list[Enrolment], days: Days) -> None:
    """What was over before the first night, as the nights of those days would have."""
    first, last = wallets[0].pk, wallets[-1].pk
    due = PointsLot.objects.filter(enrolment__in=wallets, expires_on__lt=days.first_night)
    for day in sorted({day for day in due.values_list("expires_on", flat=True) if day}):
        expire_range(DueRange(first, last, [day]), at=datetime.combine(day, time(0, 20), BUSINESS_ZONE), actor=None)


def _spend(dice: random.Random, wallets: list[Enrolment], days: Days) -> None:
    """Some members spend a good part of what they can, in the month before the first night."""
    spends = defaultdict(list)
    for wallet in dice.sample(wallets, min(SPENDS, len(wallets))):
        spends[days.first_night - timedelta(days=dice.randint(1, 30))].append(wallet)
    for day in sorted(spends):
        for wallet in spends[day]:
            points = spendable_points(wallet, on=day) * dice.randint(20, 90) // 1000 * 10
            if points and wallet.enrolled_on <= day:
                spend_points(
                    wallet, points, key=f"redeem:{day:%Y%m%d}-{wallet.pk}", on=day, at=_noon(day), actor=None,
                    reason="生活服务兑换",
                )


def _set_right(wallets: list[Enrolment], days: Days) -> None:
    """A member complains on the eve of the first night: points are given again, some as goodwill, an end is put off."""
    day = days.first_night - timedelta(days=1)
    lately = {"kind": PointsEntry.Kind.EXPIRE, "on__gt": day - timedelta(days=REINSTATE_DAYS), "on__lte": day}
    entries = PointsEntry.objects.filter(enrolment__in=wallets, **lately).order_by("enrolment", "pk")
    expired = entries.select_related("enrolment").first()
    if expired is None:
        return
    operator = User.objects.filter(username=OPERATOR.username).first()
    facts: dict[str, Any] = {"on": day, "at": _noon(day), "actor": operator}
    wallet = expired.enrolment
    new_day = add_months(day, VALID_MONTHS)
    reinstate_points(expired, expires_on=new_day, reason="会员住院，未能兑换", **facts)
    adjust_points(
        wallet, 200, reason_code="goodwill", key="goodwill:1", expires_on=new_day, reason="客服补偿", **facts
    )
    for ends_on, _points in endings(wallet, on=day, days=1):
        to_date = max(ends_on + timedelta(days=90), new_day)
        extend_points(wallet, ending_by=ends_on, to_date=to_date, key="goodwill:1", reason="应用故障期间顺延", **facts)


def award_lately(days: Days) -> None:
    """Awards of the last days, whose return window is open."""
    policy = PointsPolicy.objects.get(programme__code="jd-plus")
    wallets = list(Enrolment.objects.filter(programme=policy.programme_id).order_by("pk")[:PENDING_EARNERS])
    for back in PENDING_DAYS:
        day = days.today - timedelta(days=back)
        grants = [
            Grant(
                wallet.pk, 10 * (place + back), f"order:{day:%Y%m%d}-{wallet.pk}-late", expiry_of(policy, day),
                qualifying=10 * (place + back), pending_until=pending_until(policy, day),
            )
            for place, wallet in enumerate(wallets, start=1) if wallet.enrolled_on <= day
        ]
        earn_points_for_many(grants, on=day, at=_noon(day), actor=None, reason="下单返积分")
