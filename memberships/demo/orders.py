"""Orders of the demo: some of each day of the last two weeks, with returns; the newest awards are pending.

They earn by the rules of programmes/jd-plus.yaml and a promotion, whose figures are plain placeholders.
"""

import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from memberships.dates import BUSINESS_ZONE
from memberships.demo.cards import Days
from memberships.models import EarnPromotion, Enrolment, Order, Programme
from memberships.services.orders import grants_of, record_orders, record_return
from memberships.services.points import earn_points_for_many

#: Orders a day, over so many days up to the first night, and how many of them come back, half of them in part.
ORDERS_A_DAY = 10
DAYS = 14
RETURNS = 16
CATEGORIES = ("家用电器", "手机通讯", "生鲜", "图书")


def make_orders(dice: random.Random, days: Days) -> None:
    """What members of JD PLUS bought, by the services. Wallets are there."""
    programme = Programme.objects.get(code="jd-plus")
    _make_promotion(programme, days)
    wallets = list(Enrolment.objects.filter(programme=programme).order_by("pk")[: ORDERS_A_DAY * DAYS])
    for place in range(DAYS):
        day = days.first_night - timedelta(days=DAYS - place)
        todays = wallets[place * ORDERS_A_DAY : (place + 1) * ORDERS_A_DAY]
        _buy(dice, [wallet for wallet in todays if wallet.enrolled_on <= day], day)
    # Of the days before the last one, so that they come back before the first night.
    bought = Order.objects.filter(ordered_on__lt=days.first_night - timedelta(days=1)).order_by("pk")
    for number, order in enumerate(dice.sample(list(bought.select_related("rule")), RETURNS)):
        _give_back(order, is_whole=number % 2 == 0)


def _make_promotion(programme: Programme, days: Days) -> None:
    """About now; once."""
    EarnPromotion.objects.get_or_create(
        programme=programme, code="member-days",
        defaults={
            "category": "图书", "starts_on": days.first_night - timedelta(days=5), "ends_on": days.today,
            "multiplier": Decimal("1.5"),
        },
    )


def _buy(dice: random.Random, wallets: list[Enrolment], day: date) -> None:
    """A day's orders, one of each wallet."""
    awards = record_orders(
        [wallet.pk for wallet in wallets], numbers=[f"JD{day:%Y%m%d}{wallet.pk:06d}" for wallet in wallets],
        categories=[dice.choice(CATEGORIES) for _wallet in wallets],
        amounts=[Decimal(dice.randint(1_900, 399_900)) / 100 for _wallet in wallets], days=[day for _wallet in wallets],
        on=day, at=_noon(day),
    )
    earn_points_for_many(grants_of(awards), on=day, at=_noon(day), actor=None)


def _give_back(order: Order, *, is_whole: bool) -> None:
    """The next day, the whole order or a third of it."""
    day = order.ordered_on + timedelta(days=1)
    record_return(
        order, number=f"RT{order.number[2:]}", amount=order.amount if is_whole else round(order.amount / 3, 2),
        ordered_on=day, on=day, at=_noon(day), actor=None,
    )


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12, 30), BUSINESS_ZONE)
