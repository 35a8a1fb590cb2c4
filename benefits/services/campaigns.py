"""Campaigns: opened on a budget that is reserved from the brand's commitment, stopped and taken up again by hand.

At its cap a campaign stops by itself: the database refuses the use that would take more (sql/redemptions/).
"""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from benefits.errors import CampaignError, CampaignStoppedError, NotTargetedError
from benefits.models import Brand, Budget, Campaign, MemberSegment
from benefits.services.budgets import lock_budget, reserve_part
from memberships.models import Member
from memberships.services.enrolments import COHORTS, cohort_of
from operations.audit import because
from operations.models import User


@transaction.atomic
def open_campaign(
    brand: Brand, budget: Budget, *, code: str, on: date, at: datetime, actor: User | None, reason: str, **facts: Any
) -> Campaign:
    """A campaign of a brand with a budget, which is reserved from what the brand committed to the budget's programme.

    `facts`: name, name_en, sub_plan, and segment, open_share, baseline_from, baseline_until where it has them.
    Raises CampaignError without a commitment, or when the budget is another campaign's; BudgetError when not as much
    is left of the commitment.
    """
    commitment = Budget.objects.filter(programme=budget.programme_id, brand=brand).first()
    if commitment is None:
        raise CampaignError(_("“%(brand)s” has committed nothing to this programme.") % {"brand": brand})
    # The commitment first, as whoever changes the amount of its part.
    commitment, budget = lock_budget(commitment)[1], lock_budget(budget)[1]
    if budget.part_of_id or budget.brand_id:
        raise CampaignError(_("The budget “%(budget)s” is taken.") % {"budget": budget})
    with because(reason, actor=actor):
        if budget.amount:
            reserve_part(commitment, budget, budget.amount, on=on, at=at, actor=actor, reason=reason)
        budget.part_of = commitment
        budget.save(update_fields=["part_of"])
        return Campaign.objects.create(programme_id=budget.programme_id, code=code, brand=brand, budget=budget, **facts)


@transaction.atomic
def stop_campaign(campaign: Campaign, *, at: datetime, actor: User | None, reason: str) -> Campaign:
    """Nothing is drawn on its budget from now on, until it goes on; a repeat changes nothing."""
    locked = _lock(campaign)
    if locked.stopped_at is None:
        locked.stopped_at = at
        with because(reason, actor=actor):
            locked.save(update_fields=["stopped_at"])
    return locked


@transaction.atomic
def resume_campaign(campaign: Campaign, *, actor: User | None, reason: str) -> Campaign:
    """It goes on where it was stopped; a repeat changes nothing."""
    locked = _lock(campaign)
    if locked.stopped_at is not None:
        locked.stopped_at = None
        with because(reason, actor=actor):
            locked.save(update_fields=["stopped_at"])
    return locked


def check_campaign(budget: Budget, member: Member, *, on: date, at: datetime) -> None:
    """What sql/redemptions/redeem_benefit.sql asks of the campaign that has this budget, if any, before it draws on it.

    Raises CampaignStoppedError, NotTargetedError.
    """
    campaign = Campaign.objects.filter(budget=budget).first()
    if campaign is None:
        return
    if campaign.stopped_at is not None and campaign.stopped_at <= at:
        raise CampaignStoppedError(campaign)
    is_of_segment = not campaign.segment or MemberSegment.objects.current(on=on).filter(
        member=member, segment=campaign.segment
    ).exists()
    if not is_of_segment or cohort_of(member.pk) >= campaign.open_share * COHORTS:
        raise NotTargetedError(campaign, member, on=on)


def _lock(campaign: Campaign) -> Campaign:
    return Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
