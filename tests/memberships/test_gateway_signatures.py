"""Requests and answers are signed; a wrong signature moves nothing, a wrong clock is put right."""

import asyncio
import http.client
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import time_machine

from memberships.gateways import Answer, Charge, Outcome
from memberships.gateways.sandbox import signing
from memberships.gateways.sandbox.calls import Signer
from memberships.gateways.sandbox.client import SandboxGateway
from tests.gateway import GatewayForTests

BODY = b'{"token": "tok_ok_1", "amount": "99.00"}'


def send(gateway: GatewayForTests, headers: dict[str, str], *, path: str = "/charges", body: bytes = BODY) -> int:
    connection = http.client.HTTPConnection(gateway.url.removeprefix("http://"), timeout=10)
    connection.request("POST", path, body, headers)
    status = connection.getresponse().status
    connection.close()
    return status


def signed(gateway: GatewayForTests, *, secret: str = "", key: str = "7-1") -> dict[str, str]:
    return Signer(secret or gateway.server.address.secret).headers(method="POST", path="/charges", key=key, body=BODY)


def test_a_signed_charge_is_made_and_its_very_request_may_be_repeated(gateway: GatewayForTests) -> None:
    headers = signed(gateway)
    assert [send(gateway, headers), send(gateway, headers)] == [200, 200]
    assert gateway.paid_per_token() == {"tok_ok_1": 1}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda headers: headers | {signing.SIGNATURE: "0" * 64},
        lambda headers: headers | {signing.SIGNATURE: "签"},
        lambda headers: headers | {signing.KEY: "8-1"},
        lambda headers: headers | {signing.TIMESTAMP: str(int(headers[signing.TIMESTAMP]) + 1)},
        lambda headers: {name: value for name, value in headers.items() if name != signing.SIGNATURE},
        lambda headers: {},
    ],
)
def test_a_request_with_anything_changed_is_refused(
    gateway: GatewayForTests, spoil: Callable[[dict[str, str]], dict[str, str]]
) -> None:
    headers = {name: value.encode() for name, value in spoil(signed(gateway)).items()}
    assert send(gateway, headers) == 401  # type: ignore[arg-type]
    assert gateway.charges() == []


def test_another_body_path_or_secret_is_refused(gateway: GatewayForTests) -> None:
    headers = signed(gateway)
    assert send(gateway, headers, body=BODY.replace(b"99", b"09")) == 401
    assert send(gateway, headers, path="/charges?x=1") == 401
    assert send(gateway, signed(gateway, secret="guessed")) == 401
    assert gateway.charges() == []


@pytest.mark.parametrize("timestamp", ["", "now", "-5", "0", "9" * 30, "²", "1e9"])
def test_a_time_that_is_none_or_long_ago_is_refused(gateway: GatewayForTests, timestamp: str) -> None:
    signature = signing.sign_request(
        gateway.server.address.secret, method="POST", path="/charges", timestamp=timestamp, key="7-1", body=BODY
    )
    headers = {signing.KEY: "7-1", signing.TIMESTAMP: timestamp, signing.SIGNATURE: signature}
    encoded = {name: value.encode() for name, value in headers.items()}
    assert send(gateway, encoded) == 401  # type: ignore[arg-type]
    assert gateway.charges() == []


def test_an_old_request_cannot_be_replayed(gateway: GatewayForTests) -> None:
    with time_machine.travel(datetime.now(UTC) - signing.TOLERANCE - timedelta(seconds=5)):
        headers = signed(gateway)
    assert send(gateway, headers) == 401
    assert gateway.charges() == []


@pytest.mark.parametrize("hours", [-2, 25])
def test_a_machine_whose_clock_is_wrong_is_told_the_time_and_charges(gateway: GatewayForTests, hours: int) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=hours)):
        assert gateway.charge("7-1").outcome is Outcome.SUCCEEDED
        assert len(gateway.paid()) == 1


def test_the_clock_of_a_story_runs_in_the_books_and_lets_real_and_told_times_in(gateway: GatewayForTests) -> None:
    told = datetime(2028, 2, 28, 16, 10, tzinfo=UTC)
    gateway.set_clock(told)
    gateway.charge("7-1")
    with time_machine.travel(told):
        gateway.charge("8-1")
    assert {datetime.fromisoformat(line["at"]).date() for line in gateway.paid()} == {told.date()}
    assert gateway.paid()[0]["reference"].startswith("SB20280229")


def test_an_adapter_with_another_secret_gets_unknown(gateway: GatewayForTests) -> None:
    answer = talk_to(gateway.url, secret="guessed")
    assert (answer.outcome, answer.code) == (Outcome.UNKNOWN, "bad_signature")


def talk_to(url: str, *, secret: str) -> Answer:
    async def charge() -> Answer:
        async with SandboxGateway(name="sandbox", url=url, secret=secret, timeout=5) as opened:
            return await opened.charge(Charge("7-1", "tok_ok_1", Decimal("99.00")))

    return asyncio.run(charge())


class Impostor(BaseHTTPRequestHandler):
    """Answers every order with the words set, signed by the secret it knows or by none."""

    status, body, secret = 200, b"", "ours"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.body)))
        if self.secret:
            asked = self.headers[signing.SIGNATURE]
            signature = signing.sign_answer(
                self.secret, request_signature=asked, status=self.status, body=self.body
            )
            self.send_header(signing.SIGNATURE, signature)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def impostor() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Impostor) as server:
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


PAID = (
    b'{"key": "7-1", "outcome": "succeeded", "code": "paid", "reference": "SB1", "message": "", "amount": "99.00", '
    b'"token": "tok_ok"}'
)


@pytest.mark.parametrize(
    ("status", "body", "secret", "code"),
    [
        (200, PAID, "ours", "paid"),
        (200, PAID, "", "bad_signature"),
        (200, PAID, "theirs", "bad_signature"),
        (404, b'{"code": "absent", "message": ""}', "", "bad_signature"),
        (200, PAID.replace(b"7-1", b"8-1"), "ours", "bad_answer"),
        (200, PAID.replace(b"succeeded", b"perhaps"), "ours", "bad_answer"),
        (200, b"<html>", "ours", "bad_answer"),
        (200, b"\xff", "ours", "bad_answer"),
        (200, b"[]", "ours", "bad_answer"),
        (200, b"{}", "ours", "bad_answer"),
        (302, b"{}", "ours", "bad_answer"),
        (401, b'{"code": "clock_skew", "message": "", "now": 5}', "ours", "clock_skew"),
        (401, b'{"code": "clock_skew", "now": "noon"}', "ours", "bad_answer"),
    ],
)
def test_only_a_signed_and_whole_answer_is_believed(
    impostor: str, monkeypatch: pytest.MonkeyPatch, status: int, body: bytes, secret: str, code: str
) -> None:
    for name, value in {"status": status, "body": body, "secret": secret}.items():
        monkeypatch.setattr(Impostor, name, value)
    answer = talk_to(impostor, secret="ours")
    assert answer.code == code
    assert answer.outcome is (Outcome.SUCCEEDED if code == "paid" else Outcome.UNKNOWN)


def test_an_answer_to_another_request_is_not_believed() -> None:
    signer = Signer("ours")
    one, two = (signer.headers(method="POST", path="/charges", key=key, body=BODY) for key in ("7-1", "8-1"))
    answer = signing.sign_answer("ours", request_signature=one[signing.SIGNATURE], status=200, body=PAID)
    assert signer.read(one, status=200, signature=answer, body=PAID)["code"] == "paid"
    with pytest.raises(Exception, match="not signed"):
        signer.read(two, status=200, signature=answer, body=PAID)
    assert abs(int(one[signing.TIMESTAMP]) - time.time()) < 5
