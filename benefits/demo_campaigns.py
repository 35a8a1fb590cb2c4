"""The demo's campaigns: days around today, families who used coupons in the last two weeks, and what buyers spent."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db import transaction

from benefits.errors import RedemptionError
from benefits.models import Benefit, Budget, Campaign, CampaignFigure
from benefits.services.budgets import set_amount, set_days
from benefits.services.redemptions import redeem
from memberships.demo.cards import Days
from memberships.demo.parts import DemoPart
from memberships.demo.programmes import JD_PLUS
from memberships.demo.users import MANAGER, OPERATOR
from memberships.models import Member, Programme, Subscription
from memberships.services.enrolments import enrol_member
from operations.dates import BUSINESS_ZONE
from operations.models import User

#: So many members take part; each campaign runs so many days before today and after it.
MEMBERS, BEFORE, AFTER = 24, 20, 10
#: Of the campaigns that are nearly spent, or wholly: their budgets in CNY (PLACEHOLDERS, as all the figures here).
AMOUNTS = {"gravity-family-week": Decimal(25), "new-products": Decimal(6), "plus-day": Decimal(20)}
#: Days before the campaign with figures to compare with.
BASELINE = 30


class BrandCampaigns(DemoPart):
    """JDP's campaigns, of which one is at its cap and one will be before its end."""

    name = "campaigns"

    def prepare(self, days: Days) -> None:
        """Its file said it all."""

    def act(self, days: Days) -> None:
        programme = Programme.objects.get(code="jdp")
        manager, operator = (User.objects.filter(username=each.username).first() for each in (MANAGER, OPERATOR))
        first = days.today - timedelta(days=BEFORE)
        for campaign in Campaign.objects.filter(programme=programme).select_related("budget").order_by("pk"):
            _move(campaign, first, manager)
        cards = Subscription.objects.active(on=days.today).filter(programme__code=JD_PLUS, started_on__lt=first)
        benefits = list(Benefit.objects.filter(programme=programme).order_by("pk"))
        for place, card in enumerate(cards.select_related("member").order_by("pk")[:MEMBERS]):
            enrol_member(card.member, programme, on=first, at=_noon(first), actor=operator)
            for number, benefit in enumerate(benefits[place % 2 :: 2] if place % 3 else benefits):
                on = days.today - timedelta(days=1 + (7 * place + 3 * number) % 14)
                _use(card.member, benefit, on=on, actor=operator)
        _figures(Campaign.objects.get(programme=programme, code="plus-day"), first, days.today)


def _move(campaign: Campaign, first: date, manager: User | None) -> None:
    budget: Budget = campaign.budget
    set_days(
        budget, starts_on=first, ends_on=first + timedelta(days=BEFORE + AFTER), actor=manager, reason="活动排期"
    )
    if campaign.code in AMOUNTS:
        set_amount(
            budget, AMOUNTS[campaign.code], on=first, at=_noon(first), actor=manager, reason="首批投放额度"
        )


def _use(member: Member, benefit: Benefit, *, on: date, actor: User | None) -> None:
    """A coupon, if the campaign is for the member and has as much left."""
    try:
        with transaction.atomic():
            redeem(member, benefit, key=f"jdp:{benefit.code}", on=on, at=_noon(on), actor=actor, reason="活动领取")
    except RedemptionError:
        return


def _figures(campaign: Campaign, first: date, today: date) -> None:
    """What the shop reports: as the sources tell of 11.11, a member spends four times what an ordinary buyer does."""
    campaign.baseline_from, campaign.baseline_until = first - timedelta(days=BASELINE), first - timedelta(days=1)
    campaign.save(update_fields=["baseline_from", "baseline_until"])
    figures = []
    for place in range((today - campaign.baseline_from).days):
        on = campaign.baseline_from + timedelta(days=place)
        each = {"members": 100, "others": 50} if on < first else {"members": 400, "others": 100}
        for group, buyers in (("members", 20 + place % 7), ("others", 40 + 2 * (place % 7))):
            figures.append(CampaignFigure(
                campaign=campaign, on=on, group=group, buyers=buyers, orders=buyers + buyers // 5,
                amount=buyers * each[group],
            ))
    CampaignFigure.objects.bulk_create(figures)


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12, 15), BUSINESS_ZONE)
