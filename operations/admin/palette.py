"""The command palette: records by number, code or name, a few of each kind, by the same indexes as the lists."""

from django.contrib import admin
from django.http import HttpRequest
from unfold.dataclasses import SearchResult

from operations.admin.base import DeskAdmin
from operations.admin.reasons import record_url
from operations.admin.search import find_keys

RESULTS = 10


def search(request: HttpRequest, _lowered: str) -> list[SearchResult]:
    """RESULTS records of each model that the user may view. The term as typed: Unfold hands it on in lower case."""
    term = request.GET.get("s", "").strip()
    results: list[SearchResult] = []
    for model, model_admin in admin.site._registry.items():
        if not (isinstance(model_admin, DeskAdmin) and model_admin.index_search):
            continue
        if not model_admin.has_view_or_change_permission(request):
            continue
        keys = find_keys(model._default_manager.all(), model_admin.index_search, term)[:RESULTS]
        results.extend(
            SearchResult(
                title=str(record), description=str(model._meta.verbose_name), link=record_url(record),
                icon="data_object",
            )
            for record in model._default_manager.filter(pk__in=keys)
        )
    return results
