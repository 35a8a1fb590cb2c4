"""What goes wrong is said in the reader's language, on a page that needs nothing but itself."""

import re

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory
from django.utils import translation
from django.views import defaults

from operations.models import User

pytestmark = pytest.mark.django_db

HEADINGS = {403: "This is not permitted", 404: "The page was not found"}
LANGUAGES = ["zh-hans", "en"]


def heading(page: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page)
    assert found, page
    return found.group(1)


@pytest.fixture
def clerk(client: Client) -> Client:
    """Someone who may enter the desk and nothing in it."""
    client.force_login(User.objects.create_user("clerk", password="clerk", is_staff=True))
    return client


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("path", "status"), [("/admin/operations/user/", 403), ("/nowhere/", 404)])
def test_pages_speak_the_readers_language(clerk: Client, language: str, path: str, status: int) -> None:
    answer = clerk.get(path, headers={"accept-language": language})
    page = answer.content.decode()
    with translation.override(language):
        wanted = translation.gettext(HEADINGS[status])
    assert answer.status_code == status
    assert heading(page) == wanted
    assert f'<html lang="{language}">' in page and 'href="/admin/"' in page
    assert (wanted == HEADINGS[status]) is (language == "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_expired_form_is_explained(language: str) -> None:
    answer = Client(enforce_csrf_checks=True).post("/admin/login/", headers={"accept-language": language})
    with translation.override(language):
        assert heading(answer.content.decode()) == translation.gettext("The form has expired")
    assert answer.status_code == 403


def test_a_host_that_is_not_ours_gets_a_plain_refusal(client: Client) -> None:
    answer = client.get("/admin/login/", headers={"host": "elsewhere.example"})
    assert answer.status_code == 400
    assert "elsewhere" not in answer.content.decode() and heading(answer.content.decode())


def test_a_fault_is_told_in_both_languages_and_names_nothing() -> None:
    answer = defaults.server_error(RequestFactory().get("/secret/"))
    page = answer.content.decode()
    assert answer.status_code == 500 and "secret" not in page
    assert [f'<section lang="{language}">' in page for language in LANGUAGES] == [True, True]
    assert "Something went wrong" in page


def test_pages_load_nothing_from_elsewhere_and_repeat_no_message() -> None:
    request = RequestFactory().get("/")
    answers = [
        defaults.bad_request(request, ValueError("raw words")),
        defaults.permission_denied(request, PermissionDenied("raw words")),
        defaults.page_not_found(request, ValueError("raw words")),
        defaults.server_error(request),
    ]
    for answer in answers:
        page = answer.content.decode()
        assert not re.search(r"<(?:link|script|img)|url\(|https?:", page) and "raw words" not in page
