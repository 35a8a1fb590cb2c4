"""Segments of members: who is in which one, for which days; put in and taken out by hand, on the member's page."""

from datetime import date
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget

from benefits.models import BenefitRule, MemberSegment
from benefits.services.segments import put_into_segment, take_out_of_segment
from memberships.admin import lookups
from memberships.admin.actions import Asked, ConfirmForm, RecordAction, Told, action_urls, who_and_when
from memberships.admin.display import member_link, today
from memberships.models import Member
from operations.admin.base import ReadOnlyAdmin
from operations.admin.reasons import ask, record_url
from operations.errors import PlusdeskError

PERMISSION = "benefits.change_membersegment"


class PutForm(ConfirmForm):
    """Into which segment, of those that rules speak of, and for which days."""

    first_fields = ("segment", "since", "until")
    segment = forms.ChoiceField(label=gettext_lazy("Segment"), widget=UnfoldAdminSelectWidget())
    since = forms.DateField(label=gettext_lazy("Since"), widget=UnfoldAdminDateWidget())
    until = forms.DateField(
        label=gettext_lazy("Until"), required=False, widget=UnfoldAdminDateWidget(),
        help_text=gettext_lazy("The last day; blank: without an end."),
    )

    def __init__(self, data: Any, *, on: date) -> None:
        super().__init__(data, seen="", initial={"since": on})
        named = BenefitRule.objects.exclude(segment="").values_list("segment", flat=True).distinct()
        choices = [(segment, segment) for segment in named.order_by("segment")]
        self.fields["segment"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", _("The last day lies before the first."))
        return cleaned


class TakeOutForm(ConfirmForm):
    """From which day on the member is in it no more."""

    first_fields = ("first_day_without",)
    first_day_without = forms.DateField(label=gettext_lazy("First day without it"), widget=UnfoldAdminDateWidget())


class TakeOut(RecordAction[MemberSegment]):
    """What follows a right by it ends with that."""

    name = "take_out"
    label = gettext_lazy("Take out of the segment")
    permission = PERMISSION
    variant = "danger"

    def is_offered(self, record: MemberSegment, *, on: date) -> bool:
        return record.until is None or record.until >= on

    def seen(self, record: MemberSegment) -> str:
        return str(record.until)

    def asked(self, record: MemberSegment, data: Any, *, seen: str, on: date) -> Asked:
        if not self.is_offered(record, on=on):
            return Asked(refusal=_("The member is not in “%(segment)s” any more.") % {"segment": record.segment})
        form = TakeOutForm(data, seen=seen, initial={"first_day_without": on})
        note = _("What is held because of it ends from that day on; days in it that were to begin later are dropped.")
        return Asked(form, facts=((_("Member"), record.member.number), *_facts(record)), note=note)

    def do(self, record: MemberSegment, form: Any, *, on: date, request: HttpRequest) -> Told:
        take_out_of_segment(
            record.member, record.segment, first_day_without=form.cleaned_data["first_day_without"], on=on,
            **who_and_when(request, form),
        )
        return Told(messages.SUCCESS, _("The member was taken out of “%(segment)s”.") % {"segment": record.segment})

    def page_of(self, record: MemberSegment) -> str:
        return _page_of(record.member)


ACTIONS: tuple[RecordAction[MemberSegment], ...] = (TakeOut(),)


@admin.register(MemberSegment)
class MemberSegmentAdmin(ReadOnlyAdmin):
    """Who is in which segment, newest first."""

    list_display = ("member_column", "segment", "since", "until")
    list_display_links = None
    list_select_related = ("member",)
    index_search = (lookups.member_number("member"),)

    def get_urls(self) -> list[URLPattern]:
        put = self.admin_site.admin_view(partial(put_page, self))
        return [
            path("put/<int:member_id>/", put, name="benefits_membersegment_put"),
            *action_urls(self, ACTIONS, _records), *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("member"))
    def member_column(self, belongs: MemberSegment) -> SafeString:
        return member_link(belongs.member)


def put_page(model_admin: ReadOnlyAdmin, request: HttpRequest, member_id: int) -> HttpResponse:
    """Ask, then put the member into a segment. A second click finds the first one's days."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    member = Member.objects.filter(pk=member_id).first()
    if member is None:
        raise Http404
    on = today()
    form = PutForm(request.POST if request.method == "POST" else None, on=on)
    if request.method == "POST" and form.is_valid() and _put(request, form, member, on=on):
        return HttpResponseRedirect(_page_of(member))
    return ask(
        model_admin, request, member, form, title=_("Put into a segment"), submit_label=_("Save"),
        template="memberships/confirm.html", facts=((_("Member"), member.number),), back_url=_page_of(member),
        note=_("Segments are named by the rules of programme files."),
    )


def _put(request: HttpRequest, form: PutForm, member: Member, *, on: date) -> bool:
    """Whether it was done; else its reason is in the form."""
    chosen = form.cleaned_data
    try:
        belongs = put_into_segment(
            member, chosen["segment"], since=chosen["since"], until=chosen["until"], on=on,
            **who_and_when(request, form),
        )
    except PlusdeskError as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, _("The member is in “%(segment)s” now.") % {"segment": belongs.segment})
    return True


def _records(request: HttpRequest) -> QuerySet[MemberSegment]:
    return MemberSegment.objects.select_related("member")


def _page_of(member: Member) -> str:
    return f"{record_url(member)}#benefits"


def _facts(belongs: MemberSegment) -> tuple[tuple[str, str], ...]:
    until = date_format(belongs.until, "Y-m-d") if belongs.until else _("no end")
    since = date_format(belongs.since, "Y-m-d")
    return ((_("Segment"), belongs.segment), (_("Since"), since), (_("Until"), until))
