"""`benefit.used`: a member used a benefit at the partner, which is booked here and refused where there is none left."""

from datetime import date, datetime
from hashlib import sha256
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from ninja import Field, Schema
from pydantic import StringConstraints

from benefits.errors import QuotaUsedUpError, RedemptionError
from benefits.models import Benefit, Redemption
from benefits.services.redemptions import redeem
from benefits.services.rights import rights_of
from memberships.errors import InsufficientPointsError, MemberClosedError
from memberships.models import Member
from memberships.services.merges import records_of
from operations.api.fields import PLAIN
from operations.api.problems import code_of
from operations.dates import business_date
from operations.errors import KeyConflictError, PlusdeskError
from operations.webhooks import TOLERANCE
from partners.events.forms import Instant, Word
from partners.events.handling import EventHandler, Handled, NotThereError, Told, find_member
from partners.models import Offer, Partner, ReportedUsage

#: A short line of text.
Text48 = Annotated[str, StringConstraints(max_length=48, pattern=PLAIN)]
#: As long as a redemption's key.
KEY_LENGTH = 64
#: What is an answer, and no fault: the member has no (more) right to it.
REFUSALS = (RedemptionError, InsufficientPointsError, MemberClosedError)


class UnknownBenefitError(NotThereError):
    """The partner fulfils no such benefit on that day."""

    def __init__(self, benefit: str) -> None:
        super().__init__(_("This partner has no offer of a benefit “%(benefit)s” on that day.") % {"benefit": benefit})


class NotYetError(PlusdeskError):
    """It is said to happen later than now."""

    def __init__(self, at: datetime) -> None:
        super().__init__(_("It is said to have happened at %(at)s, which has not come yet.") % {"at": at})


class BenefitUsed(Schema):
    """A use of a benefit at the partner. A repeat of the same usage, whatever the event's id, is booked once."""

    usage: Word = Field(description="The partner's number of the use, unique for ever.")
    member: Word = Field(description="The member's number, ours or the partner's.")
    benefit: Word = Field(description="The benefit's code, or the partner's product number.")
    quantity: Annotated[int, Field(ge=1, le=10_000, strict=True)] = 1
    category: Text48 = Field("", description="Of the goods it was used for.")
    order: Text48 = Field("", description="The order it was used for.")
    at: Instant | None = Field(None, description="When, its day in Shanghai; not given: when the event happened.")


class UsageTold(EventHandler):
    """What the partner counts is redeemed here by the usage's own key; a refusal says from when on there is more.

    A number under which a use was booked is that use's for ever: with another member, or another body, it is a
    KeyConflictError.
    """

    name = "benefit.used"
    schema = BenefitUsed

    def handle(self, told: Told) -> Handled:
        data: BenefitUsed = told.data
        used_at = data.at or told.occurred_at
        if used_at > told.at + TOLERANCE:
            raise NotYetError(used_at)
        on = min(business_date(used_at), told.on)
        member = find_member(told.partner, data.member)
        benefit = find_benefit(told.partner, data.benefit, member, on=on)
        try:
            redemption = redeem(
                _who_used(told.partner, data.usage, member), benefit, key=key_of(told.partner, data.usage), on=on,
                at=told.at, actor=told.actor, quantity=data.quantity, category=data.category, order_number=data.order,
                reason=str(told.partner)[:200],
            )
        except REFUSALS as refusal:
            return Handled(answer=_refused(refusal), member=member)
        _keep_usage(told.partner, data.usage, redemption)
        return Handled(answer={"outcome": "redeemed", "reason": "", "next_on": None}, member=member)


def find_benefit(partner: Partner, code: str, member: Member, *, on: date) -> Benefit:
    """What the partner calls so: a benefit's code, or its product number, of an offer in force whose uses it reports.

    Of several (of two programmes) the first that the member is entitled to. UnknownBenefitError.
    """
    reported = Offer.objects.in_force(on=on).filter(partner=partner, mode=Offer.Mode.REPORTED)
    offers = reported.select_related("benefit").order_by("pk")
    found = [offer.benefit for offer in offers.filter(benefit__code=code)] or [
        offer.benefit for offer in offers.filter(sku=code)
    ]
    if not found:
        raise UnknownBenefitError(code)
    if len(found) == 1:
        return found[0]
    entitled = {right.benefit_id for right in rights_of(member.pk, on=on)}
    return next((benefit for benefit in found if benefit.pk in entitled), found[0])


def key_of(partner: Partner, usage: str) -> str:
    """The redemption's key: the partner and its number of the use, hashed where that is too long."""
    key = f"use:{partner.pk}:{usage}"
    return key if len(key) <= KEY_LENGTH else f"use:{partner.pk}:{sha256(usage.encode()).hexdigest()[:32]}"


def _who_used(partner: Partner, usage: str, member: Member) -> Member:
    """The member; of a use that was told before, the number it was booked under, which may have been merged since.

    KeyConflictError where the number is that of another member's use.
    """
    known = ReportedUsage.objects.filter(partner=partner, usage=usage).select_related("redemption__member").first()
    if known is None:
        return member
    if known.redemption.member_id not in records_of(member.pk):
        raise KeyConflictError(usage)
    return known.redemption.member


def _keep_usage(partner: Partner, usage: str, redemption: Redemption) -> None:
    """Keep whose use the number is. Of two at once the second waits for the first, and is then a KeyConflictError."""
    ReportedUsage.objects.bulk_create(
        [ReportedUsage(partner=partner, usage=usage, redemption=redemption)], ignore_conflicts=True
    )
    if not ReportedUsage.objects.filter(partner=partner, usage=usage, redemption=redemption).exists():
        raise KeyConflictError(usage)


def _refused(refusal: PlusdeskError) -> dict[str, Any]:
    next_on = refusal.resets_on if isinstance(refusal, QuotaUsedUpError) else None
    return {
        "outcome": "refused", "reason": code_of(type(refusal)), "detail": str(refusal),
        "next_on": next_on.isoformat() if next_on else None,
    }


HANDLERS = (UsageTold(),)
