"""Somebody who hears our webhooks: a real HTTP server on loopback, which answers as it is told to."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from memberships.gateways.sandbox.webhooks import decode_secret, is_signed

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class Heard:
    """One request."""

    id: str
    timestamp: int
    body: dict[str, Any]
    is_signed: bool


@dataclass
class Receiver:
    """`answer` says what a message is answered with, None: the connection is dropped."""

    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    answer: Callable[[Heard], int | None] = lambda heard: 204
    #: Requests wait until it is set.
    may_answer: threading.Event = field(default_factory=threading.Event)
    most_at_once: int = 0
    _at_once: int = 0

    @property
    def ids(self) -> list[str]:
        return [heard.id for heard in self.heard]

    async def hear(self, request: web.Request) -> web.Response:
        body = await request.read()
        heard = Heard(
            request.headers["webhook-id"], int(request.headers["webhook-timestamp"]), json.loads(body),
            is_signed(decode_secret(SECRET), request.headers, body),
        )
        self.heard.append(heard)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        while not self.may_answer.is_set():
            await asyncio.sleep(0.01)
        self._at_once -= 1
        status = self.answer(heard)
        if status is None:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return web.Response(status=status, headers={"location": "/elsewhere"} if status == 302 else {})

    def wait_for(
        self, count: int, *, seconds: float = 30, meanwhile: Callable[[], object] = lambda: None
    ) -> None:
        """Until so many requests have come."""
        deadline = time.monotonic() + seconds
        while len(self.heard) < count:
            assert time.monotonic() < deadline, f"{len(self.heard)} of {count} requests came"
            meanwhile()
            time.sleep(0.05)


@contextmanager
def listening() -> Iterator[Receiver]:
    """A receiver at work, in a thread of its own."""
    receiver, loop = Receiver(), asyncio.new_event_loop()
    receiver.may_answer.set()
    is_ready, is_over = threading.Event(), asyncio.Event()

    async def serve() -> None:
        app = web.Application()
        app.router.add_post("/events", receiver.hear)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/events"
        is_ready.set()
        await is_over.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=[serve()], daemon=True)
    thread.start()
    assert is_ready.wait(10)
    try:
        yield receiver
    finally:
        receiver.may_answer.set()
        loop.call_soon_threadsafe(is_over.set)
        thread.join(10)
        loop.close()
