"""Whether Plusdesk can do its work, for three who ask: each page is 200 or 503.

`/health/`        people and monitors: the database, the queue and a worker answer
`/health/ready/`  a balancer: this host can serve (database, cache, every migration applied), and is not being drained
`/health/live/`   whoever starts processes again: this one answers; what it needs of others is not its fault

Names what is missing and nothing else: no addresses, no versions, no error texts. Answered before any other
middleware: probes come by IP address and without TLS, and need neither session nor a line in the log.
"""

from collections.abc import Callable
from pathlib import Path

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config.celery import app

log = structlog.get_logger(__name__)

#: A worker that answered is believed for so long, so that asking often costs the workers nothing.
WORKER_SECONDS = 5
WORKER_KEY = "health:worker"
#: What stays true for as long as this process lives.
_known: dict[str, bool] = {}


class HealthMiddleware:
    """Answers the health page itself, whatever host the request names."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        page = PAGES.get(request.path_info)
        return page(request) if page else self.get_response(request)


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """What answers, by name."""
    return _answer({"database": _database, "redis": _redis, "worker": _worker})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Whether to send anybody here. Without workers pages are shown all the same."""
    return _answer({"database": _database, "redis": _redis, "migrations": _migrations, "serving": _serving})


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """That this process answers."""
    return _answer({})


#: With all their slashes: nothing here redirects a probe.
PAGES: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/health/": health, "/health/ready/": ready, "/health/live/": live,
}


def _answer(checks: dict[str, Callable[[], bool]]) -> JsonResponse:
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


def _migrations() -> bool:
    """Whether the database is as far as this code; once it is, this process need not ask again."""
    if not _known.get("migrated"):
        executor = MigrationExecutor(connection)
        _known["migrated"] = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _known["migrated"]


def _serving() -> bool:
    return not Path(settings.DRAIN_FILE).exists()


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
