"""What a request leaves behind: who and which request, in the audit trail; no personal data, in logs and metrics."""

import time
from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django_structlog.middlewares import RequestMiddleware
from pghistory.middleware import HistoryMiddleware

from operations.metrics import REQUESTS

KNOWN_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class AuditMiddleware(HistoryMiddleware):
    """Gives every change made by a request its user, path and request id.

    PGHISTORY_MIDDLEWARE_METHODS leaves out the methods that change nothing. A login inside the request
    names its user from then on, as pghistory watches `request.user`.
    """

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        request_id = structlog.contextvars.get_contextvars().get("request_id")
        return {**super().get_context(request), "request": request_id}


class RequestLogMiddleware(RequestMiddleware):
    """Logs requests by their path alone: what is searched for stands in the query and is nobody's business."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {request.path}"


class MetricsMiddleware:
    """Counts requests by their view, which is a name out of the code, and by how long they took."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        response = self.get_response(request)
        view = request.resolver_match.view_name if request.resolver_match else ""
        # A method that HTTP does not know is anybody's word.
        method = request.method if request.method in KNOWN_METHODS else "other"
        REQUESTS.labels(view or "none", method, response.status_code).observe(time.perf_counter() - begun)
        return response
