"""The people and firms of the demo: their names, contacts, places, and what they ask for."""

import random
from datetime import date, timedelta
from decimal import Decimal

from stdnum.cn import uscc

from memberships.demo.cards import Days, Life, live, save_cards, save_members
from memberships.demo.methods import give_methods
from memberships.demo.programmes import ENTERPRISE_LIMIT_CAP, ENTERPRISE_TERM_DAYS_CAP
from memberships.models import CreditRequest, EnterpriseCustomer, Member, MemberContact, Plan, Subscription
from memberships.models.customers import Flag, Size
from memberships.models.programmes import Audience

#: The firms' external ids begin with it: how a second loading knows that there was a first.
MARK = "DEMO-"

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰飞鹏宇轩梓涵浩然子墨欣怡佳琪思远嘉懿晨曦"
#: Province, city, region code of GB/T 2260.
PLACES = [
    ("北京市", "北京市", "110105"), ("上海市", "上海市", "310115"), ("天津市", "天津市", "120116"),
    ("重庆市", "重庆市", "500103"), ("广东省", "广州市", "440106"), ("广东省", "深圳市", "440305"),
    ("广东省", "佛山市", "440604"), ("浙江省", "杭州市", "330106"), ("浙江省", "宁波市", "330203"),
    ("江苏省", "南京市", "320106"), ("江苏省", "苏州市", "320505"), ("江苏省", "无锡市", "320214"),
    ("山东省", "青岛市", "370202"), ("山东省", "济南市", "370102"), ("四川省", "成都市", "510107"),
    ("湖北省", "武汉市", "420106"), ("湖南省", "长沙市", "430102"), ("福建省", "厦门市", "350203"),
    ("陕西省", "西安市", "610113"), ("河南省", "郑州市", "410105"), ("辽宁省", "沈阳市", "210102"),
    ("安徽省", "合肥市", "340104"), ("云南省", "昆明市", "530102"),
    ("新疆维吾尔自治区", "乌鲁木齐市", "650102"),
]  # fmt: skip
BRAND_FIRST = "恒华瑞中天东新远宏博鼎盛嘉信联诚安泰海云金星"
BRAND_SECOND = "达通源创科润丰泽和兴图腾越翔明辉景阳隆宇"
#: Industry, and how firms of it call themselves.
INDUSTRIES = [
    ("信息技术", "信息技术"), ("制造业", "精密机械"), ("建筑业", "建筑工程"), ("批发零售", "商贸"),
    ("物流运输", "供应链管理"), ("教育培训", "教育科技"), ("医疗健康", "医疗器械"), ("餐饮住宿", "酒店管理"),
    ("金融服务", "投资咨询"), ("能源环保", "新能源科技"),
]  # fmt: skip
SIZE_WEIGHTS = {Size.LARGE: 5, Size.MEDIUM: 20, Size.SMALL: 45, Size.MICRO: 30}


def make_people(
    dice: random.Random, plans: list[Plan], days: Days, *, count: int, has_methods: bool
) -> list[Life]:
    """So many people with cards."""
    lives = [live(dice, plan, days) for plan in dice.choices(plans, k=count)]
    _make_contacts(dice, save_members(Audience.PERSON, lives), "member")
    if has_methods:
        give_methods(dice, lives, days)
    save_cards(lives)
    return lives


def make_firms(
    dice: random.Random, plans: list[Plan], days: Days, *, count: int, has_methods: bool
) -> list[Life]:
    """So many firms with cards, more of them cheap ones, and credit requests that wait for a decision."""
    cards = dice.choices(plans, weights=range(len(plans), 0, -1), k=count)
    lives = [live(dice, plan, days) for plan in cards]
    members = save_members(Audience.ENTERPRISE, lives)
    _make_contacts(dice, members, "buyer")
    EnterpriseCustomer.objects.bulk_create(
        _customer(dice, member, number) for number, member in enumerate(members, start=1)
    )
    if has_methods:
        give_methods(dice, lives, days)
    save_cards(lives)
    asking = [life for life in lives if dice.random() < 0.3]
    CreditRequest.objects.bulk_create(_credit_request(dice, life.subscription, on=days.today) for life in asking)
    return lives


def _make_contacts(dice: random.Random, members: list[Member], mailbox: str) -> None:
    MemberContact.objects.bulk_create(
        MemberContact(
            member=member,
            name=dice.choice(SURNAMES) + "".join(dice.choices(GIVEN, k=dice.randint(1, 2))),
            mobile=f"1{dice.choice('3456789')}{dice.randrange(10**9):09d}",
            email=f"{mailbox}{number:04d}@example.com",
        )
        for number, member in enumerate(members, start=1)
    )


def _customer(dice: random.Random, member: Member, number: int) -> EnterpriseCustomer:
    province, city, region = dice.choice(PLACES)
    industry, trade = dice.choice(INDUSTRIES)
    brand = dice.choice(BRAND_FIRST) + dice.choice(BRAND_SECOND)
    size = dice.choices(list(SIZE_WEIGHTS), weights=list(SIZE_WEIGHTS.values()))[0]
    return EnterpriseCustomer(
        member=member,
        legal_name=f"{city.removesuffix('市')}{brand}{trade}{'股份' if size == Size.LARGE else ''}有限公司",
        credit_code=credit_code(region, number),
        external_id=f"{MARK}{number:04d}",
        province=province, city=city, industry=industry, size=size,
        flags=_flags(dice, size),
    )


def credit_code(region: str, number: int) -> str:
    """A valid unified social credit code: a firm (91) registered in that region, with a serial number."""
    body = f"91{region}MA{number:07d}"
    return f"{body}{uscc.calc_check_digit(body)}"


def _flags(dice: random.Random, size: Size) -> list[Flag]:
    """Few are specialised, and only a large firm is among the 500."""
    flags = [Flag.SPECIALISED] if dice.random() < 0.15 else []
    return [*flags, Flag.FORTUNE500] if size == Size.LARGE and dice.random() < 0.3 else flags


def _credit_request(dice: random.Random, subscription: Subscription, *, on: date) -> CreditRequest:
    return CreditRequest(
        member=subscription.member,
        limit=dice.randint(1, int(ENTERPRISE_LIMIT_CAP) // 10_000) * Decimal("10000.00"),
        term_days=dice.choice([15, 30, 45, ENTERPRISE_TERM_DAYS_CAP]),
        requested_on=max(subscription.requested_on, on - timedelta(days=dice.randrange(60))),
    )
