"""Points wallets of the demo: earned over the last year by the services, some spent, some expired.

No source gives JD PLUS points or their expiry: the figures are plain placeholders.
"""

import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from memberships.dates import BUSINESS_ZONE, add_months
from memberships.demo.cards import Days, Life
from memberships.models import Enrolment, PointsLot
from memberships.services.points import Grant, earn_points_for_many, spend_points, spendable_points
from memberships.services.points_expiry import DueRange, expire_range

WALLETS = 1_000
VALID_MONTHS = 12
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
    for wallet in dice.sample(wallets, SPENDS):
        spends[days.first_night - timedelta(days=dice.randint(1, 30))].append(wallet)
    for day in sorted(spends):
        for wallet in spends[day]:
            points = spendable_points(wallet, on=day) * dice.randint(20, 90) // 1000 * 10
            if points and wallet.enrolled_on <= day:
                spend_points(
                    wallet, points, key=f"redeem:{day:%Y%m%d}-{wallet.pk}", on=day, at=_noon(day), actor=None,
                    reason="生活服务兑换",
                )
