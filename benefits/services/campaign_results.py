"""What came of a campaign: members' spending against ordinary users', in its days and in those before it. Reads only.

Spending is compared by buyer and by day, so that groups and periods of other sizes can be: a member's lead of 4 means
that a member who bought spent four times what an ordinary buyer did. The uplift is the members' daily spending against
their own baseline's, beyond what ordinary users' did meanwhile (difference in differences): what would have risen
anyway is nobody's success.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Sum

from benefits.models import Campaign, CampaignFigure

Group = CampaignFigure.Group


@dataclass(frozen=True)
class Spending:
    """A group in a period; amounts in CNY."""

    days: int
    buyers: int
    orders: int
    amount: Decimal

    @property
    def by_buyer(self) -> Decimal | None:
        """For each buyer of a day."""
        return round(self.amount / self.buyers, 2) if self.buyers else None

    @property
    def by_day(self) -> Decimal | None:
        return self.amount / self.days if self.days else None


@dataclass(frozen=True)
class Result:
    """By group. `lead`, `baseline_lead`: a member's spending as a multiple of an ordinary buyer's; `growth`: of daily
    spending against the baseline, 0.5 for half as much again; `uplift`: the members' growth beyond the others';
    `extra`: what that comes to, CNY; `for_each`: extra spending for each CNY of the budget spent. None: not known."""

    campaign: dict[str, Spending]
    baseline: dict[str, Spending]
    lead: Decimal | None
    baseline_lead: Decimal | None
    growth: dict[str, Decimal | None]
    uplift: Decimal | None
    extra: Decimal | None
    for_each: Decimal | None


def result_of(campaign: Campaign) -> Result | None:
    """From the daily figures that there are; None: there are none of the campaign's own days."""
    budget = campaign.budget
    during = _spending(campaign, budget.starts_on, budget.ends_on or date.max)
    if not during:
        return None
    before = (
        _spending(campaign, campaign.baseline_from, campaign.baseline_until)
        if campaign.baseline_from and campaign.baseline_until else {}
    )
    growth = {group: _growth(during.get(group), before.get(group)) for group in Group.values}
    members, others = growth[Group.MEMBERS], growth[Group.OTHERS]
    uplift = None if members is None or others is None else members - others
    extra = None
    if uplift is not None:
        extra = round((before[Group.MEMBERS].by_day or Decimal(0)) * uplift * during[Group.MEMBERS].days, 2)
    return Result(
        during, before, _lead(during), _lead(before), growth, uplift, extra,
        round(extra / budget.spent, 2) if extra is not None and budget.spent else None,
    )


def _spending(campaign: Campaign, first: date, last: date) -> dict[str, Spending]:
    rows = CampaignFigure.objects.filter(campaign=campaign, on__gte=first, on__lte=last).values("group").annotate(
        days=Count("on"), all_buyers=Sum("buyers"), all_orders=Sum("orders"), total=Sum("amount")
    )
    return {
        row["group"]: Spending(row["days"], row["all_buyers"], row["all_orders"], row["total"])
        for row in rows.order_by("group")
    }


def _lead(spending: dict[str, Spending]) -> Decimal | None:
    members, others = (spending.get(group) for group in (Group.MEMBERS, Group.OTHERS))
    if not members or not others or members.by_buyer is None or not others.by_buyer:
        return None
    return round(members.amount * others.buyers / (members.buyers * others.amount), 2)


def _growth(during: Spending | None, before: Spending | None) -> Decimal | None:
    if not during or not before or during.by_day is None or not before.by_day:
        return None
    return during.by_day / before.by_day - 1
