"""Partners that are spoken to by a signed API (the protocol is told in partners/sandbox/server.py).

    what comes back                                     what it means
    --------------------------------------------------  ---------------------------------------------------------------
    200, signed                                         DONE, and the order's state; an "accepted" is looked up
    202, signed, state "accepted"                       ACCEPTED
    409, signed, state "failed"                         FAILED with its reason, and the order's state as it is looked up
    400, signed                                         FAILED with its code: it can never be meant so
    404, signed, asked about                            it never came: it is sent, under the same id
    429, signed                                         LATER, after Retry-After
    5xx, 401, 404, another 409                          UNKNOWN with its code; 5xx and 401 count as not reached
    no answer, or one that is not signed by the partner UNKNOWN: timeout, unreachable, bad_signature, bad_answer
"""

import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Self
from urllib.parse import quote
from uuid import uuid4

import aiohttp
import structlog
from yarl import URL

from operations.api.bodies import read_json
from operations.dates import business_date
from operations.errors import PlusdeskError
from operations.webhooks import WebhookError, sign, verify
from partners.connectors.base import STATES, Answer, Order, Outcome, Word

log = structlog.get_logger(__name__)
#: No answer to a command is longer; more than that is not read.
LONGEST_ANSWER = 64 * 1024
#: No partner puts us off for longer than this.
LONGEST_RETRY_AFTER = 3600.0


@dataclass(frozen=True, slots=True)
class Line:
    """How a partner is reached: the base of its API; our secrets (the first one signs) and theirs (any verifies)."""

    url: str
    ours: Sequence[str]
    theirs: Sequence[str]
    timeout: float


class NoAnswerError(Exception):
    """Nobody can tell what the partner did, or whether it was the partner that answered."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}")
        self.code, self.detail = code, detail


@dataclass(frozen=True, slots=True)
class Reply:
    """A signed answer to one call."""

    status: int
    data: dict[str, Any]
    retry_after: float | None

    @property
    def code(self) -> str:
        return str(self.data.get("code") or self.data.get("reason") or f"http_{self.status}")[:64]


class ApiConnector:
    """One partner's API. `pace` is waited for before each call, so that there are never too many in a second."""

    def __init__(self, line: Line, *, pace: Callable[[], Awaitable[None]]) -> None:
        self._line, self._pace = line, pace
        self._path = URL(line.url).raw_path.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            # How many calls are under way is the caller's to limit.
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=self._line.timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(self, *error: Any) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def carry_out(self, order: Order) -> Answer:
        begun = time.monotonic()
        try:
            answer = await self._ask_and_send(order)
        except NoAnswerError as error:
            answer = _unknown(order, error.code, detail=error.detail, was_reached=False)
        except Exception as error:
            # What nobody foresaw of an answer must not keep the others of its batch from being written down.
            log.exception("partner_answer_unread", command=order.command)
            answer = _unknown(order, "bad_answer", detail=type(error).__name__, was_reached=False)
        return replace(answer, latency_ms=round((time.monotonic() - begun) * 1000))

    async def _ask_and_send(self, order: Order) -> Answer:
        if order.was_sent:
            reply = await self._call("GET", f"/orders/{quote(order.id, safe='')}")
            if reply.status != 404 or reply.code != "absent":
                return await self._read(order, reply, is_asked=True)
        reply = await self._call("POST", "/orders", id=order.id, data={
            "order": order.key, "command": order.kind, "sku": order.sku, "member": order.member,
            "starts_on": order.starts_on.isoformat(), "ends_on": order.ends_on and order.ends_on.isoformat(),
        })
        return await self._read(order, reply, is_asked=False)

    async def _read(self, order: Order, reply: Reply, *, is_asked: bool) -> Answer:
        """By the table above."""
        match reply.status:
            case 200 | 202 | 409 if "state" in reply.data:
                return await self._read_state(order, reply, is_asked=is_asked)
            case 400 if not is_asked:
                refused = _answer(order, Outcome.FAILED, reply.code, detail=str(reply.data.get("message", "")))
                # The partner has nothing of it, and so no number for its state.
                word = Word(order.fulfilment, "failed", None, reason=reply.code)
                return replace(refused, word=word if order.kind == "provision" else None)
            case 429:
                return replace(_answer(order, Outcome.LATER, reply.code), retry_after=reply.retry_after or 1.0)
        was_reached = reply.status < 500 and reply.status != 401
        return replace(_unknown(order, reply.code, was_reached=was_reached), retry_after=reply.retry_after)

    async def _read_state(self, order: Order, reply: Reply, *, is_asked: bool) -> Answer:
        word = _word(order, reply)
        if word.state == "failed":
            # The refusal bears the number of a state that it does not name.
            present = await self._present(order)
            return replace(_answer(order, Outcome.FAILED, word.reason or "failed"), word=present)
        if word.state == "accepted" and is_asked:
            # That was the answer then; what became of it stands with the order.
            word = await self._present(order) or word
        if word.state == "failed":
            return replace(_answer(order, Outcome.FAILED, word.reason or "failed"), word=word)
        outcome = Outcome.ACCEPTED if word.state == "accepted" else Outcome.DONE
        return replace(_answer(order, outcome), word=word)

    async def _present(self, order: Order) -> Word | None:
        """The order's state at the partner; None where it has none."""
        reply = await self._call("GET", f"/fulfilments/{quote(order.key, safe='')}")
        if reply.status == 404 and reply.code == "absent":
            return None
        if reply.status != 200:
            raise NoAnswerError(reply.code)
        return _word(order, reply)

    async def _call(self, method: str, path: str, *, id: str = "", data: dict[str, Any] | None = None) -> Reply:
        """A signed reply to a signed call; NoAnswerError."""
        assert self._session is not None, "a connector is used inside `async with`"
        await self._pace()
        id = id or f"ask_{uuid4().hex}"
        body = b"" if data is None else json.dumps(data).encode()
        signed = body or f"{method} {self._path}{path}".encode()
        headers = sign(self._line.ours[0], id=id, at=datetime.now(UTC), body=signed)
        headers |= {"content-type": "application/json", "Idempotency-Key": id} if body else {}
        url = URL(self._line.url.rstrip("/") + path, encoded=True)
        try:
            async with self._session.request(
                method, url, data=body or None, headers=headers, allow_redirects=False
            ) as response:
                content = await _read_body(response)
                return self._verified(id, response.status, dict(response.headers), content)
        except TimeoutError:
            raise NoAnswerError("timeout") from None
        except (aiohttp.ClientError, OSError) as error:
            raise NoAnswerError("unreachable", type(error).__name__) from None

    def _verified(self, id: str, status: int, headers: dict[str, str], body: bytes) -> Reply:
        """The reply, if the partner signed it as the answer to that very call; NoAnswerError."""
        try:
            answered = verify(headers, body, self._line.theirs, now=datetime.now(UTC))
        except WebhookError:
            raise NoAnswerError("bad_signature" if status < 500 else f"http_{status}") from None
        if answered != f"{status}:{id}":
            raise NoAnswerError("bad_signature")
        data = read_object(body)
        if data is None:
            raise NoAnswerError("bad_answer")
        named = {name.lower(): value for name, value in headers.items()}
        return Reply(status, data, _seconds(named.get("retry-after", "")))


def read_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object of an answer; None where it is none, or says what could not be kept."""
    try:
        data = read_json(body)
    except (ValueError, RecursionError, PlusdeskError):
        return None
    return data if isinstance(data, dict) else None


async def _read_body(response: aiohttp.ClientResponse) -> bytes:
    """The body; NoAnswerError when it is longer than any answer."""
    body = b""
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > LONGEST_ANSWER:
            raise NoAnswerError("bad_answer")
    return body


def _answer(order: Order, outcome: Outcome, error: str = "", *, detail: str = "") -> Answer:
    return Answer(order.command, order.attempt, outcome, error, detail)


def _unknown(order: Order, error: str, *, detail: str = "", was_reached: bool = True) -> Answer:
    return Answer(order.command, order.attempt, Outcome.UNKNOWN, error, detail, was_reached=was_reached)


def _word(order: Order, reply: Reply) -> Word:
    """The order's state as the reply tells it; NoAnswerError where it tells of another, or of none."""
    data = reply.data
    state, sequence = data.get("state"), data.get("sequence")
    if data.get("order") != order.key or not isinstance(state, str) or state not in STATES:
        raise NoAnswerError("bad_answer")
    if type(sequence) is not int or not 0 <= sequence < 2**63:
        raise NoAnswerError("bad_answer")
    return Word(
        order.fulfilment, state, sequence, reference=_text(data.get("reference")), reason=_text(data.get("reason")),
        command=_text(data.get("command")), day=_day(data.get("at")),
    )


def _text(value: Any) -> str:
    return value[:128] if isinstance(value, str) else ""


def _day(value: Any) -> date | None:
    """The Shanghai date of an ISO instant; None where it is none, or beyond the calendar there."""
    try:
        return business_date(datetime.fromisoformat(value))
    except (TypeError, ValueError, OverflowError):
        return None


def _seconds(value: str) -> float | None:
    """Of Retry-After; a date in its place is as good as none."""
    return min(float(value), LONGEST_RETRY_AFTER) if value.isascii() and value.isdigit() else None
