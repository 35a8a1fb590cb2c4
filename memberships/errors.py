"""Errors of the memberships floor."""

from datetime import date
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from operations.errors import PlusdeskError

if TYPE_CHECKING:
    from memberships.models import Member, Plan, Programme, Subscription


class MemberClosedError(PlusdeskError):
    """The membership of the person or firm is closed on that date."""

    def __init__(self, member: "Member", *, on: date) -> None:
        super().__init__(_("Member %(member)s is closed on %(on)s.") % {"member": member, "on": on})


class PlanNotOnSaleError(PlusdeskError):
    """The plan cannot be bought on that date."""

    def __init__(self, plan: "Plan", *, on: date) -> None:
        super().__init__(_("“%(plan)s” is not on sale on %(on)s.") % {"plan": plan, "on": on})


class AlreadySubscribedError(PlusdeskError):
    """The member has a live subscription to the programme."""

    def __init__(self, subscription: "Subscription") -> None:
        super().__init__(
            _("Member %(member)s already has “%(plan)s” of “%(programme)s”, requested on %(on)s.")
            % {
                "member": subscription.member,
                "plan": subscription.plan,
                "programme": subscription.programme,
                "on": subscription.requested_on,
            }
        )


class SubscriptionStateError(PlusdeskError):
    """The subscription's state does not allow what was asked."""


class AudienceError(PlusdeskError):
    """The programme is for the other kind of member."""

    def __init__(self, member: "Member", programme: "Programme") -> None:
        super().__init__(
            _("“%(programme)s” is for the kind of member “%(audience)s”; %(member)s is “%(kind)s”.")
            % {
                "programme": programme,
                "audience": programme.get_audience_display(),
                "member": member,
                "kind": member.get_kind_display(),
            }
        )
