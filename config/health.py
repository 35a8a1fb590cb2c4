"""Whether Plusdesk can do its work: `/health/` is 200 when the database, the queue and a worker answer, else 503.

Names what is missing and nothing else: no addresses, no versions, no error texts. Answered before any other
middleware: probes come by IP address and without TLS, and need neither session nor a line in the log.
"""

from collections.abc import Callable

import structlog
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config.celery import app

log = structlog.get_logger(__name__)

#: A worker that answered is believed for so long, so that asking often costs the workers nothing.
WORKER_SECONDS = 5
WORKER_KEY = "health:worker"
PATH = "/health/"


class HealthMiddleware:
    """Answers the health page itself, whatever host the request names."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return health(request) if request.path_info == PATH else self.get_response(request)


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """What answers, by name."""
    checks: dict[str, Callable[[], bool]] = {"database": _database, "redis": _redis, "worker": _worker}
    results = {name: _is_well(name, check) for name, check in checks.items()}
    is_well = all(results.values())
    body = {
        "status": "ok" if is_well else "unavailable",
        **{name: "ok" if answers else "unavailable" for name, answers in results.items()},
    }
    return JsonResponse(body, status=200 if is_well else 503)


def _is_well(name: str, check: Callable[[], bool]) -> bool:
    """Whatever a check stumbles over is its answer: not well. The log says why, the page does not."""
    try:
        return check()
    except Exception as error:
        log.warning("health_check_failed", check=name, error=type(error).__name__)
        return False


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def _redis() -> bool:
    cache.set("health:redis", 1, timeout=WORKER_SECONDS)
    return bool(cache.get("health:redis") == 1)


def _worker() -> bool:
    if cache.get(WORKER_KEY):
        return True
    # limit=1: return on the first answer instead of waiting for all of them.
    is_there = bool(app.control.ping(timeout=1, limit=1))
    if is_there:
        cache.set(WORKER_KEY, 1, timeout=WORKER_SECONDS)
    return is_there
