"""The demo's programmes: JD PLUS and JD PLUS Enterprise, with their plans and tiers."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from memberships.models import Plan, Programme, Tier, TierGroup
from memberships.models.programmes import Audience

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
# No source says how long an unpaid card goes on: a plain placeholder, long enough for all four further attempts.
GRACE_DAYS = 7


def make_jd_plus(*, on: date) -> list[Plan]:
    """JD PLUS with its tiers; its plans."""
    programme, is_new = Programme.objects.get_or_create(
        code="jd-plus", defaults={"name": "京东PLUS会员", "name_en": "JD PLUS", "audience": Audience.PERSON}
    )
    if is_new:
        Plan.objects.create(
            programme=programme, code="annual", name="PLUS年卡", name_en="PLUS annual card",
            price=JD_PLUS_PRICE, term_months=12, grace_days=GRACE_DAYS, on_sale_from=_sale_begins(on),
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
                grace_days=GRACE_DAYS, credit_limit_cap=ENTERPRISE_LIMIT_CAP,
                credit_term_days_cap=ENTERPRISE_TERM_DAYS_CAP, on_sale_from=_sale_begins(on),
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
