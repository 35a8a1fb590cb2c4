"""Messages that come in, after the Standard Webhooks specification: whose they are, how old, and what is wrong."""

from datetime import UTC, datetime, timedelta

import pytest
from django.http import HttpRequest

from operations import webhooks
from operations.webhooks import (
    BadIdError,
    BadSignatureError,
    BadTimestampError,
    MissingHeaderError,
    TooNewError,
    TooOldError,
    WebhookError,
    verify,
)

SECRET, OTHER = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2Vjb25kIHNlY3JldCBvZiBhIHBhcnRuZXI="
BODY = b'{"test": 2432232314}'
#: The example of the specification's reference implementations.
AT = datetime.fromtimestamp(1614265330, UTC)
HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
RIGHT = HEADERS["webhook-signature"]


def test_the_example_of_the_specification_is_right() -> None:
    assert verify(HEADERS, BODY, [SECRET], now=AT) == "msg_p5jXN8AQM9LWM0D4loKWxJek"


def test_what_we_sign_we_verify() -> None:
    headers = webhooks.sign(OTHER, id="fulfilment:7:active", at=AT, body="{\"名\": 1}".encode())
    assert verify(headers, "{\"名\": 1}".encode(), [OTHER], now=AT) == "fulfilment:7:active"


def test_headers_are_found_however_they_are_written() -> None:
    assert verify({name.title(): value for name, value in HEADERS.items()}, BODY, [SECRET], now=AT)
    request = HttpRequest()
    request.META = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in HEADERS.items()}
    assert verify(request.headers, BODY, [SECRET], now=AT)


@pytest.mark.parametrize("secrets", [[SECRET], [OTHER, SECRET], [SECRET, OTHER]])
def test_while_a_secret_is_being_changed_either_will_do(secrets: list[str]) -> None:
    assert verify(HEADERS, BODY, iter(secrets), now=AT)


@pytest.mark.parametrize(
    "signatures",
    [f"v1,AAAA {RIGHT}", f"{RIGHT} v1,AAAA", f"v1a,xyz {RIGHT}", f"  {RIGHT}  ", f"v1,é {RIGHT}", f"v1, {RIGHT} v1"],
)
def test_one_right_signature_among_several_will_do(signatures: str) -> None:
    assert verify({**HEADERS, "webhook-signature": signatures}, BODY, [SECRET], now=AT)


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("value", ["", None])
def test_a_missing_header_is_named(name: str, value: str | None) -> None:
    headers = {key: kept for key, kept in HEADERS.items() if key != name} | ({name: value} if value == "" else {})
    with pytest.raises(MissingHeaderError, match=name):
        verify(headers, BODY, [SECRET], now=AT)


@pytest.mark.parametrize("id", ["with space", "编号", "x" * 256, "nul\0"])
def test_an_id_that_cannot_be_kept_is_refused(id: str) -> None:
    with pytest.raises(BadIdError):
        verify({**HEADERS, "webhook-id": id}, BODY, [SECRET], now=AT)


@pytest.mark.parametrize(
    "timestamp", ["now", "-1614265330", "1614265330.5", "1e9", " 1614265330", "１６１４２６５３３０", "9" * 400, "0x10"]
)
def test_a_timestamp_is_a_number_of_seconds(timestamp: str) -> None:
    with pytest.raises(BadTimestampError):
        verify({**HEADERS, "webhook-timestamp": timestamp}, BODY, [SECRET], now=AT)


def test_a_message_may_be_five_minutes_on_its_way_and_no_longer() -> None:
    limit, more = timedelta(minutes=5), timedelta(minutes=5, microseconds=1)
    assert verify(HEADERS, BODY, [SECRET], now=AT + limit) and verify(HEADERS, BODY, [SECRET], now=AT - limit)
    with pytest.raises(TooOldError):
        verify(HEADERS, BODY, [SECRET], now=AT + more)
    with pytest.raises(TooNewError):
        verify(HEADERS, BODY, [SECRET], now=AT - more)


def test_another_tolerance_is_the_callers() -> None:
    assert verify(HEADERS, BODY, [SECRET], now=AT + timedelta(days=1), tolerance=timedelta(days=1))


@pytest.mark.parametrize(
    ("headers", "body"),
    [({}, BODY + b" "), ({"webhook-id": "another"}, BODY), ({"webhook-timestamp": "1614265331"}, BODY),
     ({"webhook-signature": RIGHT[:-2] + "A="}, BODY), ({"webhook-signature": RIGHT.removeprefix("v1,")}, BODY),
     ({"webhook-signature": RIGHT.replace("v1", "v2")}, BODY), ({"webhook-signature": "v1"}, BODY),
     ({"webhook-signature": "v1,"}, BODY), ({"webhook-signature": RIGHT.replace("v1,", "v1;")}, BODY),
     ({"webhook-signature": "v1,\udcff"}, BODY)],
)  # fmt: skip
def test_whatever_was_touched_is_no_longer_signed(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(BadSignatureError):
        verify({**HEADERS, **headers}, body, [SECRET], now=AT)


@pytest.mark.parametrize("secrets", [[], [OTHER]])
def test_a_message_of_a_stranger_is_refused(secrets: list[str]) -> None:
    with pytest.raises(BadSignatureError):
        verify(HEADERS, BODY, secrets, now=AT)


def test_every_refusal_is_one_of_webhooks_and_readable() -> None:
    with pytest.raises(WebhookError) as refused:
        verify(HEADERS, BODY, [OTHER], now=AT)
    assert str(refused.value)
