"""What all tests share: the real servers (tests/servers.py), a clean table after each test, people and workers."""

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import TransactionTestCase
from django.utils import translation

from tests import databases

pytest_plugins = ["tests.gateway", "tests.partner"]

PROJECT = Path(__file__).resolve().parent.parent
#: What takes longest, the longest first: begun last, it would leave one worker alone with it.
LONGEST = (
    "tests/browser/", "tests/config/test_run_product.py", "tests/memberships/test_night_ten_years.py",
    "tests/memberships/test_night_crash.py", "tests/config/test_roles_matrix.py",
    "tests/memberships/test_demo", "tests/partners/test_partner_storm.py",
    "tests/memberships/test_night_clock.py", "tests/memberships/test_night_thrice.py",
    "tests/memberships/test_customer_import_crash", "tests/credit/test_credit_machine.py",
    "tests/config/test_desk_translated.py", "tests/benefits/test_programme_files_benefits_identity.py",
    "tests/memberships/test_points_machine.py", "tests/credit/test_ageing_report.py",
    "tests/partners/test_programme_files_partners_identity.py", "tests/config/test_embedded_servers.py",
    "tests/config/test_full_size.py", "tests/config/test_member_page.py",
    "tests/memberships/test_admin_query_counts.py", "tests/operations/test_jobs_nights.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: next((n for n, path in enumerate(LONGEST) if item.nodeid.startswith(path)), 99))


def pytest_collection_finish() -> None:
    """What was collected stays; to look through all of it for rubbish again and again takes a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """The test database of each process is a copy of the one that is migrated once a run."""
    databases.make_migrated()
    connection.settings_dict["TEST"]["TEMPLATE"] = databases.MIGRATED


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """After a transactional test the database goes back to what the migrations left; no flush could do it.

    There are tables whose triggers forbid to empty them, and those that hold something from the first.
    """
    with django_db_blocker.unblock():
        databases.remember_shipped()
    # The server goes with the run: nothing is tidied up before.
    connection.creation._destroy_test_db = lambda *args: None  # type: ignore[method-assign]
    teardown = TransactionTestCase._fixture_teardown
    TransactionTestCase._fixture_teardown = lambda self: databases.empty()  # type: ignore[method-assign]
    yield
    TransactionTestCase._fixture_teardown = teardown  # type: ignore[method-assign]


@pytest.fixture
def new_tables(db: None) -> None:
    """For a test that reads plans of queries, or lives by them: it fills the tables, and measures them half full.

    Empty pages that earlier tests left, measured, promise that a table stays empty: what loads a demo in 40 seconds
    then takes five minutes.
    """
    databases.renew()


@pytest.fixture(scope="session")
def _uploads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders that do not exist yet, one after the other."""
    folder = tmp_path_factory.mktemp("uploads")
    return (folder / str(number) for number in count())


@pytest.fixture(autouse=True)
def _private_uploads(_uploads: Iterator[Path], settings: Any) -> None:
    settings.MEDIA_ROOT = next(_uploads)
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
