"""Demo data: two programmes, people and firms with cards in every state, and three users of the desk.

Made once, in one transaction, the same for the same day: nothing here asks the clock or the system's dice.
Written set-based, as facts with a past (terms of former years), which no service makes.
"""

import random
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from stdnum.cn import uscc

from memberships.dates import add_months, term_bounds
from memberships.models import (
    CreditRequest,
    EnterpriseCustomer,
    Member,
    MemberContact,
    Plan,
    Programme,
    Subscription,
    Term,
    Tier,
    TierGroup,
)
from memberships.models.customers import Flag, Size
from memberships.models.programmes import Audience
from operations.audit import because
from operations.models import User

SEED = 20270115
PEOPLE = 2_000
FIRMS = 500
#: The firms' external ids begin with it: how a second loading knows that there was a first.
MARK = "DEMO-"

# The sources of JD PLUS give neither a price nor tiers: plain placeholders, to be replaced by real figures.
JD_PLUS_PRICE = Decimal("1.00")
JD_PLUS_TIERS = [("level-1", "PLUS 一级", "PLUS level 1", 0), ("level-2", "PLUS 二级", "PLUS level 2", 1_000)]
# Prices, the highest limit and the longest term are given for JD PLUS Enterprise; which limit goes with which
# card is not, so both cards carry the highest.
ENTERPRISE_CARDS = [
    ("classic", "经典卡", "Classic card", Decimal("99.00")),
    ("premium", "尊享卡", "Premium card", Decimal("299.00")),
]
ENTERPRISE_LIMIT_CAP = Decimal("2000000.00")
ENTERPRISE_TERM_DAYS_CAP = 61
# The points of the enterprise stores' stars are given.
STORE_STARS = [0, 35_000, 100_000, 200_000, 600_000]


class Login(NamedTuple):
    """A demo user; the password is public, which is why production refuses the demo."""

    username: str
    password: str
    role: str | Promise


ADMIN = Login("admin", "plusdesk-demo-admin", _("administrator"))
OPERATOR = Login("operator", "plusdesk-demo-operator", _("operator"))
AUDITOR = Login("auditor", "plusdesk-demo-auditor", _("auditor"))
LOGINS = [ADMIN, OPERATOR, AUDITOR]

OPERATORS = "运营 Operators"
AUDITORS = "审计 Auditors"
OPERATOR_PERMISSIONS = [
    "memberships.import_enterprisecustomer",
    "operations.operate_jobrun",
    "memberships.change_enterprisecustomer",
    "memberships.reveal_membercontact",
    "memberships.change_subscription",
    "memberships.export_enterprisecustomer",
]

AUDITOR_PERMISSIONS = ["memberships.export_enterprisecustomer"]


class Loaded(NamedTuple):
    """How many members this loading made; none when the demo was there."""

    people: int
    firms: int


@transaction.atomic
def load_demo(*, on: date) -> Loaded:
    """Make what is missing of the demo, with dates around `on`; may be called again at any time."""
    with because(str(_("demo data"))):
        make_users()
        person_plans, firm_plans = make_jd_plus(on=on), make_jd_plus_enterprise(on=on)
        if EnterpriseCustomer.objects.filter(external_id__startswith=MARK).exists():
            return Loaded(people=0, firms=0)
        dice = random.Random(SEED)
        _make_people(dice, person_plans, on=on)
        _make_firms(dice, firm_plans, on=on)
    return Loaded(people=PEOPLE, firms=FIRMS)


def working_logins() -> list[Login]:
    """The demo users that are there and still have the demo's password."""
    users = User.objects.in_bulk([login.username for login in LOGINS], field_name="username")
    return [
        login for login in LOGINS
        if login.username in users and users[login.username].check_password(login.password)
    ]


# --- users -----------------------------------------------------------------------------------------------


def make_users() -> None:
    """The users and their groups, where missing; a user who is there is left alone, password and all."""
    views = Permission.objects.filter(content_type__app_label__in=["memberships", "operations"])
    views = views.filter(codename__startswith="view_")
    _make_group(OPERATORS, [*views, *_permissions(OPERATOR_PERMISSIONS)])
    # An export shows what the lists show: personal data is masked.
    _make_group(AUDITORS, [*views, *_permissions(AUDITOR_PERMISSIONS)])
    _make_user(ADMIN, is_superuser=True)
    _make_user(OPERATOR, group=OPERATORS)
    _make_user(AUDITOR, group=AUDITORS)


def _permissions(names: list[str]) -> list[Permission]:
    """The permissions of those names (app.codename); Permission.DoesNotExist when there is none of a name."""
    pairs = [name.split(".") for name in names]
    return [Permission.objects.get(content_type__app_label=app, codename=codename) for app, codename in pairs]


def _make_group(name: str, permissions: Iterable[Permission]) -> None:
    group, is_new = Group.objects.get_or_create(name=name)
    if is_new:
        group.permissions.set(permissions)


def _make_user(login: Login, *, group: str | None = None, is_superuser: bool = False) -> None:
    if User.objects.filter(username=login.username).exists():
        return
    user = User.objects.create_user(
        login.username, password=login.password, is_staff=True, is_superuser=is_superuser
    )
    if group is not None:
        user.groups.add(Group.objects.get(name=group))


# --- programmes ------------------------------------------------------------------------------------------


def make_jd_plus(*, on: date) -> list[Plan]:
    """JD PLUS with its tiers; its plans."""
    programme, is_new = Programme.objects.get_or_create(
        code="jd-plus", defaults={"name": "京东PLUS会员", "name_en": "JD PLUS", "audience": Audience.PERSON}
    )
    if is_new:
        Plan.objects.create(
            programme=programme, code="annual", name="PLUS年卡", name_en="PLUS annual card",
            price=JD_PLUS_PRICE, term_months=12, on_sale_from=_sale_begins(on),
        )
        group = TierGroup.objects.create(programme=programme, code="levels", name="等级", name_en="Levels")
        _make_tiers(group, JD_PLUS_TIERS)
    return list(programme.plans.order_by("price"))


def make_jd_plus_enterprise(*, on: date) -> list[Plan]:
    """JD PLUS Enterprise with its cards and the stars of its stores; its plans."""
    programme, is_new = Programme.objects.get_or_create(
        code="jd-plus-enterprise",
        defaults={"name": "京东PLUS企业版", "name_en": "JD PLUS Enterprise", "audience": Audience.ENTERPRISE},
    )
    if is_new:
        for code, name, name_en, price in ENTERPRISE_CARDS:
            Plan.objects.create(
                programme=programme, code=code, name=name, name_en=name_en, price=price, term_months=12,
                credit_limit_cap=ENTERPRISE_LIMIT_CAP, credit_term_days_cap=ENTERPRISE_TERM_DAYS_CAP,
                on_sale_from=_sale_begins(on),
            )
        group = TierGroup.objects.create(
            programme=programme, code="store-stars", name="企业店铺会员星级", name_en="Store stars"
        )
        stars = enumerate(STORE_STARS, start=1)
        _make_tiers(group, [(f"star-{n}", f"{n}星", f"Star {n}", points) for n, points in stars])
    return list(programme.plans.order_by("price"))


def _make_tiers(group: TierGroup, tiers: Iterable[tuple[str, str, str, int]]) -> None:
    Tier.objects.bulk_create(
        Tier(group=group, code=code, name=name, name_en=name_en, rank=rank, threshold=threshold)
        for rank, (code, name, name_en, threshold) in enumerate(tiers, start=1)
    )


def _sale_begins(on: date) -> date:
    """Long before the first card of the demo was bought."""
    return date(on.year - 7, 1, 1)


# --- cards and their past --------------------------------------------------------------------------------

#: Of a hundred subscriptions, how many are told each story; "leaving" is cancelled with paid days left.
STORIES = {"active": 66, "pending": 12, "expired": 12, "leaving": 5, "cancelled": 5}


class _Life(NamedTuple):
    """A subscription and its terms, not saved yet."""

    subscription: Subscription
    terms: list[Term]


def _live(dice: random.Random, plan: Plan, *, on: date) -> _Life:
    """A card with a past: up to four terms, the last of which covers `on` or is over."""
    story = dice.choices(list(STORIES), weights=list(STORIES.values()))[0]
    subscription = Subscription(programme_id=plan.programme_id, plan=plan)
    if story == "pending":
        subscription.requested_on = on - timedelta(days=dice.randrange(30))
        return _Life(subscription, [])
    count = dice.randint(1, 4)
    is_over = story in ("expired", "cancelled")
    # First day of the term that covers today, or of the one that was not paid any more.
    latest = on - timedelta(days=dice.randrange(365))
    anchor = add_months(latest, -plan.term_months * (count if is_over else count - 1))
    spans = [term_bounds(anchor, plan.term_months, number) for number in range(1, count + 1)]
    first_day, last_day = spans[-1]
    subscription.requested_on = subscription.started_on = anchor
    if story in ("leaving", "cancelled"):
        days_so_far = (min(on, last_day) - first_day).days
        subscription.cancelled_on = first_day + timedelta(days=dice.randint(0, days_so_far))
    subscription.ended_on = None if story == "active" else last_day
    terms = [
        Term(
            subscription=subscription, programme=plan.programme, plan=plan, number=number,
            starts_on=starts_on, ends_on=ends_on,
        )
        for number, (starts_on, ends_on) in enumerate(spans, start=1)
    ]
    return _Life(subscription, terms)


def _save(kind: Audience, lives: list[_Life]) -> list[Member]:
    """Members, one for each life, who joined on the day they asked for their card; with cards and terms."""
    members = Member.objects.bulk_create(
        Member(kind=kind, joined_on=life.subscription.requested_on) for life in lives
    )
    for member, life in zip(members, lives, strict=True):
        life.subscription.member = member
        for term in life.terms:
            term.member = member
    Subscription.objects.bulk_create(life.subscription for life in lives)
    for life in lives:
        for term in life.terms:
            term.subscription = life.subscription
    Term.objects.bulk_create(term for life in lives for term in life.terms)
    return members


# --- people and firms ------------------------------------------------------------------------------------

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


def _make_people(dice: random.Random, plans: list[Plan], *, on: date) -> None:
    lives = [_live(dice, plan, on=on) for plan in dice.choices(plans, k=PEOPLE)]
    _make_contacts(dice, _save(Audience.PERSON, lives), "member")


def _make_firms(dice: random.Random, plans: list[Plan], *, on: date) -> None:
    """Firms with cards, more of them cheap ones, and credit requests that wait for a decision."""
    cards = dice.choices(plans, weights=range(len(plans), 0, -1), k=FIRMS)
    lives = [_live(dice, plan, on=on) for plan in cards]
    members = _save(Audience.ENTERPRISE, lives)
    _make_contacts(dice, members, "buyer")
    EnterpriseCustomer.objects.bulk_create(
        _customer(dice, member, number) for number, member in enumerate(members, start=1)
    )
    asking = [life for life in lives if dice.random() < 0.3]
    CreditRequest.objects.bulk_create(_credit_request(dice, life.subscription, on=on) for life in asking)


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
