"""Errors as the API says them: problem documents after RFC 9457, in the language that Accept-Language asks for."""

import re
from collections.abc import Sequence
from typing import Any, ClassVar

import structlog
from django.core.exceptions import (
    BadRequest,
    ObjectDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, JsonResponse, UnreadablePostError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import Field, NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError

from operations.api.words import words_of
from operations.errors import PlusdeskError

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
#: What is wrong in general, by status: it does not change from one occurrence to the next.
TITLES: dict[int, Any] = {
    400: gettext_lazy("The request cannot be read"),
    401: gettext_lazy("It is not known who is asking"),
    403: gettext_lazy("This is not permitted"),
    404: gettext_lazy("There is no such thing"),
    405: gettext_lazy("This cannot be done here"),
    409: gettext_lazy("The state of things speaks against it"),
    411: gettext_lazy("The length of the body is missing"),
    413: gettext_lazy("The body is too large"),
    415: gettext_lazy("The body is of a type that is not read here"),
    422: gettext_lazy("The request cannot be carried out"),
    429: gettext_lazy("Too many requests"),
    500: gettext_lazy("Something went wrong here"),
}


class Fault(Schema):
    """What is wrong at one place of the request."""

    place: str = Field(description="Where: body/items/0/quantity, query/on, path/number, header/Idempotency-Key.")
    words: str = Field(description="What is wrong there, for people.")
    code: str = Field(description="What is wrong there, for programs.")


class Problem(Schema):
    """A problem document (RFC 9457)."""

    type: str = Field(description="The kind of problem, a URN; programs go by it.")
    title: str = Field(description="The kind of problem, for people.")
    status: int
    detail: str = Field(description="What is wrong this time, for people.")
    errors: list[Fault] = Field([], description="The places of the request that are wrong, where it is known.")


class RefusedError(PlusdeskError):
    """The request is refused before a service is asked; subclasses say with which status."""

    http_status = 400
    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, detail: str = "", *, faults: Sequence[dict[str, str]] = ()) -> None:
        self.faults = faults
        super().__init__(detail or str(TITLES[self.http_status]))


class MalformedError(RefusedError):
    """The address or body is not what such a thing looks like: UTF-8, JSON, characters that can be kept."""


class NotAuthenticatedError(RefusedError):
    """No token, or one that is not (any longer) valid. Which of them is not told."""

    http_status = 401
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": "Bearer"}

    def __init__(self) -> None:
        super().__init__(_("Give a valid token: Authorization: Bearer …"))


class ScopeMissingError(RefusedError):
    """The token is valid and does not reach this far."""

    http_status = 403

    def __init__(self, scope: str) -> None:
        super().__init__(_("The token lacks the scope “%(scope)s”.") % {"scope": scope})


class LengthRequiredError(RefusedError):
    """A body in chunks, whose size nobody knows beforehand."""

    http_status = 411


class TooLargeError(RefusedError):
    """The body has more bytes than are read here."""

    http_status = 413

    def __init__(self, most: int) -> None:
        super().__init__(_("The body may have %(count)s bytes at most.") % {"count": most})


class UnsupportedTypeError(RefusedError):
    """The body's Content-Type is another than is read here."""

    http_status = 415

    def __init__(self, wanted: str) -> None:
        super().__init__(_("The body is to be sent as %(type)s in UTF-8.") % {"type": wanted})


def problem(
    status: int, detail: str = "", *, code: str = "", faults: Sequence[dict[str, str]] = (),
    headers: dict[str, str] | None = None,
) -> JsonResponse:
    """The answer with the problem; without a code it is of no kind but its status (about:blank)."""
    title = str(TITLES.get(status, TITLES[422]))
    said: dict[str, Any] = {
        "type": f"urn:plusdesk:problem:{code}" if code else "about:blank",
        "title": title, "status": status, "detail": detail or title,
    }
    if faults:
        said["errors"] = list(faults)
    options = {"ensure_ascii": False}
    response = JsonResponse(
        said, status=status, content_type=MEDIA_TYPE, headers=headers, json_dumps_params=options
    )
    response.problem = said["type"]  # type: ignore[attr-defined]
    return response


def code_of(error: type[PlusdeskError]) -> str:
    """KeyConflictError -> key-conflict"""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", error.__name__.removesuffix("Error")).lower()


def answer_errors(api: NinjaAPI) -> None:
    """Have an API say all errors as problem documents."""
    handlers: dict[type[Exception], Any] = {
        PlusdeskError: _plusdesk,
        ValidationError: _invalid,
        Http404: lambda request, error: problem(404),
        ObjectDoesNotExist: lambda request, error: problem(404),
        PermissionDenied: lambda request, error: problem(403),
        AuthenticationError: lambda request, error: _plusdesk(request, NotAuthenticatedError()),
        Throttled: lambda request, error: problem(429),
        RequestDataTooBig: lambda request, error: problem(413),
        SuspiciousOperation: lambda request, error: problem(400),
        BadRequest: lambda request, error: problem(400),
        UnreadablePostError: lambda request, error: problem(400),
        HttpError: _http,
        Exception: _unexpected,
    }
    for error, handler in handlers.items():
        api.add_exception_handler(error, handler)


def _plusdesk(request: HttpRequest, error: PlusdeskError) -> JsonResponse:
    """What a service refused, in its own words; what is our own fault in none."""
    if error.http_status >= 500:
        return _unexpected(request, error)
    return problem(
        error.http_status, str(error), code=code_of(type(error)), faults=getattr(error, "faults", ()),
        headers=getattr(error, "headers", None),
    )


def _invalid(request: HttpRequest, error: ValidationError) -> JsonResponse:
    """The request's places that are wrong, each in words."""
    faults = [
        {"place": "/".join(map(str, fault["loc"])), "words": words_of(fault), "code": fault["type"]}
        for fault in error.errors
    ]
    return problem(422, _("Parts of the request are missing or wrong."), code="invalid-request", faults=faults)


def _http(request: HttpRequest, error: HttpError) -> JsonResponse:
    """ninja says so of bodies that its parser refused; the refusal itself says why."""
    if isinstance(error.__cause__, PlusdeskError):
        return _plusdesk(request, error.__cause__)
    if error.__cause__ is not None and error.status_code == 400:
        return _plusdesk(request, MalformedError(_("The body is not JSON.")))
    return problem(error.status_code, str(error))


def _unexpected(request: HttpRequest, error: Exception) -> JsonResponse:
    """A fault of ours: the log says which, the answer does not."""
    log.error("api_failed", error=type(error).__name__, exc_info=error)
    got_request_exception.send(sender=None, request=request)
    return problem(500)
