"""The frame of the API: every refusal is a problem document, in the caller's language, and in the document."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from operations.models import User
from tests.memberships.factories import last_event
from tests.operations.api_shop import BREW, FAILURES, SELL, api
from tests.operations.api_stories import Caller, a_caller, an_api_client, faults, known_scopes, problem, user_of

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.operations.api_shop")]
ORDERS = "/tea/shop/orders"
ORDER = {"tea": "longjing", "cups": 2, "price": "58.00", "on": "2027-01-15", "note": "少糖"}


@pytest.fixture(autouse=True)
def _scopes() -> Iterator[None]:
    with known_scopes(SELL, BREW):
        yield


def test_what_is_right_is_done_in_the_name_of_the_clients_user() -> None:
    caller = a_caller(SELL)
    answer = caller.post(ORDERS, ORDER, key="order-7")
    assert (answer.status_code, answer.headers["Content-Type"]) == (201, "application/json; charset=utf-8")
    assert answer.json() == {"tea": "longjing", "cups": 2, "key": "order-7", "by": user_of(caller).username}
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_audit_trail_names_the_clients_user() -> None:
    caller = a_caller(SELL)
    assert caller.post("/tea/shop/names?name=掌柜", key="k").json() == {"name": "掌柜"}
    said = last_event(user_of(caller)).pgh_context
    assert (said["user"], said["url"]) == (user_of(caller).pk, "/tea/shop/names")


def test_chinese_is_sent_as_it_is() -> None:
    assert "龙井" in a_caller(SELL).get(f"{ORDERS}/7").content.decode()


# --- who is asking


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer x", "Basic YTpi", "Bearer pdk_aaaaaaaaaa_x", "bearer é"]
)
def test_without_a_valid_token_nothing_is_answered(header: str | None) -> None:
    client = Client(headers={} if header is None else {"authorization": header})
    answer = client.get(f"{ORDERS}/7")
    assert problem(answer) == (401, "not-authenticated") and answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_signed_in_operator_is_no_client_of_the_api() -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    assert problem(client.get(f"{ORDERS}/7")) == (401, "not-authenticated")


def test_a_token_reaches_as_far_as_its_scopes() -> None:
    answer = a_caller(BREW).post(ORDERS, ORDER, key="order-7")
    assert problem(answer) == (403, "scope-missing") and SELL in answer.json()["detail"]


# --- what is asked


def test_each_wrong_place_is_named_in_words() -> None:
    wrong = {"tea": "龙井!", "cups": 0, "price": "1.234", "on": "2027-02-30", "note": "x" * 201}
    answer = a_caller(SELL).post(ORDERS, wrong)
    assert problem(answer) == (422, "invalid-request")
    assert faults(answer) == {
        "body/tea": "This does not have the form that is expected here.",
        "body/cups": "At least 1 is expected here.",
        "body/price": "At most 2 decimal places are expected here.",
        "body/on": "A date is expected here, as 2027-01-15.",
        "body/note": "At most 200 characters are expected here.",
        "header/Idempotency-Key": "This is missing.",
    }


def test_the_words_are_in_the_language_that_is_asked_for() -> None:
    english, chinese = (a_caller(SELL, language=language) for language in ("en", "zh-CN,zh;q=0.9"))
    said = [caller.post(ORDERS, {}, key="k").json() for caller in (english, chinese)]
    assert said[0]["title"] == "The request cannot be carried out" and said[0]["type"] == said[1]["type"]
    assert said[1]["title"] == "请求无法执行"
    assert {fault["words"] for fault in said[1]["errors"]} == {"此处为必填。"}
    assert [fault["code"] for fault in said[0]["errors"]] == [fault["code"] for fault in said[1]["errors"]]


@pytest.mark.parametrize("key", ["", "x" * 65, "with space", "键", "tab\t"])
def test_a_key_is_64_printable_characters_at_most(key: str) -> None:
    answer = a_caller(SELL).post(ORDERS, ORDER, key=key)
    assert problem(answer) == (422, "invalid-request") and set(faults(answer)) == {"header/Idempotency-Key"}


@pytest.mark.parametrize("day", ["1949-12-31", "2200-01-01"])
def test_a_date_of_no_business_is_named(day: str) -> None:
    answer = a_caller(SELL).get(f"{ORDERS}/7", on=day)
    assert faults(answer) == {"query/on": "A date from 1950-01-01 to 2199-12-31 is expected here."}


@pytest.mark.parametrize("number", ["0", "-1", "9223372036854775808", "9" * 5000, "seven", "1.5"])
def test_a_number_of_a_record_is_one_that_can_be_kept(number: str) -> None:
    assert problem(a_caller(SELL).get(f"{ORDERS}/{number}")) == (422, "invalid-request")


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"7", b'"x"', b'{"tea": null}', b'{"tea": ["x"], "cups": {}, "price": [], "on": 7}',
     b'{"tea": "x", "cups": 1e9, "price": -1, "on": "2027-01-15"}', b'{"price": 1e300}', b'{"cups": 2147483648}'],
)  # fmt: skip
def test_a_body_of_another_shape_is_named(body: bytes) -> None:
    assert problem(a_caller(SELL).post(ORDERS, body, key="k")) == (422, "invalid-request")


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff\xfe", b'{"tea": "\xff"}', b"\xef\xbb\xbf{}", b'{"tea": NaN}', b'{"cups": -Infinity}',
     b'{"cups": 1e999}', b'{"cups": 99999999999999999999}', b'{"cups": ' + b"9" * 1900 + b"}", b'{"tea": "\\u0000"}',
     b'{"tea": "\\ud800"}', b'{"\\udfff": 1}', b'{"a": [{"b": "\\u0000"}]}', b'{"tea": "\x00"}', b"[" * 1990,
     b'{"tea": "a", "tea": "b"}', '{"tea": 1}'.encode("utf-16")],
)  # fmt: skip
def test_a_body_that_could_be_read_in_two_ways_or_not_be_kept_is_refused(body: bytes) -> None:
    assert problem(a_caller(SELL).post(ORDERS, body, key="k")) == (400, "malformed")


def test_an_emoji_written_as_two_halves_is_whole() -> None:
    body = json.dumps({**ORDER, "note": "\N{TEACUP WITHOUT HANDLE}"}).encode()
    assert b"\\ud83c" in body
    assert a_caller(SELL).post(ORDERS, body, key="k").status_code == 201


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "multipart/form-data", "application/x-www-form-urlencoded", "",
             "application/json; charset=gb18030", "application/jsonp"],
)  # fmt: skip
def test_a_body_of_another_type_is_refused(kind: str) -> None:
    answer = a_caller(SELL).send("POST", ORDERS, b"{}", content_type=kind, **{"idempotency-key": "k"})
    assert problem(answer) == (415, "unsupported-type")


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=UTF-8", "Application/JSON"])
def test_json_may_say_that_it_is_utf_8(kind: str) -> None:
    answer = a_caller(SELL).send(
        "POST", ORDERS, json.dumps(ORDER).encode(), content_type=kind, **{"idempotency-key": "k"}
    )
    assert answer.status_code == 201


def test_a_body_that_is_too_large_is_refused_before_anybody_is_asked_who_they_are() -> None:
    answer = Caller().post(ORDERS, b"x" * 2_001)
    assert problem(answer) == (413, "too-large") and "2000" in answer.json()["detail"]
    assert problem(Caller().post(ORDERS, b"x" * 2_000))[0] == 401


def test_a_body_whose_length_nobody_knows_is_refused() -> None:
    answer = a_caller(SELL).post(ORDERS, b"{}", **{"transfer-encoding": "chunked"})
    assert problem(answer) == (411, "length-required")


@pytest.mark.parametrize("address", ["?word=%00", "?word=%ff", "?word=%ed%a0%80", "?%00=1", "/%00"])
def test_an_address_that_cannot_be_read_or_kept_is_refused(address: str) -> None:
    assert problem(a_caller(SELL).send("GET", f"{ORDERS}/7{address}", content_type="")) == (400, "malformed")


@pytest.mark.parametrize("path", ["/tea/shop/%ff%fe", "/tea/商店", "/tea/%F0%9F%8D%B5"])
def test_a_path_of_other_letters_leads_nowhere(path: str) -> None:
    assert problem(a_caller(SELL).send("GET", path, content_type="")) == (404, "")


def test_a_question_may_be_in_chinese() -> None:
    assert a_caller(SELL).get(f"{ORDERS}/7", word="京东读书").json()["tea"] == "京东读书"


def test_too_many_parameters_are_refused() -> None:
    query = "&".join(f"p{number}=1" for number in range(1_100))
    assert problem(a_caller(SELL).send("GET", f"{ORDERS}/7?{query}", content_type=""))[0] == 400


# --- where nothing is


@pytest.mark.parametrize("path", ["/tea/", "/tea/nothing", "/tea/shop/orders/", "/tea/shop/orders/7/cups", "/tea/a/b/"])
def test_an_address_that_leads_nowhere_is_a_problem_and_no_page(path: str) -> None:
    assert problem(a_caller(SELL).get(path)) == (404, "")


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", ORDERS), ("GET", ORDERS), ("POST", f"{ORDERS}/7"), ("TRACE", ORDERS)]
)
def test_a_method_that_is_not_there_is_a_problem_with_those_that_are(method: str, path: str) -> None:
    answer = a_caller(SELL).send(method, path, content_type="application/json")
    assert problem(answer) == (405, "") and answer.headers["Allow"] == ("POST" if path == ORDERS else "GET")


# --- what services refuse


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [("service", 422, "plusdesk"), ("state", 409, "broken-kettle"), ("key", 409, "key-conflict"),
     ("right", 403, "not-permitted"), ("django-right", 403, ""), ("missing", 404, ""), ("nobody", 404, "")],
)  # fmt: skip
def test_a_refusal_of_a_service_keeps_its_words_and_its_kind(kind: str, status: int, code: str) -> None:
    answer = Caller().get(f"/tea/shop/failures/{kind}")
    assert problem(answer) == (status, code) and "secret" not in answer.content.decode()
    if kind in ("service", "state", "right"):
        assert answer.json()["detail"] == str(FAILURES[kind])


@pytest.mark.parametrize("kind", ["bug", "seal"])
def test_a_fault_of_ours_is_logged_and_not_told(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caller = Caller()
    caller.http.raise_request_exception = False
    answer = caller.get(f"/tea/shop/failures/{kind}")
    assert problem(answer) == (500, "") and "secret" not in answer.content.decode()
    assert type(FAILURES[kind]).__name__ in caplog.text


# --- how often


def test_a_client_that_asks_too_often_is_told_when_it_may_again(settings: Any) -> None:
    settings.API_PER_MINUTE = 3
    eager, other = a_caller(SELL), a_caller(SELL)
    answers = [eager.get(f"{ORDERS}/7") for _time in range(8)]
    refused = [answer for answer in answers if answer.status_code == 429]
    # The minute may end among them.
    assert len(refused) >= 2 and all(1 <= int(answer.headers["Retry-After"]) <= 60 for answer in refused)
    assert problem(refused[0]) == (429, "")
    assert other.get(f"{ORDERS}/7").status_code == 200


def test_with_no_limit_nobody_is_counted(settings: Any) -> None:
    settings.API_PER_MINUTE = 0
    caller = a_caller(SELL)
    assert {caller.get(f"{ORDERS}/7").status_code for _time in range(5)} == {200}


def test_while_valkey_is_away_nobody_is_refused_for_it(settings: Any) -> None:
    backend = "django.core.cache.backends.redis.RedisCache"
    caller = a_caller(SELL)
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "redis://127.0.0.1:1/0"}}
    assert caller.get(f"{ORDERS}/7").status_code == 200


# --- what stays of a request


def test_a_line_is_logged_that_names_client_and_operation_and_no_member(caplog: pytest.LogCaptureFixture) -> None:
    made = an_api_client(SELL)
    with caplog.at_level("INFO"):
        Caller(made.token).get(f"{ORDERS}/7", word="13800138000")
    (line,) = [record.getMessage() for record in caplog.records if "api_answered" in record.getMessage()]
    assert made.client.prefix in line and "show_order" in line and "200" in line
    assert "13800138000" not in line and made.token not in caplog.text


# --- the document


def test_the_page_of_any_such_api_is_for_staff_and_shows_each_operation() -> None:
    client = Client(headers={"accept-language": "en"})
    assert client.get("/tea/docs").status_code == 302
    client.force_login(User.objects.create_user("wang", is_staff=True))
    page = client.get("/tea/docs").content.decode()
    shown = ("/tea/shop/orders/{number}", "Sell tea.", SELL, "Idempotency-Key", "Too many requests", "&quot;cups&quot;")
    assert [text for text in shown if text not in page] == []
    assert "//cdn" not in page and 'src="http' not in page


def document() -> dict[str, Any]:
    answer = Caller().get("/tea/openapi.json")
    assert answer.status_code == 200
    return dict(answer.json())


def test_the_document_says_what_can_be_answered() -> None:
    paths = document()["paths"]
    sell, show = paths["/tea/shop/orders"]["post"], paths["/tea/shop/orders/{number}"]["get"]
    boil = paths["/tea/kitchen/kettles/{name}"]["put"]
    assert set(sell["responses"]) == {"201", "400", "401", "403", "404", "409", "411", "413", "415", "422", "429"}
    assert set(boil["responses"]) == {"200", "400", "401", "403", "404", "409", "411", "413", "415", "422", "429"}
    assert set(show["responses"]) == {"200", "400", "401", "403", "404", "422", "429"}
    assert (sell["operationId"], sell["tags"], sell["security"]) == ("sell", ["Shop"], [{"ApiToken": [SELL]}])
    assert sell["responses"]["409"]["content"] == {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
    }
    assert "Retry-After" in sell["responses"]["429"]["headers"]


def test_the_key_is_in_the_document() -> None:
    (parameter,) = document()["paths"]["/tea/shop/orders"]["post"]["parameters"]
    assert (parameter["name"], parameter["in"], parameter["required"]) == ("Idempotency-Key", "header", True)
    assert parameter["schema"]["pattern"] == "^[!-~]{1,64}$"


def test_the_document_is_whole() -> None:
    text = json.dumps(document())
    names = set(document()["components"]["schemas"])
    assert {"Problem", "Fault", "Order", "Sold"} <= names
    assert all(ref.split('"')[0] in names for ref in text.split("#/components/schemas/")[1:])
    assert api.max_body_bytes == 2_000
