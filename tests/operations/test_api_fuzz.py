"""The frame of the API under made-up requests: nothing is answered that the document does not tell of."""

from typing import Any

import pytest

from tests.operations.api_fuzz import surprises
from tests.operations.api_shop import BREW, SELL
from tests.operations.api_stories import an_api_client, known_scopes

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.operations.api_shop")]


@pytest.fixture
def token(settings: Any) -> Any:
    settings.API_PER_MINUTE = 0
    with known_scopes(SELL, BREW):
        yield an_api_client(SELL, BREW).token


@pytest.mark.parametrize("only", ["/orders", "/kettles"])
def test_whatever_is_asked_the_answer_is_in_the_document(token: str, only: str) -> None:
    assert surprises("/tea/openapi.json", token=token, only=only) == []


def test_without_a_token_the_answer_is_in_the_document_too() -> None:
    assert surprises("/tea/openapi.json", only="/orders", examples=5) == []


def test_an_answer_that_the_document_does_not_tell_of_is_found(token: str) -> None:
    (surprise, *_others) = surprises("/tea/openapi.json", token=token, only="/failures", examples=5)
    assert "500" in surprise or "Server error" in surprise
