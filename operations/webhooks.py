"""The outlet `events`: messages as webhooks, after the Standard Webhooks specification; and who signed one to us.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
The body is `{"type": topic, "timestamp": when it became true, "data": payload}`, `webhook-id` the message's key.
"""

import binascii
import hmac
import json
import re
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import aiohttp
from django.conf import settings
from django.utils.translation import gettext as _

from operations.errors import PlusdeskError
from operations.models import OutboxMessage
from operations.outbound import Limits
from operations.outlets import Reply, Verdict

#: The receiver says "later", not "never".
NOT_NOW = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
PREFIX = "whsec_"
#: What a message's headers are called, in the order in which they are signed.
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
#: By how much the clocks of two houses may differ, and for how long a message may be on its way.
TOLERANCE = timedelta(minutes=5)
_ID = re.compile(r"[!-~]{1,255}")
_TIMESTAMP = re.compile(r"[0-9]{1,11}")


class WebhookError(PlusdeskError):
    """A message that came in is not taken: nobody can tell who sent it, or when."""

    http_status = 401


class MissingHeaderError(WebhookError):
    """One of the three headers is missing."""

    def __init__(self, name: str) -> None:
        super().__init__(_("The header %(name)s is missing.") % {"name": name})


class BadIdError(WebhookError):
    """The id is not printable ASCII without spaces, or longer than 255 characters."""

    def __init__(self) -> None:
        super().__init__(_("webhook-id is not 1 to 255 printable ASCII characters without spaces."))


class BadTimestampError(WebhookError):
    """The timestamp is no number of seconds."""

    def __init__(self) -> None:
        super().__init__(_("webhook-timestamp is no number of seconds since 1970."))


class TooOldError(WebhookError):
    """The message was signed too long ago."""

    def __init__(self) -> None:
        super().__init__(_("The message was signed too long ago."))


class TooNewError(WebhookError):
    """The message is signed at a time that has not come."""

    def __init__(self) -> None:
        super().__init__(_("The message is signed at a time that has not come yet."))


class BadSignatureError(WebhookError):
    """None of the signatures is by one of the secrets."""

    def __init__(self) -> None:
        super().__init__(_("No signature of the message is right."))


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
        return await self.post(connection, message, self.data_of(message), topic=message.topic)

    async def post(
        self, connection: Connection, message: OutboxMessage, data: dict[str, Any], *, topic: str
    ) -> Reply:
        """Hand a message's data over, signed."""
        body = body_of(message, data, topic=topic)
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


def body_of(message: OutboxMessage, data: dict[str, Any], *, topic: str) -> bytes:
    """The same bytes at each attempt."""
    said: dict[str, Any] = {
        "type": topic,
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
        "webhook-signature": f"v1,{b64encode(digest).decode()}",
    }


def verify(
    headers: Mapping[str, str], body: bytes, secrets: Iterable[str], *, now: datetime,
    tolerance: timedelta = TOLERANCE,
) -> str:
    """The id of a message that one of the `secrets` signed not longer than `tolerance` before or after `now`.

    `body` is what came, to the byte; the header may hold several signatures, and any one will do. WebhookError says
    what is wrong. Whoever takes an id twice does nothing the second time: that is the caller's to see to.
    """
    given = {name.lower(): value for name, value in headers.items() if name.lower() in HEADERS}
    for name in HEADERS:
        if not given.get(name):
            raise MissingHeaderError(name)
    id, timestamp, signatures = (given[name] for name in HEADERS)
    if not _ID.fullmatch(id):
        raise BadIdError
    _check_age(timestamp, now=now, tolerance=tolerance)
    signed = b".".join([id.encode(), timestamp.encode(), body])
    wanted = [b64encode(hmac.digest(key_of(secret), signed, "sha256")) for secret in secrets]
    # Of another version than ours may be more; those are for others.
    claimed = [part[3:].encode("utf-8", "replace") for part in signatures.split(" ") if part.startswith("v1,")]
    # All are compared, each in constant time: how long it takes says nothing of which was nearly right.
    if not sum(hmac.compare_digest(one, other) for one in wanted for other in claimed):
        raise BadSignatureError
    return id


def _check_age(timestamp: str, *, now: datetime, tolerance: timedelta) -> None:
    """BadTimestampError, TooOldError, TooNewError."""
    if not _TIMESTAMP.fullmatch(timestamp):
        raise BadTimestampError
    age = now.timestamp() - int(timestamp)
    if age > tolerance.total_seconds():
        raise TooOldError
    if age < -tolerance.total_seconds():
        raise TooNewError


def key_of(secret: str) -> bytes:
    """The key in a secret like `whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw`; ValueError when there is none."""
    try:
        key = b64decode(secret.removeprefix(PREFIX), validate=True)
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
