"""The demo's benefits: what some members used, exchanged points for, and gave back in the last days, and what it was
worth to them."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db import transaction

from benefits.errors import RedemptionError
from benefits.models import Benefit, Redemption
from benefits.services.redemptions import redeem, return_redemption
from benefits.services.savings import record_savings
from benefits.services.segments import put_into_segment
from benefits.services.stocks import set_total
from benefits.services.value_runs import keep_statements, programmes_with_benefits
from memberships.demo.cards import Days
from memberships.demo.parts import DemoPart
from memberships.demo.programmes import JD_PLUS
from memberships.demo.users import OPERATOR
from memberships.errors import InsufficientPointsError
from memberships.models import Member, Order, Subscription
from memberships.services.ranges import EVERYTHING
from operations.dates import BUSINESS_ZONE
from operations.models import User

#: So many members use something; of every few it is this, for this category of goods.
USERS = 60
USED = (
    ("jd-health-consultation", ""), ("jd-health-bogo", "口腔"), ("home-cleaning", ""), ("freight-coupon", ""),
    ("car-wash", ""), ("jd-health-bogo", "体检"),
)
#: Of a hundred members so many are families, as the sources say.
FAMILIES = 64
#: PLACEHOLDER: of a hundred yuan so many came off by the member price.
MEMBER_PRICE_PERCENT = 5


class UsedBenefits(DemoPart):
    """Every so many-th member uses something on each of the last days; a family is a family since long ago."""

    name = "benefits"

    def prepare(self, days: Days) -> None:
        benefit = Benefit.objects.get(programme__code=JD_PLUS, code="life-service-7")
        set_total(benefit, 100, actor=_operator(), reason="首批名额")

    def act(self, days: Days) -> None:
        benefits = {each.code: each for each in Benefit.objects.filter(programme__code=JD_PLUS)}
        yesterday = days.today - timedelta(days=1)
        cards = Subscription.objects.active(on=days.today).filter(programme__code=JD_PLUS).order_by("pk")
        for place, card in enumerate(cards.select_related("member")[:USERS]):
            if place % 100 < FAMILIES:
                put_into_segment(
                    card.member, "family", since=card.started_on or yesterday, reason="家庭账户", on=yesterday,
                    at=_noon(yesterday), actor=_operator(),
                )
            for number in range(1 + place % 4):
                code, category = USED[(place + number) % len(USED)]
                _use(card.member, benefits[code], category, on=yesterday - timedelta(days=number), number=number)
        last = Redemption.objects.order_by("-pk").first()
        if last is not None:
            return_redemption(
                last, key="demo-return", on=yesterday, at=_noon(yesterday), actor=_operator(), reason="预约取消"
            )
        _tell_savings(benefits["member-price"], on=yesterday)
        for programme in programmes_with_benefits():
            keep_statements(programme, EVERYTHING, on=yesterday)


def _tell_savings(benefit: Benefit, *, on: date) -> None:
    """What the member price took off the orders."""
    orders = Order.objects.filter(enrolment__programme=benefit.programme_id, returns=None, ordered_on__lte=on)
    for order in orders.select_related("member").order_by("pk"):
        saved = round(order.amount * MEMBER_PRICE_PERCENT / (100 - MEMBER_PRICE_PERCENT), 2)
        if saved >= Decimal("0.01"):
            record_savings(
                order.member, order_number=order.number, amounts={benefit: saved}, ordered_on=order.ordered_on, on=on,
                at=_noon(on), actor=None,
            )


def _use(member: Member, benefit: Benefit, category: str, *, on: date, number: int) -> None:
    """One use, if the member has the points and the quota for it."""
    try:
        with transaction.atomic():
            redeem(
                member, benefit, key=f"demo-{number}", on=on, at=_noon(on), actor=_operator(), category=category,
                reason="会员来电",
            )
    except (RedemptionError, InsufficientPointsError):
        return


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12, 15), BUSINESS_ZONE)


def _operator() -> User | None:
    return User.objects.filter(username=OPERATOR.username).first()
