"""Programme files in the admin: written or uploaded, previewed, submitted, compared; nothing is changed at once."""

from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.text import get_valid_filename
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from memberships.admin.actions import action_urls
from memberships.admin.display import today
from memberships.admin.pages import find_record, show_page
from memberships.admin.revision_actions import ACTIONS, PERMISSION, revision_url
from memberships.admin.revision_page import (
    COLOURS,
    FileForm,
    Preview,
    comparison,
    preview,
    revision_page,
    state_in_words,
)
from memberships.admin.what_ifs import ASKED_OF
from memberships.models import Programme, ProgrammeRevision
from memberships.programme_files.documents import export_programme
from memberships.programme_files.faults import ProgrammeFileError
from memberships.programme_files.writing import write_document
from memberships.services.revisions import draft_revision, edit_draft
from memberships.services.what_ifs import ask_about_revision
from operations.admin.base import ReadOnlyAdmin
from operations.dates import business_date
from operations.errors import PlusdeskError
from operations.models import User


@admin.register(ProgrammeRevision)
class ProgrammeRevisionAdmin(ReadOnlyAdmin):
    """`view_programmerevision` reads, `submit_programmerevision` writes drafts and submits them."""

    list_display = (
        "revision_column", "programme", "state_label", "effective_on", "changes_column", "made_by", "made_at", "note",
    )
    list_filter = (("state", ChoicesDropdownFilter),)
    list_select_related = ("programme", "approval", "made_by")
    actions_list = ("new",)

    @display(description=gettext_lazy("revision"))
    def revision_column(self, revision: ProgrammeRevision) -> str:
        return str(revision)

    @display(description=gettext_lazy("state"), label={colour: colour for colour in COLOURS})
    def state_label(self, revision: ProgrammeRevision) -> tuple[str, str]:
        return state_in_words(revision)

    @display(description=gettext_lazy("changes"))
    def changes_column(self, revision: ProgrammeRevision) -> int:
        return len(revision.changes)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(PERMISSION)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[ProgrammeRevision]":
        return ProgrammeRevision.objects.without_files().order_by("-pk")

    def whole(self, request: HttpRequest) -> "QuerySet[ProgrammeRevision]":
        """Revisions with all that their page and their buttons need."""
        return ProgrammeRevision.objects.select_related("programme", "approval", "made_by", "rolled_back_to")

    # --- pages

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "memberships_programmerevision_"
        ours = [
            path("compare/", view(self.compare_view), name=f"{name}compare"),
            path("<path:object_id>/edit/", view(self.edit_view), name=f"{name}edit"),
            path("<path:object_id>/what_if/", require_POST(view(self.what_if_view)), name=f"{name}what_if"),
            path("<path:object_id>/file/", view(self.file_view), name=f"{name}file"),
        ]
        return [*ours, *action_urls(self, ACTIONS, self.whole), *super().get_urls()]

    @action(description=gettext_lazy("New programme file"), permissions=["add"], icon="edit_document", url_path="new")
    def new(self, request: HttpRequest) -> HttpResponse:
        """The list's button."""
        return HttpResponseRedirect(reverse("admin:memberships_programmerevision_add"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of a revision."""
        revision, at = find_record(self, request, object_id, self.whole(request)), timezone.now()
        shown = revision_page(request, revision, on=business_date(at), at=at)
        return show_page(self, request, "memberships/revision.html", revision, **shown)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The editor of a new file, which begins with a programme as it is."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        code = request.GET.get("programme", "")
        programme = Programme.objects.filter(code=code).first() if code else None
        source = write_document(export_programme(programme, on=today())) if programme else ""
        return self._editor(request, None, {"source": source, "effective_on": today()})

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The editor of a draft."""
        revision = find_record(self, request, object_id, self.whole(request))
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        if revision.state != ProgrammeRevision.State.DRAFT:
            messages.error(request, _("Only a draft can be edited: make a new revision."))
            return HttpResponseRedirect(revision_url(revision))
        begun = {"source": revision.source, "effective_on": revision.effective_on, "note": revision.note}
        return self._editor(request, revision, begun)

    def what_if_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Have it counted anew what the file would make of all members' tiers; the answer is kept with the revision."""
        revision = find_record(self, request, object_id, self.whole(request))
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        at = timezone.now()
        if revision.state in ASKED_OF:
            try:
                ask_about_revision(revision, on=business_date(at), at=at, actor=cast(User, request.user), anew=True)
            except PlusdeskError as error:
                messages.error(request, str(error))
        return HttpResponseRedirect(f"{revision_url(revision)}#what-if")

    def file_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The file, as it was given."""
        revision = find_record(self, request, object_id, self.whole(request))
        name = get_valid_filename(f"{revision.code}-r{revision.number}.yaml")
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(revision.source, content_type="application/yaml; charset=utf-8", headers=headers)

    def compare_view(self, request: HttpRequest) -> HttpResponse:
        """Two revisions beside each other."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        keys = [request.GET.get("old", ""), request.GET.get("new", "")]
        if not all(key.isascii() and key.isdecimal() and len(key) <= 18 for key in keys):
            raise Http404
        found = {str(revision.pk): revision for revision in self.whole(request).filter(pk__in=keys)}
        if not set(keys) <= found.keys():
            raise Http404
        old, new = (found[key] for key in keys)
        context = {
            **self.admin_site.each_context(request), "opts": self.opts,
            "title": _("%(old)s beside %(new)s") % {"old": old, "new": new}, **comparison(old, new),
        }
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        return TemplateResponse(request, "memberships/revision_comparison.html", context)

    # --- the editor

    def _editor(self, request: HttpRequest, revision: ProgrammeRevision | None, begun: dict[str, Any]) -> HttpResponse:
        """The form; what was sent is previewed beneath it, or kept as a draft."""
        is_sent = request.method == "POST"
        form = FileForm(request.POST, request.FILES) if is_sent else FileForm(initial=begun)
        shown: Preview | None = None
        if is_sent and form.is_valid():
            text = form.text()
            shown = preview(text, on=max(today(), form.cleaned_data["effective_on"]))
            if shown.document is not None and "save" in request.POST:
                kept = self._keep(request, revision, form, shown)
                if kept is not None:
                    return HttpResponseRedirect(revision_url(kept))
            # An uploaded file stands in the editor from now on.
            form = FileForm({**form.cleaned_data, "source": text}) if form.is_valid() else form
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "original": revision, "form": form,
            "preview": shown, "title": _("Edit %(revision)s") % {"revision": revision} if revision
            else _("New programme file"),
            "back_url": revision_url(revision) if revision
            else reverse("admin:memberships_programmerevision_changelist"),
        }
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        is_refused = bool(form.errors) or (shown is not None and shown.document is None)
        return TemplateResponse(request, "memberships/revision_editor.html", context, status=422 if is_refused else 200)

    def _keep(
        self, request: HttpRequest, revision: ProgrammeRevision | None, form: FileForm, shown: Preview
    ) -> ProgrammeRevision | None:
        """The draft; None when the service refuses, with its reason in the form."""
        at, document = timezone.now(), shown.document
        assert document is not None
        facts = {
            "effective_on": form.cleaned_data["effective_on"], "note": form.cleaned_data["note"],
            "on": business_date(at), "at": at, "actor": cast(User, request.user),
        }
        try:
            kept = (
                draft_revision(document, **facts) if revision is None
                else edit_draft(revision, document, **facts)
            )
        except (PlusdeskError, ProgrammeFileError) as error:
            form.add_error(None, str(error))
            return None
        messages.success(request, _("The draft is kept; submit it when it is ready."))
        return kept
