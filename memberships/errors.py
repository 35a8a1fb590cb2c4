"""Errors of the memberships floor."""

from datetime import date
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from operations.errors import KeyConflictError as KeyConflictError
from operations.errors import PlusdeskError

if TYPE_CHECKING:
    from memberships.models import Enrolment, Member, Payment, Plan, Programme, ProgrammeRevision, Subscription


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


class EnrolmentScopeError(PlusdeskError):
    """A wallet was asked for without a store where each store has one, or for a store where each member has one."""

    def __init__(self, programme: "Programme") -> None:
        super().__init__(
            _("“%(programme)s” has one wallet for each: %(enrols)s.")
            % {"programme": programme, "enrols": programme.get_enrols_display()}
        )


class NotOpenToMemberError(PlusdeskError):
    """The programme is open to a share of members, and this one is not of it."""

    def __init__(self, member: "Member", programme: "Programme") -> None:
        super().__init__(
            _("“%(programme)s” is open to %(share)s%% of members so far, and not to %(member)s yet.")
            % {"programme": programme, "share": f"{programme.open_share:.2%}".rstrip("%"), "member": member}
        )


class AlreadyEnrolledError(PlusdeskError):
    """The member has a wallet in the programme, or in the programme for that store."""

    def __init__(self, wallet: "Enrolment") -> None:
        super().__init__(
            _("%(member)s is in “%(programme)s” already, since %(on)s.")
            % {"member": wallet, "programme": wallet.programme, "on": wallet.enrolled_on}
        )


class PointsError(PlusdeskError):
    """The points ledger cannot book what was asked."""


class PointsAmountError(PointsError):
    """Points are whole and at least one."""

    def __init__(self, points: int) -> None:
        super().__init__(_("%(points)s is no number of points to book: it takes 1 or more.") % {"points": points})


class InsufficientPointsError(PointsError):
    """The wallet has not as many spendable points on that day. `asked` and `spendable` are the figures."""

    def __init__(self, *, asked: int, spendable: int, on: date) -> None:
        self.asked, self.spendable = asked, spendable
        super().__init__(
            _("%(asked)s points were asked for; %(spendable)s can be spent on %(on)s.")
            % {"asked": asked, "spendable": spendable, "on": on}
        )


class PointsExpiryError(PointsError):
    """The points would be over already, on the day they are earned or by a night that has been booked."""

    def __init__(self, *, expires_on: date, over_on: date) -> None:
        super().__init__(
            _("Points that expire on %(expires)s cannot be earned: what expires by %(over)s is over.")
            % {"expires": expires_on, "over": over_on}
        )


class ReservedKeyError(PointsError):
    """The key is blank, too long, or one that the ledger makes itself."""

    def __init__(self, key: str) -> None:
        super().__init__(_("“%(key)s” cannot be the key of a points entry.") % {"key": key})


class AdjustmentReasonError(PointsError):
    """There is no such reason of adjustments, or it cannot be chosen any more."""

    def __init__(self, code: str) -> None:
        super().__init__(_("“%(code)s” is no reason of adjustments that can be chosen.") % {"code": code})


class NotReversibleError(PointsError):
    """Entries of that kind are not reversed, or this one was, or nothing can be taken back any more."""


class AwardKeptError(NotReversibleError):
    """The programme leaves the member what was posted."""


class AwardExpiredError(NotReversibleError):
    """Nothing can be taken back of the award: its points have expired."""


class PointsExtensionError(PointsError):
    """The day on which points end cannot be put off so."""


class NotReinstatableError(PointsError):
    """What expired is not given again: it was, the programme's days for that are over, or it did not expire."""


class GatewayUnreachableError(PlusdeskError):
    """The gateway does not answer, or not so that it can be trusted."""

    def __init__(self, gateway: str, detail: str) -> None:
        super().__init__(
            _("The gateway “%(gateway)s” does not answer: %(detail)s") % {"gateway": gateway, "detail": detail}
        )


class PaymentUnderWayError(PlusdeskError):
    """The gateway may have taken the money, or may still take it: what was asked has to wait for its answer."""

    def __init__(self, payment: "Payment") -> None:
        super().__init__(
            _("A payment of %(amount)s CNY, requested on %(on)s, is under way: wait for the gateway's answer.")
            % {"amount": payment.amount, "on": payment.requested_on}
        )


class PaymentStateError(PlusdeskError):
    """The payment's state does not allow what was asked."""


class PaymentMethodError(PlusdeskError):
    """The payment method is not this member's, was removed, or is missing."""


class NotDueError(SubscriptionStateError):
    """The card is not to be charged for a next term on that day."""


class RefundError(PlusdeskError):
    """The payment cannot be refunded so."""


class OrderError(PlusdeskError):
    """The order or return cannot be recorded so."""


class TierError(PlusdeskError):
    """The tier cannot be set so."""


class RevisionStateError(PlusdeskError):
    """The state of the programme's revision does not allow what was asked."""


class RevisionBaseError(PlusdeskError):
    """What comes before the programme's revision is not what it was compared with."""

    def __init__(self, revision: "ProgrammeRevision") -> None:
        super().__init__(
            _("%(revision)s was compared with another state of the programme: since then other programme files were"
              " approved, took effect or were discarded. What it would undo has not been looked at.")
            % {"revision": revision}
        )
