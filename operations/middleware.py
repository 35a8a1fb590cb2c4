"""What a request leaves behind: who and which request, in the audit trail; no personal data, in the logs."""

from typing import Any

import structlog
from django.http import HttpRequest
from django_structlog.middlewares import RequestMiddleware
from pghistory.middleware import HistoryMiddleware


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
