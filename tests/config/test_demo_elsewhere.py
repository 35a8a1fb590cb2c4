"""The demo's accounts are public: they do not go into somebody's own database."""

from io import StringIO

import pytest
from django.core.management import call_command

from operations.models import User

pytestmark = pytest.mark.django_db


def told() -> str:
    printed = StringIO()
    call_command("load_demo", stdout=printed)
    return printed.getvalue()


@pytest.mark.parametrize("username", ["lilei", "admin"])
def test_a_database_with_users_of_its_own_is_left_alone(username: str) -> None:
    User.objects.create_user(username, password="not-the-demo-s")
    assert "DATABASE_URL" in told()
    assert list(User.objects.values_list("username", flat=True)) == [username]


def test_the_embedded_database_may_have_other_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    User.objects.create_user("lilei", password="not-the-demo-s")
    assert "2000" in told()
