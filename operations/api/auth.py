"""Who is asking: a client by its token, what it may, how often, and the user in whose name it acts."""

import math
import time
from typing import Any, cast

import structlog
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer
from ninja.throttling import BaseThrottle
from redis.exceptions import RedisError

from operations.api.problems import NotAuthenticatedError, ScopeMissingError
from operations.dates import business_date
from operations.models import ApiClient, User
from operations.services.api_clients import find_client, note_use

log = structlog.get_logger(__name__)

#: Seconds of which the requests are counted together.
WINDOW = 60


class ApiToken(HttpBearer):
    """The token of an API client, which the desk gave out; with the scope that the operation asks for."""

    def __init__(self, scope: str = "") -> None:
        self.scope = scope
        super().__init__()

    def authenticate(self, request: HttpRequest, token: str) -> ApiClient:
        """The client; from here on the request's user, whom the audit trail names, is the client's."""
        client = find_client(token.strip())
        if client is None:
            raise NotAuthenticatedError
        if self.scope and self.scope not in client.scopes:
            raise ScopeMissingError(self.scope)
        note_use(client, on=business_date(timezone.now()))
        request.user = client.user
        return client


def needs(scope: str) -> ApiToken:
    """`@router.post("/redemptions", auth=needs("benefits.redeem"))`: only with a token of that scope."""
    return ApiToken(scope)


class ClientRate(BaseThrottle):
    """So many requests of a client in a minute as settings.API_PER_MINUTE says; 0: any number.

    Counted in Valkey. While that is away, nobody is refused for it.
    """

    def allow_request(self, request: HttpRequest) -> bool:
        most, client = settings.API_PER_MINUTE, client_of(request)
        if not most:
            return True
        key = f"api:rate:{client.pk}:{int(time.time() // WINDOW)}"
        try:
            cache.add(key, 0, timeout=2 * WINDOW)
            return bool(cache.incr(key) <= most)
        # ValueError: the count was dropped in between.
        except (RedisError, ValueError) as error:
            log.warning("api_rate_unknown", error=type(error).__name__)
            return True

    def wait(self) -> float:
        """Seconds until the next minute begins."""
        return math.ceil(WINDOW - time.time() % WINDOW) or 1


def client_of(request: HttpRequest) -> ApiClient:
    """Whose token the request came with."""
    return cast(ApiClient, cast(Any, request).auth)


def actor_of(request: HttpRequest) -> User:
    """The user in whose name the client acts; ledgers and audit trail name them."""
    return client_of(request).user
