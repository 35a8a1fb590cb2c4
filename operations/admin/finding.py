"""The box in the header: what is typed is posted, kept sealed for a while, and never stands in an address.

One record leads to its page; several are shown on a page of their own, to which "back" and "reload" come back.
"""

import secrets
from typing import Any

from django.contrib import admin, messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST, require_safe
from unfold.dataclasses import SearchResult

from operations.admin.finders import MOST_FOUND, find_all, readable
from operations.crypto import SecretsError, open_sealed, seal

#: What was looked for is kept so long.
KEPT_SECONDS = 30 * 60
#: Records of a sort in the palette.
MOST_IN_PALETTE = 5


def finding_urls(site: admin.AdminSite) -> list[URLPattern]:
    """The pages of the box."""
    found = site.admin_view(require_safe(found_view))
    take = sensitive_post_parameters("q")(require_POST(find_view))
    return [
        path("find/", site.admin_view(take), name="find_anything"),
        path("found/", found, name="found"),
        path("found/<str:kept>/", found, name="found_kept"),
    ]


@sensitive_variables("term")
def find_view(request: HttpRequest) -> HttpResponse:
    """Look for what was typed; to the record where there is one, else to the page of all that was found."""
    term = readable(request.POST.get("q", ""))
    if not term:
        if request.POST.get("q", "").strip():
            messages.warning(request, _("One character finds too much: type more of it."))
        return HttpResponseRedirect(reverse("admin:found"))
    findings = find_all(request, term)
    if len(findings) == 1 and len(findings[0].found) == 1:
        return HttpResponseRedirect(findings[0].found[0].url)
    kept = secrets.token_urlsafe(9)
    cache.set(_place(request, kept), seal(term), KEPT_SECONDS)
    return HttpResponseRedirect(reverse("admin:found_kept", args=[kept]))


@sensitive_variables("term")
def found_view(request: HttpRequest, kept: str = "") -> HttpResponse:
    """What was found, by sort; without anything kept, what can be looked for."""
    term = _kept(request, kept)
    request.current_app = admin.site.name  # type: ignore[attr-defined]
    context = {
        **admin.site.each_context(request),
        "title": _("Search"),
        "term": term,
        "is_over": bool(kept and not term),
        "findings": find_all(request, term),
        "most": MOST_FOUND,
    }
    return TemplateResponse(request, "operations/found.html", context)


def palette_records(request: HttpRequest, text: str) -> list[SearchResult]:
    """The records that the palette shows below the pages."""
    return [
        SearchResult(
            title=found.title, description=" · ".join(filter(None, (findings.label, found.detail))), link=found.url,
            icon=findings.icon,
        )
        for findings in find_all(request, text, limit=MOST_IN_PALETTE) for found in findings.found
    ]


def _place(request: HttpRequest, kept: str) -> str:
    return f"looked-for:{request.user.pk}:{kept}"


def _kept(request: HttpRequest, kept: str) -> str:
    """What the user looked for under that name; blank once it is over, or when it was somebody else."""
    sealed: Any = cache.get(_place(request, kept)) if kept else None
    try:
        return open_sealed(sealed) if sealed else ""
    except SecretsError:
        return ""
