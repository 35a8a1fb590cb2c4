"""API clients at the desk: made with a reason, their token shown once, listed, and revoked."""

from collections.abc import Iterator

import pytest
from django.test import Client

from operations.models import ApiClient
from operations.services.api_clients import find_client
from tests.memberships.admin_pages import granted, signed_in
from tests.memberships.factories import an_operator, last_event
from tests.operations.api_stories import an_api_client, known_scopes

pytestmark = pytest.mark.django_db
LIST = "/admin/operations/apiclient/"
MAKE = f"{LIST}make/"
WISH = {"name": "京东小程序", "scopes": ["shop.sell"], "reason": "接入小程序"}


@pytest.fixture(autouse=True)
def _scopes() -> Iterator[None]:
    with known_scopes("shop.sell", "shop.brew"):
        yield


@pytest.fixture
def desk() -> Client:
    rights = (f"operations.{right}_apiclient" for right in ("view", "add", "revoke"))
    return signed_in(granted(an_operator(), *rights))


def test_a_token_is_shown_once_and_works(desk: Client) -> None:
    assert "shop.brew" in desk.get(MAKE).content.decode()
    page = desk.post(MAKE, WISH)
    (token,) = [value for _label, value in page.context["shown"] if value.startswith("pdk_")]
    assert token in page.content.decode() and "no-store" in page.headers["Cache-Control"]
    client = find_client(token)
    assert client is not None and client.scopes == ["shop.sell"]
    assert last_event(client).pgh_context["reason"] == "接入小程序"
    for address in (LIST, f"{LIST}{client.pk}/change/", f"{LIST}{client.pk}/history/"):
        shown = desk.get(address).content.decode()
        assert client.name in shown and token not in shown and token.split("_", 2)[2] not in shown


@pytest.mark.parametrize(
    "change", [{"name": ""}, {"name": "x" * 101}, {"scopes": []}, {"scopes": ["shop.rob"]}, {"reason": "  "}]
)
def test_what_is_missing_is_asked_for_again(desk: Client, change: dict[str, object]) -> None:
    assert desk.post(MAKE, {**WISH, **change}).status_code == 422
    assert not ApiClient.objects.exists()


def test_a_name_that_somebody_has_is_said(desk: Client) -> None:
    an_api_client("shop.sell", name="京东小程序")
    page = desk.post(MAKE, WISH)
    assert page.status_code == 422 and "There is an API client “京东小程序” already." in page.content.decode()


def test_a_token_is_taken_back_with_a_reason(desk: Client) -> None:
    made = an_api_client("shop.sell")
    revoke = f"{LIST}{made.client.pk}/revoke/"
    assert desk.get(revoke).status_code == 200 and find_client(made.token)
    assert desk.post(revoke, {"reason": ""}).status_code == 422 and find_client(made.token)
    page = desk.post(revoke, {"reason": "泄露"}, follow=True)
    assert page.status_code == 200 and find_client(made.token) is None
    assert last_event(made.client).pgh_context["reason"] == "泄露"
    assert desk.get(revoke).status_code == 403
    assert "revoked" in desk.get(LIST).content.decode()


def test_a_client_is_found_by_the_beginning_of_its_token(desk: Client) -> None:
    made = an_api_client("shop.sell")
    an_api_client("shop.sell")
    for term in (made.client.prefix, made.token[:14]):
        page = desk.post(f"{LIST}find/", {"q": term}, follow=True)
        assert list(page.context["cl"].result_list) == [made.client]


def test_who_only_looks_can_neither_make_nor_revoke() -> None:
    made = an_api_client("shop.sell")
    desk = signed_in(granted(an_operator(), "operations.view_apiclient"))
    assert desk.get(LIST).status_code == 200
    for address in (MAKE, f"{LIST}{made.client.pk}/revoke/"):
        assert [desk.get(address).status_code, desk.post(address, {"reason": "x"}).status_code] == [403, 403]
    assert find_client(made.token)
