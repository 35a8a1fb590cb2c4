"""What can be done to a credit line: limit and terms, an increase for a time, suspension, review, closing."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from credit.admin.terms_form import TermsForm
from credit.errors import money
from credit.line_approvals import ChangeLine, KeepLine, RaiseForATime, ResumeLine
from credit.models import CreditLine
from credit.review_approvals import SetReview
from credit.services.line_changes import close_line, suspend_line
from credit.services.line_terms import ceiling
from credit.services.lines import limit_on, version_on
from credit.services.policies import offer_of
from credit.terms.words import rule_in_words
from memberships.admin.actions import Asked, ConfirmForm, Fact, RecordAction, Told, who_and_when
from memberships.admin.points_actions import NOTE, DayWidget, tell
from operations.admin.reasons import record_url
from operations.approvals import fingerprint
from operations.errors import PlusdeskError
from operations.services.approvals import ask

DECIDE, SUSPEND = "credit.decide_credit", "credit.suspend_creditline"
State = CreditLine.State


def is_live(line: CreditLine) -> bool:
    return line.state != State.CLOSED


class LineDeskAction(RecordAction[CreditLine]):
    """Something that is done to a line that is not closed."""

    permission = DECIDE
    #: What is said above the form.
    note: Any = ""

    def is_offered(self, record: CreditLine, *, on: date) -> bool:
        return is_live(record)

    def seen(self, record: CreditLine) -> str:
        """Whatever is decided about a line writes one of these."""
        newest = [
            rows.order_by("-pk").values_list("pk", "ends_on").first()
            for rows in (record.increases, record.exclusions, record.pauses)
        ]
        return fingerprint(
            record.state, record.suspended_on, record.closing_on, record.review_on,
            record.versions.order_by("-number").values_list("number", flat=True).first(), newest,
        )[:32]

    def asked(self, record: CreditLine, data: Any, *, seen: str, on: date) -> Asked:
        if not self.is_offered(record, on=on):
            return Asked(refusal=_("This cannot be done to the line as it stands."))
        return Asked(self.form(record, data, seen=seen, on=on), facts=facts_of(record, on=on), note=self.note)

    def form(self, record: CreditLine, data: Any, *, seen: str, on: date) -> Any:
        return ConfirmForm(data, seen=seen)

    def page_of(self, record: CreditLine) -> str:
        return record_url(record)


def facts_of(line: CreditLine, *, on: date) -> tuple[Fact, ...]:
    """What stands above every form about a line."""
    limit = limit_on(line, on=on)
    return (
        (_("Member"), f"{line} {getattr(getattr(line.member, 'customer', None), 'legal_name', '')}".strip()),
        (_("Card"), line.subscription.plan), (_("Limit (CNY)"), money(limit)),
        (_("Open (CNY)"), money(line.open_amount)), (_("Authorised (CNY)"), money(line.authorised_amount)),
        (_("Available (CNY)"), money(limit - line.open_amount - line.authorised_amount)),
        (_("The card gives up to (CNY)"), _most(line, on=on)),
    )


def _most(line: CreditLine, *, on: date) -> str:
    try:
        plan = line.subscription.plan
        offer = offer_of(plan, on=on)
    except PlusdeskError:
        return "–"
    return _("%(limit)s; with increases %(most)s") % {"limit": money(offer.limit), "most": money(ceiling(plan, offer))}


def day_field(label: Any, help_text: Any = "", *, is_required: bool = True) -> forms.DateField:
    """A day, with the browser's calendar."""
    return forms.DateField(label=label, widget=DayWidget(), help_text=help_text, required=is_required)


def money_field(label: Any, help_text: Any = "", *, is_required: bool = True) -> forms.DecimalField:
    """An amount of more than nothing, to the fen."""
    return forms.DecimalField(
        label=label, help_text=help_text, required=is_required, min_value=Decimal("0.01"), max_digits=14,
        decimal_places=2, widget=UnfoldAdminDecimalFieldWidget(),
    )


class ChangeForm(TermsForm):
    """Another limit, other terms, from a day on."""

    first_fields = (
        "limit", "starts_on", "term_kind", "days", "statement_day", "repayment_day", "longest_days", "rolling"
    )
    limit = forms.DecimalField(
        label=gettext_lazy("Limit (CNY)"), min_value=Decimal(0), max_digits=14, decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget(),
    )
    starts_on = day_field(gettext_lazy("Valid from"), gettext_lazy("What was drawn before keeps its terms."))


class ChangeAction(LineDeskAction):
    """Limit and terms: another version of the line."""

    name = "change_terms"
    label = gettext_lazy("Change limit or terms")
    variant = "primary"
    note = NOTE

    def asked(self, record: CreditLine, data: Any, *, seen: str, on: date) -> Asked:
        asked = super().asked(record, data, seen=seen, on=on)
        if asked.refusal:
            return asked
        terms = (_("Payment terms"), rule_in_words(version_on(record, on=on).terms))
        return Asked(asked.form, (*asked.facts, terms), asked.note)

    def form(self, record: CreditLine, data: Any, *, seen: str, on: date) -> Any:
        initial = {"limit": version_on(record, on=on).limit, "starts_on": on}
        return ChangeForm(data, seen=seen, unchosen=_("as they are"), initial=initial)

    def do(self, record: CreditLine, form: Any, *, on: date, request: HttpRequest) -> Told:
        chosen = form.cleaned_data
        is_same = chosen["limit"] == version_on(record, on=chosen["starts_on"]).limit
        payload = ChangeLine.payload_of(
            record, limit=None if is_same else chosen["limit"], terms=form.terms(), starts_on=chosen["starts_on"]
        )
        return tell(ask(ChangeLine.name, payload, on=on, **who_and_when(request, form)))


class RaiseForm(ConfirmForm):
    """How much more, from when until when."""

    first_fields = ("amount", "starts_on", "ends_on")
    amount = money_field(gettext_lazy("Increase (CNY)"))
    starts_on = day_field(gettext_lazy("Valid from"))
    ends_on = day_field(gettext_lazy("until (last day)"))


class RaiseAction(LineDeskAction):
    """So much more for a time."""

    name = "raise"
    label = gettext_lazy("Raise for a time")
    note = NOTE

    def is_offered(self, record: CreditLine, *, on: date) -> bool:
        return record.state == State.ACTIVE and record.closing_on is None

    def form(self, record: CreditLine, data: Any, *, seen: str, on: date) -> Any:
        return RaiseForm(data, seen=seen, initial={"starts_on": on})

    def do(self, record: CreditLine, form: Any, *, on: date, request: HttpRequest) -> Told:
        chosen = form.cleaned_data
        payload = RaiseForATime.payload_of(
            record, amount=chosen["amount"], starts_on=chosen["starts_on"], ends_on=chosen["ends_on"],
            key=f"desk:{chosen['seen']}",
        )
        return tell(ask(RaiseForATime.name, payload, on=on, **who_and_when(request, form)))


class SuspendAction(LineDeskAction):
    """No new draws until it is taken up again."""

    name = "suspend"
    label = gettext_lazy("Suspend")
    permission = SUSPEND
    note = gettext_lazy("Nothing new is drawn from now on. What is open stays due.")

    def is_offered(self, record: CreditLine, *, on: date) -> bool:
        return is_live(record) and record.suspended_on is None

    def do(self, record: CreditLine, form: Any, *, on: date, request: HttpRequest) -> Told:
        suspend_line(record, on=on, actor=request.user, reason=form.cleaned_data["reason"])  # type: ignore[arg-type]
        return Told(messages.SUCCESS, _("The line is suspended."))


class ResumeAction(LineDeskAction):
    """Draws go on."""

    name = "resume"
    label = gettext_lazy("Lift the suspension")
    permission = SUSPEND
    note = NOTE

    def is_offered(self, record: CreditLine, *, on: date) -> bool:
        return is_live(record) and record.suspended_on is not None

    def do(self, record: CreditLine, form: Any, *, on: date, request: HttpRequest) -> Told:
        return tell(ask(ResumeLine.name, ResumeLine.payload_of(record, on=on), on=on, **who_and_when(request, form)))


class ReviewForm(ConfirmForm):
    """When it is looked at next."""

    first_fields = ("review_on",)
    review_on = day_field(
        gettext_lazy("Next review"), gettext_lazy("Blank: it is not reviewed by itself."), is_required=False
    )


class ReviewAction(LineDeskAction):
    """The line was looked at; when again."""

    name = "review"
    label = gettext_lazy("Set the next review")
    note = NOTE

    def form(self, record: CreditLine, data: Any, *, seen: str, on: date) -> Any:
        return ReviewForm(data, seen=seen, initial={"review_on": record.review_on})

    def do(self, record: CreditLine, form: Any, *, on: date, request: HttpRequest) -> Told:
        payload = SetReview.payload_of(record, on=on, review_on=form.cleaned_data["review_on"])
        return tell(ask(SetReview.name, payload, on=on, **who_and_when(request, form)))


class CloseAction(LineDeskAction):
    """For good, once nothing is open."""

    name = "close"
    label = gettext_lazy("Close the line")
    note = gettext_lazy("Nothing new is drawn from now on; it is closed for good once nothing is open or authorised.")

    def is_offered(self, record: CreditLine, *, on: date) -> bool:
        return is_live(record) and record.closing_on is None

    def do(self, record: CreditLine, form: Any, *, on: date, request: HttpRequest) -> Told:
        line = close_line(record, on=on, **who_and_when(request, form))
        if line.state == State.CLOSED:
            return Told(messages.SUCCESS, _("The line is closed."))
        return Told(messages.SUCCESS, _("The line will be closed once nothing is open or authorised."))


class KeepAction(LineDeskAction):
    """It is not to be closed after all."""

    name = "keep"
    label = gettext_lazy("Do not close")
    note = NOTE

    def is_offered(self, record: CreditLine, *, on: date) -> bool:
        return is_live(record) and record.closing_on is not None

    def do(self, record: CreditLine, form: Any, *, on: date, request: HttpRequest) -> Told:
        return tell(ask(KeepLine.name, KeepLine.payload_of(record, on=on), on=on, **who_and_when(request, form)))


ACTIONS: tuple[RecordAction[CreditLine], ...] = (
    ChangeAction(), RaiseAction(), SuspendAction(), ResumeAction(), ReviewAction(), CloseAction(), KeepAction()
)
