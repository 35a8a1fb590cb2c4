"""How thin a programme's benefits are spread: who holds them, what members have of them, how full its tiers are.

Two measured dates stand side by side, such as before and after a revision. All of it is read from roll-ups: the night
measured it (benefits/rollups.py, memberships/rollups.py), and what was not measured is not guessed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from benefits.models import Benefit
from memberships.models import Programme, ProgrammeRevision, Tier
from operations.models import Rollup
from operations.services.rollups import Figures, over_days

REACH, CROWDING = "reach", "crowding"
#: Tiers are shown over so many days.
DAYS = 366
FEN = Decimal("0.01")


@dataclass(frozen=True)
class Reached:
    """A benefit on a date: members of the programme, those who hold it, used it in the days before, and its worth."""

    members: int
    holders: int
    users: int
    units: int
    saved: Decimal
    cost: Decimal

    @property
    def share(self) -> Decimal:
        """Holders among all members."""
        return _share(self.holders, self.members)

    @property
    def use_share(self) -> Decimal:
        """Users among those who hold it."""
        return _share(self.users, self.holders)

    @property
    def saved_each(self) -> Decimal:
        """Delivered value for each member who holds it, in CNY."""
        return (self.saved / self.holders).quantize(FEN) if self.holders else Decimal(0)


class BenefitSides(NamedTuple):
    """A benefit before and after."""

    benefit: Benefit
    before: Reached | None
    after: Reached


class TierSides(NamedTuple):
    """A tier before and after: wallets, and their share of the ladder."""

    tier: Tier
    before: tuple[int, Decimal] | None
    after: tuple[int, Decimal]


class Crowd(NamedTuple):
    """A tier's share of its ladder by month, each as its last measured day left it."""

    tier: Tier
    shares: list[Decimal]


@dataclass(frozen=True)
class Dilution:
    """Two dates of a programme side by side; `before` is None where there is one only."""

    programme: Programme
    days: list[date]
    before: Figures | None
    after: Figures
    benefits: list[BenefitSides]
    tiers: list[TierSides]
    months: list[date]
    crowds: list[Crowd]

    @property
    def as_of(self) -> datetime:
        return self.after.as_of


def dilution(programme: Programme, *, before: date | None, after: date | None) -> Dilution | None:
    """Of two dates that were measured; unless asked, the newest and the last one before the newest revision took
    effect, else the oldest. None where nothing was measured yet.
    """
    days = list(
        Rollup.objects.filter(name=REACH, scope=str(programme.pk)).order_by("-on").values_list("on", flat=True)[:DAYS]
    )
    if not days:
        return None
    last = after if after in days else days[0]
    first = before if before in days and before < last else _usual_before(programme, days, last)
    new, old = _figures(REACH, programme, last), _figures(REACH, programme, first) if first else None
    assert new is not None
    months, crowds = _crowds(programme, last)
    return Dilution(
        programme, days, old, new, _benefits(programme, old, new),
        _tiers(programme, _figures(CROWDING, programme, first) if first else None,
               _figures(CROWDING, programme, last)),
        months, crowds,
    )


def _usual_before(programme: Programme, days: Sequence[date], last: date) -> date | None:
    """The last measured day before the newest revision that was in effect then; else the first one."""
    earlier = [day for day in days if day < last]
    revisions = ProgrammeRevision.objects.without_files().filter(programme=programme, effective_on__lte=last)
    for effective_on in revisions.order_by("-effective_on").values_list("effective_on", flat=True)[:1]:
        for day in earlier:
            if day < effective_on:
                return day
    return earlier[-1] if earlier else None


def _figures(name: str, programme: Programme, on: date) -> Figures | None:
    found = over_days(name, scope=str(programme.pk), through=on, days=1)
    return found[0] if found else None


def _benefits(programme: Programme, old: Figures | None, new: Figures) -> list[BenefitSides]:
    """What anybody held or used on either date, the widest spread first."""
    sides = []
    for benefit in Benefit.objects.filter(programme=programme).order_by("pk"):
        after, before = _reached(benefit, new), _reached(benefit, old) if old else None
        if after.holders or after.users or (before and (before.holders or before.users)):
            sides.append(BenefitSides(benefit, before, after))
    return sorted(sides, key=lambda side: -side.after.share)


def _reached(benefit: Benefit, figures: Figures) -> Reached:
    def name(figure: str) -> str:
        return f"{benefit.pk}.{figure}"

    return Reached(
        figures.count("members"), figures.count(name("holders")), figures.count(name("users")),
        figures.count(name("units")), figures.amount(name("saved")), figures.amount(name("cost")),
    )


def _tiers(programme: Programme, old: Figures | None, new: Figures | None) -> list[TierSides]:
    tiers = list(Tier.objects.filter(group__programme=programme).select_related("group").order_by("group", "rank"))
    if new is None:
        return []
    return [
        TierSides(tier, _stand(tier, tiers, old) if old else None, _stand(tier, tiers, new)) for tier in tiers
    ]


def _stand(tier: Tier, tiers: Sequence[Tier], figures: Figures) -> tuple[int, Decimal]:
    """Wallets on a tier, and their share of those on its ladder."""
    whole = sum(figures.count(str(each.pk)) for each in tiers if each.group_id == tier.group_id)
    wallets = figures.count(str(tier.pk))
    return wallets, _share(wallets, whole)


def _crowds(programme: Programme, last: date) -> tuple[list[date], list[Crowd]]:
    """The shares of the tiers by month, by the last measured day of each."""
    by_month = {
        found.on.replace(day=1): found
        for found in over_days(CROWDING, scope=str(programme.pk), through=last, days=DAYS)
    }
    tiers = list(Tier.objects.filter(group__programme=programme).select_related("group").order_by("group", "rank"))
    return list(by_month), [
        Crowd(tier, [_stand(tier, tiers, figures)[1] for figures in by_month.values()]) for tier in tiers
    ]


def _share(part: int, whole: int) -> Decimal:
    """Of 1, to a tenth of a percent."""
    return (Decimal(part) / whole).quantize(Decimal("0.001")) if whole else Decimal(0)
