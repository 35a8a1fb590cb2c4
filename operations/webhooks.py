"""The outlet `events`: messages as webhooks, after the Standard Webhooks specification.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
The body is `{"type": topic, "timestamp": when it became true, "data": payload}`, `webhook-id` the message's key.
"""

import base64
import binascii
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import aiohttp
from django.conf import settings

from operations.models import OutboxMessage
from operations.outbound import Limits
from operations.outlets import Reply, Verdict

#: The receiver says "later", not "never".
NOT_NOW = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who hears the events, and the secret shared with them."""

    url: str
    secret: str


@dataclass(frozen=True, slots=True)
class Connection:
    """What the deliveries of a sweep share."""

    session: aiohttp.ClientSession
    receiver: Receiver


class Events:
    """Signed messages to settings.EVENTS_URL; without one, to where the sandbox says that it listens, if anywhere."""

    name = "events"
    patience = timedelta(seconds=10)

    @property
    def limits(self) -> Limits:
        return Limits(in_flight=settings.EVENTS_IN_FLIGHT, per_second=settings.EVENTS_PER_SECOND)

    def takes(self, topic: str) -> bool:
        """All but notices, which have outlets of their own (operations/mail.py)."""
        return find_receiver() is not None and not topic.startswith("notice.")

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Connection]:
        receiver = find_receiver()
        # How many calls are under way is limited by whoever makes them.
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
            yield Connection(session, receiver or Receiver("", ""))

    def data_of(self, message: OutboxMessage) -> dict[str, Any]:
        """What the body holds as `data`."""
        payload: dict[str, Any] = message.payload
        return payload

    async def deliver(self, connection: Connection, message: OutboxMessage) -> Reply:
        body = body_of(message, self.data_of(message))
        headers = sign(connection.receiver.secret, id=message.key, at=datetime.now(UTC), body=body)
        headers["content-type"] = "application/json"
        url = connection.receiver.url
        try:
            async with connection.session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                return reply_of(response.status)
        except aiohttp.ClientError as error:
            return Reply(Verdict.AGAIN, f"{type(error).__name__}: {error}")


def find_receiver() -> Receiver | None:
    """By the settings; else by the address file of the sandbox, which is there outside production; None: nobody."""
    if settings.EVENTS_URL:
        return Receiver(settings.EVENTS_URL, settings.EVENTS_SECRET)
    if settings.EVENTS_ADDRESS_FILE is None:
        return None
    try:
        known: dict[str, str] = json.loads(settings.EVENTS_ADDRESS_FILE.read_text())
        return Receiver(f"{known['url']}/events", known["events_secret"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def body_of(message: OutboxMessage, data: dict[str, Any]) -> bytes:
    """The same bytes at each attempt."""
    said: dict[str, Any] = {
        "type": message.topic,
        "timestamp": message.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "data": data,
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def sign(secret: str, *, id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of a message; ValueError when the secret is no `whsec_` and base64."""
    timestamp = str(int(at.timestamp()))
    digest = hmac.digest(key_of(secret), b".".join([id.encode(), timestamp.encode(), body]), "sha256")
    return {
        "webhook-id": id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def key_of(secret: str) -> bytes:
    """The key in a secret like `whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw`; ValueError when there is none."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not key or not secret.startswith(PREFIX):
        raise ValueError(f"a webhook secret is {PREFIX} and base64")
    return key


def reply_of(status: int) -> Reply:
    """2xx: delivered. 4xx: refused, but for those that mean "later". Anything else: again."""
    if 200 <= status < 300:
        return Reply(Verdict.DELIVERED)
    is_refused = 400 <= status < 500 and status not in NOT_NOW
    return Reply(Verdict.REFUSED if is_refused else Verdict.AGAIN, _words(status))


def _words(status: int) -> str:
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"
