"""What can be done to a wallet and its entries by hand: adjust, put off an end, give expired points again, reverse."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from memberships.admin.actions import Asked, ConfirmForm, Fact, RecordAction, Told, who_and_when
from memberships.models import AdjustmentReason, Enrolment, LotExtension, PointsEntry
from memberships.points_approvals import ExtendPoints, ReinstatePoints, ReversePoints
from memberships.services.points_adjustments import offer_adjustment
from memberships.services.points_expiry import endings
from memberships.services.points_reinstatement import expiry_of_new
from operations.admin.approval_pages import waits_in_words
from operations.admin.reasons import record_url
from operations.approvals import Outcome
from operations.models import Approval
from operations.services.approvals import ask

Kind = PointsEntry.Kind
#: Days on which points end, as a confirmation shows them.
ENDINGS_SHOWN = 6
#: What a form takes; who means more than that has mistyped.
MOST_POINTS = 10**9
NOTE = gettext_lazy("It is done at once; over your limit, when a second person has approved.")


def tell(result: Outcome | Approval) -> Told:
    """What came of it, or that it waits for another person."""
    if isinstance(result, Approval):
        return Told(messages.WARNING, waits_in_words(result))
    return Told(messages.SUCCESS, result.words)


def points_of(points: int) -> str:
    """"1,200 points"."""
    return _("%(points)s points") % {"points": number_format(points)}


class DayWidget(UnfoldAdminDateWidget):
    """A day, which the browser helps to choose; its value is written the same in every language."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class WalletDeskAction(RecordAction[Enrolment]):
    """Something that is done to a wallet's points."""

    def seen(self, record: Enrolment) -> str:
        """The newest entry and extension: whatever happens to the wallet's points writes one of them."""
        entry = PointsEntry.objects.filter(enrolment=record).order_by("-pk").values_list("pk", flat=True).first()
        extensions = LotExtension.objects.filter(member=record.member_id, lot__enrolment=record)
        return f"{entry or 0}-{extensions.order_by('-pk').values_list('pk', flat=True).first() or 0}"

    def page_of(self, record: Enrolment) -> str:
        return record_url(record)


class AdjustmentFields(forms.Form):
    """How many points are given or taken, and why."""

    points = forms.IntegerField(
        label=gettext_lazy("Points"), widget=UnfoldAdminIntegerFieldWidget(), initial=0,
        help_text=gettext_lazy("Below zero: they are taken."), min_value=-MOST_POINTS, max_value=MOST_POINTS,
    )
    qualifying = forms.IntegerField(
        label=gettext_lazy("Qualifying points"), widget=UnfoldAdminIntegerFieldWidget(), initial=0,
        help_text=gettext_lazy("They count for the tier and buy nothing."), min_value=-MOST_POINTS,
        max_value=MOST_POINTS,
    )
    reason_code = forms.ModelChoiceField(
        AdjustmentReason.objects.filter(is_active=True).order_by("code"), label=gettext_lazy("Reason code"),
        widget=UnfoldAdminSelectWidget(), to_field_name="code",
    )
    expires_on = forms.DateField(
        label=gettext_lazy("Expire on"), widget=DayWidget(), required=False,
        help_text=gettext_lazy("Of points that are given, the first day without them; blank: they do not expire."),
    )


class AdjustmentForm(AdjustmentFields, ConfirmForm):
    """Of one wallet."""

    first_fields = ("points", "qualifying", "reason_code", "expires_on")


class AdjustAction(WalletDeskAction):
    """Points are given or taken for a reason that is data."""

    name = "adjust"
    label = gettext_lazy("Adjust points")
    permission = "memberships.adjust_points"

    def is_offered(self, record: Enrolment, *, on: date) -> bool:
        return record.member.closed_on is None or record.member.closed_on > on

    def asked(self, record: Enrolment, data: Any, *, seen: str, on: date) -> Asked:
        form = AdjustmentForm(data, seen=seen, initial={"expires_on": expiry_of_new(record, on=on)})
        facts = ((_("Balance"), points_of(record.balance)), (_("Pending"), points_of(record.pending)))
        return Asked(form, facts=facts, note=NOTE)

    def do(self, record: Enrolment, form: Any, *, on: date, request: HttpRequest) -> Told:
        chosen = form.cleaned_data
        return tell(offer_adjustment(
            record, chosen["points"], qualifying=chosen["qualifying"], reason_code=chosen["reason_code"].code,
            expires_on=chosen["expires_on"] if chosen["points"] > 0 else None, key=f"desk-adjust:{chosen['seen']}",
            on=on, **who_and_when(request, form),
        ))


class ExtensionForm(ConfirmForm):
    """What ends by which day, and on which day it ends then."""

    first_fields = ("ending_by", "to_date")
    ending_by = forms.DateField(
        label=gettext_lazy("Points that end by"), widget=DayWidget(),
        help_text=gettext_lazy("This day included."),
    )
    to_date = forms.DateField(
        label=gettext_lazy("end on"), widget=DayWidget(),
        help_text=gettext_lazy("The first day without them."),
    )


class ExtendAction(WalletDeskAction):
    """The day on which points end is put off."""

    name = "extend"
    label = gettext_lazy("Put off the end of points")
    permission = ExtendPoints.permission

    def is_offered(self, record: Enrolment, *, on: date) -> bool:
        return record.balance > 0 or record.pending > 0

    def asked(self, record: Enrolment, data: Any, *, seen: str, on: date) -> Asked:
        ending = endings(record, on=on, days=ENDINGS_SHOWN)
        if not ending:
            return Asked(refusal=_("No points of this wallet end."))
        facts: tuple[Fact, ...] = tuple((day, points_of(points)) for day, points in ending)
        return Asked(ExtensionForm(data, seen=seen, initial={"ending_by": ending[0][0]}), facts=facts, note=NOTE)

    def do(self, record: Enrolment, form: Any, *, on: date, request: HttpRequest) -> Told:
        days = {name: form.cleaned_data[name] for name in ("ending_by", "to_date")}
        payload = ExtendPoints.payload_of(record, **days, key=f"desk-extend:{form.cleaned_data['seen']}", on=on)
        return tell(ask(ExtendPoints.name, payload, on=on, **who_and_when(request, form)))


def entries_with_reversals() -> QuerySet[PointsEntry]:
    """Entries with the points that were taken back of them, or given again, as `reversed_points`; and their policy."""
    back = (
        PointsEntry.objects.filter(reverses=OuterRef("pk")).order_by().values("reverses")
        .annotate(total=Sum("points")).values("total")
    )
    related = ("enrolment__programme__points_policy", "enrolment__member", "actor", "lot", "reverses", "reason_code")
    return PointsEntry.objects.annotate(reversed_points=Subquery(back)).select_related(*related)


class EntryDeskAction(RecordAction[Any]):
    """An entry comes from `entries_with_reversals`."""

    def seen(self, record: Any) -> str:
        return str(record.reversals.count())

    def page_of(self, record: Any) -> str:
        return f"{record_url(record.enrolment)}#entry-{record.pk}"

    def facts(self, record: Any) -> tuple[Fact, ...]:
        """What the entry is."""
        return (
            (_("Member"), record.enrolment), (_("Kind"), record.get_kind_display()),
            (_("Points"), number_format(record.points)), (_("Business date"), record.on), (_("Key"), record.key),
        )


class ReinstatementForm(ConfirmForm):
    """Until when the points that are given again can be spent."""

    first_fields = ("expires_on",)
    expires_on = forms.DateField(
        label=gettext_lazy("Expire on"), widget=DayWidget(), required=False,
        help_text=gettext_lazy("The first day without them; blank: they do not expire."),
    )


class ReinstateAction(EntryDeskAction):
    """What expired is given again, as a lot of its own."""

    name = "reinstate"
    label = gettext_lazy("Give again")
    permission = ReinstatePoints.permission

    def is_offered(self, record: Any, *, on: date) -> bool:
        policy = getattr(record.enrolment.programme, "points_policy", None)
        days = policy.reinstate_days if policy else 0
        is_open = record.kind == Kind.EXPIRE and record.reversed_points is None
        return is_open and bool(days) and on <= record.on + timedelta(days=days)

    def asked(self, record: Any, data: Any, *, seen: str, on: date) -> Asked:
        if not self.is_offered(record, on=on):
            return Asked(refusal=_("These points cannot be given again (any more)."))
        initial = {"expires_on": expiry_of_new(record.enrolment, on=on)}
        return Asked(ReinstatementForm(data, seen=seen, initial=initial), facts=self.facts(record), note=NOTE)

    def do(self, record: Any, form: Any, *, on: date, request: HttpRequest) -> Told:
        payload = ReinstatePoints.payload_of(record, expires_on=form.cleaned_data["expires_on"])
        return tell(ask(ReinstatePoints.name, payload, on=on, **who_and_when(request, form)))


class ReverseAction(EntryDeskAction):
    """An award is taken back, as far as the programme's policy goes; what was spent is given back."""

    name = "reverse"
    label = gettext_lazy("Reverse")
    permission = ReversePoints.permission

    def is_offered(self, record: Any, *, on: date) -> bool:
        if record.kind == Kind.SPEND:
            return record.reversed_points is None
        is_award = record.kind in (Kind.EARN, Kind.ACCRUE)
        return is_award and -(record.reversed_points or 0) < record.points

    def asked(self, record: Any, data: Any, *, seen: str, on: date) -> Asked:
        if not self.is_offered(record, on=on):
            return Asked(refusal=_("This entry is not reversed (any more)."))
        return Asked(ConfirmForm(data, seen=seen), facts=self.facts(record), note=NOTE)

    def do(self, record: Any, form: Any, *, on: date, request: HttpRequest) -> Told:
        key = f"desk-reverse:{record.pk}:{form.cleaned_data['seen']}"
        payload = ReversePoints.payload_of(record, key=key, on=on)
        return tell(ask(ReversePoints.name, payload, on=on, **who_and_when(request, form)))


WALLET_ACTIONS: tuple[WalletDeskAction, ...] = (AdjustAction(), ExtendAction())
ENTRY_ACTIONS: tuple[EntryDeskAction, ...] = (ReinstateAction(), ReverseAction())
