"""django-ninja's API with this house's manners, and the OpenAPI document that tells all of them."""

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, re_path
from ninja import NinjaAPI
from ninja.errors import ValidationError, ValidationErrorContext
from ninja.openapi.schema import REF_TEMPLATE, OpenAPISchema
from ninja.operation import Operation
from ninja.renderers import JSONRenderer

from operations.api.bodies import StrictParser
from operations.api.docs import StaffDocs
from operations.api.guards import WITHOUT_BODY, guarded
from operations.api.problems import MEDIA_TYPE, Problem, answer_errors

#: What is said about each problem in the document.
DESCRIPTIONS = {
    400: "The address or body cannot be read: not UTF-8, not JSON, characters or numbers that cannot be kept.",
    401: "No valid token.",
    403: "The token lacks the scope, or its user may not do this.",
    404: "There is no such thing.",
    409: "The state of things speaks against it, or the key was used for something else.",
    411: "A body in chunks: its length is missing.",
    413: "The body is too large.",
    415: "The body is not application/json in UTF-8.",
    422: "Parts of the request are missing or wrong (errors names them), or a rule forbids it (detail says which).",
    429: "Too many requests of this client; Retry-After says when there may be more.",
}
#: Headers that come with a problem.
HEADERS = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}}},
    429: {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}}},
}


class Renderer(JSONRenderer):
    """Chinese as Chinese."""

    json_dumps_params = {"ensure_ascii": False}


class DeskAPI(NinjaAPI):
    """An API whose every answer is documented: results by their operations, refusals as problem documents.

    `max_body_bytes`: of a larger body nothing is read. Addresses below its own that lead nowhere are answered here,
    too, so that nobody who sends JSON gets a page.
    """

    def __init__(self, *, max_body_bytes: int, **options: Any) -> None:
        self.max_body_bytes = max_body_bytes
        super().__init__(parser=StrictParser(), renderer=Renderer(), docs=StaffDocs(), **options)
        answer_errors(self)

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        """Every view behind the guards, and behind all of them one that finds nothing."""
        patterns = super()._get_urls()
        for pattern in patterns:
            pattern.callback = guarded(self, pattern.callback)  # type: ignore[union-attr, arg-type]
        return [*patterns, re_path(r"", guarded(self, _nothing_here))]

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The function's name: what it is called by programs does not depend on the file it stands in."""
        return operation.view_func.__name__

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        return DeskSchema(self, self.get_root_path(path_params or {}) if path_prefix is None else path_prefix)

    def validation_error_from_error_contexts(
        self, error_contexts: list[ValidationErrorContext[Any]]
    ) -> ValidationError:
        """The places as the caller knows them: a single body has no name in JSON, though its argument has one here."""
        found: list[dict[str, Any]] = []
        for context in error_contexts:
            errors = super().validation_error_from_error_contexts([context]).errors
            name = getattr(context.model, "__read_from_single_attr__", None)
            for error in errors:
                if name and error["loc"][1:2] == (name,):
                    error["loc"] = (error["loc"][0], *error["loc"][2:])
            found += errors
        return ValidationError(found)


def _nothing_here(request: HttpRequest) -> HttpResponseBase:
    raise Http404


class DeskSchema(OpenAPISchema):
    """The document: what ninja knows, and the problems that each operation may answer with."""

    def __init__(self, api: NinjaAPI, path_prefix: str) -> None:
        super().__init__(api, path_prefix)
        problem = Problem.model_json_schema(ref_template=REF_TEMPLATE)
        self["components"]["schemas"].update(problem.pop("$defs"), Problem=problem)

    def operation_details(self, operation: Operation) -> dict[str, Any]:
        details: dict[str, Any] = super().operation_details(operation)
        for status in sorted(problems_of(operation, details)):
            details["responses"].setdefault(status, documented(status))
        return details

    def operation_security(self, operation: Operation) -> list[dict[str, Any]] | None:
        """With the scope that the token must have, as OpenAPI 3.1 allows for bearers."""
        security: list[dict[str, Any]] | None = super().operation_security(operation)
        for auth in operation.auth_callbacks:
            scope = getattr(auth, "scope", "")
            for entry in security or []:
                if scope and type(auth).__name__ in entry:
                    entry[type(auth).__name__] = [scope]
        return security


def problems_of(operation: Operation, details: dict[str, Any]) -> set[int]:
    """The statuses of the problems that an operation may answer with."""
    changes = not set(operation.methods) <= set(WITHOUT_BODY)
    asked = details.get("parameters") or details.get("requestBody")
    return {
        400,
        *((401, 403) if operation.auth_callbacks else ()),
        *((429,) if operation.throttle_objects else ()),
        *((404, 422) if asked else ()),
        *((409, 411, 413) if changes else ()),
        *((415,) if "requestBody" in details else ()),
    }


def documented(status: int) -> dict[str, Any]:
    """How the document tells of a problem."""
    return {
        "description": DESCRIPTIONS.get(status, HTTPStatus(status).phrase),
        "content": {MEDIA_TYPE: {"schema": {"$ref": REF_TEMPLATE.format(model="Problem")}}},
        **({"headers": HEADERS[status]} if status in HEADERS else {}),
    }
