"""Django's `migrate`, in a tenth of the time, and without keeping the desk waiting.

After each of some thousand operations Django makes the classes of the model and of all its relatives anew. For most
operations it can put the relatives off ("delayed") until a migration written in Python asks for classes; here it does
so for all. Statements that change tables look at the model itself only.

A statement that changes a table waits for whoever uses it, and everybody else waits behind it. So it waits no longer
than MIGRATION_LOCK_SECONDS; then that migration is undone, and the command is run again.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from django.db.migrations.state import ProjectState
from django.utils.translation import gettext as _
from psycopg.errors import LockNotAvailable


class Command(migrate.Command):
    """With the options of Django's, and to the same end."""

    def handle(self, *args: Any, **options: Any) -> None:
        with _waiting_briefly(options["database"]), _relatives_put_off(), _seldom_looking_for_rubbish():
            super().handle(*args, **options)


@contextmanager
def _waiting_briefly(database: str) -> Iterator[None]:
    """CommandError where a lock was not to be had in time."""
    connection = connections[database]
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{settings.MIGRATION_LOCK_SECONDS}s"])
    try:
        yield
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        raise CommandError(
            _("A table was in use for longer than %(seconds)s s. What was migrated before stands; run migrate again.")
            % {"seconds": settings.MIGRATION_LOCK_SECONDS}
        ) from error
    finally:
        # The session goes on after it where a test, or a command, has it.
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")


@contextmanager
def _relatives_put_off() -> Iterator[None]:
    """A model alone is made anew; what runs Python (`RunPython`, `post_migrate`) has all classes made anew before."""

    def find_itself(state: ProjectState, app: str, model: str, delay: bool = False) -> set[tuple[str, str]]:
        state.is_delayed = True
        return {(app, model)}

    original = ProjectState._find_reload_model  # type: ignore[attr-defined]
    ProjectState._find_reload_model = find_itself  # type: ignore[attr-defined]
    try:
        yield
    finally:
        ProjectState._find_reload_model = original  # type: ignore[attr-defined]


@contextmanager
def _seldom_looking_for_rubbish() -> Iterator[None]:
    """Among classes that are made by the ten thousand it takes a quarter of the time."""
    usual = gc.get_threshold()
    gc.set_threshold(200_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
