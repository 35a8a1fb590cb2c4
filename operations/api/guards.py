"""What is looked at before an operation is: address, size; and the line that is logged of each answer."""

from collections.abc import Callable
from functools import wraps
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

import structlog
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from operations.api.problems import LengthRequiredError, MalformedError, TooLargeError, problem

if TYPE_CHECKING:
    from operations.api.frame import DeskAPI

log = structlog.get_logger(__name__)

View = Callable[..., HttpResponseBase]
#: Their bodies are not read.
WITHOUT_BODY = ("GET", "HEAD", "OPTIONS", "TRACE")


def guarded(api: "DeskAPI", view: View) -> View:
    """The view behind the guards; whatever it stumbles over is answered as a problem, and logged."""

    @wraps(view)
    def guard(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        began = perf_counter()
        try:
            check_address(request)
            check_size(request, most=api.max_body_bytes)
            response = view(request, *args, **kwargs)
        except Exception as error:
            response = api.on_exception(request, error)
        if response.status_code == 405:
            response = problem(405, headers={"Allow": response.headers.get("Allow", "")})
        # Members' data, and answers to whoever holds a token.
        response.headers.setdefault("Cache-Control", "no-store")
        _tell(api, request, response, seconds=perf_counter() - began)
        return response

    # A token is no cookie: nobody else's page can make a browser send it.
    guard.csrf_exempt = True  # type: ignore[attr-defined]
    return guard


def check_address(request: HttpRequest) -> None:
    """MalformedError where the question is not in UTF-8, for which Django would put replacements, or NUL is anywhere.

    Of a path that is not in UTF-8 Django keeps the bytes as they were written (%FF): such a path leads nowhere.
    """
    try:
        # Servers hand over bytes as if they were Latin-1 (PEP 3333).
        query = unquote_to_bytes(str(request.META.get("QUERY_STRING", "")).encode("latin-1")).decode()
    except UnicodeError:
        raise MalformedError(_("The address is not in UTF-8.")) from None
    if "\0" in query or "\0" in request.path_info:
        raise MalformedError(_("The address holds characters that cannot be kept."))


def check_size(request: HttpRequest, *, most: int) -> None:
    """TooLargeError, LengthRequiredError. Of what is too large nothing is read."""
    if request.method in WITHOUT_BODY:
        return
    if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
        raise LengthRequiredError
    length = str(request.META.get("CONTENT_LENGTH") or 0)
    if not (length.isascii() and length.isdigit()):
        raise LengthRequiredError
    if len(length) > 18 or int(length) > most:
        raise TooLargeError(most)


def _tell(api: "DeskAPI", request: HttpRequest, response: HttpResponseBase, *, seconds: float) -> None:
    """One line an answer: no path, no question, no body, since these name members."""
    client = getattr(request, "auth", None)
    log.info(
        "api_answered", api=api.urls_namespace, method=request.method, status=response.status_code,
        operation=getattr(request.resolver_match, "url_name", None) or "", problem=getattr(response, "problem", ""),
        client=getattr(client, "prefix", ""), ms=round(seconds * 1000, 1),
    )
