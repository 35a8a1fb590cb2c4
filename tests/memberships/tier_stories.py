"""What the stories of tiers share: ladders of the sources, members on them, and what a night makes of them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from memberships.models import Enrolment, Member, PointsEntry, Programme, Tier, TierChange, TierGroup, TierStanding
from memberships.models.points import Account
from memberships.services.points import enrol_member
from memberships.services.tier_evaluation import evaluate_enrolment
from memberships.services.tiers import set_tier
from tests.memberships.factories import a_person, jd_plus
from tests.memberships.points_stories import a_key, morning

#: The six levels of Meituan; their thresholds are ours.
LEVELS = {"normal": 0, "silver": 1_000, "gold": 3_000, "platinum": 6_000, "black-gold": 12_000, "black-diamond": 30_000}
#: The stars of enterprise stores.
STARS = {"one-star": 0, "two-stars": 35_000, "three-stars": 100_000, "four-stars": 200_000, "five-stars": 600_000}
ENROLLED = date(2026, 5, 10)


def a_ladder(
    tiers: dict[str, int] | None = None, *, programme: Programme | None = None, floors: Sequence[str] = (),
    plans: dict[str, str] | None = None, **facts: Any,
) -> TierGroup:
    """A ladder by calendar years that falls to the balance, unless said otherwise. `plans`: tier to plan code."""
    programme = programme or Programme.objects.filter(code="jd-plus").first() or jd_plus()
    defaults = {"window": "calendar_year", "downgrade": "to_balance"}
    group = TierGroup.objects.create(
        programme=programme, **{"code": "levels", "name": "等级", "name_en": "Levels", **defaults, **facts}
    )
    for rank, (code, threshold) in enumerate((tiers or LEVELS).items(), start=1):
        Tier.objects.create(
            group=group, code=code, name=code, name_en=code, rank=rank, threshold=threshold, is_floor=code in floors,
            plan_code=(plans or {}).get(code, ""),
        )
    return group


def stars(**facts: Any) -> TierGroup:
    """Points count from the beginning, and nobody falls."""
    return a_ladder(STARS, **{"window": "cumulative", "downgrade": "none", "code": "stars", **facts})


def a_climber(group: TierGroup, *, on: date = ENROLLED, member: Member | None = None) -> Enrolment:
    """A new wallet in the ladder's programme, on its first tier."""
    return enrol_member(member or a_person(on=on), group.programme, on=on, at=morning(on), actor=None)


def qualify(wallet: Enrolment, points: int, *, on: date) -> PointsEntry:
    """Qualifying points alone, or what a return takes of them."""
    kind = PointsEntry.Kind.EARN
    return PointsEntry.objects.create(
        member_id=wallet.member_id, enrolment=wallet, key=a_key(), kind=kind, points=0, qualifying=points,
        debit=Account.ISSUED, credit=Account.LIABILITY, on=on, at=morning(on),
    )


def evaluate(wallet: Enrolment, *, on: date) -> list[TierChange]:
    return evaluate_enrolment(wallet, on=on, at=morning(on), actor=None)


def by_hand(wallet: Enrolment, code: str, *, on: date, until: date | None = None, **facts: Any) -> TierChange:
    """The operator's kindness."""
    tier = Tier.objects.get(group__programme=wallet.programme_id, code=code)
    return set_tier(wallet, tier, held_until=until, on=on, at=morning(on), **{
        "reason": "loyal for years", "key": a_key(), "actor": None, **facts
    })


def standing(wallet: Enrolment) -> TierStanding:
    return TierStanding.objects.select_related("tier").get(enrolment=wallet)


def tier_of(wallet: Enrolment) -> str:
    return standing(wallet).tier.code


def held(wallet: Enrolment) -> tuple[str, date | None]:
    """The tier, and its last sure day."""
    found = standing(wallet)
    return found.tier.code, found.held_until


def steps(wallet: Enrolment) -> list[tuple[str, str, date]]:
    """(kind, tier, business date) of each change, in order."""
    return list(TierChange.objects.filter(enrolment=wallet).order_by("pk").values_list("kind", "to_tier__code", "on"))


def newest(wallet: Enrolment) -> TierChange:
    return TierChange.objects.filter(enrolment=wallet).latest("pk")
