"""The base of every admin page: read-only, read by key, searched by index, with its history.

A subclass says what else it allows. Changes go through services, from pages of their own that ask for a reason.
"""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from operations.admin.bulk import BulkMixin
from operations.admin.counts import EstimatingPaginator
from operations.admin.exporting import ExportMixin
from operations.admin.history import HistorySource, own_history, read_history
from operations.admin.list_rows import QuickRows, draw_lists_quickly
from operations.admin.paging import KeysetChangeList
from operations.admin.saved_filters import SavedFilterMixin
from operations.admin.search import (
    PRIVATE_LIMIT,
    SEARCH_LIMIT,
    SearchKind,
    find_keys,
    may_be_personal,
    placeholder,
)

admin.site.disable_action("delete_selected")
draw_lists_quickly()

#: What list filters append to the name of their column.
FILTER_SUFFIXES = (
    "", "__exact", "__id__exact", "__in", "__isnull", "__gte", "__lt", "__id__in",
    "_from", "_to", "_from_0", "_from_1", "_to_0", "_to_1",
)


class DeskAdmin(QuickRows, SavedFilterMixin, ExportMixin, BulkMixin):
    """Lists that stay quick at any size, and a history on every record."""

    change_list_template = "operations/change_list.html"
    object_history_template = "operations/history.html"
    show_full_result_count = False
    # Asked for by every row; what is missing costs a template more than what is there.
    list_sections: ClassVar[Any] = ()
    paginator = EstimatingPaginator
    list_per_page = 50
    list_max_show_all = 0
    # A column becomes sortable when an index on (column, key) serves it.
    sortable_by: ClassVar[Any] = ()
    ordering: ClassVar[Any] = ("-pk",)
    list_filter_submit = True
    # Facets count the whole table once for every choice.
    show_facets = admin.ShowFacets.NEVER
    #: What can be typed into the search box.
    index_search: tuple[SearchKind, ...] = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        return KeysetChangeList

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Only what a filter of this list asks: Django would take any column and any comparison."""
        return any(_belongs_to(lookup, wanted) for wanted in self.get_list_filter(request))

    # --- searching

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Names for Django, which shows the box when there are any; get_search_results never reads them."""
        return tuple(f"kind{number}" for number, _kind in enumerate(self.index_search))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """The rows that a kind of `index_search` finds by its index; the first SEARCH_LIMIT of them."""
        term = search_term.strip()
        if not term:
            return queryset, False
        keys, looked_at = find_keys(queryset, self.index_search, term)
        if len(keys) > SEARCH_LIMIT:
            messages.info(
                request,
                _("More than %(limit)s records match; only the first are shown. Type more of it.")
                % {"limit": SEARCH_LIMIT},
            )
        elif looked_at:
            messages.info(
                request,
                _("Of the records with such a name, only the newest %(count)s were looked at. Type more of it.")
                % {"count": f"{looked_at:,}"},
            )
        return queryset.filter(pk__in=keys[:SEARCH_LIMIT]), False

    def search_view(self, request: HttpRequest) -> HttpResponse:
        """Take what was typed; what identifies a person is replaced by record numbers in the address."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        parameters = {key: values for key, values in request.POST.lists() if key != "csrfmiddlewaretoken"}
        term = request.POST.get("q", "").strip()
        if may_be_personal(self.index_search, term):
            term = self._without_person(request, term)
        address = reverse(self._url_name("changelist"))
        return HttpResponseRedirect(f"{address}?{urlencode({**parameters, 'q': term}, doseq=True)}")

    def _without_person(self, request: HttpRequest, term: str) -> str:
        """The numbers of the records found by the term; empty, and said so, where there are none."""
        keys = find_keys(self.get_queryset(request), self.index_search, term, with_private=True).keys
        numbers = " ".join(filter(None, map(self.record_number, keys[:PRIVATE_LIMIT])))
        if not keys:
            messages.info(request, _("Nobody was found by that."))
        elif not numbers:
            messages.info(request, _("This may be personal data, which this list is not searched by."))
        return numbers

    def record_number(self, key: Any) -> str:
        """What a record of that key is found by without naming anybody; empty when there is no such thing."""
        return ""

    # --- history

    def history_sources(self, record: Model) -> list[HistorySource]:
        """Whose events make up the history of a record; its own unless there are satellites."""
        return own_history(record)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What happened to the record and what belongs to it, newest first."""
        record = self.get_object(request, unquote(object_id))
        if record is None:
            raise Http404
        if not self.has_view_or_change_permission(request, record):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("History: %s") % record,
            "opts": self.opts,
            "original": record,
            "history": read_history(self.history_sources(record), before=request.GET.get("before")),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, self.object_history_template, context)

    # --- addresses

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The record of a key as it stands in an address; None when there is none, or can be none."""
        text = str(object_id)
        is_refused = "\0" in text or (text.isdigit() and not text.isascii())
        return None if is_refused else super().get_object(request, object_id, from_field)

    def get_urls(self) -> list[URLPattern]:
        search = require_POST(self.admin_site.admin_view(self.search_view))
        return [path("find/", search, name=self._url_name("find", is_qualified=False)), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        # PostgreSQL knows no such character, and nobody types it: all of the question is dropped.
        if "%00" in request.META.get("QUERY_STRING", ""):
            return HttpResponseRedirect(request.path)
        context = {
            "search_placeholder": placeholder(self.index_search),
            "find_url": reverse(self._url_name("find")),
            # Django's title, "Select customer to view", says nothing that the menu has not said.
            "title": str(self.opts.verbose_name_plural),
        }
        response: HttpResponse = super().changelist_view(request, {**context, **(extra_context or {})})
        return response


def _belongs_to(lookup: str, wanted: Any) -> bool:
    """Whether a parameter is one that a list filter puts into the address."""
    if isinstance(wanted, type):
        return lookup == getattr(wanted, "parameter_name", None)
    name = wanted if isinstance(wanted, str) else wanted[0]
    return lookup.startswith(name) and lookup.removeprefix(name) in FILTER_SUFFIXES


class ReadOnlyAdmin(DeskAdmin):
    """Nothing is added, changed or deleted here."""

    show_add_link = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
