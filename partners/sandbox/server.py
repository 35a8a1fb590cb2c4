"""The sandbox partners' HTTP server, and how it is talked to. It knows nothing of Django and nothing of our database.

One process plays any number of partners, each under its own path, with keys and faults of its own. Five are there from
the first: `iqiyi` (orders), `kugou` (orders, confirmed later), `jd-health` (orders and usages), `jd-read` (files),
`marriott` (status).

## Signatures

Every call to a partner, every answer and every event bears the headers of the Standard Webhooks specification:
`webhook-id`, `webhook-timestamp` (seconds since 1970, at most 5 minutes off), `webhook-signature`
(`v1,` + base64 of HMAC-SHA256 over `id.timestamp.body`; several with a blank between them: one must be right).

    what        key             webhook-id                              what stands for the body
    ----------  --------------  --------------------------------------  ----------------------------------------------
    call, body  orders_secret   our id of the command; a file: its name  the body's bytes
    call, none  orders_secret   any, new for each call                   `GET /iqiyi/orders/7-1` (method, path, query)
    answer      events_secret   `<status>:<the call's webhook-id>`       the body's bytes
    event       events_secret   the event's own, the same when repeated  the body's bytes

`Idempotency-Key`, where it is sent, is the webhook-id again. A call that is not signed so: 401 {"code":
"bad_signature"}; one of another time: 401 {"code": "clock_skew", "now": seconds}. A partner that is not there, or does
not do such things: 404 {"code": "no_such_partner"} unsigned, or {"code": "not_offered"}. What cannot be meant so: 400
{"code": "invalid_request", "message"}, nothing done, the id still free. 429 and 503 may bear `Retry-After` in seconds.

## Orders (partners with "orders")

    POST /<partner>/orders               {"order", "command", "sku", "member", "starts_on", "ends_on"}
    GET  /<partner>/orders/<command id>  what became of that command: 200 and what it was answered
                                         404 {"code": "absent"}: it never came;  202 {"code": "under_way"}: ask again
    GET  /<partner>/fulfilments/<order>  its present state, 200; 404 {"code": "absent"}

`order` is our key of the fulfilment, `command` one of provision, suspend, resume, revoke, `member` our opaque
reference, `starts_on` an ISO date, `ends_on` one or null (the last day, included). Order, member, sku and webhook-id
are 1 to 128 ASCII characters without blanks. The answer (of the three calls alike):

    {"order", "command", "state", "reference", "sequence", "reason", "at"}

    200  state "active", "suspended" or "revoked": done
    202  state "accepted" (POST only): an event says later what became of it
    409  state "failed" with a `reason`: cannot be done, nor later; the same again gives the same
    409  {"code": "key_conflict"}: that webhook-id came before with another body

The same webhook-id with the same body gives the first answer again. A 409 says that the command failed: the order stays
as it was, and so does its sequence, which stands in the answer (0 for what is absent). `command` in an answer is the id
of the command that led to it, null where the partner did it by itself. `reference` is the partner's own number of the
order, the same for all its commands. `sequence` grows by one with every change of an order's state, whoever made it; an
answer or event with a lower one than is known is old news. `reason` is "" where nothing failed.

    command    of what is absent   accepted        active        suspended     revoked      failed
    ---------  ------------------  --------------  ------------  ------------  -----------  ----------------
    provision  active | accepted*  accepted (+1)   active (+1)   active (+1)   409 revoked  active | accepted*
    suspend    409 not_provisioned suspended       suspended     suspended     409 revoked  409 not_provisioned
    resume     409 not_provisioned accepted        active        active        409 revoked  409 not_provisioned
    revoke     revoked             revoked         revoked       revoked       revoked      revoked

    * a partner that confirms later accepts; with revoke or suspend before that, the confirmation falls away.
    (+1) a second provision under another id: done again and counted (see /control/<partner>/fulfilments), unless its
    `ends_on` is later than the one known: then it is an extension.

A sku that begins with `refused` is refused (409, reason "sku_refused", and the order itself has failed); with
`later-refused` it is accepted, and an event says that it failed.

## Events to us

    POST <events_url>/partners/<partner>/events   {"type", "timestamp": ISO instant, "data": {...}}

    type                                          data
    --------------------------------------------  -------------------------------------------------------------------
    fulfilment.active, .suspended, .revoked,      as the answer to an order: order, command, state, reference,
      .failed                                     sequence, reason, at
    benefit.used                                  usage, member, benefit, category, quantity, at
    status.matched, status.ended                  match, member, tier, valid_from, valid_until, number, state,
                                                  sequence, reason, at
    status.presented                              member, tier, evidence, valid_until: match them with us
    member.registered                             member, registered_on: new at the partner

Sent until it is answered by a 2xx, with growing pauses, with the same webhook-id; unordered where that is ordered. What
a 2xx says is kept: for benefit.used {"outcome": "redeemed" | "refused", "reason", "next_on"}.
A partner that confirms later sends an event of every change of state, also of those that it answered at once.

## Usages (partners with "usages")

    GET /<partner>/usages?after=   {"usages": [{usage, member, benefit, category, quantity, at, answer}], "next"}
                                   `answer` is what the event was answered by us, null before

## Files (partners with "files")

    PUT /<partner>/files/<name>          CSV, its first line line,order,command,sku,member,starts_on,ends_on
                                         201 {"name", "lines", "sha256"}; the same again 200; another of that name 409
                                         {"code": "key_conflict"}; no such file: 400 {"code": "invalid_file", "message"}
    GET /<partner>/files/<name>/result   200 CSV line,order,result,reference,reason; 202 {"code": "under_way"}: not yet;
                                         404 {"code": "absent"}

UTF-8, with or without BOM, lines ended by CRLF or LF. The name is 1 to 100 letters, digits, `.`, `-` and `_`, and is
the call's webhook-id as well. Each line is a command as above; its `result` is accepted, or rejected with a reason.

## Status (partners with "status")

    POST /<partner>/status-matches          {"match", "member", "tier", "valid_from", "valid_until", "evidence"}
    POST /<partner>/status-matches/end      {"match", "on", "reason"}
    GET  /<partner>/status-matches/<match>  its present state, 200; 404 {"code": "absent"}
    GET  /<partner>/orders/<command id>     what became of either, as above

`match` is our key, `tier` one of the partner's, `evidence` anything. Answers are {"match", "member", "tier",
"valid_from", "valid_until", "number", "state", "sequence", "reason", "at"}: 200 with state "matched" or "ended", 202
"accepted" where it is confirmed later, 409 "failed" (reason "unknown_tier", "already_matched": the person is matched in
these days under another key, "ended").

## Statement

    GET /<partner>/statement?month=2026-11   CSV order,reference,sku,state,started_on,ended_on,amount,currency

Every fulfilment that was ever active is billed once, in the month of its starts_on (of a partner that is `billed` by
"month": in each month of which it had a day); so is every usage that we redeemed (order: the usage, sku: the benefit,
state "used", the amount that of its quantity) in the month of its day in Shanghai. `started_on` is the order's
starts_on; `ended_on` the day it was revoked, else empty. Differences may have been planted.

## Control

Signed as the sandbox gateway's calls are (memberships/gateways/sandbox/signing.py), under the address file's `secret`;
`control.py` has a method for each.

    GET    /health                                unsigned
    GET, PUT          /control/events-url         {"url"}: base of where events go; "" nowhere (they wait)
    GET, PUT, DELETE  /control/clock              {"at", "is_stamped"}: books bear that time; so do the signatures when
                                                  `is_stamped`
    GET    /control/load                          {"now", "most"}: orders under way; {"to_confirm"}: by
                                                  itself later; {"to_send"}: deliveries that wait
    DELETE /control/books                         forget everything but the five
    GET, POST         /control/partners           {"code", "modes", ...}; makes a partner, gives its keys
    PUT    /control/<partner>                     {"is_async", "is_telling", "confirm_after_ms", "price", "prices",
                                                  "billed", "tiers"}
    PUT    /control/<partner>/secrets             {"orders_secret", "events_secret"}: other keys from now on
    GET, PUT, DELETE  /control/<partner>/faults   see faults.py
    GET    /control/<partner>/fulfilments?after=  all of them: state, sequence, how often provisioned, extended
    GET    /control/<partner>/commands?after=     all commands that came, in order
    POST   /control/<partner>/confirm             {"orders"}: confirm these now, without it all that wait
    POST   /control/<partner>/changes             {"order", "state", "reason"}: the partner does it by itself, and tells
    GET    /control/<partner>/events?after=       what was or will be sent: deliveries, attempts, answers
    POST   /control/<partner>/events/send         what waits is due now
    POST   /control/<partner>/usages              {"member", "benefit", "category", "quantity", "times", "usage", "at"}
    GET, PUT          /control/<partner>/files    {"reject_share", "reject_orders", "omit_orders", "reason",
                                                  "result_after_ms", "seed"}: what is wrong with results from now on
    POST   /control/<partner>/files/<name>        its result is there now
    POST   /control/<partner>/status/ended        {"match", "reason"}: by the partner itself
    POST   /control/<partner>/status/presented    {"member", "tier", "evidence", "valid_until"}
    POST   /control/<partner>/status/registered   {"member", "registered_on"}
    GET, PUT, DELETE  /control/<partner>/plants   see statements.py: what is wrong in a month's statement
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial

from aiohttp import web

from memberships.gateways.sandbox import signing, webhooks
from memberships.gateways.sandbox import wire as gateway_wire
from memberships.gateways.sandbox.entries import RefusedError
from memberships.gateways.sandbox.wire import Call, Reply, reset, say_nothing, word
from partners.sandbox import controls, handlers
from partners.sandbox.clockwork import Clockwork
from partners.sandbox.house import House, Moment
from partners.sandbox.sender import Sender
from partners.sandbox.wire import id_of, is_call_signed, signed_answer, unsigned

log = logging.getLogger(__name__)

#: A daily file of half a million lines goes into one call.
LARGEST_BODY = 64 * 1024 * 1024

#: With these the call is carried out (or with none); with any other it is not.
_FAULTS_AFTER = {"timeout_after", "error_after", "reset_after", "forged", "slow"}

PartnerHandler = Callable[[House, Moment, Call], Awaitable[Reply]]
ControlHandler = Callable[[House, Call], Awaitable[Reply]]


class SandboxPartners:
    """The server over one house of partners."""

    def __init__(self, house: House) -> None:
        self.house = house

    def app(self) -> web.Application:
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_get("/health", self.health)
        for method, path, control in controls.ROUTES:
            app.router.add_route(method, path, partial(self._serve_control, control))
        for method, path, controlled in controls.PARTNER_ROUTES:
            app.router.add_route(method, path, partial(self._serve_control, partial(self._of_partner, controlled)))
        for method, path, mode, handler in handlers.ROUTES:
            app.router.add_route(method, path, partial(self._serve_partner, mode, handler))
        app.cleanup_ctx.append(self._at_work)
        return app

    async def _at_work(self, app: web.Application) -> AsyncIterator[None]:
        """Beside the calls: events are sent, and what is confirmed later is."""
        tasks = [asyncio.create_task(_keep_at(work.run)) for work in (Sender(self.house), Clockwork(self.house))]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def health(self, request: web.Request) -> web.StreamResponse:
        self.house.books.read("SELECT 1")
        return web.json_response({"status": "ok"})

    # --- the way of a call to a partner ---

    async def _serve_partner(
        self, mode: str, handler: PartnerHandler, request: web.Request
    ) -> web.StreamResponse:
        code = request.match_info["partner"]
        partner = handlers.find_partner(self.house.books, code)
        if partner is None:
            return unsigned(404, "no_such_partner")
        if self.house.chooser_of(code).is_down:
            return reset(request)
        call = Call(request, await request.read())
        if refusal := self._refuse(code, call):
            return self._signed(code, call, refusal)
        if mode and mode not in partner.modes:
            return self._signed(code, call, Reply(404, word("not_offered")))
        run = partial(handler, self.house, self.house.moment(partner), call)
        if request.method == "GET":
            return await self._serve_with_faults("queries", code, run, call)
        with self.house.load.counted():
            return await self._serve_with_faults("orders", code, run, call)

    def _refuse(self, code: str, call: Call) -> Reply | None:
        """What is wrong with the signature, if anything. A wrong clock is told, so that it can be allowed for."""
        if not is_call_signed(self.house.secrets_of(code), call):
            return Reply(401, word("bad_signature"))
        return self._refuse_old(call.request.headers.get(webhooks.TIMESTAMP, ""))

    def _refuse_old(self, timestamp: str) -> Reply | None:
        if self.house.clock.is_recent(timestamp):
            return None
        return Reply(401, word("clock_skew", now=int(self.house.clock.now().timestamp())))

    async def _serve_with_faults(
        self, group: str, code: str, run: Callable[[], Awaitable[Reply]], call: Call
    ) -> web.StreamResponse:
        chooser = self.house.chooser_of(code)
        fault = chooser.choose(group, id_of(call) if group == "orders" else call.request.path)
        is_done = fault is None or fault in _FAULTS_AFTER
        half = chooser.faults.latency_ms / 2000
        with self._under_way_marked(code, call) if group == "orders" and is_done else contextlib.nullcontext():
            await asyncio.sleep(half)
            reply = await _answer(run) if is_done else Reply(503, word("unavailable"))
        await asyncio.sleep(half)
        return await self._answer_with_fault(fault, code, call, reply)

    async def _answer_with_fault(
        self, fault: str | None, code: str, call: Call, reply: Reply
    ) -> web.StreamResponse:
        match fault:
            case "timeout_before" | "timeout_after":
                return await say_nothing(call.request)
            case "reset_before" | "reset_after":
                return reset(call.request)
            case "error_before" | "error_after":
                return self._signed(code, call, Reply(500, word("internal_error")))
            case "rate_limited":
                after = self.house.chooser_of(code).faults.retry_after_s
                return self._signed(code, call, Reply(429, word("rate_limited")), retry_after_s=after)
            case "slow":
                await asyncio.sleep(self.house.chooser_of(code).faults.slow_ms / 1000)
            case "forged":
                return signed_answer(call, reply, self.house.secrets_of(code).orders_secret)
        return self._signed(code, call, reply)

    def _signed(self, code: str, call: Call, reply: Reply, *, retry_after_s: int | None = None) -> web.Response:
        secret = self.house.secrets_of(code).events_secret
        return signed_answer(call, reply, secret, timestamp=self.house.stamp(), retry_after_s=retry_after_s)

    @contextlib.contextmanager
    def _under_way_marked(self, code: str, call: Call) -> Iterator[None]:
        """While a command is under way its id is known."""
        mark, marks = (code, id_of(call)), self.house.under_way
        marks[mark] += 1
        try:
            yield
        finally:
            marks[mark] -= 1
            if not marks[mark]:
                del marks[mark]

    # --- the way of a control call ---

    async def _serve_control(self, handler: ControlHandler, request: web.Request) -> web.StreamResponse:
        call = Call(request, await request.read())
        headers, secret = request.headers, self.house.address.secret
        timestamp = headers.get(signing.TIMESTAMP, "")
        expected = signing.sign_request(
            secret, method=request.method, path=request.raw_path, timestamp=timestamp, key="", body=call.body
        )
        if signing.is_same(headers.get(signing.SIGNATURE, ""), expected):
            reply = self._refuse_old(timestamp) or await _answer(partial(handler, self.house, call))
        else:
            reply = Reply(401, word("bad_signature"))
        return gateway_wire.signed(request, reply, secret)

    async def _of_partner(self, handler: PartnerHandler, house: House, call: Call) -> Reply:
        """A control call that concerns one partner."""
        partner = handlers.find_partner(house.books, call.request.match_info["partner"])
        if partner is None:
            return Reply(404, word("no_such_partner"))
        return await handler(house, house.moment(partner), call)


async def _keep_at(work: Callable[[], Awaitable[None]]) -> None:
    """Begin again, after a while, what an error has ended."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("begun again")
            await asyncio.sleep(1)


async def _answer(run: Callable[[], Awaitable[Reply]]) -> Reply:
    try:
        return await run()
    except RefusedError as error:
        return Reply(409 if error.code == "key_conflict" else 400, word(error.code, str(error)))
    except sqlite3.Error as error:
        return Reply(500, word("internal_error", str(error)))
