"""The health page says whether the desk can work, to anybody, and tells nothing else."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from config import health
from tests.own_servers import at_work_on

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


NOWHERE = "postgresql://nobody:nothing@127.0.0.1:1/nowhere"


@pytest.fixture
def newly_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_known", {})


def test_a_host_is_ready_without_workers(client: Client, newly_started: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health.app.control, "ping", lambda **_options: [])
    answer = client.get("/health/ready/")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok", "database": "ok", "redis": "ok", "migrations": "ok", "serving": "ok",
    }


@pytest.mark.django_db(transaction=True)
def test_without_the_database_it_lives_and_is_not_ready(client: Client, newly_started: None) -> None:
    with at_work_on(NOWHERE):
        ready, live, whole = (client.get(path) for path in ("/health/ready/", "/health/live/", "/health/"))
        assert (ready.status_code, live.status_code, whole.status_code) == (503, 200, 503)
        assert ready.json()["database"] == ready.json()["migrations"] == "unavailable"
        assert ready.json()["redis"] == "ok" and live.json() == {"status": "ok"}
    assert client.get("/health/ready/").status_code == 200


def test_new_code_is_not_ready_before_its_migrations(client: Client, newly_started: None) -> None:
    last = MigrationRecorder.Migration.objects.filter(app="partners").order_by("-pk")[0]
    last.delete()
    assert client.get("/health/ready/").json()["migrations"] == "unavailable"
    MigrationRecorder(connection).record_applied("partners", last.name)
    assert client.get("/health/ready/").status_code == 200


def test_old_code_stays_ready_while_the_new_one_migrates(client: Client, newly_started: None) -> None:
    MigrationRecorder(connection).record_applied("partners", "9999_of_the_next_release")
    assert client.get("/health/ready/").status_code == 200


def test_a_host_that_is_drained_says_so_and_goes_on_working(client: Client, settings: Any, tmp_path: Path) -> None:
    settings.DRAIN_FILE = tmp_path / "draining"
    settings.DRAIN_FILE.touch()
    answer = client.get("/health/ready/")
    assert answer.status_code == 503 and answer.json()["serving"] == "unavailable"
    assert client.get("/health/live/").status_code == client.get("/admin/login/").status_code == 200
    settings.DRAIN_FILE.unlink()
    assert client.get("/health/ready/").status_code == 200


def test_probes_leave_no_line_in_the_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    client.get("/health/")
    assert not caplog.records
