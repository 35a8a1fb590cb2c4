"""What is done to many wallets at once: points are given or taken by hand."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.db import transaction
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.adjustment_approvals import AdjustPoints, adjustment_of
from memberships.admin.display import today
from memberships.admin.points_actions import AdjustmentFields
from memberships.models import AdjustmentReason, Enrolment
from memberships.services.points_adjustments import find_uncovered
from memberships.services.points_reinstatement import expiry_of_new
from operations.audit import because
from operations.bulk import BulkAction, Foreseen
from operations.models import User


class AdjustmentForAll(AdjustmentFields):
    """The same for each wallet."""

    def __init__(self, data: Any, *, on: date, initial: Mapping[str, Any]) -> None:
        super().__init__(data, initial=dict(initial))
        self.on = on

    def clean(self) -> dict[str, Any]:
        """What would be refused for every wallet is refused here."""
        cleaned = super().clean() or {}
        if cleaned.get("points") == 0 and cleaned.get("qualifying") == 0:
            self.add_error("points", _("Say how many points are given or taken."))
        if cleaned.get("expires_on") and cleaned.get("points", 0) > 0 and cleaned["expires_on"] <= self.on:
            self.add_error("expires_on", _("Points that are given expire tomorrow at the earliest."))
        return cleaned


class AdjustWallets(BulkAction):
    """Each wallet gets or gives the same. By a key of the choice and the wallet, so that nothing is booked twice."""

    name = "adjust_wallets"
    label = gettext_lazy("Adjust the points of many members")
    model = Enrolment
    permission = AdjustPoints.permission
    unit = AdjustPoints.unit
    places = 0
    limit = AdjustPoints.name
    note = gettext_lazy("It is done at once; where the sum is over your limit, when a second person has approved.")
    asks = True

    def form(self, records: Sequence[Any], data: Any, *, on: date) -> forms.Form:
        programmes = {record.programme_id for record in records}
        expires_on = expiry_of_new(records[0], on=on) if len(programmes) == 1 else None
        return AdjustmentForAll(data, on=on, initial={"expires_on": expires_on})

    def kept(self, answered: Mapping[str, Any]) -> dict[str, Any]:
        expires_on = answered["expires_on"] if answered["points"] > 0 else None
        return {
            "points": answered["points"], "qualifying": answered["qualifying"],
            "reason_code": answered["reason_code"].code, "expires_on": expires_on and expires_on.isoformat(),
        }

    def given_in_words(self) -> list[tuple[str, str]]:
        if not self.given:
            return []
        code = AdjustmentReason.objects.get(code=self.given["reason_code"])
        words = [(_("Points for each"), number_format(self.given["points"])), (_("Reason code"), str(code))]
        if self.given["qualifying"]:
            words.append((_("Qualifying points for each"), number_format(self.given["qualifying"])))
        if self.given["points"] > 0:
            words.append((_("Expire"), self.given["expires_on"] or _("never")))
        return words

    def records(self, keys: Collection[int]) -> Sequence[Any]:
        wallets = list(Enrolment.objects.filter(pk__in=keys).select_related("programme", "member"))
        if self.given:
            asked = [adjustment_of(self._payload(wallet)) for wallet in wallets]
            uncovered = {each.enrolment_id: each for each in find_uncovered(asked, on=today())}
            for wallet in wallets:
                wallet.uncovered = uncovered.get(wallet.pk)  # type: ignore[attr-defined]
        return wallets

    def title(self, record: Any) -> str:
        return f"{record.member.number} · {record.programme}"

    def foresee(self, record: Any, *, on: date) -> Foreseen:
        facts = {"points": number_format(self.given["points"]), "balance": number_format(record.balance)}
        if record.uncovered is not None:
            facts["spendable"] = number_format(record.uncovered.spendable)
            words = _("%(points)s points: only %(spendable)s can be taken.")
            return Foreseen(words % facts, is_possible=False)
        facts["then"] = number_format(record.balance + self.given["points"])
        amount = max(abs(self.given["points"]), abs(self.given["qualifying"]))
        return Foreseen(_("%(points)s points: %(balance)s become %(then)s.") % facts, Decimal(amount))

    def seen(self, record: Any) -> str:
        """Nothing: it is the same whatever is in the wallet by then; what is not covered is refused."""
        return ""

    def do(self, record: Any, *, on: date, at: datetime, actor: User, checker: User | None, reason: str) -> str:
        with transaction.atomic(), because(reason, actor=actor):
            outcome = AdjustPoints().execute(
                self._payload(record), actor=actor, checker=checker, reason=reason, on=on, at=at
            )
        return outcome.words

    def _payload(self, wallet: Enrolment) -> dict[str, Any]:
        return {**self.given, "key": f"{self.given['key']}:{wallet.pk}", "wallet": wallet.pk}


ACTIONS = (AdjustWallets,)
