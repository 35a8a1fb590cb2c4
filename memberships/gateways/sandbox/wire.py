"""What the server's handlers get and give, and the ways of giving no answer."""

import asyncio
import json
import socket
import struct
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from memberships.gateways.sandbox import signing, webhooks
from memberships.gateways.sandbox.entries import RefusedError

#: Nobody waits for longer than this.
SILENCE_SECONDS = 600.0
_TICK = 0.1
_LINGER_NOT = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was read."""

    request: web.Request
    body: bytes

    @property
    def key(self) -> str:
        """What the call is about: an order's idempotency key, a message's id, the key that is asked for."""
        headers = self.request.headers
        return headers.get(signing.KEY) or headers.get(webhooks.ID) or self.request.match_info.get("key", "")

    def data(self) -> dict[str, Any]:
        """The body, which is a JSON object."""
        try:
            data = json.loads(self.body)
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise RefusedError("invalid_request", "the body is not a JSON object")
        return data

    def word(self, name: str) -> str:
        """A word of the query; empty where it is not there."""
        return self.request.query.get(name, "")

    def number(self, name: str) -> int:
        return whole_number(name, self.word(name) or "0")


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered: an HTTP status and data for JSON."""

    status: int
    data: Any


def whole_number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise RefusedError("invalid_request", f"{name} is a whole number")
    return int(text)


def word(code: str, message: str = "", **more: Any) -> dict[str, Any]:
    return {"code": code, "message": message, **more}


def signed(request: web.Request, reply: Reply, secret: str) -> web.Response:
    body = json.dumps(reply.data, ensure_ascii=False).encode()
    signature = signing.sign_answer(
        secret, request_signature=request.headers.get(signing.SIGNATURE, ""), status=reply.status, body=body
    )
    return web.Response(
        status=reply.status, body=body, content_type="application/json", headers={signing.SIGNATURE: signature}
    )


def reset(request: web.Request) -> web.Response:
    """Cut the connection, as a crashed host does; what is returned reaches nobody."""
    if request.transport is not None:
        connection = request.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        request.transport.abort()
    return web.Response()


async def say_nothing(request: web.Request) -> web.Response:
    """Keep the caller waiting until it gives up."""
    for _ in range(int(SILENCE_SECONDS / _TICK)):
        if request.transport is None or request.transport.is_closing():
            break
        await asyncio.sleep(_TICK)
    return reset(request)
