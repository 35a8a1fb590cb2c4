"""What all tests share: the real servers (tests/servers.py), a clean table after each test, people and workers."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from django.utils import translation
from psycopg import sql

pytest_plugins = ["tests.gateway"]

PROJECT = Path(__file__).resolve().parent.parent


#: Filled by the migration of an empty database, and changed by no test.
KEPT_TABLES = {
    "django_content_type", "auth_permission", "memberships_adjustmentreason", "memberships_adjustmentreasonevent",
}


@pytest.fixture(autouse=True, scope="session")
def _tables_that_only_grow_can_be_emptied() -> Iterator[None]:
    """The flush after a transactional test truncates tables whose triggers forbid just that.

    Only those that hold something: a file for each of a hundred tables costs more than most of the tests.
    """
    flush = DatabaseOperations.sql_flush

    def flush_what_is_filled(
        self: DatabaseOperations, style: Any, tables: Sequence[str], **options: Any
    ) -> list[str]:
        filled = _filled([table for table in tables if table not in KEPT_TABLES])
        # What refers to a table that holds something is empty or goes with it.
        statements: list[str] = flush(self, style, filled, reset_sequences=False, allow_cascade=True)
        return ["SET LOCAL session_replication_role = replica;", *statements]

    DatabaseOperations.sql_flush = flush_what_is_filled  # type: ignore[method-assign]
    yield
    DatabaseOperations.sql_flush = flush  # type: ignore[method-assign]


def _filled(tables: Sequence[str]) -> list[str]:
    """Those of the tables that have a row."""
    asked = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(table, sql.Identifier(table)) for table in tables
    )
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return [table for (table,) in cursor.fetchall()]


@pytest.fixture(autouse=True)
def _private_uploads(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "uploads"
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(autouse=True)
def _house_language() -> None:
    """Django leaves the language of the last request on; each story begins in the house's own."""
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """A second's work for each password is there to slow down thieves."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    yield
    cache.clear()


@pytest.fixture
def server_environment(transactional_db: None, request: pytest.FixtureRequest) -> dict[str, str]:
    """The environment of a process that works on this test's database, Valkey, uploads, and gateway if it has one."""
    if "gateway" in request.fixturenames:
        request.getfixturevalue("gateway")  # it puts its address into our environment
    database = connection.settings_dict
    server, _slash, _name = os.environ["DATABASE_URL"].rpartition("/")
    return {
        **os.environ,
        "DATABASE_URL": f"{server}/{database['NAME']}",
        "REDIS_URL": settings.REDIS_URL,
        "UPLOADS_DIR": str(settings.MEDIA_ROOT),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }


@pytest.fixture
def start_worker(server_environment: dict[str, str]) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start a real Celery worker (as many as asked for); they are gone at the end of the test."""
    workers: list[subprocess.Popen[bytes]] = []

    def start(*options: str, **environment: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "celery", "-A", "config", "worker", "-l", "WARNING", *options]
        worker = subprocess.Popen(
            command, cwd=PROJECT, env={**server_environment, **environment}, start_new_session=True
        )
        workers.append(worker)
        return worker

    yield start
    for worker in workers:
        if worker.poll() is None:
            os.killpg(worker.pid, 9)
        worker.wait()
