"""The page of who is locked out: it says until when, and to nobody whether there is such a name."""

from datetime import datetime

from django.contrib import admin
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _


def locked_response(request: HttpRequest, until: datetime) -> HttpResponse:
    """429, with when to come back; whoever was signed in, in part or wholly, is no more."""
    logout(request)
    page = {**admin.site.each_context(request), "title": _("Locked out"), "until": until}
    response = TemplateResponse(request, "operations/locked_out.html", page, status=429)
    response["Retry-After"] = str(max(1, round((until - timezone.now()).total_seconds())))
    add_never_cache_headers(response)
    return response
