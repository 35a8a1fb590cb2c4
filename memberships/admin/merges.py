"""Merging records: searching the other one, the two side by side, what contradicts; undoing; the list of merges."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextInputWidget

from memberships.admin import lookups
from memberships.admin.display import cards, member_link, owner_name, owner_prefetches, today
from memberships.admin.finders import FindMembers
from memberships.admin.member_summary import MOST_TILES
from memberships.merge_approvals import MergeRecords, UndoMerge
from memberships.models import Member, MemberContact, MemberMerge
from memberships.services import statements
from memberships.services.merges import (
    FIELDS,
    FORMER,
    SURVIVOR,
    conflicts_of,
    hindrances_of,
    survivors_of,
    what_merging_does,
    what_would_move,
)
from operations.admin.approval_pages import PANELS, Panel, open_requests, waits_in_words
from operations.admin.base import ReadOnlyAdmin
from operations.admin.dashboard import Figure
from operations.admin.finders import readable
from operations.admin.panels import MemberPanel
from operations.admin.reasons import ReasonForm, record_url
from operations.admin.reasons import ask as ask_why
from operations.admin.search import find_keys
from operations.admin.timeline import Moment, RowsByInstant
from operations.errors import PlusdeskError
from operations.masking import mask_email, mask_mobile, mask_name
from operations.models import Approval
from operations.services.approvals import ask

#: Records that are offered at the most, and how many of the newest are looked through for probable duplicates.
MOST, NEWEST = 20, 5_000
MASKS = {"name": mask_name, "mobile": mask_mobile, "email": mask_email}


class Side(NamedTuple):
    """A fact of the two records, side by side."""

    label: Any
    former: Any
    survivor: Any


class Candidate(NamedTuple):
    """A record that may be the same: who it is, masked, and why it is offered."""

    member: Member
    name: str
    cards: str
    why: Any


class FindForm(forms.Form):
    """Who the other record is. What is typed may be personal: it is posted, and stands in no address."""

    other = forms.CharField(
        label=gettext_lazy("The other record"), max_length=64, widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Member number, mobile, name, credit code or external id."),
    )


class MergeForm(ReasonForm):
    """Whose name, mobile and e-mail are kept, where they differ; and why."""

    def __init__(self, data: Any, *, contacts: Mapping[str, MemberContact | None]) -> None:
        super().__init__(data)
        ours, theirs = contacts[SURVIVOR], contacts[FORMER]
        for field in FIELDS if ours and theirs else ():
            kept, other = getattr(ours, field), getattr(theirs, field)
            if not other or kept == other:
                continue
            self.fields[field] = forms.ChoiceField(
                label=MemberContact._meta.get_field(field).verbose_name,  # type: ignore[union-attr]
                choices=[
                    (SURVIVOR, _("%(value)s (stays)") % {"value": MASKS[field](kept) or "–"}),
                    (FORMER, _("%(value)s (of the number that ends)") % {"value": MASKS[field](other)}),
                ],
                initial=SURVIVOR if kept else FORMER, widget=UnfoldAdminRadioSelectWidget,
            )
        self.order_fields([*FIELDS, "reason"])

    @property
    def choices(self) -> dict[str, str]:
        """By field, whose is taken."""
        return {field: self.cleaned_data[field] for field in FIELDS if field in self.fields}


@admin.register(MemberMerge)
class MemberMergeAdmin(ReadOnlyAdmin):
    """Which records were merged, by whom and why; and the pages that ask for it."""

    list_display = ("former_column", "survivor_column", "on", "state_column", "actor", "checker", "reason")
    list_select_related = ("former", "survivor", "actor", "checker")
    fields = (
        "former_column", "survivor_column", "on", "at", "actor", "checker", "reason", "state_column", "last_day_column",
        "undone_on", "undone_by", "undone_checker", "undone_reason",
    )
    readonly_fields = ("former_column", "survivor_column", "state_column", "last_day_column")
    index_search = (lookups.member_number("survivor"),)

    @admin.display(description=gettext_lazy("number that ended"))
    def former_column(self, merge: MemberMerge) -> SafeString:
        return member_link(merge.former)

    @admin.display(description=gettext_lazy("number that stays"))
    def survivor_column(self, merge: MemberMerge) -> SafeString:
        return member_link(merge.survivor)

    @admin.display(description=gettext_lazy("state"))
    def state_column(self, merge: MemberMerge) -> str:
        return str(merge.state.label)

    @admin.display(description=gettext_lazy("can be undone until"))
    def last_day_column(self, merge: MemberMerge) -> str:
        return merge.last_day.isoformat()

    def get_urls(self) -> list[URLPattern]:
        own = (
            ("find/<int:member_id>/", self.find_view, "find"),
            ("compare/<int:former_id>/<int:survivor_id>/", self.compare_view, "compare"),
            ("duplicates/", self.duplicates_view, "duplicates"),
            ("<int:merge_id>/undo/", self.undo_view, "undo"),
        )
        return [
            *(path(route, self.admin_site.admin_view(view), name=f"memberships_membermerge_{name}")
              for route, view, name in own),
            *super().get_urls(),
        ]

    @method_decorator(sensitive_post_parameters("other"))
    @method_decorator(sensitive_variables())
    def find_view(self, request: HttpRequest, member_id: int) -> HttpResponse:
        """Search the other record; those with the same mobile or name are offered at once."""
        _allow(request)
        member = _member(member_id)
        form = FindForm(request.POST or None)
        found = _same_as(member)
        if request.method == "POST" and form.is_valid():
            found = _found(member, form.cleaned_data["other"])
            if not found:
                form.add_error("other", _("No other record is found so."))
        return self._page(request, "memberships/merge_find.html", {
            "title": _("Merge with another record"), "original": member, "form": form, "candidates": found,
            "back_url": record_url(member), "owner": owner_name(member),
        }, status=422 if form.errors else 200)

    def duplicates_view(self, request: HttpRequest) -> HttpResponse:
        """Pairs among the newest members that may be one."""
        _allow(request)
        rows = statements.rows("merges/probable_duplicates", newest=NEWEST, size=MOST)
        members = {member.pk: member for member in _members([key for row in rows for key in row[1:]])}
        pairs = [
            (WHY[what], _candidate(members[older], ""), _candidate(members[newer], ""))
            for what, older, newer in rows
        ]
        return self._page(request, "memberships/merge_duplicates.html", {
            "title": _("Probable duplicates"), "pairs": pairs, "newest": NEWEST,
        })

    def compare_view(self, request: HttpRequest, former_id: int, survivor_id: int) -> HttpResponse:
        """The two side by side, what contradicts, what moves and stays; then ask a second person for it."""
        _allow(request)
        former, survivor = _member(former_id), _member(survivor_id)
        contacts = {FORMER: _contact(former), SURVIVOR: _contact(survivor)}
        form = MergeForm(request.POST or None, contacts=contacts)
        if request.method == "POST" and form.is_valid():
            try:
                asked = _ask(
                    request, MergeRecords.name, MergeRecords.payload_of(former, survivor, form.choices), form
                )
            except PlusdeskError as error:
                form.add_error(None, str(error))
            else:
                messages.warning(request, waits_in_words(asked))
                return HttpResponseRedirect(record_url(survivor))
        conflicts = conflicts_of(former, survivor, on=today())
        return ask_why(
            self, request, survivor, form, title=_("Merge two records"), submit_label=_("Ask for it"),
            template="memberships/merge_compare.html", former=former, survivor=survivor,
            sides=_sides(former, survivor), contacts=contacts,
            can_reveal=request.user.has_perm("memberships.reveal_membercontact"),
            bars=[each.words for each in conflicts if each.is_bar],
            notes=[each.words for each in conflicts if not each.is_bar],
            moving=what_would_move(former, survivor), does=what_merging_does(),
            turned_url=reverse("admin:memberships_membermerge_compare", args=[survivor.pk, former.pk]),
            open_requests=open_requests(request, former, survivor, at=timezone.now()),
        )

    def undo_view(self, request: HttpRequest, merge_id: int) -> HttpResponse:
        """What stands in the way of undoing; then ask a second person for it."""
        _allow(request)
        merge = MemberMerge.objects.select_related("former", "survivor", "actor").filter(pk=merge_id).first()
        if merge is None:
            raise Http404
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                asked = _ask(request, UndoMerge.name, UndoMerge.payload_of(merge), form)
            except PlusdeskError as error:
                form.add_error(None, str(error))
            else:
                messages.warning(request, waits_in_words(asked))
                return HttpResponseRedirect(record_url(merge.survivor))
        return ask_why(
            self, request, merge.survivor, form, title=_("Undo the merge"), submit_label=_("Ask for it"),
            template="memberships/merge_undo.html", merge=merge, bars=hindrances_of(merge, on=today()),
            open_requests=open_requests(request, merge.survivor, at=timezone.now()),
        )

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        page = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, template, page, status=status)


#: Why a record is offered.
WHY = {"mobile": gettext_lazy("same mobile"), "name": gettext_lazy("same name")}


def _allow(request: HttpRequest) -> None:
    if not request.user.has_perm(MergeRecords.permission):
        raise PermissionDenied


def _members(keys: Sequence[Any]) -> Any:
    return Member.objects.filter(pk__in=keys).select_related("customer").prefetch_related(*owner_prefetches())


def _member(key: int) -> Member:
    member: Member | None = _members([key]).first()
    if member is None:
        raise Http404
    return member


def _candidate(member: Member, why: Any) -> Candidate:
    return Candidate(member, owner_name(member), cards(member), why)


def _found(member: Member, text: str) -> list[Candidate]:
    """Who is found so, but for the member."""
    keys = find_keys(Member.objects.all(), FindMembers.kinds, readable(text), with_private=True, limit=MOST).keys
    merged = survivors_of(keys)
    found = dict.fromkeys(merged.get(key, key) for key in keys)
    return [_candidate(other, "") for other in _members([*found][:MOST]).exclude(pk=member.pk).order_by("-pk")]


def _same_as(member: Member) -> list[Candidate]:
    """Open records of the same kind with the same mobile, or of the same legal name."""
    others = Member.objects.filter(kind=member.kind, closed_on=None).exclude(pk=member.pk)
    customer = getattr(member, "customer", None)
    if customer:
        named = others.filter(customer__legal_name=customer.legal_name)
        what, keys = "name", list(named.values_list("pk", flat=True)[:MOST])
    else:
        contact = _contact(member)
        mobile = contact.mobile if contact else ""
        known = MemberContact.objects.filter(mobile=mobile).exclude(mobile="").values_list("member", flat=True)[:MOST]
        what, keys = "mobile", list(others.filter(pk__in=list(known)).values_list("pk", flat=True))
    return [_candidate(other, WHY[what]) for other in _members(keys).order_by("-pk")] if keys else []


def _contact(member: Member) -> MemberContact | None:
    return member.contacts.filter(is_primary=True).first()


def _sides(former: Member, survivor: Member) -> list[Side]:
    """What tells the two records from each other; personal data is masked."""
    rows: list[tuple[Any, Any]] = [
        (_("Name"), owner_name), (_("Credit code"), lambda member: getattr(_firm(member), "credit_code", "")),
        (_("External id"), lambda member: getattr(_firm(member), "external_id", "")),
        (_("Joined on"), lambda member: member.joined_on.isoformat()), (_("Cards"), cards),
        (_("Points"), lambda member: _points(member)),
        (_("Numbers in other systems"), lambda member: _(", ").join(map(str, member.references.order_by("pk")))),
        (_("Payments"), lambda member: number_format(member.payments.count())),
        (_("Case notes"), lambda member: number_format(member.case_notes.count())),
    ]
    sides = [Side(label, told(former) or "–", told(survivor) or "–") for label, told in rows]
    return [side for side in sides if (side.former, side.survivor) != ("–", "–")]


def _firm(member: Member) -> Any:
    return getattr(member, "customer", None)


def _points(member: Member) -> str:
    wallets = member.enrolments.select_related("programme").order_by("pk")[:MOST]
    return _(", ").join(f"{wallet.programme}: {number_format(wallet.balance)}" for wallet in wallets)


def _ask(request: HttpRequest, action: str, payload: dict[str, Any], form: Any) -> Approval:
    """The request; nobody merges alone."""
    result = ask(
        action, payload, actor=request.user, on=today(), at=timezone.now(),  # type: ignore[arg-type]
        reason=form.cleaned_data["reason"],
    )
    assert isinstance(result, Approval)
    return result


def _request_panel(_request: HttpRequest, approval: Approval) -> Panel | None:
    """For who decides: what contradicts by now, and what the merge does."""
    if approval.state != Approval.State.WAITING:
        return None
    former, survivor = MergeRecords().members(approval.payload)
    conflicts = conflicts_of(former, survivor, on=today())
    return Panel("memberships/merge_request.html", {
        "bars": [each.words for each in conflicts if each.is_bar],
        "notes": [each.words for each in conflicts if not each.is_bar], "does": what_merging_does(),
    })


PANELS[MergeRecords.name] = _request_panel


class MergePanel(MemberPanel):
    """Which other numbers the member has, or into which it was merged; the way to merging and undoing."""

    name = "merges"
    permission = "memberships.view_membermerge"
    template = "memberships/merges_panel.html"
    is_last = True

    def context(self, request: HttpRequest, member_id: int) -> dict[str, Any]:
        merges = MemberMerge.objects.in_force().select_related("former", "survivor", "actor", "checker")
        into = merges.filter(former=member_id).first()
        may_merge = request.user.has_perm(MergeRecords.permission)
        find_url = reverse("admin:memberships_membermerge_find", args=[member_id])
        others = list(merges.filter(survivor=member_id).order_by("pk")[:MOST])
        tiles = [
            *([_tile(_("Merged into"), into.survivor, into, is_bad=True)] if into else []),
            *(_tile(_("Also"), merge.former, merge) for merge in others[:MOST_TILES]),
        ]
        return {
            "into": into, "merges": others, "today": today(), "may_merge": may_merge, "tiles": tiles,
            "merge_url": find_url if may_merge and not into else "",
        }


def _tile(label: str, member: Member, merge: MemberMerge, *, is_bad: bool = False) -> Figure:
    """The other number, on top of the page."""
    url = reverse("admin:memberships_member_change", args=[member.pk])
    return Figure(label, member.number, url, merge.on.isoformat(), is_bad=is_bad)


class Merges(RowsByInstant):
    """That records were merged into the member's."""

    name = "merges"
    label = gettext_lazy("merges")
    permission = "memberships.view_membermerge"

    def rows(self, member_id: int) -> Any:
        return MemberMerge.objects.filter(survivor=member_id).select_related("actor")

    def told(self, row: MemberMerge, place: str) -> Moment:
        facts = {"former": Member(pk=row.former_id), "survivor": Member(pk=row.survivor_id)}
        words = _("%(former)s merged into %(survivor)s") % facts
        undone = _("undone on %(day)s: %(reason)s") % {"day": row.undone_on, "reason": row.undone_reason}
        return Moment(
            row.at, place, words, undone if row.undone_at else "", str(row.actor), row.reason,
            reverse("admin:memberships_membermerge_change", args=[row.pk]),
        )
