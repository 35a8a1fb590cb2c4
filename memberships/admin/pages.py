"""Pages of records that are no forms: found by key, shown in the desk's own layout."""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.admin import ModelAdmin

from operations.admin.approval_pages import open_requests

M = TypeVar("M", bound=Model)


def find_record(admin: ModelAdmin, request: HttpRequest, object_id: str, records: "QuerySet[M]") -> M:
    """The record of a page. PermissionDenied when the user may not see such records, Http404 when there is none."""
    if not admin.has_view_permission(request):
        raise PermissionDenied
    try:
        record = records.filter(pk=unquote(object_id)).first()
    except (ValueError, ValidationError):
        record = None
    if record is None:
        raise Http404
    return record


def show_page(
    admin: ModelAdmin, request: HttpRequest, template: str, record: Model, *, about: Sequence[Model] = (),
    **context: Any,
) -> HttpResponse:
    """The page of a record, with the requests about it, and `about` others on the page, that wait for approval."""
    request.current_app = admin.admin_site.name  # type: ignore[attr-defined]
    page = {
        **admin.admin_site.each_context(request), "opts": admin.opts, "original": record, "title": str(record),
        "open_requests": open_requests(request, record, *about, at=timezone.now()),
    }
    return TemplateResponse(request, template, {**page, **context})
