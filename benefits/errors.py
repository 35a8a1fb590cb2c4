"""Errors of the benefits floor. (Those of prices: pricing/errors.py.)"""

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from operations.errors import PlusdeskError

if TYPE_CHECKING:
    from benefits.models import Benefit, Budget, Campaign, ChoiceGroup, Grant, MemberSegment
    from memberships.models import Member


class AfterSalesQuestionError(PlusdeskError):
    """What is asked about after-sales rights makes no sense."""


class BenefitKeyError(PlusdeskError):
    """The key cannot be one: 1 to 64 printable ASCII characters without blanks."""

    def __init__(self, key: str) -> None:
        super().__init__(
            _("“%(key)s” cannot be a key: it takes 1 to 64 letters, digits or signs without blanks.") % {"key": key}
        )


class RedemptionError(PlusdeskError):
    """The benefit cannot be used so, and nothing was changed."""

    http_status = 409


class RedemptionQuantityError(RedemptionError):
    """So many uses at once are no number of uses, or come to more than can be booked."""

    http_status = 422

    def __init__(self, quantity: int) -> None:
        super().__init__(_("%(quantity)s is no number of uses that can be booked at once.") % {"quantity": quantity})


class CouponQuantityError(RedemptionQuantityError):
    """A coupon is for one order: several are so many redemptions."""

    def __init__(self, benefit: "Benefit", quantity: int) -> None:
        PlusdeskError.__init__(
            self,
            _("“%(benefit)s” is redeemed one at a time, since a coupon is for one order: %(quantity)s were asked for.")
            % {"benefit": benefit, "quantity": quantity},
        )


class GivenByItselfError(RedemptionError):
    """The rule by which the member has the benefit gives it by itself: there is nothing to redeem."""

    def __init__(self, member: "Member", benefit: "Benefit") -> None:
        super().__init__(
            _("Member %(member)s is given “%(benefit)s” by itself, as long as the right lasts: it is not redeemed.")
            % {"member": member, "benefit": benefit}
        )


class NotEntitledError(RedemptionError):
    """No rule entitles the member to the benefit on that date, in that category, region and store."""

    def __init__(self, member: "Member", benefit: "Benefit", *, on: date, category: str = "") -> None:
        words = (
            _("Member %(member)s is not entitled to “%(benefit)s” for “%(category)s” on %(on)s.")
            if category else _("Member %(member)s is not entitled to “%(benefit)s” on %(on)s.")
        )
        super().__init__(words % {"member": member, "benefit": benefit, "category": category, "on": on})


class StoreNeededError(RedemptionError):
    """The member has the benefit in several stores: which one is it to be?"""

    def __init__(self, member: "Member", benefit: "Benefit") -> None:
        super().__init__(
            _("Member %(member)s has “%(benefit)s” in several stores: say for which one it is used.")
            % {"member": member, "benefit": benefit}
        )


class NotChosenError(RedemptionError):
    """The benefit is one of a choice group's, and the member did not choose it. `until`: the window's last day."""

    def __init__(self, member: "Member", benefit: "Benefit", *, until: date | None) -> None:
        self.until = until
        words = (
            _("Member %(member)s did not choose “%(benefit)s”; the choice holds until %(until)s.")
            if until else _("Member %(member)s did not choose “%(benefit)s”.")
        )
        super().__init__(words % {"member": member, "benefit": benefit, "until": until})


class QuotaUsedUpError(RedemptionError):
    """As much is not left of the quota in this window.

    `quota`, `used`: of the rule, or of all together where the benefit adds rules up; `left`: as much one rule can still
    serve; `resets_on`: the first day of the next window, None where there is none, or the right is over by then.
    """

    def __init__(
        self, benefit: "Benefit", *, quota: int, used: int, left: int, asked: int, window: str, resets_on: date | None
    ) -> None:
        self.quota, self.used, self.left, self.asked, self.resets_on = quota, used, left, asked, resets_on
        figures = {"benefit": benefit, "quota": quota, "used": used, "left": left, "asked": asked, "day": resets_on}
        if left:
            words = _("“%(benefit)s”: %(asked)s uses were asked for, and one rule can still serve %(left)s.")
        else:
            words = _("“%(benefit)s” is used up: %(used)s of %(quota)s.")
        if resets_on is None and window == "ever":
            further = _("The quota is for ever: there is no next window.")
        elif resets_on is None:
            further = _("When there will be more is not known.")
        elif window == "term":
            further = _("The next ones come with the card's next term, from %(day)s on.")
        else:
            further = _("The next ones can be used from %(day)s on.")
        super().__init__(f"{words % figures} {further % figures}")


class OutOfStockError(RedemptionError):
    """Fewer units of the benefit are left than were asked for."""

    def __init__(self, benefit: "Benefit", *, asked: int) -> None:
        self.asked = asked
        super().__init__(
            _("Of “%(benefit)s” there are not as many left: %(asked)s were asked for.")
            % {"benefit": benefit, "asked": asked}
        )


class BudgetExceededError(RedemptionError):
    """The benefit's budget has not as much left, or its days have not begun or are over. `left`: in CNY."""

    def __init__(self, budget: "Budget", *, on: date, asked: Decimal) -> None:
        self.left, self.asked = budget.left, asked
        is_its_time = budget.starts_on <= on and (budget.ends_on is None or on <= budget.ends_on)
        words = (
            _("The budget “%(budget)s” has %(left)s CNY left; this takes %(asked)s CNY.")
            if is_its_time else _("The budget “%(budget)s” is not for %(on)s.")
        )
        super().__init__(words % {"budget": budget, "left": self.left, "asked": asked, "on": on})


class BenefitRetiredError(RedemptionError):
    """Nobody is entitled to the benefit any more."""

    def __init__(self, benefit: "Benefit") -> None:
        super().__init__(
            _("“%(benefit)s” is over since %(day)s.") % {"benefit": benefit, "day": benefit.retired_on}
        )


class RedemptionReturnError(RedemptionError):
    """The redemption cannot be taken back; the message says why."""


class StockError(PlusdeskError):
    """The stock cannot be set so."""

    http_status = 409


class BudgetError(PlusdeskError):
    """The budget cannot be set so."""

    http_status = 409


class CampaignError(PlusdeskError):
    """The campaign cannot be opened so."""

    http_status = 409


class CampaignStoppedError(RedemptionError):
    """The campaign that pays for the benefit was stopped by hand."""

    def __init__(self, campaign: "Campaign") -> None:
        super().__init__(_("The campaign “%(campaign)s” is stopped.") % {"campaign": campaign})


class NotTargetedError(RedemptionError):
    """The campaign that pays for the benefit is for a segment, or a share of members, to which the member is none."""

    def __init__(self, campaign: "Campaign", member: "Member", *, on: date) -> None:
        figures = {"campaign": campaign, "member": member, "segment": campaign.segment, "on": on}
        words = (
            _("The campaign “%(campaign)s” is for “%(segment)s”, or not open to all yet: member %(member)s is not "
              "among them on %(on)s.")
            if campaign.segment else
            _("The campaign “%(campaign)s” is open to a share of members only: member %(member)s is not among them.")
        )
        super().__init__(words % figures)


class ChoiceError(PlusdeskError):
    """The choice cannot be made so, and nothing was changed."""

    http_status = 409


class NotAnOptionError(ChoiceError):
    """The benefit is none of the group's, or none was named."""

    http_status = 422

    def __init__(self, group: "ChoiceGroup", benefit: "Benefit | None") -> None:
        words = (
            _("“%(benefit)s” cannot be chosen in “%(group)s”.") if benefit
            else _("Nothing was chosen in “%(group)s”.")
        )
        super().__init__(words % {"benefit": benefit, "group": group})


class ChoiceTooLateError(ChoiceError):
    """The days to choose are over. `until`: the last of them."""

    def __init__(self, group: "ChoiceGroup", *, until: date | None) -> None:
        self.until = until
        super().__init__(
            _("In “%(group)s” it could be chosen until %(until)s; what was not chosen then is the group's default.")
            % {"group": group, "until": until}
        )


class TooManyChoicesError(ChoiceError):
    """As many may not be chosen in this window. `picks`: in all; `free`: as many still may."""

    def __init__(self, group: "ChoiceGroup", *, picks: int, free: int) -> None:
        self.picks, self.free = picks, free
        super().__init__(
            _("In “%(group)s” %(picks)s may be chosen for a window, and %(free)s of them still.")
            % {"group": group, "picks": picks, "free": free}
        )


class ChosenAlreadyError(ChoiceError):
    """The member has this option in this window."""

    def __init__(self, benefit: "Benefit") -> None:
        super().__init__(_("“%(benefit)s” is the member's already.") % {"benefit": benefit})


class ChoiceCostError(ChoiceError):
    """The options would cost more together than the group allows. `cap`, `cost`: in CNY."""

    def __init__(self, group: "ChoiceGroup", *, cap: Decimal, cost: Decimal) -> None:
        self.cap, self.cost = cap, cost
        super().__init__(
            _("In “%(group)s” options may cost %(cap)s CNY together; these come to %(cost)s CNY.")
            % {"group": group, "cap": cap, "cost": cost}
        )


class NotSwappableError(ChoiceError):
    """What is to be put away is not the member's in this window."""

    def __init__(self, benefit: "Benefit") -> None:
        super().__init__(_("“%(benefit)s” is not the member's: there is nothing to exchange.") % {"benefit": benefit})


class SwapsUsedUpError(ChoiceError):
    """The group's exchanges of this window are used up. `swaps`: as many there are."""

    def __init__(self, group: "ChoiceGroup") -> None:
        self.swaps = group.swaps
        super().__init__(
            _("In “%(group)s” it can be exchanged %(swaps)s times for a window, and it was.")
            % {"group": group, "swaps": group.swaps}
        )


class UsedAlreadyError(ChoiceError):
    """What is to be put away was used in this window."""

    def __init__(self, benefit: "Benefit") -> None:
        super().__init__(
            _("“%(benefit)s” was used in this window: it is not exchanged any more.") % {"benefit": benefit}
        )


class GrantError(PlusdeskError):
    """What the member holds does not allow what was asked."""

    http_status = 409


class GrantStateError(GrantError):
    """The grant was used or has ended, or is not valid on that date."""

    def __init__(self, grant: "Grant", *, on: date) -> None:
        super().__init__(
            _("“%(benefit)s” cannot be used on %(on)s: %(state)s, valid from %(first)s to %(last)s.")
            % {
                "benefit": grant.benefit, "on": on, "state": grant.get_state_display(), "first": grant.valid_from,
                "last": grant.valid_until or "…",
            }
        )


class GrantWaitsForCodeError(GrantError):
    """The grant is held, but a partner's code for it is still to come: until then there is nothing to use."""

    def __init__(self, grant: "Grant") -> None:
        super().__init__(
            _("“%(benefit)s” waits for its code: it can be used once that has come.") % {"benefit": grant.benefit}
        )


class GrantUsedElsewhereError(GrantError):
    """The grant was used for another order."""

    def __init__(self, grant: "Grant", order_number: str) -> None:
        super().__init__(
            _("“%(benefit)s” was used for order %(used)s, not for %(order)s.")
            % {"benefit": grant.benefit, "used": grant.order_number, "order": order_number}
        )


class GrantWindowError(GrantError):
    """The last day of what is given lies before its first."""

    http_status = 422

    def __init__(self, *, first: date, last: date) -> None:
        super().__init__(_("Nothing is given from %(first)s to %(last)s.") % {"first": first, "last": last})


class SegmentError(PlusdeskError):
    """The member cannot be put into the segment, or taken out of it, so."""

    http_status = 409


class SegmentOverlapError(SegmentError):
    """The member belongs to the segment on some of these days."""

    def __init__(self, known: "MemberSegment") -> None:
        super().__init__(
            _("The member is in “%(segment)s” from %(since)s to %(until)s.")
            % {"segment": known.segment, "since": known.since, "until": known.until or "…"}
        )


class OrderNumberNeededError(GrantError):
    """What is held is used for an order, and none was named."""

    http_status = 422

    def __init__(self) -> None:
        super().__init__(_("It is used for an order: say which one."))


class CouponsOfOrderError(GrantError):
    """Other coupons were used for the order. `used`: their keys."""

    def __init__(self, order_number: str, *, used: list[str]) -> None:
        self.used = used
        super().__init__(
            _("For order %(order)s these coupons were used: %(used)s. Others can be used once they are given back.")
            % {"order": order_number, "used": ", ".join(used)}
        )


class OrderSavingError(PlusdeskError):
    """What a benefit is said to have taken off an order cannot be so."""

    http_status = 422
