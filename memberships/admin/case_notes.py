"""Case notes: the work list of what is to be followed up, the page of a note, its attachments, and their kinds."""

from datetime import date
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import display

from memberships.admin import lookups
from memberships.admin.actions import action_urls, offered
from memberships.admin.case_actions import ACTIONS, WRITE
from memberships.admin.case_form import CaseNoteForm
from memberships.admin.codes import CodeAdmin
from memberships.admin.display import contact_prefetch, owner_link, owner_name, today
from memberships.admin.pages import find_record, show_page
from memberships.admin.quick_filters import QuickChoice, QuickFilter, QuickFilterMixin
from memberships.case_files import ENDINGS
from memberships.models import CaseAttachment, CaseNote, CaseNoteKind, Member
from memberships.services.case_notes import correct_note, open_attachment, write_note
from operations.admin.base import ReadOnlyAdmin
from operations.admin.reasons import ask, record_url
from operations.errors import PlusdeskError

READ = "memberships.read_casenote"
FOLLOW_UP_COLOURS = {"due": "warning", "later": "info", "done": "success"}


def _to_follow_up(notes: QuerySet[Any], on: date) -> QuerySet[Any]:
    return notes.filter(follow_up_on__lte=on, followed_up_at=None)


def _later(notes: QuerySet[Any], on: date) -> QuerySet[Any]:
    return notes.filter(follow_up_on__gt=on, followed_up_at=None)


class FollowUpFilter(QuickFilter):
    """Notes that somebody has to look at again, the oldest day first."""

    offered = (
        QuickChoice("due", _("To follow up by today"), _to_follow_up, order="follow_up_on"),
        QuickChoice("later", _("To follow up later"), _later, order="follow_up_on"),
    )


@admin.register(CaseNote)
class CaseNoteAdmin(QuickFilterMixin, ReadOnlyAdmin):
    """What people wrote down about members, for those only who may read it."""

    list_display = (
        "note_column", "owner_column", "kind", "follow_up_column", "pinned_column", "written_by", "written_at",
    )
    list_select_related = ("member__customer", "kind", "written_by")
    quick_filter = FollowUpFilter
    list_filter = (FollowUpFilter, ("kind", RelatedDropdownFilter))
    index_search = (lookups.member_number("member"),)
    has_personal_data = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(READ)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CaseNote]:
        notes: QuerySet[CaseNote] = super().get_queryset(request)
        return notes.prefetch_related(contact_prefetch("member__"))

    def whole(self, request: HttpRequest) -> QuerySet[CaseNote]:
        """Notes with all that their page and their buttons need."""
        return self.get_queryset(request).select_related(
            "member__customer", "kind", "written_by", "correction", "corrects"
        )

    @admin.display(description=_("case note"))
    def note_column(self, note: CaseNote) -> str:
        return str(note)

    @admin.display(description=_("name"), empty_value="–")
    def owner_column(self, note: CaseNote) -> str:
        return owner_name(note.member)

    @display(description=_("follow up on"), label=FOLLOW_UP_COLOURS)
    def follow_up_column(self, note: CaseNote) -> tuple[str, str] | str:
        """The day, coloured by whether it has come."""
        if note.follow_up_on is None:
            return ""
        state = "done" if not note.is_to_follow_up else "due" if note.follow_up_on <= today() else "later"
        return state, f"{note.follow_up_on} {gettext('followed up')}" if state == "done" else f"{note.follow_up_on}"

    @display(description=_("pinned"), label="info")
    def pinned_column(self, note: CaseNote) -> str:
        return gettext("pinned") if note.is_pinned else ""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        typed = sensitive_post_parameters()
        return [
            path("write/<int:member_id>/", view(typed(self.write_view)), name="memberships_casenote_write"),
            path("<path:object_id>/correct/", view(typed(self.correct_view)), name="memberships_casenote_correct"),
            path(
                "<path:object_id>/files/<int:attachment_id>/", view(self.file_view),
                name="memberships_casenote_file",
            ),
            *action_urls(self, ACTIONS, self.whole), *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one note."""
        note = find_record(self, request, object_id, self.whole(request))
        return show_page(
            self, request, "memberships/case_note.html", note, note=note, owner=owner_link(note.member),
            attachments=note.attachments.order_by("pk"), buttons=offered(request, ACTIONS, note, on=today()),
            may_correct=request.user.has_perm(WRITE) and _stands(note),
        )

    def write_view(self, request: HttpRequest, member_id: int) -> HttpResponse:
        """Write a note on a member."""
        self._refuse_reader(request)
        member = Member.objects.filter(pk=member_id).first()
        if member is None:
            raise Http404
        form = CaseNoteForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            try:
                write_note(member, **form.facts(), **self._now(request))
            except PlusdeskError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, gettext("The note was written down."))
                return HttpResponseRedirect(f"{record_url(member)}#case-notes")
        return self._ask(request, member, form, title=gettext("New case note"))

    def correct_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Write what replaces a note."""
        self._refuse_reader(request)
        note = find_record(self, request, object_id, self.whole(request))
        form = CaseNoteForm(request.POST or None, request.FILES or None, corrects=note)
        if request.method == "POST" and form.is_valid():
            try:
                written = correct_note(note, **form.facts(), **self._now(request))
            except PlusdeskError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, gettext("The correction was written down."))
                return HttpResponseRedirect(record_url(written))
        return self._ask(request, note, form, title=gettext("Correct the case note"))

    def file_view(self, request: HttpRequest, object_id: str, attachment_id: int) -> HttpResponseBase:
        """An attachment, always as a file to be kept: no browser runs what stands in it. Posted to with a proof."""
        note = find_record(self, request, object_id, self.get_queryset(request))
        attachment = CaseAttachment.objects.filter(note=note, pk=attachment_id, erased_at=None).first()
        if attachment is None:
            raise Http404
        try:
            content = open_attachment(attachment, actor=request.user, at=timezone.now())  # type: ignore[arg-type]
        except FileNotFoundError:
            raise Http404 from None
        return FileResponse(
            content, as_attachment=True, filename=_named(attachment), content_type=attachment.content_type,
            headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
        )

    def _refuse_reader(self, request: HttpRequest) -> None:
        if not (request.user.has_perm(WRITE) and self.has_view_permission(request)):
            raise PermissionDenied

    def _now(self, request: HttpRequest) -> dict[str, Any]:
        return {"on": today(), "at": timezone.now(), "actor": request.user}

    def _ask(self, request: HttpRequest, record: Member | CaseNote, form: CaseNoteForm, *, title: str) -> HttpResponse:
        member = record if isinstance(record, Member) else record.member
        return ask(
            self, request, record, form, title=title, submit_label=gettext("Write it down"),
            template="memberships/case_note_form.html", facts=((gettext("Member"), member.number),),
        )


def _stands(note: CaseNote) -> bool:
    """Neither corrected nor erased."""
    return note.erased_at is None and not hasattr(note, "correction")


def _named(attachment: CaseAttachment) -> str:
    """The name it was given, with the ending of what it is."""
    ending = ENDINGS[attachment.content_type]
    is_named = attachment.name.lower().endswith((ending, ".jpeg") if ending == ".jpg" else ending)
    return attachment.name if is_named else f"{attachment.name}{ending}"


@admin.register(CaseNoteKind)
class CaseNoteKindAdmin(CodeAdmin):
    """Notes name them."""
