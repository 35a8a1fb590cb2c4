"""What of tiers takes two people over a limit: to set a member's tier by hand."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.models import Tier, TierStanding
from memberships.services.tiers import refuse_tier, set_tier
from operations.approvals import ApprovalAction, Description, Outcome, Payload, fingerprint
from operations.models import User


class SetTier(ApprovalAction):
    """Payload: {"standing", "tier", "held_until": a day or null, "key"}; the amount is the tiers that it goes up."""

    name = "set_tier"
    label = gettext_lazy("set a tier by hand")
    unit = gettext_lazy("tiers up")
    permission = "memberships.change_tierstanding"

    @staticmethod
    def payload_of(standing: TierStanding, tier: Tier, *, held_until: date | None, key: str) -> dict[str, Any]:
        """What putting a member on a tier until a day is."""
        return {
            "standing": standing.pk, "tier": tier.pk, "held_until": held_until and held_until.isoformat(), "key": key
        }

    def amount(self, payload: Payload) -> Decimal | None:
        standing, tier = self._standing(payload), self._tier(payload)
        between = Tier.objects.filter(group=tier.group, rank__gt=standing.tier.rank, rank__lte=tier.rank)
        return Decimal(between.count())

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        refuse_tier(
            self._standing(payload).enrolment, self._tier(payload), held_until=_day(payload), reason="–",
            key=payload["key"], on=on,
        )

    def describe(self, payload: Payload) -> Description:
        standing, tier = self._standing(payload), self._tier(payload)
        until = _day(payload)
        words = (
            _("Member %(member)s goes from “%(was)s” to “%(tier)s” until %(until)s.") if until
            else _("Member %(member)s goes from “%(was)s” to “%(tier)s”, until it is set again.")
        )
        named = {"member": standing.enrolment, "was": standing.tier, "tier": tier, "until": until}
        return Description(words % named, (
            (_("Ladder"), str(standing.group)), (_("From"), str(standing.tier)), (_("To"), str(tier)),
            (_("Held until"), str(until or "–")),
        ))

    def subject(self, payload: Payload) -> Model | None:
        return self._standing(payload)

    def seen(self, payload: Payload) -> str:
        standing = self._standing(payload)
        return fingerprint(standing.tier_id, standing.cause, standing.held_until)

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        change = set_tier(
            self._standing(payload).enrolment, self._tier(payload), held_until=_day(payload), reason=reason,
            key=payload["key"], on=on, at=at, actor=actor,
        )
        return Outcome(_("The tier is “%(tier)s” now.") % {"tier": change.to_tier}, {"change": change.pk})

    @staticmethod
    def _standing(payload: Payload) -> TierStanding:
        return TierStanding.objects.select_related("enrolment", "tier", "group").get(pk=payload["standing"])

    @staticmethod
    def _tier(payload: Payload) -> Tier:
        return Tier.objects.select_related("group").get(pk=payload["tier"])


def _day(payload: Payload) -> date | None:
    return date.fromisoformat(payload["held_until"]) if payload["held_until"] else None
