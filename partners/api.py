"""The partners' API: `POST /partners/<code>/events`, signed after the Standard Webhooks specification.

/partners/openapi.json is the document. What is refused has no effect but a count by partner and reason, and a line in
the log; what is taken is answered once it is kept (partners/services/events.py).
"""

from dataclasses import dataclass
from typing import Annotated, Any, cast

import structlog
from django.core.validators import slug_re
from django.db import DatabaseError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Header, Schema, Status
from ninja.errors import ValidationError
from ninja.operation import Operation
from ninja.security import APIKeyHeader
from pydantic import StringConstraints

from operations.api.frame import DeskAPI, DeskSchema, documented
from operations.api.problems import MalformedError, code_of, problem
from operations.dates import business_date
from operations.errors import PlusdeskError
from operations.webhooks import HEADERS, BadIdError, verify
from partners.errors import UnknownPartnerError
from partners.events.forms import Instant
from partners.events.handling import EventHandler, event_handlers
from partners.models import Partner, PartnerKey
from partners.services.events import NOBODY, Message, check_data, count_refused, receive_event, refuse_future
from partners.services.keys import secrets_of

log = structlog.get_logger(__name__)

#: Of a larger body nothing is read.
MOST_BYTES = 64 * 1024
#: As long as InboundEvent.event_id.
LONGEST_ID = 128
#: What is kept of the headers: what proves the message, and what sent it.
KEPT_HEADERS = (*HEADERS, "content-type", "user-agent")
KEPT_LENGTH = 1000


EventId = Annotated[
    str, Header(..., alias="webhook-id", pattern=r"^[!-~]{1,128}$", description="The event's id, unique for ever.")
]
SignedAt = Annotated[
    str,
    Header(..., alias="webhook-timestamp", pattern=r"^[0-9]{1,11}$", description="When it was signed, Unix time."),
]


@dataclass(frozen=True)
class Caller:
    """Who signed the message, and its id."""

    partner: Partner
    event_id: str


class Event(Schema):
    """What a partner tells. Of types that are not known here the event is kept and looked at by people."""

    type: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,63}$")]
    timestamp: Annotated[
        Instant, Field(description="When it happened; more than a day ahead of our clock it is refused (422).")
    ]
    data: dict[str, Any]


class Answer(Schema, extra="allow"):
    """What became of an event; a repeat of it gets the same."""

    id: str = Field(description="The event's id.")
    state: str = Field(
        description="done; old: something newer was told before; dead: kept, and looked at by people, since what it "
        "speaks of is not there or something went wrong. None of them need be repeated."
    )
    reason: str = Field("", description="Of dead and refused ones: why, for programs.")
    detail: str = Field("", description="Of dead and refused ones: why, for people.")
    outcome: str = Field("", description="Of benefit.used: redeemed or refused.")
    next_on: str | None = Field(None, description="Of a refused use: from when on there is some of it again.")


def _known(handler: EventHandler) -> dict[str, Any]:
    """The form of an event of a type that is known."""
    form = Event.model_json_schema()
    data = handler.schema.model_json_schema()
    return {**form, "title": handler.name, "properties": {
        **form["properties"], "type": {"const": handler.name}, "data": data,
    }}


def _other() -> dict[str, Any]:
    """The form of an event of any other type."""
    form = Event.model_json_schema()
    known = {"not": {"enum": [handler.name for handler in event_handlers]}}
    return {**form, "title": "other", "properties": {
        **form["properties"], "type": {**form["properties"]["type"], **known},
    }}


class Signature(APIKeyHeader):
    """The Standard Webhooks signature by one of the partner's valid keys, made less than five minutes ago."""

    param_name = "webhook-signature"

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller:
        partner = partner_of(request)
        if partner is None:
            raise UnknownPartnerError
        now = timezone.now()
        secrets = secrets_of(partner, PartnerKey.Direction.THEIRS, now)
        event_id = verify(request.headers, request.body, secrets, now=now)
        if len(event_id) > LONGEST_ID:
            raise BadIdError
        return Caller(partner, event_id)


class PartnerDocument(DeskSchema):
    """The document, with the form of the data of each type of event that is known here."""

    def operation_details(self, operation: Operation) -> dict[str, Any]:
        details = super().operation_details(operation)
        if "requestBody" in details:
            details["requestBody"]["content"]["application/json"]["schema"] = {
                "anyOf": [*map(_known, event_handlers), _other()]
            }
        return details


class PartnerAPI(DeskAPI):
    """Counts what it refuses."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> PartnerDocument:
        return PartnerDocument(self, self.get_root_path(path_params or {}) if path_prefix is None else path_prefix)

    def on_exception(self, request: HttpRequest, exc: Any) -> HttpResponse:
        if isinstance(exc, OperationalError):
            log.error("partners_unavailable", exc_info=exc)
            return problem(503, headers={"Retry-After": "30"})
        response = super().on_exception(request, exc)
        if request.method == "POST" and 400 <= response.status_code < 500 and "code" in _place(request):
            _count(request, _reason_of(exc))
        return response


def partner_of(request: HttpRequest) -> Partner | None:
    """The partner whom the address names; what can be no code is none's."""
    code = _place(request)["code"]
    return Partner.objects.filter(code=code).first() if slug_re.fullmatch(code) else None


def _place(request: HttpRequest) -> dict[str, Any]:
    return request.resolver_match.kwargs if request.resolver_match else {}


def _reason_of(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "invalid-request"
    cause = error if isinstance(error, PlusdeskError) else error.__cause__
    return code_of(type(cause)) if isinstance(cause, PlusdeskError) else code_of(MalformedError)


def _count(request: HttpRequest, reason: str) -> None:
    """Nothing that goes wrong with counting changes the answer."""
    try:
        partner = partner_of(request)
        code = partner.code if partner else NOBODY
        log.warning("event_refused", partner=code, reason=reason)
        count_refused(code, reason, on=business_date(timezone.now()))
    except (DatabaseError, ValueError) as error:
        log.error("event_not_counted", reason=reason, exc_info=error)


api = PartnerAPI(
    title="Plusdesk for partners", version="1", urls_namespace="partners", docs_url=None, max_body_bytes=MOST_BYTES,
    description="Events of partners. Errors are problem documents (RFC 9457), in Chinese or English as "
    "Accept-Language asks.",
)
UNAVAILABLE: dict[str, Any] = {"responses": {503: documented(503)}}


@api.post(
    "/{code}/events", response={200: Answer, 202: Answer}, auth=Signature(), openapi_extra=UNAVAILABLE,
    exclude_unset=True,
)
def tell_event(
    request: HttpRequest, code: str, payload: Event, webhook_id: EventId, webhook_timestamp: SignedAt
) -> Any:
    """Tell of something that happened. Order and repeats do not matter.

    200: done, or old news. 202: kept, to be looked at by people; it need not be sent again. 422: not in the form of its
    type, or dated more than a day ahead (future-event): nothing of it is kept, it may be sent again, mended.
    """
    caller = cast(Caller, cast(Any, request).auth)
    now = timezone.now()
    refuse_future(payload.timestamp, check_data(payload.type, payload.data), at=now)
    message = Message(
        event_id=caller.event_id, type=payload.type, body=request.body, headers=_kept(request),
        occurred_at=payload.timestamp,
    )
    answer = receive_event(caller.partner, message, on=business_date(now), at=now)
    return Status(202 if answer["state"] == "dead" else 200, answer)


def _kept(request: HttpRequest) -> dict[str, str]:
    return {
        name: request.headers[name][:KEPT_LENGTH].replace("\0", "") for name in KEPT_HEADERS if name in request.headers
    }
