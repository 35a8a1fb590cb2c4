"""Closing a settlement takes two people over a limit: what is owed to a partner is paid by it."""

from datetime import date, datetime
from decimal import Decimal

from django.db.models import Model
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from operations.approvals import ApprovalAction, Description, Outcome, Payload, fingerprint
from operations.models import User
from partners.models import Partner, Settlement
from partners.services.settlements import CLOSE_SETTLEMENT, close_settlement


class CloseSettlement(ApprovalAction):
    """Payload: {"settlement", "total"}; the amount is the total in CNY, whichever way it is owed."""

    name = CLOSE_SETTLEMENT
    label = gettext_lazy("close a settlement with a partner")
    unit = "CNY"
    permission = "partners.draft_settlement"

    @staticmethod
    def settlement(payload: Payload) -> Settlement:
        return Settlement.objects.select_related("partner", "statement").get(pk=payload["settlement"])

    def amount(self, payload: Payload) -> Decimal | None:
        return abs(Decimal(payload["total"]))

    def subject(self, payload: Payload) -> Model | None:
        return self.settlement(payload)

    def describe(self, payload: Payload) -> Description:
        settlement = self.settlement(payload)
        facts = {"partner": str(settlement.partner), "month": f"{settlement.month:%Y-%m}"}
        total = number_format(Decimal(payload["total"]), decimal_pos=2)
        adjustments = sum((entry.amount for entry in settlement.adjustments.all()), Decimal(0))
        return Description(
            _("Close the settlement of %(month)s with %(partner)s at %(total)s CNY, for ever.")
            % {**facts, "total": total},
            (
                (_("Partner"), facts["partner"]), (_("Month"), facts["month"]), (_("Total (CNY)"), total),
                (_("Adjustments (CNY)"), number_format(adjustments, decimal_pos=2)),
                (_("Statement"), str(settlement.statement) if settlement.statement else _("none: our own records")),
            ),
        )

    def lock(self, payload: Payload) -> None:
        # The partner first, as whoever drafts or submits one does.
        settlement = Settlement.objects.get(pk=payload["settlement"])
        Partner.objects.select_for_update(no_key=True).get(pk=settlement.partner_id)
        Settlement.objects.select_for_update().get(pk=settlement.pk)

    def seen(self, payload: Payload) -> str:
        settlement = self.settlement(payload)
        lines = settlement.lines.order_by("source", "offer_id", "unit_cost")
        return fingerprint(
            settlement.statement_id, settlement.total,
            list(lines.values_list("source", "offer_id", "unit_cost", "units", "amount")),
            list(settlement.adjustments.order_by("pk").values_list("key", "amount")),
        )

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        settlement = close_settlement(self.settlement(payload), on=on, at=at, actor=actor)
        words = _("The settlement of %(month)s with %(partner)s is closed.")
        return Outcome(
            words % {"month": f"{settlement.month:%Y-%m}", "partner": settlement.partner},
            {"settlement": settlement.pk},
        )
