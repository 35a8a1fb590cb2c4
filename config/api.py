"""The desk's HTTP API at /api/v1/: what the floors registered, for programs that hold a token.

/api/v1/openapi.json is the document; /api/v1/docs shows it to who is signed in at the desk.
"""

from django.conf import settings

from operations import registry
from operations.api.auth import ApiToken, ClientRate
from operations.api.frame import DeskAPI

api = DeskAPI(
    title="Plusdesk", version="1", urls_namespace="api-v1", auth=ApiToken(), throttle=[ClientRate()],
    max_body_bytes=settings.API_MAX_BODY_BYTES,
    description="Errors are problem documents (RFC 9457), in Chinese or English as Accept-Language asks. What changes "
    "something takes an Idempotency-Key.",
)
for entry in registry.api_routers:
    api.add_router(entry.prefix, entry.router, tags=entry.tags or None)
