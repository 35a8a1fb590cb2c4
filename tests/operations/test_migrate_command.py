"""A migration waits briefly for a table that is in use: everybody at the desk would wait behind it."""

import time
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.core.management.commands import migrate
from django.db import connection

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def one_that_changes_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Django's part of the command: here a single migration, which needs a table for itself."""

    def change_runs(*_arguments: Any, **_options: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE operations_jobrun ALTER COLUMN scope SET DEFAULT ''")
            cursor.execute("ALTER TABLE operations_jobrun ALTER COLUMN scope DROP DEFAULT")

    monkeypatch.setattr(migrate.Command, "handle", change_runs)


def test_it_gives_up_while_somebody_uses_the_table_and_succeeds_after(
    one_that_changes_runs: None, settings: Any
) -> None:
    settings.MIGRATION_LOCK_SECONDS = 1
    address = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict)
    with psycopg.connect(address) as desk:
        desk.execute("SELECT count(*) FROM operations_jobrun")  # in a transaction that stays open
        begun = time.monotonic()
        with pytest.raises(CommandError):
            call_command("migrate")
        assert 0.9 < time.monotonic() - begun < 20
        desk.rollback()
        call_command("migrate")
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",), "what comes after in the session waits as ever"


def test_what_goes_wrong_otherwise_is_said_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def fall_over(*_arguments: Any, **_options: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM no_such_table")

    monkeypatch.setattr(migrate.Command, "handle", fall_over)
    with pytest.raises(Exception, match="no_such_table"):
        call_command("migrate")
