"""What can be done to a member's tier by hand: set another, or the same for longer."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from memberships.admin.actions import Asked, ConfirmForm, RecordAction, Told, who_and_when
from memberships.admin.points_actions import DayWidget
from memberships.models import Tier, TierChange, TierStanding
from memberships.tier_approvals import SetTier
from operations.admin.approval_pages import waits_in_words
from operations.admin.reasons import record_url
from operations.models import Approval
from operations.services.approvals import ask


class TierForm(ConfirmForm):
    """Which tier of the ladder, and until when."""

    first_fields = ("tier", "held_until")
    held_until = forms.DateField(
        label=gettext_lazy("Held until"), required=False, widget=DayWidget(),
        help_text=gettext_lazy("The last day on which it cannot be lost; blank: until it is set again."),
    )

    def __init__(self, data: Any, *, standing: TierStanding, on: date, **options: Any) -> None:
        super().__init__(data, initial={"tier": standing.tier_id}, **options)
        self.fields["tier"] = forms.ModelChoiceField(
            Tier.objects.filter(group=standing.group_id).exclude(retired_on__lte=on).order_by("rank"),
            label=gettext_lazy("Tier"), empty_label=None, widget=UnfoldAdminSelectWidget(),
        )
        self.order_fields([*self.first_fields, "reason", "seen"])


class SetTierAction(RecordAction[TierStanding]):
    """Another tier, whatever the points say."""

    name = "set"
    label = gettext_lazy("Set the tier by hand")
    permission = SetTier.permission

    def is_offered(self, record: TierStanding, *, on: date) -> bool:
        return True

    def seen(self, record: TierStanding) -> str:
        changes = TierChange.objects.filter(enrolment=record.enrolment_id, group=record.group_id)
        return str(changes.order_by("-pk").values_list("pk", flat=True).first() or 0)

    def asked(self, record: TierStanding, data: Any, *, seen: str, on: date) -> Asked:
        return Asked(
            TierForm(data, seen=seen, standing=record, on=on),
            facts=(
                (_("Member"), record.member.number), (_("Ladder"), record.group), (_("Tier"), record.tier),
                (_("Held until"), record.held_until or "–"), (_("Cause"), record.get_cause_display()),
            ),
            note=_("It is done at once; over your limit, when a second person has approved."),
        )

    def do(self, record: TierStanding, form: Any, *, on: date, request: HttpRequest) -> Told:
        payload = SetTier.payload_of(
            record, form.cleaned_data["tier"], held_until=form.cleaned_data["held_until"],
            key=f"desk:{form.cleaned_data['seen']}",
        )
        result = ask(SetTier.name, payload, on=on, **who_and_when(request, form))
        if isinstance(result, Approval):
            return Told(messages.WARNING, waits_in_words(result))
        return Told(messages.SUCCESS, result.words)

    def page_of(self, record: TierStanding) -> str:
        return record_url(record)


ACTIONS: tuple[RecordAction[TierStanding], ...] = (SetTierAction(),)
