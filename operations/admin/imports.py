"""Imports in the admin: the list, the upload page and the page of each import."""

from functools import partial
from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import action, display

from operations import registry
from operations.admin.base import ReadOnlyAdmin
from operations.admin.import_actions import ACTIONS, act, error_file, template_file
from operations.admin.import_pages import (
    STATE_COLOURS,
    batch_page,
    kind_of,
    live_progress,
    may_import,
    page_url,
)
from operations.errors import PlusdeskError
from operations.forms import UploadForm, permitted_importers
from operations.models import ImportBatch, User
from operations.services import imports


class ImporterFilter(DropdownFilter):
    """By the kind of import, from the registry: no query finds out which kinds there are."""

    title = gettext_lazy("kind of import")
    parameter_name = "importer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(importer.name, importer.label) for importer in registry.importers]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ImportBatch]) -> QuerySet[ImportBatch]:
        return queryset.filter(importer=self.value()) if self.value() else queryset


@admin.register(ImportBatch)
class ImportBatchAdmin(ReadOnlyAdmin):
    """Whoever may import sees the imports of that kind; `view_importbatch` shows all of them."""

    list_display = (
        "file_name", "kind", "state_label", "rows_read", "new", "changed", "invalid",
        "uploaded_by", "uploaded_at",
    )
    list_filter = (("state", ChoicesDropdownFilter), ImporterFilter)
    list_select_related = ("uploaded_by",)
    actions_list = ("upload",)

    @display(description=gettext_lazy("kind"))
    def kind(self, batch: ImportBatch) -> Any:
        return kind_of(batch)

    @display(description=gettext_lazy("state"), ordering="state", label=STATE_COLOURS)
    def state_label(self, batch: ImportBatch) -> tuple[str, str]:
        return batch.state, batch.get_state_display()

    # --- who may do what -----------------------------------------------------------------------------------

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(permitted_importers(request.user))

    def has_view_permission(self, request: HttpRequest, obj: ImportBatch | None = None) -> bool:
        if super().has_view_permission(request, obj):
            return True
        return may_import(request.user, obj) if obj else bool(permitted_importers(request.user))

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportBatch]:
        batches: QuerySet[ImportBatch] = super().get_queryset(request)
        if super().has_view_permission(request):
            return batches
        return batches.filter(importer__in=[importer.name for importer in permitted_importers(request.user)])

    # --- pages ---------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "operations_importbatch_"
        ours = [
            path("template/<slug:importer_name>/", view(self.template_view), name=f"{name}template"),
            path("<int:batch_id>/progress/", view(self.progress_view), name=f"{name}progress"),
            path("<int:batch_id>/error-file/", view(self.error_file_view), name=f"{name}error_file"),
            *(
                path(
                    f"<int:batch_id>/{action}/", require_POST(view(partial(self.action_view, action=action))),
                    name=f"{name}{action}",
                )
                for action in ACTIONS
            ),
        ]
        return [*ours, *super().get_urls()]

    @action(description=gettext_lazy("Upload a file"), permissions=["add"], icon="upload_file", url_path="upload")
    def upload(self, request: HttpRequest) -> HttpResponse:
        """The list's button."""
        return HttpResponseRedirect(reverse("admin:operations_importbatch_add"))

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The upload page."""
        importers = permitted_importers(request.user)
        if not importers:
            raise PermissionDenied
        is_sent = request.method == "POST"
        form = UploadForm(
            request.POST if is_sent else None, request.FILES if is_sent else None, importers=importers,
            initial={"importer": request.GET.get("importer", importers[0].name)},
        )
        if form.is_valid():
            batch = self._store(request, form)
            if batch is not None:
                return HttpResponseRedirect(page_url(batch))
        context = {"title": _("Upload a file"), "form": form, "importers": importers}
        return self._page(request, "operations/import_upload.html", context)

    def _store(self, request: HttpRequest, form: UploadForm) -> ImportBatch | None:
        """The new batch; None when the service refuses, with its reason in the form."""
        file = form.cleaned_data["file"]
        try:
            return imports.upload_file(
                form.cleaned_data["importer"], file, file_name=file.name, skips_invalid=form.skips_invalid,
                actor=cast(User, request.user), at=timezone.now(),
            )
        except PlusdeskError as error:
            form.add_error("file", str(error))
            return None

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The page of one import, whatever its state."""
        batch = self._batch(request, object_id)
        context = {"title": batch.file_name, "original": batch, **batch_page(request, batch)}
        return self._page(request, "operations/import_batch.html", context)

    def progress_view(self, request: HttpRequest, batch_id: int) -> HttpResponse:
        """The progress as JSON; the admin marks every page as not to be cached."""
        return JsonResponse(live_progress(self._batch(request, batch_id)))

    def error_file_view(self, request: HttpRequest, batch_id: int) -> HttpResponseBase:
        return error_file(request, self._batch(request, batch_id))

    def template_view(self, request: HttpRequest, importer_name: str) -> HttpResponseBase:
        for importer in permitted_importers(request.user):
            if importer.name == importer_name:
                return template_file(importer)
        raise Http404

    def action_view(self, request: HttpRequest, batch_id: int, action: str) -> HttpResponse:
        return act(request, self._batch(request, batch_id), action)

    def _batch(self, request: HttpRequest, object_id: str | int) -> ImportBatch:
        """The batch, where the user may see it."""
        if not str(object_id).isdecimal() or len(str(object_id)) > 18:
            raise Http404
        runs = ("check_run", "apply_run", "undo_run")
        batches = self.get_queryset(request).select_related("uploaded_by", *runs)
        return get_object_or_404(batches, pk=object_id)

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        page = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        form = context.get("form")
        return TemplateResponse(request, template, page, status=422 if form and form.errors else 200)
