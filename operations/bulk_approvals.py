"""What takes two people of a bulk action: the sum of its rows and of others of the same day, as if they were one."""

from datetime import date, datetime
from decimal import Decimal

from django.db.models import Model
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from operations.approvals import ApprovalAction, Description, Measure, Outcome, Payload, fingerprint
from operations.bulk import BulkAction
from operations.models import BulkChange, User
from operations.services.bulk_changes import APPROVAL, action_of, begin, done_alone, sum_of


class DoBulkChange(ApprovalAction):
    """Payload: {"change"}. Weighed by the limits of the single action, if it has any: by the sum, not by each row.

    With it counts what its maker did alone by others since the day of the choice: many small ones weigh as much as one.
    """

    name = APPROVAL
    label = gettext_lazy("bulk action")
    #: That of the single action (`permission_of`) is what counts.
    permission = "operations.view_bulkchange"
    has_limits = False
    #: What nothing limits is done at once.
    alone = Decimal(0)

    def amount(self, payload: Payload) -> Decimal | None:
        action = self._action(payload)
        change = self._change(payload)
        return action.weigh(sum_of(change) + done_alone(change)) if action.limit else Decimal(0)

    def measures(self, payload: Payload) -> list[Measure]:
        action = self._action(payload)
        return [Measure(action.limit or self.name, self.amount(payload), action.unit)]

    def permission_of(self, payload: Payload) -> str:
        return self._action(payload).permission

    def describe(self, payload: Payload) -> Description:
        change, action = self._change(payload), self._action(payload)
        rows = change.rows.count()
        figures = [(_("Records"), f"{rows:,}")]
        figures += action.given_in_words()
        if action.limit:
            figures.append((_("Sum (%(unit)s)") % {"unit": action.unit}, number_format(sum_of(change), action.places)))
            if before := done_alone(change):
                words = _("Done alone before, by other bulk actions (%(unit)s)") % {"unit": action.unit}
                figures.append((words, number_format(before, action.places)))
        return Description(
            _("Bulk action “%(action)s” on %(count)s records.") % {"action": action.label, "count": f"{rows:,}"},
            tuple(figures),
        )

    def subject(self, payload: Payload) -> Model | None:
        return self._change(payload)

    def lock(self, payload: Payload) -> None:
        change = BulkChange.objects.select_for_update().get(pk=payload["change"])
        # Of two choices that a person confirms at once the later one is weighed with the first.
        User.objects.select_for_update(no_key=True).get(pk=change.made_by_id)

    def seen(self, payload: Payload) -> str:
        change = self._change(payload)
        return fingerprint(change.state, change.reason, change.given, change.rows.count(), sum_of(change))

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        change = self._change(payload)
        begin(change, checker=checker, at=at)
        return Outcome(_("The bulk action has begun."), {"change": change.pk})

    @staticmethod
    def _change(payload: Payload) -> BulkChange:
        return BulkChange.objects.select_related("made_by").get(pk=payload["change"])

    def _action(self, payload: Payload) -> BulkAction:
        return action_of(self._change(payload))
