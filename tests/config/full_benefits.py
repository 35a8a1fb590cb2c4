"""The upper floors' part of the full desk: something of everything that benefits and partners show."""

from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone

from benefits.models import Benefit, BenefitStock, Brand, Budget, CampaignFigure, PricingPolicy
from benefits.services.budgets import commit_budget
from benefits.services.campaigns import open_campaign, stop_campaign
from benefits.services.choices import choose
from benefits.services.grants import give
from benefits.services.redemptions import redeem
from benefits.services.segments import put_into_segment
from benefits.services.value_runs import keep_statements
from memberships.models import Enrolment, Member, Programme
from memberships.services.ranges import EVERYTHING
from operations.models import User
from operations.services.api_clients import make_client
from partners.models import Command, Offer, Partner, RegistrationGift, StatusMatchRule
from partners.services.daily_files import make_file
from partners.services.partners import add_contact
from partners.services.settlements import draft_settlement
from partners.services.status_matches import match_inbound
from tests.benefits.benefit_stories import a_benefit, a_group, of_card
from tests.partners.partner_stories import a_grant, a_partner, an_event, an_offer, send_event
from tests.partners.voucher_stories import codes


def furnish_benefits(member: Member, programme: Programme, actor: User, *, on: date) -> None:
    """Uses, grants and choices of a member with the yearly card, and what partners do for them."""
    _uses(member, programme, actor, on=on)
    _choices(member, programme, actor, on=on)
    _campaign(member, programme, actor, on=on)
    PricingPolicy.objects.create(programme=programme, steps=[{"kind": "member_price"}], starts_on=on)
    put_into_segment(member, "family", since=on, on=on, at=timezone.now(), actor=actor)
    make_client("小程序", ["benefits.read"], reason="接入小程序", actor=actor, at=timezone.now())
    _partners(member, programme, actor, on=on)
    keep_statements(programme, EVERYTHING, on=on)


def _uses(member: Member, programme: Programme, actor: User, *, on: date) -> None:
    budget = Budget.objects.create(
        programme=programme, code="gifts", name="礼品预算", name_en="Gift budget", amount=1_000, starts_on=on
    )
    gift = a_benefit(
        "gift", programme=programme, kind="gift", name="开卡礼", name_en="Opening gift", unit_cost=Decimal("9.90"),
        face_value=Decimal("30.00"), budget=budget, valid_days=30,
    )
    BenefitStock.objects.create(benefit=gift, total=100)
    of_card(gift, 2, "ever")
    redeem(member, gift, key="gift-1", on=on, at=timezone.now(), actor=actor, reason="会员来电")


def _campaign(member: Member, programme: Programme, actor: User, *, on: date) -> None:
    """A brand's campaign with a use, stopped by hand, and what members and others spent."""
    brand, at = Brand.objects.create(code="milk", name="奶粉", name_en="Milk powder", category="母婴"), timezone.now()
    commit_budget(programme, brand, Decimal(5_000), starts_on=on, on=on, at=at, actor=actor, reason="年度框架协议")
    budget = Budget.objects.create(
        programme=programme, code="family-week", name="家庭周预算", name_en="Family week budget", amount=1_000,
        starts_on=on - timedelta(days=2), ends_on=on + timedelta(days=9),
    )
    coupon = a_benefit(
        "family-coupon", programme=programme, kind="coupon", name="家庭券", name_en="Family coupon", budget=budget,
        unit_cost=Decimal("2.50"), face_value=Decimal("5.00"), valid_days=30, funder="brand",
    )
    of_card(coupon, 3, "ever")
    campaign = open_campaign(
        brand, budget, code="family-week", name="家庭周", name_en="Family week", sub_plan="gravity", segment="",
        baseline_from=on - timedelta(days=9), baseline_until=on - timedelta(days=3), on=on, at=at, actor=actor,
        reason="活动上线",
    )
    redeem(member, coupon, key="family-1", on=on, at=at, actor=actor, reason="会员来电")
    CampaignFigure.objects.bulk_create(
        CampaignFigure(
            campaign=campaign, on=on - timedelta(days=days), group=group, buyers=100, orders=120, amount=amount
        )
        for days, group, amount in (
            (1, "members", 40_000), (1, "others", 10_000), (5, "members", 20_000), (5, "others", 8_000),
        )
    )
    stop_campaign(campaign, at=at, actor=actor, reason="价格标错")


def _choices(member: Member, programme: Programme, actor: User, *, on: date) -> None:
    video, music, news = (
        a_benefit(code, programme=programme, name=name, name_en=code.title())
        for code, name in (("video", "视频"), ("music", "音乐"), ("news", "资讯"))
    )
    group = a_group(video, music, news, picks=2, swaps=1)
    for benefit in (video, music, news):
        of_card(benefit, 1, "month", choice_group=group)
    choose(member, group, [video], key="choice-1", on=on, at=timezone.now(), actor=actor, reason="会员来电")


def _partners(member: Member, programme: Programme, actor: User, *, on: date) -> None:
    """A partner in every respect: contact, keys, orders through its API and by hand, events, a month to be settled."""
    partner = a_partner("iqiyi", name="爱奇艺")
    add_contact(
        partner, role="技术", name="王小明", mobile="13800138000", email="tech@example.com", actor=actor, reason="对接"
    )
    through_api, by_hand = (
        a_benefit(code, programme=programme, kind="partner_subscription", name=name, name_en=code)
        for code, name in (("vip", "会员"), ("badge", "徽章"))
    )
    an_offer(partner, through_api)
    an_offer(partner, by_hand, mode=Offer.Mode.MANUAL, sku="badge")
    a_grant(through_api, member, on=on)
    give(member, by_hand, key="badge-1", on=on, at=timezone.now(), actor=actor)
    send_event("iqiyi", an_event("fulfilment.active", order="F404", state="active", sequence=1), id="evt_lost")
    _codes_and_files(member, partner, programme, on=on)
    draft_settlement(partner, on.replace(day=1), on=on, at=timezone.now(), actor=actor)
    _status(member, partner, through_api, actor, on=on)
    assert Command.objects.exists()


def _codes_and_files(member: Member, partner: Partner, programme: Programme, *, on: date) -> None:
    """A ticket's code that the member has, and the file of a day with a line."""
    ticket, reader = (
        a_benefit(code, programme=programme, kind="partner_subscription", name=name, name_en=code)
        for code, name in (("ticket", "电影票"), ("reader", "阅读徽章"))
    )
    tickets = an_offer(partner, ticket, mode=Offer.Mode.VOUCHERS, sku="ticket")
    codes(tickets, "CINE-0001-ABCD")
    an_offer(partner, reader, mode=Offer.Mode.DAILY_FILE, sku="reader")
    at = timezone.now()
    for benefit in (ticket, reader):
        give(member, benefit, key=f"{benefit.code}-1", on=on, at=at, actor=None)
    make_file(partner, on=on, at=at)


def _status(member: Member, partner: Partner, benefit: Benefit, actor: User, *, on: date) -> None:
    wallet = Enrolment.objects.filter(member=member).earliest("pk")
    tier = wallet.programme.tier_groups.earliest("pk").tiers.earliest("rank")
    StatusMatchRule.objects.create(
        partner=partner, code="gold", direction="inbound", tier=tier, partner_tier="Gold", months=12,
        starts_on=on - timedelta(days=1),
    )
    RegistrationGift.objects.create(partner=partner, programme=wallet.programme, benefit=benefit, starts_on=on)
    match_inbound(
        member, partner, "Gold", key="match-1", evidence={"seen": "金卡照片"}, on=on, at=timezone.now(), actor=actor,
        reason="会员申请",
    )
