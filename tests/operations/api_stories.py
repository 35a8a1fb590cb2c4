"""Programs that call the API: a client with a token, and what it says and hears.

    caller = a_caller("benefits.redeem")
    answer = caller.post("/api/v1/benefits/redemptions", {"member": 1, "benefit": "…"}, key="order-7")
    assert answer.status_code == 201 and answer.json()["state"] == "granted"
    refused = caller.post(…)
    assert problem(refused) == (409, "key-conflict")
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.test import Client

from operations import registry
from operations.api.problems import MEDIA_TYPE
from operations.api.routers import ApiScope
from operations.models import ApiClient, User
from operations.services.api_clients import Made, make_client

MADE_AT = datetime(2027, 1, 15, 4, tzinfo=UTC)
_numbers = count(1)


class Caller:
    """A program with a token (or without): what it asks is answered as over HTTP, in English unless told otherwise."""

    def __init__(self, token: str = "", *, language: str = "en") -> None:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self.http = Client(headers={"accept-language": language, **headers})

    def get(self, path: str, **query: Any) -> Any:
        return self.http.get(path, query)

    def post(self, path: str, body: Any = None, *, key: str | None = None, **headers: str) -> Any:
        """`body` is sent as JSON, bytes as they are; `key` as Idempotency-Key."""
        keyed = {"idempotency-key": key} if key is not None else {}
        return self.http.post(path, body, content_type="application/json", headers={**keyed, **headers})

    def send(self, method: str, path: str, body: bytes = b"", *, content_type: str, **headers: str) -> Any:
        """Anything at all."""
        return self.http.generic(method, path, body, content_type=content_type, headers=headers)


def an_api_client(*scopes: str, name: str = "", actor: User | None = None) -> Made:
    """A client with these scopes, and its token."""
    number = next(_numbers)
    actor = actor or User.objects.create_user(f"administrator{number}")
    return make_client(name or f"小程序 {number}", scopes, reason="接入小程序", actor=actor, at=MADE_AT)


def a_caller(*scopes: str, language: str = "en") -> Caller:
    """A program whose token has these scopes."""
    return Caller(an_api_client(*scopes).token, language=language)


def user_of(caller: Caller) -> User:
    """In whose name a caller acts."""
    _bearer, _space, token = caller.http.defaults["HTTP_AUTHORIZATION"].partition(" ")
    return ApiClient.objects.get(prefix=token.split("_")[1]).user


def problem(answer: Any) -> tuple[int, str]:
    """The status and the code of an answer that must be a problem document; "" where it is no kind of its own."""
    assert answer.headers["Content-Type"] == MEDIA_TYPE, answer.content
    said = answer.json()
    assert said["status"] == answer.status_code and said["title"] and said["detail"], said
    return said["status"], said["type"].removeprefix("urn:plusdesk:problem:").replace("about:blank", "")


def faults(answer: Any) -> dict[str, str]:
    """The words of a problem, by their places."""
    return {fault["place"]: fault["words"] for fault in answer.json().get("errors", [])}


@contextmanager
def known_scopes(*names: str) -> Iterator[None]:
    """Scopes that are there for a test."""
    before = dict(registry.api_scopes._entries)
    for name in names:
        registry.api_scopes.register(ApiScope(name, name))
    try:
        yield
    finally:
        registry.api_scopes._entries.clear()
        registry.api_scopes._entries.update(before)
