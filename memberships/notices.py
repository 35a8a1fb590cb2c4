"""What members are told: of points and tiers that end, of payments and cards."""

from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from memberships.models import (
    Enrolment,
    Member,
    MemberContact,
    Payment,
    PaymentEvent,
    Subscription,
    TierChange,
    TierStanding,
)
from operations.models import Notice
from operations.notices import Contact, Facts, NoticeKind

Channel = Notice.Channel
#: What is worth a text message besides: it costs money, and it disturbs.
WITH_SMS = (Channel.EMAIL, Channel.SMS, Channel.WEBHOOK)
NAMES = {"programme": "京东PLUS会员", "programme_en": "JD PLUS"}
PLAN = {"plan": "PLUS年卡", "plan_en": "PLUS annual card"}


class MemberNotice(NoticeKind):
    """A notice to a member, of a record of theirs."""

    model: type[Any]
    mobile_function = "memberships_notice_takes_sms"

    def __init__(self, *, days: int = 0, channels: tuple[str, ...] = ()) -> None:
        if days:
            self.days, self.name = days, f"{self.template}_{days}"
        if channels:
            self.channels = channels

    def contact_of(self, owner: int) -> Contact:
        contact = MemberContact.objects.filter(member=owner, is_primary=True)
        found = contact.values_list("email", "mobile", "language", "sms_refused_at").first()
        return Contact(*found[:3], refuses_sms=found[3] is not None) if found else Contact()

    def page_of(self, key: int) -> tuple[str, str]:
        record = self.model.objects.filter(pk=key).first()
        number = Member(pk=record.member_id).number if record else str(key)
        return number, reverse(f"admin:memberships_{self.model._meta.model_name}_change", args=[key])


class PointsExpire(MemberNotice):
    """Ahead of the day on which points end."""

    label: str | Promise = _("points will expire")
    template = "points_expire"
    function = "memberships_notice_points_expire"
    model = Enrolment
    after = ("post_pending_points", "expire_points")
    sample: Facts = {**NAMES, "points": 1_200, "expires_on": "2027-01-31"}


class TierEnds(MemberNotice):
    """Ahead of the end of the period for which a tier is held, where it would be lost."""

    label: str | Promise = _("tier will be lost")
    template = "tier_ends"
    function = "memberships_notice_tier_ends"
    model = TierStanding
    after = ("foresee_downgrades",)
    sample: Facts = {
        **NAMES, "tier": "黄金", "tier_en": "Gold", "ends_on": "2027-12-31", "lost_on": "2028-01-01",
        "missing": 800,
    }  # fmt: skip


class PaymentDeclined(MemberNotice):
    """After a charge for the next term was declined."""

    name = template = "payment_declined"
    channels = WITH_SMS
    label: str | Promise = _("payment declined")
    function = "memberships_notice_payment_declined"
    model = Payment
    after = ("renew_subscriptions", "retry_payments")
    sample: Facts = {
        **PLAN, "price_amount": "99.00", "paid_until_on": "2027-01-14", "grace_until_on": "2027-01-21",
        "again_on": "2027-01-15",
    }  # fmt: skip


class CardInGrace(MemberNotice):
    """On the first day that is not paid for."""

    name = template = "card_in_grace"
    channels = WITH_SMS
    label: str | Promise = _("card in grace")
    function = "memberships_notice_card_in_grace"
    model = Subscription
    after = ("enter_grace_and_lapse",)
    sample: Facts = {**PLAN, "paid_until_on": "2027-01-14", "grace_until_on": "2027-01-21"}


class CardRenews(MemberNotice):
    """Ahead of the charge for the next term."""

    label: str | Promise = _("card will be renewed")
    template = "card_renews"
    function = "memberships_notice_card_renews"
    model = Subscription
    sample: Facts = {
        **PLAN, "price_amount": "99.00", "paid_until_on": "2027-01-14", "charged_on": "2027-01-13",
    }  # fmt: skip


class CardRenewed(MemberNotice):
    """After the charge for the next term."""

    name = template = "card_renewed"
    label: str | Promise = _("card renewed")
    function = "memberships_notice_card_renewed"
    model = Payment
    after = ("renew_subscriptions", "retry_payments")
    sample: Facts = {**PLAN, "price_amount": "99.00", "starts_on": "2027-01-15", "ends_on": "2028-01-14"}


class CardLapsed(MemberNotice):
    """On the day after the last day of grace."""

    name = template = "card_lapsed"
    label: str | Promise = _("card lapsed")
    function = "memberships_notice_card_lapsed"
    model = Subscription
    after = ("enter_grace_and_lapse",)
    channels = WITH_SMS
    sample: Facts = {**PLAN, "paid_until_on": "2027-01-14", "ended_on": "2027-01-21"}


class CardResumed(MemberNotice):
    """After a cancellation was taken back."""

    name = template = "card_resumed"
    label: str | Promise = _("cancellation taken back")
    function = "memberships_notice_card_resumed"
    model = Subscription
    sample: Facts = {**PLAN, "paid_until_on": "2027-01-14", "has_method": True}


class RefundPaid(MemberNotice):
    """After the gateway has paid a refund."""

    name = template = "refund_paid"
    label: str | Promise = _("refund paid")
    is_required = True
    function = "memberships_notice_refund_paid"
    model = PaymentEvent
    after = ("resolve_unknown_payments",)
    channels = WITH_SMS
    sample: Facts = {**PLAN, "refund_amount": "66.50", "day_on": "2027-01-20"}

    def page_of(self, key: int) -> tuple[str, str]:
        """The payment's page."""
        event = PaymentEvent.objects.filter(pk=key).first()
        if event is None:
            return str(key), reverse("admin:memberships_payment_changelist")
        return Member(pk=event.member_id).number, reverse("admin:memberships_payment_change", args=[event.payment_id])


class TierReached(MemberNotice):
    """After a step up."""

    name = template = "tier_reached"
    label: str | Promise = _("higher tier reached")
    function = "memberships_notice_tier_reached"
    model = TierChange
    after = ("evaluate_tiers",)
    sample: Facts = {
        **NAMES, "tier": "黄金", "tier_en": "Gold", "day_on": "2027-01-20", "held_until_on": "2028-12-31",
    }  # fmt: skip


def notice_kinds() -> list[MemberNotice]:
    """All kinds of this floor."""
    return [
        PointsExpire(days=30), PointsExpire(days=7, channels=WITH_SMS), TierEnds(days=30),
        TierEnds(days=7, channels=WITH_SMS), TierReached(), CardRenews(days=7), CardRenewed(), PaymentDeclined(),
        CardInGrace(), CardLapsed(), CardResumed(), RefundPaid(),
    ]
