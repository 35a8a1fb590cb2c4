"""The site of the admin: unfold's, which lists all applications only for a page that shows such a list."""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils.functional import SimpleLazyObject
from unfold.dataclasses import SearchResult
from unfold.sites import UnfoldAdminSite


class DeskSite(UnfoldAdminSite):
    """What `admin.site` is."""

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        # Every page asks for it, with the rights to all models and the addresses of all lists; hardly one shows it.
        return cast(list[Any], SimpleLazyObject(partial(super().get_app_list, request, app_label)))

    def _call_permission_callback(self, callback: str | Callable[..., Any] | None, request: HttpRequest) -> bool:
        # unfold makes a class of its own for each item of the menu, on every page, to ask the same.
        if callable(callback):
            return bool(callback(request))
        return bool(super()._call_permission_callback(callback, request))

    def extra_urls(self) -> list[URLPattern]:
        """The box of the header, and the pages of sign-in. Where settings name this class there are no models yet."""
        from operations.admin.finding import finding_urls
        from operations.admin.sign_in_pages import sign_in_urls

        return [*finding_urls(self), *sign_in_urls(self)]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """And, for static/operations/session.js, the seconds until the session of who is signed in ends."""
        from operations.security.sessions import seconds_left

        context: dict[str, Any] = super().each_context(request)
        return {**context, "session_left": seconds_left(request) if self.has_permission(request) else None}

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Says why a session ended; who has failed too often gets the page that says until when."""
        from operations.admin.sign_in_pages import why_ended
        from operations.security.lockout import locked_response

        response = super().login(request, {"why_ended": why_ended(request), **(extra_context or {})})
        until = getattr(request, "locked_until", None)
        return locked_response(request, until) if until else response

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The palette. What is posted finds pages and records; what stands in an address finds pages alone.

        unfold's own reads every record that matches, and keeps what it found where anybody with the cache reads it.
        """
        from operations.admin.finding import palette_records

        posted = request.POST.get("s", "")
        term = (posted or request.GET.get("s", "")).strip()
        if not term:
            return HttpResponse()
        found = [*self._pages(request, term), *(palette_records(request, posted) if posted else ())]
        return TemplateResponse(request, "unfold/helpers/command_results.html", {"results": found})

    def _pages(self, request: HttpRequest, term: str) -> list[SearchResult]:
        """The items of the menu that the user may open and whose title, or that of their group, has the words in it."""
        wanted = term.lower()
        return [
            SearchResult(
                title=str(item["title"]), description=str(group["title"]), link=str(item["link"]), icon=item["icon"]
            )
            for group in self.get_sidebar_list(request) for item in group["items"]
            if item["has_permission"] and wanted in f"{item['title']} {group['title']}".lower()
        ]


class DeskAdminConfig(AdminConfig):
    """For INSTALLED_APPS; another configuration in `config.apps` would keep Django from finding that of the house."""

    default_site = "config.desk_site.DeskSite"
