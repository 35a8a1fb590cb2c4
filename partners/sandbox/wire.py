"""Signed calls to a partner and its answers, after the Standard Webhooks specification."""

import json
import time
from collections.abc import Mapping

from aiohttp import web

from memberships.gateways.sandbox import webhooks
from memberships.gateways.sandbox.signing import KEY
from memberships.gateways.sandbox.wire import Call, Reply, word
from partners.sandbox.address import PartnerSecrets

CSV_TYPE = "text/csv"


def id_of(call: Call) -> str:
    return call.request.headers.get(webhooks.ID, "")


def content_of(*, method: str, path: str, body: bytes) -> bytes:
    """What is signed of a call: its body; its method and path with query where it has none."""
    return body or f"{method} {path}".encode()


def headers_of(secret: str, *, id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a message."""
    signature = webhooks.sign_message(webhooks.decode_secret(secret), id=id, timestamp=str(timestamp), body=body)
    return {webhooks.ID: id, webhooks.TIMESTAMP: str(timestamp), webhooks.SIGNATURE: signature}


def answer_id(status: int, id: str) -> str:
    """The webhook-id of an answer: with its status in it, which a signature of the body alone would not cover."""
    return f"{status}:{id}"


def is_call_signed(secrets: PartnerSecrets, call: Call) -> bool:
    headers = call.request.headers
    if not id_of(call) or headers.get(KEY, id_of(call)) != id_of(call):
        return False
    content = content_of(method=call.request.method, path=call.request.raw_path, body=call.body)
    return webhooks.is_signed(webhooks.decode_secret(secrets.orders_secret), headers, content)


def is_answer_signed(events_secret: str, *, status: int, id: str, headers: Mapping[str, str], body: bytes) -> bool:
    """For whoever called: whether the answer is the partner's own, and to that call."""
    signed_id = headers.get(webhooks.ID, "")
    return signed_id == answer_id(status, id) and webhooks.is_signed(
        webhooks.decode_secret(events_secret), headers, body
    )


def signed_answer(
    call: Call, reply: Reply, secret: str, *, timestamp: int | None = None, retry_after_s: int | None = None
) -> web.Response:
    """JSON, or CSV where the reply's data is bytes."""
    is_csv = isinstance(reply.data, bytes)
    body = reply.data if is_csv else json.dumps(reply.data, ensure_ascii=False).encode()
    at = int(time.time()) if timestamp is None else timestamp
    headers = headers_of(secret, id=answer_id(reply.status, id_of(call)), timestamp=at, body=body)
    if retry_after_s is not None:
        headers["Retry-After"] = str(retry_after_s)
    content_type = CSV_TYPE if is_csv else "application/json"
    return web.Response(status=reply.status, body=body, content_type=content_type, headers=headers)


def unsigned(status: int, code: str) -> web.Response:
    return web.json_response(word(code), status=status)
