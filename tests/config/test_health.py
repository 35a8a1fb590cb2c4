"""The health page says whether the desk can work, to anybody, and tells nothing else."""

from typing import Any

import pytest
from django.test import Client

from config import health
from config.logs import scrub

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


def test_log_lines_are_scrubbed() -> None:
    line = scrub("event='x' mobile=13812345678 to=lilei@example.com\nDETAIL:  Key (name)=(李雷) already exists.\nend")
    assert not any(secret in line for secret in ("13812345678", "lilei", "李雷"))
    assert "138****5678" in line and line.endswith("\nend")
    assert scrub("run=202601151234567890 total=13812") == "run=202601151234567890 total=13812"
