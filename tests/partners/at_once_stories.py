"""What stories of two at once share: something done in another connection, and who waits for a lock."""

import threading
import time
from typing import Any

from django.db import DatabaseError, connection

WAITING = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND wait_event_type = 'Lock'"""


def beside(work: Any) -> tuple[threading.Thread, list[Any]]:
    """Do it in another connection; what came of it."""
    came: list[Any] = []

    def run() -> None:
        try:
            came.append(work())
        except DatabaseError as error:
            came.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, came


def wait_for_waiting(number: int) -> list[int]:
    """The connections that wait for a lock, once there are so many."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            # Within a transaction it would be told of one moment for ever.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(WAITING)
            found = [pid for (pid,) in cursor.fetchall()]
        if len(found) >= number:
            return found
        time.sleep(0.05)
    raise AssertionError("nobody waits")
