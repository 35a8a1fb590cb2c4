"""Status matches: what was matched both ways, by which evidence, until when; made and revoked by hand."""

from datetime import date
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import action
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from memberships.admin import lookups
from memberships.admin.actions import Asked, ConfirmForm, RecordAction, Told, action_urls, offered, who_and_when
from memberships.admin.display import member_link, today
from memberships.admin.pages import find_record, show_page
from memberships.models import Member
from operations.admin.base import ReadOnlyAdmin
from operations.admin.reasons import ask, record_url
from operations.errors import PlusdeskError
from partners.admin.display import partner_link
from partners.models import RegistrationGift, StatusMatch, StatusMatchRule
from partners.services.reasons import reason_in_words
from partners.services.status_matches import match_inbound, match_outbound, revoke_match

State, Direction = StatusMatch.State, StatusMatchRule.Direction
PERMISSION = "partners.match_status"
COLOURS = {
    State.REQUESTED: "info", State.ACTIVE: "success", State.ENDED: "", State.REVOKED: "danger", State.REFUSED: "danger"
}


@admin.register(StatusMatchRule)
class StatusMatchRuleAdmin(ReadOnlyAdmin):
    """Which tier is worth which; programme files say so."""

    list_display = (
        "code", "partner", "direction", "tier", "partner_tier", "months", "is_renewed", "starts_on", "ends_on"
    )
    list_select_related = ("partner", "tier")
    list_filter = (("partner", RelatedDropdownFilter), ("direction", ChoicesDropdownFilter))


@admin.register(RegistrationGift)
class RegistrationGiftAdmin(ReadOnlyAdmin):
    """What who is new at a partner is given; programme files say so."""

    list_display = ("benefit", "partner", "programme", "starts_on", "ends_on")
    list_select_related = ("partner", "programme", "benefit")


class RevokeAction(RecordAction[StatusMatch]):
    """Before its last day; the partner is told."""

    name = "revoke"
    label = gettext_lazy("Revoke")
    permission = PERMISSION
    variant = "danger"

    def is_offered(self, record: StatusMatch, *, on: date) -> bool:
        return record.state in (State.ACTIVE, State.REQUESTED)

    def seen(self, record: StatusMatch) -> str:
        return str(record.state)

    def asked(self, record: StatusMatch, data: Any, *, seen: str, on: date) -> Asked:
        if not self.is_offered(record, on=on):
            return Asked(refusal=gettext("This match is over already."))
        note = (
            gettext("The partner is told to end it.") if record.direction == Direction.OUTBOUND
            else gettext("Our tier is held no longer; the next evaluation says what the points give.")
        )
        facts = (
            (gettext("Member"), record.member.number), (gettext("Partner"), record.partner),
            (gettext("Rule"), record.rule), (gettext("Valid until"), record.valid_until),
        )
        return Asked(ConfirmForm(data, seen=seen), facts=facts, note=note)

    def do(self, record: StatusMatch, form: Any, *, on: date, request: HttpRequest) -> Told:
        revoke_match(record, on=on, **who_and_when(request, form))
        return Told(messages.SUCCESS, gettext("The match was revoked."))

    def page_of(self, record: StatusMatch) -> str:
        return record_url(record)


ACTIONS: tuple[RecordAction[StatusMatch], ...] = (RevokeAction(),)


class MatchForm(ConfirmForm):
    """Who, which way, at which partner, and for a tier that was presented, what was seen of it."""

    first_fields = ("member", "rule", "evidence", "presented_until")
    member = forms.CharField(
        label=gettext_lazy("Member number"), max_length=24, widget=UnfoldAdminTextInputWidget()
    )
    rule = forms.ModelChoiceField(
        StatusMatchRule.objects.none(), label=gettext_lazy("Match"), empty_label=None, widget=UnfoldAdminSelectWidget()
    )
    evidence = forms.CharField(
        label=gettext_lazy("Evidence"), max_length=200, required=False, widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("Of a tier at the partner: what you saw, such as the card's number and date."),
    )
    presented_until = forms.DateField(
        label=gettext_lazy("The partner's tier lasts until"), required=False, widget=UnfoldAdminDateWidget()
    )

    def __init__(self, data: Any, *, seen: str, on: date) -> None:
        super().__init__(data, seen=seen)
        rules = StatusMatchRule.objects.filter(starts_on__lte=on).exclude(ends_on__lt=on)
        field: Any = self.fields["rule"]
        field.queryset = rules.select_related("partner", "tier").order_by("partner", "direction", "code")
        field.label_from_instance = _rule_in_words

    def clean_member(self) -> Member:
        member = Member.objects.filter(pk=Member.pk_of(self.cleaned_data["member"]) or 0).first()
        if member is None:
            raise forms.ValidationError(gettext("There is no member of that number."))
        return member

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        rule = cleaned.get("rule")
        if rule is not None and rule.direction == Direction.INBOUND and not cleaned.get("evidence", "").strip():
            self.add_error("evidence", gettext("Say what was seen of the partner's tier."))
        return cleaned


def _rule_in_words(rule: StatusMatchRule) -> str:
    here, there = str(rule.tier), f"{rule.partner} {rule.partner_tier}"
    return f"{here} → {there}" if rule.direction == Direction.OUTBOUND else f"{there} → {here}"


@admin.register(StatusMatch)
class StatusMatchAdmin(ReadOnlyAdmin):
    """The newest first; the page of one has its evidence and the way to revoke it."""

    list_display = (
        "on", "member_column", "partner", "direction", "rule", "state", "valid_from", "valid_until", "reference"
    )
    list_display_links = ("on",)
    list_select_related = ("member", "partner", "rule")
    index_search = (lookups.member_number("member"),)
    actions_list = ("match",)

    @admin.display(description=_("member"))
    def member_column(self, match: StatusMatch) -> SafeString:
        return member_link(match.member)

    def get_urls(self) -> list[URLPattern]:
        return [*action_urls(self, ACTIONS, self.whole), *super().get_urls()]

    def has_match_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(PERMISSION)

    @action(description=_("Match a status"), permissions=["match"], icon="compare_arrows", url_path="match")
    def match(self, request: HttpRequest) -> HttpResponse:
        """Ask, then match. A second click finds the first one's match: the page carries its key."""
        if not self.has_match_permission(request):
            raise PermissionDenied
        on, back = today(), reverse("admin:partners_statusmatch_changelist")
        posted = request.POST if request.method == "POST" else None
        form = MatchForm(posted, seen=request.POST.get("seen", "") if posted else uuid4().hex, on=on)
        if posted is not None and form.is_valid():
            found = _match(request, form, on=on)
            if found is not None:
                return HttpResponseRedirect(record_url(found))
        return ask(
            self, request, None, form, title=gettext("Match a status"), submit_label=gettext("Match"),
            template="memberships/confirm.html", facts=(), back_url=back,
        )

    def whole(self, request: HttpRequest) -> "QuerySet[StatusMatch]":
        """Matches with all that their page and their buttons need."""
        return StatusMatch.objects.select_related("member", "partner", "rule__tier", "renews", "actor")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one match."""
        found = find_record(self, request, object_id, self.whole(request))
        return show_page(
            self, request, "partners/status_match.html", found, match=found, colour=COLOURS[State(found.state)],
            partner=partner_link(found.partner), rule=_rule_in_words(found.rule),
            reason=reason_in_words(found.reason), error=reason_in_words(found.error),
            evidence=sorted(found.evidence.items()),
            renewed_by=StatusMatch.objects.filter(renews=found).first(),
            buttons=offered(request, ACTIONS, found, on=today()),
        )


def _match(request: HttpRequest, form: MatchForm, *, on: date) -> StatusMatch | None:
    """The match; None where it was refused, with the reason in the form."""
    chosen, rule = form.cleaned_data, form.cleaned_data["rule"]
    facts: dict[str, Any] = {"key": f"desk-{chosen['seen']}", "on": on, **who_and_when(request, form)}
    try:
        if rule.direction == Direction.OUTBOUND:
            found = match_outbound(chosen["member"], rule.partner, rule=rule, **facts)
        else:
            found = match_inbound(
                chosen["member"], rule.partner, rule.partner_tier, rule=rule, evidence={"seen": chosen["evidence"]},
                presented_until=chosen["presented_until"], **facts,
            )
    except PlusdeskError as error:
        form.add_error(None, str(error))
        return None
    messages.success(request, gettext("The status was matched.") if found.state == State.ACTIVE else gettext(
        "The partner is asked; the match holds from its yes on."
    ))
    return found
