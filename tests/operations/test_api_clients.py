"""Tokens of the API: given out once, good for what they were given for, noted once a day, taken back for ever."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.db import DatabaseError, connection, transaction
from django.test import Client

from operations.crypto import keyed_hash
from operations.models import ApiClient, User
from operations.services.api_clients import (
    NameTakenError,
    RevokedError,
    ScopesMissingError,
    UnknownScopeError,
    find_client,
    make_client,
    note_use,
    revoke_client,
)
from tests.memberships.factories import an_operator, last_event
from tests.operations.api_stories import MADE_AT, an_api_client, known_scopes

pytestmark = pytest.mark.django_db
TODAY = date(2027, 1, 15)


@pytest.fixture(autouse=True)
def _scopes() -> Any:
    with known_scopes("shop.sell", "shop.brew"):
        yield


def test_a_token_is_found_by_what_it_is_and_kept_by_its_hash_only() -> None:
    made = an_api_client("shop.sell")
    assert find_client(made.token) == made.client
    kept = ApiClient.objects.values().get()
    assert bytes(kept["token_hash"]) == keyed_hash(made.token, purpose="api token")
    assert made.token.split("_", 2)[2] not in str(kept)


def test_two_tokens_differ() -> None:
    assert an_api_client("shop.sell").token != an_api_client("shop.sell").token


@pytest.mark.parametrize(
    "change",
    [lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"), lambda token: token[:-1], str.upper,
     lambda token: f"{token}A", lambda token: "", lambda token: f"{token}\n", lambda token: f"pdk_a{token[4:]}"],
)  # fmt: skip
def test_a_token_that_is_nearly_right_is_nobodys(change: Any) -> None:
    assert find_client(change(an_api_client("shop.sell").token)) is None


def test_a_client_acts_as_a_user_of_its_own_who_cannot_sign_in() -> None:
    user = an_api_client("shop.sell", name="京东小程序").client.user
    assert user.first_name == "京东小程序"
    assert not (user.is_staff or user.is_superuser or user.has_usable_password())
    assert authenticate(username=user.username, password="") is None
    assert not Client().login(username=user.username, password="!")


def test_the_trail_says_who_gave_it_out_and_why_and_holds_no_hash() -> None:
    made = an_api_client("shop.sell", actor=an_operator())
    event = last_event(made.client)
    assert event.pgh_context["reason"] == "接入小程序" and event.pgh_label == "insert"
    assert not hasattr(event, "token_hash")


def test_a_scope_that_no_operation_asks_for_is_refused() -> None:
    with pytest.raises(UnknownScopeError):
        an_api_client("shop.sell", "shop.rob")
    with pytest.raises(ScopesMissingError):
        an_api_client()
    assert not ApiClient.objects.exists() and not User.objects.filter(username__startswith="api-").exists()


def test_a_name_is_somebodys_until_the_token_is_revoked() -> None:
    first = an_api_client("shop.sell", name="小程序")
    with pytest.raises(NameTakenError):
        an_api_client("shop.sell", name=" 小程序 ")
    revoke_client(first.client, reason="换发", actor=an_operator(), on=TODAY)
    assert find_client(an_api_client("shop.sell", name="小程序").token)


def test_a_revoked_token_is_nobodys_for_ever() -> None:
    made, actor = an_api_client("shop.sell"), an_operator()
    revoked = revoke_client(made.client, reason="泄露", actor=actor, on=TODAY)
    assert find_client(made.token) is None and revoked.revoked_on == TODAY
    assert not User.objects.get(pk=made.client.user_id).is_active
    with pytest.raises(RevokedError):
        revoke_client(made.client, reason="again", actor=actor, on=TODAY)
    with pytest.raises(DatabaseError), transaction.atomic():
        ApiClient.objects.update(revoked_on=None)


def test_a_token_whose_user_was_made_inactive_is_not_taken() -> None:
    made = an_api_client("shop.sell")
    User.objects.filter(pk=made.client.user_id).update(is_active=False)
    assert find_client(made.token) is None


@pytest.mark.parametrize("change", [{"scopes": ["shop.brew"]}, {"prefix": "x"}, {"token_hash": b"x"}, {"name": "x"}])
def test_what_was_given_out_is_not_changed_and_nobody_is_deleted(change: dict[str, Any]) -> None:
    an_api_client("shop.sell")
    with pytest.raises(DatabaseError), transaction.atomic():
        ApiClient.objects.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        ApiClient.objects.all().delete()


def test_the_last_use_is_written_once_a_day(django_assert_num_queries: Any) -> None:
    made = an_api_client("shop.sell")
    with django_assert_num_queries(1):
        note_use(made.client, on=TODAY)
    client = find_client(made.token)
    assert client is not None and client.last_used_on == TODAY
    with django_assert_num_queries(0):
        note_use(client, on=TODAY)
    # Another process saw it before the first of that day: nothing goes back.
    note_use(made.client, on=date(2027, 1, 14))
    assert ApiClient.objects.get().last_used_on == TODAY
    assert last_event(client).pgh_label == "insert"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_a_name_at_once_one_gets_it() -> None:
    actor = an_operator()

    def take(_number: int) -> bool:
        try:
            make_client("小程序", ["shop.sell"], reason="x", actor=actor, at=MADE_AT)
        except NameTakenError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(8))) == 1
    assert User.objects.filter(username__startswith="api-").count() == 1
