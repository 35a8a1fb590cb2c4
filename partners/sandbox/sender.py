"""Sends what partners have to tell us, until it is taken: the sending half of the outbox in `events.py`."""

import asyncio
import contextlib
import sqlite3
import time

import aiohttp

from partners.sandbox import events
from partners.sandbox.books import read_setting
from partners.sandbox.controls import EVENTS_URL
from partners.sandbox.house import House
from partners.sandbox.wire import headers_of

IN_FLIGHT = 16
PATIENCE_SECONDS = 10.0
LOOKED_AT = 64
#: How long it sleeps while there is something due that it may not send, and while there is nothing.
SHORT_PAUSE, LONGEST_PAUSE = 0.5, 60.0
STALE_SECONDS = 3600


class Sender:
    """Keeps some deliveries under way. What concerns the same subject goes one after the other, unless shuffled."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._under_way: dict[int, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(
            timeout=timeout, connector=connector, cookie_jar=aiohttp.DummyCookieJar()
        ) as session:
            try:
                while True:
                    self.house.to_send.clear()
                    pause = self._begin_due(session)
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self.house.to_send.wait(), pause)
            finally:
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin_due(self, session: aiohttp.ClientSession) -> float:
        """Begin what may be begun; how long to wait for more."""
        url, now = read_setting(self.house.books, EVENTS_URL), time.time()
        if not url:
            return LONGEST_PAUSE
        is_left = False
        for delivery in events.find_due(self.house.books, now, LOOKED_AT):
            if delivery["number"] in self._under_way:
                continue
            if len(self._under_way) >= IN_FLIGHT or not self._may_go(delivery):
                is_left = True
                continue
            self._begin(session, url, delivery)
        if is_left:
            return SHORT_PAUSE
        next_at = events.next_due_at(self.house.books, now)
        return LONGEST_PAUSE if next_at is None else min(max(next_at - now, 0.001), LONGEST_PAUSE)

    def _may_go(self, delivery: sqlite3.Row) -> bool:
        chooser = self.house.chooser_of(delivery["partner"])
        if chooser.is_down:
            return False
        return bool(chooser.faults.shuffle_ms) or _subject(delivery) not in self._under_way.values()

    def _begin(self, session: aiohttp.ClientSession, url: str, delivery: sqlite3.Row) -> None:
        self._under_way[delivery["number"]] = _subject(delivery)
        task = asyncio.create_task(self._deliver(session, url, delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, session: aiohttp.ClientSession, url: str, delivery: sqlite3.Row) -> None:
        try:
            status, answer = await self._post(session, url, delivery)
            if status.isdigit() and 200 <= int(status) < 300:
                operation = events.note_delivered(
                    delivery, status=status, answer=answer, at=self.house.clock.now()
                )
            else:
                pause = self.house.chooser_of(delivery["partner"]).faults.retry_seconds(delivery["attempts"] + 1)
                operation = events.note_failed(delivery, status=status, due_at=time.time() + pause)
            await self.house.books.write(operation)
        finally:
            del self._under_way[delivery["number"]]
            self.house.to_send.set()

    async def _post(self, session: aiohttp.ClientSession, url: str, delivery: sqlite3.Row) -> tuple[str, str]:
        """The HTTP status (or what went wrong in its place) and the text of the answer."""
        code, body = delivery["partner"], delivery["body"].encode()
        headers = self._headers(code, delivery, body) | {"content-type": "application/json"}
        try:
            async with session.post(
                f"{url}/partners/{code}/events", data=body, headers=headers, allow_redirects=False
            ) as response:
                return str(response.status), await response.text(errors="replace")
        except (aiohttp.ClientError, TimeoutError) as error:
            return type(error).__name__, ""

    def _headers(self, code: str, delivery: sqlite3.Row, body: bytes) -> dict[str, str]:
        secrets = self.house.secrets_of(code)
        key = f"{delivery['type']}:{delivery['subject']}:{delivery['copy']}"
        fault = self.house.chooser_of(code).choose("events", key)
        secret = secrets.orders_secret if fault == "forged" else secrets.events_secret
        timestamp = self.house.stamp() - (STALE_SECONDS if fault == "stale" else 0)
        return headers_of(secret, id=delivery["id"], timestamp=timestamp, body=body)


def _subject(delivery: sqlite3.Row) -> str:
    return f"{delivery['partner']}:{delivery['subject']}"
