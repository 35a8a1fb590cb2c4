"""The health page says whether the desk can work, to anybody, and tells nothing else."""

from typing import Any

import pytest
from django.test import Client

from config import health

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that answers."""
    monkeypatch.setattr(health.app.control, "ping", lambda **_options: [{"celery@here": {"ok": "pong"}}])


def test_all_is_well(client: Client) -> None:
    answer = client.get("/health/")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "database": "ok", "redis": "ok", "worker": "ok"}
    assert "no-store" in answer["cache-control"]


def test_no_worker_is_named(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health.app.control, "ping", lambda **_options: [])
    answer = client.get("/health/")
    assert answer.status_code == 503
    assert answer.json()["worker"] == "unavailable" and answer.json()["database"] == "ok"


def test_what_breaks_is_named_and_not_explained(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: Any, **_options: Any) -> None:
        raise ConnectionError("redis://secret@10.0.0.1")

    monkeypatch.setattr(health.cache, "set", broken)
    monkeypatch.setattr(health.cache, "get", broken)
    answer = client.get("/health/")
    assert answer.status_code == 503
    assert answer.json()["redis"] == "unavailable" and "secret" not in answer.content.decode()


def test_workers_are_not_asked_at_every_look(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(health.app.control, "ping", lambda **_options: asked.append(1) or [{"a": {}}])
    client.get("/health/")
    client.get("/health/")
    assert len(asked) == 1


def test_nothing_is_changed_by_asking(client: Client) -> None:
    assert client.post("/health/").status_code == 405


def test_probes_come_by_address_and_without_tls(client: Client, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["desk.example"]
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/health/", headers={"host": "10.0.0.7"}).status_code == 200
    assert client.get("/admin/", headers={"host": "10.0.0.7"}).status_code == 400


def test_probes_leave_no_line_in_the_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    client.get("/health/")
    assert not caplog.records
