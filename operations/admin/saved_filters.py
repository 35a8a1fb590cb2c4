"""Saved filters: they stand above a list, are opened by a press, and are saved, renamed, shared and deleted on a page.

An address that the list does not understand any more (a filter or a choice of it is gone) is never asked: opening it
says so. The default of a list is what its owner sees who opens it without a question; "All" leads to everything.
"""

from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from operations.admin.filters import IndexedValuesFilter
from operations.admin.list_pages import ListPages, asked_of
from operations.admin.reasons import ask
from operations.admin.search import SearchKind, may_be_personal
from operations.errors import PlusdeskError
from operations.models import SavedFilter, User
from operations.services.saved_filters import change_filter, delete_filter, save_filter

#: In the address of a list: everything, in spite of the default.
EVERYTHING = "everything"


class SavedLink(NamedTuple):
    """A saved filter as it stands above the list."""

    saved: SavedFilter
    url: str
    edit_url: str
    is_chosen: bool


class SavedFilterForm(forms.Form):
    """Its name, with whom it is shared, and whether the list opens with it."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=60, widget=UnfoldAdminTextInputWidget())
    group = forms.ModelChoiceField(
        Group.objects.none(), label=gettext_lazy("Shared with"), required=False,
        empty_label=gettext_lazy("nobody"), widget=UnfoldAdminSelectWidget(),
    )
    is_default = forms.BooleanField(
        label=gettext_lazy("The list opens with it"), required=False, widget=UnfoldBooleanSwitchWidget()
    )

    def __init__(self, data: Any, *, user: User, **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["group"].queryset = user.groups.order_by("name")  # type: ignore[attr-defined]


class SavedFilterMixin(ListPages):
    """A list whose questions can be saved."""

    index_search: tuple[SearchKind, ...] = ()

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        pages = (
            ("save/", self.filter_save_view, "filter_save"), ("<int:saved_id>/", self.filter_open_view, "filter_open"),
            ("<int:saved_id>/change/", self.filter_change_view, "filter_change"),
            ("<int:saved_id>/delete/", require_POST(self.filter_delete_view), "filter_delete"),
        )
        return [
            *(path(f"filters/{at}", view(page), name=self._url_name(name, is_qualified=False))
              for at, page, name in pages),
            *super().get_urls(),
        ]

    # --- above the list

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list; without a question, with the user's default."""
        saved = self._visible_filters(request) if request.method == "GET" and self.has_view_permission(request) else []
        if request.GET.get(EVERYTHING):
            asked_for = request.GET.copy()
            del asked_for[EVERYTHING]
            request.GET = asked_for  # type: ignore[assignment]
        elif not (request.GET or _is_from(request)) and (default := self._default_filter(request, saved)) is not None:
            return HttpResponseRedirect(self._filter_url("filter_open", default))
        asked = asked_of(request)
        context = {
            "saved_filters": [
                SavedLink(each, self._filter_url("filter_open", each), self._filter_url("filter_change", each)
                          if each.owner_id == request.user.pk else "", _same(each.asked, asked))
                for each in saved
            ],
            "everything_url": f"?{EVERYTHING}=1" if saved else "",
            "is_everything": not asked,
            "save_filter_url": self.list_url("filter_save", asked) if asked else "",
        }
        response: HttpResponse = super().changelist_view(request, {**context, **(extra_context or {})})
        return response

    def _visible_filters(self, request: HttpRequest) -> list[SavedFilter]:
        found = SavedFilter.objects.visible_to(cast(User, request.user), self.opts.label_lower)
        return list(found.order_by("name", "pk")[:50])

    def _default_filter(self, request: HttpRequest, saved: list[SavedFilter]) -> SavedFilter | None:
        return next((each for each in saved if each.is_default and each.owner_id == request.user.pk), None)

    def _filter_url(self, page: str, saved: SavedFilter) -> str:
        return reverse(self._url_name(page), args=[saved.pk])

    # --- pages

    def filter_open_view(self, request: HttpRequest, saved_id: int) -> HttpResponseBase:
        """Go to the list as it was saved; where it does not fit any more, say so and show everything."""
        saved = self._find_filter(request, saved_id)
        if self._filter_fits(request, saved):
            return HttpResponseRedirect(self.list_url(asked=saved.asked or f"{EVERYTHING}=1"))
        messages.warning(
            request,
            _("The saved filter “%(name)s” does not fit this list any more: one of its filters is gone. Save it anew, "
              "or delete it.") % {"name": saved.name},
        )
        return HttpResponseRedirect(self.list_url(asked=f"{EVERYTHING}=1"))

    def filter_save_view(self, request: HttpRequest) -> HttpResponseBase:
        """Save what the address of this page asks for."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        user, asked = cast(User, request.user), asked_of(request)
        form = SavedFilterForm(request.POST if request.method == "POST" else None, user=user)
        if request.method == "POST" and form.is_valid():
            if may_be_personal(self.index_search, request.GET.get("q", "")) or len(asked) > 2000:
                form.add_error(None, _("This search is not saved: it may be personal data, or is too long."))
            elif self._filter_done(form, lambda: save_filter(
                model=self.opts.label_lower, asked=asked, actor=user, **form.cleaned_data
            )):
                messages.success(request, _("The filter is saved; it stands above the list."))
                return HttpResponseRedirect(self.list_url(asked=asked))
        return self._ask_of_filter(request, form, asked, title=_("Save this filter"))

    def filter_change_view(self, request: HttpRequest, saved_id: int) -> HttpResponseBase:
        """Rename, share, make the default."""
        saved, user = self._find_filter(request, saved_id), cast(User, request.user)
        if saved.owner_id != user.pk:
            raise PermissionDenied
        first = {"name": saved.name, "group": saved.group_id, "is_default": saved.is_default}
        form = SavedFilterForm(request.POST if request.method == "POST" else None, user=user, initial=first)
        is_sent = request.method == "POST" and form.is_valid()
        if is_sent and self._filter_done(form, lambda: change_filter(saved, actor=user, **form.cleaned_data)):
            return HttpResponseRedirect(self._filter_url("filter_open", saved))
        return self._ask_of_filter(
            request, form, saved.asked, title=_("Saved filter “%(name)s”") % {"name": saved.name},
            delete_url=self._filter_url("filter_delete", saved),
        )

    def filter_delete_view(self, request: HttpRequest, saved_id: int) -> HttpResponseBase:
        """Delete one's own."""
        saved = self._find_filter(request, saved_id)
        if saved.owner_id != request.user.pk:
            raise PermissionDenied
        delete_filter(saved, actor=request.user)
        messages.success(request, _("The saved filter is deleted."))
        return HttpResponseRedirect(self.list_url(asked=f"{EVERYTHING}=1"))

    def _find_filter(self, request: HttpRequest, saved_id: int) -> SavedFilter:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = SavedFilter.objects.visible_to(cast(User, request.user), self.opts.label_lower)
        saved = found.filter(pk=saved_id).first()
        if saved is None:
            raise Http404
        return saved

    def _filter_done(self, form: forms.Form, do: Any) -> bool:
        """Whether the service took it; what it did not like stands in the form."""
        try:
            do()
        except PlusdeskError as error:
            form.add_error(None, str(error))
        return not form.errors

    def _ask_of_filter(self, request: HttpRequest, form: forms.Form, asked: str, **context: Any) -> HttpResponse:
        return ask(
            self, request, None, form, submit_label=_("Save"), template="operations/saved_filter.html",
            back_url=self.list_url(asked=asked or f"{EVERYTHING}=1"), **context,
        )

    def _filter_fits(self, request: HttpRequest, saved: SavedFilter) -> bool:
        """Whether the list understands all of it: it is asked, and each choice is one that there is."""
        asking = HttpRequest()
        asking.method, asking.path, asking.user = "GET", request.path, request.user
        asking.GET = QueryDict(saved.asked)
        asking._messages = request._messages  # type: ignore[attr-defined]
        try:
            listed = self.get_changelist_instance(asking)
        except (IncorrectLookupParameters, DisallowedModelAdminLookup):
            return False
        simple = [spec for spec in listed.filter_specs if isinstance(spec, SimpleListFilter)]
        return all(
            spec.value() is None or str(spec.value()) in {str(choice) for choice, _words in spec.lookup_choices}
            # Values of a column come and go with its rows; nobody took them away.
            for spec in simple if spec.parameter_name in asking.GET and not isinstance(spec, IndexedValuesFilter)
        )


def _is_from(request: HttpRequest) -> bool:
    """Whether the list was left for itself, for its first page or without its filters: the default is for who comes."""
    return urlsplit(request.headers.get("referer", "")).path == request.path


def _same(one: str, other: str) -> bool:
    """Whether two addresses ask for the same."""
    return sorted(QueryDict(one).lists()) == sorted(QueryDict(other).lists())
