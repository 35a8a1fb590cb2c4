"""The sandbox gateway's HTTP server. It knows nothing of Django and nothing of our database.

    POST   /charges           charge {token, amount, currency} under Idempotency-Key
    GET    /charges/KEY       what became of it
    POST   /refunds           give back {charge_key, reference, amount, currency}; in parts, never more than the charge
    GET    /refunds/KEY
    GET    /records           ?first=&last=&after=   money moved, by business date (Shanghai), in pages
    POST   /events            a message for the listener, signed after Standard Webhooks
    GET    /health            unsigned
    GET    /control/charges   ?token=&after=         every attempt, declines too, in pages
    GET    /control/events    ?after=                messages heard, in pages
    POST   /control/seed      {charges: [{key, token, amount, at, outcome?}]}   history
    GET    /control/load      how many orders were under way at most
    DELETE /control/books     forget everything
    GET, PUT, DELETE  /control/faults, /control/clock ({at})

Every other call and its answer is signed (signing.py). An order that was received is carried out, also when whoever
sent it has gone. While it is under way its key is not absent: asking about it gives 202.
"""

import asyncio
import contextlib
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial

from aiohttp import web

from memberships.gateways.sandbox import entries, events, signing, webhooks
from memberships.gateways.sandbox.books import Books
from memberships.gateways.sandbox.clock import Clock
from memberships.gateways.sandbox.entries import RefusedError
from memberships.gateways.sandbox.faults import FaultChooser, Faults
from memberships.gateways.sandbox.wire import Call, Reply, reset, say_nothing, signed, whole_number, word

#: A history of a hundred thousand charges goes into one call.
LARGEST_BODY = 64 * 1024 * 1024

#: With these the order is carried out (or with none); with any other it is not.
_FAULTS_AFTER = {"timeout_after", "error_after", "reset_after", "forged"}

Handler = Callable[[Call], Awaitable[Reply]]


@dataclass
class Load:
    """How many orders wait for their answer now, and how many did at most."""

    now: int = 0
    most: int = 0

    @contextlib.contextmanager
    def counted(self) -> Iterator[None]:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            yield
        finally:
            self.now -= 1


class SandboxServer:
    """One gateway: its books, its clock, the faults ordered of it."""

    def __init__(self, books: Books, *, secret: str, events_secret: str) -> None:
        self.books = books
        self.secret = secret
        self.events_key = webhooks.decode_secret(events_secret)
        self.clock = Clock()
        self.chooser = FaultChooser(Faults())
        self.load = Load()
        self._under_way: Counter[tuple[str, str]] = Counter()

    def app(self) -> web.Application:
        app = web.Application(client_max_size=LARGEST_BODY)
        orders, queries, control = (partial(self._serve, group) for group in ("orders", "queries", "control"))
        app.add_routes([
            web.post("/charges", partial(orders, self.charge)),
            web.post("/refunds", partial(orders, self.refund)),
            web.get("/charges/{key}", partial(queries, partial(self.find, "charge"))),
            web.get("/refunds/{key}", partial(queries, partial(self.find, "refund"))),
            web.get("/records", partial(queries, self.list_records)),
            web.post("/events", partial(self._serve, "events", self.hear)),
            web.get("/health", self.health),
            web.get("/control/charges", partial(control, self.list_charges)),
            web.get("/control/events", partial(control, self.list_events)),
            web.post("/control/seed", partial(control, self.seed)),
            web.get("/control/faults", partial(control, self.show_faults)),
            web.put("/control/faults", partial(control, self.order_faults)),
            web.delete("/control/faults", partial(control, self.clear_faults)),
            web.get("/control/clock", partial(control, self.show_clock)),
            web.put("/control/clock", partial(control, self.set_clock)),
            web.delete("/control/clock", partial(control, self.reset_clock)),
            web.get("/control/load", partial(control, self.show_load)),
            web.delete("/control/books", partial(control, self.empty)),
        ])
        return app

    # --- the way of every signed call ---

    async def _serve(self, group: str, handler: Handler, request: web.Request) -> web.StreamResponse:
        if group != "control" and self.chooser.faults.is_down:
            return reset(request)
        call = Call(request, await request.read())
        if refusal := (self._refuse_message(call) if group == "events" else self._refuse(call)):
            return signed(request, refusal, self.secret)
        if group == "control":
            return signed(request, await self._answer(handler, call), self.secret)
        with self.load.counted() if group == "orders" else contextlib.nullcontext():
            return await self._serve_with_faults(group, handler, call)

    async def _serve_with_faults(self, group: str, handler: Handler, call: Call) -> web.StreamResponse:
        fault = self.chooser.choose(group, call.key or call.request.path)
        is_done = fault is None or fault in _FAULTS_AFTER
        loop = asyncio.get_running_loop()
        half = self.chooser.faults.latency_ms / 2000
        answer_at = loop.time() + 2 * half
        with self._under_way_marked(call) if group == "orders" and is_done else contextlib.nullcontext():
            await asyncio.sleep(half)
            reply = await self._answer(handler, call) if is_done else Reply(503, word("unavailable"))
        await asyncio.sleep(answer_at - loop.time())
        match fault:
            case "timeout_before" | "timeout_after":
                return await say_nothing(call.request)
            case "reset_before" | "reset_after":
                return reset(call.request)
            case "error_before" | "error_after":
                return signed(call.request, Reply(500, word("internal_error")), self.secret)
            case "forged":
                return signed(call.request, reply, f"not {self.secret}")
        return signed(call.request, reply, self.secret)

    @contextlib.contextmanager
    def _under_way_marked(self, call: Call) -> Iterator[None]:
        """While an order is under way its key is known."""
        mark = (call.request.path, call.key)
        self._under_way[mark] += 1
        try:
            yield
        finally:
            self._under_way[mark] -= 1
            if not self._under_way[mark]:
                del self._under_way[mark]

    def _refuse(self, call: Call) -> Reply | None:
        """What is wrong with the signature, if anything. A wrong clock is told, so that it can be allowed for."""
        headers = call.request.headers
        timestamp = headers.get(signing.TIMESTAMP, "")
        expected = signing.sign_request(
            self.secret, method=call.request.method, path=call.request.raw_path, timestamp=timestamp,
            key=headers.get(signing.KEY, ""), body=call.body,
        )
        if not signing.is_same(headers.get(signing.SIGNATURE, ""), expected):
            return Reply(401, word("bad_signature"))
        return self._refuse_old(timestamp)

    def _refuse_message(self, call: Call) -> Reply | None:
        headers = call.request.headers
        if not headers.get(webhooks.ID) or not webhooks.is_signed(self.events_key, headers, call.body):
            return Reply(401, word("bad_signature"))
        return self._refuse_old(headers.get(webhooks.TIMESTAMP, ""))

    def _refuse_old(self, timestamp: str) -> Reply | None:
        if self.clock.is_recent(timestamp):
            return None
        return Reply(401, word("clock_skew", now=int(self.clock.now().timestamp())))

    async def _answer(self, handler: Handler, call: Call) -> Reply:
        try:
            return await handler(call)
        except RefusedError as error:
            return Reply(409 if error.code == "key_conflict" else 400, word(error.code, str(error)))
        except sqlite3.Error as error:
            return Reply(500, word("internal_error", str(error)))

    # --- money ---

    async def charge(self, call: Call) -> Reply:
        order = entries.ChargeOrder.read(call.data(), key=call.key)
        return Reply(200, entries.as_data(await self.books.write(entries.book_charge(order, self.clock.now()))))

    async def refund(self, call: Call) -> Reply:
        request = entries.RefundRequest.read(call.data(), key=call.key)
        return Reply(200, entries.as_data(await self.books.write(entries.book_refund(request, self.clock.now()))))

    async def find(self, kind: str, call: Call) -> Reply:
        key = call.request.match_info["key"]
        if entry := entries.find_entry(self.books, kind, key):
            return Reply(200, entries.as_data(entry))
        if (f"/{kind}s", key) in self._under_way:
            return Reply(202, word("under_way"))
        return Reply(404, word("absent"))

    async def list_records(self, call: Call) -> Reply:
        first, last = (_day(call.word(name)) for name in ("first", "last"))
        day, _dot, number = call.word("after").partition(".")
        after = (day, whole_number("after", number or "0"))
        page = entries.list_moved(self.books, first=first, last=last, after=after)
        end = page[-1] if len(page) == entries.PAGE else None
        return Reply(200, {
            "records": [entries.as_data(entry) for entry in page],
            "next": f"{end['day']}.{end['id']}" if end else None,
        })

    async def hear(self, call: Call) -> Reply:
        """A message of the company's own systems to whoever listens: kept once per id, however often it is sent."""
        try:
            text = call.body.decode()
        except UnicodeDecodeError:
            raise RefusedError("invalid_request", "the body is not UTF-8") from None
        await self.books.write(events.keep_event(call.key, text, self.clock.now()))
        return Reply(200, word("heard"))

    async def health(self, request: web.Request) -> web.StreamResponse:
        self.books.read("SELECT 1")
        return web.json_response({"status": "ok"})

    # --- control ---

    async def list_charges(self, call: Call) -> Reply:
        page = entries.list_charges(self.books, token=call.word("token"), after=call.number("after"))
        end = page[-1]["id"] if len(page) == entries.PAGE else None
        return Reply(200, {"charges": [entries.as_data(entry) for entry in page], "next": end})

    async def list_events(self, call: Call) -> Reply:
        page = events.list_events(self.books, after=call.number("after"))
        end = page[-1]["number"] if len(page) == events.PAGE else None
        return Reply(200, {"events": page, "next": end})

    async def seed(self, call: Call) -> Reply:
        booked = await self.books.write(entries.seed_charges(call.data().get("charges")))
        return Reply(200, {"charges": [entries.as_data(entry) for entry in booked]})

    async def show_faults(self, call: Call) -> Reply:
        return Reply(200, self.chooser.faults.as_data())

    async def order_faults(self, call: Call) -> Reply:
        data = call.data()
        try:
            self.chooser = FaultChooser(Faults.read(data))
        except ValueError as error:
            raise RefusedError("invalid_request", str(error)) from error
        return await self.show_faults(call)

    async def clear_faults(self, call: Call) -> Reply:
        self.chooser = FaultChooser(Faults())
        return await self.show_faults(call)

    async def show_clock(self, call: Call) -> Reply:
        return Reply(200, {"at": self.clock.now().isoformat()})

    async def set_clock(self, call: Call) -> Reply:
        self.clock.set(entries.read_instant(call.data().get("at")))
        return await self.show_clock(call)

    async def reset_clock(self, call: Call) -> Reply:
        self.clock.set(None)
        return await self.show_clock(call)

    async def show_load(self, call: Call) -> Reply:
        return Reply(200, {"now": self.load.now, "most": self.load.most})

    async def empty(self, call: Call) -> Reply:
        await self.books.write(entries.empty_books)
        self.load.most = self.load.now
        return Reply(200, {})


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise RefusedError("invalid_request", "first and last are ISO dates") from None
