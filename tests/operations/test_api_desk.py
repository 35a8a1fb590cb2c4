"""The desk's own API: its document, its page for staff, and what every operation of every floor must have."""

from typing import Any

import pytest
from django.test import Client

from operations import registry
from operations.models import User
from tests.operations.api_stories import Caller

pytestmark = pytest.mark.django_db
METHODS = ("get", "put", "post", "patch", "delete")

#: POSTs that ask for more than fits an address, and change nothing.
QUESTIONS = {"quote_price"}
#: The order's own number is the key.
KEYED_BY_ORDER = {"tell_savings", "tell_quoted_savings"}


@pytest.fixture
def document() -> dict[str, Any]:
    answer = Caller().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return dict(answer.json())


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method} {path}": details
        for path, methods in document["paths"].items() for method, details in methods.items() if method in METHODS
    }


def test_no_two_operations_have_a_name(document: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    names = [details["operationId"] for details in operations(document).values()]
    assert len(names) == len(set(names)) and "already used" not in capsys.readouterr().out


def test_every_operation_says_how_it_refuses(document: dict[str, Any]) -> None:
    for name, details in operations(document).items():
        wanted = {"400", "401", "403", "429"}
        wanted |= {"404", "422"} if details.get("parameters") or "requestBody" in details else set()
        wanted |= set() if name.startswith("get ") else {"409", "411", "413"}
        wanted |= {"415"} if "requestBody" in details else set()
        assert wanted <= set(details["responses"]), name


def test_every_operation_asks_for_a_scope_that_tokens_are_given(document: dict[str, Any]) -> None:
    known = {scope.name for scope in registry.api_scopes}
    for name, details in operations(document).items():
        scopes = [scope for entry in details["security"] for scope in entry.get("ApiToken", [])]
        assert scopes and set(scopes) <= known, name


def test_what_changes_something_asks_for_a_key(document: dict[str, Any]) -> None:
    for name, details in operations(document).items():
        headers = {parameter["name"] for parameter in details.get("parameters", ()) if parameter["in"] == "header"}
        changes = not name.startswith("get ") and details["operationId"] not in QUESTIONS | KEYED_BY_ORDER
        assert not changes or "Idempotency-Key" in headers, name


def test_every_scope_says_what_it_is_for() -> None:
    assert all(str(scope.label) for scope in registry.api_scopes)


def test_the_page_with_the_document_is_for_staff() -> None:
    client = Client()
    assert client.get("/api/v1/docs").status_code == 302
    client.force_login(User.objects.create_user("wang", is_staff=True))
    page = client.get("/api/v1/docs")
    assert page.status_code == 200 and "/api/v1/openapi.json" in page.content.decode()


def test_below_the_api_there_are_no_pages() -> None:
    answer = Caller().get("/api/v1/nothing/")
    assert answer.status_code == 404 and answer.headers["Content-Type"] == "application/problem+json"
