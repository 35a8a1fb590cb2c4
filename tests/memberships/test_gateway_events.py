"""The listener of the sandbox: it hears messages signed after Standard Webhooks, each once."""

import base64
import hashlib
import hmac
import http.client
import time

import pytest

from memberships.gateways.sandbox import webhooks
from tests.gateway import GatewayForTests

BODY = '{"type": "subscription.renewed", "data": {"member": 7, "名": "李"}}'.encode()


def tell(
    gateway: GatewayForTests, *, id: str = "renewal:2027-01-15", body: bytes = BODY, said: bytes | None = None,
    at: int | None = None, secret: str = "", version: str = "v1",
) -> int:
    """Send a message as any sender by the specification would; returns the status. `said`: signed in place of body."""
    key = base64.b64decode((secret or gateway.events_secret).removeprefix("whsec_"))
    timestamp = str(int(time.time()) if at is None else at)
    content = f"{id}.{timestamp}.".encode() + (body if said is None else said)
    signature = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    connection = http.client.HTTPConnection(gateway.url.removeprefix("http://"), timeout=10)
    connection.request("POST", "/events", body, {
        "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": f"v1a,no v1,bad {version},{signature}",
    })
    status = connection.getresponse().status
    connection.close()
    return status


def test_the_specifications_own_example_verifies() -> None:
    key = webhooks.decode_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }  # fmt: skip
    assert webhooks.is_signed(key, headers, body)
    assert not webhooks.is_signed(key, headers, body + b" ")


def test_a_message_is_heard_once_however_often_it_is_sent(gateway: GatewayForTests) -> None:
    assert [tell(gateway), tell(gateway), tell(gateway, id="renewal:2027-01-16")] == [200, 200, 200]
    assert [(event["id"], event["deliveries"]) for event in gateway.events()] == [
        ("renewal:2027-01-15", 2), ("renewal:2027-01-16", 1),
    ]  # fmt: skip
    assert gateway.events()[0]["body"] == BODY.decode()


def test_a_message_that_is_not_signed_so_is_not_heard(gateway: GatewayForTests) -> None:
    assert tell(gateway, said=b"something else") == 401
    assert tell(gateway, secret="whsec_Z3Vlc3NlZA==") == 401
    assert tell(gateway, version="v2") == 401
    assert tell(gateway, id="") == 401
    assert tell(gateway, at=int(time.time()) - 3600) == 401
    assert tell(gateway, body=b"\xff") == 400
    assert gateway.events() == []


def test_the_listener_may_be_deaf_for_a_while(gateway: GatewayForTests) -> None:
    gateway.order_faults(events={"unavailable": 1})
    assert tell(gateway) == 503
    gateway.order_faults(events={"error_after": 1})
    assert tell(gateway) == 500
    assert [event["deliveries"] for event in gateway.events()] == [1]
    gateway.order_faults(is_down=True)
    with pytest.raises(ConnectionError):
        tell(gateway)


@pytest.mark.parametrize("secret", ["whsec_!", "whsec_=", "密"])
def test_what_is_no_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="base64"):
        webhooks.decode_secret(secret)
