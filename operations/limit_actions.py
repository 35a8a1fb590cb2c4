"""Who says how much one person does alone is two people: limits of approval are changed by a request only."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from operations import registry
from operations.approval_actions import measure_in_words
from operations.approvals import ApprovalAction, Description, Measure, Outcome, Payload, fingerprint
from operations.errors import ApprovalError
from operations.models import ApprovalLimit, User


class ChangeApprovalLimit(ApprovalAction):
    """Payload: {"does": add, change or delete, "limit": its key or null, "action", "group", "amount": text or null}.

    It always takes two people.
    """

    name = "change_approval_limit"
    label = gettext_lazy("change a limit of approval")
    permission = "operations.change_approvallimit"
    has_limits = False

    @staticmethod
    def payload_of(limit: ApprovalLimit, *, does: str) -> dict[str, Any]:
        """What adding this limit, changing it to what it is here, or deleting it is."""
        amount = None if limit.amount is None else f"{limit.amount:.2f}"
        return {"does": does, "limit": limit.pk, "action": limit.action, "group": limit.group_id, "amount": amount}

    def permission_of(self, payload: Payload) -> str:
        return f"operations.{payload['does']}_approvallimit"

    def amount(self, payload: Payload) -> Decimal | None:
        return None

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        if payload["does"] == "delete":
            return
        try:
            self._wanted(payload).full_clean()
        except ValidationError as error:
            raise ApprovalError(" ".join(error.messages)) from error

    def describe(self, payload: Payload) -> Description:
        before = self._there(payload)
        was = limit_in_words(before) if before else "–"
        becomes = "–" if payload["does"] == "delete" else limit_in_words(self._wanted(payload))
        action = registry.approval_actions.find(payload["action"])
        summary = _("Limit of %(group)s to %(action)s alone: %(was)s becomes %(becomes)s.") % {
            "group": Group.objects.get(pk=payload["group"]), "action": action.label if action else payload["action"],
            "was": was, "becomes": becomes,
        }
        return Description(summary, ((_("Before"), was), (_("After"), becomes)))

    def subject(self, payload: Payload) -> Model | None:
        return self._there(payload)

    def seen(self, payload: Payload) -> str:
        limits = ApprovalLimit.objects.filter(pk=payload["limit"]) | ApprovalLimit.objects.filter(
            action=payload["action"], group=payload["group"]
        )
        return fingerprint(list(limits.order_by("pk").values_list("pk", "action", "group", "amount")))

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        limit = self._wanted(payload)
        if payload["does"] == "delete":
            limit.delete()
            return Outcome(_("The limit is removed."))
        limit.save()
        return Outcome(_("The limit is set."), {"limit": limit.pk})

    @staticmethod
    def _there(payload: Payload) -> ApprovalLimit | None:
        return ApprovalLimit.objects.filter(pk=payload["limit"]).first()

    def _wanted(self, payload: Payload) -> ApprovalLimit:
        limit = self._there(payload) or ApprovalLimit()
        limit.action, limit.group_id = payload["action"], payload["group"]
        limit.amount = None if payload["amount"] is None else Decimal(payload["amount"])
        return limit


def limit_in_words(limit: ApprovalLimit) -> str:
    """"1,200.00 CNY", "4 rows", "without limit"."""
    if limit.amount is None:
        return _("without limit")
    action = registry.approval_actions.find(limit.action)
    return measure_in_words(Measure(limit.action, limit.amount, action.unit if action else ""))
