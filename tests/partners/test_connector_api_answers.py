"""What a connector makes of answers that no partner should give: whatever is not surely the partner's is no answer."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from operations.webhooks import sign
from partners.connectors.api import LONGEST_ANSWER, ApiConnector, Line, NoAnswerError
from partners.connectors.base import Answer, Order, Outcome
from partners.connectors.daily_file import FileConnector
from partners.connectors.status import MatchAnswer, MatchOrder, StatusConnector
from partners.services.calls import Pace
from tests.partner import PartnersForTests

OURS, THEIRS = "whsec_" + "QUFB" * 8, "whsec_" + "QkJC" * 8
ORDER = Order(1, 7, 1, False, "f7-abc", "f7-abc.1", "provision", "vip", "M1", date(2027, 1, 15), None)
GOOD = {
    "order": "f7-abc", "command": "f7-abc.1", "state": "active", "reference": "X1", "sequence": 1, "reason": "",
    "at": "2027-01-15T00:30:00+08:00",
}

Said = Callable[[str], tuple[int, dict[str, str], bytes]]


class Odd:
    """A partner of a few lines that answers as the test says; `says` is given the webhook-id of the call."""

    url = ""
    says: Said
    heard: list[dict[str, str]]


@pytest.fixture
def odd() -> Iterator[Odd]:
    house = Odd()
    house.heard = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            house.heard.append(dict(self.headers.items()))
            status, headers, body = house.says(self.headers["webhook-id"])
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_PUT(self) -> None:
            self.do_POST()

        def log_message(self, format: str, *args: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        house.url = f"http://127.0.0.1:{server.server_port}/odd"
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        yield house
        server.shutdown()


def saying(
    data: Any, *, status: int = 200, secret: str = THEIRS, id: str = "", at: datetime | None = None, **headers: str
) -> Said:
    """A signed answer to the call; `id` signs it as the answer to another."""

    def said(called: str) -> tuple[int, dict[str, str], bytes]:
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        signed = sign(secret, id=id or f"{status}:{called}", at=at or datetime.now(UTC), body=body)
        return status, {**signed, **{name.replace("_", "-"): value for name, value in headers.items()}}, body

    return said


def carry_out(url: str, *, ours: str = OURS, theirs: tuple[str, ...] = (THEIRS,), order: Order = ORDER) -> Answer:
    async def talk() -> Answer:
        async with ApiConnector(Line(url, [ours], theirs, timeout=2), pace=Pace(0).wait) as connector:
            return await connector.carry_out(order)

    return asyncio.run(talk())


def test_sound_answer_says_the_state_and_its_shanghai_day(odd: Odd) -> None:
    odd.says = saying(GOOD)
    answer = carry_out(odd.url)
    assert (answer.outcome, answer.was_reached) == (Outcome.DONE, True)
    assert answer.word is not None
    assert (answer.word.state, answer.word.sequence, answer.word.day) == ("active", 1, date(2027, 1, 15))
    assert odd.heard[0]["Idempotency-Key"] == odd.heard[0]["webhook-id"] == "f7-abc.1"


def test_old_and_new_key_of_the_partner_are_both_right_while_it_changes_them(odd: Odd) -> None:
    odd.says = saying(GOOD, secret="whsec_" + "Q0ND" * 8)
    assert carry_out(odd.url, theirs=(THEIRS, "whsec_" + "Q0ND" * 8)).outcome is Outcome.DONE
    assert carry_out(odd.url).error == "bad_signature"


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (saying(GOOD, secret=OURS), "bad_signature"),
        (saying(GOOD, id="200:f7-abc.2"), "bad_signature"),
        (saying(GOOD, id="f7-abc.1"), "bad_signature"),
        (saying(GOOD, at=datetime(2026, 1, 1, tzinfo=UTC)), "bad_signature"),
        (lambda called: (200, {}, json.dumps(GOOD).encode()), "bad_signature"),
        (lambda called: (502, {}, b"<html>"), "http_502"),
        (saying(b"no json"), "bad_answer"),
        (saying([GOOD]), "bad_answer"),
        (saying(GOOD | {"order": "f8-abc"}), "bad_answer"),
        (saying(GOOD | {"state": "requested"}), "bad_answer"),
        (saying(GOOD | {"sequence": "1"}), "bad_answer"),
        (saying(GOOD | {"sequence": True}), "bad_answer"),
        (saying(GOOD | {"sequence": 2**63}), "bad_answer"),
        (saying(GOOD | {"state": ["active"]}), "bad_answer"),
        (saying(b"[" * 60_000), "bad_answer"),
        (saying(GOOD | {"reason": "\ud800"}), "bad_answer"),
        (saying(GOOD | {"reference": "\0"}), "bad_answer"),
        (saying(b'{"state": "active", "state": "revoked"}'), "bad_answer"),
        (saying(GOOD | {"padding": "x" * LONGEST_ANSWER}), "bad_answer"),
        (saying({"code": "internal_error"}, status=500), "internal_error"),
        (saying({"code": "bad_signature"}, status=401), "bad_signature"),
    ],
    # Not by functions, whose names are other ones in each process.
    ids=lambda value: value if isinstance(value, str) else "said",
)
def test_what_is_not_surely_the_partners_word_is_unknown(odd: Odd, said: Said, error: str) -> None:
    odd.says = said
    answer = carry_out(odd.url)
    assert (answer.outcome, answer.error, answer.word, answer.was_reached) == (Outcome.UNKNOWN, error, None, False)


def test_key_used_for_something_else_is_asked_about_and_not_given_up(odd: Odd) -> None:
    odd.says = saying({"code": "key_conflict"}, status=409)
    answer = carry_out(odd.url)
    assert (answer.outcome, answer.error, answer.was_reached) == (Outcome.UNKNOWN, "key_conflict", True)


def test_redirect_is_not_followed(odd: Odd) -> None:
    odd.says = saying({"code": "moved"}, status=307, Location="http://127.0.0.1:1/")
    assert carry_out(odd.url).outcome is Outcome.UNKNOWN
    assert len(odd.heard) == 1


@pytest.mark.parametrize(
    ("after", "seconds"), [("7", 7), ("999999", 3600), ("Fri, 01 Jan 2027", 1), ("-5", 1), ("\u00b2", 1)]
)
def test_retry_after_is_taken_within_reason(odd: Odd, after: str, seconds: float) -> None:
    odd.says = saying({"code": "rate_limited"}, status=429, Retry_After=after)
    answer = carry_out(odd.url)
    assert (answer.outcome, answer.retry_after) == (Outcome.LATER, seconds)


@pytest.mark.parametrize(
    "at", ["9999-12-31T23:00:00+00:00", "0001-01-01T00:00:00+14:00", "2027-01-15T00:30:00", [1], 7]
)
def test_day_beyond_the_calendar_is_none_and_the_state_stands(odd: Odd, at: Any) -> None:
    odd.says = saying(GOOD | {"at": at})
    answer = carry_out(odd.url)
    assert (answer.outcome, answer.word and answer.word.day) == (Outcome.DONE, None)


def test_answer_that_nobody_foresaw_is_none_and_raises_nothing(odd: Odd, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader fails, as it would at what nobody has thought of."""
    odd.says = saying(GOOD)
    monkeypatch.setattr("partners.connectors.api.read_object", lambda body: body[None])
    answer = carry_out(odd.url)
    assert (answer.outcome, answer.error, answer.detail) == (Outcome.UNKNOWN, "bad_answer", "TypeError")


MATCH = MatchOrder(
    3, "match", False, "m3", "M1", "platinum", date(2027, 1, 1), date(2027, 12, 31), date(2027, 12, 31), {}, ""
)


@pytest.mark.parametrize(
    ("data", "outcome", "error"),
    [
        ({"match": "m3", "state": "matched", "number": "MA1"}, Outcome.DONE, ""),
        ({"match": "m3", "state": ["matched"]}, Outcome.UNKNOWN, "bad_answer"),
        ({"match": "m3", "state": "dreamt"}, Outcome.UNKNOWN, "bad_answer"),
        ({"match": "m3", "state": "matched", "number": "\ud800"}, Outcome.UNKNOWN, "bad_answer"),
        (b"[" * 60_000, Outcome.UNKNOWN, "bad_answer"),
    ],
    ids=str,
)
def test_odd_answer_about_a_status_match_is_unknown(odd: Odd, data: Any, outcome: Outcome, error: str) -> None:
    odd.says = saying(data)

    async def talk() -> MatchAnswer:
        async with StatusConnector(Line(odd.url, [OURS], [THEIRS], timeout=2), pace=Pace(0).wait) as connector:
            return await connector.settle(MATCH)

    answer = asyncio.run(talk())
    assert (answer.outcome, answer.error) == (outcome, error)


@pytest.mark.parametrize("body", [b"[" * 60_000, b'{"sha256": "\\ud800"}', b'{"sha256": []}'], ids=str)
def test_odd_answer_about_a_daily_file_is_none(odd: Odd, body: bytes) -> None:
    odd.says = saying(body)

    async def talk() -> None:
        async with FileConnector(Line(odd.url, [OURS], [THEIRS], timeout=2)) as connector:
            await connector.put("iqiyi-2027-01-15.csv", b"line")

    with pytest.raises(NoAnswerError, match="bad_answer"):
        asyncio.run(talk())


def test_partner_that_is_not_there_is_unreachable() -> None:
    answer = carry_out("http://127.0.0.1:1/odd")
    assert (answer.outcome, answer.error, answer.was_reached) == (Outcome.UNKNOWN, "unreachable", False)


def test_sandbox_takes_our_signature_with_and_without_a_body(partners: PartnersForTests) -> None:
    secrets = partners.server.address.partners["iqiyi"]
    url = partners.server.address.url_of("iqiyi")
    keys = {"ours": secrets.orders_secret, "theirs": (secrets.events_secret,)}
    asked = Order(**{name: getattr(ORDER, name) for name in Order.__slots__} | {"was_sent": True})
    for _time in range(2):
        assert carry_out(url, order=asked, **keys).outcome is Outcome.DONE
    assert [command["id"] for command in partners.partner("iqiyi").commands()] == ["f7-abc.1"]
