"""A later review lets draws go on that an overdue one would stop: it is weighed as lifting a suspension is."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credit.line_approvals import ReleaseLine
from credit.models import CreditLine
from credit.services.line_changes import refuse_review, set_review
from operations.approvals import Description, Outcome, Payload, fingerprint
from operations.models import User


class SetReview(ReleaseLine):
    """Payload: {"line", "seen_on", "review_on": a day, or null for none}. An earlier review weighs nothing."""

    name = "review_credit_line"
    label = gettext_lazy("set the next review of a credit line")

    @staticmethod
    def payload_of(line: CreditLine, *, on: date, review_on: date | None = None) -> dict[str, Any]:
        """What setting the next review is, as the line was seen on a day."""
        return {**ReleaseLine.payload_of(line, on=on), "review_on": review_on and review_on.isoformat()}

    def stopped_on(self, line: CreditLine) -> date | None:
        return line.review_on

    def amount(self, payload: Payload) -> Decimal | None:
        line, wanted = self.line(payload), _day(payload)
        is_earlier = line.review_on is not None and wanted is not None and wanted <= line.review_on
        return Decimal(0) if is_earlier else super().amount(payload)

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        refuse_review(self.line(payload), review_on=_day(payload), on=on)

    def seen(self, payload: Payload) -> str:
        return fingerprint(super().seen(payload), self.line(payload).review_on)

    def describe(self, payload: Payload) -> Description:
        line = self.line(payload)
        words = _("Set the next review of the credit line of member %(member)s: %(old)s → %(new)s.")
        facts = {"member": line.member, "old": line.review_on or "–", "new": payload["review_on"] or "–"}
        return Description(words % facts, self.figures(payload)[:3])

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        line = set_review(
            self.line(payload), review_on=_day(payload), on=on, actor=actor, reason=reason, checker=checker,
            approval=self.approval_of(checker),
        )
        return Outcome(_("The next review is set."), {"line": line.pk})


def _day(payload: Payload) -> date | None:
    return date.fromisoformat(payload["review_on"]) if payload["review_on"] else None
