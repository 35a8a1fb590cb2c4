"""What can be done to a campaign by hand: stop it, and let it go on."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from benefits.models import Campaign
from benefits.services.campaigns import resume_campaign, stop_campaign
from memberships.admin.actions import Asked, ConfirmForm, Fact, RecordAction, Told, who_and_when
from operations.admin.reasons import record_url

PERMISSION = "benefits.stop_campaign"


class CampaignAction(RecordAction[Campaign]):
    """Of a campaign that is not over."""

    permission = PERMISSION

    def seen(self, record: Campaign) -> str:
        return str(record.stopped_at)

    def page_of(self, record: Campaign) -> str:
        return record_url(record)

    @staticmethod
    def facts(record: Campaign) -> tuple[Fact, ...]:
        return (
            (_("Campaign"), record), (_("Brand"), record.brand),
            (_("Left (CNY)"), number_format(record.budget.left, decimal_pos=2)),
        )

    @staticmethod
    def is_over(record: Campaign, *, on: date) -> bool:
        return record.budget.ends_on is not None and record.budget.ends_on < on


class Stop(CampaignAction):
    """Nothing is drawn on its budget any more, at once."""

    name = "stop"
    label = gettext_lazy("Stop the campaign")
    variant = "danger"

    def is_offered(self, record: Campaign, *, on: date) -> bool:
        return record.stopped_at is None and not self.is_over(record, on=on)

    def asked(self, record: Campaign, data: Any, *, seen: str, on: date) -> Asked:
        if not self.is_offered(record, on=on):
            return Asked(refusal=_("The campaign is stopped, or over."))
        note = _("Its benefits are refused from that moment on; what members hold of them stays theirs.")
        return Asked(ConfirmForm(data, seen=seen), facts=self.facts(record), note=note)

    def do(self, record: Campaign, form: Any, *, on: date, request: HttpRequest) -> Told:
        stop_campaign(record, **who_and_when(request, form))
        return Told(messages.SUCCESS, _("“%(campaign)s” is stopped.") % {"campaign": record})


class Resume(CampaignAction):
    """It goes on with what is left."""

    name = "resume"
    label = gettext_lazy("Let the campaign go on")
    variant = "primary"

    def is_offered(self, record: Campaign, *, on: date) -> bool:
        return record.stopped_at is not None and not self.is_over(record, on=on)

    def asked(self, record: Campaign, data: Any, *, seen: str, on: date) -> Asked:
        if not self.is_offered(record, on=on):
            return Asked(refusal=_("The campaign is not stopped, or over."))
        return Asked(ConfirmForm(data, seen=seen), facts=self.facts(record))

    def do(self, record: Campaign, form: Any, *, on: date, request: HttpRequest) -> Told:
        done = who_and_when(request, form)
        resume_campaign(record, actor=done["actor"], reason=done["reason"])
        return Told(messages.SUCCESS, _("“%(campaign)s” goes on.") % {"campaign": record})


ACTIONS: tuple[RecordAction[Campaign], ...] = (Stop(), Resume())
