"""Who has a second factor shows it after the password, before anything else; who needs one is led to enrol."""

from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from operations.models import User
from operations.security.sessions import page_before
from operations.services.second_factor import factor_of

#: In the session: the factor that was proved in it.
PROVED_FACTOR = "second_factor"
VERIFY, ENROL = "admin:second_factor_verify", "admin:second_factor"
#: What is open whatever is missing: going away, the language, texts of scripts, and the check of the servers.
ALWAYS_OPEN = {"admin:logout", "admin:login", "admin:jsi18n", "set_language", "health"}
REQUIRED, OPTIONAL = "required", "optional"


def is_required() -> bool:
    """Whether everybody needs a second factor."""
    return bool(settings.SECOND_FACTOR == REQUIRED)


def missing(request: HttpRequest) -> str:
    """The page where what is missing of the sign-in is asked for; blank when nothing is."""
    user = cast(User, request.user)
    factor = factor_of(user)
    if factor is not None:
        return "" if request.session.get(PROVED_FACTOR) == factor.pk else VERIFY
    return ENROL if is_required() else ""


class SecondFactorMiddleware:
    """Nothing is answered before the sign-in is whole, by whatever view: what is open is listed, not what is closed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.user.is_authenticated:
            return None
        page = missing(request)
        name = request.resolver_match.view_name if request.resolver_match else ""
        if not page or name == page or name in ALWAYS_OPEN:
            return None
        back = request.get_full_path() if request.method == "GET" else page_before(request)
        return HttpResponseRedirect(f"{reverse(page)}?{urlencode({'next': back})}")
